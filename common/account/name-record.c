/* name-record.c - names in the store, and the accounts they lead to */
#include "config.h"

#include "account/name.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

/* Where a name may stand: under its old key first. */
struct keys {
	char key[2][NAME_SIZE];
	int count;
};

static void
read_keys(const char *name, struct keys *keys)
{
	keys->count = 0;
	name_old_key(name, keys->key[0]);
	if (keys->key[0][0] != '\0')
		keys->count = 1;
	if (name_key(name, keys->key[keys->count]) &&
		strcmp(keys->key[0], keys->key[1]) != 0)
		keys->count++;
}

static enum status
find_key(struct store *store, const char *key, char id[NAME_ID_SIZE])
{
	struct json_object *record;
	enum status status = store_get(store, STORE_NAME, key, &record);
	const char *text;

	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_NO_ACCOUNT : status;
	text = json_string(record, "account");
	snprintf(id, NAME_ID_SIZE, "%s", text == NULL ? "" : text);
	json_object_put(record);
	return STATUS_OK;
}

enum status
name_find(struct store *store, const char *name, char id[NAME_ID_SIZE])
{
	enum status status = STATUS_NO_ACCOUNT;
	struct keys keys;
	int i;

	read_keys(name, &keys);
	for (i = 0; i < keys.count && status == STATUS_NO_ACCOUNT; i++)
		status = find_key(store, keys.key[i], id);
	return status;
}

/* Two letters that depend on the name. */
static void
from_anywhere(const char *name, char at[STORE_KEY_SIZE])
{
	unsigned sum = 0;

	for (; *name != '\0'; name++)
		sum = 31 * sum + (unsigned char)*name;
	snprintf(at, STORE_KEY_SIZE, "%c%c", 'a' + (int)(sum % 26),
		'a' + (int)(sum / 26 % 26));
}

static enum status
find_key_near(struct store *store, const char *key, char id[NAME_ID_SIZE],
	bool *found)
{
	char at[STORE_KEY_SIZE];
	struct json_object *record;
	enum status status;

	strcpy(at, key);
	status = store_from(store, STORE_NAME, at, &record);
	if (status == STATUS_NOT_FOUND) {
		/* After the last comes any other, the same each time. */
		from_anywhere(key, at);
		status = store_from(store, STORE_NAME, at, &record);
	}
	if (status == STATUS_NOT_FOUND) {
		strcpy(at, "");
		status = store_from(store, STORE_NAME, at, &record);
	}
	*found = status == STATUS_OK && strcmp(at, key) == 0;
	json_copy(record, "account", id, NAME_ID_SIZE);
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_NO_ACCOUNT : status;
}

/* A name that has two keys is looked for under both, wherever it stands: only
 * how it was typed decides how many looks that takes. */
enum status
name_find_near(struct store *store, const char *name, char id[NAME_ID_SIZE],
	bool *found)
{
	char other[NAME_ID_SIZE];
	bool found_other = false;
	struct keys keys;
	enum status status;

	read_keys(name, &keys);
	/* Everybody can see that it is no name: "" stands for it. */
	status = find_key_near(
		store, keys.count == 0 ? "" : keys.key[0], id, found);
	if (status == STATUS_OK && keys.count == 2)
		status = find_key_near(store, keys.key[1], other, &found_other);
	if (found_other && !*found) {
		strcpy(id, other);
		*found = true;
	}
	return status;
}

enum status
name_add(struct store *store, const char *key, const char *id)
{
	char text[NAME_ID_SIZE + 32];
	int length = snprintf(text, sizeof text, "{\"account\":\"%s\"}", id);
	bool there;
	enum status status =
		store_add(store, STORE_NAME, key, text, (size_t)length, &there);

	return status == STATUS_OK && there ? STATUS_NAME_TAKEN : status;
}

enum status
name_add_beside_old(struct store *store, const char *key, const char *id)
{
	size_t old;
	enum status status = name_count_old(store, key, &old);

	if (status == STATUS_OK && old > 0)
		status = STATUS_NAME_TAKEN;
	return status == STATUS_OK ? name_add(store, key, id) : status;
}

enum status
name_claim(struct store *store, const char *name, const char *id)
{
	char key[NAME_SIZE];

	if (name[0] == '\0')
		return STATUS_OK;
	return name_key(name, key) ? name_add_beside_old(store, key, id)
				   : STATUS_BAD_NAME;
}

enum status
name_free(struct store *store, const char *name, const char *id)
{
	enum status status = STATUS_OK;
	char owner[NAME_ID_SIZE];
	struct keys keys;
	int i;

	read_keys(name, &keys);
	for (i = 0; i < keys.count && status == STATUS_OK; i++) {
		status = find_key(store, keys.key[i], owner);
		if (status == STATUS_OK && strcmp(owner, id) == 0)
			status = store_delete(store, STORE_NAME, keys.key[i]);
		else if (status == STATUS_NO_ACCOUNT)
			status = STATUS_OK;
	}
	return status;
}
