/* bdb-copy.c - a copy of a store in use: with checkpoints between its slices,
 * with log files that go meanwhile, with processes that die inside */
#include "config.h"

#include "store/bdb-copy.h"
#include "store/store.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

enum { KEYS = 100, MANY = 30 };
#include "commits.h"

static struct store *store;
static char *dir, *to;
static int commits;

/* So many that the store writes a checkpoint and removes log files. */
static void
commit_many(int count)
{
	enum status status = STATUS_OK;

	while (count-- > 0 && status == STATUS_OK)
		status = store_finish_lazily(
			store, commits_begin(store, ++commits));
}

/* The last commit in the copy, if it is sound; else less than 0. */
static int
state_of_copy(void)
{
	struct store *copy = store_new(to, 0);
	int last = -1;

	if (store_begin(copy, STORE_READ) == STATUS_OK) {
		last = commits_last(copy);
		store_abort(copy);
		if (store_verify(copy) != STATUS_OK)
			last = -1;
	}
	store_close(copy);
	return last;
}

static void
is_between(int state, int least, int most, const char *name)
{
	if (!ok(state >= least && state <= most, "%s", name))
		diag("got %d, wanted %d to %d", state, least, most);
}

static bool
shell(const char *command)
{
	char *line = mem_printf("cd '%s' && { %s; }", unit_dir, command);
	bool done = system(line) == 0;

	mem_free(line);
	return done;
}

/* --- slices, and what others write between them ------------------------- */

/* The end of the log, as the last unit of work has left it: a copy cuts there.
 * A place beyond all that is written means all of it. */
static int
end_in(struct bdb_copy *copy, uint32_t last)
{
	return bdb_copy_end(copy, (uint64_t)last << 32 | UINT32_MAX);
}

static uint32_t
last_log(void)
{
	char *line =
		mem_printf("ls '%s' | sed -n 's/^log.0*//p' | tail -n 1", dir);
	FILE *list = popen(line, "r");
	unsigned number = 0;

	if (list == NULL || fscanf(list, "%u", &number) != 1)
		exit(2);
	pclose(list);
	mem_free(line);
	return number;
}

static int
take_all(struct bdb_copy *copy, int between)
{
	bool more = true;
	int result = 0;

	while (result == 0 && more) {
		result = bdb_copy_take(copy, &more);
		if (result == 0 && more)
			result = bdb_copy_put(copy, 5000); /* small slices */
		commit_many(between);
	}
	return result;
}

static void
test_slices(void)
{
	struct bdb_copy *copy = bdb_copy_new(dir, to, NULL);
	uint32_t first = last_log();
	int before = commits;

	is_int(bdb_copy_clear(copy), 0, "a copy is cleared");
	is_int(bdb_copy_begin(copy), 0, "and begun");
	is_int(take_all(copy, MANY), 0, "slices, with changes between them");
	ok(last_log() > first + 3, "the log has gone on");
	ok(!shell("[ -e store/log.0000000001 ]"), "its first file is gone");
	is_int(end_in(copy, last_log()), 0, "the log");
	is_int(bdb_copy_recover(copy), 0, "it is recovered and verified");
	is_between(state_of_copy(), before, commits,
		"it has what was there when it was begun, and nothing by half");
	ok(!shell("ls copy | grep -v '^log\\|btr$\\|^gate$\\|^place$\\|^__db'"),
		"and no other file");

	shell("rm copy/*");
	is_int(bdb_copy_begin(copy), 0, "begun again");
	commit_many(40 * MANY);
	is_int(end_in(copy, last_log()), EAGAIN,
		"a file of the log was removed before it was opened");

	is_int(bdb_copy_clear(copy), 0, "it is cleared");
	before = commits;
	is_int(bdb_copy_begin(copy), 0, "and begun anew");
	is_int(take_all(copy, 0), 0, "slices, with nothing between them");
	is_int(end_in(copy, last_log()), 0, "the log");
	is_int(bdb_copy_recover(copy), 0, "it is recovered and verified");
	is_between(state_of_copy(), before, before, "it has all");

	is_int(bdb_copy_clear(copy), 0, "once more");
	is_int(bdb_copy_begin(copy), 0, "begun");
	is_int(take_all(copy, MANY), 0, "slices");
	is_int(end_in(copy, last_log()), 0, "the log");
	ok(shell("rm \"$(ls copy/log.* | sed -n 2p)\""),
		"a file of it is gone");
	is_int(bdb_copy_recover(copy), EINVAL, "the copy is not whole");
	bdb_copy_free(copy);
}

/* --- deaths inside ------------------------------------------------------- */

/* A process that dies inside the store once a copy is begun. */
static pid_t
begin_death(void)
{
	struct timespec little = {0, 100000};
	char *begun = mem_printf("%s/accounts.btr", to);
	pid_t pid = fork();

	if (pid == 0) {
		store = store_new(dir, 0);
		store_begin(store, STORE_READ);
		store_abort(store);
		while (access(begun, F_OK) != 0)
			nanosleep(&little, NULL);
		while (store_begin(store, STORE_READ) != STATUS_OK)
			;
		kill(getpid(), SIGKILL);
	}
	mem_free(begun);
	return pid;
}

/* It may be too late: then there is another. */
static void
test_deaths(void)
{
	struct store_copied copied = {.begun = 0};
	bool all = true;
	int i;

	for (i = 0; i < 20 && all && copied.begun < 2; i++) {
		pid_t pid;

		shell("rm -f copy/*");
		pid = begin_death();
		all = store_copy(store, to, &copied) == STATUS_OK &&
		      state_of_copy() == commits;
		waitpid(pid, NULL, 0);
	}
	ok(all, "each copy is whole");
	ok(copied.begun > 1, "one was begun anew");
}

int
main(void)
{
	struct store_copied copied;

	unit_begin();
	dir = mem_printf("%s/store", unit_dir);
	to = mem_printf("%s/copy", unit_dir);
	store = store_new(dir, 0);
	mkdir(to, 0700);
	commit_many(10 * MANY);
	test_slices();

	shell("rm -f copy/*");
	is_int(store_copy(store, to, &copied), STATUS_OK, "all in one");
	is_int(copied.begun, 1, "begun once");
	is_int(state_of_copy(), commits, "it has all");
	test_deaths();

	shell("rm -rf copy");
	is_int(store_copy(store, to, &copied), STATUS_UNAVAILABLE,
		"no directory");
	ok(store_copy_has("log.0000000001") && store_copy_has("records.btr") &&
			!store_copy_has("log./../gate") &&
			!store_copy_has("__db.001") && !store_copy_has("gate"),
		"names of files");
	store_close(store);
	mem_free(dir);
	mem_free(to);
	return done();
}
