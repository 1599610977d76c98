/* account-unproved.h - the accounts that strangers have made, and whose
 * addresses are not proved yet: so many of them, and for so long.
 *
 * Each has a place, a number that goes around at `unproved_most`: the account
 * that had the place before makes room, and that is the oldest. A username that
 * came with an address that is taken has a place, too: what is made of such a
 * registration must live and die like any other. */
#ifndef LATCHKEY_ACCOUNT_UNPROVED_H
#define LATCHKEY_ACCOUNT_UNPROVED_H

#include "site/site.h"

#include <json-c/json.h>

/* Both inside a unit of work that writes, after site_keys(). Gives a place to
 * the account with that id, which may be nobody's, and deletes the one that had
 * it, names and all, if its address is not proved yet. */
enum status account_unproved_add(
	const struct site *site, const char *id, int64_t now);

/* Deletes the account of a place's record, if its address is not proved yet. */
enum status account_unproved_drop(
	const struct site *site, const struct json_object *record);

#endif
