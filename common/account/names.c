/* names.c - which account a username or an email belongs to */
#include "config.h"

#include "account/names.h"

#include "account/account.h"
#include "base/json.h"
#include "base/name.h"

#include <stdio.h>
#include <string.h>

/* The keys under which a name may stand, its old key first. */
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

/* Says that the first name from the key on is asked for, and its account. */
static void
want(struct store *store, const char *key)
{
	store_want_from(store, STORE_NAME, key, "account", STORE_ACCOUNT);
}

/* The account that has the key; "" with STATUS_NO_ACCOUNT. */
static enum status
find_key(struct store *store, const char *key, char id[NAME_ID_SIZE])
{
	struct json_object *record;
	enum status status = store_get(store, STORE_NAME, key, &record);

	json_copy(record, "account", id, NAME_ID_SIZE);
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_NO_ACCOUNT : status;
}

static enum status
find_keys(struct store *store, const struct keys *keys, char id[NAME_ID_SIZE])
{
	enum status status = STATUS_NO_ACCOUNT;
	int i;

	for (i = 0; i < keys->count && status == STATUS_NO_ACCOUNT; i++)
		status = find_key(store, keys->key[i], id);
	return status;
}

enum status
names_find(struct store *store, const char *name, char id[NAME_ID_SIZE])
{
	struct keys keys;
	int i;

	read_keys(name, &keys);
	for (i = 0; i < keys.count; i++)
		want(store, keys.key[i]);
	return find_keys(store, &keys, id);
}

void
names_want(struct store *store, const char *name)
{
	struct keys keys;
	int i;

	read_keys(name, &keys);
	for (i = 0; i < keys.count; i++)
		store_want(store, STORE_NAME, keys.key[i]);
}

bool
names_lead_to(struct store *store, const char *name, const char *id)
{
	char found[NAME_ID_SIZE];
	struct keys keys;

	read_keys(name, &keys);
	return find_keys(store, &keys, found) == STATUS_OK &&
	       strcmp(found, id) == 0;
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

/* All that find_key_near() may look at, also where it does not: time must not
 * tell. */
static void
want_near(struct store *store, const char *key)
{
	char at[STORE_KEY_SIZE];

	want(store, key);
	from_anywhere(key, at);
	want(store, at);
	want(store, "");
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
		/* After the last name comes another, the same each time. */
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

/* A name with two keys is looked for under both, wherever it stands, so the
 * number of look-ups depends on the typed text alone. */
enum status
names_find_near(struct store *store, const char *name, char id[NAME_ID_SIZE],
	bool *found)
{
	char other[NAME_ID_SIZE];
	bool found_other = false;
	struct keys keys;
	enum status status;

	read_keys(name, &keys);
	/* That it is no name is public; "" is looked up in its place. */
	if (keys.count == 0)
		keys.key[0][0] = '\0';
	want_near(store, keys.key[0]);
	if (keys.count == 2)
		want_near(store, keys.key[1]);
	status = find_key_near(store, keys.key[0], id, found);
	if (status == STATUS_OK && keys.count == 2)
		status = find_key_near(store, keys.key[1], other, &found_other);
	if (found_other && !*found) {
		strcpy(id, other);
		*found = true;
	}
	return status;
}

enum status
names_add(struct store *store, const char *key, const char *id)
{
	char text[NAME_ID_SIZE + 32];
	int length = snprintf(text, sizeof text, "{\"account\":\"%s\"}", id);
	bool there;
	enum status status =
		store_add(store, STORE_NAME, key, text, (size_t)length, &there);

	return status == STATUS_OK && there ? STATUS_NAME_TAKEN : status;
}

enum status
names_add_beside_old(struct store *store, const char *key, const char *id)
{
	size_t old;
	enum status status = names_count_old(store, key, &old);

	if (status == STATUS_OK && old > 0)
		status = STATUS_NAME_TAKEN;
	return status == STATUS_OK ? names_add(store, key, id) : status;
}

enum status
names_claim(struct store *store, const char *name, const char *id)
{
	char key[NAME_SIZE];

	if (name[0] == '\0')
		return STATUS_OK;
	return name_key(name, key) ? names_add_beside_old(store, key, id)
				   : STATUS_BAD_NAME;
}

enum status
names_free(struct store *store, const char *name, const char *id)
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

/* --- which old names there are ----------------------------------------- */

bool
names_is_old(const char *key, char today[NAME_SIZE])
{
	if (!name_key(key, today))
		today[0] = '\0';
	return strcmp(key, today) != 0;
}

enum status
names_any_old(struct store *store, bool *any)
{
	char key[STORE_KEY_SIZE] = "";
	struct json_object *record;
	enum status status = store_next(store, STORE_OLD_NAME, key, &record);

	json_object_put(record);
	*any = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* How many old names would have that key today, and the account of the
 * first. */
static enum status
find_old(struct store *store, const char *today, char id[NAME_ID_SIZE],
	size_t *found)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_OLD_NAME, today, &record);
	char other[NAME_ID_SIZE];
	size_t i, count;
	const struct json_object *keys = json_array(record, "keys", &count);

	*found = 0;
	for (i = 0; i < count && status == STATUS_OK; i++) {
		if (strlen(json_string_at(keys, i)) > NAME_BYTES)
			continue;
		status = find_key(store, json_string_at(keys, i), other);
		if (status == STATUS_OK && (*found)++ == 0)
			strcpy(id, other);
		else if (status == STATUS_NO_ACCOUNT)
			status = STATUS_OK;
	}
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
names_count_old(struct store *store, const char *today, size_t *count)
{
	char id[NAME_ID_SIZE];

	return find_old(store, today, id, count);
}

enum status
names_find_holder(struct store *store, const char *name, char id[NAME_ID_SIZE])
{
	char key[NAME_SIZE];
	size_t old;
	enum status status = names_find(store, name, id);

	if (status != STATUS_NO_ACCOUNT || !name_key(name, key))
		return status;
	status = find_old(store, key, id, &old);
	return status == STATUS_OK && old == 0 ? STATUS_NO_ACCOUNT : status;
}

/* --- keeping today's keys for them ------------------------------------- */

/* The record that says that all names have been looked at. */
static const char settled_param[] = "old_names";

/* Inside a unit of work: adds the old key to those that `today` leads to. */
static enum status
keep(struct store *store, const char *today, const char *old)
{
	struct json_object *record, *keys;
	enum status status = store_get(store, STORE_OLD_NAME, today, &record);
	size_t i = 0, count;

	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	if (record == NULL)
		record = json_new_object();
	if (json_array(record, "keys", &count) == NULL)
		json_add(record, "keys", json_new_array());
	keys = json_object_object_get(record, "keys");
	while (i < count && strcmp(json_string_at(keys, i), old) != 0)
		i++;
	if (i < count) {
		json_object_put(record);
		return STATUS_OK;
	}
	json_append(keys, json_object_new_string(old));
	return store_keep(store, STORE_OLD_NAME, today, record);
}

/* Outside of units of work. The name may be gone since its batch was read. */
static enum status
settle(struct store *store, const char *key)
{
	char today[NAME_SIZE];
	bool there;
	enum status status;

	if (!names_is_old(key, today) || today[0] == '\0')
		return STATUS_OK;
	status = store_begin(store, STORE_WRITE);
	if (status == STATUS_OK)
		status = store_has(store, STORE_NAME, key, &there);
	if (status == STATUS_OK && there)
		status = keep(store, today, key);
	/* The last commit flushes all of them. */
	return store_finish_lazily(store, status);
}

static enum status
is_settled(struct store *store, bool *settled)
{
	enum status status = store_begin(store, STORE_READ);

	if (status == STATUS_OK)
		status = store_has(store, STORE_PARAM, settled_param, settled);
	store_abort(store);
	return status;
}

static enum status
note_settled(struct store *store)
{
	struct json_object *record = json_new_object();
	enum status status = store_begin(store, STORE_WRITE);

	json_add_bool(record, "kept", true);
	if (status == STATUS_OK)
		status = store_put(store, STORE_PARAM, settled_param, record);
	json_object_put(record);
	return store_finish(store, status);
}

enum status
names_settle(struct store *store, bool again)
{
	struct store_walk walk;
	bool settled = false, any = false;
	enum status walked,
		status = again ? STATUS_OK : is_settled(store, &settled);

	if (status != STATUS_OK || settled)
		return status;
	store_walk_begin(&walk, store, STORE_NAME, "");
	while (status == STATUS_OK && store_walk_next(&walk)) {
		any = true;
		status = settle(store, walk.key);
	}
	walked = store_walk_end(&walk);
	if (status == STATUS_OK)
		status = walked;
	return status == STATUS_OK && any ? note_settled(store) : status;
}

/* --- what is to become of them ----------------------------------------- */

const char *
names_fate_text(enum name_fate fate)
{
	static const char *const texts[] = {
		[NAME_FREE] = "can be compared by today's rules",
		[NAME_INVALID] = "no name by today's rules",
		[NAME_TAKEN] = "reads like the name of another account",
		[NAME_SHARED] = "reads like another name from before the rules",
		[NAME_RESERVED] = "reads like admin, and is no administrator",
	};

	return texts[fate];
}

/* A name whose account is missing is reported by check, and reserves
 * nothing. */
static enum status
is_reserved(struct store *store, const struct old_name *name, bool *reserved)
{
	struct account account;
	enum status status = account_get(store, name->id, &account);

	*reserved = status == STATUS_OK &&
		    account_is_admin_in_name_only(&account) &&
		    strcmp(name->today, ACCOUNT_ADMIN_NAME) == 0;
	return status == STATUS_NO_ACCOUNT ? STATUS_OK : status;
}

enum status
names_judge(struct store *store, const char *key, struct old_name *name)
{
	enum status status = find_key(store, key, name->id);
	bool reserved = false;
	size_t old = 0;

	strcpy(name->key, key);
	name->other[0] = '\0';
	if (status == STATUS_NO_ACCOUNT ||
		(status == STATUS_OK &&
			(name->id[0] == '\0' ||
				!names_is_old(key, name->today))))
		return STATUS_NO_ACCOUNT;
	if (status == STATUS_OK && name->today[0] != '\0')
		status = find_key(store, name->today, name->other);
	if (status == STATUS_NO_ACCOUNT)
		status = STATUS_OK;
	if (status == STATUS_OK && name->today[0] != '\0')
		status = names_count_old(store, name->today, &old);
	if (status == STATUS_OK)
		status = is_reserved(store, name, &reserved);
	name->fate = name->today[0] == '\0'   ? NAME_INVALID
		     : name->other[0] != '\0' ? NAME_TAKEN
		     : old > 1                ? NAME_SHARED
		     : reserved               ? NAME_RESERVED
					      : NAME_FREE;
	return status;
}

/* STATUS_NO_ACCOUNT if it is no old name, or its account has gone since. */
static enum status
judge_old(struct store *store, const char *key, struct old_name *name)
{
	enum status status;

	if (strlen(key) > NAME_BYTES || !names_is_old(key, name->today))
		return STATUS_NO_ACCOUNT;
	status = store_begin(store, STORE_READ);
	if (status == STATUS_OK)
		status = names_judge(store, key, name);
	store_abort(store);
	return status;
}

enum status
names_each_old(const struct site *site, old_name_visit *visit, void *context)
{
	enum status walked, status = STATUS_OK;
	struct store_walk walk;
	struct old_name name;
	bool more = true;

	store_walk_begin(&walk, site->store, STORE_NAME, "");
	while (more && store_walk_next(&walk)) {
		status = judge_old(site->store, walk.key, &name);
		more = status == STATUS_NO_ACCOUNT ||
		       (status == STATUS_OK && visit(context, &name));
	}
	walked = store_walk_end(&walk);
	return status == STATUS_OK || status == STATUS_NO_ACCOUNT ? walked
								  : status;
}

/* Whether nothing but itself keeps the name from today's key any more. */
static enum status
move(struct store *store, const struct old_name *name)
{
	enum status status = store_delete(store, STORE_NAME, name->key);

	if (status == STATUS_OK)
		status = store_delete(store, STORE_OLD_NAME, name->today);
	return status == STATUS_OK ? names_add(store, name->today, name->id)
				   : status;
}

enum status
names_mend(const struct site *site, const char *key)
{
	struct old_name name;
	enum status status = store_begin(site->store, STORE_WRITE);

	if (status == STATUS_OK)
		status = names_judge(site->store, key, &name);
	if (status == STATUS_OK)
		status = name.fate == NAME_FREE ? move(site->store, &name)
						: STATUS_NAME_TAKEN;
	return store_finish(site->store, status);
}
