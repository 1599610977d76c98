/* store-bdb.c - the store in a Berkeley DB directory, behind the gate */
#include "config.h"

#include "bdb.h"
#include "gate.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "store.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { CHECKPOINT_SECONDS = 30, FULL_KEY_SIZE = STORE_KEY_SIZE + 16 };

/* A kind's place: its file, what stands before its keys there, and whether a
 * write to it can make a token invalid. */
static const struct place {
	enum bdb_file file;
	const char *prefix;
	bool counts;
} places[STORE_KINDS] = {
	[STORE_ACCOUNT] = {BDB_RECORDS, "account/", true},
	[STORE_NAME] = {BDB_RECORDS, "name/", false},
	[STORE_CODE] = {BDB_RECORDS, "code/", false},
	[STORE_TOKEN] = {BDB_RECORDS, "token/", true},
	[STORE_REVOKED] = {BDB_RECORDS, "revoked/", true},
	[STORE_THROTTLE] = {BDB_RECORDS, "throttle/", false},
	[STORE_MAIL] = {BDB_RECORDS, "mail/", false},
	[STORE_PARAM] = {BDB_PARAMS, "", true},
};

struct store {
	uint64_t reserve;
	struct gate *gate;
	struct bdb bdb; /* good as of `recoveries` */
	uint64_t recoveries;
	bool opened; /* at least once */

	/* the unit of work */
	bool inside;
	bool failed;  /* libdb said no: only abort is left */
	bool changed; /* it touched a kind that counts */
	bool wrote;   /* there is something of it in the log */
	enum store_mode mode;
	DB_TXN *txn;
};

struct store *
store_new(const char *dir, uint64_t reserve)
{
	struct store *store = mem_zero(sizeof *store);
	char *gate = mem_printf("%s/gate", dir);

	store->bdb.dir = mem_copy(dir);
	regions_open(&store->bdb.regions);
	store->bdb.log_fd = -1;
	store->reserve = reserve;
	store->gate = gate_new(gate);
	mem_free(gate);
	return store;
}

/* libdb's many return codes become ours here: 0 and DB_NOTFOUND are answers,
 * anything else is the end of this unit of work, and of the handles. */
static enum status
fold(struct store *store, int result, const char *what)
{
	if (result == 0)
		return STATUS_OK;
	if (result == DB_NOTFOUND)
		return STATUS_NOT_FOUND;
	store->failed = true;
	log_error(
		"store: %s: %s: %s", store->bdb.dir, what, db_strerror(result));
	return STATUS_UNAVAILABLE;
}

/* --- entering and leaving ---------------------------------------------- */

static void
leave(struct store *store)
{
	bool clean = !store->failed;

	store->inside = false;
	store->failed = false;
	store->txn = NULL;
	if (!clean) {
		bdb_close(&store->bdb, true);
		gate_set_broken(store->gate, true);
	}
	gate_leave(store->gate, clean);
}

/* Opens libdb's handles; sets `recovered` where they had to be. */
static int
open_handles(struct store *store, bool recover, bool *recovered)
{
	int result = bdb_open(&store->bdb, recover);

	*recovered = recover;
	if (result != DB_RUNRECOVERY || recover)
		return result;
	/* The regions were left for dead by somebody who saw another
	 * directory at this path meanwhile. */
	bdb_close(&store->bdb, true);
	*recovered = true;
	result = bdb_flush(&store->bdb);
	return result != 0 ? result : bdb_open(&store->bdb, true);
}

/* Before a recovery. What has failed may have been a flush of libdb's own: see
 * bdb_rewrite(). */
static enum status
make_durable(struct store *store)
{
	enum status status;

	if (!gate_broken(store->gate))
		return fold(store, bdb_flush(&store->bdb), "flush");
	status = fold(store, bdb_rewrite(&store->bdb), "write all anew");
	if (status == STATUS_OK) {
		gate_set_broken(store->gate, false);
		log_info("store: %s: written anew after a failure",
			store->bdb.dir);
	}
	return status;
}

/* Opens libdb, with a recovery if need be; nothing of it is open. */
static enum status
open_anew(struct store *store, const struct gate_view *view)
{
	bool recovered;
	int result;

	if (view->recover && make_durable(store) != STATUS_OK)
		return STATUS_UNAVAILABLE;
	result = open_handles(store, view->recover, &recovered);
	if (fold(store, result, recovered ? "recover" : "open") != STATUS_OK)
		return STATUS_UNAVAILABLE;
	store->opened = true;
	store->recoveries = view->recoveries;
	if (recovered) {
		store->recoveries = gate_recovered(store->gate);
		log_info("store: %s: recovered", store->bdb.dir);
	}
	return STATUS_OK;
}

/* Has handles that are good. */
static enum status
have_handles(struct store *store, const struct gate_view *view)
{
	if (store->bdb.env != NULL &&
		(view->recover || view->recoveries != store->recoveries))
		bdb_close(&store->bdb, true);
	return store->bdb.env != NULL ? STATUS_OK : open_anew(store, view);
}

static enum status
check_room(struct store *store)
{
	struct statvfs fs;
	uint64_t room;

	if (statvfs(store->bdb.dir, &fs) != 0) {
		log_error("store: %s: %s", store->bdb.dir, strerror(errno));
		return STATUS_UNAVAILABLE;
	}
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (room >= store->reserve)
		return STATUS_OK;
	log_error("store: %s: %llu bytes free, disk_reserve is %llu",
		store->bdb.dir, (unsigned long long)room,
		(unsigned long long)store->reserve);
	return STATUS_UNAVAILABLE;
}

/* After a failed flush: as if somebody had died inside. */
static enum status
mend(struct store *store)
{
	struct gate_view view = {.recover = true};
	int result = bdb_try_flush(&store->bdb);

	if (result != 0) {
		log_error("store: %s: flushing still fails: %s", store->bdb.dir,
			db_strerror(result));
		return STATUS_UNAVAILABLE;
	}
	bdb_close(&store->bdb, true);
	return open_anew(store, &view);
}

static enum status
begin_write(struct store *store)
{
	enum status status = check_room(store);

	if (status == STATUS_OK && gate_broken(store->gate))
		status = mend(store);
	/* Recovery goes on from the last checkpoint: kept near, it stays
	 * short. */
	if (status == STATUS_OK)
		status = fold(store,
			bdb_checkpoint(
				&store->bdb, store_due(store, STORE_CHECKPOINT,
						     CHECKPOINT_SECONDS)),
			"checkpoint");
	if (status == STATUS_OK)
		status = fold(
			store, bdb_follow_log(&store->bdb, false), "log file");
	if (status == STATUS_OK)
		status = fold(store,
			store->bdb.env->txn_begin(
				store->bdb.env, NULL, &store->txn, 0),
			"begin");
	return status;
}

/* Makes the directory where it is not there, and has it stay. */
static enum status
make_dir(const struct store *store)
{
	char *parent = mem_printf("%s/..", store->bdb.dir);
	int result =
		mkdir(store->bdb.dir, 0700) == 0 ? bdb_sync_dir(parent) : errno;

	mem_free(parent);
	if (result == 0 || result == EEXIST)
		return STATUS_OK;
	log_error("store: %s: %s", store->bdb.dir, strerror(result));
	return STATUS_UNAVAILABLE;
}

enum status
store_begin(struct store *store, enum store_mode mode)
{
	struct gate_view view;
	enum status status;

	assert(!store->inside);
	/* One that has been there and is gone will not be replaced by an
	 * empty one. */
	if (!store->opened && make_dir(store) != STATUS_OK)
		return STATUS_UNAVAILABLE;
	status = gate_enter(store->gate, &view);
	if (status != STATUS_OK)
		return status;
	store->inside = true;
	store->mode = STORE_READ;
	store->changed = false;
	store->wrote = false;
	status = have_handles(store, &view);
	if (status == STATUS_OK && mode != STORE_READ) {
		store->mode = STORE_WRITE;
		status = begin_write(store);
		if (status != STATUS_OK && mode == STORE_WRITE_ELSE_READ &&
			!store->failed) {
			store->mode = STORE_READ;
			status = STATUS_OK;
		}
	}
	if (status != STATUS_OK)
		leave(store);
	return status;
}

bool
store_writes(const struct store *store)
{
	return store->inside && store->mode == STORE_WRITE;
}

static enum status
flush(struct store *store)
{
	int result = fdatasync(store->bdb.log_fd) == 0 ? 0 : errno;

	/* Ours may have come after another's that failed, and what that has
	 * lost lies before ours in the log. */
	if (result == 0 && !gate_broken(store->gate))
		return STATUS_OK;
	gate_set_broken(store->gate, true);
	log_error("store: %s: flush failed, the last change may be lost: %s",
		store->bdb.dir, result == 0 ? "another's" : strerror(result));
	return STATUS_INTERNAL;
}

enum status
store_commit(struct store *store, enum store_durability how)
{
	DB_TXN *txn = store->txn;

	if (!store->inside || store->failed) {
		store_abort(store);
		return STATUS_UNAVAILABLE;
	}
	if (store->mode == STORE_READ) {
		leave(store);
		return STATUS_OK;
	}
	/* Before the commit: who sees the change must also see the count. */
	if (store->changed)
		gate_change(store->gate);
	store->txn = NULL;
	if (fold(store, txn->commit(txn, DB_TXN_WRITE_NOSYNC), "commit") !=
			STATUS_OK ||
		fold(store, bdb_follow_log(&store->bdb, store->wrote),
			"log file") != STATUS_OK) {
		leave(store);
		return STATUS_INTERNAL;
	}
	leave(store);
	/* Outside, so that many writers share one flush. What has written
	 * nothing may have no log file yet. */
	return how == STORE_DURABLE && store->wrote ? flush(store) : STATUS_OK;
}

void
store_abort(struct store *store)
{
	if (!store->inside)
		return;
	if (store->txn != NULL && !store->failed)
		fold(store, store->txn->abort(store->txn), "abort");
	leave(store);
}

bool
store_due(struct store *store, enum store_task task, int64_t seconds)
{
	return gate_every(store->gate, (unsigned)task, seconds);
}

uint64_t
store_changes(struct store *store)
{
	return gate_changes(store->gate);
}

void
store_expect_bulk(struct store *store)
{
	store->bdb.in_bulk = true;
}

uint64_t
store_held(const struct store *store)
{
	return gate_held(store->gate);
}

void
store_rest(struct store *store)
{
	struct gate_view view;
	bool dead;

	if (store->bdb.env == NULL ||
		gate_left(store->gate, store->recoveries) ||
		gate_let_go(store->gate, store->recoveries, &view) != STATUS_OK)
		return;
	dead = view.recover || view.recoveries != store->recoveries;
	if (dead)
		bdb_close(&store->bdb, true);
	gate_leave(store->gate, !view.recover);
}

void
store_close(struct store *store)
{
	struct gate_view view;

	if (store == NULL)
		return;
	store_abort(store);
	/* Closing is use of libdb too. Who cannot get in leaves the handles
	 * to the kernel. */
	if (store->bdb.env != NULL &&
		gate_enter(store->gate, &view) == STATUS_OK) {
		bdb_close(&store->bdb,
			view.recover || view.recoveries != store->recoveries);
		gate_leave(store->gate, !view.recover);
	}
	gate_free(store->gate);
	regions_close(&store->bdb.regions);
	mem_free(store->bdb.dir);
	mem_free(store);
}

/* --- records ----------------------------------------------------------- */

/* The file that a kind lives in, and a key there. */
static DB *
locate(struct store *store, enum store_kind kind, const char *key,
	char full[FULL_KEY_SIZE], DBT *dbt)
{
	const struct place *place = &places[kind];
	int length = snprintf(full, FULL_KEY_SIZE, "%s%s", place->prefix, key);

	assert(length >= 0 && length < FULL_KEY_SIZE);
	memset(dbt, 0, sizeof *dbt);
	dbt->data = full;
	dbt->size = (uint32_t)length;
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
	status = fold(
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

	*record = NULL;
	if (!store->inside || store->failed)
		return STATUS_UNAVAILABLE;
	file = locate(store, kind, key, full, &dbt);
	status = fold(
		store, file->cursor(file, store->txn, &cursor, 0), "cursor");
	if (status != STATUS_OK)
		return status;
	status = fold(store, seek_it(cursor, &dbt, &value, full), "next");
	if (status == STATUS_OK &&
		(dbt.size < skip || dbt.size - skip >= STORE_KEY_SIZE ||
			memcmp(dbt.data, places[kind].prefix, skip) != 0))
		status = STATUS_NOT_FOUND; /* on to the next kind */
	if (status == STATUS_OK) {
		snprintf(key, STORE_KEY_SIZE, "%.*s", (int)(dbt.size - skip),
			(const char *)dbt.data + skip);
		status = parse_record(store, &value, key, record);
	}
	cursor->close(cursor);
	return status;
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

	for (i = 0; i < STORE_KINDS; i++) {
		size_t length = strlen(places[i].prefix);

		if (places[i].file == BDB_RECORDS && key->size >= length &&
			memcmp(key->data, places[i].prefix, length) == 0)
			return &places[i];
	}
	return NULL;
}

/* Leaps over the kinds that we know: from "name/..." to "name0", the slash's
 * successor. */
static int
seek_stray(DBC *cursor, DBT *key, DBT *value, const char *after)
{
	char full[STORE_KEY_SIZE];
	const struct place *place = NULL;
	int result = after[0] == '\0'
			     ? cursor->get(cursor, key, value, DB_FIRST)
			     : seek(cursor, key, value, after);

	while (result == 0 && (place = place_of(key)) != NULL) {
		key->size = (uint32_t)snprintf(
			full, sizeof full, "%s", place->prefix);
		full[key->size - 1]++;
		key->data = full;
		result = cursor->get(cursor, key, value, DB_SET_RANGE);
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
	status = fold(
		store, file->cursor(file, store->txn, &cursor, 0), "cursor");
	if (status != STATUS_OK)
		return status;
	status = fold(store, seek_stray(cursor, &dbt, &value, key), "next");
	if (status == STATUS_OK)
		snprintf(key, STORE_STRAY_SIZE, "%.*s", (int)dbt.size,
			(const char *)dbt.data);
	cursor->close(cursor);
	return status;
}

enum status
store_verify(struct store *store)
{
	enum status status = store_begin(store, STORE_READ);
	int result;

	if (status != STATUS_OK)
		return status;
	result = bdb_verify(&store->bdb);
	if (result != 0)
		log_error("store: %s: verify: %s", store->bdb.dir,
			db_strerror(result));
	store_abort(store);
	return result == 0 ? STATUS_OK : STATUS_INTERNAL;
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
	text = json_object_to_json_string_length(record,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
		&length);
	return fold(store, put_text(store, kind, key, text, length, 0), "put");
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
	return *there ? STATUS_OK : fold(store, result, "add");
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
	status = fold(store, file->del(file, store->txn, &dbt, 0), "delete");
	store->wrote = store->wrote || status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
