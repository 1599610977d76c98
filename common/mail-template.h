/* mail-template.h - the texts of mails, filled in */
#ifndef LATCHKEY_MAIL_TEMPLATE_H
#define LATCHKEY_MAIL_TEMPLATE_H

#include "conf.h"
#include "mail.h"

/* What a template's {words} become. NULL is nothing. */
struct mail_words {
	const char *address; /* whom to, the {address} too */
	const char *name;    /* his full name, or NULL */
	const char *code;
};

/* The template of that kind, filled in: in `language` if there is one, else in
 * the site's, else in English. The caller frees it, and wipes it: the code is
 * in it. NULL, with the reason in the log, if there is no template.
 *
 * {site} {address} {name} {code} {link} {minutes} are filled in; a line with a
 * {word} that is nothing is left out. The {link} is built from site_url
 * alone, and carries the code in its fragment, which no server sees. */
char *mail_template_fill(const struct conf *conf, enum mail_kind kind,
	const char *language, const struct mail_words *words);

/* The {site}: the host of site_url, else this machine's name. The caller
 * frees. */
char *mail_template_site(const struct conf *conf);

#endif
