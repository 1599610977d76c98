/* admins.h - the list of enabled administrators, kept in one record, so that
 * the last one is known without a look at every account */
#ifndef LATCHKEY_ADMINS_H
#define LATCHKEY_ADMINS_H

#include "base/status.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

/* The record of kind STORE_PARAM that has them in `ids`. */
#define ADMINS_PARAM "administrators"

/* Inside a unit of work: updates the list for an account that was or now is an
 * enabled administrator. STATUS_LAST_ADMIN if that would leave none. */
enum status admins_note(struct store *store, const char *id, bool was, bool is);

/* Inside a unit of work: adds new accounts that are enabled administrators. */
enum status admins_add(
	struct store *store, const char *const ids[], size_t count);

/* Inside a unit of work: a new array of their ids, which the caller puts, also
 * on failure. */
enum status admins_list(struct store *store, struct json_object **ids);

/* Inside a unit of work: whether there is one. */
enum status admins_any(struct store *store, bool *any);

#endif
