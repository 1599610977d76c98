/* account-unproved.h - the accounts that strangers have made and whose
 * addresses are not proved yet. Their number and their life are limited.
 *
 * Each has a place, a number that goes around at `unproved_most`. The account
 * that had the place before, which is the oldest, makes room. A username that
 * came with a taken address has a place, too: the account made of such a
 * registration must live and die like any other. */
#ifndef LATCHKEY_ACCOUNT_UNPROVED_H
#define LATCHKEY_ACCOUNT_UNPROVED_H

#include "site/site.h"

#include <json-c/json.h>

/* Both inside a unit of work that writes, after site_keys(). Gives a place to
 * the account with that id, which may be no account's, and deletes the account
 * that had the place, names and all, if its address is not proved yet. */
enum status account_unproved_add(
	const struct site *site, const char *id, int64_t now);

/* Deletes the account of a place's record, if its address is not proved yet. */
enum status account_unproved_drop(
	const struct site *site, const struct json_object *record);

#endif
