/* blocklist.h - the passwords that are guessed first: those that many people
 * have, and the names of the account and the site */
#ifndef LATCHKEY_BLOCKLIST_H
#define LATCHKEY_BLOCKLIST_H

#include "account/account.h"
#include "base/filter.h"
#include "password/password.h"
#include "site/site.h"

/* Whether the password is on the list, as it is or case folded. */
bool blocklist_has(
	const struct filter *filter, const struct password *password);

/* Whether it is one of the account's names, or an email's local part, in
 * whatever case, with nothing after it but digits and signs. */
bool blocklist_is_name(
	const struct account *account, const struct password *password);

/* The flaws of a new password that policy.h leaves open: POLICY_COMMON, or
 * POLICY_NAME, where it is a name of the account or, in the same way, of the
 * site; 0 if none. `account` NULL: it is not known yet whose. */
unsigned blocklist_flaws(const struct site *site, const struct account *account,
	const struct password *password);

#endif
