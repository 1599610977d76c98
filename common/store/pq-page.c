/* pq-page.c - what the processes of this machine know of the database's
 * generation
 *
 * Each member is changed by itself, without a lock. The worst that two
 * processes at once can do is to move the count when nothing has changed. */
#include "config.h"

#include "store/pq-page.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE_SIZE = 4096, BOOT_SIZE = 40 };

struct shared {
	_Atomic uint64_t count;
	_Atomic int64_t number;
	_Atomic int64_t when;                /* tick_now() */
	_Atomic int64_t last[PQ_PAGE_TASKS]; /* seconds */
	char boot[BOOT_SIZE];                /* that these times are of */
};

struct pq_page {
	char *path;
	char boot[BOOT_SIZE];
	struct shared *shared;
};

static const char no_boot[] = "unknown"; /* it may be any */

/* Before the sandbox, in which it cannot be read: each process would take the
 * page for one of another boot. */
static void
read_boot(char boot[BOOT_SIZE])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, boot, BOOT_SIZE - 1) <= 0)
		strcpy(boot, no_boot);
	file_close(fd);
}

struct pq_page *
pq_page_new(const char *path)
{
	struct pq_page *page = mem_zero(sizeof *page);

	page->path = mem_copy(path);
	read_boot(page->boot);
	return page;
}

void
pq_page_free(struct pq_page *page)
{
	if (page == NULL)
		return;
	if (page->shared != NULL)
		munmap(page->shared, PAGE_SIZE);
	mem_free(page->path);
	mem_free(page);
}

/* Times of another boot mean nothing in this one. */
static void
begin_boot(struct shared *shared, const char boot[BOOT_SIZE])
{
	int i;

	if (strcmp(boot, no_boot) != 0 &&
		memcmp(boot, shared->boot, BOOT_SIZE) == 0)
		return;
	atomic_store(&shared->when, 0);
	for (i = 0; i < PQ_PAGE_TASKS; i++)
		atomic_store(&shared->last[i], 0);
	memcpy(shared->boot, boot, BOOT_SIZE);
	atomic_fetch_add(&shared->count, 1);
}

/* Maps the file with its room allocated: a hole would be a SIGBUS on a full
 * disk. */
static struct shared *
map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), error;
	void *shared = MAP_FAILED;

	if (fd < 0)
		return NULL;
	error = posix_fallocate(fd, 0, PAGE_SIZE);
	if (error == 0)
		shared = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
			MAP_SHARED, fd, 0);
	else
		errno = error;
	file_close(fd);
	return shared == MAP_FAILED ? NULL : shared;
}

bool
pq_page_map(struct pq_page *page)
{
	if (page->shared != NULL)
		return true;
	page->shared = map(page->path);
	if (page->shared != NULL)
		begin_boot(page->shared, page->boot);
	else
		log_error("store: %s: %s", page->path, strerror(errno));
	return page->shared != NULL;
}

uint64_t
pq_page_count(const struct pq_page *page)
{
	return page->shared == NULL ? 0 : atomic_load(&page->shared->count);
}

int64_t
pq_page_number(const struct pq_page *page)
{
	return page->shared == NULL ? 0 : atomic_load(&page->shared->number);
}

void
pq_page_move(struct pq_page *page)
{
	if (page->shared != NULL)
		atomic_fetch_add(&page->shared->count, 1);
}

void
pq_page_saw(struct pq_page *page, int64_t number, int64_t when)
{
	int64_t last;

	if (page->shared == NULL)
		return;
	/* In this order: a process that dies in between, or is stopped, must
	 * not have others take the number for one that the count has moved
	 * for. */
	if (atomic_load(&page->shared->number) != number) {
		pq_page_move(page);
		atomic_store(&page->shared->number, number);
	}
	last = atomic_load(&page->shared->when);
	while ((last < when || last > tick_now()) &&
		!atomic_compare_exchange_weak(&page->shared->when, &last, when))
		;
}

int64_t
pq_page_age(const struct pq_page *page)
{
	int64_t when =
		page->shared == NULL ? 0 : atomic_load(&page->shared->when);
	int64_t age = tick_now() - when;

	/* A time that is not yet is of before a start of the machine. */
	return when == 0 || age < 0 ? INT64_MAX : age;
}

bool
pq_page_is_fresh(const struct pq_page *page, int64_t ms)
{
	return pq_page_age(page) <= ms;
}

bool
pq_page_every(struct pq_page *page, unsigned task, int64_t seconds)
{
	int64_t now = tick_now() / 1000, last;

	if (page->shared == NULL)
		return false;
	last = atomic_load(&page->shared->last[task]);
	return (last == 0 || now - last >= seconds) &&
	       atomic_compare_exchange_strong(
		       &page->shared->last[task], &last, now);
}
