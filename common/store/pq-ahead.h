/* pq-ahead.h - records of the unit of work that come before they are asked for:
 * those that it wants, and the next ones of a walk; for store-pq.c alone */
#ifndef LATCHKEY_PQ_AHEAD_H
#define LATCHKEY_PQ_AHEAD_H

#include "store/pq-link.h"
#include "store/store.h"

enum {
	PQ_AHEAD_WANTED = 256,
	PQ_AHEAD_FIRST = 8,  /* of a walk that may end soon */
	PQ_AHEAD_BATCH = 256 /* of one that has gone on */
};

struct pq_wanted {
	enum store_kind kind; /* STORE_KINDS: it was changed since */
	char *key;
	struct pq_answer answer;
};

/* All zero: nothing. */
struct pq_ahead {
	struct pq_wanted wanted[PQ_AHEAD_WANTED];
	size_t count;
	size_t at;     /* where to look first: they are asked for in order */
	size_t oldest; /* whose place the next one gets, when all are taken */

	/* a walk: rows of key and document that come after `last` */
	enum store_kind kind;
	char last[STORE_KEY_SIZE];
	PGresult *rows; /* NULL: none are here */
	int row;
	bool ends; /* there are none after these */
};

/* A place for a wanted record's answer. It may be one that an earlier record
 * had, which is then not wanted any more. NULL if it is wanted already, or if
 * all places wait for their answers. */
struct pq_answer *pq_ahead_want(
	struct pq_ahead *ahead, enum store_kind kind, const char *key);

/* The answer of a wanted record, which may not be here yet. NULL: it was not
 * wanted. */
struct pq_answer *pq_ahead_find(
	struct pq_ahead *ahead, enum store_kind kind, const char *key);

/* How many rows are worth asking for after `key`. */
int pq_ahead_limit(
	const struct pq_ahead *ahead, enum store_kind kind, const char *key);

/* Takes such rows: those after `key`, at most `limit`. */
void pq_ahead_take(struct pq_ahead *ahead, enum store_kind kind,
	const char *key, int limit, PGresult *rows);

/* The row after `key`, if it is known. STATUS_NOT_FOUND: there is none.
 * STATUS_UNAVAILABLE: it is not known. The walk is then at that row. */
enum status pq_ahead_next(struct pq_ahead *ahead, enum store_kind kind,
	const char *key, int *row);

/* A record is changed: what was read of it does not count any more. */
void pq_ahead_change(
	struct pq_ahead *ahead, enum store_kind kind, const char *key);

/* The end of the unit of work. Before that: pq_link_forget(). */
void pq_ahead_clear(struct pq_ahead *ahead);

#endif
