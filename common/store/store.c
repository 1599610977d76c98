/* store.c - what is made of the store's functions: walks, ends of units,
 * records of JSON */
#include "config.h"

#include "store/store.h"

#include "base/json.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

void
store_walk_begin(struct store_walk *walk, struct store *store,
	enum store_kind kind, const char *after)
{
	memset(walk, 0, sizeof *walk);
	walk->store = store;
	walk->kind = kind;
	snprintf(walk->last, sizeof walk->last, "%s", after);
}

static void
clear_batch(struct store_walk *walk)
{
	while (walk->count > 0) {
		walk->count--;
		mem_free(walk->keys[walk->count]);
		json_object_put(walk->records[walk->count]);
	}
	walk->at = 0;
}

/* Reads the next records, and passes over those that are not JSON. The status
 * says what has ended the reading. STATUS_OK: the batch is full;
 * STATUS_NOT_FOUND: there are no more. */
static void
read_batch(struct store_walk *walk)
{
	char before[STORE_KEY_SIZE];
	struct json_object *record;
	enum status status = store_begin(walk->store, STORE_READ);

	while (status == STATUS_OK && walk->count < STORE_WALK_BATCH) {
		strcpy(before, walk->last);
		status = store_next(
			walk->store, walk->kind, walk->last, &record);
		if (status == STATUS_OK) {
			walk->keys[walk->count] = mem_copy(walk->last);
			walk->records[walk->count++] = record;
		} else if (status == STATUS_UNAVAILABLE &&
			   strcmp(before, walk->last) != 0) {
			walk->odd = true;
			status = STATUS_OK;
		}
	}
	store_abort(walk->store);
	walk->status = status;
}

bool
store_walk_next(struct store_walk *walk)
{
	if (walk->at == walk->count && walk->status == STATUS_OK) {
		clear_batch(walk);
		read_batch(walk);
	}
	if (walk->at == walk->count)
		return false;
	walk->key = walk->keys[walk->at];
	walk->record = walk->records[walk->at++];
	return true;
}

enum status
store_walk_end(struct store_walk *walk)
{
	clear_batch(walk);
	if (walk->status == STATUS_OK || walk->status == STATUS_NOT_FOUND)
		return walk->odd ? STATUS_UNAVAILABLE : STATUS_OK;
	return walk->status;
}

enum status
store_next_under(struct store *store, enum store_kind kind, const char *prefix,
	char key[STORE_KEY_SIZE], struct json_object **record)
{
	enum status status = store_next(store, kind, key, record);

	if (status != STATUS_OK || strncmp(key, prefix, strlen(prefix)) == 0)
		return status;
	json_object_put(*record);
	*record = NULL;
	return STATUS_NOT_FOUND;
}

static enum status
finish(struct store *store, enum status status, enum store_durability how)
{
	if (status == STATUS_OK)
		return store_commit(store, how);
	store_abort(store);
	return status;
}

enum status
store_finish(struct store *store, enum status status)
{
	return finish(store, status, STORE_DURABLE);
}

enum status
store_finish_lazily(struct store *store, enum status status)
{
	return finish(store, status, STORE_LAZY);
}

enum status
store_put(struct store *store, enum store_kind kind, const char *key,
	struct json_object *record)
{
	size_t length;
	const char *text = json_text(record, &length);

	return store_put_text(store, kind, key, text, length);
}

enum status
store_keep(struct store *store, enum store_kind kind, const char *key,
	struct json_object *record)
{
	enum status status = store_put(store, kind, key, record);

	json_object_put(record);
	return status;
}

enum status
store_has(
	struct store *store, enum store_kind kind, const char *key, bool *there)
{
	struct json_object *record;
	enum status status = store_get(store, kind, key, &record);

	json_object_put(record);
	*there = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

uint64_t
store_room_bytes(const struct store_room *room)
{
	uint64_t bytes = 0;
	int i;

	for (i = 0; i < STORE_FILES; i++)
		bytes += room->files[i].bytes;
	return bytes;
}
