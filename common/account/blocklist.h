/* blocklist.h - the passwords that an attacker guesses first: common ones, and
 * the names of the account and the site */
#ifndef LATCHKEY_BLOCKLIST_H
#define LATCHKEY_BLOCKLIST_H

#include "account/account.h"
#include "base/filter.h"
#include "password/password.h"
#include "site/site.h"

/* Whether the password is on the list, as it is or case folded. */
bool blocklist_has(
	const struct filter *filter, const struct password *password);

/* Whether it is one of the account's names, or the local part of its email, in
 * any case, alone or with digits and signs after it. */
bool blocklist_is_name(
	const struct account *account, const struct password *password);

/* The flaws of a new password that policy.h leaves open: POLICY_COMMON, and
 * POLICY_NAME where it is a name of the account or, in the same way, of the
 * site; 0 if none. `account` is NULL while it is not known. */
unsigned blocklist_flaws(const struct site *site, const struct account *account,
	const struct password *password);

#endif
