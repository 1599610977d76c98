/* faulty.c - a disk that fails when told to, and notes what is written to it
 *
 * Preloaded into the programs by bench/torture. What they do in the store,
 * TORTURE_STORE, goes to the file TORTURE_DIR/writes, in the order in which it
 * happens, so that power.py can tell what would be there had the power gone.
 * TORTURE_DIR/page is shared by all, and says what fails (faulty.py has the
 * same layout). A death here is one inside libdb, mostly, and unlike a kill
 * from outside it leaves a note that is exact. */
#define _GNU_SOURCE

#include "faulty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HIGH_FD = 700, PAGE = 4096 };

struct page *page;
unsigned char kinds[FDS];
int32_t seen[FDS];

static const char *store;
static size_t store_length;
static int notes = -1;
static unsigned seed;

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

void
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

uint64_t
inode_of(int fd)
{
	struct stat file;

	return fstat(fd, &file) == 0 ? file.st_ino : 0;
}

const char *
name_below(const char *path)
{
	if (page == NULL || strncmp(path, store, store_length) != 0)
		return NULL;
	path += store_length;
	return *path == '/' ? path + 1 : *path == '\0' ? path : NULL;
}

enum kind
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

enum kind
kind_of(int fd)
{
	return page != NULL && fd >= 0 && fd < FDS ? (enum kind)kinds[fd]
						   : OTHER;
}

/* --- what fails -------------------------------------------------------- */

int
chance(int every)
{
	return every > 0 && rand_r(&seed) % every == 0;
}

int
by_chance(void)
{
	return chance(atomic_load(&page->die_every));
}

void
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

int
flush_error(void)
{
	return take(
		&page->flush_error, &page->flush_left, &page->failed_flushes);
}

int
write_error(void)
{
	if (atomic_load(&page->read_only))
		return EROFS;
	return take(
		&page->write_error, &page->write_left, &page->failed_writes);
}

int
refuse(int error)
{
	errno = error;
	return -1;
}

int
is_read_only(const char *path)
{
	return kind_of_path(path) != OTHER && atomic_load(&page->read_only);
}
