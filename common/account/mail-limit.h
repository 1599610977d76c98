/* mail-limit.h - how many mails of a sort one account may be sent */
#ifndef LATCHKEY_MAIL_LIMIT_H
#define LATCHKEY_MAIL_LIMIT_H

#include "account/throttle.h"

/* A mail that a client asks for. */
struct mail_limit {
	const char *sort;
	const char *account; /* an id; "": nobody's */
	const char *name;    /* for nobody: the name that was typed */
	const char *network; /* from where; "" for all networks together */
	bool known;          /* the account has signed in from there lately */
};

/* Inside a unit of work that writes, after site_keys(): counts one more, and
 * sets `allowed` if that is not too many. One network may have five an hour
 * sent, and half of the day's `code_mails`; all networks together have those. A
 * known network has a day's to itself, so that no stranger can use up what the
 * owner needs at home. The work is the same for nobody, and where it is too
 * many. */
enum status mail_limit_count(const struct site *site,
	const struct mail_limit *mail, int64_t now, bool *allowed);

#endif
