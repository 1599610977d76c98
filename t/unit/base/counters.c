/* counters.c - what many processes count in one file, and that nothing fails
 * where there is none */
#include "config.h"

#include "base/counters.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { PROCESSES = 8, EACH = 20000 };

static char path[300];
static struct counters counters;

static uint64_t
count(enum counter counter)
{
	return counters_read(path, &counters) ? counters.counts[counter]
					      : UINT64_MAX;
}

static ino_t
inode(void)
{
	struct stat file;

	return stat(path, &file) == 0 ? file.st_ino : 0;
}

/* A process that was started anew: the one before has its counters open. */
static void
count_some(void)
{
	int i;

	counters_open(path, "login");
	for (i = 0; i < EACH; i++) {
		counters_add(COUNTER_SLOT_USES, 1);
		counters_request(STATUS_OK, 20);
	}
}

static void
count_for_ever(void)
{
	counters_open(path, "login");
	for (;;)
		counters_request(STATUS_OK, 20);
}

/* Runs so many at once. */
static void
run(int processes, void (*body)(void))
{
	int i, how;

	for (i = 0; i < processes; i++)
		if (fork() == 0) {
			body();
			_exit(0);
		}
	for (i = 0; i < processes; i++) {
		wait(&how);
		if (how != 0)
			ok(false, "a process ended by %d", how);
	}
}

static void
test_many(void)
{
	struct stat file;
	uint64_t before;
	pid_t pid;

	run(PROCESSES, count_some);
	is_int((long long)count(COUNTER_SLOT_USES), PROCESSES * EACH,
		"many processes, that begin at once: none of their counts is "
		"lost");
	is_int((long long)counters_of(&counters.programs[5], COUNTERS_OK),
		PROCESSES * EACH, "nor of their requests, which are login's");
	ok(stat(path, &file) == 0 && (file.st_mode & 07777) == 0600,
		"the file is the owner's alone");
	ok(file.st_blocks * 512 >= (blkcnt_t)sizeof counters,
		"and has no holes");
	run(1, count_some);
	is_int((long long)count(COUNTER_SLOT_USES), (PROCESSES + 1) * EACH,
		"the counts outlive the processes");

	before = counters_of(&counters.programs[5], COUNTERS_OK);
	pid = fork();
	if (pid == 0)
		count_for_ever();
	while (count(COUNTER_SLOT_USES) != UINT64_MAX &&
		counters_of(&counters.programs[5], COUNTERS_OK) == before)
		;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(counters_read(path, &counters) && counters_of(&counters.programs[5],
						     COUNTERS_OK) > before,
		"a process that is killed leaves what it has counted");
}

/* One of these at the path gives way, and is left as it is for the processes
 * that have it mapped. */
static void
test_others(void)
{
	static const struct {
		const char *name;
		uint64_t format;
		size_t size;
	} others[] = {
		{"of another version", 99, sizeof counters},
		{"that is longer", 0, sizeof counters + 1},
		{"of another version, that is shorter", 99, 8},
	};
	char *bytes = mem_zero(sizeof counters + 1), again[8];
	ino_t was;
	size_t i;
	int fd;

	for (i = 0; i < sizeof others / sizeof others[0]; i++) {
		memcpy(bytes, &others[i].format, sizeof others[i].format);
		unlink(path);
		unit_file("counters", bytes, others[i].size);
		was = inode();
		fd = open(path, O_RDONLY);
		run(PROCESSES, count_some);
		is_int((long long)count(COUNTER_SLOT_USES), PROCESSES * EACH,
			others[i].name);
		ok(inode() != was && pread(fd, again, 8, 0) == 8 &&
				memcmp(again, bytes, 8) == 0,
			"%s: another file is at its place", others[i].name);
		close(fd);
	}
	memset(bytes, 0, 8);
	unit_file("counters", bytes, 100);
	was = inode();
	run(1, count_some);
	is_int((long long)count(COUNTER_SLOT_USES), EACH,
		"one that was begun is gone on with");
	ok(inode() == was, "and is the same");
	mem_free(bytes);
}

/* Counts without a file, and says what the log has. */
static const char *
count_without(void)
{
	unit_log();
	counters_open(path, "login");
	counters_add(COUNTER_SLOT_USES, 1);
	counters_set(COUNTER_SESSIONS, 3);
	counters_request(STATUS_OK, 20);
	return unit_log();
}

static void
test_without(void)
{
	const struct rlimit small = {4096, RLIM_INFINITY};
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};

	unlink(path);
	mkdir(path, 0700);
	ok(strstr(count_without(), "not counted") != NULL,
		"a directory in its place is said in the log");
	ok(counters_get(COUNTER_SLOT_USES) == 1 &&
			counters_get(COUNTER_SESSIONS) == 3,
		"and the process counts for itself");
	ok(!counters_read(path, &counters), "there is nothing to read");
	rmdir(path);
	ok(!counters_read(path, &counters) && errno == ENOENT,
		"nor where there is no file");

	if (symlink("elsewhere", path) != 0)
		exit(2);
	ok(strstr(count_without(), "not counted") != NULL,
		"no link is followed");
	unlink(path);

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	ok(strstr(count_without(), "not counted") != NULL,
		"no room for all of it");
	setrlimit(RLIMIT_FSIZE, &none);
	ok(!counters_read(path, &counters), "and what there is is not read");
	ok(strcmp(count_without(), "") == 0 && count(COUNTER_SLOT_USES) == 1,
		"once there is room, it is counted");
}

static void
test_requests(void)
{
	static const struct {
		uint64_t us;
		int bucket;
	} times[] = {{0, 0}, {100, 0}, {101, 1}, {250, 1}, {1000000, 12},
		{5000000, 14}, {5000001, 15}, {UINT64_MAX / 2, 15}};
	struct counters_program *verify = &counters.programs[10];
	uint64_t all[COUNTERS_OUTCOMES] = {0};
	size_t i;
	int status;

	unlink(path);
	counters_open(path, "verify");
	for (i = 0; i < sizeof times / sizeof times[0]; i++) {
		counters_request(STATUS_THROTTLED, times[i].us);
		ok(counters_read(path, &counters) &&
				verify->times[COUNTERS_THROTTLED]
						.buckets[times[i].bucket] > 0,
			"%llu us are in bucket %d",
			(unsigned long long)times[i].us, times[i].bucket);
	}
	is_int((long long)verify->statuses[STATUS_THROTTLED], 8,
		"each is counted by its status");
	unlink(path);
	counters_open(path, "verify");
	for (status = 0; status < STATUS_COUNT; status++) {
		counters_request((enum status)status, 1);
		all[counters_outcome_of((enum status)status)]++;
	}
	counters_read(path, &counters);
	ok(all[COUNTERS_OK] == 5 && all[COUNTERS_THROTTLED] == 1 &&
			all[COUNTERS_FAILED] == 2,
		"five outcomes are good, one is throttled, two have failed");
	for (status = 0; status < COUNTERS_OUTCOMES; status++)
		is_int((long long)counters_of(
			       verify, (enum counters_outcome)status),
			(long long)all[status], counters_outcomes[status]);
}

/* Last, since this process has been verify. */
static void
test_programs(void)
{
	int i;

	for (i = 0; i < COUNTERS_PROGRAMS - 1; i++)
		if (strcmp(counters_programs[i], counters_programs[i + 1]) >= 0)
			break;
	is_int(i, COUNTERS_PROGRAMS - 1, "each program once, in order");
}

static void
count_as_nobody(void)
{
	counters_open(path, "nobody");
	counters_request(STATUS_OK, 1);
	counters_open(path, NULL);
	counters_request(STATUS_OK, 1);
	counters_add(COUNTER_MAILS_SENT, 1);
}

static void
test_nobody(void)
{
	int i;

	unlink(path);
	run(1, count_as_nobody);
	is_int((long long)count(COUNTER_MAILS_SENT), 1,
		"a process that is no program counts what it does");
	for (i = 0; i < COUNTERS_PROGRAMS; i++)
		if (counters_of(&counters.programs[i], COUNTERS_OK) > 0)
			break;
	is_int(i, COUNTERS_PROGRAMS, "and its requests are no program's");
}

int
main(void)
{
	unit_begin();
	snprintf(path, sizeof path, "%s/counters", unit_dir);
	test_nobody();
	unlink(path);
	test_many();
	test_others();
	test_without();
	test_requests();
	test_programs();
	return done();
}
