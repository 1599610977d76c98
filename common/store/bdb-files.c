/* bdb-files.c - the files of a Berkeley DB directory, and what of them is on
 * the disk */
#include "config.h"

#include "store/bdb.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

enum { REWRITE_BYTES = 16 << 10 };

const char *const bdb_file_names[BDB_FILES] = {
	[BDB_ACCOUNTS] = "accounts.btr",
	[BDB_RECORDS] = "records.btr",
	[BDB_PARAMS] = "server_params.btr",
};

bool
bdb_is_there(const struct bdb *bdb)
{
	char *path = mem_printf("%s/%s", bdb->dir, bdb_file_names[0]);
	bool there = access(path, F_OK) == 0;

	mem_free(path);
	return there;
}

int
bdb_sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd < 0 || fsync(fd) != 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return result;
}

int
bdb_try_flush(const struct bdb *bdb)
{
	char *path = mem_printf("%s/flush", bdb->dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int result = fd < 0 || write(fd, path, 1) != 1 || fdatasync(fd) != 0
			     ? errno
			     : 0;

	if (fd >= 0)
		close(fd);
	unlink(path);
	mem_free(path);
	return result;
}

/* Writes what a file has over itself: then it is dirty, and is flushed. */
static int
rewrite_file(const char *path)
{
	char block[REWRITE_BYTES];
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	off_t offset = 0;
	ssize_t length = -1;
	bool done = fd >= 0;

	while (done && (length = pread(fd, block, sizeof block, offset)) > 0) {
		errno = EIO; /* where less is written than asked */
		done = pwrite(fd, block, (size_t)length, offset) == length;
		offset += length;
	}
	sodium_memzero(block, sizeof block); /* keys are in there */
	done = done && length == 0 && fdatasync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return done ? 0 : errno;
}

static int
flush_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	int result = fd < 0 || fdatasync(fd) != 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return result;
}

static bool
is_stored(const char *name)
{
	int i;

	for (i = 0; i < BDB_FILES; i++)
		if (strcmp(name, bdb_file_names[i]) == 0)
			return true;
	return strncmp(name, "log.", 4) == 0;
}

/* Does it to the log and the data files, and flushes the directory. */
static int
each_file(const struct bdb *bdb, int (*act)(const char *path))
{
	DIR *dir = opendir(bdb->dir);
	struct dirent *entry;
	char *path;
	int result = dir == NULL ? errno : 0;

	while (result == 0 && (entry = readdir(dir)) != NULL) {
		if (!is_stored(entry->d_name))
			continue;
		path = mem_printf("%s/%s", bdb->dir, entry->d_name);
		result = act(path);
		mem_free(path);
	}
	if (dir != NULL)
		closedir(dir);
	return result == 0 ? bdb_sync_dir(bdb->dir) : result;
}

int
bdb_rewrite(const struct bdb *bdb)
{
	return each_file(bdb, rewrite_file);
}

int
bdb_flush(const struct bdb *bdb)
{
	return each_file(bdb, flush_file);
}
