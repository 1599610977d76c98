/* store-kill.c - processes die inside libdb, and nothing acknowledged is lost.
 *
 * usage: store-kill [SECONDS [plain|sandbox]]
 *
 * Each worker arms a timer that kills it with SIGKILL a moment later, wherever
 * it then is: most are inside libdb, many of them in the middle of a recovery.
 * Kills from outside would mostly hit workers that wait for the gate. Half of
 * the time they are in the sandbox, as the programs are. */
#include "config.h"

#include "base/log.h"
#include "base/mem.h"
#include "libdb.h"
#include "site/sandbox.h"
#include "store/gate.h"
#include "store/store.h"
#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	WORKERS = 4,
	SLOTS = 16,
	MAX_STALL_MS = 1500,
	DEATH_US = 150,    /* about as long as a unit of work takes */
	RECOVERY_US = 8000 /* and as a recovery does */
};

/* What all processes see. */
struct board {
	_Atomic uint64_t acked[WORKERS]; /* last number whose commit was OK */
	_Atomic uint64_t commits;
	_Atomic uint64_t refusals; /* a unit of work that was not OK */
	_Atomic uint64_t longest_ms;
};

static struct board *board;
static bool confined; /* workers are in the sandbox */
/* In memory, where flushing costs nothing: a disk would have them all die
 * while they wait for it, outside libdb. */
static char dir[] = "/dev/shm/latchkey-store-kill-XXXXXX";

static uint64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Arms the timer to kill this process at some moment within the limit. */
static void
die_within(long limit_us)
{
	long microseconds = (long)(drand48() * (double)limit_us);
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
	struct itimerspec at = {{0, 0}, {0, 1000 * (1 + microseconds)}};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
		timer_settime(timer, 0, &at, NULL) != 0)
		_exit(3);
}

/* One unit of work: the same number into two records, so that a half-done one
 * would show; now and then a big one, for log switches and page splits. */
static enum status
write_pair(struct store *store, int worker, uint64_t number, bool doomed)
{
	struct json_object *record = json_object_new_object();
	char key[32], filler[2000];
	enum status status = store_begin(store, STORE_WRITE);

	if (doomed)
		die_within(DEATH_US);

	memset(filler, 'x', sizeof filler);
	filler[number % 7 == 0 ? sizeof filler - 1 : 20] = '\0';
	json_object_object_add(
		record, "n", json_object_new_int64((int64_t)number));
	json_object_object_add(
		record, "filler", json_object_new_string(filler));
	snprintf(key, sizeof key, "w%d", worker);
	if (status == STATUS_OK)
		status = store_put(store, STORE_ACCOUNT, key, record);
	if (status == STATUS_OK)
		status = store_put(store, STORE_NAME, key, record);
	snprintf(key, sizeof key, "w%d-%d", worker, (int)(number % SLOTS));
	if (status == STATUS_OK)
		status = number % 3 == 0
				 ? store_delete(store, STORE_CODE, key)
				 : store_put(store, STORE_CODE, key, record);
	status = store_commit(store, STORE_DURABLE);
	json_object_put(record);
	return status;
}

static uint64_t
stored_number(struct store *store, enum store_kind kind, int worker)
{
	struct json_object *record = NULL;
	uint64_t number = 0;
	char key[32];

	snprintf(key, sizeof key, "w%d", worker);
	if (store_get(store, kind, key, &record) == STATUS_OK)
		number = (uint64_t)json_object_get_int64(
			json_object_object_get(record, "n"));
	json_object_put(record);
	return number;
}

static void __attribute__((noreturn)) work(int worker, unsigned seed)
{
	struct store *store = store_new(dir, 0);
	const struct sandbox sandbox = {.dirs = {dir}};
	uint64_t number = 0, start, took;
	int last, i;

	if (confined && !sandbox_enter(&sandbox))
		_exit(3);
	srand48((long)seed);
	/* Some die in opening and recovery, the others at work. */
	if (drand48() < 0.3)
		die_within(RECOVERY_US);
	last = (int)(drand48() * 20);
	if (store_begin(store, STORE_READ) == STATUS_OK) {
		number = stored_number(store, STORE_ACCOUNT, worker);
		store_abort(store);
	}
	for (i = 0;; i++) {
		start = now_us();
		number++;
		if (write_pair(store, worker, number, i >= last) == STATUS_OK) {
			atomic_store(&board->acked[worker], number);
			atomic_fetch_add(&board->commits, 1);
		} else {
			atomic_fetch_add(&board->refusals, 1);
		}
		took = (now_us() - start) / 1000;
		if (took > atomic_load(&board->longest_ms))
			atomic_store(&board->longest_ms, took);
	}
}

static pid_t
spawn(int worker, unsigned seed)
{
	pid_t pid = fork();

	if (pid == 0)
		work(worker, seed);
	return pid;
}

/* Keeps WORKERS alive for `seconds`; returns how many died, and how many of
 * them by something else than their timer. */
static unsigned
storm(int seconds, unsigned *others)
{
	pid_t pids[WORKERS];
	uint64_t end = now_us() + (uint64_t)seconds * 1000000;
	unsigned deaths = 0;
	int i, how;

	for (i = 0; i < WORKERS; i++)
		pids[i] = spawn(i, deaths + (unsigned)i);
	/* On a busy machine longer, until as many have died. */
	while (now_us() < end || deaths <= 20 * (unsigned)seconds) {
		pid_t dead = wait(&how);

		deaths++;
		*others += !WIFSIGNALED(how) || WTERMSIG(how) != SIGKILL;
		for (i = 0; i < WORKERS; i++)
			if (pids[i] == dead)
				pids[i] = spawn(i, deaths + WORKERS);
	}
	for (i = 0; i < WORKERS; i++)
		waitpid(pids[i], NULL, 0); /* they end by themselves */
	return deaths + WORKERS;
}

static void
check_records(void)
{
	struct store *store = store_new(dir, 0);
	int i;

	if (!ok(store_begin(store, STORE_READ) == STATUS_OK,
		    "the store opens after the last death"))
		return;
	for (i = 0; i < WORKERS; i++) {
		uint64_t a = stored_number(store, STORE_ACCOUNT, i);
		uint64_t b = stored_number(store, STORE_NAME, i);
		uint64_t acked = atomic_load(&board->acked[i]);

		ok(a >= acked && acked > 0,
			"worker %d: nothing acknowledged is lost (%llu of "
			"%llu)",
			i, (unsigned long long)a, (unsigned long long)acked);
		ok(a == b, "worker %d: nothing half done", i);
	}
	store_abort(store);
	ok(write_pair(store, 0, 1, false) == STATUS_OK, "and can be written");
	store_close(store);
}

/* How many recoveries there were. The `first` call makes the gate. */
static uint64_t
count_recoveries(bool first)
{
	char *path = mem_printf("%s/gate", dir);
	struct gate *gate = gate_new(path);
	struct gate_view view = {.recover = false};

	if (gate_enter(gate, &view) == STATUS_OK) {
		if (first && view.recover)
			view.recoveries = gate_recovered(gate);
		gate_leave(gate, !view.recover || first);
	}
	gate_free(gate);
	mem_free(path);
	return view.recoveries;
}

static void
test_storm(int seconds, uint64_t *recoveries)
{
	const char *how = confined ? "in the sandbox" : "outside";
	uint64_t before = *recoveries, commits = board->commits;
	unsigned others = 0, deaths = storm(seconds, &others);

	*recoveries = count_recoveries(false);
	printf("# %s: %u deaths, %llu recoveries, %llu commits, %llu refusals, "
	       "longest stall %llu ms\n",
		how, deaths, (unsigned long long)(*recoveries - before),
		(unsigned long long)(board->commits - commits),
		(unsigned long long)board->refusals,
		(unsigned long long)board->longest_ms);
	ok(deaths > 20 * (unsigned)seconds && others == 0,
		"%s: processes died, by their timers", how);
	ok(*recoveries - before > deaths / 4, "%s: many of them inside libdb",
		how);
	ok(board->refusals == 0, "%s: no request was refused", how);
	ok(board->longest_ms < MAX_STALL_MS, "%s: none waited long", how);
}

int
main(int argc, char **argv)
{
	int seconds = argc > 1 ? atoi(argv[1]) : 10;
	bool both = argc < 3, sandbox = both || strcmp(argv[2], "sandbox") == 0;
	uint64_t recoveries;
	char command[64];
	int null;

	board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED || mkdtemp(dir) == NULL)
		return 2;
	/* A line a recovery is right for an operator, too much here. */
	null = open("/dev/null", O_WRONLY);
	if (getenv("VERBOSE") == NULL)
		dup2(null, STDERR_FILENO);
	seconds = both ? (seconds + 1) / 2 : seconds;
	recoveries = count_recoveries(true);
	if (both || !sandbox)
		test_storm(seconds, &recoveries);
	confined = sandbox;
	if (confined)
		test_storm(seconds, &recoveries);
	check_records();
	verify_files(dir);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	if (tap_failures == 0 && system(command) != 0)
		return 2;
	return done();
}
