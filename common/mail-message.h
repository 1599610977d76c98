/* mail-message.h - the text of a mail (RFC 5322, MIME) */
#ifndef LATCHKEY_MAIL_MESSAGE_H
#define LATCHKEY_MAIL_MESSAGE_H

#include "conf.h"
#include "mail.h"

/* What a template's {words} become. NULL is nothing. */
struct mail_words {
	const char *address; /* whom to, the {address} too */
	const char *name;    /* his full name, or NULL */
	const char *code;
};

/* Makes the message out of the template of that kind, in `language` if there
 * is one, else in the site's, else in English. The caller frees it. NULL, with
 * the reason in the log, if there is no template.
 *
 * A template's first line is `Subject: ...`, then a blank line, then the text.
 * {site} {address} {name} {code} {link} {minutes} are filled in; a line with a
 * {word} that is nothing is left out. The {link} is built from site_url
 * alone, and carries the code in its fragment, which no server sees. */
char *mail_message(const struct conf *conf, enum mail_kind kind,
	const char *language, const struct mail_words *words);

#endif
