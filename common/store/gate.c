/* gate.c - one process at a time inside libdb
 *
 * A process enters in three steps. It locks the file `gate` by flock(), with a
 * time limit. It checks that this file is still the one at the path, since an
 * operator may have replaced the directory; otherwise it opens the new one.
 * Then it reads the shared page: if `inside` still has a pid, or the page was
 * written in another boot or another directory, libdb's shared memory cannot be
 * trusted, and the view says `recover`. At that moment `recoveries` goes up,
 * before the recovery and whether or not it succeeds, so that every process
 * that looks knows its handles to be dead. Only then the process writes its own
 * pid to `inside`. It clears the pid when it leaves, and the kernel frees the
 * lock when it dies, so a death inside leaves the pid and nothing else. */
#include "config.h"

#include "store/gate.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Where time_t has more bits than the processor's words. */
#if !defined SYS_futex_time64
#define SYS_futex_time64 SYS_futex
#endif

enum {
	GATE_SIZE = 4096,
	LET_GO_MS = 500, /* how long an idle process with dead handles waits */
	/* how long to wait for another process's flush: longer than a healthy
	 * disk takes, a cheap flash 5 ms, a turning disk 20 */
	FLUSH_MS = 100,
	REOPENS = 3
};

/* Tells the directory from a copy of it: the gate's own file, and when the file
 * `place` was last changed, which nothing touches but a copy of the whole
 * directory. An inode's number alone would not do: it is used again, and a file
 * that is copied over keeps it. */
struct place {
	uint64_t device;
	uint64_t inode;
	uint64_t changed;
};

/* The shared page. All zero, as a new file is, asks for a recovery. */
struct shared {
	_Atomic uint64_t recoveries;
	_Atomic uint64_t changes;
	_Atomic int64_t last[GATE_TASKS]; /* CLOCK_BOOTTIME, seconds */
	_Atomic int32_t inside;           /* pid of the process in libdb, or
					   * 0 */
	/* Where the note was written. In another boot, or in a directory that
	 * was copied or restored, the note says nothing about libdb's files. */
	struct place place;
	char boot[40];
	/* How far the log is written, and how far it is known to be on disk. */
	_Atomic uint64_t written;
	_Atomic uint64_t flushed;
	_Atomic uint32_t flusher; /* pid, or 0; a futex */
	uint32_t unused;          /* of earlier versions: how many wait */
	_Atomic uint32_t broken;  /* a flush has failed */
};

struct gate {
	char *path;
	int fd;
	struct shared *shared;
	struct stat file;
	char *place;
	char boot[40];
	pid_t pid;
	int wait_ms;
	bool inside;
	time_t looked;    /* when a reader last found the file at its path */
	uint64_t entered; /* CLOCK_MONOTONIC, microseconds */
	uint64_t held;
};

static uint64_t
in_ns(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
}

static void
read_boot_id(char *boot, size_t size)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, boot, size - 1);

	file_close(fd);
	/* Never empty: an empty one would match a new gate file. */
	if (length <= 0)
		strcpy(boot, "unknown");
	else
		boot[length] = '\0';
}

struct gate *
gate_new(const char *path)
{
	struct gate *gate = mem_zero(sizeof *gate);

	gate->path = mem_copy(path);
	gate->place = mem_printf("%.*splace",
		(int)(strlen(path) - strlen(basename(path))), path);
	gate->fd = -1;
	gate->pid = getpid();
	gate->wait_ms = GATE_WAIT_MS;
	read_boot_id(gate->boot, sizeof gate->boot);
	return gate;
}

static void
close_file(struct gate *gate)
{
	if (gate->shared != NULL)
		munmap(gate->shared, GATE_SIZE);
	file_close(gate->fd);
	gate->shared = NULL;
	gate->fd = -1;
}

void
gate_free(struct gate *gate)
{
	if (gate == NULL)
		return;
	close_file(gate);
	mem_free(gate->path);
	mem_free(gate->place);
	mem_free(gate);
}

static enum status
refuse(const struct gate *gate, const char *what)
{
	log_error("store: %s: %s: %s", gate->path, what, strerror(errno));
	return STATUS_UNAVAILABLE;
}

static bool
map_file(struct gate *gate)
{
	void *map = mmap(NULL, GATE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		gate->fd, 0);

	gate->shared = map == MAP_FAILED ? NULL : map;
	return map != MAP_FAILED && fstat(gate->fd, &gate->file) == 0;
}

static enum status
open_file(struct gate *gate)
{
	const char *flaw = NULL;

	gate->fd = open(
		gate->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* In full at once: a hole in a mapped file is a SIGBUS on a full
	 * disk. */
	if (gate->fd < 0)
		flaw = "cannot open";
	else if ((errno = posix_fallocate(gate->fd, 0, GATE_SIZE)) != 0)
		flaw = "cannot allocate";
	else if (!map_file(gate))
		flaw = "cannot map";
	if (flaw == NULL)
		return STATUS_OK;
	refuse(gate, flaw);
	close_file(gate);
	return STATUS_UNAVAILABLE;
}

/* A lock that is held while no process is inside is an operator's flock(1), as
 * for a backup, or is about to be freed. */
static void
say_held(const struct gate *gate)
{
	int inside = (int)atomic_load(&gate->shared->inside);
	char holder[32] = "another, for a backup maybe";

	if (inside != 0)
		snprintf(holder, sizeof holder, "process %d", inside);
	log_error("store: %s: not free within %d ms, held by %s", gate->path,
		gate->wait_ms, holder);
}

/* flock() with a time limit, which it lacks: a timer interrupts it. Only a
 * request that has waited in vain is worth a log line. */
static enum status
lock(struct gate *gate, int wait_ms)
{
	int64_t deadline;
	int result;

	if (flock(gate->fd, LOCK_EX | LOCK_NB) == 0)
		return STATUS_OK;
	if (errno != EWOULDBLOCK)
		return refuse(gate, "cannot lock");
	if (wait_ms == 0)
		return STATUS_UNAVAILABLE;
	deadline = tick_now() + wait_ms;
	tick_begin();
	do
		result = flock(gate->fd, LOCK_EX);
	while (result != 0 && errno == EINTR && tick_now() < deadline);
	tick_end();
	if (result == 0)
		return STATUS_OK;
	if (errno != EINTR)
		return refuse(gate, "cannot lock");
	if (wait_ms == gate->wait_ms)
		say_held(gate);
	return STATUS_UNAVAILABLE;
}

static enum status
lock_current(struct gate *gate, int wait_ms)
{
	int i;

	for (i = 0; i < REOPENS; i++) {
		enum status status = gate->fd < 0 ? open_file(gate) : STATUS_OK;

		if (status == STATUS_OK)
			status = lock(gate, wait_ms);
		if (status != STATUS_OK)
			return status;
		/* The directory may have been replaced under a running
		 * process. */
		if (file_is_at(&gate->file, gate->path))
			return STATUS_OK;
		close_file(gate);
	}
	errno = ESTALE;
	return refuse(gate, "replaced again and again");
}

static struct place
place_of(const struct gate *gate)
{
	struct place place = {gate->file.st_dev, gate->file.st_ino, 0};
	struct stat file;

	if (stat(gate->place, &file) == 0)
		place.changed = in_ns(&file.st_ctim);
	return place;
}

static bool
was_moved(const struct gate *gate)
{
	struct place place = place_of(gate);

	return place.changed == 0 ||
	       memcmp(&gate->shared->place, &place, sizeof place) != 0;
}

static bool
is_of_this_boot(const struct gate *gate)
{
	return strncmp(gate->shared->boot, gate->boot, sizeof gate->boot) == 0;
}

/* Makes the file `place` if there is none. If that fails, the next process to
 * enter recovers, too. */
static void
note_place(struct gate *gate)
{
	int fd = open(
		gate->place, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	file_close(fd);
	gate->shared->place = place_of(gate);
	memcpy(gate->shared->boot, gate->boot, sizeof gate->boot);
}

static enum status
enter(struct gate *gate, struct gate_view *view, int wait_ms)
{
	enum status status;

	assert(gate->pid == getpid());
	status = lock_current(gate, wait_ms);
	if (status != STATUS_OK)
		return status;
	gate->inside = true;
	gate->entered = tick_us();
	view->moved = was_moved(gate);
	view->recover = view->moved || !is_of_this_boot(gate) ||
			atomic_load(&gate->shared->inside) != 0;
	/* From now on every process can tell that its handles are dead, whether
	 * this recovery succeeds or not. */
	if (view->recover)
		atomic_fetch_add(&gate->shared->recoveries, 1);
	view->recoveries = atomic_load(&gate->shared->recoveries);
	atomic_store(&gate->shared->inside, (int32_t)gate->pid);
	return STATUS_OK;
}

enum status
gate_enter(struct gate *gate, struct gate_view *view)
{
	return enter(gate, view, gate->wait_ms);
}

void
gate_set_wait(struct gate *gate, int wait_ms)
{
	gate->wait_ms = wait_ms;
}

/* Whether no recovery was begun since the count `recoveries`. */
static bool
is_count(const struct gate *gate, uint64_t recoveries)
{
	return gate->shared != NULL &&
	       atomic_load(&gate->shared->recoveries) == recoveries;
}

enum status
gate_let_go(struct gate *gate, uint64_t recoveries, struct gate_view *view)
{
	return enter(gate, view, is_count(gate, recoveries) ? 0 : LET_GO_MS);
}

bool
gate_left(const struct gate *gate, uint64_t recoveries)
{
	return is_count(gate, recoveries) &&
	       atomic_load(&gate->shared->inside) == 0;
}

void
gate_leave(struct gate *gate, bool clean)
{
	if (clean)
		atomic_store(&gate->shared->inside, 0);
	flock(gate->fd, LOCK_UN);
	gate->inside = false;
	gate->held = tick_us() - gate->entered;
}

uint64_t
gate_held(const struct gate *gate)
{
	return gate->held;
}

uint64_t
gate_recovered(struct gate *gate)
{
	struct shared *shared = gate->shared;
	struct timespec now;

	if (was_moved(gate) || !is_of_this_boot(gate)) {
		/* The state came from elsewhere: its counts must not equal
		 * those that a process saw at this path before. */
		clock_gettime(CLOCK_REALTIME, &now);
		atomic_store(&shared->changes, in_ns(&now));
		atomic_store(&shared->recoveries, in_ns(&now));
		note_place(gate);
	}
	/* They belong to a log that is no more. */
	atomic_store(&shared->written, 0);
	atomic_store(&shared->flushed, 0);
	atomic_fetch_add(&shared->changes, 1);
	return atomic_fetch_add(&shared->recoveries, 1) + 1;
}

uint64_t
gate_changes(struct gate *gate)
{
	struct timespec now;

	if (gate->shared == NULL)
		return 0;
	/* Once a second: a process that only reads this never enters, and would
	 * not see that the directory was replaced. */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec != gate->looked &&
		!file_is_at(&gate->file, gate->path)) {
		/* Inside, the file has the lock and the note until the process
		 * leaves. */
		if (!gate->inside)
			close_file(gate);
		return 0;
	}
	gate->looked = now.tv_sec;
	return atomic_load(&gate->shared->changes);
}

void
gate_change(struct gate *gate)
{
	atomic_fetch_add(&gate->shared->changes, 1);
}

bool
gate_broken(const struct gate *gate)
{
	return gate->shared != NULL && atomic_load(&gate->shared->broken) != 0;
}

void
gate_set_broken(struct gate *gate, bool broken)
{
	if (gate->shared != NULL)
		atomic_store(&gate->shared->broken, broken ? 1 : 0);
}

void
gate_wrote(struct gate *gate, uint64_t lsn)
{
	atomic_store(&gate->shared->written, lsn);
}

static int
flush(struct shared *shared, uint64_t lsn, int fd)
{
	uint64_t recoveries = atomic_load(&shared->recoveries);
	uint64_t end = atomic_load(&shared->written), flushed;

	/* What is written lies in another file, or the log was forgotten
	 * meanwhile. */
	if (end >> 32 != lsn >> 32 || end < lsn)
		end = lsn;
	if (fdatasync(fd) != 0)
		return errno;
	flushed = atomic_load(&shared->flushed);
	/* After a recovery `end` may be a place in a log that is no more. */
	while (flushed < end &&
		recoveries == atomic_load(&shared->recoveries) &&
		!atomic_compare_exchange_weak(&shared->flushed, &flushed, end))
		;
	return 0;
}

/* Waits until the process `flusher` has flushed. False: it takes too long, or a
 * signal has interrupted the wait. */
static bool
await_flush(struct shared *shared, uint32_t flusher)
{
	struct timespec limit = {0, FLUSH_MS * 1000000};
	long call = sizeof limit.tv_sec > sizeof(long) ? SYS_futex_time64
						       : SYS_futex;

	return syscall(call, &shared->flusher, FUTEX_WAIT, flusher, &limit,
		       NULL, 0) == 0 ||
	       errno == EAGAIN;
}

/* A process that wants its change on disk looks first whether `flushed` covers
 * it. If not, it notes its pid as `flusher`, or waits for the process that has
 * done so, and looks again: that one has mostly flushed for both. A process
 * that has waited a tenth of a second flushes all the same and takes over
 * `flusher`, since the other may be stopped or dead. So two may flush at the
 * same time, which is harmless: `flushed` only goes up.
 *
 * Why a futex, and not a lock of the file: a futex wakes all waiting processes
 * at once, without a timer for the limit. By a lock four writers made 0.7 to
 * 0.8 times as many changes a second (bench/store: 1.2 times one writer's, and
 * not the 1.5 that doc/performance.md claims). */
int
gate_flush(struct gate *gate, uint64_t lsn, int fd)
{
	struct shared *shared = gate->shared;
	uint32_t me = (uint32_t)gate->pid, other = 0;
	int result = 0;

	while (atomic_load(&shared->flushed) < lsn &&
		!atomic_compare_exchange_strong(&shared->flusher, &other, me)) {
		if (!await_flush(shared, other)) {
			atomic_compare_exchange_strong(
				&shared->flusher, &other, me);
			break;
		}
		other = 0;
	}
	if (atomic_load(&shared->flushed) < lsn)
		result = flush(shared, lsn, fd);
	if (result != 0)
		atomic_store(&shared->broken, 1);
	if (atomic_compare_exchange_strong(&shared->flusher, &me, 0))
		syscall(SYS_futex, &shared->flusher, FUTEX_WAKE, INT_MAX, NULL,
			NULL, 0);
	return result;
}

bool
gate_every(struct gate *gate, unsigned task, int64_t seconds)
{
	int64_t now = tick_now() / 1000, last;

	if (gate->shared == NULL)
		return false;
	last = atomic_load(&gate->shared->last[task]);
	/* A clock that went back belongs to another boot; 0 is never. */
	if (last > 0 && now >= last && now - last < seconds)
		return false;
	return atomic_compare_exchange_strong(
		&gate->shared->last[task], &last, now);
}
