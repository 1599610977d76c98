/* group-commit.h - group commit: one flush for all who have written to a log
 * before it
 *
 * Whoever comes while another flushes waits for him, and is done if that flush
 * covered him; else he flushes for all who have written by then. Who flushes
 * may be stopped or die at it: nobody waits for him longer than a moment, and
 * then flushes by himself. So that one flushes at a time is a habit, and
 * nothing depends on it. */
#ifndef LATCHKEY_GROUP_COMMIT_H
#define LATCHKEY_GROUP_COMMIT_H

#include <stdatomic.h>
#include <stdint.h>

/* In memory that all processes map; all zero: nothing is known to be flushed.
 * Places in the log are libdb's LSNs: the file's number << 32 | the offset. */
struct group_commit {
	_Atomic uint64_t written;
	_Atomic uint64_t flushed;
	_Atomic uint32_t flusher; /* pid, or 0 */
	_Atomic uint32_t waiting; /* how many; who was killed at it counts on */
	_Atomic uint32_t broken;  /* a flush has failed */
};

/* Notes that the log is written as far as `lsn`, before which everything is in
 * the files already. By one process at a time. */
void group_commit_wrote(struct group_commit *group, uint64_t lsn);

/* Returns 0 when the log is on disk as far as `lsn`, which lies in the file of
 * `fd` or at its end; else errno of the flush. Files before it are flushed by
 * the process that has written to a next one.
 *
 * A flush that fails sets `broken` before the processes that wait for it go
 * on: the kernel tells a failure once, so their own flushes may succeed, and
 * yet what they have written, or what lies before it, may be lost. Look at
 * `broken` after each flush that has succeeded. */
int group_commit_flush(struct group_commit *group, uint64_t lsn, int fd);

/* What was flushed is of a log that is no more. */
void group_commit_forget(struct group_commit *group);

#endif
