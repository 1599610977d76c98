/* page.h - the files that pages are made of.
 *
 * A template a page (NAME.html) and a list of texts a language (LANG.txt) are
 * in the directories of the setting `pages`; what the web server sends as it is
 * (CSS, script, pictures) is in those of `www`. Of several directories the
 * first that has a file wins. The address of the latter is another one as soon
 * as a file is: a browser may keep them for ever. A process keeps what it has
 * read, and looks once a second whether a file has changed. */
#ifndef LATCHKEY_PAGE_H
#define LATCHKEY_PAGE_H

#include "base/name.h"
#include "site/conf.h"

#include <json-c/json.h>

/* The language for a person who has chosen `own`, or "" for none, and for the
 * browser's Accept-Language: one that has texts, else the site's, else
 * English. */
void page_language(const struct conf *conf, const char *own, const char *accept,
	char language[NAME_LANGUAGE_SIZE]);

/* The languages that have texts, with the names that they have for themselves:
 * [{code, name}]. The caller puts. */
struct json_object *page_languages(const struct conf *conf);

/* A text of the language, or English, with the values of its {word}s, which are
 * the site's or those; NULL if there is none. The caller frees. */
char *page_text(const struct conf *conf, const char *language, const char *key,
	struct json_object *words);

/* Fills in the frame, with that page in it: with the words of the site and of
 * the page, such as `site` and `title`, and with those. The caller wipes and
 * frees it. NULL, with the reason in the log, if there is no frame or no such
 * page. */
char *page_fill(const struct conf *conf, const char *name, const char *language,
	struct json_object *words);

/* Whether all templates and texts, in every directory, are good: with marks
 * that are such, and with no text or template named that does not exist. If
 * not: false, with each fault in the log by file and line. A {word} of one's
 * own files that nothing in the last directory has, where the installed ones
 * are, is a warning: what a page has to show is known when it is shown. */
bool page_check(const struct conf *conf);

#endif
