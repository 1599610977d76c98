/* group-commit.c - group commit: one flush for all processes that have written
 * to a log before it
 *
 * `flusher` has the pid of the process that flushes, or 0. A process that wants
 * its change on disk looks first whether `flushed` covers it. If not, it takes
 * `flusher` and flushes, for all that is written by then. If another process
 * has `flusher`, it waits on the futex until that changes, at most a tenth of a
 * second, and looks again. After that time it flushes in any case and takes
 * over `flusher`, since the other process may be dead. So two processes may
 * flush at the same time, which is harmless: `flushed` only goes up. */
#include "config.h"

#include "store/group-commit.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Longer than a healthy disk takes: a cheap flash 5 ms, a turning disk 20. */
enum { PATIENCE_MS = 100 };

/* Where time_t has more bits than the processor's words. */
#if !defined SYS_futex_time64
#define SYS_futex_time64 SYS_futex
#endif

void
group_commit_wrote(struct group_commit *group, uint64_t lsn)
{
	atomic_store(&group->written, lsn);
}

void
group_commit_forget(struct group_commit *group)
{
	atomic_store(&group->written, 0);
	atomic_store(&group->flushed, 0);
}

/* Waits until `flusher` has ended. False: it takes too long, or a signal has
 * interrupted the wait. */
static bool
wait_for(struct group_commit *group, uint32_t flusher)
{
	struct timespec patience = {0, PATIENCE_MS * 1000000};
	long call = sizeof patience.tv_sec > sizeof(long) ? SYS_futex_time64
							  : SYS_futex;
	bool ended;

	atomic_fetch_add(&group->waiting, 1);
	ended = syscall(call, &group->flusher, FUTEX_WAIT, flusher, &patience,
			NULL, 0) == 0 ||
		errno == EAGAIN;
	atomic_fetch_sub(&group->waiting, 1);
	return ended;
}

/* Gives up `flusher`, unless another process has taken it over, and wakes those
 * that wait. */
static void
stand_down(struct group_commit *group, uint32_t me)
{
	atomic_compare_exchange_strong(&group->flusher, &me, 0);
	if (atomic_load(&group->waiting) != 0)
		syscall(SYS_futex, &group->flusher, FUTEX_WAKE, INT_MAX, NULL,
			NULL, 0);
}

static int
flush(struct group_commit *group, uint64_t lsn, int fd)
{
	uint64_t end = atomic_load(&group->written), flushed;

	/* What is written lies in another file, or the log was forgotten
	 * meanwhile. */
	if (end >> 32 != lsn >> 32 || end < lsn)
		end = lsn;
	if (fdatasync(fd) != 0)
		return errno;
	flushed = atomic_load(&group->flushed);
	while (flushed < end &&
		!atomic_compare_exchange_weak(&group->flushed, &flushed, end))
		;
	return 0;
}

int
group_commit_flush(struct group_commit *group, uint64_t lsn, int fd)
{
	uint32_t me = (uint32_t)getpid(), flusher;
	int result;

	for (;;) {
		if (atomic_load(&group->flushed) >= lsn)
			return 0;
		flusher = 0;
		if (atomic_compare_exchange_strong(
			    &group->flusher, &flusher, me))
			break;
		if (wait_for(group, flusher))
			continue;
		/* Takes over: that process may be dead. */
		atomic_compare_exchange_strong(&group->flusher, &flusher, me);
		break;
	}
	result = flush(group, lsn, fd);
	if (result != 0)
		atomic_store(&group->broken, 1);
	stand_down(group, me);
	return result;
}
