/* group-commit.c - one flush for all processes that have written before it */
#include "config.h"

#include "store/group-commit.h"
#include "unit.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>

enum { FILE_1 = 1, FILE_2 };

/* Shared by the processes of a test. */
static struct {
	struct group_commit group;
	_Atomic int flushes;
	_Atomic int reached; /* a flush has begun */
	_Atomic int go;      /* and may end */
} * shared;

/* Where a minute is long enough for whatever a busy machine does first. */
static bool patient;

long
syscall(long number, ...)
{
	static const struct timespec minute = {60, 0};
	long (*real)(long, ...), given[6];
	va_list list;
	int i;

	va_start(list, number);
	for (i = 0; i < 6; i++)
		given[i] = va_arg(list, long);
	va_end(list);
	if (patient && given[1] == FUTEX_WAIT)
		given[3] = (long)&minute;
	*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	return real(number, given[0], given[1], given[2], given[3], given[4],
		given[5]);
}

/* What the next flush of this process does. */
static enum { GOOD, BAD, SLOW, SLOW_AND_BAD, FOR_EVER } kind;

int
fdatasync(int fd)
{
	(void)fd;
	shared->flushes++;
	shared->reached = 1;
	while (kind == FOR_EVER ||
		((kind == SLOW || kind == SLOW_AND_BAD) && !shared->go))
		usleep(1000);
	errno = EIO;
	return kind == BAD || kind == SLOW_AND_BAD ? -1 : 0;
}

static uint64_t
lsn(uint32_t file, uint32_t offset)
{
	return (uint64_t)file << 32 | offset;
}

/* The same state for each test: everything is forgotten, nothing counted. */
static struct group_commit *
begin(void)
{
	memset(shared, 0, sizeof *shared);
	kind = GOOD;
	return &shared->group;
}

static void
test_alone(void)
{
	struct group_commit *group = begin();

	group_commit_wrote(group, lsn(FILE_1, 10));
	is_int(group_commit_flush(group, lsn(FILE_1, 10), -1), 0,
		"what is written");
	is_int(shared->flushes, 1, "is flushed");
	is_int(group_commit_flush(group, lsn(FILE_1, 10), -1), 0, "and again");
	is_int(shared->flushes, 1, "is so already");
	group_commit_wrote(group, lsn(FILE_1, 11));
	is_int(group_commit_flush(group, lsn(FILE_1, 11), -1), 0, "more of it");
	is_int(shared->flushes, 2, "is not");
}

static void
test_together(void)
{
	struct group_commit *group = begin();

	group_commit_wrote(group, lsn(FILE_1, 10));
	group_commit_wrote(group, lsn(FILE_1, 20));
	group_commit_wrote(group, lsn(FILE_1, 30));
	is_int(group_commit_flush(group, lsn(FILE_1, 20), -1), 0,
		"one of three");
	is_int(group_commit_flush(group, lsn(FILE_1, 10), -1), 0, "one before");
	is_int(group_commit_flush(group, lsn(FILE_1, 30), -1), 0,
		"and one after");
	is_int(shared->flushes, 1, "by one flush");
}

static void
test_next_file(void)
{
	struct group_commit *group = begin();

	group_commit_wrote(group, lsn(FILE_1, 90));
	group_commit_wrote(group, lsn(FILE_2, 10));
	is_int(group_commit_flush(group, lsn(FILE_1, 90), -1), 0,
		"the file before");
	is_int(group_commit_flush(group, lsn(FILE_2, 10), -1), 0,
		"and the next");
	is_int(shared->flushes, 2, "are flushed each by itself");
	is_int(group_commit_flush(group, lsn(FILE_1, 95), -1), 0,
		"what was written before the next one");
	is_int(shared->flushes, 2, "is so already");
}

static void
test_forgotten(void)
{
	struct group_commit *group = begin();

	group_commit_wrote(group, lsn(FILE_2, 90));
	group_commit_flush(group, lsn(FILE_2, 90), -1);
	group_commit_forget(group);
	is_int(group_commit_flush(group, lsn(FILE_1, 10), -1), 0,
		"another log");
	is_int(shared->flushes, 2, "is flushed anew");
	group_commit_wrote(group, lsn(FILE_1, 20));
	is_int(group_commit_flush(group, lsn(FILE_1, 20), -1), 0,
		"and further");
	is_int(shared->flushes, 3, "as far as it goes");
}

static void
test_failed(void)
{
	struct group_commit *group = begin();

	group_commit_wrote(group, lsn(FILE_1, 10));
	kind = BAD;
	is_int(group_commit_flush(group, lsn(FILE_1, 10), -1), EIO,
		"a flush fails");
	is_int(group_commit_flush(group, lsn(FILE_1, 10), -1), EIO,
		"another's too");
	is_int(shared->flushes, 2, "which is one of its own");
	kind = GOOD;
	is_int(group_commit_flush(group, lsn(FILE_1, 10), -1), 0,
		"until one does");
}

/* Another process begins a flush of what is written. */
static pid_t
flush_elsewhere(int how)
{
	pid_t pid = fork();

	if (pid == 0) {
		kind = how;
		_exit(group_commit_flush(
			&shared->group, shared->group.written, -1));
	}
	while (!shared->reached)
		usleep(1000);
	return pid;
}

static int
end(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status)
		       ? WEXITSTATUS(status)
		       : -1;
}

/* Until that process sleeps, or has ended. */
static void
await_sleep(pid_t pid)
{
	char path[64], state = 'R';
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	while (state != 'S' && state != 'Z') {
		file = fopen(path, "r");
		if (file == NULL || fscanf(file, "%*d %*s %c", &state) != 1)
			state = 'Z';
		fclose(file);
	}
}

/* Waits in the group for the place `offset`, in a process of its own. */
static pid_t
wait_elsewhere(uint32_t offset)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(group_commit_flush(
			&shared->group, lsn(FILE_1, offset), -1));
	await_sleep(pid);
	return pid;
}

/* One flushes, and four wait: three of them had not written before. */
struct waiting {
	pid_t flusher, before, after[3];
};

static struct waiting
wait_together(void)
{
	struct group_commit *group = begin();
	struct waiting all;
	uint32_t i;

	patient = true;
	group_commit_wrote(group, lsn(FILE_1, 10));
	all.flusher = flush_elsewhere(SLOW);
	all.before = wait_elsewhere(10);
	for (i = 0; i < 3; i++) {
		group_commit_wrote(group, lsn(FILE_1, 20 + i));
		all.after[i] = wait_elsewhere(20 + i);
	}
	patient = false;
	return all;
}

static void
test_waits(void)
{
	struct waiting all = wait_together();
	int i, flushes = shared->flushes, after = 0;
	bool good;

	shared->go = 1;
	good = end(all.flusher) == 0 && end(all.before) == 0;
	for (i = 0; i < 3; i++)
		after += end(all.after[i]) == 0;
	is_int(flushes, 1, "all wait for the one who flushes");
	ok(good, "his flush is good for who had written before it");
	is_int(after, 3, "and after it there is one for who had not");
	is_int(shared->flushes, 2, "for all of these");
}

static void
test_fails_elsewhere(void)
{
	struct group_commit *group = begin();
	pid_t flusher, waiter;

	group_commit_wrote(group, lsn(FILE_1, 10));
	flusher = flush_elsewhere(BAD);
	is_int(end(flusher), EIO, "another's flush fails");
	waiter = wait_elsewhere(10);
	is_int(end(waiter), 0, "who comes then does not believe it");
	is_int(shared->flushes, 2, "and flushes by himself");
}

/* A process that waits goes on when the flush has failed: that must be known by
 * then. */
static void
test_fails_meanwhile(void)
{
	struct group_commit *group = begin();
	pid_t flusher, waiter;

	patient = true;
	group_commit_wrote(group, lsn(FILE_1, 10));
	flusher = flush_elsewhere(SLOW_AND_BAD);
	waiter = fork();
	if (waiter == 0)
		_exit(group_commit_flush(group, lsn(FILE_1, 10), -1) == 0 &&
			group->broken == 0);
	await_sleep(waiter);
	patient = false;
	shared->go = 1;
	is_int(end(waiter), 0, "who waits for one that fails knows of it");
	is_int(end(flusher), EIO, "as does who has failed");
}

/* `signal` befalls the process that flushes. */
static void
test_lost(int signal, const char *name)
{
	struct group_commit *group = begin();
	pid_t flusher;

	group_commit_wrote(group, lsn(FILE_1, 10));
	flusher = flush_elsewhere(FOR_EVER);
	kill(flusher, signal);
	is_int(group_commit_flush(group, lsn(FILE_1, 10), -1), 0, name);
	is_int(shared->flushes, 2, "is not waited for in vain");
	group_commit_wrote(group, lsn(FILE_1, 20));
	is_int(group_commit_flush(group, lsn(FILE_1, 20), -1), 0,
		"the next flush");
	is_int(group->flusher, 0, "is nobody's place any more");
	kill(flusher, SIGKILL);
	end(flusher);
}

int
main(void)
{
	alarm(60);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	test_alone();
	test_together();
	test_next_file();
	test_forgotten();
	test_failed();
	test_waits();
	test_fails_elsewhere();
	test_fails_meanwhile();
	test_lost(SIGSTOP, "one who is stopped at it");
	test_lost(SIGKILL, "one who died at it");
	return done();
}
