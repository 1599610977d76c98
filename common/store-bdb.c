/* store-bdb.c - the store in a Berkeley DB directory, behind the gate */
#include "config.h"

#include "gate.h"
#include "log.h"
#include "mem.h"
#include "store.h"

#include <assert.h>
#include <db.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	CACHE_BYTES = 2 << 20,
	LOG_FILE_BYTES = 8 << 20,
	CHECKPOINT_KB = 1024,
	CHECKPOINT_SECONDS = 30,
	BATCH = 256,
	FULL_KEY_MAX = STORE_KEY_MAX + 16
};

static const char *const kind_names[STORE_KINDS] = {
	[STORE_ACCOUNT] = "account",
	[STORE_NAME] = "name",
	[STORE_CODE] = "code",
	[STORE_PARAM] = "param",
};

/* A write to one of these can make a token invalid. */
static const bool kind_counts[STORE_KINDS] = {
	[STORE_ACCOUNT] = true,
	[STORE_PARAM] = true,
};

enum { FILE_RECORDS, FILE_PARAMS, FILES };
static const char *const file_names[FILES] = {
	[FILE_RECORDS] = "records.btr",
	[FILE_PARAMS] = "server_params.btr",
};

struct store {
	char *dir;
	uint64_t reserve;
	struct gate *gate;

	/* libdb's handles: NULL, or good as of `recoveries` */
	DB_ENV *env;
	DB *files[FILES];
	uint64_t recoveries;

	/* the unit of work */
	bool inside;
	bool failed;  /* libdb said no: only abort is left */
	bool changed; /* it touched a kind that counts */
	enum store_mode mode;
	DB_TXN *txn;

	/* the log file that commits go to, opened by ourselves to flush it */
	int log_fd;
	uint32_t log_number;
};

static void
on_libdb_error(const DB_ENV *env, const char *prefix, const char *message)
{
	(void)env;
	(void)prefix;
	log_error("store: libdb: %s", message);
}

/* For handles that are closed because they are dead: libdb complains of each.
 */
static void
on_expected_error(const DB_ENV *env, const char *prefix, const char *message)
{
	(void)env;
	(void)prefix;
	(void)message;
}

struct store *
store_new(const char *dir, uint64_t reserve)
{
	struct store *store = mem_zero(sizeof *store);
	char *gate = mem_printf("%s/gate", dir);

	store->dir = mem_copy(dir);
	store->reserve = reserve;
	store->gate = gate_new(gate);
	store->log_fd = -1;
	mem_free(gate);
	return store;
}

static void
close_log(struct store *store)
{
	if (store->log_fd >= 0)
		close(store->log_fd);
	store->log_fd = -1;
	store->log_number = 0;
}

/* Closes libdb's handles. Dead ones (somebody died in their regions) must be
 * closed in this order and never synced: a plain close waits for the dead. */
static void
close_handles(struct store *store, bool dead)
{
	int i;

	if (store->env != NULL && dead) {
		store->env->set_errcall(store->env, on_expected_error);
		store->env->set_flags(store->env, DB_PANIC_ENVIRONMENT, 1);
	}
	for (i = 0; i < FILES; i++)
		if (store->files[i] != NULL)
			store->files[i]->close(store->files[i], DB_NOSYNC);
	if (store->env != NULL)
		store->env->close(store->env, 0);
	memset(store->files, 0, sizeof store->files);
	store->env = NULL;
	store->txn = NULL;
	close_log(store);
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
	log_error("store: %s: %s: %s", store->dir, what, db_strerror(result));
	return STATUS_UNAVAILABLE;
}

static int
open_env(DB_ENV *env, const char *dir, bool recover)
{
	uint32_t flags = DB_CREATE | DB_INIT_TXN | DB_INIT_LOG | DB_INIT_MPOOL;
	int result;

	env->set_errcall(env, on_libdb_error);
	/* Regions are written in full when they are made: a hole in a mapped
	 * file turns a full disk into a SIGBUS. */
	if ((result = env->set_flags(env, DB_REGION_INIT, 1)) != 0 ||
		(result = env->set_cachesize(env, 0, CACHE_BYTES, 1)) != 0 ||
		(result = env->set_lg_max(env, LOG_FILE_BYTES)) != 0 ||
		(result = env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1)) != 0)
		return result;
	return env->open(env, dir, flags | (recover ? DB_RECOVER : 0), 0600);
}

static int
open_file(struct store *store, int i)
{
	DB *file;
	int result = db_create(&file, store->env, 0);

	if (result != 0)
		return result;
	store->files[i] = file; /* to be closed also when its open fails */
	return file->open(file, NULL, file_names[i], NULL, DB_BTREE,
		DB_CREATE | DB_AUTO_COMMIT, 0600);
}

static enum status
open_handles(struct store *store, bool recover)
{
	DB_ENV *env;
	enum status status;
	int i;

	status = fold(store, db_env_create(&env, 0), "environment");
	if (status != STATUS_OK)
		return status;
	status = fold(store, open_env(env, store->dir, recover),
		recover ? "recover" : "open");
	if (status != STATUS_OK) {
		env->close(env, 0);
		return status;
	}
	store->env = env;
	for (i = 0; i < FILES && status == STATUS_OK; i++)
		status = fold(store, open_file(store, i), file_names[i]);
	return status;
}

static void
leave(struct store *store)
{
	bool clean = !store->failed;

	store->inside = false;
	store->failed = false;
	store->txn = NULL;
	if (!clean)
		close_handles(store, true);
	gate_leave(store->gate, clean);
}

/* Has handles that are good, inside the gate. */
static enum status
have_handles(struct store *store, const struct gate_view *view)
{
	enum status status;

	if (store->env != NULL &&
		(view->recover || view->recoveries != store->recoveries))
		close_handles(store, true);
	if (store->env != NULL)
		return STATUS_OK;
	status = open_handles(store, view->recover);
	if (status != STATUS_OK)
		return status;
	store->recoveries = view->recoveries;
	if (view->recover) {
		store->recoveries = gate_recovered(store->gate);
		log_info("store: %s: recovered", store->dir);
	}
	return STATUS_OK;
}

/* The number of the log file that libdb writes to now. */
static int
current_log(struct store *store, uint32_t *number)
{
	DB_LOG_STAT *stat;
	int result = store->env->log_stat(store->env, &stat, 0);

	if (result == 0) {
		*number = stat->st_cur_file;
		mem_free(stat);
	}
	return result;
}

/* Has the current log file open in log_fd. libdb does not sync the directory
 * after making a new one; whoever sees it first does. What this unit of work
 * has written may begin in the file before. */
static int
follow_log(struct store *store)
{
	uint32_t number;
	char *path;
	int dir_fd, result = current_log(store, &number);

	if (result != 0 || number == store->log_number)
		return result;
	if (store->log_fd >= 0 && fdatasync(store->log_fd) != 0)
		return errno;
	close_log(store);
	path = mem_printf("%s/log.%010u", store->dir, number);
	store->log_fd = open(path, O_WRONLY | O_CLOEXEC);
	mem_free(path);
	dir_fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->log_fd < 0 || dir_fd < 0 || fsync(dir_fd) != 0)
		result = errno;
	else
		store->log_number = number;
	if (dir_fd >= 0)
		close(dir_fd);
	return result;
}

/* After a failed flush the kernel may hold as clean what never reached the
 * disk, and the next flush would lie. So nothing is added to that log file:
 * filler moves libdb on to a new one, and a forced checkpoint makes the data
 * files, and nothing in the old log, what recovery begins from. */
static enum status
heal(struct store *store)
{
	uint32_t old, now;
	int result = current_log(store, &old);

	for (now = old; result == 0 && now == old;) {
		result = store->env->log_printf(
			store->env, NULL, "%01024d moving on", 0);
		if (result == 0)
			result = current_log(store, &now);
	}
	if (result == 0)
		result = store->env->txn_checkpoint(store->env, 0, 0, DB_FORCE);
	if (result == 0)
		result = follow_log(store);
	if (result == 0 && fdatasync(store->log_fd) != 0)
		result = errno;
	if (result != 0)
		return fold(
			store, result, "cannot move on after a failed flush");
	gate_set_broken(store->gate, false);
	log_info("store: %s: writing again", store->dir);
	return STATUS_OK;
}

static enum status
check_room(struct store *store)
{
	struct statvfs fs;
	uint64_t room;

	if (statvfs(store->dir, &fs) != 0) {
		log_error("store: %s: %s", store->dir, strerror(errno));
		return STATUS_UNAVAILABLE;
	}
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (room >= store->reserve)
		return STATUS_OK;
	log_error("store: %s: %llu bytes free, disk_reserve is %llu",
		store->dir, (unsigned long long)room,
		(unsigned long long)store->reserve);
	return STATUS_UNAVAILABLE;
}

/* Recovery goes on from the last checkpoint: kept near, it stays short. */
static int
checkpoint(struct store *store)
{
	bool due = gate_every(store->gate, CHECKPOINT_SECONDS);

	return store->env->txn_checkpoint(
		store->env, due ? 0 : CHECKPOINT_KB, 0, 0);
}

static enum status
begin_write(struct store *store)
{
	enum status status = check_room(store);

	if (status == STATUS_OK && gate_broken(store->gate))
		status = heal(store);
	if (status == STATUS_OK)
		status = fold(store, checkpoint(store), "checkpoint");
	if (status == STATUS_OK)
		status = fold(store, follow_log(store), "log file");
	if (status == STATUS_OK)
		status = fold(store,
			store->env->txn_begin(store->env, NULL, &store->txn, 0),
			"begin");
	return status;
}

enum status
store_begin(struct store *store, enum store_mode mode)
{
	struct gate_view view;
	enum status status;

	assert(!store->inside);
	if (mkdir(store->dir, 0700) != 0 && errno != EEXIST) {
		log_error("store: %s: %s", store->dir, strerror(errno));
		return STATUS_UNAVAILABLE;
	}
	status = gate_enter(store->gate, &view);
	if (status != STATUS_OK)
		return status;
	store->inside = true;
	store->mode = mode;
	store->changed = false;
	status = have_handles(store, &view);
	if (status == STATUS_OK && mode == STORE_WRITE)
		status = begin_write(store);
	if (status != STATUS_OK)
		leave(store);
	return status;
}

/* The file that a kind lives in, and the record's key there. */
static DB *
locate(struct store *store, enum store_kind kind, const char *key,
	char full[FULL_KEY_MAX], DBT *dbt)
{
	int length = kind == STORE_PARAM
			     ? snprintf(full, FULL_KEY_MAX, "%s", key)
			     : snprintf(full, FULL_KEY_MAX, "%s/%s",
				       kind_names[kind], key);

	assert(length > 0 && length < FULL_KEY_MAX);
	memset(dbt, 0, sizeof *dbt);
	dbt->data = full;
	dbt->size = (uint32_t)length;
	return store->files[kind == STORE_PARAM ? FILE_PARAMS : FILE_RECORDS];
}

static struct json_object *
parse_record(const void *data, size_t size)
{
	struct json_tokener *tokener = mem_check(json_tokener_new());
	struct json_object *record =
		json_tokener_parse_ex(tokener, data, (int)size);

	json_tokener_free(tokener);
	return record;
}

enum status
store_get(struct store *store, enum store_kind kind, const char *key,
	struct json_object **record)
{
	char full[FULL_KEY_MAX];
	DBT dbt_key, value = {0};
	enum status status;
	DB *file;

	*record = NULL;
	if (!store->inside || store->failed)
		return STATUS_UNAVAILABLE;
	file = locate(store, kind, key, full, &dbt_key);
	status = fold(
		store, file->get(file, store->txn, &dbt_key, &value, 0), "get");
	if (status != STATUS_OK)
		return status;
	*record = parse_record(value.data, value.size);
	if (*record != NULL)
		return STATUS_OK;
	log_error("store: %s: the record %s is not JSON", store->dir, full);
	return STATUS_UNAVAILABLE;
}

/* Common to put and delete: may this unit write, and does it count? */
static enum status
note_write(struct store *store, enum store_kind kind)
{
	if (!store->inside || store->failed)
		return STATUS_UNAVAILABLE;
	assert(store->mode == STORE_WRITE);
	store->changed = store->changed || kind_counts[kind];
	return STATUS_OK;
}

enum status
store_put(struct store *store, enum store_kind kind, const char *key,
	struct json_object *record)
{
	char full[FULL_KEY_MAX];
	DBT dbt_key, value = {0};
	DB *file;
	const char *text;
	size_t size;
	enum status status = note_write(store, kind);

	if (status != STATUS_OK)
		return status;
	file = locate(store, kind, key, full, &dbt_key);
	text = json_object_to_json_string_length(record,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size);
	value.data = (void *)(uintptr_t)text; /* libdb only reads it */
	value.size = (uint32_t)size;
	return fold(
		store, file->put(file, store->txn, &dbt_key, &value, 0), "put");
}

enum status
store_delete(struct store *store, enum store_kind kind, const char *key)
{
	char full[FULL_KEY_MAX];
	DBT dbt_key;
	DB *file;
	enum status status = note_write(store, kind);

	if (status != STATUS_OK)
		return status;
	file = locate(store, kind, key, full, &dbt_key);
	status =
		fold(store, file->del(file, store->txn, &dbt_key, 0), "delete");
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
flush(struct store *store)
{
	if (fdatasync(store->log_fd) == 0)
		return STATUS_OK;
	gate_set_broken(store->gate, true);
	log_error("store: %s: flush failed, the last change may be lost: %s",
		store->dir, strerror(errno));
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
		fold(store, follow_log(store), "log file") != STATUS_OK) {
		leave(store);
		return STATUS_INTERNAL;
	}
	leave(store);
	/* Outside, so that many writers share one flush. */
	return how == STORE_DURABLE ? flush(store) : STATUS_OK;
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

uint64_t
store_changes(const struct store *store)
{
	return gate_changes(store->gate);
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
	if (store->env != NULL && gate_enter(store->gate, &view) == STATUS_OK) {
		bool dead =
			view.recover || view.recoveries != store->recoveries;

		close_handles(store, dead);
		gate_leave(store->gate, !view.recover);
	}
	close_log(store);
	gate_free(store->gate);
	mem_free(store->dir);
	mem_free(store);
}

/* --- each -------------------------------------------------------------- */

struct batch {
	char *keys[BATCH];
	struct json_object *records[BATCH];
	int count;
};

static void
batch_clear(struct batch *batch)
{
	while (batch->count > 0) {
		batch->count--;
		mem_free(batch->keys[batch->count]);
		json_object_put(batch->records[batch->count]);
	}
}

/* Adds the record at the cursor; false when it is of another kind. */
static bool
batch_add(struct batch *batch, const DBT *key, const DBT *value,
	const char *prefix)
{
	size_t skip = strlen(prefix);

	if (key->size < skip || memcmp(key->data, prefix, skip) != 0)
		return false;
	batch->keys[batch->count] = mem_printf("%.*s", (int)(key->size - skip),
		(const char *)key->data + skip);
	batch->records[batch->count] = parse_record(value->data, value->size);
	batch->count++;
	return true;
}

/* Reads the records of `kind` after `last` (NULL: from the first). */
static enum status
batch_read(struct store *store, enum store_kind kind, const char *last,
	struct batch *batch)
{
	char full[FULL_KEY_MAX];
	const char *prefix = kind == STORE_PARAM ? "" : kind_names[kind];
	char *start = mem_printf("%s%s", prefix, *prefix == '\0' ? "" : "/");
	DBT key = {0}, value = {0};
	DBC *cursor = NULL;
	DB *file =
		store->files[kind == STORE_PARAM ? FILE_PARAMS : FILE_RECORDS];
	int result = file->cursor(file, NULL, &cursor, 0);

	snprintf(full, sizeof full, "%s%s", start, last == NULL ? "" : last);
	key.data = full;
	key.size = (uint32_t)strlen(full);
	if (result == 0)
		result = cursor->get(cursor, &key, &value, DB_SET_RANGE);
	/* The last one seen is still there, or its successor is here. */
	if (result == 0 && last != NULL && key.size == strlen(full) &&
		memcmp(key.data, full, key.size) == 0)
		result = cursor->get(cursor, &key, &value, DB_NEXT);
	while (result == 0 && batch_add(batch, &key, &value, start) &&
		batch->count < BATCH)
		result = cursor->get(cursor, &key, &value, DB_NEXT);
	if (cursor != NULL)
		cursor->close(cursor);
	mem_free(start);
	return result == DB_NOTFOUND ? STATUS_OK : fold(store, result, "each");
}

enum status
store_each(struct store *store, enum store_kind kind, store_visit *visit,
	void *context)
{
	struct batch batch = {.count = 0};
	char *last = NULL;
	enum status status;
	bool more = true;
	int i, count;

	do {
		status = store_begin(store, STORE_READ);
		if (status != STATUS_OK)
			break;
		status = batch_read(store, kind, last, &batch);
		store_abort(store);
		for (i = 0; i < batch.count && more && status == STATUS_OK; i++)
			if (batch.records[i] != NULL)
				more = visit(context, batch.keys[i],
					batch.records[i]);
		count = batch.count;
		if (count > 0) {
			mem_free(last);
			last = mem_copy(batch.keys[count - 1]);
		}
		batch_clear(&batch);
	} while (more && status == STATUS_OK && count == BATCH);
	mem_free(last);
	return status;
}
