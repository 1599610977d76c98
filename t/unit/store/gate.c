/* gate.c - one flush for all processes that have written before it */
#include "config.h"

#include "store/gate.h"
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
	_Atomic int flushes;
	_Atomic int reached; /* a flush has begun */
	_Atomic int go;      /* and may end */
	_Atomic int waiting; /* the process that is about to wait for it */
} * shared;

/* Each process has one of its own. */
static struct gate *gate;
static char *path;
static uint64_t written;

/* What the next flush of this process does. */
static enum { GOOD, BAD, SLOW, SLOW_AND_BAD, FOR_EVER } kind;

/* Whether a minute is the limit of a wait, which is long enough for whatever a
 * busy machine does first. */
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

static void
open_gate(void)
{
	struct gate_view view;

	gate = gate_new(path);
	gate_enter(gate, &view);
	gate_leave(gate, true);
}

static void
wrote(uint64_t end)
{
	struct gate_view view;

	gate_enter(gate, &view);
	gate_wrote(gate, end);
	gate_leave(gate, true);
	written = end;
}

/* As after a recovery: the log is another. */
static void
forget(void)
{
	struct gate_view view;

	gate_enter(gate, &view);
	gate_recovered(gate);
	gate_leave(gate, true);
}

/* The same state for each test: everything is forgotten, nothing counted. */
static void
begin(void)
{
	memset(shared, 0, sizeof *shared);
	kind = GOOD;
	forget();
	gate_set_broken(gate, false);
}

static void
test_alone(void)
{
	begin();
	wrote(lsn(FILE_1, 10));
	is_int(gate_flush(gate, lsn(FILE_1, 10), -1), 0, "what is written");
	is_int(shared->flushes, 1, "is flushed");
	is_int(gate_flush(gate, lsn(FILE_1, 10), -1), 0, "and again");
	is_int(shared->flushes, 1, "is so already");
	wrote(lsn(FILE_1, 11));
	is_int(gate_flush(gate, lsn(FILE_1, 11), -1), 0, "more of it");
	is_int(shared->flushes, 2, "is not");
}

static void
test_together(void)
{
	begin();
	wrote(lsn(FILE_1, 10));
	wrote(lsn(FILE_1, 20));
	wrote(lsn(FILE_1, 30));
	is_int(gate_flush(gate, lsn(FILE_1, 20), -1), 0, "one of three");
	is_int(gate_flush(gate, lsn(FILE_1, 10), -1), 0, "one before");
	is_int(gate_flush(gate, lsn(FILE_1, 30), -1), 0, "and one after");
	is_int(shared->flushes, 1, "by one flush");
}

static void
test_next_file(void)
{
	begin();
	wrote(lsn(FILE_1, 90));
	wrote(lsn(FILE_2, 10));
	is_int(gate_flush(gate, lsn(FILE_1, 90), -1), 0, "the file before");
	is_int(gate_flush(gate, lsn(FILE_2, 10), -1), 0, "and the next");
	is_int(shared->flushes, 2, "are flushed each by itself");
	is_int(gate_flush(gate, lsn(FILE_1, 95), -1), 0,
		"what was written before the next one");
	is_int(shared->flushes, 2, "is so already");
}

static void
test_forgotten(void)
{
	begin();
	wrote(lsn(FILE_2, 90));
	gate_flush(gate, lsn(FILE_2, 90), -1);
	forget();
	is_int(gate_flush(gate, lsn(FILE_1, 10), -1), 0, "another log");
	is_int(shared->flushes, 2, "is flushed anew");
	wrote(lsn(FILE_1, 20));
	is_int(gate_flush(gate, lsn(FILE_1, 20), -1), 0, "and further");
	is_int(shared->flushes, 3, "as far as it goes");
}

static void
test_failed(void)
{
	begin();
	wrote(lsn(FILE_1, 10));
	kind = BAD;
	is_int(gate_flush(gate, lsn(FILE_1, 10), -1), EIO, "a flush fails");
	is_int(gate_flush(gate, lsn(FILE_1, 10), -1), EIO, "another's too");
	is_int(shared->flushes, 2, "which is one of its own");
	kind = GOOD;
	is_int(gate_flush(gate, lsn(FILE_1, 10), -1), 0, "until one does");
}

/* Another process begins a flush of what is written. */
static pid_t
flush_elsewhere(int how)
{
	pid_t pid = fork();

	if (pid == 0) {
		open_gate();
		kind = how;
		_exit(gate_flush(gate, written, -1));
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

/* Until that process waits for the one that flushes, or has ended. */
static void
await_sleep(pid_t pid)
{
	char stat[64], state = 'R';
	FILE *file;

	while (shared->waiting != pid)
		usleep(1000);
	snprintf(stat, sizeof stat, "/proc/%d/stat", (int)pid);
	while (state != 'S' && state != 'Z') {
		file = fopen(stat, "r");
		if (file == NULL || fscanf(file, "%*d %*s %c", &state) != 1)
			state = 'Z';
		fclose(file);
	}
}

/* In a process of its own: however busy the machine is, it waits as long as it
 * takes. */
static int
flush_patiently(uint64_t end)
{
	open_gate();
	patient = true;
	shared->waiting = getpid();
	return gate_flush(gate, end, -1);
}

/* Waits for the place `offset`. */
static pid_t
wait_elsewhere(uint32_t offset)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(flush_patiently(lsn(FILE_1, offset)));
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
	struct waiting all;
	uint32_t i;

	begin();
	wrote(lsn(FILE_1, 10));
	all.flusher = flush_elsewhere(SLOW);
	all.before = wait_elsewhere(10);
	for (i = 0; i < 3; i++) {
		wrote(lsn(FILE_1, 20 + i));
		all.after[i] = wait_elsewhere(20 + i);
	}
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
	pid_t flusher, waiter;

	begin();
	wrote(lsn(FILE_1, 10));
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
	pid_t flusher, waiter;

	begin();
	wrote(lsn(FILE_1, 10));
	flusher = flush_elsewhere(SLOW_AND_BAD);
	waiter = fork();
	if (waiter == 0)
		_exit(flush_patiently(lsn(FILE_1, 10)) == 0 &&
			!gate_broken(gate));
	await_sleep(waiter);
	shared->go = 1;
	is_int(end(waiter), 0, "who waits for one that fails knows of it");
	is_int(end(flusher), EIO, "as does who has failed");
}

/* `signal` befalls the process that flushes. */
static void
test_lost(int signal, const char *name)
{
	pid_t flusher;

	begin();
	wrote(lsn(FILE_1, 10));
	flusher = flush_elsewhere(FOR_EVER);
	kill(flusher, signal);
	is_int(gate_flush(gate, lsn(FILE_1, 10), -1), 0, name);
	is_int(shared->flushes, 2, "is not waited for in vain");
	wrote(lsn(FILE_1, 20));
	is_int(gate_flush(gate, lsn(FILE_1, 20), -1), 0, "the next flush");
	is_int(shared->flushes, 3, "is one of its own");
	kill(flusher, SIGKILL);
	end(flusher);
}

/* The state is replaced, and recovered, while a flush goes on. */
static void
test_replaced_meanwhile(void)
{
	pid_t flusher;

	begin();
	wrote(lsn(FILE_1, 10));
	flusher = flush_elsewhere(SLOW);
	forget();
	shared->go = 1;
	is_int(end(flusher), 0, "a log that is no more is flushed");
	is_int(gate_flush(gate, lsn(FILE_1, 10), -1), 0, "the new one");
	is_int(shared->flushes, 2, "needs a flush of its own");
}

int
main(void)
{
	alarm(60);
	unit_begin();
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	path = mem_printf("%s/gate", unit_dir);
	open_gate();
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
	test_replaced_meanwhile();
	gate_free(gate);
	mem_free(path);
	return done();
}
