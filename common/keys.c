/* keys.c - the secrets of an installation, kept in server_params.btr */
#include "config.h"

#include "keys.h"

#include "json.h"
#include "log.h"
#include "mem.h"
#include "ring.h"
#include "secret-text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Keys that are made once and used for one thing each. */
enum hmac_key { HMAC_CODE, HMAC_TOKEN, HMAC_COUNT, HMAC_KEYS };
static const char *const hmac_params[HMAC_KEYS] = {
	[HMAC_CODE] = "code_key",
	[HMAC_TOKEN] = "token_key",
	[HMAC_COUNT] = "count_key",
};
static const char *const variables[] = {
	"ACTIAN_VECTORAI_JWT_SECRET", "LATCHKEY_JWT_SECRET"};

struct keys {
	struct ring ring;
	unsigned char hmac[HMAC_KEYS][KEYS_HMAC_BYTES];
	struct jwt_key given; /* from the environment; length 0: none */
	bool adopted;         /* it has been made the signing one */
	bool loaded;
	uint64_t changes; /* the store's, as of the loading */
	int64_t now;
};

/* Moves a variable's value into `key` and overwrites it where it stood. */
static bool
take_variable(const char *name, struct jwt_key *key)
{
	char *value = getenv(name);
	size_t length = value == NULL ? 0 : strlen(value);
	bool good = length == 0 ||
		    (length >= JWT_SECRET_MIN && length <= JWT_SECRET_MAX);

	if (length > 0 && good) {
		memcpy(key->secret, value, length);
		key->length = length;
	}
	if (value != NULL) {
		sodium_memzero(value, length);
		unsetenv(name);
	}
	if (!good && length > JWT_SECRET_MAX)
		log_error("%s: longer than %d bytes", name, JWT_SECRET_MAX);
	else if (!good)
		log_error("%s: shorter than %d bytes", name, JWT_SECRET_MIN);
	return good;
}

static bool
same_secret(const struct jwt_key *a, const struct jwt_key *b)
{
	return a->length == b->length &&
	       sodium_memcmp(a->secret, b->secret, a->length) == 0;
}

/* A secret that anybody can read somewhere signs for anybody. */
static bool
is_leaked(const struct filter *leaked, const char *name,
	const struct jwt_key *given)
{
	unsigned char key[FILTER_KEY];

	if (leaked == NULL || given->length == 0)
		return false;
	filter_key(given->secret, given->length, key);
	if (!filter_has(leaked, key))
		return false;
	log_error("%s: its value is on the list of leaked secrets", name);
	return true;
}

static bool
take_environment(struct keys *keys, const struct filter *leaked)
{
	/* The ring is not in use yet. */
	struct jwt_key *other = &keys->ring.entries[0].key;
	bool good = take_variable(variables[0], &keys->given);

	good = take_variable(variables[1], other) && good;
	good = !is_leaked(leaked, variables[0], &keys->given) && good;
	good = !is_leaked(leaked, variables[1], other) && good;
	if (good && keys->given.length > 0 && other->length > 0 &&
		!same_secret(&keys->given, other)) {
		log_error("%s and %s are both set and differ", variables[0],
			variables[1]);
		good = false;
	}
	if (keys->given.length == 0)
		keys->given = *other;
	sodium_memzero(other, sizeof *other);
	return good;
}

struct keys *
keys_new(const struct filter *leaked)
{
	struct keys *keys = mem_check(sodium_malloc(sizeof *keys));

	memset(keys, 0, sizeof *keys);
	if (take_environment(keys, leaked))
		return keys;
	keys_free(keys);
	return NULL;
}

void
keys_free(struct keys *keys)
{
	sodium_free(keys);
}

/* --- the records ------------------------------------------------------- */

static enum status
load_hmac_key(struct store *store, const char *param, unsigned char *key)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_PARAM, param, &record);
	size_t length = 0;

	if (status != STATUS_OK)
		return status;
	if (!secret_text_take(record, "key", key, KEYS_HMAC_BYTES, &length) ||
		length != KEYS_HMAC_BYTES) {
		log_error("keys: the record %s cannot be read", param);
		status = STATUS_UNAVAILABLE;
	}
	json_object_put(record);
	return status;
}

static enum status
make_hmac_key(struct store *store, const char *param, unsigned char *key)
{
	struct json_object *record = json_new_object();
	enum status status;

	randombytes_buf(key, KEYS_HMAC_BYTES);
	secret_text_add(record, "key", KEYS_HMAC_BYTES);
	secret_text_settle(record);
	secret_text_fill(record, "key", key, KEYS_HMAC_BYTES);
	status = store_put(store, STORE_PARAM, param, record);
	secret_text_wipe(record, "key");
	secret_text_settle(record);
	json_object_put(record);
	return status;
}

static enum status
load_hmac_keys(struct keys *keys, struct store *store, bool write)
{
	enum status status = STATUS_OK;
	int i;

	for (i = 0; i < HMAC_KEYS && status == STATUS_OK; i++) {
		status = load_hmac_key(store, hmac_params[i], keys->hmac[i]);
		if (status == STATUS_NOT_FOUND && write)
			status = make_hmac_key(
				store, hmac_params[i], keys->hmac[i]);
	}
	return status;
}

static bool
wants_adoption(const struct keys *keys)
{
	return keys->given.length > 0 && !keys->adopted &&
	       !ring_has_adopted(&keys->ring, &keys->given);
}

/* Reads all records; what is missing is made where `write` allows, and else
 * reported as STATUS_NOT_FOUND. */
static enum status
load(struct keys *keys, struct store *store, bool write, int64_t overlap)
{
	enum status status = ring_load(store, &keys->ring);
	int64_t until = keys->now + overlap;

	if (status == STATUS_NOT_FOUND || status == STATUS_OK) {
		if (wants_adoption(keys))
			ring_adopt(&keys->ring, &keys->given, keys->now, until);
		else if (status == STATUS_NOT_FOUND)
			ring_make(&keys->ring, keys->now, until);
		else
			return load_hmac_keys(keys, store, write);
		status = write ? ring_save(store, &keys->ring)
			       : STATUS_NOT_FOUND;
	}
	return status == STATUS_OK ? load_hmac_keys(keys, store, write)
				   : status;
}

static enum status
load_in(struct keys *keys, struct store *store, enum store_mode mode,
	int64_t overlap)
{
	enum status status = store_begin(store, mode);
	uint64_t changes;

	if (status != STATUS_OK)
		return status;
	changes = store_changes(store);
	status = load(keys, store, mode == STORE_WRITE, overlap);
	if (status == STATUS_OK)
		status = store_commit(store, STORE_DURABLE);
	else
		store_abort(store);
	if (status == STATUS_OK) {
		keys->loaded = true;
		keys->adopted = true;
		keys->changes = changes;
	}
	return status;
}

enum status
keys_refresh(
	struct keys *keys, struct store *store, int64_t now, int64_t overlap)
{
	enum status status;

	keys->now = now;
	if (keys->loaded && keys->changes == store_changes(store))
		return STATUS_OK;
	keys->loaded = false;
	status = load_in(keys, store, STORE_READ, overlap);
	if (status == STATUS_NOT_FOUND)
		status = load_in(keys, store, STORE_WRITE, overlap);
	return status == STATUS_NOT_FOUND ? STATUS_UNAVAILABLE : status;
}

/* --- the operator's changes -------------------------------------------- */

struct change {
	const char *kid; /* to be retired */
	char *made;
	int64_t now;
	int64_t until;
	bool force;
};
typedef enum keys_refusal change_ring(struct ring *ring, struct change *);

/* Changes what is in the store, whatever this process has seen of it. */
static enum status
change(struct keys *keys, struct store *store, change_ring *how,
	struct change *what, enum keys_refusal *refusal)
{
	enum status status = store_begin(store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	keys->loaded = false;
	status = ring_load(store, &keys->ring);
	if (status == STATUS_OK) {
		*refusal = how(&keys->ring, what);
		if (*refusal != KEYS_ALLOWED) {
			store_abort(store);
			return STATUS_OK;
		}
		status = ring_save(store, &keys->ring);
	}
	return store_finish(store, status);
}

static enum keys_refusal
rotate(struct ring *ring, struct change *what)
{
	if (ring->entries[0].configured && !what->force)
		return KEYS_CONFIGURED;
	if (ring_is_full(ring, what->now))
		return KEYS_FULL;
	ring_make(ring, what->now, what->until);
	strcpy(what->made, ring->entries[0].key.kid);
	return KEYS_ALLOWED;
}

enum status
keys_rotate(struct keys *keys, struct store *store, int64_t now,
	int64_t overlap, bool force, char kid[JWT_KID_SIZE],
	enum keys_refusal *refusal)
{
	struct change what = {NULL, kid, now, now + overlap, force};
	enum status status = keys_refresh(keys, store, now, overlap);

	return status == STATUS_OK ? change(keys, store, rotate, &what, refusal)
				   : status;
}

static enum keys_refusal
retire(struct ring *ring, struct change *what)
{
	const struct ring_entry *entry = ring_find(ring, what->kid);

	if (entry == NULL)
		return KEYS_UNKNOWN;
	if (entry == &ring->entries[0])
		return KEYS_SIGNS;
	ring_remove(ring, entry);
	return KEYS_ALLOWED;
}

enum status
keys_retire(struct keys *keys, struct store *store, const char *kid,
	enum keys_refusal *refusal)
{
	struct change what = {.kid = kid};

	return change(keys, store, retire, &what, refusal);
}

/* --- what they are ------------------------------------------------------ */

bool
keys_entry(const struct keys *keys, size_t at, struct keys_entry *entry)
{
	const struct ring_entry *found = &keys->ring.entries[at];

	if (at >= keys->ring.count)
		return false;
	*entry = (struct keys_entry){found->key.kid, found->created,
		found->until, found->configured};
	return true;
}

const struct jwt_key *
keys_signing(const struct keys *keys)
{
	return &keys->ring.entries[0].key;
}

const struct jwt_key *
keys_find(void *context, const char *kid)
{
	const struct keys *keys = context;

	return ring_verifying(&keys->ring, kid, keys->now);
}

int64_t
keys_until(const struct keys *keys)
{
	return ring_until(&keys->ring, keys->now);
}

const unsigned char *
keys_code(const struct keys *keys)
{
	return keys->hmac[HMAC_CODE];
}

const unsigned char *
keys_token(const struct keys *keys)
{
	return keys->hmac[HMAC_TOKEN];
}

const unsigned char *
keys_count(const struct keys *keys)
{
	return keys->hmac[HMAC_COUNT];
}
