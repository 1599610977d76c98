/* bdb.c - a Berkeley DB directory: its handles, its log, its recovery */
#include "config.h"

#include "bdb.h"

#include "log.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CACHE_BYTES = 2 << 20,
	LOG_FILE_BYTES = 8 << 20,
	CHECKPOINT_KB = 1024,
	REGIONS_MAX = 9
};

static const char *const file_names[BDB_FILES] = {
	[BDB_RECORDS] = "records.btr",
	[BDB_PARAMS] = "server_params.btr",
};

static void
on_error(const DB_ENV *env, const char *prefix, const char *message)
{
	(void)env;
	(void)prefix;
	log_error("store: libdb: %s", message);
}

/* While dead handles are closed, libdb complains of each. */
static void
on_expected_error(const DB_ENV *env, const char *prefix, const char *message)
{
	(void)env;
	(void)prefix;
	(void)message;
}

/* --- opening ----------------------------------------------------------- */

/* How much of the file with that inode is mapped; 0 if none. */
static off_t
mapped_size(ino_t inode)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end, found;
	char line[512];
	off_t size = 0;

	while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
		if (sscanf(line, "%lx-%lx %*s %*s %*s %lu", &start, &end,
			    &found) == 3 &&
			found == inode)
			size = (off_t)(end - start);
	if (maps != NULL)
		fclose(maps);
	return size;
}

/* libdb maps its region files in full but lets them grow as it goes, which
 * leaves holes; on a full disk a hole is a SIGBUS. DB_REGION_INIT fills only
 * what they begin with. So they get all their room while it can still be
 * refused. */
static int
fill_region(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat file;
	off_t size;
	int result = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : errno;
	if (fstat(fd, &file) != 0)
		result = errno;
	size = result == 0 ? mapped_size(file.st_ino) : 0;
	if (size > 0)
		result = posix_fallocate(fd, 0, size);
	close(fd);
	return result;
}

static int
fill_regions(const struct bdb *bdb)
{
	char *path;
	int i, result = 0;

	for (i = 1; i <= REGIONS_MAX && result == 0; i++) {
		path = mem_printf("%s/__db.%03d", bdb->dir, i);
		result = fill_region(path);
		mem_free(path);
	}
	return result;
}

static int
open_env(DB_ENV *env, const char *dir, bool recover)
{
	uint32_t flags = DB_CREATE | DB_INIT_TXN | DB_INIT_LOG | DB_INIT_MPOOL;
	int result;

	env->set_errcall(env, on_error);
	if ((result = env->set_flags(env, DB_REGION_INIT, 1)) != 0 ||
		(result = env->set_cachesize(env, 0, CACHE_BYTES, 1)) != 0 ||
		(result = env->set_lg_max(env, LOG_FILE_BYTES)) != 0 ||
		(result = env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1)) != 0)
		return result;
	return env->open(env, dir, flags | (recover ? DB_RECOVER : 0), 0600);
}

static int
open_file(struct bdb *bdb, int i)
{
	DB *file;
	int result = db_create(&file, bdb->env, 0);

	if (result != 0)
		return result;
	bdb->files[i] = file; /* to be closed also when its open fails */
	return file->open(file, NULL, file_names[i], NULL, DB_BTREE,
		DB_CREATE | DB_AUTO_COMMIT, 0600);
}

int
bdb_open(struct bdb *bdb, bool recover)
{
	DB_ENV *env;
	int i, result = db_env_create(&env, 0);

	if (result != 0)
		return result;
	result = open_env(env, bdb->dir, recover);
	if (result != 0) {
		env->close(env, 0);
		return result;
	}
	bdb->env = env;
	if (recover)
		result = fill_regions(bdb);
	for (i = 0; i < BDB_FILES && result == 0; i++)
		result = open_file(bdb, i);
	return result;
}

/* --- closing ----------------------------------------------------------- */

static void
close_log(struct bdb *bdb)
{
	if (bdb->log_fd >= 0)
		close(bdb->log_fd);
	bdb->log_fd = -1;
	bdb->log_number = 0;
}

/* Dead handles must be closed in this order and never synced: a plain close
 * waits for whoever died, for ever. */
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
	memset(bdb->files, 0, sizeof bdb->files);
	bdb->env = NULL;
	close_log(bdb);
}

/* --- the log ----------------------------------------------------------- */

/* The number of the log file that libdb writes to now. */
static int
current_log(struct bdb *bdb, uint32_t *number)
{
	DB_LOG_STAT *stat;
	int result = bdb->env->log_stat(bdb->env, &stat, 0);

	if (result == 0) {
		*number = stat->st_cur_file;
		mem_free(stat);
	}
	return result;
}

/* libdb does not sync the directory after it has made a file. */
static int
sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd < 0 || fsync(fd) != 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return result;
}

int
bdb_follow_log(struct bdb *bdb)
{
	uint32_t number;
	char *path;
	int result = current_log(bdb, &number);

	if (result != 0 || number == bdb->log_number)
		return result;
	/* What a unit of work has written may begin in the file before. */
	if (bdb->log_fd >= 0 && fdatasync(bdb->log_fd) != 0)
		return errno;
	close_log(bdb);
	path = mem_printf("%s/log.%010u", bdb->dir, number);
	bdb->log_fd = open(path, O_WRONLY | O_CLOEXEC);
	result = bdb->log_fd < 0 ? errno : sync_dir(bdb->dir);
	mem_free(path);
	if (result == 0)
		bdb->log_number = number;
	return result;
}

int
bdb_checkpoint(struct bdb *bdb, bool due)
{
	return bdb->env->txn_checkpoint(
		bdb->env, due ? 0 : CHECKPOINT_KB, 0, 0);
}

/* The kernel may hold as clean what never reached the disk, and the next
 * flush would lie. So nothing is added to that log file: filler moves libdb on
 * to a new one, and a forced checkpoint makes the data files, and nothing in
 * the old log, what recovery begins from. */
int
bdb_move_on(struct bdb *bdb)
{
	uint32_t old, now;
	int result = current_log(bdb, &old);

	for (now = old; result == 0 && now == old;) {
		result = bdb->env->log_printf(
			bdb->env, NULL, "%01024d moving on", 0);
		if (result == 0)
			result = current_log(bdb, &now);
	}
	if (result == 0)
		result = bdb->env->txn_checkpoint(bdb->env, 0, 0, DB_FORCE);
	close_log(bdb); /* its flush is what failed */
	if (result == 0)
		result = bdb_follow_log(bdb);
	if (result == 0 && fdatasync(bdb->log_fd) != 0)
		result = errno;
	return result;
}
