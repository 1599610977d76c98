/* keyring.c - the JWT keys: the first signs, those before it verify for a time
 */
#include "config.h"

#include "site/keyring.h"

#include "base/json.h"
#include "base/log.h"
#include "site/secret-text.h"

#include <sodium.h>
#include <string.h>

static const char param[] = "jwt_keys";

enum { NEW_SECRET_BYTES = 32 };

/* --- the record -------------------------------------------------------- */

/* Moves the secret out of the record, whether the rest is right or not. */
static bool
read_entry(struct json_object *record, struct keyring_entry *entry)
{
	struct jwt_key *key = &entry->key;
	bool good = secret_text_take(record, "secret", key->secret,
		sizeof key->secret, &key->length);

	entry->configured = json_true(record, "configured");
	/* Keys from before that was noted have none. */
	if (!json_natural(record, "created", &entry->created))
		entry->created = 0;
	return json_copy(record, "kid", key->kid, sizeof key->kid) &&
	       key->kid[0] != '\0' &&
	       json_natural(record, "until", &entry->until) && good &&
	       key->length > 0;
}

/* False if one of the keys cannot be read: a keyring without it would be saved
 * as a smaller one. */
static bool
read_ring(struct json_object *record, struct keyring *ring)
{
	size_t i, count;
	const struct json_object *list = json_array(record, "keys", &count);
	bool good = count > 0;

	/* Reads all of them: reading a secret wipes it in the record. */
	for (i = 0; i < count && ring->count < KEYRING_SIZE; i++)
		good = read_entry(json_object_array_get_idx(list, i),
			       &ring->entries[ring->count++]) &&
		       good;
	return good;
}

enum status
keyring_load(struct store *store, struct keyring *ring)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_PARAM, param, &record);
	bool good;

	sodium_memzero(ring, sizeof *ring);
	if (status != STATUS_OK)
		return status;
	good = read_ring(record, ring);
	json_object_put(record);
	if (good)
		return STATUS_OK;
	sodium_memzero(ring, sizeof *ring);
	log_error("keys: the record of the JWT secrets cannot be read");
	return STATUS_UNAVAILABLE;
}

enum status
keyring_save(struct store *store, const struct keyring *ring)
{
	struct json_object *record = json_new_object(), *item;
	struct json_object *list = json_new_array();
	struct secret_text secrets[KEYRING_SIZE];
	size_t i;

	for (i = 0; i < ring->count; i++) {
		const struct keyring_entry *entry = &ring->entries[i];

		item = json_new_object();
		json_add_string(item, "kid", entry->key.kid);
		json_add_int(item, "created", entry->created);
		json_add_int(item, "until", entry->until);
		json_add_bool(item, "configured", entry->configured);
		json_append(list, item);
		secrets[i] = (struct secret_text){
			item, "secret", entry->key.secret, entry->key.length};
	}
	json_add(record, "keys", list);
	return secret_text_put(store, param, record, secrets, ring->count);
}

/* --- which key signs --------------------------------------------------- */

static bool
is_over(const struct keyring_entry *entry, int64_t now)
{
	return entry->until != 0 && entry->until <= now;
}

bool
keyring_is_full(const struct keyring *ring, int64_t now)
{
	size_t i, good = 0;

	for (i = 0; i < ring->count; i++)
		good += is_over(&ring->entries[i], now) ? 0 : 1;
	return good == KEYRING_SIZE;
}

void
keyring_remove(struct keyring *ring, const struct keyring_entry *entry)
{
	size_t at = (size_t)(entry - ring->entries);

	ring->count--;
	memmove(&ring->entries[at], &ring->entries[at + 1],
		(ring->count - at) * sizeof ring->entries[0]);
	sodium_memzero(&ring->entries[ring->count], sizeof ring->entries[0]);
}

static void
prune(struct keyring *ring, int64_t now)
{
	size_t i = 0;

	while (i < ring->count)
		if (is_over(&ring->entries[i], now))
			keyring_remove(ring, &ring->entries[i]);
		else
			i++;
}

static void
draw_kid(struct jwt_key *key)
{
	unsigned char bytes[(JWT_KID_SIZE - 1) / 2];

	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(key->kid, sizeof key->kid, bytes, sizeof bytes);
}

/* Makes room at the beginning, for a key whose secret the caller puts there. */
static struct keyring_entry *
begin_entry(struct keyring *ring, int64_t now, int64_t until)
{
	struct keyring_entry *first = &ring->entries[0];

	if (ring->count > 0 && first->until == 0)
		first->until = until;
	prune(ring, now);
	if (ring->count == KEYRING_SIZE) {
		log_warning("keys: over %d secrets at once: the tokens of %s "
			    "are dead",
			KEYRING_SIZE, ring->entries[KEYRING_SIZE - 1].key.kid);
		ring->count--;
	}
	memmove(first + 1, first, ring->count * sizeof *first);
	ring->count++;
	sodium_memzero(first, sizeof *first);
	first->created = now;
	draw_kid(&first->key);
	return first;
}

void
keyring_make(struct keyring *ring, int64_t now, int64_t until)
{
	struct keyring_entry *first = begin_entry(ring, now, until);

	first->key.length = NEW_SECRET_BYTES;
	randombytes_buf(first->key.secret, first->key.length);
}

static bool
is_same(const struct jwt_key *a, const struct jwt_key *b)
{
	return a->length == b->length &&
	       sodium_memcmp(a->secret, b->secret, a->length) == 0;
}

static struct keyring_entry *
find_secret(struct keyring *ring, const struct jwt_key *secret)
{
	size_t i;

	for (i = 0; i < ring->count; i++)
		if (is_same(&ring->entries[i].key, secret))
			return &ring->entries[i];
	return NULL;
}

void
keyring_adopt(struct keyring *ring, const struct jwt_key *secret, int64_t now,
	int64_t until)
{
	struct keyring_entry *entry = find_secret(ring, secret);
	char kid[JWT_KID_SIZE] = "";
	int64_t created = now;

	if (entry != NULL && entry != &ring->entries[0]) {
		strcpy(kid, entry->key.kid);
		created = entry->created;
		keyring_remove(ring, entry);
	}
	if (entry == NULL || entry != &ring->entries[0]) {
		entry = begin_entry(ring, now, until);
		entry->created = created;
		if (kid[0] != '\0')
			strcpy(entry->key.kid, kid);
		entry->key.length = secret->length;
		memcpy(entry->key.secret, secret->secret, secret->length);
	}
	entry->configured = true;
}

bool
keyring_has_adopted(const struct keyring *ring, const struct jwt_key *secret)
{
	return ring->count > 0 && ring->entries[0].configured &&
	       is_same(&ring->entries[0].key, secret);
}

const struct keyring_entry *
keyring_find(const struct keyring *ring, const char *kid)
{
	size_t i;

	for (i = 0; i < ring->count; i++)
		if (strcmp(ring->entries[i].key.kid, kid) == 0)
			return &ring->entries[i];
	return NULL;
}

const struct jwt_key *
keyring_verifying(const struct keyring *ring, const char *kid, int64_t now)
{
	const struct keyring_entry *entry = keyring_find(ring, kid);

	return entry == NULL || is_over(entry, now) ? NULL : &entry->key;
}

int64_t
keyring_until(const struct keyring *ring, int64_t now)
{
	int64_t first = INT64_MAX;
	size_t i;

	for (i = 0; i < ring->count; i++)
		if (ring->entries[i].until > now &&
			ring->entries[i].until < first)
			first = ring->entries[i].until;
	return first;
}
