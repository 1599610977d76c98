/* faulty.c - a disk that fails when told to, and notes what is written to it
 *
 * Preloaded into the programs by bench/torture. What they do in the store,
 * TORTURE_STORE, goes to the file TORTURE_DIR/writes, in the order in which it
 * happens, so that power.py can tell what would be there had the power gone.
 * TORTURE_DIR/page is shared by all, and says what fails (faulty.py has the
 * same layout). A death here is one inside libdb, mostly, and unlike a kill
 * from outside it leaves a note that is exact. */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FDS = 1024, HIGH_FD = 700, PAGE = 4096, NAME_SIZE = 64 };

/* What an open file is to us. The gate and libdb's regions are mapped: their
 * writes are not seen, and not needed. */
enum kind { OTHER, STORED, MAPPED, AUDIT };

static struct page {
	_Atomic int32_t noting;    /* whether the file `writes` is kept */
	_Atomic int32_t die_every; /* calls, on the average; 0: never */
	_Atomic int32_t flush_error, flush_left; /* -1: until told otherwise */
	_Atomic int32_t write_error, write_left;
	_Atomic int32_t read_only; /* what would change anything: EROFS */
	_Atomic int32_t deaths, failed_flushes, failed_writes;
	_Atomic int64_t wall_offset, boot_offset; /* seconds */
} * page;

static unsigned char kinds[FDS];
static int32_t seen[FDS]; /* failed flushes, when opened or last flushed */
static const char *store;
static size_t store_length;
static int notes = -1;
static unsigned seed;

/* The one that ours stands before. */
#define REAL(name)                                                             \
	static __typeof__(name) *real;                                         \
	if (real == NULL)                                                      \
	real = (__typeof__(name) *)(uintptr_t)dlsym(RTLD_NEXT, #name)

static void __attribute__((constructor)) begin(void)
{
	const char *dir = getenv("TORTURE_DIR");
	char path[512];
	int fd, low;

	store = getenv("TORTURE_STORE");
	if (dir == NULL || store == NULL)
		return;
	store_length = strlen(store);
	snprintf(path, sizeof path, "%s/page", dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (page == MAP_FAILED)
		page = NULL;
	snprintf(path, sizeof path, "%s/writes", dir);
	low = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	/* Out of the way of what counts descriptors. */
	notes = fcntl(low, F_DUPFD_CLOEXEC, HIGH_FD);
	close(low);
	seed = (unsigned)getpid() * 2654435761U;
}

/* --- notes ------------------------------------------------------------- */

struct note {
	uint32_t what; /* a letter */
	uint32_t length;
	uint64_t inode;
	int64_t offset;
};

static void
note(char what, uint64_t inode, int64_t offset, const void *data, size_t length)
{
	struct note head = {(uint32_t)what, (uint32_t)length, inode, offset};
	struct iovec parts[] = {
		{&head, sizeof head}, {(void *)(uintptr_t)data, length}};

	if (page == NULL || !atomic_load(&page->noting))
		return;
	if (writev(notes, parts, 2) != (ssize_t)(sizeof head + length))
		abort();
}

static uint64_t
inode_of(int fd)
{
	struct stat file;

	return fstat(fd, &file) == 0 ? file.st_ino : 0;
}

/* The name below the store, "" for itself; NULL for what is elsewhere. */
static const char *
name_below(const char *path)
{
	if (page == NULL || strncmp(path, store, store_length) != 0)
		return NULL;
	path += store_length;
	return *path == '/' ? path + 1 : *path == '\0' ? path : NULL;
}

static enum kind
kind_of_path(const char *path)
{
	const char *name = name_below(path);

	if (name == NULL)
		return page != NULL && strstr(path, "/audit.log") != NULL
			       ? AUDIT
			       : OTHER;
	return strncmp(name, "__db.0", 6) == 0 || strcmp(name, "gate") == 0
		       ? MAPPED
		       : STORED;
}

static enum kind
kind_of(int fd)
{
	return page != NULL && fd >= 0 && fd < FDS ? (enum kind)kinds[fd]
						   : OTHER;
}

/* --- what fails -------------------------------------------------------- */

static int
by_chance(void)
{
	int every = atomic_load(&page->die_every);

	return every > 0 && rand_r(&seed) % every == 0;
}

static void
die(void)
{
	atomic_fetch_add(&page->deaths, 1);
	syscall(SYS_exit_group, 137);
}

/* Counts one off; returns the error, or 0. */
static int
take(_Atomic int32_t *error, _Atomic int32_t *left, _Atomic int32_t *failed)
{
	int32_t now = atomic_load(left);

	while (now > 0 && !atomic_compare_exchange_weak(left, &now, now - 1))
		;
	if (now == 0)
		return 0;
	atomic_fetch_add(failed, 1);
	return atomic_load(error);
}

static int
flush_error(void)
{
	return take(
		&page->flush_error, &page->flush_left, &page->failed_flushes);
}

static int
write_error(void)
{
	if (atomic_load(&page->read_only))
		return EROFS;
	return take(
		&page->write_error, &page->write_left, &page->failed_writes);
}

static int
refuse(int error)
{
	errno = error;
	return -1;
}

static int
is_read_only(const char *path)
{
	return kind_of_path(path) != OTHER && atomic_load(&page->read_only);
}

/* --- calls ------------------------------------------------------------- */

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

/* Half of it, and dead. */
static void
die_writing(int fd, const void *data, size_t length, off_t offset)
{
	ssize_t done;

	done = syscall(SYS_pwrite64, fd, data, length / 2, offset);
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
	/* As in the kernel: a failure is told once to each who had the file
	 * open by then. */
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
