/* cap.h - how many mails of a sort one address may be sent */
#ifndef LATCHKEY_CAP_H
#define LATCHKEY_CAP_H

#include "site.h"

/* Inside a unit of work that writes, after site_keys(): counts one more for
 * `whom`, and sets `allowed` if that is not the second in a minute or the
 * sixth in an hour. */
enum status cap_count(const struct site *site, const char *sort,
	const char *whom, int64_t now, bool *allowed);

#endif
