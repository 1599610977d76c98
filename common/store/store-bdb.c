/* store-bdb.c - the store in a Berkeley DB directory: its units of work, and
 * the records in them */
#include "config.h"

#include "store/store.h"

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

struct store {
	uint64_t reserve;
	struct gate *gate;
	struct bdb bdb; /* good as of `recoveries` */
	uint64_t recoveries;
	bool opened; /* at least once */
	bool due;    /* the next unit that writes begins with a checkpoint */

	/* the unit of work */
	bool inside;
	bool failed;  /* libdb said no: only abort is left */
	bool misfit;  /* files of two times: nothing was opened */
	bool changed; /* it changed a kind that makes tokens bad */
	bool wrote;   /* the log has something of it */
	enum store_mode mode;
	DB_TXN *txn;

	store_odd *tell_odd; /* called for keys that are passed over */
	void *odd_context;
};

struct store *
store_new(const char *dir, uint64_t reserve)
{
	struct store *store = mem_zero(sizeof *store);
	char *gate = mem_printf("%s/gate", dir);

	store->bdb.dir = mem_copy(dir);
	store->bdb.regions.maps = fopen("/proc/self/maps", "re");
	store->bdb.log_fd = -1;
	store->reserve = reserve;
	store->gate = gate_new(gate);
	mem_free(gate);
	return store;
}

/* Folds libdb's many codes into latchkey's: 0 and DB_NOTFOUND are answers, any
 * other code ends this unit of work and the handles. `what` was tried: for the
 * log. */
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

/* --- opening and recovery ---------------------------------------------- */

static void
leave(struct store *store)
{
	bool failed = store->failed, clean = !failed && !store->misfit;

	store->inside = false;
	store->failed = false;
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

/* Files of two times stay closed. Until the operator has mended them, each unit
 * of work looks again. */
static enum status
refuse_misfit(struct store *store)
{
	store->misfit = true;
	return STATUS_UNAVAILABLE;
}

/* The order, and why: doc/design.md, "Recovery". */
static enum status
recover(struct store *store, bool moved)
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
open_as_left(struct store *store, struct gate_view *view)
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
open_anew(struct store *store, const struct gate_view *view)
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
		log_info("store: %s: %s", store->bdb.dir,
			!there               ? "made"
			: store->bdb.in_bulk ? "opened anew to write much"
					     : "recovered");
	}
	return STATUS_OK;
}

/* Whether the open handles are of a store that is no more. */
static bool
is_dead(const struct store *store, const struct gate_view *view)
{
	return view->recover || view->recoveries != store->recoveries;
}

/* Ensures that the handles are good. */
static enum status
have_handles(struct store *store, const struct gate_view *view)
{
	bdb_memory_use(&store->bdb.memory);
	if (store->bdb.env != NULL && is_dead(store, view))
		bdb_close(&store->bdb, true);
	return store->bdb.env != NULL ? STATUS_OK : open_anew(store, view);
}

/* --- units of work ----------------------------------------------------- */

static bool
measure_disk(const struct store *store, struct store_room *room)
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
check_room(struct store *store)
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
	/* A recovery goes on from the last checkpoint. A near one keeps it
	 * short. */
	if (status == STATUS_OK)
		status = fold(store,
			bdb_begin_log(
				&store->bdb, store_due(store, STORE_CHECKPOINT,
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
make_dir(const struct store *store)
{
	const char *dir = store->bdb.dir;

	if (mkdir(dir, 0700) == 0 ? file_sync_dir_of(dir) : errno == EEXIST)
		return STATUS_OK;
	log_error("store: %s: %s", dir, strerror(errno));
	return STATUS_UNAVAILABLE;
}

enum status
store_begin(struct store *store, enum store_mode mode)
{
	struct gate_view view;
	enum status status;

	assert(!store->inside);
	/* A directory that was there and is gone is not replaced by an empty
	 * one. */
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
		/* A store that was closed to be mended, and whose files are of
		 * two times, is not open for reading either. */
		if (status != STATUS_OK && mode == STORE_WRITE_ELSE_READ &&
			!store->failed && !store->misfit) {
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
	return store->inside && !store->failed && store->mode == STORE_WRITE;
}

static enum status
flush(struct store *store)
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
	/* Before the commit: a process that sees the change must also see the
	 * count. */
	if (store->changed)
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

void
store_abort(struct store *store)
{
	if (!store->inside)
		return;
	if (store->txn != NULL && !store->failed)
		fold(store, store->txn->abort(store->txn), "abort");
	leave(store);
}

/* --- records, and where each kind lives -------------------------------- */

enum { FULL_KEY_SIZE = STORE_KEY_SIZE + 16 };

/* A kind's place: its file, the prefix of its keys there, and whether a write
 * to it can make a token invalid. */
static const struct place {
	enum bdb_file file;
	const char *prefix;
	enum { NOTHING, DELETES, WRITES } counts;
} places[STORE_KINDS] = {
	[STORE_ACCOUNT] = {BDB_ACCOUNTS, "", WRITES},
	[STORE_NAME] = {BDB_RECORDS, "name/", NOTHING},
	[STORE_CODE] = {BDB_RECORDS, "code/", NOTHING},
	[STORE_TOKEN] = {BDB_RECORDS, "token/", WRITES},
	[STORE_USE] = {BDB_RECORDS, "use/", NOTHING},
	[STORE_SESSION] = {BDB_RECORDS, "session/", DELETES},
	[STORE_FACTOR] = {BDB_RECORDS, "factor/", NOTHING},
	[STORE_REVOKED] = {BDB_RECORDS, "revoked/", WRITES},
	[STORE_THROTTLE] = {BDB_RECORDS, "throttle/", NOTHING},
	[STORE_MAIL] = {BDB_RECORDS, "mail/", NOTHING},
	[STORE_EVENT] = {BDB_RECORDS, "event/", NOTHING},
	[STORE_UNPROVED] = {BDB_RECORDS, "unproved/", NOTHING},
	[STORE_OLD_NAME] = {BDB_RECORDS, "old-name/", NOTHING},
	[STORE_PARAM] = {BDB_PARAMS, "", WRITES},
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

/* Moves the cursor on to a key that latchkey can have made. */
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

enum status
store_next(struct store *store, enum store_kind kind, char key[STORE_KEY_SIZE],
	struct json_object **record)
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
	status = fold(
		store, file->cursor(file, store->txn, &cursor, 0), "cursor");
	if (status != STATUS_OK)
		return status;
	result = pass_odd(store, kind, cursor, &dbt, &value,
		seek(cursor, &dbt, &value, full));
	status = fold(store, result, "next");
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

/* Checks that this unit of work may write. `counts`: what it writes may make a
 * token bad. */
static enum status
check_write(struct store *store, bool counts)
{
	if (!store->inside || store->failed)
		return STATUS_UNAVAILABLE;
	assert(store->mode == STORE_WRITE);
	store->changed = store->changed || counts;
	return STATUS_OK;
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
store_put_text(struct store *store, enum store_kind kind, const char *key,
	const char *text, size_t length)
{
	enum status status = check_write(store, places[kind].counts == WRITES);

	if (status != STATUS_OK)
		return status;
	return fold(store, put_text(store, kind, key, text, length, 0), "put");
}

enum status
store_add(struct store *store, enum store_kind kind, const char *key,
	const char *text, size_t length, bool *there)
{
	enum status status = check_write(store, false);
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
	enum status status = check_write(store, places[kind].counts != NOTHING);

	if (status != STATUS_OK)
		return status;
	file = locate(store, kind, key, full, &dbt);
	status = fold(store, file->del(file, store->txn, &dbt, 0), "delete");
	store->wrote = store->wrote || status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* --- outside of units of work ------------------------------------------ */

bool
store_due(struct store *store, enum store_task task, int64_t seconds)
{
	static_assert((int)STORE_TASKS <= (int)GATE_TASKS, "a place for each");
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
	if (make_dir(store) == STATUS_OK)
		bdb_expect_bulk(&store->bdb);
	if (store->bdb.in_bulk)
		store->recoveries = UINT64_MAX; /* the open regions are too
						 * small */
}

/* --- from outside ------------------------------------------------------ */

void
store_set_wait(struct store *store, int wait_ms)
{
	gate_set_wait(store->gate, wait_ms > 0 ? wait_ms : GATE_WAIT_MS);
}

bool
store_is_broken(const struct store *store)
{
	return gate_broken(store->gate);
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

bool
store_measure(const struct store *store, struct store_room *room)
{
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

uint64_t
store_held(const struct store *store)
{
	return gate_held(store->gate);
}

void
store_rest(struct store *store)
{
	struct gate_view view;

	if (store->bdb.env == NULL ||
		gate_left(store->gate, store->recoveries) ||
		gate_let_go(store->gate, store->recoveries, &view) != STATUS_OK)
		return;
	if (is_dead(store, &view))
		bdb_close(&store->bdb, true);
	gate_leave(store->gate, !view.recover);
}

enum status
store_verify(struct store *store)
{
	enum status status = store_begin(store, STORE_READ);
	bool fits;
	int result;

	if (status != STATUS_OK)
		return status;
	result = bdb_verify(&store->bdb);
	if (result != 0)
		log_error("store: %s: verify: %s", store->bdb.dir,
			db_strerror(result));
	fits = bdb_fits(store->bdb.dir, true);
	store_abort(store);
	return result == 0 && fits ? STATUS_OK : STATUS_INTERNAL;
}

/* --- a copy of all of it ------------------------------------------------ */

enum { COPY_TRIES = 20 };

/* A unit of work of a copy that was begun at that count. EAGAIN: what was
 * copied may be of another time, and is of no use. */
static int
begin_slice(struct store *store, uint64_t recoveries)
{
	if (store_begin(store, STORE_READ) != STATUS_OK)
		return EAGAIN;
	if (store->recoveries == recoveries && !gate_broken(store->gate))
		return 0;
	store_abort(store);
	return EAGAIN;
}

static void
end_slice(struct store *store, struct store_copied *copied)
{
	store_abort(store);
	if (store_held(store) > copied->longest)
		copied->longest = store_held(store);
}

static int
copy_data(struct store *store, struct bdb_copy *copy, uint64_t recoveries,
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
			result = bdb_copy_put(copy, store_held(store));
	}
	return result;
}

/* As far as it is now, and once more a look whether nothing has happened. */
static int
copy_rest_of_log(struct store *store, struct bdb_copy *copy,
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
	store_abort(store);
	return result;
}

/* After a checkpoint, so that the log is short. A full disk does without. */
static int
copy_all(
	struct store *store, struct bdb_copy *copy, struct store_copied *copied)
{
	int result = bdb_copy_clear(copy);
	uint64_t recoveries;

	if (result != 0)
		return result;
	store->due = true;
	if (store_begin(store, STORE_WRITE_ELSE_READ) != STATUS_OK)
		return EAGAIN;
	recoveries = store->recoveries;
	result = bdb_copy_begin(copy);
	if (store_commit(store, STORE_LAZY) != STATUS_OK)
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
give_way(struct store *store)
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

enum status
store_copy(struct store *store, const char *to, struct store_copied *copied)
{
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
end_bulk(struct store *store)
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

void
store_close(struct store *store)
{
	struct gate_view view;

	if (store == NULL)
		return;
	store_abort(store);
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
