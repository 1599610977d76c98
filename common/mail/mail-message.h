/* mail-message.h - a mail from its first header to its end (RFC 5322).
 *
 * For mail-send.c alone, which knows accounts, codes and times. Here texts
 * become a text; t/fuzz/mail-message.c tries which texts can. */
#ifndef LATCHKEY_MAIL_MESSAGE_H
#define LATCHKEY_MAIL_MESSAGE_H

#include "mail/mail-template.h"

/* Makes the message from the template of that kind, as mail_template_fill()
 * finds it: its first line is `Subject: ...`, then comes a blank line, then the
 * text. The caller frees it. NULL, with the reason in the log, if there is no
 * such template. */
char *mail_message(const struct conf *conf, enum mail_kind kind,
	const char *language, const struct mail_words *words);

#endif
