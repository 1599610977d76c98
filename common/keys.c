/* keys.c - the secrets of an installation, kept in server_params.btr */
#include "config.h"

#include "keys.h"

#include "json.h"
#include "log.h"
#include "mem.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char jwt_param[] = "jwt_keys";
/* Keys that are made once and used for one thing each. */
enum hmac_key { HMAC_CODE, HMAC_TOKEN, HMAC_KEYS };
static const char *const hmac_params[HMAC_KEYS] = {
	[HMAC_CODE] = "code_key",
	[HMAC_TOKEN] = "token_key",
};
static const char *const variables[] = {
	"ACTIAN_VECTORAI_JWT_SECRET", "LATCHKEY_JWT_SECRET"};

enum { NEW_SECRET_BYTES = 32, BASE64 = sodium_base64_VARIANT_ORIGINAL };

struct ring_entry {
	struct jwt_key key;
	int64_t until; /* 0: no end */
};

/* Entry 0 signs, all of them verify. */
struct ring {
	struct ring_entry entries[KEYS_RING];
	size_t count;
};

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
	bool good = length <= JWT_SECRET_MAX;

	if (length > 0 && good) {
		memcpy(key->secret, value, length);
		key->length = length;
	}
	if (value != NULL) {
		sodium_memzero(value, length);
		unsetenv(name);
	}
	if (!good)
		log_error("%s: longer than %d bytes", name, JWT_SECRET_MAX);
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

static void
add_secret(struct json_object *record, const char *name,
	const unsigned char *bytes, size_t length)
{
	char text[2 * JWT_SECRET_MAX];

	sodium_bin2base64(text, sizeof text, bytes, length, BASE64);
	json_add_string(record, name, text);
	sodium_memzero(text, sizeof text);
}

static bool
read_secret(const struct json_object *record, const char *name,
	unsigned char *bytes, size_t size, size_t *length)
{
	const char *text = json_string(record, name);

	return text != NULL &&
	       sodium_base642bin(bytes, size, text, strlen(text), NULL, length,
		       NULL, BASE64) == 0;
}

static bool
read_entry(const struct json_object *record, struct ring_entry *entry)
{
	const char *kid = json_string(record, "kid");

	if (kid == NULL || strlen(kid) >= sizeof entry->key.kid ||
		!json_natural(record, "until", &entry->until))
		return false;
	strcpy(entry->key.kid, kid);
	return read_secret(record, "secret", entry->key.secret,
		       sizeof entry->key.secret, &entry->key.length) &&
	       entry->key.length > 0;
}

/* Wipes a member that holds a secret in text. */
static void
wipe(struct json_object *record, const char *name)
{
	const char *text = json_string(record, name);

	if (text != NULL)
		sodium_memzero((char *)(uintptr_t)text, strlen(text));
}

static void
read_ring(struct json_object *record, struct ring *ring)
{
	struct json_object *list = json_object_object_get(record, "keys");
	size_t i, count = json_object_is_type(list, json_type_array)
				  ? json_object_array_length(list)
				  : 0;

	for (i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (ring->count < KEYS_RING &&
			read_entry(item, &ring->entries[ring->count]))
			ring->count++;
		wipe(item, "secret");
	}
}

/* STATUS_NOT_FOUND where there is none yet. */
static enum status
load_ring(struct store *store, struct ring *ring)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_PARAM, jwt_param, &record);

	memset(ring, 0, sizeof *ring);
	if (status != STATUS_OK)
		return status;
	read_ring(record, ring);
	json_object_put(record);
	if (ring->count > 0)
		return STATUS_OK;
	log_error("keys: the record of the JWT secrets cannot be read");
	return STATUS_UNAVAILABLE;
}

static enum status
save_ring(struct store *store, const struct ring *ring)
{
	struct json_object *record = json_new_object();
	struct json_object *list = mem_check(json_object_new_array());
	enum status status;
	size_t i;

	for (i = 0; i < ring->count; i++) {
		const struct ring_entry *entry = &ring->entries[i];
		struct json_object *item = json_new_object();

		json_add_string(item, "kid", entry->key.kid);
		json_add_int(item, "until", entry->until);
		add_secret(
			item, "secret", entry->key.secret, entry->key.length);
		json_object_array_add(list, item);
	}
	json_add(record, "keys", list);
	status = store_put(store, STORE_PARAM, jwt_param, record);
	json_object_put(record);
	return status;
}

static enum status
load_hmac_key(struct store *store, const char *param, unsigned char *key)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_PARAM, param, &record);
	size_t length = 0;

	if (status != STATUS_OK)
		return status;
	if (!read_secret(record, "key", key, KEYS_HMAC_BYTES, &length) ||
		length != KEYS_HMAC_BYTES) {
		log_error("keys: the record %s cannot be read", param);
		status = STATUS_UNAVAILABLE;
	}
	wipe(record, "key");
	json_object_put(record);
	return status;
}

static enum status
make_hmac_key(struct store *store, const char *param, unsigned char *key)
{
	struct json_object *record = json_new_object();
	enum status status;

	randombytes_buf(key, KEYS_HMAC_BYTES);
	add_secret(record, "key", key, KEYS_HMAC_BYTES);
	status = store_put(store, STORE_PARAM, param, record);
	wipe(record, "key");
	json_object_put(record);
	return status;
}

/* --- which key signs --------------------------------------------------- */

static void
name_key(struct jwt_key *key)
{
	unsigned char bytes[(JWT_KID_SIZE - 1) / 2];

	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(key->kid, sizeof key->kid, bytes, sizeof bytes);
}

static void
make_secret(struct jwt_key *key)
{
	key->length = NEW_SECRET_BYTES;
	randombytes_buf(key->secret, key->length);
	name_key(key);
}

/* Puts `key` first; the one that was there goes on until `until`. Who comes
 * back into use keeps the name that tokens call it by. */
static void
promote(struct ring *ring, const struct jwt_key *key, int64_t until)
{
	struct ring_entry first = {.key = *key, .until = 0};
	size_t i;

	for (i = 0; i < ring->count; i++)
		if (same_secret(&ring->entries[i].key, key))
			break;
	if (i < ring->count)
		memcpy(first.key.kid, ring->entries[i].key.kid,
			sizeof first.key.kid);
	else
		name_key(&first.key);
	if (i == ring->count && ring->count < KEYS_RING)
		ring->count++;
	if (i >= ring->count)
		i = ring->count - 1;
	memmove(&ring->entries[1], &ring->entries[0],
		i * sizeof ring->entries[0]);
	ring->entries[0] = first;
	if (ring->count > 1 && i > 0 && ring->entries[1].until == 0)
		ring->entries[1].until = until;
	sodium_memzero(&first, sizeof first);
}

static bool
wants_promotion(const struct keys *keys)
{
	return keys->given.length > 0 && !keys->adopted &&
	       (keys->ring.count == 0 ||
		       !same_secret(&keys->ring.entries[0].key, &keys->given));
}

/* Reads both records; what is missing is made where `write` allows, and else
 * reported as STATUS_NOT_FOUND. */
static enum status
load(struct keys *keys, struct store *store, bool write, int64_t until)
{
	enum status status = load_ring(store, &keys->ring);
	bool save = status == STATUS_NOT_FOUND || wants_promotion(keys);
	int i;

	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	if (save && !write)
		return STATUS_NOT_FOUND;
	status = STATUS_OK;
	if (save) {
		if (keys->given.length > 0)
			promote(&keys->ring, &keys->given, until);
		else {
			keys->ring.count = 1;
			make_secret(&keys->ring.entries[0].key);
		}
		status = save_ring(store, &keys->ring);
		if (status != STATUS_OK)
			return status;
	}
	for (i = 0; i < HMAC_KEYS && status == STATUS_OK; i++) {
		status = load_hmac_key(store, hmac_params[i], keys->hmac[i]);
		if (status == STATUS_NOT_FOUND && write)
			status = make_hmac_key(
				store, hmac_params[i], keys->hmac[i]);
	}
	return status;
}

static enum status
load_in(struct keys *keys, struct store *store, enum store_mode mode,
	int64_t until)
{
	enum status status = store_begin(store, mode);
	uint64_t changes;

	if (status != STATUS_OK)
		return status;
	changes = store_changes(store);
	status = load(keys, store, mode == STORE_WRITE, until);
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
	status = load_in(keys, store, STORE_READ, 0);
	if (status == STATUS_NOT_FOUND)
		status = load_in(keys, store, STORE_WRITE, now + overlap);
	return status == STATUS_NOT_FOUND ? STATUS_UNAVAILABLE : status;
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
	size_t i;

	for (i = 0; i < keys->ring.count; i++) {
		const struct ring_entry *entry = &keys->ring.entries[i];

		if (strcmp(entry->key.kid, kid) == 0 &&
			(entry->until == 0 || entry->until > keys->now))
			return &entry->key;
	}
	return NULL;
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
