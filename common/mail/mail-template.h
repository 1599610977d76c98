/* mail-template.h - the texts of mails, filled in, and the mails made of
 * them */
#ifndef LATCHKEY_MAIL_TEMPLATE_H
#define LATCHKEY_MAIL_TEMPLATE_H

#include "account/mail.h"
#include "site/conf.h"

/* The values of a template's {words}; NULL is no value. */
struct mail_words {
	const char *address; /* the recipient, and the {address} */
	const char *name;    /* the recipient's full name, or NULL */
	const char *code;
	const char *username; /* the account's, or NULL */
};

/* Makes a mail from its first header to its end (RFC 5322) of the template of
 * that kind: in `language` if it exists, else in the site's, else in English.
 * Its first line is `Subject: ...`, then comes a blank line, then the text. The
 * caller wipes the mail, since the code is in it, and frees it. NULL, with the
 * reason in the log, if there is no template, or if mail_template_check() would
 * refuse it. t/fuzz/mail-message.c tries which texts can add a header.
 *
 * {site} {address} {name} {username} {code} {link} {minutes} {days} are filled
 * in. A line with a {word} that has no value, such as the {link} without a
 * site_url, is left out. The {link} is built from site_url alone, and carries
 * the code in its fragment, which no server sees, and beside it the name that
 * the page's form wants: the address, or for an invitation the username. */
char *mail_template_message(const struct conf *conf, enum mail_kind kind,
	const char *language, const struct mail_words *words);

/* Whether all templates that exist, in every language, are good: with a
 * subject, without an unknown {word}, and a code's with the code. If not:
 * false, with each fault in the log by file and line. */
bool mail_template_check(const struct conf *conf);

/* Whether there is a template of each kind, in the site's language or in
 * English. If not: false, with the missing ones in the log. */
bool mail_template_complete(const struct conf *conf);

#endif
