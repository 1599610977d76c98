/* mail-template.h - the texts of mails, filled in */
#ifndef LATCHKEY_MAIL_TEMPLATE_H
#define LATCHKEY_MAIL_TEMPLATE_H

#include "account/mail.h"
#include "site/conf.h"

/* What a template's {words} become. NULL is nothing. */
struct mail_words {
	const char *address; /* whom to, the {address} too */
	const char *name;    /* his full name, or NULL */
	const char *code;
};

/* How the first line of a template begins. */
#define MAIL_SUBJECT "Subject: "

/* The template of that kind, filled in: in `language` if there is one, else in
 * the site's, else in English. The caller frees it, and wipes it: the code is
 * in it. NULL, with the reason in the log, if there is no template, or if
 * mail_template_check() would refuse it.
 *
 * {site} {address} {name} {code} {link} {minutes} are filled in; a line with a
 * {word} that is nothing, such as the {link} without a site_url, is left out.
 * The {link} is built from site_url alone, and carries the code in its
 * fragment, which no server sees. */
char *mail_template_fill(const struct conf *conf, enum mail_kind kind,
	const char *language, const struct mail_words *words);

/* Whether all templates that are there, in every language, are good: with a
 * subject, without a {word} that there is not, and a code's with the code.
 * False, with each fault in the log by file and line. */
bool mail_template_check(const struct conf *conf);

/* Whether there is one of each kind, in the site's language or in English.
 * False, with those that are missing in the log. */
bool mail_template_complete(const struct conf *conf);

/* The {site}: the host of site_url, else this machine's name. The caller
 * frees. */
char *mail_template_site(const struct conf *conf);

#endif
