/* store-bdb.c - the store in a Berkeley DB directory: its units of work, and
 * the records in them */
#include "config.h"

#include "store/store-ops.h"

#include "base/counters.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/bdb-copy.h"
#include "store/bdb-fit.h"
#include "store/bdb.h"
#include "store/gate.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { CHECKPOINT_SECONDS = 30 };

struct store_bdb {
	struct store common;
	uint64_t reserve;
	struct gate *gate;
	struct bdb bdb; /* good as of `recoveries` */
	uint64_t recoveries;
	bool opened; /* at least once */
	bool due;    /* the next unit that writes begins with a checkpoint */

	/* the unit of work; it has failed when libdb said no */
	bool misfit; /* files of two times: nothing was opened */
	bool wrote;  /* the log has something of it */
	DB_TXN *txn;
};

static struct store_bdb *
own(struct store *store)
{
	return (struct store_bdb *)store;
}

static const struct store_bdb *
own_const(const struct store *store)
{
	return (const struct store_bdb *)store;
}

/* Folds libdb's many codes into latchkey's: 0 and DB_NOTFOUND are answers, any
 * other code ends this unit of work and the handles. `what` was tried: for the
 * log. */
static enum status
fold(struct store_bdb *store, int result, const char *what)
{
	if (result == 0)
		return STATUS_OK;
	if (result == DB_NOTFOUND)
		return STATUS_NOT_FOUND;
	store->common.failed = true;
	log_error(
		"store: %s: %s: %s", store->bdb.dir, what, db_strerror(result));
	return STATUS_UNAVAILABLE;
}

/* --- opening and recovery ---------------------------------------------- */

static void
leave(struct store_bdb *store)
{
	bool failed = store->common.failed, clean = !failed && !store->misfit;

	store->misfit = false;
	store->txn = NULL;
	if (failed) {
		bdb_close(&store->bdb, true);
		gate_set_broken(store->gate, true);
	}
	gate_leave(store->gate, clean);
}

/* Before a recovery. The failure may have been of a flush of libdb's own: see
 * bdb_rewrite(). */
static enum status
make_durable(struct store_bdb *store)
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

/* Files of two times stay closed. Until the operator has mended them, each unit
 * of work looks again. */
static enum status
refuse_misfit(struct store_bdb *store)
{
	store->misfit = true;
	return STATUS_UNAVAILABLE;
}

/* The order, and why: doc/design.md, "Recovery". */
static enum status
recover(struct store_bdb *store, bool moved)
{
	enum status status;
	int result;

	if (!bdb_fits(store->bdb.dir, moved))
		return refuse_misfit(store);
	status = make_durable(store);
	if (status != STATUS_OK)
		return status;
	result = bdb_open(&store->bdb, moved ? BDB_ALL : BDB_RECENT);
	if (result == 0 || !store->bdb.out_of_sequence)
		return fold(store, result, "recover");
	bdb_say_misfit(store->bdb.dir);
	bdb_close(&store->bdb, true);
	return refuse_misfit(store);
}

/* Opens libdb where no recovery is due, or finds that one is: another process
 * saw another directory at this path meanwhile and left the regions for dead,
 * or a backup was copied into them. */
static int
open_as_left(struct store_bdb *store, struct gate_view *view)
{
	int result = bdb_open(&store->bdb, BDB_NONE);
	bool behind = result == 0 && bdb_is_behind(&store->bdb);

	if (result != DB_RUNRECOVERY && !behind)
		return result;
	bdb_close(&store->bdb, true);
	view->recover = true;
	view->moved = view->moved || behind;
	return 0;
}

/* Opens libdb, with a recovery if need be; nothing of it is open. A process
 * that writes in bulk makes regions of its own kind. */
static enum status
open_anew(struct store_bdb *store, const struct gate_view *view)
{
	struct gate_view found = *view;
	bool there = bdb_has(store->bdb.dir, bdb_file_names[0]);
	enum status status = STATUS_OK;

	found.recover = found.recover || store->bdb.in_bulk;
	if (!found.recover)
		status = fold(store, open_as_left(store, &found), "open");
	if (status == STATUS_OK && found.recover)
		status = recover(store, found.moved);
	if (status == STATUS_OK && !there)
		status = fold(store, bdb_mark_new(&store->bdb), "make");
	if (status != STATUS_OK)
		return status;
	store->opened = true;
	store->recoveries = view->recoveries;
	if (found.recover) {
		store->recoveries = gate_recovered(store->gate);
		counters_add(COUNTER_RECOVERIES, there ? 1 : 0);
		if (!there || !store->bdb.in_bulk)
			log_info("store: %s: %s", store->bdb.dir,
				there ? "recovered" : "made");
	}
	return STATUS_OK;
}

/* Whether the open handles are of a store that is no more. */
static bool
is_dead(const struct store_bdb *store, const struct gate_view *view)
{
	return view->recover || view->recoveries != store->recoveries;
}

/* Ensures that the handles are good. */
static enum status
have_handles(struct store_bdb *store, const struct gate_view *view)
{
	bdb_memory_use(&store->bdb.memory);
	if (store->bdb.env != NULL && is_dead(store, view))
		bdb_close(&store->bdb, true);
	return store->bdb.env != NULL ? STATUS_OK : open_anew(store, view);
}

/* --- units of work ----------------------------------------------------- */

static bool
measure_disk(const struct store_bdb *store, struct store_room *room)
{
	struct statvfs fs;

	if (statvfs(store->bdb.dir, &fs) != 0)
		return false;
	room->free = (uint64_t)fs.f_bavail * fs.f_frsize;
	room->reserve = store->reserve;
	room->read_only = (fs.f_flag & ST_RDONLY) != 0;
	return true;
}

static enum status
check_room(struct store_bdb *store)
{
	struct store_room room;

	if (!measure_disk(store, &room)) {
		log_error("store: %s: %s", store->bdb.dir, strerror(errno));
		return STATUS_UNAVAILABLE;
	}
	if (room.free >= room.reserve)
		return STATUS_OK;
	log_error("store: %s: %llu bytes free, disk_reserve is %llu",
		store->bdb.dir, (unsigned long long)room.free,
		(unsigned long long)room.reserve);
	return STATUS_UNAVAILABLE;
}

/* After a failed flush: as if a process had died inside. */
static enum status
mend(struct store_bdb *store)
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

/* The record is read in each unit that writes. It takes a microsecond. */
static enum status
check_moved(struct store_bdb *store)
{
	static char name[] = STORE_MOVED;
	DBT key = {.data = name, .size = sizeof name - 1}, value = {0};
	DB *file = store->bdb.files[BDB_PARAMS];
	int result;

	if (store->common.moves)
		return STATUS_OK;
	result = file->get(file, NULL, &key, &value, 0);
	if (result == DB_NOTFOUND)
		return STATUS_OK;
	if (result == 0)
		store_say_moved(store->bdb.dir);
	return result == 0 ? STATUS_UNAVAILABLE : fold(store, result, "get");
}

static enum status
begin_write(struct store_bdb *store)
{
	enum status status = check_room(store);

	if (status == STATUS_OK)
		status = check_moved(store);
	if (status == STATUS_OK && gate_broken(store->gate))
		status = mend(store);
	/* A recovery goes on from the last checkpoint. A near one keeps it
	 * short. */
	if (status == STATUS_OK)
		status = fold(store,
			bdb_begin_log(&store->bdb,
				store_due(&store->common, STORE_CHECKPOINT,
					CHECKPOINT_SECONDS) ||
					store->due),
			"log");
	store->due = false;
	if (status == STATUS_OK)
		status = fold(store,
			store->bdb.env->txn_begin(
				store->bdb.env, NULL, &store->txn, 0),
			"begin");
	return status;
}

/* Makes the directory if it is missing, and flushes its parent. */
static enum status
make_dir(const struct store_bdb *store)
{
	const char *dir = store->bdb.dir;

	if (mkdir(dir, 0700) == 0 ? file_sync_dir_of(dir) : errno == EEXIST)
		return STATUS_OK;
	log_error("store: %s: %s", dir, strerror(errno));
	return STATUS_UNAVAILABLE;
}

static enum status
op_begin(struct store *common, enum store_mode mode)
{
	struct store_bdb *store = own(common);
	struct gate_view view;
	enum status status;

	/* A directory that was there and is gone is not replaced by an empty
	 * one. */
	if (!store->opened && make_dir(store) != STATUS_OK)
		return STATUS_UNAVAILABLE;
	status = gate_enter(store->gate, &view);
	if (status != STATUS_OK)
		return status;
	store->common.mode = STORE_READ;
	store->wrote = false;
	status = have_handles(store, &view);
	if (status == STATUS_OK && mode != STORE_READ) {
		store->common.mode = STORE_WRITE;
		status = begin_write(store);
		/* A store that was closed to be mended, and whose files are of
		 * two times, is not open for reading either. */
		if (status != STATUS_OK && mode == STORE_WRITE_ELSE_READ &&
			!store->common.failed && !store->misfit) {
			store->common.mode = STORE_READ;
			status = STATUS_OK;
		}
	}
	if (status != STATUS_OK)
		leave(store);
	return status;
}

static enum status
flush(struct store_bdb *store)
{
	int result =
		gate_flush(store->gate, store->bdb.log_end, store->bdb.log_fd);

	/* This flush may have come after another process's that failed, and
	 * what that one lost lies before this change in the log. */
	if (result == 0 && !gate_broken(store->gate))
		return STATUS_OK;
	log_error("store: %s: flush failed, the last change may be lost: %s",
		store->bdb.dir, result == 0 ? "another's" : strerror(result));
	return STATUS_INTERNAL;
}

static enum status
op_commit(struct store *common, enum store_durability how)
{
	struct store_bdb *store = own(common);
	DB_TXN *txn = store->txn;

	if (store->common.mode == STORE_READ) {
		leave(store);
		return STATUS_OK;
	}
	/* Before the commit: a process that sees the change must also see the
	 * count. */
	if (store->common.changed)
		gate_change(store->gate);
	store->txn = NULL;
	if (fold(store, txn->commit(txn, DB_TXN_WRITE_NOSYNC), "commit") !=
			STATUS_OK ||
		fold(store, bdb_end_log(&store->bdb, store->wrote), "log") !=
			STATUS_OK) {
		leave(store);
		return STATUS_INTERNAL;
	}
	gate_wrote(store->gate, store->bdb.log_end);
	leave(store);
	/* Outside, so that many writers share one flush. A unit that has
	 * written nothing may have no log file yet. */
	return how == STORE_DURABLE && store->wrote ? flush(store) : STATUS_OK;
}

static void
op_abort(struct store *common)
{
	struct store_bdb *store = own(common);

	if (store->txn != NULL && !store->common.failed)
		fold(store, store->txn->abort(store->txn), "abort");
	leave(store);
}

/* --- records, and where each kind lives -------------------------------- */

enum { FULL_KEY_SIZE = STORE_KEY_SIZE + 16 };

/* A kind's place: its file, and the prefix of its keys there. Secrets are among
 * the parameters: stores have had them there since before they were a kind. */
static const struct place {
	enum bdb_file file;
	const char *prefix;
} places[STORE_KINDS] = {
	[STORE_ACCOUNT] = {BDB_ACCOUNTS, ""},
	[STORE_NAME] = {BDB_RECORDS, "name/"},
	[STORE_CODE] = {BDB_RECORDS, "code/"},
	[STORE_TOKEN] = {BDB_RECORDS, "token/"},
	[STORE_USE] = {BDB_RECORDS, "use/"},
	[STORE_SESSION] = {BDB_RECORDS, "session/"},
	[STORE_FACTOR] = {BDB_RECORDS, "factor/"},
	[STORE_REVOKED] = {BDB_RECORDS, "revoked/"},
	[STORE_THROTTLE] = {BDB_RECORDS, "throttle/"},
	[STORE_MAIL] = {BDB_RECORDS, "mail/"},
	[STORE_EVENT] = {BDB_RECORDS, "event/"},
	[STORE_UNPROVED] = {BDB_RECORDS, "unproved/"},
	[STORE_OLD_NAME] = {BDB_RECORDS, "old-name/"},
	[STORE_MACHINE] = {BDB_RECORDS, "machine/"},
	[STORE_PARAM] = {BDB_PARAMS, ""},
	[STORE_SECRET] = {BDB_PARAMS, ""},
};

/* The file that a kind lives in, and a key there. */
static DB *
locate(struct store_bdb *store, enum store_kind kind, const char *key,
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
op_get(struct store *common, enum store_kind kind, const char *key,
	struct json_object **record)
{
	struct store_bdb *store = own(common);
	char full[FULL_KEY_SIZE];
	DBT dbt, value = {0};
	enum status status;
	DB *file;

	file = locate(store, kind, key, full, &dbt);
	status = fold(
		store, file->get(file, store->txn, &dbt, &value, 0), "get");
	if (status != STATUS_OK)
		return status;
	status = store_parse(
		store->bdb.dir, full, value.data, value.size, record);
	/* libdb's copy; the handle has it until its next use. */
	if (places[kind].file == BDB_PARAMS)
		sodium_memzero(value.data, value.size);
	return status;
}

/* The first record after the key `after`, or, with `from`, at it. */
static int
seek(DBC *cursor, DBT *key, DBT *value, const char *after, bool from)
{
	size_t length = strlen(after);
	int result = cursor->get(cursor, key, value, DB_SET_RANGE);

	if (result == 0 && !from && key->size == length &&
		memcmp(key->data, after, length) == 0)
		result = cursor->get(cursor, key, value, DB_NEXT);
	return result;
}

/* Says what is wrong with a key in a file, from `skip` on; NULL: nothing. */
static const char *
key_flaw(const DBT *key, size_t skip, size_t size)
{
	if (memchr(key->data, '\0', key->size) != NULL)
		return "its key has a NUL in it";
	return key->size - skip >= size ? "its key is too long" : NULL;
}

/* Tells of a key that is passed over, with \x00 for a NUL. */
static void
tell_odd(const struct store_bdb *store, enum store_kind kind, const DBT *key,
	size_t skip, const char *flaw)
{
	const char *bytes = key->data;
	char text[STORE_STRAY_SIZE], *to = text;
	size_t i;

	if (store->common.tell_odd == NULL)
		return;
	for (i = skip; i < key->size && to + 4 < text + sizeof text; i++)
		if (bytes[i] == '\0')
			to = stpcpy(to, "\\x00");
		else
			*to++ = bytes[i];
	*to = '\0';
	store->common.tell_odd(store->common.odd_context, kind, text, flaw);
}

static bool
has_prefix(const DBT *key, const char *prefix)
{
	size_t length = strlen(prefix);

	return key->size >= length && memcmp(key->data, prefix, length) == 0;
}

/* Moves the cursor on to a key that latchkey can have made. */
static int
pass_odd(struct store_bdb *store, enum store_kind kind, DBC *cursor, DBT *key,
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

static enum status
op_next(struct store *common, enum store_kind kind, char key[STORE_KEY_SIZE],
	bool from, struct json_object **record)
{
	struct store_bdb *store = own(common);
	size_t skip = strlen(places[kind].prefix);
	char full[FULL_KEY_SIZE];
	DBT dbt, value = {0};
	DBC *cursor = NULL;
	enum status status;
	DB *file;
	int result;

	if (kind == STORE_SECRET) /* a walk over parameters has them */
		return STATUS_NOT_FOUND;
	file = locate(store, kind, key, full, &dbt);
	status = fold(
		store, file->cursor(file, store->txn, &cursor, 0), "cursor");
	if (status != STATUS_OK)
		return status;
	result = pass_odd(store, kind, cursor, &dbt, &value,
		seek(cursor, &dbt, &value, full, from));
	status = fold(store, result, "next");
	if (status == STATUS_OK && !has_prefix(&dbt, places[kind].prefix))
		status = STATUS_NOT_FOUND; /* on to the next kind */
	if (status == STATUS_OK) {
		snprintf(key, STORE_KEY_SIZE, "%.*s", (int)(dbt.size - skip),
			(const char *)dbt.data + skip);
		status = store_parse(
			store->bdb.dir, key, value.data, value.size, record);
	}
	cursor->close(cursor);
	return status;
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

/* Leaps over the known kinds, and passes what cannot be a key. */
static int
seek_stray(struct store_bdb *store, DBC *cursor, DBT *key, DBT *value,
	const char *after)
{
	const struct place *place;
	const char *flaw;
	int result = after[0] == '\0'
			     ? cursor->get(cursor, key, value, DB_FIRST)
			     : seek(cursor, key, value, after, false);

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

static enum status
op_stray(struct store *common, char key[STORE_STRAY_SIZE])
{
	struct store_bdb *store = own(common);
	DB *file = store->bdb.files[BDB_RECORDS];
	DBT dbt = {.data = key, .size = (uint32_t)strlen(key)}, value = {0};
	DBC *cursor = NULL;
	enum status status;

	status = fold(
		store, file->cursor(file, store->txn, &cursor, 0), "cursor");
	if (status != STATUS_OK)
		return status;
	status = fold(
		store, seek_stray(store, cursor, &dbt, &value, key), "next");
	if (status == STATUS_OK)
		snprintf(key, STORE_STRAY_SIZE, "%.*s", (int)dbt.size,
			(const char *)dbt.data);
	cursor->close(cursor);
	return status;
}

static int
put_text(struct store_bdb *store, enum store_kind kind, const char *key,
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

static enum status
op_put(struct store *common, enum store_kind kind, const char *key,
	const char *text, size_t length)
{
	struct store_bdb *store = own(common);

	return fold(store, put_text(store, kind, key, text, length, 0), "put");
}

static enum status
op_add(struct store *common, enum store_kind kind, const char *key,
	const char *text, size_t length, bool *there)
{
	struct store_bdb *store = own(common);
	int result;

	result = put_text(store, kind, key, text, length, DB_NOOVERWRITE);
	*there = result == DB_KEYEXIST;
	return *there ? STATUS_OK : fold(store, result, "add");
}

static enum status
op_remove(struct store *common, enum store_kind kind, const char *key)
{
	struct store_bdb *store = own(common);
	char full[FULL_KEY_SIZE];
	DBT dbt;
	DB *file;
	enum status status;

	file = locate(store, kind, key, full, &dbt);
	status = fold(store, file->del(file, store->txn, &dbt, 0), "delete");
	store->wrote = store->wrote || status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
op_remove_under(struct store *common, enum store_kind kind, const char *prefix,
	const char *kept)
{
	char key[STORE_KEY_SIZE];
	struct json_object *record;
	enum status status;

	snprintf(key, sizeof key, "%s", prefix);
	while ((status = store_next_under(
			common, kind, prefix, key, &record)) == STATUS_OK) {
		json_object_put(record);
		if (strcmp(key, kept) != 0)
			status = op_remove(common, kind, key);
		if (status != STATUS_OK)
			return status;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* --- outside of units of work ------------------------------------------ */

static bool
op_due(struct store *common, enum store_task task, int64_t seconds)
{
	struct store_bdb *store = own(common);
	static_assert((int)STORE_TASKS <= (int)GATE_TASKS, "a place for each");
	return gate_every(store->gate, (unsigned)task, seconds);
}

static uint64_t
op_changes(struct store *common)
{
	struct store_bdb *store = own(common);
	return gate_changes(store->gate);
}

static void
op_expect_bulk(struct store *common)
{
	struct store_bdb *store = own(common);
	if (make_dir(store) == STATUS_OK)
		bdb_expect_bulk(&store->bdb);
	if (store->bdb.in_bulk)
		store->recoveries = UINT64_MAX; /* the open regions are too
						 * small */
}

/* --- from outside ------------------------------------------------------ */

static void
op_set_wait(struct store *common, int wait_ms)
{
	struct store_bdb *store = own(common);
	gate_set_wait(store->gate, wait_ms > 0 ? wait_ms : GATE_WAIT_MS);
}

static bool
op_is_broken(const struct store *common)
{
	const struct store_bdb *store = own_const(common);
	return gate_broken(store->gate);
}

static bool
op_is_outdated(const struct store *common)
{
	(void)common;
	return false;
}

/* Adds a file of the directory to what there is of its sort. */
static void
measure_file(int dir, const char *name, struct store_room *room, int sort)
{
	struct stat file;

	if (fstatat(dir, name, &file, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	room->files[sort].bytes += (uint64_t)file.st_size;
	if (file.st_mtime > room->newest)
		room->newest = file.st_mtime;
}

static bool
op_measure(const struct store *common, struct store_room *room)
{
	const struct store_bdb *store = own_const(common);
	static_assert(BDB_FILES + 1 == STORE_FILES, "and the log");
	DIR *dir = opendir(store->bdb.dir);
	const struct dirent *entry;
	int i;

	memset(room, 0, sizeof *room);
	if (dir == NULL || !measure_disk(store, room)) {
		if (dir != NULL)
			closedir(dir);
		return false;
	}
	for (i = 0; i < BDB_FILES; i++) {
		room->files[i].name = bdb_file_names[i];
		measure_file(dirfd(dir), bdb_file_names[i], room, i);
	}
	room->files[i].name = "log";
	while ((entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, "log.", 4) == 0)
			measure_file(dirfd(dir), entry->d_name, room, i);
	closedir(dir);
	return true;
}

static uint64_t
op_held(const struct store *common)
{
	const struct store_bdb *store = own_const(common);
	return gate_held(store->gate);
}

static void
op_rest(struct store *common)
{
	struct store_bdb *store = own(common);
	struct gate_view view;

	if (store->bdb.env == NULL ||
		gate_left(store->gate, store->recoveries) ||
		gate_let_go(store->gate, store->recoveries, &view) != STATUS_OK)
		return;
	if (is_dead(store, &view))
		bdb_close(&store->bdb, true);
	gate_leave(store->gate, !view.recover);
}

static enum status
op_verify(struct store *common)
{
	struct store_bdb *store = own(common);
	enum status status = store_begin(&store->common, STORE_READ);
	bool fits;
	int result;

	if (status != STATUS_OK)
		return status;
	result = bdb_verify(&store->bdb);
	if (result != 0)
		log_error("store: %s: verify: %s", store->bdb.dir,
			db_strerror(result));
	fits = bdb_fits(store->bdb.dir, true);
	store_abort(&store->common);
	return result == 0 && fits ? STATUS_OK : STATUS_INTERNAL;
}

/* --- a copy of all of it ------------------------------------------------ */

enum { COPY_TRIES = 20 };

/* A unit of work of a copy that was begun at that count. EAGAIN: what was
 * copied may be of another time, and is of no use. */
static int
begin_slice(struct store_bdb *store, uint64_t recoveries)
{
	if (store_begin(&store->common, STORE_READ) != STATUS_OK)
		return EAGAIN;
	if (store->recoveries == recoveries && !gate_broken(store->gate))
		return 0;
	store_abort(&store->common);
	return EAGAIN;
}

static void
end_slice(struct store_bdb *store, struct store_copied *copied)
{
	store_abort(&store->common);
	if (store_held(&store->common) > copied->longest)
		copied->longest = store_held(&store->common);
}

static int
copy_data(struct store_bdb *store, struct bdb_copy *copy, uint64_t recoveries,
	struct store_copied *copied)
{
	bool more = true;
	int result = 0;

	while (result == 0 && more) {
		result = begin_slice(store, recoveries);
		if (result == 0) {
			result = bdb_copy_take(copy, &more);
			end_slice(store, copied);
		}
		if (result == 0 && more)
			result = bdb_copy_put(copy, store_held(&store->common));
	}
	return result;
}

/* As far as it is now, and once more a look whether nothing has happened. */
static int
copy_rest_of_log(struct store_bdb *store, struct bdb_copy *copy,
	uint64_t recoveries, struct store_copied *copied)
{
	int result = begin_slice(store, recoveries);

	if (result != 0)
		return result;
	result = bdb_end_log(&store->bdb, false);
	end_slice(store, copied);
	if (result == 0)
		result = bdb_copy_end(copy, store->bdb.log_end);
	if (result == 0)
		result = begin_slice(store, recoveries);
	store_abort(&store->common);
	return result;
}

/* After a checkpoint, so that the log is short. A full disk does without. */
static int
copy_all(struct store_bdb *store, struct bdb_copy *copy,
	struct store_copied *copied)
{
	int result = bdb_copy_clear(copy);
	uint64_t recoveries;

	if (result != 0)
		return result;
	store->due = true;
	if (store_begin(&store->common, STORE_WRITE_ELSE_READ) != STATUS_OK)
		return EAGAIN;
	recoveries = store->recoveries;
	result = bdb_copy_begin(copy);
	if (store_commit(&store->common, STORE_LAZY) != STATUS_OK)
		return EAGAIN;
	if (result == 0)
		result = copy_data(store, copy, recoveries, copied);
	if (result == 0)
		result = copy_rest_of_log(store, copy, recoveries, copied);
	return result;
}

/* The rest is for this process alone, and takes what processor the others
 * leave. At nice 19 it would still interrupt those that hash, which give way
 * then. So it must not come to the gate any more, where others would wait for
 * it. */
static void
give_way(struct store_bdb *store)
{
	const struct sched_param none = {.sched_priority = 0};
	struct gate_view view;

	if (store->bdb.env != NULL &&
		gate_enter(store->gate, &view) == STATUS_OK) {
		bdb_close(&store->bdb, is_dead(store, &view));
		gate_leave(store->gate, !view.recover);
	}
	sched_setscheduler(0, SCHED_IDLE, &none);
}

static enum status
op_copy(struct store *common, const char *to, struct store_copied *copied)
{
	struct store_bdb *store = own(common);
	struct bdb_copy *copy =
		bdb_copy_new(store->bdb.dir, to, store->bdb.regions.maps);
	int result = EAGAIN;

	memset(copied, 0, sizeof *copied);
	while (result == EAGAIN && copied->begun < COPY_TRIES) {
		copied->begun++;
		result = copy_all(store, copy, copied);
	}
	if (result == 0) {
		give_way(store);
		result = bdb_copy_recover(copy);
	}
	if (result != 0)
		log_error("store: %s: copy in %s: %s", store->bdb.dir, to,
			result == EAGAIN
				? "begun too often; the lines before say why"
				: db_strerror(result));
	copied->bytes = bdb_copy_bytes(copy);
	bdb_copy_free(copy);
	return result == 0        ? STATUS_OK
	       : result == EINVAL ? STATUS_INTERNAL
				  : STATUS_UNAVAILABLE;
}

bool
store_copy_has(const char *name)
{
	return bdb_is_stored(name) && strchr(name, '/') == NULL &&
	       strlen(name) < STORE_FILE_SIZE;
}

/* The files have the machine's order of bytes, and numbers of its words. */
char *
store_format(void)
{
	const uint16_t one = 1;
	int major, minor, patch;

	db_version(&major, &minor, &patch);
	return mem_printf("Berkeley DB %d.%d, %d bits, %s-endian", major, minor,
		(int)(8 * sizeof(void *)),
		*(const uint8_t *)&one == 1 ? "little" : "big");
}

/* --- its end ------------------------------------------------------------ */

/* After a bulk the regions are made in their usual size again. */
static bool
end_bulk(struct store_bdb *store)
{
	bdb_checkpoint(&store->bdb);
	bdb_close(&store->bdb, true);
	store->bdb.in_bulk = false;
	if (bdb_flush(&store->bdb) != 0 ||
		bdb_open(&store->bdb, BDB_RECENT) != 0)
		return false;
	gate_recovered(store->gate);
	return true;
}

static void
op_close(struct store *common)
{
	struct store_bdb *store = own(common);
	struct gate_view view;

	/* Closing uses libdb, too. A process that cannot enter leaves the
	 * handles to the kernel. */
	if (store->bdb.env != NULL &&
		gate_enter(store->gate, &view) == STATUS_OK) {
		bool dead = is_dead(store, &view), good = !view.recover;

		if (!dead && store->bdb.in_bulk)
			good = end_bulk(store);
		bdb_close(&store->bdb, dead || !good);
		gate_leave(store->gate, good);
	}
	bdb_memory_use(NULL);
	gate_free(store->gate);
	if (store->bdb.regions.maps != NULL)
		fclose(store->bdb.regions.maps);
	mem_free(store->bdb.dir);
	mem_free(store);
}

/* Records are in this process's memory as soon as they are asked for. */
static void
op_want(struct store *common, enum store_kind kind, const char *key)
{
	(void)common;
	(void)kind;
	(void)key;
}

static void
op_want_from(struct store *common, enum store_kind kind, const char *key,
	const char *member, enum store_kind named)
{
	op_want(common, kind, key);
	(void)member;
	(void)named;
}

/* No other machine writes here. */
static int64_t
op_age(struct store *common)
{
	(void)common;
	return 0;
}

static enum status
op_poll(struct store *common)
{
	(void)common;
	return STATUS_OK;
}

static const struct store_ops ops = {
	.begin = op_begin,
	.commit = op_commit,
	.abort = op_abort,
	.get = op_get,
	.put = op_put,
	.add = op_add,
	.remove = op_remove,
	.remove_under = op_remove_under,
	.next = op_next,
	.stray = op_stray,
	.want = op_want,
	.want_from = op_want_from,
	.changes = op_changes,
	.due = op_due,
	.age = op_age,
	.poll = op_poll,
	.rest = op_rest,
	.expect_bulk = op_expect_bulk,
	.set_wait = op_set_wait,
	.held = op_held,
	.is_broken = op_is_broken,
	.is_outdated = op_is_outdated,
	.measure = op_measure,
	.verify = op_verify,
	.copy = op_copy,
	.close = op_close,
};

struct store *
store_new(const char *dir, uint64_t reserve)
{
	struct store_bdb *store = mem_zero(sizeof *store);
	char *gate = mem_printf("%s/gate", dir);

	store->bdb.dir = mem_copy(dir);
	store->bdb.regions.maps = fopen("/proc/self/maps", "re");
	store->bdb.log_fd = -1;
	store->reserve = reserve;
	store->gate = gate_new(gate);
	mem_free(gate);
	store->common.ops = &ops;
	return &store->common;
}
