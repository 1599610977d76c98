/* store-bdb.c - the store in a Berkeley DB directory: its files, its memory,
 * and the room that it takes */
#include "config.h"

#include "libdb.h"
#include "records.h"
#include "unit.h"

#include <dirent.h>
#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORDS = 600 };

static char *dir;

static void
test_reserve(void)
{
	struct store *usual = store;

	store = store_new(dir, UINT64_MAX);
	is_int(store_begin(store, STORE_WRITE), STATUS_UNAVAILABLE,
		"no write without disk_reserve");
	ok(strstr(unit_log(), "disk_reserve") != NULL, "and it is said");
	is_int(store_begin(store, STORE_READ), STATUS_OK, "reading goes on");
	is_int(store_commit(store, STORE_DURABLE), STATUS_OK, "and ends");
	store_close(store);
	store = usual;
	is_int(put(STORE_CODE, "r", 1), STATUS_OK, "who has room writes");
	delete (STORE_CODE, "r");
}

/* A hole in a mapped file would be a SIGBUS on a full disk. */
static void
test_holes(void)
{
	struct dirent *entry;
	DIR *list = opendir(dir);
	int regions = 0;

	while (list != NULL && (entry = readdir(list)) != NULL) {
		char *path = mem_printf("%s/%s", dir, entry->d_name);
		struct stat file;

		if ((strncmp(entry->d_name, "__db.", 5) == 0 ||
			    strcmp(entry->d_name, "gate") == 0) &&
			stat(path, &file) == 0) {
			ok(file.st_blocks * 512 >= file.st_size,
				"%s has no holes", entry->d_name);
			regions++;
		}
		mem_free(path);
	}
	closedir(list);
	ok(regions >= 3, "there are regions");
}

/* How much of the disk libdb's shared memory takes. */
static long long
regions_size(void)
{
	struct dirent *entry;
	DIR *list = opendir(dir);
	long long size = 0;

	while (list != NULL && (entry = readdir(list)) != NULL) {
		char *path = mem_printf("%s/%s", dir, entry->d_name);
		struct stat file;

		if (strncmp(entry->d_name, "__db.", 5) == 0 &&
			stat(path, &file) == 0)
			size += file.st_size;
		mem_free(path);
	}
	closedir(list);
	return size;
}

/* Its mappings are found where lines of /proc/self/maps are long, too. */
static void
test_long_path(void)
{
	struct store *ours = store;
	char *own = dir;
	long long usual = regions_size();
	char name[201] = "";

	memset(name, 'd', sizeof name - 1);
	dir = mem_printf("%s/%s", unit_dir, name);
	mkdir(dir, 0700);
	mem_free(dir);
	dir = mem_printf("%s/%s/%s/%s", unit_dir, name, name, name);
	dir[strlen(unit_dir) + 2 * sizeof name] = '\0';
	mkdir(dir, 0700);
	dir[strlen(unit_dir) + 2 * sizeof name] = '/';
	store = store_new(dir, 0);
	is_int(put(STORE_NAME, "long", 1), STATUS_OK, "a long path");
	is_int(regions_size(), usual, "has regions as large as any");
	store_close(store);
	mem_free(dir);
	store = ours;
	dir = own;
	unit_log();
}

/* Another process that writes much: it stops after each change, and ends where
 * one fails. */
static void
write_much(int first)
{
	store = store_new(dir, 0);
	if (first == 1) {
		if (put(STORE_ACCOUNT, "bulk", 1) != STATUS_OK)
			_exit(1);
		raise(SIGSTOP);
	}
	store_expect_bulk(store);
	if (put(STORE_ACCOUNT, "bulk", first + 1) != STATUS_OK)
		_exit(1);
	raise(SIGSTOP);
	store_close(store);
	_exit(0);
}

static bool
stops(pid_t pid)
{
	int how = 0;

	return waitpid(pid, &how, WUNTRACED) == pid && WIFSTOPPED(how);
}

static bool
goes_on(pid_t pid)
{
	return kill(pid, SIGCONT) == 0 && stops(pid);
}

static bool
ends(pid_t pid)
{
	int how = -1;

	return kill(pid, SIGCONT) == 0 && waitpid(pid, &how, 0) == pid &&
	       how == 0;
}

/* A process that writes much has more memory, and so has every other one
 * until it is done. */
static void
test_bulk(void)
{
	long long usual = regions_size();
	pid_t one = fork(), other;

	if (one == 0)
		write_much(1);
	ok(stops(one), "as usual");
	is_int(regions_size(), usual, "has the regions that are there");
	ok(goes_on(one), "in bulk");
	ok(regions_size() > 2 * usual, "has large ones");
	is_int(get(STORE_ACCOUNT, "bulk"), 2, "who is there already sees it");
	other = fork();
	if (other == 0)
		write_much(2);
	ok(stops(other), "another in bulk");
	ok(ends(other) && ends(one), "both end");
	is_int(get(STORE_ACCOUNT, "bulk"), 3, "and are done");
	is_int(regions_size(), usual, "the regions are as before");
	unit_log();
}

/* Processes die inside, again and again: what was open is closed each time, and
 * libdb frees nothing of it. */
static void
test_dead_memory(void)
{
	enum { DEATHS = 20, MOST = 32 << 10 };
	size_t before = 0;
	int i;

	for (i = 0; i < DEATHS; i++) {
		pid_t child = fork();

		if (child == 0) {
			store_begin(store_new(dir, 0), STORE_READ);
			_exit(0);
		}
		waitpid(child, NULL, 0);
		get(STORE_NAME, "x");
		if (i == 0)
			before = mallinfo2().uordblks;
	}
	ok(mallinfo2().uordblks < before + MOST,
		"the memory of what is dead is freed");
	unit_log();
}

/* What this process has read from files, in bytes. */
static long long
bytes_read(void)
{
	long long bytes = -1;
	FILE *file = fopen("/proc/self/io", "r");

	if (file == NULL || fscanf(file, "rchar: %lld", &bytes) != 1)
		return -1;
	fclose(file);
	return bytes;
}

/* libdb reads 32 KB of the log whenever it is asked whether a checkpoint is
 * due. */
static void
test_log(void)
{
	enum { MOST = 16 << 10 };
	long long before;
	int i;

	for (i = 0; i < RECORDS; i++)
		put(STORE_THROTTLE, "much", i);
	before = bytes_read();
	put(STORE_THROTTLE, "much", i);
	ok(before > 0 && bytes_read() - before < MOST,
		"a change does not read the log");
}

int
main(void)
{
	unit_begin();
	dir = mem_printf("%s/store", unit_dir);
	store = store_new(dir, 0);
	put(STORE_NAME, "first", 1);
	test_reserve();
	test_holes();
	test_long_path();
	test_log();
	test_dead_memory();
	test_bulk();
	store_close(store);
	verify_files(dir);
	mem_free(dir);
	return done();
}
