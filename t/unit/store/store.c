/* store.c - units of work: what they see, keep and refuse */
#include "config.h"

#include "base/json.h"
#include "libdb.h"
#include "store/store.h"
#include "unit.h"

#include <dirent.h>
#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORDS = 600 };

static struct store *store;
static char *dir;

static struct json_object *
numbered(int number)
{
	struct json_object *record = json_object_new_object();

	json_object_object_add(record, "n", json_object_new_int(number));
	return record;
}

static enum status
put_inside(enum store_kind kind, const char *key, int number)
{
	struct json_object *record = numbered(number);
	enum status status = store_put(store, kind, key, record);

	json_object_put(record);
	return status;
}

/* A unit of work of one record. */
static enum status
put(enum store_kind kind, const char *key, int number)
{
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		put_inside(kind, key, number);
	return status == STATUS_OK ? store_commit(store, STORE_LAZY) : status;
}

static enum status delete (enum store_kind kind, const char *key) {
	store_begin(store, STORE_WRITE); store_delete(store, kind, key);
	return store_commit(store, STORE_LAZY);
}

/* The number inside a unit of work; -1 if it is not there. */
static int
get_inside(enum store_kind kind, const char *key)
{
	struct json_object *record;
	int number = -1;

	if (store_get(store, kind, key, &record) == STATUS_OK)
		number = json_object_get_int(
			json_object_object_get(record, "n"));
	json_object_put(record);
	return number;
}

static int
get(enum store_kind kind, const char *key)
{
	int number;

	store_begin(store, STORE_READ);
	number = get_inside(kind, key);
	store_abort(store);
	return number;
}

static void
test_units(void)
{
	is_int((long long)store_changes(store), 0, "no count before first use");
	is_int(put(STORE_ACCOUNT, "a", 1), STATUS_OK, "a record");
	is_int(get(STORE_ACCOUNT, "a"), 1, "is there");
	is_int(get(STORE_NAME, "a"), -1, "in its kind alone");
	is_int(get(STORE_PARAM, "a"), -1, "and file");
	put(STORE_PARAM, "account/a", 2);
	is_int(get(STORE_ACCOUNT, "a"), 1, "a key that looks like a kind");
	put(STORE_ACCOUNT, "a", 3);
	is_int(get(STORE_ACCOUNT, "a"), 3, "is replaced");
	store_begin(store, STORE_WRITE);
	put_inside(STORE_ACCOUNT, "a", 4);
	put_inside(STORE_PARAM, "b", 4);
	is_int(get_inside(STORE_ACCOUNT, "a"), 4, "is seen inside");
	store_delete(store, STORE_ACCOUNT, "a");
	is_int(get_inside(STORE_ACCOUNT, "a"), -1, "and its end");
	store_abort(store);
	is_int(get(STORE_ACCOUNT, "a"), 3, "an abort undoes all of it");
	is_int(get(STORE_PARAM, "b"), -1, "in both files");
	store_abort(store);
	ok(true, "an abort of nothing");
	is_int(delete (STORE_ACCOUNT, "a"), STATUS_OK, "a delete");
	is_int(get(STORE_ACCOUNT, "a"), -1, "is one");
	is_int(delete (STORE_ACCOUNT, "a"), STATUS_OK, "and of nothing, too");
	is_int(store_commit(store, STORE_DURABLE), STATUS_UNAVAILABLE,
		"a commit of nothing");
	is_int(put_inside(STORE_ACCOUNT, "a", 1), STATUS_UNAVAILABLE,
		"a put outside");
	is_int(get_inside(STORE_ACCOUNT, "a"), -1, "a get outside");
}

/* --- our own mistakes -------------------------------------------------- */

static void
own_store(enum store_mode mode)
{
	store = store_new(dir, 0);
	if (store_begin(store, mode) != STATUS_OK)
		_exit(3);
}

static void
nested(void)
{
	own_store(STORE_READ);
	store_begin(store, STORE_READ);
}

static void
write_in_read(void)
{
	own_store(STORE_READ);
	put_inside(STORE_ACCOUNT, "a", 1);
}

static void
long_key(void)
{
	char key[STORE_KEY_SIZE + 32];

	memset(key, 'k', sizeof key);
	key[sizeof key - 1] = '\0';
	own_store(STORE_READ);
	get_inside(STORE_ACCOUNT, key);
}

static bool
aborts(void (*body)(void))
{
	int how = unit_fork(body);

	return WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT;
}

static void
test_mistakes(void)
{
	char key[STORE_KEY_SIZE];

	ok(aborts(nested), "a unit inside a unit is a mistake of ours");
	ok(aborts(write_in_read), "so is a write in a reading one");
	ok(aborts(long_key), "and a key that is too long");
	memset(key, 'k', sizeof key);
	key[STORE_KEY_SIZE - 1] = '\0';
	is_int(put(STORE_ACCOUNT, key, 5), STATUS_OK, "the longest key");
	is_int(get(STORE_ACCOUNT, key), 5, "is one");
	is_int(delete (STORE_ACCOUNT, key), STATUS_OK, "and goes");
}

/* --- counts and limits ------------------------------------------------- */

static void
test_changes(void)
{
	static const struct {
		const char *name;
		enum store_kind kind;
		bool moves;
	} kinds[] = {
		{"an account", STORE_ACCOUNT, true},
		{"a param", STORE_PARAM, true},
		{"a name", STORE_NAME, false},
		{"a code", STORE_CODE, false},
	};
	uint64_t before;
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		before = store_changes(store);
		put(kinds[i].kind, "c", 1);
		ok((store_changes(store) != before) == kinds[i].moves, "%s: %s",
			kinds[i].name,
			kinds[i].moves ? "moves the count" : "does not");
		before = store_changes(store);
		delete (kinds[i].kind, "c");
		ok((store_changes(store) != before) == kinds[i].moves,
			"%s: neither does its end otherwise", kinds[i].name);
	}
	before = store_changes(store);
	store_begin(store, STORE_WRITE);
	put_inside(STORE_ACCOUNT, "c", 1);
	store_abort(store);
	get(STORE_ACCOUNT, "c");
	ok(store_changes(store) == before, "nor reading, nor what is undone");
}

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

/* One after the other, inside a unit of work that changes them. */
static void
test_next(void)
{
	char key[STORE_KEY_SIZE] = "", keys[64] = "";
	struct json_object *record;

	put(STORE_CODE, "n1", 1);
	put(STORE_CODE, "n3", 3);
	put(STORE_NAME, "n0", 0);
	store_begin(store, STORE_WRITE);
	put_inside(STORE_CODE, "n2", 2);
	while (store_next(store, STORE_CODE, key, &record) == STATUS_OK) {
		strcat(keys, key);
		store_delete(store, STORE_CODE, key);
		json_object_put(record);
	}
	is_str(keys, "n1n2n3", "next: in order, those of this unit too");
	ok(record == NULL, "and none after the last");
	store_commit(store, STORE_DURABLE);
	is_int(get(STORE_CODE, "n3"), -1, "deleted on the way");
	is_int(get(STORE_NAME, "n0"), 0, "but not the next kind");
	delete (STORE_NAME, "n0");
}

/* --- walks ------------------------------------------------------------- */

struct seen {
	int seen, strangers;
	bool writes, ordered;
	char last[32];
};

/* While it walks: others come before and behind, and some go. */
static void
disturb(int number)
{
	char key[32];

	if (number == 100)
		put(STORE_ACCOUNT, "a-before", -1);
	if (number == 200)
		put(STORE_ACCOUNT, "z-behind", -1);
	if (number == 255) /* the batch's last */
		delete (STORE_ACCOUNT, "k0255");
	if (number == 300)
		delete (STORE_ACCOUNT, "k0599");
	snprintf(key, sizeof key, "k%04d", number);
	put(STORE_NAME, key, number);
}

static void
visit(struct seen *seen, const char *key, struct json_object *record)
{
	int number = json_object_get_int(json_object_object_get(record, "n"));

	seen->ordered = seen->ordered && strcmp(seen->last, key) < 0;
	snprintf(seen->last, sizeof seen->last, "%s", key);
	if (number < 0)
		seen->strangers++;
	else
		seen->seen++;
	if (seen->writes && number >= 0)
		disturb(number);
}

static struct seen
walk_over(enum store_kind kind, int stop, bool writes)
{
	struct seen seen = {.writes = writes, .ordered = true, .last = ""};
	struct store_walk walk;

	store_walk_begin(&walk, store, kind, "");
	while (seen.seen != stop && store_walk_next(&walk))
		visit(&seen, walk.key, walk.record);
	is_int(store_walk_end(&walk), STATUS_OK, "a walk");
	return seen;
}

static void
test_each(void)
{
	struct seen walk = walk_over(STORE_ACCOUNT, -1, false);
	char key[32];
	int i;

	is_int(walk.seen, 0, "of none");
	store_begin(store, STORE_WRITE);
	for (i = 0; i < RECORDS; i++) {
		snprintf(key, sizeof key, "k%04d", i);
		put_inside(STORE_ACCOUNT, key, i);
	}
	store_commit(store, STORE_DURABLE);
	walk = walk_over(STORE_ACCOUNT, -1, true);
	is_int(walk.seen, RECORDS - 1, "all but who went in time");
	is_int(walk.strangers, 1, "and who came behind");
	ok(walk.ordered, "in the order of their keys, each once");
	walk = walk_over(STORE_NAME, -1, false);
	is_int(walk.seen, RECORDS - 1, "another kind has its own");
	walk = walk_over(STORE_ACCOUNT, 256, false);
	is_int(walk.seen, 256, "no further than asked, at a batch's end");
	walk = walk_over(STORE_ACCOUNT, 3, false);
	is_int(walk.seen, 3, "nor within one");
	walk = walk_over(STORE_PARAM, -1, false);
	is_int(walk.seen, 1, "params");
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

static void
test_add(void)
{
	static const char text[] = "{\"a\":1}", other[] = "{\"a\":2}";
	uint64_t before = store_changes(store);
	struct json_object *record;
	int64_t number;
	bool there;

	store_begin(store, STORE_WRITE);
	ok(store_add(store, STORE_ACCOUNT, "added", text, sizeof text - 1,
		   &there) == STATUS_OK &&
			!there,
		"add: a new one");
	ok(store_add(store, STORE_ACCOUNT, "added", other, sizeof other - 1,
		   &there) == STATUS_OK &&
			there,
		"add: there is one");
	store_get(store, STORE_ACCOUNT, "added", &record);
	ok(json_natural(record, "a", &number) && number == 1,
		"add: and it stays");
	json_object_put(record);
	ok(store_commit(store, STORE_DURABLE) == STATUS_OK, "add: commit");
	ok(store_changes(store) == before, "add: changes does not move");
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
	test_units();
	test_mistakes();
	test_changes();
	test_reserve();
	test_next();
	test_each();
	test_holes();
	test_long_path();
	test_add();
	test_log();
	test_dead_memory();
	test_bulk();
	store_close(store);
	verify_files(dir);
	mem_free(dir);
	return done();
}
