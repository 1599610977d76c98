/* keyring.h - the JWT keys: the first signs, those before it verify for a time.
 *
 * For keys.c alone. keys.c knows when a key has to change; this module, what
 * becomes of the other keys then. */
#ifndef LATCHKEY_KEYRING_H
#define LATCHKEY_KEYRING_H

#include "base/status.h"
#include "site/jwt.h"
#include "store/store.h"

enum { KEYRING_SIZE = 16 };

struct keyring_entry {
	struct jwt_key key;
	int64_t created; /* 0: not known */
	int64_t until;   /* 0: it signs */
	bool configured; /* it came from the environment */
};

/* Keep it in memory that is locked and wiped. */
struct keyring {
	struct keyring_entry entries[KEYRING_SIZE];
	size_t count;
};

/* Inside a unit of work. Loading answers STATUS_NOT_FOUND if there is no
 * keyring yet; `ring` is then empty. */
enum status keyring_load(struct store *store, struct keyring *ring);
enum status keyring_save(struct store *store, const struct keyring *ring);

/* Whether all places are taken by keys that are good at `now`. */
bool keyring_is_full(const struct keyring *ring, int64_t now);

/* Puts a new key first, or `secret`, which came from the environment. The key
 * that signed until now verifies until `until`. A secret that comes back into
 * use keeps the name by which tokens refer to it. Expired keys go; if the ring
 * is still full, so does the oldest. */
void keyring_make(struct keyring *ring, int64_t now, int64_t until);
void keyring_adopt(struct keyring *ring, const struct jwt_key *secret,
	int64_t now, int64_t until);

/* Whether `secret` is the key that signs, and is noted as the environment's. */
bool keyring_has_adopted(
	const struct keyring *ring, const struct jwt_key *secret);

/* The entry of that name, expired or not; NULL if there is none. */
const struct keyring_entry *keyring_find(
	const struct keyring *ring, const char *kid);

/* The key of that name, if it is good at `now`, else NULL. */
const struct jwt_key *keyring_verifying(
	const struct keyring *ring, const char *kid, int64_t now);

/* When the next of those good at `now` ends; INT64_MAX if none does. */
int64_t keyring_until(const struct keyring *ring, int64_t now);

void keyring_remove(struct keyring *ring, const struct keyring_entry *entry);

#endif
