/* token.c - access tokens: secrets that services hold, not people */
#include "config.h"

#include "token.h"

#include "json.h"
#include "log.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { SECRET_BYTES = 32, KEY_SIZE = 96 };

static const char serial_param[] = "token_serial";
static const char prefix[] = "lk_";

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

/* --- records ----------------------------------------------------------- */

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
	return true;
}

static enum status
put_token(struct store *store, const struct token *token)
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
	id_key(token->id, key);
	status = store_put(store, STORE_TOKEN, key, record);
	json_object_put(record);
	return status;
}

static enum status
get_token(struct store *store, int64_t id, struct token *token)
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
static enum status
get_pointer(struct store *store, const char *hash, int64_t *id)
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

static enum status
put_pointer(struct store *store, const char *hash, int64_t id)
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

static enum status
delete_pointer(struct store *store, const char *hash)
{
	char key[KEY_SIZE];

	if (hash[0] == '\0')
		return STATUS_OK;
	hash_key(hash, key);
	return store_delete(store, STORE_TOKEN, key);
}

/* --- secrets ----------------------------------------------------------- */

static void
draw_secret(char secret[TOKEN_SECRET_SIZE])
{
	unsigned char bytes[SECRET_BYTES];

	randombytes_buf(bytes, sizeof bytes);
	strcpy(secret, prefix);
	sodium_bin2base64(secret + sizeof prefix - 1,
		TOKEN_SECRET_SIZE - (sizeof prefix - 1), bytes, sizeof bytes,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(bytes, sizeof bytes);
}

static void
hash_secret(const struct site *site, const char *secret, char hash[65])
{
	unsigned char tag[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256(tag, (const unsigned char *)secret,
		strlen(secret), keys_token(site->keys));
	sodium_bin2hex(hash, 65, tag, sizeof tag);
}

/* The next number: kept by itself, so that a deleted token's is not used
 * again. */
static enum status
next_id(struct store *store, int64_t *id)
{
	struct json_object *record;
	enum status status =
		store_get(store, STORE_PARAM, serial_param, &record);

	if (status == STATUS_OK && !json_natural(record, "last", id))
		status = STATUS_UNAVAILABLE;
	json_object_put(record);
	if (status == STATUS_NOT_FOUND)
		*id = 0;
	else if (status != STATUS_OK)
		return status;
	++*id;
	record = json_new_object();
	json_add_int(record, "last", *id);
	status = store_put(store, STORE_PARAM, serial_param, record);
	json_object_put(record);
	return status;
}

/* --- whole pieces of work ---------------------------------------------- */

enum status
token_create(const struct site *site, struct token *token, int64_t now,
	char secret[TOKEN_SECRET_SIZE])
{
	struct store *store = site->store;
	enum status status = site_keys(site, now);
	int64_t taken;

	if (status != STATUS_OK)
		return status;
	if (secret[0] == '\0')
		draw_secret(secret);
	hash_secret(site, secret, token->hash);
	token->created = now;
	status = store_begin(store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	status = get_pointer(store, token->hash, &taken);
	status = status == STATUS_OK                ? STATUS_TOKEN_TAKEN
		 : status == STATUS_NO_ACCESS_TOKEN ? STATUS_OK
						    : status;
	if (status == STATUS_OK)
		status = next_id(store, &token->id);
	if (status == STATUS_OK)
		status = put_token(store, token);
	if (status == STATUS_OK)
		status = put_pointer(store, token->hash, token->id);
	return store_finish(store, status);
}

static bool
has_expired(const struct token *token, int64_t now)
{
	return token->expires != 0 && token->expires <= now;
}

/* Moves the token on to a new secret. */
static enum status
replace(struct store *store, struct token *token, const char *hash,
	int64_t until)
{
	enum status status = delete_pointer(store, token->old_hash);

	if (status == STATUS_OK && until == 0)
		status = delete_pointer(store, token->hash);
	strcpy(token->old_hash, until == 0 ? "" : token->hash);
	token->old_until = until;
	strcpy(token->hash, hash);
	if (status == STATUS_OK)
		status = put_pointer(store, token->hash, token->id);
	return status == STATUS_OK ? put_token(store, token) : status;
}

enum status
token_rotate(const struct site *site, int64_t id, int64_t grace, int64_t now,
	struct token *token, char secret[TOKEN_SECRET_SIZE])
{
	struct store *store = site->store;
	enum status status = site_keys(site, now);
	char hash[65];

	if (status != STATUS_OK)
		return status;
	if (secret[0] == '\0')
		draw_secret(secret);
	hash_secret(site, secret, hash);
	status = store_begin(store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	status = get_token(store, id, token);
	if (status == STATUS_OK && has_expired(token, now))
		status = STATUS_EXPIRED_TOKEN;
	if (status == STATUS_OK)
		status = replace(
			store, token, hash, grace == 0 ? 0 : now + grace);
	return store_finish(store, status);
}

enum status
token_delete(const struct site *site, int64_t id)
{
	struct store *store = site->store;
	struct token token;
	char key[KEY_SIZE];
	enum status status = store_begin(store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	id_key(id, key);
	status = get_token(store, id, &token);
	if (status == STATUS_OK)
		status = delete_pointer(store, token.hash);
	if (status == STATUS_OK)
		status = delete_pointer(store, token.old_hash);
	if (status == STATUS_OK)
		status = store_delete(store, STORE_TOKEN, key);
	return store_finish(store, status);
}

/* --- finding ----------------------------------------------------------- */

/* Until when the secret with that hash is good; 0 if it is not. */
static int64_t
good_until(const struct token *token, const char *hash, int64_t now)
{
	int64_t until = token->expires == 0 ? INT64_MAX : token->expires;

	if (strcmp(token->hash, hash) != 0) {
		if (strcmp(token->old_hash, hash) != 0)
			return 0;
		if (token->old_until < until)
			until = token->old_until;
	}
	return until > now ? until : 0;
}

enum status
token_find(const struct site *site, const char *secret, int64_t now,
	struct token *token, int64_t *until)
{
	struct account maker;
	char hash[65];
	enum status status;
	int64_t id;

	hash_secret(site, secret, hash);
	status = get_pointer(site->store, hash, &id);
	if (status == STATUS_OK)
		status = get_token(site->store, id, token);
	if (status == STATUS_OK)
		status = account_get(site->store, token->maker, &maker);
	if (status == STATUS_NO_ACCESS_TOKEN || status == STATUS_NO_ACCOUNT)
		return STATUS_BAD_TOKEN;
	if (status != STATUS_OK)
		return status;
	*until = good_until(token, hash, now);
	return *until > 0 && maker.enabled ? STATUS_OK : STATUS_BAD_TOKEN;
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
token_each(const struct site *site, token_visit *visit, void *context)
{
	struct walk walk = {visit, context};

	return store_each(site->store, STORE_TOKEN, visit_record, &walk);
}

struct newest {
	int64_t id;
	int64_t now;
};

static bool
visit_service(void *context, const struct token *token)
{
	struct newest *newest = context;

	if (token->service && !has_expired(token, newest->now))
		newest->id = token->id;
	return true;
}

enum status
token_find_service(
	const struct site *site, const char *secret, int64_t now, int64_t *id)
{
	struct newest newest = {0, now};
	struct token token = {.id = 0};
	enum status status = site_keys(site, now);
	int64_t until;

	if (status != STATUS_OK)
		return status;
	if (secret == NULL) {
		status = token_each(site, visit_service, &newest);
		*id = newest.id;
		return status == STATUS_OK && newest.id == 0
			       ? STATUS_NO_ACCESS_TOKEN
			       : status;
	}
	status = store_begin(site->store, STORE_READ);
	if (status != STATUS_OK)
		return status;
	status = token_find(site, secret, now, &token, &until);
	store_abort(site->store);
	*id = token.id;
	if (status == STATUS_BAD_TOKEN ||
		(status == STATUS_OK && !token.service))
		return STATUS_NO_ACCESS_TOKEN;
	return status;
}
