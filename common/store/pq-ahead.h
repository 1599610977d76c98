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

/* What a row of the answer has. The last three are of a record that was wanted
 * from a key on: its own key, and the key and document of the record that it
 * names. They are empty where it names none, or there is none. */
enum pq_ahead_column {
	PQ_AHEAD_DOC,
	PQ_AHEAD_KEY,
	PQ_AHEAD_NAMED,
	PQ_AHEAD_NAMED_DOC
};

struct pq_wanted {
	enum store_kind kind; /* STORE_KINDS: it was changed since */
	char *key;
	bool from;             /* the first one from the key on, */
	enum store_kind named; /* and the one of that kind that it names;
				* STORE_KINDS: none, or changed since */
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

/* The same for the first record from a key on, and the one that it names. */
struct pq_answer *pq_ahead_want_from(struct pq_ahead *ahead,
	enum store_kind kind, const char *key, enum store_kind named);

/* A wanted record whose answer may not be here yet. With `from` it was wanted
 * from that key on, otherwise that may be. NULL: it was not wanted. */
struct pq_wanted *pq_ahead_find(struct pq_ahead *ahead, enum store_kind kind,
	const char *key, bool from);

/* The rows with a record that another one names. NULL: none of those that are
 * here does. */
const PGresult *pq_ahead_named(
	const struct pq_ahead *ahead, enum store_kind kind, const char *key);

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

/* A record is changed, or all of the kind if the key is NULL: what was read of
 * it does not count any more. */
void pq_ahead_change(
	struct pq_ahead *ahead, enum store_kind kind, const char *key);

/* The end of the unit of work. Before that: pq_link_forget(). */
void pq_ahead_clear(struct pq_ahead *ahead);

#endif
