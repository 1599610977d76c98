/* pq-page.c - how old what the page says is, across starts of the machine */
#include "config.h"

#include "store/pq-page.h"

#include "base/mem.h"
#include "base/tick.h"
#include "tap.h"
#include "unit.h"

#include <stdarg.h>

enum { LONG_MS = 100000 };

static bool boot_is_known = true;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int
__wrap_open(const char *path, int flags, ...)
{
	va_list rest;
	int mode;

	va_start(rest, flags);
	mode = va_arg(rest, int);
	va_end(rest);
	return !boot_is_known && strstr(path, "boot_id") != NULL
		       ? -1
		       : __real_open(path, flags, mode);
}

/* As another process has it. */
static struct pq_page *
new_page(const char *path)
{
	struct pq_page *page = pq_page_new(path);

	if (!pq_page_map(page))
		exit(2);
	return page;
}

static void
test_page(const char *path)
{
	struct pq_page *page = new_page(path), *other = new_page(path);
	uint64_t count = pq_page_count(page);

	ok(count != 0, "the count is never 0");
	ok(pq_page_age(page) == INT64_MAX, "a page that has seen nothing");
	pq_page_saw(page, 5, tick_now());
	ok(pq_page_is_fresh(other, LONG_MS), "has seen something");
	is_int(pq_page_number(other), 5, "which is known to all");
	ok(pq_page_count(other) != count, "and moves the count");
	count = pq_page_count(page);
	pq_page_saw(other, 5, 0);
	ok(pq_page_count(page) == count && pq_page_is_fresh(page, LONG_MS),
		"the same, at a time that is not known, changes nothing");
	pq_page_saw(page, 5, tick_now() + LONG_MS);
	ok(pq_page_age(other) == INT64_MAX, "a time that is not yet");
	pq_page_saw(other, 5, tick_now());
	ok(pq_page_is_fresh(page, LONG_MS), "gives way to one that is");
	pq_page_free(page);
	pq_page_free(other);
}

/* Where nobody can say which start of the machine this is, the page may be of
 * another. */
static void
test_boot(const char *path)
{
	struct pq_page *page = new_page(path);

	ok(pq_page_is_fresh(page, LONG_MS), "of this boot");
	pq_page_free(page);
	boot_is_known = false;
	page = new_page(path);
	ok(pq_page_age(page) == INT64_MAX, "of a boot, and nobody knows ours");
	pq_page_saw(page, 5, tick_now());
	pq_page_free(page);
	page = new_page(path);
	ok(pq_page_age(page) == INT64_MAX, "nor which it was before");
	pq_page_free(page);
	boot_is_known = true;
	page = new_page(path);
	ok(pq_page_age(page) == INT64_MAX, "and it is none that is known");
	pq_page_free(page);
}

int
main(void)
{
	char *path;

	unit_begin();
	path = mem_printf("%s/page", unit_dir);
	test_page(path);
	test_boot(path);
	mem_free(path);
	return done();
}
