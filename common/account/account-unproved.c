/* account-unproved.c - the accounts whose addresses are not proved yet */
#include "config.h"

#include "account/account-unproved.h"

#include "account/account.h"
#include "base/json.h"

#include <stdio.h>

/* Keeps the number that is given next; no place has that name. */
static const char next_key[] = "next";

static enum status
get_next(struct store *store, int64_t *next)
{
	struct json_object *record;
	enum status status =
		store_get(store, STORE_UNPROVED, next_key, &record);

	*next = 0;
	if (status == STATUS_OK)
		json_natural(record, "place", next);
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
put(struct store *store, const char *key, struct json_object *record,
	int64_t expires)
{
	json_add_int(record, "expires", expires);
	return store_keep(store, STORE_UNPROVED, key, record);
}

enum status
account_unproved_drop(const struct site *site, const struct json_object *record)
{
	char id[NAME_ID_SIZE] = "";
	struct account account;
	enum status status = STATUS_NO_ACCOUNT;

	name_get_id(record, id);
	if (id[0] != '\0')
		status = account_get(site->store, id, &account);
	if (status == STATUS_OK && account.unproved)
		return account_forget(site, &account);
	/* An account that cannot be read stays, for the operator to see. It
	 * keeps no other from a place. */
	return status == STATUS_NO_ACCOUNT || store_writes(site->store)
		       ? STATUS_OK
		       : status;
}

static enum status
make_room(const struct site *site, const char *key)
{
	struct json_object *record;
	enum status status =
		store_get(site->store, STORE_UNPROVED, key, &record);

	if (status == STATUS_OK)
		status = account_unproved_drop(site, record);
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
account_unproved_add(const struct site *site, const char *id, int64_t now)
{
	int64_t most = (int64_t)site->conf->unproved_most, place;
	int64_t expires = now + (int64_t)site->conf->unproved_life;
	struct store *store = site->store;
	struct json_object *record;
	char key[24];
	enum status status = get_next(store, &place);

	if (place >= most)
		place = 0;
	snprintf(key, sizeof key, "%08lld", (long long)place);
	if (status == STATUS_OK)
		status = make_room(site, key);
	if (status == STATUS_OK) {
		record = json_new_object();
		name_put_id(record, id);
		status = put(store, key, record, expires);
	}
	if (status != STATUS_OK)
		return status;
	/* When it expires it is as good as new, since no place is taken
	 * then. */
	record = json_new_object();
	json_add_int(record, "place", place + 1);
	return put(store, next_key, record, expires);
}
