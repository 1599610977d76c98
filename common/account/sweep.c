/* sweep.c - deletes what has expired */
#include "config.h"

#include "account/sweep.h"

#include "account/account-unproved.h"
#include "base/counters.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/tick.h"

#include <string.h>

enum {
	INTERVAL = 600, /* seconds */
	PATIENCE = 60,  /* more, for a process with clients to answer */
	BATCH = 256,
	WHILE_MS = 50
};

/* Each record of these says when it `expires`. */
static const enum store_kind kinds[] = {STORE_CODE, STORE_SESSION, STORE_FACTOR,
	STORE_REVOKED, STORE_THROTTLE, STORE_MAIL, STORE_UNPROVED};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* How far a sweep has come; at `KINDS` it is done. */
struct place {
	size_t kind;
	char key[STORE_KEY_SIZE];
	uint64_t live; /* sessions, for the counters */
};

/* The records of one step that have expired. */
struct look {
	char *keys[BATCH];
	int count;
};

static bool
is_expired(const struct json_object *record, int64_t now)
{
	int64_t expires;

	return !json_natural(record, "expires", &expires) || expires <= now;
}

/* A kind is done. The sessions are told by the way: to count them is to walk
 * over all of them. */
static void
next_kind(struct place *place, int64_t now)
{
	if (kinds[place->kind] == STORE_SESSION) {
		counters_set(COUNTER_SESSIONS, place->live);
		counters_set(COUNTER_SWEPT, (uint64_t)now);
	}
	place->kind++;
	place->key[0] = '\0';
}

/* Looks at the next BATCH records, and moves `place` along. */
static enum status
collect(const struct site *site, struct place *place, int64_t now,
	struct look *look)
{
	struct store_walk walk;
	int seen = 0;

	store_walk_begin(&walk, site->store, kinds[place->kind], place->key);
	while (seen < BATCH && store_walk_next(&walk)) {
		seen++;
		strcpy(place->key, walk.key);
		if (is_expired(walk.record, now))
			look->keys[look->count++] = mem_copy(walk.key);
		else if (kinds[place->kind] == STORE_SESSION)
			place->live++;
	}
	if (seen < BATCH)
		next_kind(place, now);
	return store_walk_end(&walk);
}

/* Deletes a record if it is still expired: it may have been replaced since. */
static enum status
delete_expired(const struct site *site, enum store_kind kind, const char *key,
	int64_t now)
{
	struct store *store = site->store;
	struct json_object *record;
	enum status status = store_get(store, kind, key, &record);

	if (status == STATUS_OK && is_expired(record, now)) {
		if (kind == STORE_UNPROVED)
			status = account_unproved_drop(site, record);
		if (status == STATUS_OK)
			status = store_delete(store, kind, key);
	}
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
delete_all(const struct site *site, enum store_kind kind, int64_t now,
	const struct look *look)
{
	struct store *store = site->store;
	enum status status = kind == STORE_UNPROVED
				     ? site_begin(site, STORE_WRITE, now)
				     : store_begin(store, STORE_WRITE);
	int i;

	for (i = 0; i < look->count && status == STATUS_OK; i++)
		store_want(store, kind, look->keys[i]);
	for (i = 0; i < look->count && status == STATUS_OK; i++)
		status = delete_expired(site, kind, look->keys[i], now);
	return store_finish_lazily(store, status);
}

/* Sweeps few enough at a time that no other process waits for long. `read`
 * stays as it is if all could be read. */
static enum status
step(const struct site *site, struct place *place, int64_t now,
	enum status *read)
{
	struct look look = {.count = 0};
	enum store_kind kind = kinds[place->kind];
	enum status seen = collect(site, place, now, &look);
	enum status status = STATUS_OK;

	if (seen != STATUS_OK)
		*read = seen;
	if (look.count > 0)
		status = delete_all(site, kind, now, &look);
	while (look.count > 0)
		mem_free(look.keys[--look.count]);
	return status;
}

/* Whether the sweep goes on: a record that cannot be read does not stop it; a
 * store that cannot be had does. */
static bool
goes_on(struct store *store, enum status status, enum status read)
{
	if (status == STATUS_OK && read != STATUS_OK) {
		status = store_begin(store, STORE_READ);
		store_abort(store);
	}
	return status == STATUS_OK;
}

enum status
sweep(const struct site *site, int64_t now)
{
	struct place place = {.kind = 0};
	enum status status = STATUS_OK, read = STATUS_OK;

	while (place.kind < KINDS && goes_on(site->store, status, read))
		status = step(site, &place, now, &read);
	return status == STATUS_OK ? read : status;
}

void
sweep_if_due(const struct site *site, int64_t now)
{
	if (store_due(site->store, STORE_SWEEP, INTERVAL))
		sweep(site, now);
}

void
sweep_a_while(const struct site *site, int64_t now)
{
	static struct place place = {.kind = KINDS};
	enum status status = STATUS_OK, read = STATUS_OK;
	int64_t end;

	if (place.kind == KINDS &&
		store_due(site->store, STORE_SWEEP, INTERVAL + PATIENCE))
		place = (struct place){.kind = 0};
	if (place.kind == KINDS)
		return;
	for (end = tick_now() + WHILE_MS;
		status == STATUS_OK && place.kind < KINDS && tick_now() < end;)
		status = step(site, &place, now, &read);
	if (!goes_on(site->store, status, read))
		place.kind = KINDS;
}
