/* pq-page.h - what the processes of this machine know of the database's
 * generation: a page of memory that they share; for store-pq.c alone.
 *
 * The database has one number that each change of an account or secret replaces
 * by a random one, whichever machine made the change. A process that reads the
 * number tells the page; the page's own count moves if it is another number
 * than before. The page also has the time of that reading: what it says holds
 * as of then. */
#ifndef LATCHKEY_PQ_PAGE_H
#define LATCHKEY_PQ_PAGE_H

#include <stdbool.h>
#include <stdint.h>

struct pq_page;

/* Makes a page for the file `path`, which is created at first use. Never fails.
 * The caller frees it with pq_page_free(). */
struct pq_page *pq_page_new(const char *path);
void pq_page_free(struct pq_page *page);

/* Ensures that it is mapped. False, said in the log. All that follows does
 * nothing, and answers 0 or false, before that. */
bool pq_page_map(struct pq_page *page);

/* The count, which is never 0, and the number as it was last seen. */
uint64_t pq_page_count(const struct pq_page *page);
int64_t pq_page_number(const struct pq_page *page);

/* Moves the count. */
void pq_page_move(struct pq_page *page);

/* Notes the number, as of a time before it was read (tick_now()), and moves the
 * count if it is another one. */
void pq_page_saw(struct pq_page *page, int64_t number, int64_t when);

/* Whether the number was read within the last so many milliseconds. */
bool pq_page_is_fresh(const struct pq_page *page, int64_t ms);

/* How many milliseconds ago it was; INT64_MAX: never yet. */
int64_t pq_page_age(const struct pq_page *page);

/* Whether `seconds` have passed since this was last true of the task, for all
 * processes of this machine. */
enum { PQ_PAGE_TASKS = 8 };
bool pq_page_every(struct pq_page *page, unsigned task, int64_t seconds);

#endif
