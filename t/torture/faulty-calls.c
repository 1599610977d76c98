/* faulty-calls.c - libc's calls, as the programs see them */
#define _GNU_SOURCE

#include "faulty.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NAME_SIZE = 64, PAGE = 4096 };

/* The one that ours stands before. */
#define REAL(name)                                                             \
	static __typeof__(name) *real;                                         \
	if (real == NULL)                                                      \
	real = (__typeof__(name) *)(uintptr_t)dlsym(RTLD_NEXT, #name)

int
open(const char *path, int flags, ...)
{
	REAL(open);
	enum kind kind = kind_of_path(path);
	struct stat before;
	mode_t mode = 0;
	int fd, is_new;
	va_list rest;

	va_start(rest, flags);
	if (flags & O_CREAT)
		mode = va_arg(rest, mode_t);
	va_end(rest);
	if (is_read_only(path) && (flags & (O_ACCMODE | O_CREAT)) != O_RDONLY)
		return refuse(EROFS);
	is_new = kind == STORED && (flags & O_CREAT) != 0 &&
		 stat(path, &before) != 0;
	fd = real(path, flags, mode);
	if (fd < 0 || fd >= FDS)
		return fd;
	kinds[fd] = (unsigned char)kind;
	seen[fd] = page == NULL ? 0 : atomic_load(&page->failed_flushes);
	if (is_new)
		note('c', inode_of(fd), 0, name_below(path),
			strlen(name_below(path)));
	else if (kind == STORED && (flags & O_TRUNC) != 0)
		note('t', inode_of(fd), 0, NULL, 0);
	return fd;
}

int open64(const char *, int, ...) __attribute__((alias("open")));

int
close(int fd)
{
	REAL(close);

	if (fd >= 0 && fd < FDS)
		kinds[fd] = OTHER;
	return real(fd);
}

/* Writes some of it and dies: as far as the end of a page, where the kernel
 * looks whether the process has been killed. */
static void
die_writing(int fd, const void *data, size_t length, off_t offset)
{
	size_t to_end = PAGE - (size_t)offset % PAGE;
	size_t part = chance(2) ? to_end : 0;
	ssize_t done = 0;

	if (part > length)
		part = length;
	if (part > 0)
		done = syscall(SYS_pwrite64, fd, data, part, offset);
	if (done > 0)
		note('w', inode_of(fd), offset, data, (size_t)done);
	die();
}

ssize_t
pwrite(int fd, const void *data, size_t length, off_t offset)
{
	REAL(pwrite);
	int error = 0;
	ssize_t done;

	if (kind_of(fd) == STORED && (error = write_error()) != 0)
		return refuse(error);
	if (kind_of(fd) == STORED && by_chance())
		die_writing(fd, data, length, offset);
	done = real(fd, data, length, offset);
	if (kind_of(fd) == STORED && done > 0)
		note('w', inode_of(fd), offset, data, (size_t)done);
	return done;
}

ssize_t pwrite64(int, const void *, size_t, off_t)
	__attribute__((alias("pwrite")));

ssize_t
write(int fd, const void *data, size_t length)
{
	REAL(write);
	int error = 0;
	off_t offset;
	ssize_t done;

	if (kind_of(fd) != OTHER && (error = write_error()) != 0)
		return refuse(error);
	offset = kind_of(fd) == STORED ? lseek(fd, 0, SEEK_CUR) : 0;
	if (kind_of(fd) == STORED && by_chance())
		die_writing(fd, data, length, offset);
	done = real(fd, data, length);
	if (kind_of(fd) == STORED && done > 0)
		note('w', inode_of(fd), offset, data, (size_t)done);
	return done;
}

int
ftruncate(int fd, off_t length)
{
	REAL(ftruncate);
	int result = real(fd, length);

	if (kind_of(fd) == STORED && result == 0)
		note('t', inode_of(fd), length, NULL, 0);
	return result;
}

int ftruncate64(int, off_t) __attribute__((alias("ftruncate")));

/* What is written meanwhile may not be flushed by it: so its beginning is
 * noted, too. */
static int
flush(int fd, int (*real)(int))
{
	int error = flush_error(), result;
	int64_t pid = getpid();

	if (error != 0) {
		/* What was on its way is lost, and looks clean. */
		seen[fd] = atomic_load(&page->failed_flushes);
		note('f', inode_of(fd), 0, NULL, 0);
		return refuse(error);
	}
	if (by_chance())
		die();
	note('b', inode_of(fd), pid, NULL, 0);
	result = real(fd);
	if (result == 0)
		note('s', inode_of(fd), pid, NULL, 0);
	/* As in the kernel: each process that had the file open by then is told
	 * of a failure once. */
	if (fd < FDS && seen[fd] != atomic_load(&page->failed_flushes)) {
		seen[fd] = atomic_load(&page->failed_flushes);
		return refuse(EIO);
	}
	if (by_chance())
		die();
	return result;
}

int
fdatasync(int fd)
{
	REAL(fdatasync);

	return kind_of(fd) == STORED ? flush(fd, real) : real(fd);
}

int
fsync(int fd)
{
	REAL(fsync);

	return kind_of(fd) == STORED ? flush(fd, real) : real(fd);
}

int
posix_fallocate(int fd, off_t offset, off_t length)
{
	REAL(posix_fallocate);
	int error = kind_of(fd) == OTHER ? 0 : write_error();

	return error != 0 ? error : real(fd, offset, length);
}

int
rename(const char *from, const char *to)
{
	REAL(rename);
	const char *a = name_below(from), *b = name_below(to);
	char names[2 * NAME_SIZE];
	int length, result;

	if (is_read_only(from))
		return refuse(EROFS);
	if (a != NULL && b != NULL && by_chance())
		die();
	result = real(from, to);
	if (a != NULL && b != NULL && result == 0) {
		length = snprintf(names, sizeof names, "%s\n%s", a, b);
		note('r', 0, 0, names, (size_t)length);
	}
	return result;
}

int
unlink(const char *path)
{
	REAL(unlink);
	int result;

	if (is_read_only(path))
		return refuse(EROFS);
	result = real(path);
	if (result == 0 && kind_of_path(path) == STORED)
		note('u', 0, 0, name_below(path), strlen(name_below(path)));
	return result;
}

int
mkdir(const char *path, mode_t mode)
{
	REAL(mkdir);

	return is_read_only(path) ? refuse(EROFS) : real(path, mode);
}

/* --- clocks ------------------------------------------------------------ */

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	REAL(clock_gettime);
	int result = real(clock, now);

	if (page == NULL || result != 0)
		return result;
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		now->tv_sec += atomic_load(&page->wall_offset);
	else if (clock == CLOCK_BOOTTIME)
		now->tv_sec += atomic_load(&page->boot_offset);
	return result;
}

time_t
time(time_t *result)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (result != NULL)
		*result = now.tv_sec;
	return now.tv_sec;
}
