/* store.c - what all stores have in common, whatever library is below */
#include "config.h"

#include "store/store.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum { BATCH = 256 };

struct batch {
	char *keys[BATCH];
	struct json_object *records[BATCH];
	int count;
};

/* Reads the records after `key`, which moves along, and passes over those that
 * are not JSON: `odd`. STATUS_OK: there may be more; STATUS_NOT_FOUND: these
 * were the last. */
static enum status
read_batch(struct store *store, enum store_kind kind, char key[STORE_KEY_SIZE],
	struct batch *batch, bool *odd)
{
	char before[STORE_KEY_SIZE];
	enum status status = store_begin(store, STORE_READ);

	if (status != STATUS_OK)
		return status;
	while (status == STATUS_OK && batch->count < BATCH) {
		strcpy(before, key);
		status = store_next(
			store, kind, key, &batch->records[batch->count]);
		if (status == STATUS_OK) {
			batch->keys[batch->count++] = mem_copy(key);
		} else if (status == STATUS_UNAVAILABLE &&
			   strcmp(before, key) != 0) {
			*odd = true;
			status = STATUS_OK;
		}
	}
	store_abort(store);
	return status;
}

static void
clear_batch(struct batch *batch)
{
	while (batch->count > 0) {
		batch->count--;
		mem_free(batch->keys[batch->count]);
		json_object_put(batch->records[batch->count]);
	}
}

enum status
store_each_after(struct store *store, enum store_kind kind, const char *after,
	store_visit *visit, void *context)
{
	struct batch batch = {.count = 0};
	char key[STORE_KEY_SIZE];
	enum status status = STATUS_OK;
	bool more = true, odd = false;
	int i;

	snprintf(key, sizeof key, "%s", after);
	while (status == STATUS_OK && more) {
		status = read_batch(store, kind, key, &batch, &odd);
		for (i = 0; i < batch.count && more; i++)
			more = visit(context, batch.keys[i], batch.records[i]);
		clear_batch(&batch);
	}
	if (status == STATUS_OK || status == STATUS_NOT_FOUND)
		return odd ? STATUS_UNAVAILABLE : STATUS_OK;
	return status;
}

enum status
store_each(struct store *store, enum store_kind kind, store_visit *visit,
	void *context)
{
	return store_each_after(store, kind, "", visit, context);
}

enum status
store_finish(struct store *store, enum status status)
{
	if (status == STATUS_OK)
		return store_commit(store, STORE_DURABLE);
	store_abort(store);
	return status;
}
