/* name-old.c - names from before there were rules, and what is kept for them.
 *
 * A new name must not read like an old one. No look at the store tells that by
 * itself, since an old name stands under its own bytes. So each key that an old
 * name would have today leads to the old keys (STORE_OLD_NAME). Whether these
 * are there still is seen when it matters: nothing else has to be changed
 * together with an old name. */
#include "config.h"

#include "account/name.h"

#include "base/json.h"

#include <string.h>

/* The record that says that all names have been looked at. */
static const char param[] = "old_names";

bool
name_is_old(const char *key, char today[NAME_SIZE])
{
	if (!name_key(key, today))
		today[0] = '\0';
	return strcmp(key, today) != 0;
}

/* --- which old names there are ----------------------------------------- */

/* The array of old keys that a record has: the record's, NULL for none. */
static struct json_object *
get_keys(const struct json_object *record)
{
	struct json_object *keys = json_object_object_get(record, "keys");

	return json_object_is_type(keys, json_type_array) ? keys : NULL;
}

static const char *
key_at(const struct json_object *keys, size_t i)
{
	const char *key =
		json_object_get_string(json_object_array_get_idx(keys, i));

	return key == NULL ? "" : key;
}

static enum status
is_there(struct store *store, const char *key, bool *there)
{
	struct json_object *record = NULL;
	enum status status =
		strlen(key) > NAME_BYTES
			? STATUS_NOT_FOUND
			: store_get(store, STORE_NAME, key, &record);

	json_object_put(record);
	*there = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
name_any_old(struct store *store, bool *any)
{
	char key[STORE_KEY_SIZE] = "";
	struct json_object *record;
	enum status status = store_next(store, STORE_OLD_NAME, key, &record);

	json_object_put(record);
	*any = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
name_count_old(struct store *store, const char *today, size_t *count)
{
	struct json_object *record, *keys;
	enum status status = store_get(store, STORE_OLD_NAME, today, &record);
	size_t i;
	bool there;

	*count = 0;
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	keys = get_keys(record);
	for (i = 0; keys != NULL && i < json_object_array_length(keys) &&
		    status == STATUS_OK;
		i++) {
		status = is_there(store, key_at(keys, i), &there);
		*count += there;
	}
	json_object_put(record);
	return status;
}

/* --- finding them ------------------------------------------------------- */

static bool
has_key(const struct json_object *keys, const char *key)
{
	size_t i;

	for (i = 0; i < json_object_array_length(keys); i++)
		if (strcmp(key_at(keys, i), key) == 0)
			return true;
	return false;
}

/* Inside a unit of work: has `today` lead to that old key, too. */
static enum status
keep(struct store *store, const char *today, const char *old)
{
	struct json_object *record, *keys;
	enum status status = store_get(store, STORE_OLD_NAME, today, &record);

	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	if (record == NULL)
		record = json_new_object();
	keys = get_keys(record);
	if (keys == NULL) {
		keys = json_object_new_array();
		json_add(record, "keys", keys);
	}
	status = STATUS_OK;
	if (!has_key(keys, old)) {
		json_append(keys, json_object_new_string(old));
		status = store_put(store, STORE_OLD_NAME, today, record);
	}
	json_object_put(record);
	return status;
}

struct walk {
	struct store *store;
	bool any; /* name at all */
	enum status status;
};

/* Inside no unit of work. It may be gone since its batch was read. */
static bool
look_at(void *context, const char *key, struct json_object *record)
{
	struct walk *walk = context;
	char today[NAME_SIZE];
	bool there;

	(void)record;
	walk->any = true;
	if (!name_is_old(key, today) || today[0] == '\0')
		return true;
	walk->status = store_begin(walk->store, STORE_WRITE);
	if (walk->status != STATUS_OK)
		return false;
	walk->status = is_there(walk->store, key, &there);
	if (walk->status == STATUS_OK && there)
		walk->status = keep(walk->store, today, key);
	/* The last commit flushes them all. */
	if (walk->status == STATUS_OK)
		walk->status = store_commit(walk->store, STORE_LAZY);
	else
		store_abort(walk->store);
	return walk->status == STATUS_OK;
}

static enum status
is_settled(struct store *store, bool *settled)
{
	struct json_object *record;
	enum status status = store_begin(store, STORE_READ);

	if (status != STATUS_OK)
		return status;
	status = store_get(store, STORE_PARAM, param, &record);
	*settled = status == STATUS_OK;
	json_object_put(record);
	store_abort(store);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
note_settled(struct store *store)
{
	struct json_object *record;
	enum status status = store_begin(store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	record = json_new_object();
	json_add_bool(record, "kept", true);
	status = store_put(store, STORE_PARAM, param, record);
	json_object_put(record);
	return store_finish(store, status);
}

enum status
name_settle(struct store *store, bool again)
{
	struct walk walk = {store, false, STATUS_OK};
	bool settled = false;
	enum status status = again ? STATUS_OK : is_settled(store, &settled);

	if (status != STATUS_OK || settled)
		return status;
	status = store_each(store, STORE_NAME, look_at, &walk);
	if (status == STATUS_OK)
		status = walk.status;
	return status == STATUS_OK && walk.any ? note_settled(store) : status;
}
