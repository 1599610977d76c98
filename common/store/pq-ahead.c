/* pq-ahead.c - records of the unit of work that come before they are asked for
 */
#include "config.h"

#include "store/pq-ahead.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* --- wanted records ----------------------------------------------------- */

static bool
is_that(const struct pq_wanted *wanted, enum store_kind kind, const char *key,
	bool from)
{
	return wanted->kind == kind && (wanted->from || !from) &&
	       strcmp(wanted->key, key) == 0;
}

struct pq_wanted *
pq_ahead_find(struct pq_ahead *ahead, enum store_kind kind, const char *key,
	bool from)
{
	size_t i, at;

	for (i = 0; i < ahead->count; i++) {
		at = (ahead->at + i) % ahead->count;
		if (is_that(&ahead->wanted[at], kind, key, from)) {
			ahead->at = at;
			return &ahead->wanted[at];
		}
	}
	return NULL;
}

static void
drop_wanted(struct pq_wanted *wanted)
{
	if (wanted->answer.result != NULL)
		pq.clear(wanted->answer.result);
	wanted->answer.result = NULL;
	mem_free(wanted->key);
}

/* Where all places are taken, that of the record that was wanted longest ago,
 * unless its answer has yet to come. */
static struct pq_wanted *
find_place(struct pq_ahead *ahead)
{
	struct pq_wanted *oldest = &ahead->wanted[ahead->oldest];

	if (ahead->count < PQ_AHEAD_WANTED)
		return &ahead->wanted[ahead->count++];
	if (oldest->answer.result == NULL)
		return NULL;
	ahead->oldest = (ahead->oldest + 1) % PQ_AHEAD_WANTED;
	drop_wanted(oldest);
	return oldest;
}

static struct pq_answer *
want(struct pq_ahead *ahead, enum store_kind kind, const char *key, bool from,
	enum store_kind named)
{
	struct pq_wanted *wanted;

	if (pq_ahead_find(ahead, kind, key, from) != NULL)
		return NULL;
	wanted = find_place(ahead);
	if (wanted == NULL)
		return NULL;
	wanted->kind = kind;
	wanted->key = mem_copy(key);
	wanted->from = from;
	wanted->named = named;
	return &wanted->answer;
}

struct pq_answer *
pq_ahead_want(struct pq_ahead *ahead, enum store_kind kind, const char *key)
{
	return want(ahead, kind, key, false, STORE_KINDS);
}

struct pq_answer *
pq_ahead_want_from(struct pq_ahead *ahead, enum store_kind kind,
	const char *key, enum store_kind named)
{
	return want(ahead, kind, key, true, named);
}

static bool
names(const struct pq_wanted *wanted, enum store_kind kind, const char *key)
{
	const PGresult *rows = wanted->answer.result;

	return wanted->named == kind && rows != NULL && pq.rows(rows) > 0 &&
	       strcmp(pq.value(rows, 0, PQ_AHEAD_NAMED), key) == 0;
}

const PGresult *
pq_ahead_named(
	const struct pq_ahead *ahead, enum store_kind kind, const char *key)
{
	size_t i;

	for (i = 0; i < ahead->count; i++)
		if (names(&ahead->wanted[i], kind, key))
			return ahead->wanted[i].answer.result;
	return NULL;
}

/* --- a walk ------------------------------------------------------------- */

static void
drop_rows(struct pq_ahead *ahead)
{
	if (ahead->rows != NULL)
		pq.clear(ahead->rows);
	ahead->rows = NULL;
}

static bool
is_at(const struct pq_ahead *ahead, enum store_kind kind, const char *key)
{
	return ahead->kind == kind && strcmp(ahead->last, key) == 0;
}

int
pq_ahead_limit(
	const struct pq_ahead *ahead, enum store_kind kind, const char *key)
{
	return key[0] != '\0' && is_at(ahead, kind, key) ? PQ_AHEAD_BATCH
							 : PQ_AHEAD_FIRST;
}

void
pq_ahead_take(struct pq_ahead *ahead, enum store_kind kind, const char *key,
	int limit, PGresult *rows)
{
	drop_rows(ahead);
	ahead->kind = kind;
	snprintf(ahead->last, sizeof ahead->last, "%s", key);
	ahead->rows = rows;
	ahead->row = 0;
	ahead->ends = pq.rows(rows) < limit;
}

enum status
pq_ahead_next(
	struct pq_ahead *ahead, enum store_kind kind, const char *key, int *row)
{
	if (ahead->rows == NULL || !is_at(ahead, kind, key))
		return STATUS_UNAVAILABLE;
	if (ahead->row == pq.rows(ahead->rows))
		return ahead->ends ? STATUS_NOT_FOUND : STATUS_UNAVAILABLE;
	*row = ahead->row++;
	snprintf(ahead->last, sizeof ahead->last, "%s",
		pq.value(ahead->rows, *row, 0));
	return STATUS_OK;
}

/* --- both --------------------------------------------------------------- */

/* Which record is the first from a key on may change with each that comes after
 * it. Which one is named is not known before the answer. */
static void
change(struct pq_wanted *wanted, enum store_kind kind, const char *key)
{
	int order = key == NULL || wanted->kind != kind
			    ? 0
			    : strcmp(key, wanted->key);

	if (wanted->kind == kind && (wanted->from ? order >= 0 : order == 0))
		wanted->kind = STORE_KINDS;
	if (wanted->named == kind &&
		(key == NULL || wanted->answer.result == NULL ||
			names(wanted, kind, key)))
		wanted->named = STORE_KINDS;
}

void
pq_ahead_change(struct pq_ahead *ahead, enum store_kind kind, const char *key)
{
	size_t i;

	for (i = 0; i < ahead->count; i++)
		change(&ahead->wanted[i], kind, key);
	if (ahead->kind == kind &&
		(key == NULL || strcmp(key, ahead->last) > 0))
		drop_rows(ahead);
}

/* The place of a walk stays, by which the next unit knows that it goes on. */
void
pq_ahead_clear(struct pq_ahead *ahead)
{
	while (ahead->count > 0)
		drop_wanted(&ahead->wanted[--ahead->count]);
	ahead->at = ahead->oldest = 0;
	drop_rows(ahead);
}
