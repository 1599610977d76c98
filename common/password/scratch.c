/* scratch.c - the big block of memory that a hash works in, kept
 *
 * This file defines mmap() and munmap() for the whole program. Outside of
 * scratch_begin() and scratch_end() they pass their call on. */
#include "config.h"

#include "password/scratch.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	SMALLEST = 1 << 20,
	HUGE_PAGE = 2 << 20,
	MMAP2_UNIT = 4096,
	FIRST_BLOCKS = 2048
};

static struct {
	void *block;
	size_t length;
	bool lent;
	bool active;
	bool used;   /* since scratch_begin() */
	bool failed; /* the last mapping since then */
	unsigned long hits;
} kept;

unsigned long
scratch_hits(void)
{
	return kept.hits;
}

void
scratch_begin(void)
{
	kept.active = true;
	kept.used = false;
	kept.failed = false;
}

bool
scratch_failed(void)
{
	return kept.failed;
}

#ifdef SANITIZERS

/* The sanitizers need mmap() for themselves. */
void
scratch_end(bool keep)
{
	(void)keep;
	kept.active = false;
	kept.failed = errno == ENOMEM;
}

void
scratch_drop(void)
{
}

#else

static void *
pass_mmap(void *address, size_t length, int protection, int flags, int fd,
	off_t offset)
{
#ifdef SYS_mmap2 /* in place of SYS_mmap, where words have 32 bits */
	return (void *)syscall(SYS_mmap2, address, length, protection, flags,
		fd, (unsigned long)(offset / MMAP2_UNIT));
#else
	return (void *)syscall(
		SYS_mmap, address, length, protection, flags, fd, offset);
#endif
}

static int
pass_munmap(void *address, size_t length)
{
	return (int)syscall(SYS_munmap, address, length);
}

void
scratch_drop(void)
{
	int saved = errno;

	if (kept.block != NULL && !kept.lent) {
		pass_munmap(kept.block, kept.length);
		kept.block = NULL;
	}
	errno = saved;
}

void
scratch_end(bool keep)
{
	kept.active = false;
	if (!keep && kept.used)
		scratch_drop();
}

/* The kernel's unit: munmap() takes whole pages. */
static size_t
whole_pages(size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (length + page - 1) / page * page;
}

/* A new block, on a huge page's boundary. The first hash in it has the kernel
 * find and clear 8 pages instead of 4,096, and is 6 ms of 15 quicker. */
static void *
make_block(size_t length, int protection, int flags)
{
	size_t size = whole_pages(length), before;
	char *block =
		pass_mmap(NULL, size + HUGE_PAGE, protection, flags, -1, 0);

	/* There may be room for a block without the boundary. */
	if (block == MAP_FAILED)
		return pass_mmap(NULL, length, protection, flags, -1, 0);
	before = -(uintptr_t)block % HUGE_PAGE;
	if (before > 0)
		pass_munmap(block, before);
	block += before;
	pass_munmap(block + size, HUGE_PAGE - before);
	madvise(block, size, MADV_HUGEPAGE);
	madvise(block, size, MADV_DONTDUMP);
	return block;
}

static void *
lend(size_t length, int protection, int flags)
{
	void *block;

	if (kept.block != NULL && kept.length == length) {
		kept.hits++;
	} else {
		block = make_block(length, protection, flags);
		/* A block of another size is not kept, so that the next hash of
		 * the kept size is as quick as the one before. */
		if (kept.block != NULL || block == MAP_FAILED)
			return block;
		kept.block = block;
		kept.length = length;
	}
	kept.lent = true;
	kept.used = true;
	return kept.block;
}

void *
mmap(void *address, size_t length, int protection, int flags, int fd,
	off_t offset)
{
	void *block;

	/* libsodium has the kernel populate the block, which would do so with
	 * small pages. */
	if (kept.active && !kept.lent && address == NULL && fd == -1 &&
		(flags & ~MAP_POPULATE) == (MAP_PRIVATE | MAP_ANONYMOUS) &&
		length >= SMALLEST && protection == (PROT_READ | PROT_WRITE))
		block = lend(length, protection, flags & ~MAP_POPULATE);
	else
		block = pass_mmap(
			address, length, protection, flags, fd, offset);
	if (kept.active)
		kept.failed = block == MAP_FAILED;
	return block;
}

int
munmap(void *address, size_t length)
{
	if (kept.lent && address == kept.block && length == kept.length) {
		/* The first blocks of Argon2 are made of the password by one
		 * quick hash. */
		explicit_bzero(kept.block, FIRST_BLOCKS);
		kept.lent = false;
		return 0;
	}
	return pass_munmap(address, length);
}

#endif
