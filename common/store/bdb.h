/* bdb.h - a Berkeley DB directory: its handles, its log, its recovery.
 *
 * Only for the one process that is inside the gate (gate.h), and for
 * store-bdb.c alone. A function that returns int returns libdb's code, an errno
 * where the system refused, or 0. */
#ifndef LATCHKEY_BDB_H
#define LATCHKEY_BDB_H

#include "store/bdb-header.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>
#include <sys/types.h>

/* What libdb has allocated for one environment; all zero is nothing. latchkey
 * keeps the list for two reasons. libdb does not wipe what it frees, and
 * records go through it: keys would be in a core dump long after. And libdb
 * frees nothing of an environment in panic: each recovery would leave 18 KB
 * behind. */
LIST_HEAD(bdb_memory, bdb_block);

/* Has libdb allocate from this list from now on; NULL: from none. Call it
 * whenever another environment may have been in use. */
void bdb_memory_use(struct bdb_memory *memory);

/* Accounts have a file of their own. Their ids rise, and libdb leaves full
 * pages behind only at a tree's end; in the middle of a tree it halves them. */
enum bdb_file { BDB_ACCOUNTS, BDB_RECORDS, BDB_PARAMS, BDB_FILES };
extern const char *const bdb_file_names[BDB_FILES];

/* The files that libdb shares its memory in. */
enum { BDB_REGIONS_MOST = 8 };
struct bdb_regions {
	FILE *maps; /* /proc/self/maps, which the owner opens before the
		     * sandbox; NULL where it cannot be read */
	/* Inode numbers, since old files of the same names may still be
	 * mapped. */
	ino_t files[BDB_REGIONS_MOST];
	int count;
};

/* All zero but for the first three members: closed. */
struct bdb {
	char *dir; /* the owner's */
	struct bdb_regions regions;
	int log_fd;   /* the log file that commits go to, opened here to flush
		       * it; -1: none */
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

/* For a unit of work that writes much: until it is over, the cache and the log
 * files are large and checkpoints far apart, where the disk has the room. The
 * next bdb_open() that recovers makes the regions for it. */
void bdb_expect_bulk(struct bdb *bdb);

/* Whether a file of that name has data or log, and no shared memory. */
bool bdb_is_stored(const char *name);

/* Whether there is such a file. */
bool bdb_has(const char *dir, const char *name);

/* Opens everything, after the recovery that it is told to do. BDB_RECENT goes
 * from the last checkpoint on. BDB_ALL goes by all of the log, for a directory
 * whose data files may be older than that checkpoint. After a failure the
 * caller closes. */
enum bdb_recovery { BDB_NONE, BDB_RECENT, BDB_ALL };
int bdb_open(struct bdb *bdb, enum bdb_recovery recovery);

/* After a store was made: writes into its data files that there is a log, so
 * that none of them is ever taken for whole without its log. */
int bdb_mark_new(struct bdb *bdb);

/* Whether there is more log than libdb's open handles know of, because libdb's
 * shared memory was copied from an earlier time. */
bool bdb_is_behind(struct bdb *bdb);

/* Closes what is open. Handles are dead when a process has died in the regions,
 * or when libdb has failed in them. */
void bdb_close(struct bdb *bdb, bool dead);

/* Around a unit of work that may write. bdb_begin_log() writes a checkpoint if
 * one is `due`, or if the log has grown enough. After bdb_end_log() the log
 * file that the unit has written to is open in log_fd, so that the caller can
 * flush it after leaving the gate; files before that one are flushed already.
 * If nothing was `written`, the file need not exist yet. */
int bdb_begin_log(struct bdb *bdb, bool due);
int bdb_end_log(struct bdb *bdb, bool written);

int bdb_checkpoint(struct bdb *bdb);

/* Has libdb look over its files, as they are after a checkpoint. Returns 0 if
 * they are clean, else libdb's code; the reasons are in the log. */
int bdb_verify(struct bdb *bdb);

/* Whether the disk can flush at all. A file of its own is tried, since a failed
 * try on the log would cost the handles, and reading with them. */
int bdb_try_flush(const struct bdb *bdb);

/* Writes all files over themselves, as they are read now, and flushes them.
 * After a failed flush the kernel holds as clean what never reached the disk,
 * and the next flush would say that all is well; after this it is true. The
 * handles must be closed; a recovery must follow. */
int bdb_rewrite(const struct bdb *bdb);

/* Flushes all files before a recovery. A recovery takes the log that it reads
 * for durable and writes pages by it, but the process that died may not have
 * flushed that log. After a power loss the pages would have changes of which
 * the log knows nothing. */
int bdb_flush(const struct bdb *bdb);

#endif
