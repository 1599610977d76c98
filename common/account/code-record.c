/* code-record.c - codes in the store, and what is tried against them */
#include "config.h"

#include "account/code-record.h"

#include "account/count.h"
#include "base/json.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
	TRIES_NETWORK = 5,
	TRIES_SYMBOLS = 50,
	TRIES_DIGITS = 5,
	NOBODYS_LIFE = 3600,
	YOUNG = 60 /* seconds */
};

static const char nobody[] = "00000000-0000-0000-0000-000000000000";

static const char *
purpose_name(enum code_purpose purpose)
{
	return purpose == CODE_RESET ? "reset" : "verify";
}

/* A code's record lies under what it is for; beside it, a code of symbols
 * has one under its hash that points there. */
static void
record_key(
	enum code_purpose purpose, const char *account, char key[CODE_KEY_SIZE])
{
	snprintf(key, CODE_KEY_SIZE, "%s:%s", purpose_name(purpose), account);
}

static void
pointer_key(const char *hash, char key[CODE_KEY_SIZE])
{
	snprintf(key, CODE_KEY_SIZE, "hash:%s", hash);
}

/* --- making and deleting ----------------------------------------------- */

/* Deletes a code and what points to it. */
static enum status
delete_code(struct store *store, const char *key, struct json_object *record)
{
	const char *hash = json_string(record, "hash");
	char pointer[CODE_KEY_SIZE];
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
	char pointer[CODE_KEY_SIZE];
	enum status status;

	pointer_key(hash, pointer);
	json_add_string(record, "for", key);
	json_add_int(record, "expires", expires);
	status = store_put(store, STORE_CODE, pointer, record);
	json_object_put(record);
	return status;
}

static struct json_object *
make_record(const char *account, int64_t epoch, const struct code_kept *kept,
	int64_t now, int64_t expires, int64_t tries)
{
	struct json_object *record = json_new_object();

	json_add_string(record, "account", account);
	json_add_string(record, "hash", kept->hash);
	json_add_string(record, "sealed", kept->sealed);
	json_add_bool(record, "mailed", kept->mailed);
	json_add_string(record, "language", kept->language);
	json_add_int(record, "made", now);
	json_add_int(record, "epoch", epoch);
	json_add_int(record, "expires", expires);
	json_add_int(record, "tries_left", tries);
	json_add(record, "tries", json_new_object());
	return record;
}

enum status
code_record_put(const struct site *site, enum code_purpose purpose,
	const struct account *account, const struct code_kept *kept,
	int64_t now)
{
	bool digits = conf_code_digits(site->conf) > 0;
	int64_t expires = now + (int64_t)site->conf->code_life;
	struct json_object *record = make_record(account->id, account->epoch,
		kept, now, expires, digits ? TRIES_DIGITS : TRIES_SYMBOLS);
	char key[CODE_KEY_SIZE];
	enum status status;

	record_key(purpose, account->id, key);
	status = delete_old(site->store, key);
	if (status == STATUS_OK)
		status = store_put(site->store, STORE_CODE, key, record);
	if (status == STATUS_OK && !digits)
		status = put_pointer(site->store, kept->hash, key, expires);
	json_object_put(record);
	return status;
}

/* --- matching ---------------------------------------------------------- */

/* Where the code's record must be: under the named account, or where the
 * hash points. STATUS_NOT_FOUND if nowhere. */
static enum status
find_key(struct store *store, enum code_purpose purpose, const char *name,
	const char *hash, struct code_match *match)
{
	struct json_object *pointer;
	const char *target;
	enum status status;

	if (name != NULL) {
		status = account_find_alike(store, name, &match->account);
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

enum status
code_record_find(struct store *store, enum code_purpose purpose,
	const char *name, const char *hash, struct code_match *match)
{
	const char *id;
	enum status got, status;

	memset(match, 0, sizeof *match);
	status = find_key(store, purpose, name, hash, match);
	if (status != STATUS_OK && status != STATUS_NO_ACCOUNT)
		return status;
	/* Nobody's is looked for as well: time must not tell. */
	got = store_get(store, STORE_CODE, match->key, &match->record);
	if (status == STATUS_OK) {
		status = got;
	} else {
		json_object_put(match->record);
		memset(match, 0, sizeof *match);
	}
	if (status == STATUS_OK && name == NULL) {
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

static void
count_network(struct json_object *record, const char *network)
{
	struct json_object *tries = json_object_object_get(record, "tries");

	if (tries != NULL)
		json_add_int(tries, network, tries_from(record, network) + 1);
}

/* Whether the code may still be tried from that network. */
static bool
is_live(const struct code_match *match, const char *network, int64_t now)
{
	int64_t expires, epoch, left;

	return json_natural(match->record, "expires", &expires) &&
	       json_natural(match->record, "epoch", &epoch) &&
	       json_natural(match->record, "tries_left", &left) &&
	       expires > now && left > 0 && match->account.enabled &&
	       epoch == match->account.epoch &&
	       tries_from(match->record, network) < TRIES_NETWORK;
}

void
code_record_kept(const struct json_object *record, struct code_kept *kept)
{
	memset(kept, 0, sizeof *kept);
	json_copy(record, "hash", kept->hash, sizeof kept->hash);
	json_copy(record, "sealed", kept->sealed, sizeof kept->sealed);
	json_copy(record, "language", kept->language, sizeof kept->language);
	kept->mailed = json_true(record, "mailed");
}

enum status
code_record_young(struct store *store, enum code_purpose purpose,
	const struct account *account, int64_t now, struct code_kept *kept)
{
	struct code_match match = {.account = *account};
	enum status status;
	int64_t made;

	record_key(purpose, account->id, match.key);
	status = store_get(store, STORE_CODE, match.key, &match.record);
	if (status == STATUS_OK &&
		(!is_live(&match, "", now) ||
			!json_natural(match.record, "made", &made) ||
			made > now || made + YOUNG <= now))
		status = STATUS_NOT_FOUND;
	code_record_kept(match.record, kept);
	json_object_put(match.record);
	return status;
}

static bool
is_right(const struct code_match *match, const char *hash)
{
	const char *stored = json_string(match->record, "hash");

	return stored != NULL && strlen(stored) == strlen(hash) &&
	       sodium_memcmp(stored, hash, strlen(hash)) == 0;
}

/* Counts a wrong try; with the last one the code is gone. */
static enum status
count_try(struct store *store, struct code_match *match, const char *network)
{
	int64_t left;

	if (!json_natural(match->record, "tries_left", &left) || left <= 1)
		return delete_code(store, match->key, match->record);
	json_add_int(match->record, "tries_left", left - 1);
	count_network(match->record, network);
	return store_put(store, STORE_CODE, match->key, match->record);
}

/* A code that is nobody's, as long as one that is, tried once from that
 * network. */
static struct json_object *
make_nobodys(const char *hash, const struct attempt *attempt)
{
	struct code_kept kept = {.hash = ""};
	struct json_object *record;

	snprintf(kept.hash, sizeof kept.hash, "%s", hash);
	memset(kept.sealed, '0', sizeof kept.sealed - 1);
	record = make_record(nobody, 1, &kept, attempt->now,
		attempt->now + NOBODYS_LIFE, TRIES_SYMBOLS);
	count_network(record, attempt->network);
	return record;
}

enum status
code_record_try_nobody(const struct site *site, const char *hash,
	const struct attempt *attempt)
{
	struct json_object *record;
	char key[COUNT_KEY_SIZE];
	enum status status;

	/* Strangers cause these: as many as of any sort, and no larger. */
	count_shared_key(site, "nobody", attempt->network, key);
	status = store_get(site->store, STORE_THROTTLE, key, &record);
	json_object_put(record);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	record = make_nobodys(hash, attempt);
	status = store_put(site->store, STORE_THROTTLE, key, record);
	json_object_put(record);
	return status == STATUS_OK ? STATUS_BAD_CODE : status;
}

enum status
code_record_try(const struct site *site, struct code_match *match,
	const char *hash, const struct attempt *attempt)
{
	enum status status;

	if (!is_live(match, attempt->network, attempt->now))
		return code_record_try_nobody(site, hash, attempt);
	if (is_right(match, hash))
		return STATUS_OK;
	status = count_try(site->store, match, attempt->network);
	return status == STATUS_OK ? STATUS_BAD_CODE : status;
}

enum status
code_record_spend(struct store *store, const struct code_match *match)
{
	return delete_code(store, match->key, match->record);
}
