/* token-record.c - access tokens in the store */
#include "config.h"

#include "account/token-record.h"

#include "base/json.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

enum { KEY_SIZE = 96 };

static const char serial_param[] = "token_serial";

/* In the order of their bits. */
static const char *const permission_names[] = {"read", "write", "admin"};
enum { PERMISSIONS = sizeof permission_names / sizeof permission_names[0] };

unsigned
token_read_permission(const char *list)
{
	unsigned permission = 0;
	size_t i, length;

	for (;; list += length + 1) {
		list += strspn(list, " ");
		length = strcspn(list, ", ");
		for (i = 0; i < PERMISSIONS; i++)
			if (strlen(permission_names[i]) == length &&
				strncmp(permission_names[i], list, length) == 0)
				break;
		if (i == PERMISSIONS)
			return 0;
		permission |= 1U << i;
		length += strspn(list + length, " ");
		if (list[length] == '\0')
			return permission;
		if (list[length] != ',')
			return 0;
	}
}

void
token_write_permission(unsigned permission, char list[TOKEN_PERMISSION_SIZE])
{
	size_t i, used = 0;

	list[0] = '\0';
	for (i = 0; i < PERMISSIONS; i++)
		if ((permission & 1U << i) != 0)
			used += (size_t)snprintf(list + used,
				TOKEN_PERMISSION_SIZE - used, "%s%s",
				used > 0 ? "," : "", permission_names[i]);
}

/* In the order of their numbers. */
static void
id_key(int64_t id, char key[KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "%019lld", (long long)id);
}

static void
hash_key(const char *hash, char key[KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "hash:%s", hash);
}

/* What records from before there were parents do not have: 0 then. */
static bool
read_line(const struct json_object *record, struct token *token)
{
	const struct {
		const char *name;
		int64_t *number;
	} members[] = {
		{"epoch", &token->epoch},
		{"parent", &token->parent},
		{"parent_epoch", &token->parent_epoch},
		{"generation", &token->generation},
	};
	bool good = true;
	size_t i;

	for (i = 0; i < sizeof members / sizeof members[0]; i++)
		if (json_object_object_get(record, members[i].name) != NULL &&
			!json_natural(
				record, members[i].name, members[i].number))
			good = false;
	token->has_children = json_true(record, "has_children");
	return good;
}

bool
token_read(const struct json_object *record, struct token *token)
{
	int64_t permission;

	memset(token, 0, sizeof *token);
	json_copy(record, "old_hash", token->old_hash, sizeof token->old_hash);
	token->service = json_true(record, "service");
	if (!json_natural(record, "id", &token->id) ||
		!json_natural(record, "permission", &permission) ||
		!json_natural(record, "created", &token->created) ||
		!json_natural(record, "expires_at", &token->expires) ||
		!json_natural(record, "old_until", &token->old_until) ||
		!json_copy(record, "name", token->name, sizeof token->name) ||
		!json_copy(record, "description", token->description,
			sizeof token->description) ||
		!json_copy(
			record, "maker", token->maker, sizeof token->maker) ||
		!json_copy(record, "hash", token->hash, sizeof token->hash))
		return false;
	token->permission = (unsigned)permission;
	return read_line(record, token);
}

enum status
token_record_put(struct store *store, const struct token *token)
{
	struct json_object *record = json_new_object();
	char key[KEY_SIZE];
	enum status status;

	json_add_int(record, "id", token->id);
	json_add_string(record, "name", token->name);
	json_add_string(record, "description", token->description);
	json_add_int(record, "permission", (int64_t)token->permission);
	json_add_bool(record, "service", token->service);
	json_add_int(record, "created", token->created);
	json_add_int(record, "expires_at", token->expires);
	json_add_string(record, "maker", token->maker);
	json_add_string(record, "hash", token->hash);
	json_add_string(record, "old_hash", token->old_hash);
	json_add_int(record, "old_until", token->old_until);
	json_add_int(record, "epoch", token->epoch);
	json_add_int(record, "parent", token->parent);
	json_add_int(record, "parent_epoch", token->parent_epoch);
	json_add_int(record, "generation", token->generation);
	json_add_bool(record, "has_children", token->has_children);
	id_key(token->id, key);
	status = store_put(store, STORE_TOKEN, key, record);
	json_object_put(record);
	return status;
}

enum status
token_record_get(struct store *store, int64_t id, struct token *token)
{
	struct json_object *record;
	char key[KEY_SIZE];
	enum status status;

	id_key(id, key);
	status = store_get(store, STORE_TOKEN, key, &record);
	if (status == STATUS_OK && !token_read(record, token)) {
		log_error("access token %lld: its record cannot be read",
			(long long)id);
		status = STATUS_UNAVAILABLE;
	}
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_NO_ACCESS_TOKEN : status;
}

/* What leads from a secret's hash to its token. */
enum status
token_record_find(struct store *store, const char *hash, int64_t *id)
{
	struct json_object *record;
	char key[KEY_SIZE];
	enum status status;

	hash_key(hash, key);
	status = store_get(store, STORE_TOKEN, key, &record);
	if (status == STATUS_OK && !json_natural(record, "token", id))
		status = STATUS_NOT_FOUND;
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_NO_ACCESS_TOKEN : status;
}

enum status
token_record_point(struct store *store, const char *hash, int64_t id)
{
	struct json_object *record = json_new_object();
	char key[KEY_SIZE];
	enum status status;

	hash_key(hash, key);
	json_add_int(record, "token", id);
	status = store_put(store, STORE_TOKEN, key, record);
	json_object_put(record);
	return status;
}

enum status
token_record_unpoint(struct store *store, const char *hash)
{
	char key[KEY_SIZE];

	if (hash[0] == '\0')
		return STATUS_OK;
	hash_key(hash, key);
	return store_delete(store, STORE_TOKEN, key);
}

/* Kept by itself, so that a deleted token's number is not used again. */
enum status
token_record_last_id(struct store *store, int64_t *id)
{
	struct json_object *record;
	enum status status =
		store_get(store, STORE_PARAM, serial_param, &record);

	*id = 0;
	if (status == STATUS_OK && !json_natural(record, "last", id)) {
		log_error("access tokens: the record of their last number "
			  "cannot be read");
		status = STATUS_UNAVAILABLE;
	}
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
token_record_next_id(struct store *store, int64_t *id)
{
	struct json_object *record;
	enum status status = token_record_last_id(store, id);

	if (status != STATUS_OK)
		return status;
	++*id;
	record = json_new_object();
	json_add_int(record, "last", *id);
	status = store_put(store, STORE_PARAM, serial_param, record);
	json_object_put(record);
	return status;
}

enum status
token_record_delete(struct store *store, const struct token *token)
{
	char key[KEY_SIZE];
	enum status status = token_record_unpoint(store, token->hash);

	if (status == STATUS_OK)
		status = token_record_unpoint(store, token->old_hash);
	id_key(token->id, key);
	return status == STATUS_OK ? store_delete(store, STORE_TOKEN, key)
				   : status;
}

struct walk {
	token_visit *visit;
	void *context;
};

static bool
visit_record(void *context, const char *key, struct json_object *record)
{
	const struct walk *walk = context;
	struct token token;

	/* After the numbers come the hashes. */
	if (key[0] == 'h')
		return false;
	return !token_read(record, &token) ||
	       walk->visit(walk->context, &token);
}

enum status
token_record_each(
	struct store *store, int64_t id, token_visit *visit, void *context)
{
	struct walk walk = {visit, context};
	char key[KEY_SIZE];

	id_key(id, key);
	return store_each_after(store, STORE_TOKEN, key, visit_record, &walk);
}
