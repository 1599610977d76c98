/* token.c - access tokens: secrets that services hold, not people */
#include "config.h"

#include "token.h"

#include "token-record.h"

#include <sodium.h>
#include <string.h>

enum { SECRET_BYTES = 32 };

static const char prefix[] = "lk_";

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
	status = token_record_find(store, token->hash, &taken);
	status = status == STATUS_OK                ? STATUS_TOKEN_TAKEN
		 : status == STATUS_NO_ACCESS_TOKEN ? STATUS_OK
						    : status;
	if (status == STATUS_OK)
		status = token_record_next_id(store, &token->id);
	if (status == STATUS_OK)
		status = token_record_put(store, token);
	if (status == STATUS_OK)
		status = token_record_point(store, token->hash, token->id);
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
	enum status status = token_record_unpoint(store, token->old_hash);

	if (status == STATUS_OK && until == 0)
		status = token_record_unpoint(store, token->hash);
	strcpy(token->old_hash, until == 0 ? "" : token->hash);
	token->old_until = until;
	strcpy(token->hash, hash);
	if (status == STATUS_OK)
		status = token_record_point(store, token->hash, token->id);
	return status == STATUS_OK ? token_record_put(store, token) : status;
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
	status = token_record_get(store, id, token);
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
	enum status status = store_begin(store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	status = token_record_get(store, id, &token);
	if (status == STATUS_OK)
		status = token_record_delete(store, &token);
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
	status = token_record_find(site->store, hash, &id);
	if (status == STATUS_OK)
		status = token_record_get(site->store, id, token);
	if (status == STATUS_OK)
		status = account_get(site->store, token->maker, &maker);
	if (status == STATUS_NO_ACCESS_TOKEN || status == STATUS_NO_ACCOUNT)
		return STATUS_BAD_TOKEN;
	if (status != STATUS_OK)
		return status;
	*until = good_until(token, hash, now);
	return *until > 0 && account_is_admin(&maker) ? STATUS_OK
						      : STATUS_BAD_TOKEN;
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

/* Of one account's tokens. */
struct purge {
	const struct site *site;
	const char *maker;
	enum status status;
};

static bool
visit_to_delete(void *context, const struct token *token)
{
	struct purge *purge = context;

	if (strcmp(token->maker, purge->maker) == 0)
		purge->status = token_delete(purge->site, token->id);
	/* Somebody may have revoked it meanwhile. */
	if (purge->status == STATUS_NO_ACCESS_TOKEN)
		purge->status = STATUS_OK;
	return purge->status == STATUS_OK;
}

enum status
token_delete_all_of(const struct site *site, const char *maker)
{
	struct purge purge = {site, maker, STATUS_OK};
	enum status status = token_each(site, visit_to_delete, &purge);

	return status == STATUS_OK ? purge.status : status;
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
