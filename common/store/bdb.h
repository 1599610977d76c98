/* bdb.h - a Berkeley DB directory: its handles, its log, its recovery.
 *
 * Only for the one process that is inside the gate (gate.h), and for
 * store-bdb.c alone. Functions that return int give libdb's code, errno's where
 * it was the system that refused, or 0. */
#ifndef LATCHKEY_BDB_H
#define LATCHKEY_BDB_H

#include "store/bdb-header.h"
#include "store/bdb-regions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* What libdb has allocated for one environment; all zero: nothing. It does not
 * wipe what it frees, and records go through it: keys would be in a core dump
 * long after. And of an environment in panic it frees nothing: each recovery
 * would leave 18 KB behind. */
LIST_HEAD(bdb_memory, bdb_block);

/* From now on libdb's blocks are these; NULL: nobody's. To be said whenever
 * another environment may have been in use. */
void bdb_memory_use(struct bdb_memory *memory);

/* Accounts have a file of their own: their ids rise, and only at a tree's end
 * does libdb leave full pages behind. In the midst of one it halves them. */
enum bdb_file { BDB_ACCOUNTS, BDB_RECORDS, BDB_PARAMS, BDB_FILES };
extern const char *const bdb_file_names[BDB_FILES];

/* All zero but for the first three: closed. */
struct bdb {
	char *dir;                  /* the owner's */
	struct bdb_regions regions; /* the owner's bdb_regions_open() */
	int log_fd;   /* the log file that commits go to, opened by ourselves
		       * to flush it; -1: none */
	bool in_bulk; /* see bdb_expect_bulk() */
	bool out_of_sequence; /* the last recovery has found that the data files
			       * are older than the log */
	struct bdb_memory memory; /* in use inside the gate */
	DB_ENV *env;
	DB *files[BDB_FILES];
	uint32_t log_number;
	uint64_t log_end; /* LSN, as of the last bdb_begin_log() or
			     bdb_end_log() */
};

/* So much will be written that a large cache, large log files and checkpoints
 * far apart are of use, until it is over; where the disk has the room. Their
 * regions are made by the next bdb_open() that recovers. */
void bdb_expect_bulk(struct bdb *bdb);

/* Whether there is such a file. */
bool bdb_has(const char *dir, const char *name);

/* Opens everything, recovering first if so told: from the last checkpoint on,
 * or by all that the log has, for a directory whose data files may be older
 * than that checkpoint. After a failure, close. */
enum bdb_recovery { BDB_NONE, BDB_RECENT, BDB_ALL };
int bdb_open(struct bdb *bdb, enum bdb_recovery recovery);

/* After a store was made: has its data files say that there is a log, so that
 * none of them is ever taken for whole without it. */
int bdb_mark_new(struct bdb *bdb);

/* Whether there is more log than what is open knows of, since libdb's memory
 * was copied from an earlier time. */
bool bdb_is_behind(struct bdb *bdb);

/* Closes what is open. Handles are dead when a process has died in the
 * regions, or libdb has failed in them. */
void bdb_close(struct bdb *bdb, bool dead);

/* Flushes a directory, so that what was made in it stays: libdb does not. */
int bdb_sync_dir(const char *dir);

/* Around a unit of work that may write. At its end the log file that it has
 * written to is open in log_fd, so that it can be flushed after leaving the
 * gate; files before that one are flushed. The begin writes a checkpoint if it
 * is `due`, or if the log has grown enough. Where nothing is `written`, the
 * file need not be there yet. */
int bdb_begin_log(struct bdb *bdb, bool due);
int bdb_end_log(struct bdb *bdb, bool written);

int bdb_checkpoint(struct bdb *bdb);

/* Has libdb look over its files, as they are after a checkpoint. 0 if they
 * are clean, else what libdb says of them; the reasons are in the log. */
int bdb_verify(struct bdb *bdb);

/* Whether anything can be flushed at all. What is tried in vain on the log
 * costs the handles, and reading with them. */
int bdb_try_flush(const struct bdb *bdb);

/* After a failed flush the kernel holds as clean what never reached the disk,
 * and the next flush would say that all is well. This writes all files anew,
 * as they are seen now, and flushes them: then it is true. With the handles
 * closed; what follows is a recovery. */
int bdb_rewrite(const struct bdb *bdb);

/* Flushes all files before a recovery, which takes what it reads for durable.
 * Who died may not have flushed: recovery writes pages by that log, and after
 * a power loss these would have changes of which it knows nothing. */
int bdb_flush(const struct bdb *bdb);

#endif
