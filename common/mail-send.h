/* mail-send.h - hands mails to the machine's mail program */
#ifndef LATCHKEY_MAIL_SEND_H
#define LATCHKEY_MAIL_SEND_H

#include "site.h"

#include <signal.h>
#include <stdbool.h>

/* Tries every mail that is due, once, and deletes what is sent and what is
 * for nobody. Several senders do not get in
 * each other's way. A mail that cannot be sent is kept, with the reason, and
 * tried again later and later. Once `stop` is set it begins with no other. */
enum status mail_send_due(const struct site *site, int64_t now,
	const volatile sig_atomic_t *stop);

/* Sends the test mail to that address now. False, with the reason in the log,
 * if mail_command does not take it. */
bool mail_send_test(const struct site *site, const char *address);

#endif
