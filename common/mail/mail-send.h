/* mail-send.h - sends the mails that are due */
#ifndef LATCHKEY_MAIL_SEND_H
#define LATCHKEY_MAIL_SEND_H

#include "site/site.h"

#include <signal.h>
#include <stdbool.h>

/* What a sender remembers from one look to the next, so that it need not read
 * every mail each time; at first all zeros. */
struct mail_watch {
	int64_t all;    /* when all are to be read, by tick_now() */
	int64_t next;   /* and when the first of those seen is due */
	int64_t looked; /* when it looked last */
};

/* Tries every mail that is due, once, and deletes what is sent and what is
 * for an account that is gone. What goes to the owner of an account comes
 * before what a registration causes, however much there is of that. Several
 * senders do not get in each other's way. A mail that cannot be sent is kept,
 * with the reason, and tried again later and later. Once `stop` is set it
 * begins with no other, and gives this one 5 seconds. What another sender has
 * put off, and what was queued under an id from ten seconds before the last
 * look, is seen within a minute. Without a mail_command it does nothing. */
enum status mail_send_due(const struct site *site, struct mail_watch *watch,
	int64_t now, const volatile sig_atomic_t *stop);

/* Sends the test mail to that address now. False, with the reason in the log,
 * if mail_command does not take it. */
bool mail_send_test(const struct site *site, const char *address);

#endif
