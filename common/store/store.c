/* store.c - what every kind of store has in common */
#include "config.h"

#include "store/store.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store-bdb.h"

#include <assert.h>
#include <sodium.h>
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
 * are the last. */
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

/* --- the records of the store in Berkeley DB: where each kind lives ------ */

enum { FULL_KEY_SIZE = STORE_KEY_SIZE + 16 };

/* A kind's place: its file, what stands before its keys there, and whether a
 * write to it can make a token invalid. */
static const struct place {
	enum bdb_file file;
	const char *prefix;
	bool counts;
} places[STORE_KINDS] = {
	[STORE_ACCOUNT] = {BDB_ACCOUNTS, "", true},
	[STORE_NAME] = {BDB_RECORDS, "name/", false},
	[STORE_CODE] = {BDB_RECORDS, "code/", false},
	[STORE_TOKEN] = {BDB_RECORDS, "token/", true},
	[STORE_REVOKED] = {BDB_RECORDS, "revoked/", true},
	[STORE_THROTTLE] = {BDB_RECORDS, "throttle/", false},
	[STORE_MAIL] = {BDB_RECORDS, "mail/", false},
	[STORE_UNPROVED] = {BDB_RECORDS, "unproved/", false},
	[STORE_OLD_NAME] = {BDB_RECORDS, "old-name/", false},
	[STORE_PARAM] = {BDB_PARAMS, "", true},
};

/* The file that a kind lives in, and a key there. */
static DB *
locate(struct store *store, enum store_kind kind, const char *key,
	char full[FULL_KEY_SIZE], DBT *dbt)
{
	const struct place *place = &places[kind];

	assert(strlen(key) < STORE_KEY_SIZE);
	memset(dbt, 0, sizeof *dbt);
	dbt->data = full;
	dbt->size = (uint32_t)(stpcpy(stpcpy(full, place->prefix), key) - full);
	return store->bdb.files[place->file];
}

static enum status
parse_record(struct store *store, const DBT *value, const char *key,
	struct json_object **record)
{
	*record = json_parse_object(value->data, value->size, NULL, NULL);
	if (*record != NULL)
		return STATUS_OK;
	log_error("store: %s: the record %s is not JSON", store->bdb.dir, key);
	return STATUS_UNAVAILABLE;
}

enum status
store_get(struct store *store, enum store_kind kind, const char *key,
	struct json_object **record)
{
	char full[FULL_KEY_SIZE];
	DBT dbt, value = {0};
	enum status status;
	DB *file;

	*record = NULL;
	if (!store->inside || store->failed)
		return STATUS_UNAVAILABLE;
	file = locate(store, kind, key, full, &dbt);
	status = store_fold(
		store, file->get(file, store->txn, &dbt, &value, 0), "get");
	if (status != STATUS_OK)
		return status;
	status = parse_record(store, &value, full, record);
	/* libdb's copy; the handle has it until its next use. */
	if (kind == STORE_PARAM)
		sodium_memzero(value.data, value.size);
	return status;
}

/* The first record at or after the cursor's key that is not `after`. */
static int
seek(DBC *cursor, DBT *key, DBT *value, const char *after)
{
	size_t length = strlen(after);
	int result = cursor->get(cursor, key, value, DB_SET_RANGE);

	if (result == 0 && key->size == length &&
		memcmp(key->data, after, length) == 0)
		result = cursor->get(cursor, key, value, DB_NEXT);
	return result;
}

/* The first record at or after the cursor's key. */
static int
seek_from(DBC *cursor, DBT *key, DBT *value, const char *from)
{
	(void)from;
	return cursor->get(cursor, key, value, DB_SET_RANGE);
}

/* What is wrong with a key that stands in a file, from `skip` on, or NULL. */
static const char *
key_flaw(const DBT *key, size_t skip, size_t size)
{
	if (memchr(key->data, '\0', key->size) != NULL)
		return "its key has a NUL in it";
	return key->size - skip >= size ? "its key is too long" : NULL;
}

/* Tells of a key that is passed over, with \x00 for a NUL. */
static void
tell_odd(const struct store *store, enum store_kind kind, const DBT *key,
	size_t skip, const char *flaw)
{
	const char *bytes = key->data;
	char text[STORE_STRAY_SIZE], *to = text;
	size_t i;

	if (store->tell_odd == NULL)
		return;
	for (i = skip; i < key->size && to + 4 < text + sizeof text; i++)
		if (bytes[i] == '\0')
			to = stpcpy(to, "\\x00");
		else
			*to++ = bytes[i];
	*to = '\0';
	store->tell_odd(store->odd_context, kind, text, flaw);
}

static bool
has_prefix(const DBT *key, const char *prefix)
{
	size_t length = strlen(prefix);

	return key->size >= length && memcmp(key->data, prefix, length) == 0;
}

/* On from where the cursor stands to a key that can be ours. */
static int
pass_odd(struct store *store, enum store_kind kind, DBC *cursor, DBT *key,
	DBT *value, int result)
{
	const char *prefix = places[kind].prefix, *flaw;
	size_t skip = strlen(prefix);

	while (result == 0 && has_prefix(key, prefix) &&
		(flaw = key_flaw(key, skip, STORE_KEY_SIZE)) != NULL) {
		tell_odd(store, kind, key, skip, flaw);
		result = cursor->get(cursor, key, value, DB_NEXT);
	}
	return result;
}

/* The record of that kind that `seek` finds, whose key then becomes `key`. */
static enum status
step(struct store *store, enum store_kind kind, char key[STORE_KEY_SIZE],
	struct json_object **record,
	int (*seek_it)(DBC *, DBT *, DBT *, const char *))
{
	size_t skip = strlen(places[kind].prefix);
	char full[FULL_KEY_SIZE];
	DBT dbt, value = {0};
	DBC *cursor = NULL;
	enum status status;
	DB *file;
	int result;

	*record = NULL;
	if (!store->inside || store->failed)
		return STATUS_UNAVAILABLE;
	file = locate(store, kind, key, full, &dbt);
	status = store_fold(
		store, file->cursor(file, store->txn, &cursor, 0), "cursor");
	if (status != STATUS_OK)
		return status;
	result = pass_odd(store, kind, cursor, &dbt, &value,
		seek_it(cursor, &dbt, &value, full));
	status = store_fold(store, result, "next");
	if (status == STATUS_OK && !has_prefix(&dbt, places[kind].prefix))
		status = STATUS_NOT_FOUND; /* on to the next kind */
	if (status == STATUS_OK) {
		snprintf(key, STORE_KEY_SIZE, "%.*s", (int)(dbt.size - skip),
			(const char *)dbt.data + skip);
		status = parse_record(store, &value, key, record);
	}
	cursor->close(cursor);
	return status;
}

void
store_tell_odd(struct store *store, store_odd *tell, void *context)
{
	store->tell_odd = tell;
	store->odd_context = context;
}

enum status
store_next(struct store *store, enum store_kind kind, char key[STORE_KEY_SIZE],
	struct json_object **record)
{
	return step(store, kind, key, record, seek);
}

enum status
store_from(struct store *store, enum store_kind kind, char key[STORE_KEY_SIZE],
	struct json_object **record)
{
	return step(store, kind, key, record, seek_from);
}

/* The kind that a key of the records' file is of. */
static const struct place *
place_of(const DBT *key)
{
	int i;

	for (i = 0; i < STORE_KINDS; i++)
		if (places[i].file == BDB_RECORDS &&
			has_prefix(key, places[i].prefix))
			return &places[i];
	return NULL;
}

/* From "name/..." to "name0", the slash's successor. */
static int
leap(DBC *cursor, DBT *key, DBT *value, const struct place *place)
{
	char full[STORE_KEY_SIZE];

	key->size = (uint32_t)snprintf(full, sizeof full, "%s", place->prefix);
	full[key->size - 1]++;
	key->data = full;
	return cursor->get(cursor, key, value, DB_SET_RANGE);
}

/* Leaps over the kinds that we know, and passes what cannot be a key. */
static int
seek_stray(struct store *store, DBC *cursor, DBT *key, DBT *value,
	const char *after)
{
	const struct place *place;
	const char *flaw;
	int result = after[0] == '\0'
			     ? cursor->get(cursor, key, value, DB_FIRST)
			     : seek(cursor, key, value, after);

	while (result == 0) {
		place = place_of(key);
		flaw = key_flaw(key, 0, STORE_STRAY_SIZE);
		if (place != NULL) {
			result = leap(cursor, key, value, place);
		} else if (flaw != NULL) {
			tell_odd(store, STORE_KINDS, key, 0, flaw);
			result = cursor->get(cursor, key, value, DB_NEXT);
		} else {
			break;
		}
	}
	return result;
}

enum status
store_stray(struct store *store, char key[STORE_STRAY_SIZE])
{
	DB *file = store->bdb.files[BDB_RECORDS];
	DBT dbt = {.data = key, .size = (uint32_t)strlen(key)}, value = {0};
	DBC *cursor = NULL;
	enum status status;

	if (!store->inside || store->failed)
		return STATUS_UNAVAILABLE;
	status = store_fold(
		store, file->cursor(file, store->txn, &cursor, 0), "cursor");
	if (status != STATUS_OK)
		return status;
	status = store_fold(
		store, seek_stray(store, cursor, &dbt, &value, key), "next");
	if (status == STATUS_OK)
		snprintf(key, STORE_STRAY_SIZE, "%.*s", (int)dbt.size,
			(const char *)dbt.data);
	cursor->close(cursor);
	return status;
}

/* May this unit of work write? */
static enum status
check_write(const struct store *store)
{
	if (!store->inside || store->failed)
		return STATUS_UNAVAILABLE;
	assert(store->mode == STORE_WRITE);
	return STATUS_OK;
}

/* Common to put and delete: it may, and does it count? */
static enum status
note_write(struct store *store, enum store_kind kind)
{
	enum status status = check_write(store);

	if (status == STATUS_OK)
		store->changed = store->changed || places[kind].counts;
	return status;
}

static int
put_text(struct store *store, enum store_kind kind, const char *key,
	const char *text, size_t length, uint32_t flags)
{
	char full[FULL_KEY_SIZE];
	DBT dbt, value = {0};
	DB *file = locate(store, kind, key, full, &dbt);
	int result;

	value.data = (void *)(uintptr_t)text; /* libdb only reads it */
	value.size = (uint32_t)length;
	result = file->put(file, store->txn, &dbt, &value, flags);
	store->wrote = store->wrote || result == 0;
	return result;
}

enum status
store_put(struct store *store, enum store_kind kind, const char *key,
	struct json_object *record)
{
	const char *text;
	size_t length;
	enum status status = note_write(store, kind);

	if (status != STATUS_OK)
		return status;
	text = json_text(record, &length);
	return store_fold(
		store, put_text(store, kind, key, text, length, 0), "put");
}

enum status
store_add(struct store *store, enum store_kind kind, const char *key,
	const char *text, size_t length, bool *there)
{
	enum status status = check_write(store);
	int result;

	*there = false;
	if (status != STATUS_OK)
		return status;
	result = put_text(store, kind, key, text, length, DB_NOOVERWRITE);
	*there = result == DB_KEYEXIST;
	return *there ? STATUS_OK : store_fold(store, result, "add");
}

enum status
store_delete(struct store *store, enum store_kind kind, const char *key)
{
	char full[FULL_KEY_SIZE];
	DBT dbt;
	DB *file;
	enum status status = note_write(store, kind);

	if (status != STATUS_OK)
		return status;
	file = locate(store, kind, key, full, &dbt);
	status = store_fold(
		store, file->del(file, store->txn, &dbt, 0), "delete");
	store->wrote = store->wrote || status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
