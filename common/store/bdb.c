/* bdb.c - a Berkeley DB directory: its handles, its log, its recovery */
#include "config.h"

#include "store/bdb.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/bdb-fit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

/* --- what libdb allocates ---------------------------------------------- */

struct bdb_block {
	LIST_ENTRY(bdb_block) link;
	size_t size;
	alignas(max_align_t) unsigned char data[];
};

static struct bdb_memory others, *in_use = &others;

static struct bdb_block *
block_of(void *data)
{
	return (struct bdb_block *)((unsigned char *)data -
				    offsetof(struct bdb_block, data));
}

static void *
allocate(size_t size)
{
	struct bdb_block *block;

	if (size > SIZE_MAX - sizeof *block ||
		(block = malloc(sizeof *block + size)) == NULL)
		return NULL;
	block->size = size;
	LIST_INSERT_HEAD(in_use, block, link);
	return block->data;
}

/* Wipes and frees a block; NULL is none. */
static void
wipe_block(void *data)
{
	struct bdb_block *block;

	if (data == NULL)
		return;
	block = block_of(data);
	LIST_REMOVE(block, link);
	sodium_memzero(data, block->size);
	free(block);
}

static void *
resize(void *data, size_t size)
{
	size_t before = data == NULL ? 0 : block_of(data)->size;
	void *other = allocate(size);

	if (other == NULL)
		return NULL;
	if (before > 0)
		memcpy(other, data, before < size ? before : size);
	wipe_block(data);
	return other;
}

void
bdb_memory_use(struct bdb_memory *memory)
{
	in_use = memory == NULL ? &others : memory;
	db_env_set_func_malloc(allocate);
	db_env_set_func_realloc(resize);
	db_env_set_func_free(wipe_block);
}

/* Wipes and frees all blocks: no handle is open any more. */
static void
wipe_all(struct bdb_memory *memory)
{
	while (!LIST_EMPTY(memory))
		wipe_block(LIST_FIRST(memory)->data);
}

/* --- its files, and what of them is on the disk ------------------------ */

enum { REWRITE_BYTES = 16 << 10 };

const char *const bdb_file_names[BDB_FILES] = {
	[BDB_ACCOUNTS] = "accounts.btr",
	[BDB_RECORDS] = "records.btr",
	[BDB_PARAMS] = "server_params.btr",
};

bool
bdb_has(const char *dir, const char *name)
{
	char *path = mem_printf("%s/%s", dir, name);
	bool there = access(path, F_OK) == 0;

	mem_free(path);
	return there;
}

/* So that the files made in it stay: libdb does not flush it. */
static int
sync_dir(const struct bdb *bdb)
{
	return file_sync_dir(bdb->dir) ? 0 : errno;
}

int
bdb_try_flush(const struct bdb *bdb)
{
	char *path = mem_printf("%s/flush", bdb->dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int result = fd < 0 || write(fd, path, 1) != 1 || fdatasync(fd) != 0
			     ? errno
			     : 0;

	file_close(fd);
	unlink(path);
	mem_free(path);
	return result;
}

/* Writes what a file has over itself, which makes it dirty, and flushes it. */
static int
rewrite(int fd)
{
	char block[REWRITE_BYTES];
	off_t offset = 0;
	ssize_t length = -1;
	bool done = true;

	while (done && (length = pread(fd, block, sizeof block, offset)) > 0) {
		errno = EIO; /* if less is written than asked */
		done = pwrite(fd, block, (size_t)length, offset) == length;
		offset += length;
	}
	sodium_memzero(block, sizeof block); /* keys are in there */
	return done && length == 0 ? fdatasync(fd) : -1;
}

bool
bdb_is_stored(const char *name)
{
	int i;

	for (i = 0; i < BDB_FILES; i++)
		if (strcmp(name, bdb_file_names[i]) == 0)
			return true;
	return strncmp(name, "log.", 4) == 0;
}

/* Calls `act` for the log and the data files, and flushes the directory. */
static int
each_file(const struct bdb *bdb, int (*act)(int fd))
{
	DIR *dir = opendir(bdb->dir);
	struct dirent *entry;
	char *path;
	int fd, result = dir == NULL ? errno : 0;

	while (result == 0 && (entry = readdir(dir)) != NULL) {
		if (!bdb_is_stored(entry->d_name))
			continue;
		path = mem_printf("%s/%s", bdb->dir, entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		mem_free(path);
		result = fd < 0 || act(fd) != 0 ? errno : 0;
		file_close(fd);
	}
	if (dir != NULL)
		closedir(dir);
	return result == 0 ? sync_dir(bdb) : result;
}

int
bdb_rewrite(const struct bdb *bdb)
{
	return each_file(bdb, rewrite);
}

int
bdb_flush(const struct bdb *bdb)
{
	return each_file(bdb, fdatasync);
}

/* --- the files that libdb shares its memory in ------------------------- */

/* libdb gives them no room on the disk, and leaves them mapped when their
 * environment has died. This part has what Linux knows of these files, and
 * nothing of libdb's. */

/* Where a file is mapped; size 0: nowhere. */
struct mapping {
	void *start;
	size_t size;
};

static char *
region_path(const char *dir, int i)
{
	return mem_printf("%s/__db.%03d", dir, i + 1);
}

/* Notes which files libdb has just mapped. */
static void
note_regions(struct bdb_regions *regions, const char *dir)
{
	struct stat file;
	char *path;
	bool there = true;

	regions->count = 0;
	while (there && regions->count < BDB_REGIONS_MOST) {
		path = region_path(dir, regions->count);
		there = stat(path, &file) == 0;
		if (there)
			regions->files[regions->count++] = file.st_ino;
		mem_free(path);
	}
}

/* Parses one line of /proc/self/maps. Returns whether it is of a region. */
static bool
note_mapping(const struct bdb_regions *regions, const char *line,
	struct mapping mappings[BDB_REGIONS_MOST])
{
	unsigned long start, end;
	unsigned long long inode;
	int i;

	if (strstr(line, "/__db.") == NULL ||
		sscanf(line, "%lx-%lx %*s %*s %*s %llu", &start, &end,
			&inode) != 3)
		return false;
	for (i = 0; i < regions->count; i++)
		if (regions->files[i] == inode) {
			mappings[i] =
				(struct mapping){(void *)start, end - start};
			return true;
		}
	return false;
}

static bool
read_maps(const struct bdb_regions *regions, FILE *maps,
	struct mapping mappings[BDB_REGIONS_MOST])
{
	char *line = NULL; /* as long as the store's path makes it */
	size_t size = 0;
	bool found = false;

	while (getline(&line, &size, maps) > 0)
		found = note_mapping(regions, line, mappings) || found;
	free(line);
	return found;
}

/* Called rarely: reading all of a process's mappings takes about as long as
 * opening the store. */
static void
find_mappings(const struct bdb_regions *regions,
	struct mapping mappings[BDB_REGIONS_MOST])
{
	bool found = false;
	FILE *now;

	memset(mappings, 0, BDB_REGIONS_MOST * sizeof *mappings);
	if (regions->maps != NULL) {
		rewind(regions->maps);
		found = read_maps(regions, regions->maps, mappings);
	}
	/* In an emulator (qemu-user) the file shows what was mapped when it was
	 * opened. */
	if (!found && (now = fopen("/proc/self/maps", "re")) != NULL) {
		read_maps(regions, now, mappings);
		fclose(now);
	}
}

static int
fill_region(const char *dir, int i, size_t size)
{
	char *path = region_path(dir, i);
	int result, fd = open(path, O_RDWR | O_CLOEXEC);

	result = fd < 0 ? errno : posix_fallocate(fd, 0, (off_t)size);
	file_close(fd);
	mem_free(path);
	return result;
}

/* Gives the files all their room on the disk. libdb maps them in full but lets
 * them grow as it goes, which leaves holes, and on a full disk a hole is a
 * SIGBUS. Returns an errno, or 0. */
static int
fill_regions(const struct bdb_regions *regions, const char *dir)
{
	struct mapping mappings[BDB_REGIONS_MOST];
	int i, result = 0;

	find_mappings(regions, mappings);
	for (i = 0; i < regions->count && result == 0; i++)
		if (mappings[i].size > 0)
			result = fill_region(dir, i, mappings[i].size);
	return result;
}

static void
unmap_regions(const struct bdb_regions *regions)
{
	struct mapping mappings[BDB_REGIONS_MOST];
	int i;

	find_mappings(regions, mappings);
	for (i = 0; i < regions->count; i++)
		if (mappings[i].size > 0)
			munmap(mappings[i].start, mappings[i].size);
}

/* --- settings and errors of an environment ----------------------------- */

enum {
	/* A larger cache makes a look-up no quicker. With 10 million accounts
	 * the inner pages of the trees would fit into 100 MB, but libdb takes
	 * longer to find them there, in memory as cold as any, than to read
	 * them from the page cache. */
	CACHE_BYTES = 2 << 20,
	LOG_FILE_BYTES = 1 << 20,
	CHECKPOINT_KB = 1024,
	BULK_BYTES = 16 << 20, /* each of the three */
	BULK_ROOM = 16 * BULK_BYTES,
	VERIFY_CACHE_BYTES = 32 << 20
};

static void
on_error(const DB_ENV *env, const char *prefix, const char *message)
{
	struct bdb *bdb = env != NULL ? env->app_private : NULL;

	(void)prefix;
	log_error("store: libdb: %s", message);
	/* libdb's code for it is that of other failures, too. */
	if (bdb != NULL && strstr(message, "Log sequence error") != NULL)
		bdb->out_of_sequence = true;
}

/* libdb complains of each dead handle that is closed. */
static void
on_expected_error(const DB_ENV *env, const char *prefix, const char *message)
{
	(void)env;
	(void)prefix;
	(void)message;
}

/* Out of descriptors, or of room for a file, libdb would try again after 2, 4
 * and 6 seconds: inside the gate, while all others wait. */
static int
yield(u_long seconds, u_long microseconds)
{
	struct timespec little = {0, 1000};

	(void)seconds;
	(void)microseconds;
	return nanosleep(&little, NULL);
}

void
bdb_expect_bulk(struct bdb *bdb)
{
	struct statvfs fs;

	bdb->in_bulk = statvfs(bdb->dir, &fs) == 0 &&
		       (uint64_t)fs.f_bavail * fs.f_frsize >= BULK_ROOM;
}

/* --- opening ----------------------------------------------------------- */

static int
open_env(const struct bdb *bdb, DB_ENV *env, enum bdb_recovery recovery)
{
	static const uint32_t how[] = {[BDB_NONE] = 0,
		[BDB_RECENT] = DB_RECOVER,
		[BDB_ALL] = DB_RECOVER_FATAL};
	uint32_t log_size = bdb->in_bulk ? BULK_BYTES : LOG_FILE_BYTES;
	uint32_t cache = bdb->in_bulk ? BULK_BYTES : CACHE_BYTES;
	uint32_t flags = DB_CREATE | DB_INIT_TXN | DB_INIT_LOG | DB_INIT_MPOOL;
	int result;

	env->set_errcall(env, on_error);
	if ((result = env->set_flags(env, DB_REGION_INIT, 1)) != 0 ||
		(result = env->set_cachesize(env, 0, cache, 1)) != 0 ||
		(result = env->set_lg_max(env, log_size)) != 0 ||
		(result = env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1)) != 0)
		return result;
	return env->open(env, bdb->dir, flags | how[recovery], 0600);
}

static int
open_file(struct bdb *bdb, int i)
{
	DB *file;
	int result = db_create(&file, bdb->env, 0);

	if (result != 0)
		return result;
	bdb->files[i] = file; /* so that it is closed also if its open fails */
	return file->open(file, NULL, bdb_file_names[i], NULL, DB_BTREE,
		DB_CREATE | DB_AUTO_COMMIT, 0600);
}

int
bdb_open(struct bdb *bdb, enum bdb_recovery recovery)
{
	DB_ENV *env;
	int i, result;

	bdb_memory_use(&bdb->memory);
	db_env_set_func_yield(yield);
	result = db_env_create(&env, 0);
	if (result != 0)
		return result;
	env->app_private = bdb;
	bdb->out_of_sequence = false;
	result = open_env(bdb, env, recovery);
	if (result != 0) {
		env->close(env, 0);
		return result;
	}
	bdb->env = env;
	note_regions(&bdb->regions, bdb->dir);
	if (recovery != BDB_NONE)
		result = fill_regions(&bdb->regions, bdb->dir);
	for (i = 0; i < BDB_FILES && result == 0; i++)
		result = open_file(bdb, i);
	return result;
}

/* --- closing ----------------------------------------------------------- */

static void
close_log(struct bdb *bdb)
{
	file_close(bdb->log_fd);
	bdb->log_fd = -1;
	bdb->log_number = 0;
}

/* Dead handles must be closed in this order and never synced: a plain close
 * waits for ever for the process that died. */
void
bdb_close(struct bdb *bdb, bool dead)
{
	int i;

	if (bdb->env != NULL && dead) {
		bdb->env->set_errcall(bdb->env, on_expected_error);
		bdb->env->set_flags(bdb->env, DB_PANIC_ENVIRONMENT, 1);
	}
	for (i = 0; i < BDB_FILES; i++)
		if (bdb->files[i] != NULL)
			bdb->files[i]->close(bdb->files[i], DB_NOSYNC);
	if (bdb->env != NULL)
		bdb->env->close(bdb->env, 0);
	if (dead) {
		wipe_all(&bdb->memory);
		unmap_regions(&bdb->regions);
	}
	bdb->regions.count = 0;
	memset(bdb->files, 0, sizeof bdb->files);
	bdb->env = NULL;
	close_log(bdb);
}

/* --- the log ----------------------------------------------------------- */

struct log_state {
	uint64_t end; /* LSN of what is written next */
	uint64_t kb;  /* in the log since the last checkpoint */
};

static int
look_at_log(struct bdb *bdb, struct log_state *state)
{
	DB_LOG_STAT *stat;
	int result = bdb->env->log_stat(bdb->env, &stat, 0);

	if (result == 0) {
		state->end =
			(uint64_t)stat->st_cur_file << 32 | stat->st_cur_offset;
		state->kb = ((uint64_t)stat->st_wc_mbytes << 10) +
			    (stat->st_wc_bytes >> 10);
		wipe_block(stat);
	}
	return result;
}

bool
bdb_is_behind(struct bdb *bdb)
{
	struct log_state state;

	return look_at_log(bdb, &state) == 0 &&
	       bdb_fit_goes_on(bdb->dir, (uint32_t)(state.end >> 32));
}

/* Opens the file of `end` in log_fd. */
static int
follow_log(struct bdb *bdb, uint64_t end, bool written)
{
	uint32_t number = (uint32_t)(end >> 32);
	char *path;
	int result;

	bdb->log_end = end;
	if (number == bdb->log_number)
		return 0;
	/* The unit of work may have begun to write in the file before. */
	if (bdb->log_fd >= 0 && fdatasync(bdb->log_fd) != 0)
		return errno;
	close_log(bdb);
	path = mem_printf("%s/log.%010u", bdb->dir, number);
	bdb->log_fd = open(path, O_WRONLY | O_CLOEXEC);
	result = bdb->log_fd < 0 ? errno : sync_dir(bdb);
	mem_free(path);
	if (result == 0)
		bdb->log_number = number;
	/* After a recovery that has used up a file, libdb makes the next file
	 * when it has something to write. */
	return result == ENOENT && !written ? 0 : result;
}

/* Changes a page of each data file, and nothing that is in it. A log record
 * names the record before it that changed the same page. So after each
 * checkpoint the log has a record that does not fit data files from before that
 * checkpoint, and libdb finds it when it recovers by all of the log: see
 * BDB_ALL. */
static int
touch_files(struct bdb *bdb)
{
	char zero[1] = "";
	DBT key = {.data = zero, .size = sizeof zero}, value = {0};
	DB_TXN *txn;
	int i, result = bdb->env->txn_begin(bdb->env, NULL, &txn, 0);

	if (result != 0)
		return result;
	for (i = 0; i < BDB_FILES && result == 0; i++) {
		DB *file = bdb->files[i];

		result = file->put(file, txn, &key, &value, 0);
		if (result == 0)
			result = file->del(file, txn, &key, 0);
	}
	if (result == 0)
		return txn->commit(txn, DB_TXN_WRITE_NOSYNC);
	txn->abort(txn);
	return result;
}

/* The pages say nothing of the log until a change of theirs is written. The
 * directory is flushed first: if the power went in between, the pages would be
 * of a log that is not there. */
int
bdb_mark_new(struct bdb *bdb)
{
	int result = sync_dir(bdb);

	if (result == 0)
		result = touch_files(bdb);
	return result != 0 ? result : bdb_checkpoint(bdb);
}

/* txn_checkpoint() takes a least size, too, but looks for log files to remove
 * first: it opens the log and reads 32 KB of it each time. */
int
bdb_begin_log(struct bdb *bdb, bool due)
{
	uint32_t most = bdb->in_bulk ? BULK_BYTES >> 10 : CHECKPOINT_KB;
	struct log_state state;
	int result = look_at_log(bdb, &state);

	if (result == 0 && (due || state.kb >= most)) {
		result = bdb_checkpoint(bdb);
		if (result == 0)
			result = touch_files(bdb);
		if (result == 0)
			result = look_at_log(bdb, &state);
	}
	return result != 0 ? result : follow_log(bdb, state.end, false);
}

int
bdb_end_log(struct bdb *bdb, bool written)
{
	struct log_state state;
	int result = look_at_log(bdb, &state);

	return result != 0 ? result : follow_log(bdb, state.end, written);
}

int
bdb_checkpoint(struct bdb *bdb)
{
	return bdb->env->txn_checkpoint(bdb->env, 0, 0, 0);
}

/* What does not fit into the cache goes into a file without a name: here, since
 * the sandbox has no /var/tmp. */
static int
open_private(const struct bdb *bdb, DB_ENV *env)
{
	int result;

	env->set_errcall(env, on_error);
	if ((result = env->set_tmp_dir(env, ".")) != 0 ||
		(result = env->set_cachesize(env, 0, VERIFY_CACHE_BYTES, 1)) !=
			0)
		return result;
	return env->open(
		env, bdb->dir, DB_CREATE | DB_PRIVATE | DB_INIT_MPOOL, 0600);
}

/* Verifies by handles of its own, since the environment's would have to be
 * closed first. */
static int
verify_file(const struct bdb *bdb, int i)
{
	DB_ENV *env;
	DB *file;
	int result = db_env_create(&env, 0);

	if (result != 0)
		return result;
	result = open_private(bdb, env);
	if (result == 0)
		result = db_create(&file, env, 0);
	if (result == 0)
		result = file->verify(file, bdb_file_names[i], NULL, NULL, 0);
	env->close(env, 0);
	return result;
}

int
bdb_verify(struct bdb *bdb)
{
	int i, result = bdb->env->txn_checkpoint(bdb->env, 0, 0, DB_FORCE);

	for (i = 0; i < BDB_FILES && result == 0; i++)
		result = verify_file(bdb, i);
	return result;
}
