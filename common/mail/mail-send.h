/* mail-send.h - sends the mails that are due */
#ifndef LATCHKEY_MAIL_SEND_H
#define LATCHKEY_MAIL_SEND_H

#include "site/site.h"

#include <signal.h>
#include <stdbool.h>

/* What a sender remembers from one look to the next, so that it need not read
 * every mail each time. All zero at first. */
struct mail_watch {
	int64_t all;    /* when it reads all mails again */
	int64_t next;   /* when the first of the mails it has seen is due */
	int64_t looked; /* when it looked last */
	bool more;      /* the turn was over before all were tried */
};

/* Tries every mail that is due, once, for a turn of a second and the mail that
 * is then on its way: where the mail program is slow the caller has something
 * else to do between two turns. Deletes a mail that is sent, and one for
 * an account that is gone. Mails to the owners of accounts come before those
 * that registrations cause, however many there are. Several senders do not get
 * in each other's way. A mail that cannot be sent is kept, with the reason, and
 * tried again later and later. Once `stop` is set the sender begins no other
 * mail, and gives this one 5 seconds.
 *
 * A mail that another sender has put off is seen within a minute, and so is one
 * that was queued under an id from ten seconds before the last look. Does
 * nothing without a mail_command. */
enum status mail_send_due(const struct site *site, struct mail_watch *watch,
	int64_t now, const volatile sig_atomic_t *stop);

/* Sends the test mail to that address now. If mail_command does not take it:
 * false, with the reason in the log. */
bool mail_send_test(const struct site *site, const char *address);

#endif
