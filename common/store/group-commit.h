/* group-commit.h - group commit: one flush for all processes that have written
 * to a log before it.
 *
 * A process that comes while another flushes waits for that flush, and is done
 * if the flush covered what it wrote. If not, it flushes for all that have
 * written by then. A process may be stopped or die while it flushes, so the
 * others wait for it only for a moment, and then each flushes by itself. That
 * one process flushes at a time is a habit; nothing depends on it. */
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
	_Atomic uint32_t waiting; /* how many; a process killed while it waits
				   * stays in the count */
	_Atomic uint32_t broken;  /* a flush has failed */
};

/* Notes that the log is written as far as `lsn`, so all before that is in the
 * files. By one process at a time, inside the gate. */
void group_commit_wrote(struct group_commit *group, uint64_t lsn);

/* Returns 0 when the log is on disk as far as `lsn`, which lies in the file of
 * `fd` or at its end; else the errno of the flush. Files before that one were
 * flushed by the process that wrote on into the next.
 *
 * A flush that fails sets `broken` before the processes that wait for it go on.
 * The kernel tells a failure once, so their own flushes may succeed although
 * what they wrote, or what lies before it in the log, may be lost. So look at
 * `broken` after each flush that has succeeded. */
int group_commit_flush(struct group_commit *group, uint64_t lsn, int fd);

/* Forgets what was flushed: that log is no more. */
void group_commit_forget(struct group_commit *group);

#endif
