/* file.c - files by their paths */
#include "config.h"

#include "base/file.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OTHERS_WRITE = 022, COPY_BLOCK = 256 << 10 };

bool
file_is_at(const struct stat *file, const char *path)
{
	struct stat at_path;

	return stat(path, &at_path) == 0 && at_path.st_dev == file->st_dev &&
	       at_path.st_ino == file->st_ino;
}

char *
file_next_directory(const char **dirs)
{
	size_t length = strcspn(*dirs, ":");
	char *dir = mem_printf("%.*s", (int)length, *dirs);

	*dirs += length + ((*dirs)[length] == ':');
	if (length > 0)
		return dir;
	mem_free(dir);
	return NULL;
}

char *
file_find(const char *dirs, const char *name)
{
	char *dir, *path;

	while ((dir = file_next_directory(&dirs)) != NULL) {
		path = mem_printf("%s/%s", dir, name);
		mem_free(dir);
		if (access(path, F_OK) == 0)
			return path;
		mem_free(path);
	}
	return NULL;
}

bool
file_others_write(const struct stat *file)
{
	return (file->st_mode & OTHERS_WRITE) != 0;
}

bool
file_is_roots(const struct stat *file)
{
	return file->st_uid == 0 && !file_others_write(file);
}

bool
file_sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	file_close(fd);
	return good;
}

bool
file_sync_dir_of(const char *path)
{
	char *copy = mem_copy(path);
	bool good = file_sync_dir(dirname(copy));

	mem_free(copy);
	return good;
}

void
file_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

bool
file_write(int fd, const char *text, size_t length)
{
	ssize_t done;

	while (length > 0) {
		done = write(fd, text, length);
		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			text += done;
			length -= (size_t)done;
		}
	}
	return true;
}

ssize_t
file_read(int fd, void *bytes, size_t size)
{
	size_t length = 0;
	ssize_t got = 1;

	while (length < size && got != 0) {
		got = read(fd, (char *)bytes + length, size - length);
		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			length += (size_t)got;
	}
	return (ssize_t)length;
}

bool
file_copy(int from, int to)
{
	char *block = mem_zero(COPY_BLOCK);
	ssize_t length;

	do
		length = read(from, block, COPY_BLOCK);
	while (length > 0 && file_write(to, block, (size_t)length));
	explicit_bzero(block, COPY_BLOCK); /* there may be secrets in it */
	mem_free(block);
	return length == 0;
}

/* --- in another's place ------------------------------------------------ */

/* The mode comes last: until the owner is right, no other user may read it. In
 * the sandbox neither can be changed, and need not be. */
static bool
fill(int fd, const char *text, size_t length, mode_t mode, uid_t owner,
	gid_t group)
{
	struct stat file;

	if (!file_write(fd, text, length) || fstat(fd, &file) != 0)
		return false;
	if ((file.st_uid != owner || file.st_gid != group) &&
		fchown(fd, owner, group) != 0)
		return false;
	return ((file.st_mode & 07777) == mode || fchmod(fd, mode) == 0) &&
	       fsync(fd) == 0;
}

bool
file_replace(const char *path, const char *text, size_t length, mode_t mode,
	uid_t owner, gid_t group)
{
	char *temporary = mem_printf("%s.tmp", path);
	bool good = unlink(temporary) == 0 || errno == ENOENT;
	int fd = !good ? -1
		       : open(temporary,
				 O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	good = fd >= 0 && fill(fd, text, length, mode, owner, group) &&
	       rename(temporary, path) == 0 && file_sync_dir_of(path);
	if (!good)
		log_error("%s: %s", path, strerror(errno));
	file_close(fd);
	if (!good)
		unlink(temporary);
	mem_free(temporary);
	return good;
}
