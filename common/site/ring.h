/* ring.h - the JWT keys: the first signs, those before it verify for a time */
#ifndef LATCHKEY_RING_H
#define LATCHKEY_RING_H

#include "base/status.h"
#include "site/jwt.h"
#include "store/store.h"

enum { RING_SIZE = 16 };

struct ring_entry {
	struct jwt_key key;
	int64_t created; /* 0: not known */
	int64_t until;   /* 0: it signs */
	bool configured; /* it came from the environment */
};

/* To be kept in memory that is locked and wiped. */
struct ring {
	struct ring_entry entries[RING_SIZE];
	size_t count;
};

/* Inside a unit of work. Loading answers STATUS_NOT_FOUND where there is none
 * yet; `ring` is then empty. */
enum status ring_load(struct store *store, struct ring *ring);
enum status ring_save(struct store *store, const struct ring *ring);

/* Whether all places are taken by keys that are good at `now`. */
bool ring_is_full(const struct ring *ring, int64_t now);

/* The key that signed goes on verifying until `until`, and in its place comes
 * a new one, or `secret`, which came from the environment; who comes back into
 * use keeps the name that tokens call it by. What has expired goes; so does
 * the oldest where the ring is full even then. */
void ring_make(struct ring *ring, int64_t now, int64_t until);
void ring_adopt(struct ring *ring, const struct jwt_key *secret, int64_t now,
	int64_t until);

/* Whether `secret` is the one that signs, and known to be the environment's. */
bool ring_has_adopted(const struct ring *ring, const struct jwt_key *secret);

/* The entry of that name, expired or not; NULL if there is none. */
const struct ring_entry *ring_find(const struct ring *ring, const char *kid);

/* The key of that name, if it is good at `now`, else NULL. */
const struct jwt_key *ring_verifying(
	const struct ring *ring, const char *kid, int64_t now);

/* When the next of those good at `now` ends; INT64_MAX if none does. */
int64_t ring_until(const struct ring *ring, int64_t now);

void ring_remove(struct ring *ring, const struct ring_entry *entry);

#endif
