/* store-bdb.c - the store in a Berkeley DB directory: its units of work */
#include "config.h"

#include "store/store-bdb.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/bdb-fit.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { CHECKPOINT_SECONDS = 30 };

struct store *
store_new(const char *dir, uint64_t reserve)
{
	struct store *store = mem_zero(sizeof *store);
	char *gate = mem_printf("%s/gate", dir);

	store->bdb.dir = mem_copy(dir);
	bdb_regions_open(&store->bdb.regions);
	store->bdb.log_fd = -1;
	store->reserve = reserve;
	store->gate = gate_new(gate);
	mem_free(gate);
	return store;
}

enum status
store_fold(struct store *store, int result, const char *what)
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

/* Before a recovery. What has failed may have been a flush of libdb's own: see
 * bdb_rewrite(). */
static enum status
make_durable(struct store *store)
{
	enum status status;

	if (!gate_broken(store->gate))
		return store_fold(store, bdb_flush(&store->bdb), "flush");
	status = store_fold(store, bdb_rewrite(&store->bdb), "write all anew");
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
		return store_fold(store, result, "recover");
	bdb_say_misfit(store->bdb.dir);
	bdb_close(&store->bdb, true);
	return refuse_misfit(store);
}

/* Opens libdb where no recovery is due, or finds that one is: the regions were
 * left for dead by a process that saw another directory at this path meanwhile,
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

/* Opens libdb, with a recovery if need be; nothing of it is open. Who writes
 * in bulk makes regions of his own kind. */
static enum status
open_anew(struct store *store, const struct gate_view *view)
{
	struct gate_view found = *view;
	bool there = bdb_is_there(&store->bdb);
	enum status status = STATUS_OK;

	found.recover = found.recover || store->bdb.in_bulk;
	if (!found.recover)
		status = store_fold(store, open_as_left(store, &found), "open");
	if (status == STATUS_OK && found.recover)
		status = recover(store, found.moved);
	if (status == STATUS_OK && !there)
		status = store_fold(store, bdb_mark_new(&store->bdb), "make");
	if (status != STATUS_OK)
		return status;
	store->opened = true;
	store->recoveries = view->recoveries;
	if (found.recover) {
		store->recoveries = gate_recovered(store->gate);
		log_info("store: %s: %s", store->bdb.dir,
			!there               ? "made"
			: store->bdb.in_bulk ? "opened anew to write much"
					     : "recovered");
	}
	return STATUS_OK;
}

/* Whether what is open is of a store that is no more. */
static bool
is_dead(const struct store *store, const struct gate_view *view)
{
	return view->recover || view->recoveries != store->recoveries;
}

/* Has handles that are good. */
static enum status
have_handles(struct store *store, const struct gate_view *view)
{
	bdb_memory_use(&store->bdb.memory);
	if (store->bdb.env != NULL && is_dead(store, view))
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
		status = store_fold(store,
			bdb_begin_log(
				&store->bdb, store_due(store, STORE_CHECKPOINT,
						     CHECKPOINT_SECONDS)),
			"log");
	if (status == STATUS_OK)
		status = store_fold(store,
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
	int result = group_commit_flush(
		gate_group(store->gate), store->bdb.log_end, store->bdb.log_fd);

	/* Ours may have come after another's that failed, and what that has
	 * lost lies before ours in the log. */
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
	/* Before the commit: who sees the change must also see the count. */
	if (store->changed)
		gate_change(store->gate);
	store->txn = NULL;
	if (store_fold(store, txn->commit(txn, DB_TXN_WRITE_NOSYNC),
		    "commit") != STATUS_OK ||
		store_fold(store, bdb_end_log(&store->bdb, store->wrote),
			"log") != STATUS_OK) {
		leave(store);
		return STATUS_INTERNAL;
	}
	group_commit_wrote(gate_group(store->gate), store->bdb.log_end);
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
		store_fold(store, store->txn->abort(store->txn), "abort");
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
	if (make_dir(store) == STATUS_OK)
		bdb_expect_bulk(&store->bdb);
	if (store->bdb.in_bulk)
		store->recoveries = UINT64_MAX; /* what is open is too small */
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

/* After much was written the regions are made as they are usual. */
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
	/* Closing is use of libdb too. Who cannot get in leaves the handles
	 * to the kernel. */
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
	bdb_regions_close(&store->bdb.regions);
	mem_free(store->bdb.dir);
	mem_free(store);
}
