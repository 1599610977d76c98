/* code.c - codes that let a person in once */
#include "config.h"

#include "code.h"

#include "guess.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "secret.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
	SYMBOLS = 12, /* of 5 bits */
	GROUP = 4,
	TRIES_NETWORK = 5,
	TRIES_SYMBOLS = 50,
	TRIES_DIGITS = 5,
	HASH_HEX = 2 * crypto_auth_hmacsha256_BYTES + 1,
	KEY_SIZE = 96
};

/* Crockford's base 32: no I, L, O and U. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static const char *
purpose_name(enum code_purpose purpose)
{
	return purpose == CODE_RESET ? "reset" : "verify";
}

/* A code's record lies under what it is for; beside it, a code of symbols
 * has one under its hash that points there. */
static void
record_key(enum code_purpose purpose, const char *account, char key[KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "%s:%s", purpose_name(purpose), account);
}

static void
pointer_key(const char *hash, char key[KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "hash:%s", hash);
}

/* --- the code itself --------------------------------------------------- */

static void
draw_symbols(char code[CODE_SIZE])
{
	int i;

	for (i = 0; i < SYMBOLS; i++) {
		if (i > 0 && i % GROUP == 0)
			*code++ = '-';
		*code++ = alphabet[randombytes_uniform(sizeof alphabet - 1)];
	}
	*code = '\0';
}

static void
draw_digits(unsigned digits, char code[CODE_SIZE])
{
	unsigned i;

	for (i = 0; i < digits; i++)
		code[i] = (char)('0' + randombytes_uniform(10));
	code[digits] = '\0';
}

/* One symbol as people write it, or '\0'. */
static char
read_symbol(char byte)
{
	if (byte >= 'a' && byte <= 'z')
		byte = (char)(byte - 'a' + 'A');
	if (byte == 'O')
		return '0';
	if (byte == 'I' || byte == 'L')
		return '1';
	return byte != '\0' && strchr(alphabet, byte) != NULL ? byte : '\0';
}

/* Reads a code as it was typed. False if it cannot be one. */
static bool
read_code(const char *typed, char code[CODE_SIZE])
{
	size_t length = 0;

	for (; *typed != '\0'; typed++) {
		if (strchr(" -\t", *typed) != NULL)
			continue;
		if (length == SYMBOLS)
			return false;
		code[length] = read_symbol(*typed);
		if (code[length++] == '\0')
			return false;
	}
	code[length] = '\0';
	return length > 0;
}

/* What is stored of a code. An unreadable one becomes "", which none is. */
static void
hash_code(const struct site *site, const char *typed, char hash[HASH_HEX])
{
	unsigned char tag[crypto_auth_hmacsha256_BYTES];
	char code[CODE_SIZE];

	hash[0] = '\0';
	if (!read_code(typed, code))
		return;
	crypto_auth_hmacsha256(tag, (const unsigned char *)code, strlen(code),
		keys_code(site->keys));
	sodium_bin2hex(hash, HASH_HEX, tag, sizeof tag);
	sodium_memzero(code, sizeof code);
}

/* --- records ----------------------------------------------------------- */

/* Deletes a code and what points to it. */
static enum status
delete_code(struct store *store, const char *key, struct json_object *record)
{
	const char *hash = json_string(record, "hash");
	char pointer[KEY_SIZE];
	enum status status = store_delete(store, STORE_CODE, key);

	if (hash == NULL || status != STATUS_OK)
		return status;
	pointer_key(hash, pointer);
	return store_delete(store, STORE_CODE, pointer);
}

static enum status
delete_old(struct store *store, const char *key)
{
	struct json_object *old;
	enum status status = store_get(store, STORE_CODE, key, &old);

	if (status == STATUS_OK)
		status = delete_code(store, key, old);
	json_object_put(old);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
put_pointer(
	struct store *store, const char *hash, const char *key, int64_t expires)
{
	struct json_object *record = json_new_object();
	char pointer[KEY_SIZE];
	enum status status;

	pointer_key(hash, pointer);
	json_add_string(record, "for", key);
	json_add_int(record, "expires", expires);
	status = store_put(store, STORE_CODE, pointer, record);
	json_object_put(record);
	return status;
}

static enum status
put_new(const struct site *site, enum code_purpose purpose,
	const struct account *account, const char *hash, int64_t now)
{
	bool digits = conf_code_digits(site->conf) > 0;
	int64_t expires = now + (int64_t)site->conf->code_life;
	struct json_object *record = json_new_object();
	char key[KEY_SIZE];
	enum status status;

	json_add_string(record, "account", account->id);
	json_add_string(record, "hash", hash);
	json_add_int(record, "epoch", account->epoch);
	json_add_int(record, "expires", expires);
	json_add_int(
		record, "tries_left", digits ? TRIES_DIGITS : TRIES_SYMBOLS);
	json_add(record, "tries", json_new_object());
	record_key(purpose, account->id, key);
	status = delete_old(site->store, key);
	if (status == STATUS_OK)
		status = store_put(site->store, STORE_CODE, key, record);
	if (status == STATUS_OK && !digits)
		status = put_pointer(site->store, hash, key, expires);
	json_object_put(record);
	return status;
}

void
code_draw(const struct site *site, char code[CODE_SIZE])
{
	unsigned digits = conf_code_digits(site->conf);

	if (digits > 0)
		draw_digits(digits, code);
	else
		draw_symbols(code);
}

enum status
code_new(const struct site *site, enum code_purpose purpose, const char *id,
	int64_t now, const char *code)
{
	struct account account;
	char hash[HASH_HEX];
	enum status status = site_keys(site, now);

	if (status == STATUS_OK)
		status = store_begin(site->store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	hash_code(site, code, hash);
	/* Or every unreadable code would be the right one. */
	status = hash[0] == '\0' ? STATUS_INTERNAL
				 : account_get(site->store, id, &account);
	if (status == STATUS_OK && !account.enabled)
		status = STATUS_NO_ACCOUNT;
	if (status == STATUS_OK)
		status = put_new(site, purpose, &account, hash, now);
	return store_finish(site->store, status);
}

/* --- matching ---------------------------------------------------------- */

/* What a code is tried against. */
struct match {
	char key[KEY_SIZE];
	struct json_object *record;
	struct account account;
};

/* Where the code's record must be: under the named account, or where the
 * hash points. STATUS_NOT_FOUND if nowhere. */
static enum status
find_key(struct store *store, enum code_purpose purpose, const char *name,
	const char *hash, struct match *match)
{
	struct json_object *pointer;
	const char *target;
	enum status status;

	if (name != NULL) {
		status = account_find(store, name, &match->account);
		record_key(purpose, match->account.id, match->key);
		return status;
	}
	pointer_key(hash, match->key);
	status = store_get(store, STORE_CODE, match->key, &pointer);
	target = json_string(pointer, "for");
	snprintf(match->key, sizeof match->key, "%s",
		target == NULL ? "" : target);
	json_object_put(pointer);
	/* "reset:" and so on: a code is good for its purpose only. */
	if (status == STATUS_OK && strncmp(match->key, purpose_name(purpose),
					   strlen(purpose_name(purpose))) != 0)
		status = STATUS_NOT_FOUND;
	return status;
}

static enum status
find_record(struct store *store, enum code_purpose purpose, const char *name,
	const char *hash, struct match *match)
{
	const char *id;
	enum status status;

	memset(match, 0, sizeof *match);
	status = find_key(store, purpose, name, hash, match);
	if (status == STATUS_OK)
		status = store_get(
			store, STORE_CODE, match->key, &match->record);
	if (status == STATUS_OK) {
		id = json_string(match->record, "account");
		status = id == NULL ? STATUS_NOT_FOUND
				    : account_get(store, id, &match->account);
	}
	return status;
}

static int64_t
tries_from(const struct json_object *record, const char *network)
{
	struct json_object *tries = json_object_object_get(record, "tries");
	int64_t count;

	return json_natural(tries, network, &count) ? count : 0;
}

/* Whether the code may still be tried from that network. */
static bool
is_live(const struct match *match, const char *network, int64_t now)
{
	int64_t expires, epoch, left;

	return json_natural(match->record, "expires", &expires) &&
	       json_natural(match->record, "epoch", &epoch) &&
	       json_natural(match->record, "tries_left", &left) &&
	       expires > now && left > 0 && match->account.enabled &&
	       epoch == match->account.epoch &&
	       tries_from(match->record, network) < TRIES_NETWORK;
}

static bool
is_right(const struct match *match, const char *hash)
{
	const char *stored = json_string(match->record, "hash");

	return stored != NULL && strlen(stored) == strlen(hash) &&
	       sodium_memcmp(stored, hash, strlen(hash)) == 0;
}

/* Counts a wrong try; with the last one the code is gone. */
static enum status
count_try(struct store *store, struct match *match, const char *network)
{
	struct json_object *tries =
		json_object_object_get(match->record, "tries");
	int64_t left;

	if (!json_natural(match->record, "tries_left", &left) || left <= 1)
		return delete_code(store, match->key, match->record);
	json_add_int(match->record, "tries_left", left - 1);
	if (tries != NULL)
		json_add_int(
			tries, network, tries_from(match->record, network) + 1);
	return store_put(store, STORE_CODE, match->key, match->record);
}

/* Inside a unit of work that writes: STATUS_BAD_CODE after counting the try
 * where there is something to count. */
static enum status
test_code(struct store *store, struct match *match, const char *hash,
	const struct attempt *attempt)
{
	enum status status;

	if (!is_live(match, attempt->network, attempt->now))
		return STATUS_BAD_CODE;
	if (is_right(match, hash))
		return STATUS_OK;
	status = count_try(store, match, attempt->network);
	return status == STATUS_OK ? STATUS_BAD_CODE : status;
}

/* A try at a code, outside of the commit that spends it. */
struct check {
	const struct site *site;
	enum code_purpose purpose;
	const char *name;
	const char *hash;
	const struct attempt *attempt;
	struct match match;
	bool found;
};

/* A code that is nobody's is counted by the name that was typed with it. */
static enum status
find_check(void *context, struct attempt *attempt, const char **whose)
{
	struct check *check = context;
	enum status status = find_record(check->site->store, check->purpose,
		check->name, check->hash, &check->match);

	check->found = status == STATUS_OK;
	strcpy(attempt->account, check->match.account.id);
	*whose = attempt->account[0] != '\0' ? attempt->account
		 : check->name != NULL       ? check->name
					     : "";
	return status == STATUS_NOT_FOUND || status == STATUS_NO_ACCOUNT
		       ? STATUS_OK
		       : status;
}

static enum status
test_check(void *context)
{
	struct check *check = context;

	return check->found ? test_code(check->site->store, &check->match,
				      check->hash, check->attempt)
			    : STATUS_BAD_CODE;
}

/* code_check(), and whose code it is. */
static enum status
check_whose(const struct site *site, enum code_purpose purpose,
	const char *name, const char *code, struct attempt *attempt,
	struct account *account)
{
	static const struct secret secret = {
		THROTTLE_CODE, SECRET_INSIDE, find_check, test_check};
	struct check check = {.site = site,
		.purpose = purpose,
		.name = name,
		.attempt = attempt};
	char hash[HASH_HEX];
	enum status status = site_keys(site, attempt->now);

	if (status != STATUS_OK)
		return status;
	hash_code(site, code, hash);
	check.hash = hash;
	status = secret_check(site, &secret, &check, attempt);
	*account = check.match.account;
	json_object_put(check.match.record);
	return status;
}

enum status
code_check(const struct site *site, enum code_purpose purpose, const char *name,
	const char *code, struct attempt *attempt)
{
	struct account account;

	return check_whose(site, purpose, name, code, attempt, &account);
}

/* Inside a unit of work that writes, after code_check(): deletes the code if
 * it is still right. */
static enum status
take_code(struct store *store, enum code_purpose purpose, const char *name,
	const char *hash, const struct attempt *attempt,
	struct account *account)
{
	struct match match;
	enum status status = find_record(store, purpose, name, hash, &match);

	if (status == STATUS_OK)
		status = test_code(store, &match, hash, attempt);
	else if (status == STATUS_NOT_FOUND || status == STATUS_NO_ACCOUNT)
		status = STATUS_BAD_CODE;
	if (status == STATUS_OK)
		status = delete_code(store, match.key, match.record);
	*account = match.account;
	json_object_put(match.record);
	return status;
}

enum status
code_reset(const struct site *site, const char *name, const char *code,
	const struct password *password, struct attempt *attempt,
	struct account *account)
{
	struct store *store = site->store;
	char hash[HASH_HEX], new_hash[PASSWORD_HASH_SIZE];
	/* Tried before the expensive hash, and once more in the commit. */
	enum status status =
		check_whose(site, CODE_RESET, name, code, attempt, account);

	/* Only a right code may tell whose it is; and it is not spent. */
	if (status == STATUS_OK && guess_is_name(account, password))
		status = STATUS_WEAK_PASSWORD;
	if (status != STATUS_OK)
		return status;
	hash_code(site, code, hash);
	status = account_hash(site, password, new_hash);
	if (status == STATUS_OK)
		status = store_begin(store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	status = take_code(store, CODE_RESET, name, hash, attempt, account);
	if (status == STATUS_OK) {
		account_set_hash(account, new_hash);
		account->epoch++;
		status = account_put(store, account);
	}
	if (status == STATUS_OK)
		status = account_tell(site, account, MAIL_CHANGED);
	return store_finish(store, status);
}

enum status
code_verify(const struct site *site, const char *name, const char *code,
	struct attempt *attempt)
{
	struct store *store = site->store;
	struct account account;
	char hash[HASH_HEX];
	enum status status = code_check(site, CODE_VERIFY, name, code, attempt);

	if (status == STATUS_OK) {
		hash_code(site, code, hash);
		status = store_begin(store, STORE_WRITE);
	}
	if (status == STATUS_OK) {
		status = take_code(
			store, CODE_VERIFY, name, hash, attempt, &account);
		account.verified = true;
		account.unproved = false;
		if (status == STATUS_OK)
			status = account_put(store, &account);
		status = store_finish(store, status);
	}
	return status == STATUS_BAD_CODE ? STATUS_BAD_VERIFY_CODE : status;
}
