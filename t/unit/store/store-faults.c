/* store-faults.c - deaths, moved directories, stopped holders, failed flushes
 *
 * usage: store-faults [DEATHS]
 *
 * What a test makes fail must be refused while it lasts, and must work again
 * by itself after. */
#include "config.h"

#include "libdb.h"
#include "store/store.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

static struct store *store;
static char *state, *dir;

/* How many of the next flushes fail, libdb's own included. */
static int failures;

/* How many there were; and how many before the first write. */
static int flushes, flushed_before;

int
fdatasync(int fd)
{
	flushes++;
	if (failures > 0) {
		failures--;
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

ssize_t
write(int fd, const void *data, size_t length)
{
	if (flushed_before < 0)
		flushed_before = flushes;
	return (ssize_t)syscall(SYS_write, fd, data, length);
}

ssize_t
pwrite(int fd, const void *data, size_t length, off_t offset)
{
	if (flushed_before < 0)
		flushed_before = flushes;
	/* Where words have 32 bits, the offset is in two registers. */
	return pwritev(fd, &(struct iovec){(void *)(uintptr_t)data, length}, 1,
		offset);
}

/* What another does as soon as the gate is left, once. */
static void (*meanwhile)(void);

int
flock(int fd, int how)
{
	int result = (int)syscall(SYS_flock, fd, how);
	void (*other)(void) = how == LOCK_UN ? meanwhile : NULL;

	if (other != NULL) {
		meanwhile = NULL;
		other();
	}
	return result;
}

/* The first directory that was flushed. */
static ino_t synced;

int
fsync(int fd)
{
	struct stat file;

	if (fstat(fd, &file) == 0 && synced == 0)
		synced = file.st_ino;
	return (int)syscall(SYS_fsync, fd);
}

static enum status
write_number(int number)
{
	enum status status = store_begin(store, STORE_WRITE);
	struct json_object *record = json_object_new_object();

	json_object_object_add(record, "n", json_object_new_int(number));
	if (status == STATUS_OK)
		status = store_put(store, STORE_ACCOUNT, "a", record);
	json_object_put(record);
	return status == STATUS_OK ? store_commit(store, STORE_DURABLE)
				   : status;
}

static int
read_number(void)
{
	struct json_object *record = NULL;
	int number = -1;

	if (store_begin(store, STORE_READ) == STATUS_OK &&
		store_get(store, STORE_ACCOUNT, "a", &record) == STATUS_OK)
		number = json_object_get_int(
			json_object_object_get(record, "n"));
	json_object_put(record);
	store_abort(store);
	return number;
}

static void
shell(const char *command)
{
	char *line = mem_printf("cd '%s' && %s", unit_dir, command);

	ok(system(line) == 0, "%s", command);
	mem_free(line);
}

/* The number of entries whose name begins so. */
static int
count_entries(const char *path, const char *prefix)
{
	DIR *list = opendir(path);
	struct dirent *entry;
	int count = 0;

	while (list != NULL && (entry = readdir(list)) != NULL)
		count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	closedir(list);
	return count;
}

/* What they have in them. */
static long long
count_bytes(const char *path, const char *prefix)
{
	DIR *list = opendir(path);
	struct dirent *entry;
	struct stat file;
	long long bytes = 0;

	while (list != NULL && (entry = readdir(list)) != NULL)
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
			fstatat(dirfd(list), entry->d_name, &file, 0) == 0)
			bytes += file.st_size;
	closedir(list);
	return bytes;
}

/* How many files of libdb's are mapped, deleted ones too. */
static int
count_maps(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	int count = 0;

	while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
		count += strstr(line, "/__db.") != NULL;
	fclose(maps);
	return count;
}

/* --- a new store ------------------------------------------------------- */

static void
test_new(void)
{
	struct stat parent;

	is_int(write_number(1), STATUS_OK, "a new store");
	ok(stat(state, &parent) == 0 && synced == parent.st_ino,
		"its directory is flushed first where it was made");
}

/* --- processes that die or stop inside --------------------------------- */

static void
die_inside(void)
{
	struct store *own = store_new(dir, 0);

	store_begin(own, STORE_WRITE);
	_exit(0);
}

static void
test_deaths(int deaths)
{
	int i, fds, maps, failed = 0;

	write_number(1);
	unit_fork(die_inside);
	is_int(read_number(), 1, "after a death inside, by a recovery");
	fds = count_entries("/proc/self/fd", "");
	maps = count_maps();
	for (i = 0; i < deaths; i++) {
		unit_fork(die_inside);
		failed += read_number() == 1 ? 0 : 1;
	}
	is_int(failed, 0, "after every one of many");
	is_int(count_entries("/proc/self/fd", ""), fds,
		"no descriptor is left behind");
	is_int(count_maps(), maps, "nor a mapping");
	is_int(write_number(2), STATUS_OK, "and it can be written");
	/* Each recovery fills the log file up to its end. */
	ok(count_bytes(dir, "log.") <= 3 << 20, "the log has not grown");
	unit_log();
}

static void
recover_it(void)
{
	struct store *own = store_new(dir, 0);

	store_begin(own, STORE_READ);
	store_close(own);
}

/* Recovery must not write a page by a log that the power may take away. */
static void
test_flushed_first(void)
{
	unit_fork(die_inside);
	flushes = 0;
	flushed_before = -1;
	is_int(read_number(), 2, "recovered");
	ok(flushed_before >= 3, "from what was flushed before, all of it");
	unit_log();
}

/* What an idle process has of a store that was recovered takes room. */
static void
test_rest(void)
{
	int maps = count_maps();

	store_rest(store);
	is_int(count_maps(), maps, "a rest changes nothing");
	unit_fork(die_inside);
	store_rest(store);
	is_int(count_maps(), 0, "but after a death inside");
	is_int(read_number(), 2, "by which nothing is lost");
	unit_fork(die_inside);
	unit_fork(recover_it);
	store_rest(store);
	is_int(count_maps(), 0, "and after another's recovery");
	is_int(read_number(), 2, "nor by that");
	unit_log();
}

/* A recovery that fails, as on a full disk. */
static void
fail_to_recover(void)
{
	struct store *own = store_new(dir, 0);

	failures = 1;
	store_begin(own, STORE_READ);
}

static bool
waits_for_lock(pid_t pid)
{
	FILE *locks = fopen("/proc/locks", "r");
	char line[256], wanted[32];
	bool found = false;

	snprintf(wanted, sizeof wanted, " %d ", (int)pid);
	while (locks != NULL && fgets(line, sizeof line, locks) != NULL)
		found = found || (strstr(line, "-> FLOCK") != NULL &&
					 strstr(line, wanted) != NULL);
	fclose(locks);
	return found;
}

/* Is inside, and leaves when its parent waits for that. */
static void
hold_gate(void)
{
	char *path = mem_printf("%s/gate", dir);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) != 0)
		_exit(1);
	raise(SIGSTOP);
	while (!waits_for_lock(getppid()))
		;
	_exit(0);
}

/* All idle processes come at the same time, among tries to recover. */
static void
test_rest_in_turn(void)
{
	pid_t pid;

	unit_fork(die_inside);
	unit_fork(fail_to_recover);
	pid = fork();
	if (pid == 0)
		hold_gate();
	waitpid(pid, NULL, WUNTRACED);
	kill(pid, SIGCONT);
	store_rest(store);
	is_int(count_maps(), 0, "a rest after a recovery that failed");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	is_int(read_number(), 2, "and nothing is lost");
	unit_log();
}

static void
stop_inside(void)
{
	struct store *own = store_new(dir, 0);

	if (store_begin(own, STORE_WRITE) != STATUS_OK)
		_exit(1);
	raise(SIGSTOP);
	store_commit(own, STORE_DURABLE);
	store_close(own);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* `end` is what ends the stop: going on, or death. */
static void
test_stopped(int end, const char *name)
{
	char holder[32];
	pid_t pid = fork();
	int64_t start, took;

	if (pid == 0) {
		stop_inside();
		_exit(0);
	}
	waitpid(pid, NULL, WUNTRACED);
	start = now_ms();
	is_int(store_begin(store, STORE_READ), STATUS_UNAVAILABLE,
		"the holder is stopped");
	took = now_ms() - start;
	ok(took >= 1900 && took < 3500, "the wait ends after two seconds");
	snprintf(holder, sizeof holder, "process %d", (int)pid);
	ok(strstr(unit_log(), holder) != NULL, "the log names the holder");
	kill(pid, end);
	is_int(read_number(), 2, name);
	waitpid(pid, NULL, 0);
	is_int(write_number(2), STATUS_OK, "and writes");
}

/* --- the directory ----------------------------------------------------- */

static void
test_moved(void)
{
	shell("mv state away");
	is_int(store_begin(store, STORE_READ), STATUS_UNAVAILABLE,
		"no directory, no reading");
	is_int(write_number(3), STATUS_UNAVAILABLE, "and no writing");
	shell("mv away state");
	is_int(read_number(), 2, "it is back");
	is_int(write_number(3), STATUS_OK, "and written");
}

/* In a unit of work, which ends in what it began in. */
static void
test_moved_inside(void)
{
	int64_t start = now_ms();

	unit_log();
	is_int(store_begin(store, STORE_WRITE), STATUS_OK, "inside");
	shell("mv state away");
	while (store_changes(store) != 0 && now_ms() - start < 10000)
		;
	is_int((long long)store_changes(store), 0,
		"the directory goes: no count of changes");
	store_abort(store);
	is_int(store_begin(store, STORE_READ), STATUS_UNAVAILABLE,
		"the next unit of work");
	shell("mv away state");
	is_int(read_number(), 3, "it is back, and nobody died inside");
	ok(strstr(unit_log(), "recovered") == NULL, "which is not said");
}

static void
test_replaced(void)
{
	uint64_t before;

	shell("cp -a state saved");
	write_number(4);
	before = store_changes(store);
	shell("mv state old && mv saved state");
	is_int(read_number(), 3, "a copy in its place is read");
	ok(store_changes(store) != before, "under another count of changes");
	is_int(write_number(5), STATUS_OK, "and written");
	shell("mv state saved && mv old state");
	is_int(read_number(), 4, "the first one again");
	shell("rm -rf saved");
	shell("mv state/store state/was");
	is_int(read_number(), -1, "the store's own directory gone");
	shell("rm -rf state/store && mv state/was state/store");
	is_int(read_number(), 4, "and back");
}

static void
test_not_ours(void)
{
	struct store *own = store_new("/proc/nonexistent/store", 0);
	char *path;

	is_int(store_begin(own, STORE_WRITE), STATUS_UNAVAILABLE,
		"a directory that cannot be made");
	store_close(own);
	path = mem_printf("%s/linked", state);
	shell("ln -s /dev/null state/store-gate && mkdir state/linked && "
	      "ln -s ../store-gate state/linked/gate");
	own = store_new(path, 0);
	mem_free(path);
	is_int(store_begin(own, STORE_READ), STATUS_UNAVAILABLE,
		"a gate that is a link");
	store_close(own);
	unit_log();
}

/* --- descriptors ------------------------------------------------------- */

/* libdb would wait for better times, in there. */
static void
test_descriptors(void)
{
	struct rlimit all, few;
	int64_t start, took, longest = 0;
	int spare = 0, refused = 0, own;

	getrlimit(RLIMIT_NOFILE, &all);
	for (spare = 0; spare < 16; spare++) {
		unit_fork(die_inside);
		own = open("/dev/null", O_RDONLY);
		close(own);
		few.rlim_cur = (rlim_t)(own + spare);
		few.rlim_max = all.rlim_max;
		setrlimit(RLIMIT_NOFILE, &few);
		start = now_ms();
		refused += write_number(5) == STATUS_OK ? 0 : 1;
		took = now_ms() - start;
		longest = took > longest ? took : longest;
		setrlimit(RLIMIT_NOFILE, &all);
		unit_log();
	}
	ok(refused > 0 && refused < 16, "no descriptors, no writing (%d times)",
		refused);
	ok(longest < 9000, "which nobody waits 12 seconds for");
	is_int(write_number(5), STATUS_OK, "until there are some");
	unit_log();
}

/* --- flushes ----------------------------------------------------------- */

static void
test_flush(void)
{
	write_number(6);
	failures = 1;
	is_int(write_number(7), STATUS_INTERNAL, "a flush that fails");
	ok(strstr(unit_log(), "flush failed") != NULL, "is said");
	ok(read_number() >= 6, "reading goes on");
	is_int(write_number(8), STATUS_OK, "writing, too, by itself");
	ok(strstr(unit_log(), "written anew") != NULL, "which is said");
	is_int(read_number(), 8, "and read");
}

static void
write_elsewhere(void)
{
	struct store *usual = store;

	store = store_new(dir, 0);
	write_number(16);
	store_close(store);
	store = usual;
}

/* Another commits between our commit and our flush. */
static void
test_shared_flush(void)
{
	int alone;

	write_number(14);
	flushes = 0;
	write_number(15);
	alone = flushes;
	flushes = 0;
	meanwhile = write_elsewhere;
	is_int(write_number(15), STATUS_OK, "another's flush is ours, too");
	is_int(flushes, alone, "which saves one");
	is_int(read_number(), 16, "and both are there");
	meanwhile = write_elsewhere;
	failures = 1;
	is_int(write_number(15), STATUS_INTERNAL, "unless it fails");
	write_number(16);
	unit_log();
}

/* A disk that takes nothing any more. */
static void
test_broken_disk(void)
{
	struct store *usual = store;

	failures = 1000000;
	is_int(write_number(9), STATUS_INTERNAL, "no flush ever");
	ok(read_number() >= 8, "reading goes on");
	is_int(write_number(10), STATUS_UNAVAILABLE, "no more writing");
	is_int(write_number(11), STATUS_UNAVAILABLE, "nor later");
	ok(read_number() >= 8, "reading still goes on");
	store = store_new(dir, 0);
	is_int(write_number(12), STATUS_UNAVAILABLE, "nor by another process");
	store_close(store);
	store = usual;
	failures = 0;
	is_int(write_number(13), STATUS_OK, "until the disk is well again");
	is_int(read_number(), 13, "and that is there");
}

/* A file of the log that is of another time comes while the store has to be
 * mended: it is closed then, for reading as well. */
static void
test_broken_misfit(void)
{
	failures = 1;
	is_int(write_number(17), STATUS_INTERNAL, "a flush that fails");
	shell("cp $(ls state/store/log.* | head -n 1) "
	      "state/store/log.0000009999");
	is_int(store_begin(store, STORE_WRITE_ELSE_READ), STATUS_UNAVAILABLE,
		"and a log of two times: nothing is read out of a store that "
		"is closed");
	store_abort(store);
	shell("rm state/store/log.0000009999");
	ok(read_number() >= 16, "until the files fit");
	is_int(write_number(18), STATUS_OK, "and then writing goes on, too");
	unit_log();
}

/* After a recovery libdb makes the next log file when it has something to
 * write: a unit of work that writes nothing must not need it. */
static void
test_nothing(void)
{
	struct store *own = store_new(dir, 0);

	shell("mkdir logs && mv state/store/log.* logs");
	is_int(store_begin(own, STORE_WRITE), STATUS_OK, "no log file yet");
	is_int(store_commit(own, STORE_DURABLE), STATUS_OK,
		"nor is one needed to write nothing");
	shell("mv logs/log.* state/store && rmdir logs");
	store_close(own);
}

/* A lazy commit needs no flush. */
static void
test_lazy(void)
{
	write_number(14);
	failures = 1;
	store_begin(store, STORE_WRITE);
	is_int(store_commit(store, STORE_LAZY), STATUS_OK, "a lazy commit");
	is_int(failures, 1, "flushes nothing");
	failures = 0;
}

int
main(int argc, char **argv)
{
	unit_begin();
	state = mem_printf("%s/state", unit_dir);
	dir = mem_printf("%s/store", state);
	shell("mkdir state");
	store = store_new(dir, 0);
	test_new();
	test_deaths(argc > 1 ? atoi(argv[1]) : 200);
	test_flushed_first();
	test_rest();
	test_rest_in_turn();
	test_stopped(SIGCONT, "it goes on");
	test_stopped(SIGKILL, "it is killed");
	test_moved();
	test_moved_inside();
	test_replaced();
	test_not_ours();
	test_descriptors();
	test_flush();
	test_shared_flush();
	test_broken_misfit();
	test_nothing();
	test_lazy();
	test_broken_disk();
	store_close(store);
	verify_files(dir);
	mem_free(dir);
	mem_free(state);
	return done();
}
