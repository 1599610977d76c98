/* sweep.c - deletes what has expired */
#include "config.h"

#include "sweep.h"

#include "json.h"
#include "mem.h"

enum { INTERVAL = 600, BATCH = 64 };

/* Each record of these says when it `expires`. */
static const enum store_kind kinds[] = {
	STORE_CODE, STORE_REVOKED, STORE_THROTTLE, STORE_MAIL};

struct expired {
	int64_t now;
	char *keys[BATCH];
	int count;
};

static bool
collect(void *context, const char *key, struct json_object *record)
{
	struct expired *expired = context;
	int64_t expires;

	if (!json_natural(record, "expires", &expires) ||
		expires <= expired->now)
		expired->keys[expired->count++] = mem_copy(key);
	return expired->count < BATCH;
}

/* Deletes one that is still expired: it may have been replaced since. */
static enum status
delete_expired(
	struct store *store, enum store_kind kind, const char *key, int64_t now)
{
	struct json_object *record;
	int64_t expires;
	enum status status = store_get(store, kind, key, &record);

	if (status == STATUS_OK &&
		(!json_natural(record, "expires", &expires) || expires <= now))
		status = store_delete(store, kind, key);
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
delete_all(struct store *store, enum store_kind kind,
	const struct expired *expired)
{
	enum status status = store_begin(store, STORE_WRITE);
	int i;

	if (status != STATUS_OK)
		return status;
	for (i = 0; i < expired->count && status == STATUS_OK; i++)
		status = delete_expired(
			store, kind, expired->keys[i], expired->now);
	if (status == STATUS_OK)
		return store_commit(store, STORE_LAZY);
	store_abort(store);
	return status;
}

static enum status
sweep_kind(struct store *store, enum store_kind kind, int64_t now)
{
	struct expired expired = {.now = now};
	enum status status;
	int count;

	do {
		status = store_each(store, kind, collect, &expired);
		if (status == STATUS_OK && expired.count > 0)
			status = delete_all(store, kind, &expired);
		count = expired.count;
		while (expired.count > 0)
			mem_free(expired.keys[--expired.count]);
	} while (status == STATUS_OK && count == BATCH);
	return status;
}

enum status
sweep(const struct site *site, int64_t now)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0] && status == STATUS_OK;
		i++)
		status = sweep_kind(site->store, kinds[i], now);
	return status;
}

void
sweep_if_due(const struct site *site, int64_t now)
{
	if (store_due(site->store, STORE_SWEEP, INTERVAL))
		sweep(site, now);
}
