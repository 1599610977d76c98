/* pq-ahead.c - which wanted records have a place, without a database */
#include "config.h"

#include "store/pq-ahead.h"

#include "store/pq.h"
#include "tap.h"

#include <stdio.h>

static struct pq_ahead ahead;
static int cleared;

/* In place of libpq's. */
static void
clear(PGresult *result)
{
	(void)result;
	cleared++;
}

static struct pq_answer *
want(int number)
{
	char key[32];

	snprintf(key, sizeof key, "k%04d", number);
	return pq_ahead_want(&ahead, STORE_NAME, key);
}

static bool
finds(int number)
{
	char key[32];

	snprintf(key, sizeof key, "k%04d", number);
	return pq_ahead_find(&ahead, STORE_NAME, key, false) != NULL;
}

/* The answer comes. */
static void
answer(struct pq_answer *to)
{
	to->result = (PGresult *)(void *)&ahead;
}

/* A unit of work that goes on and on has no trip a record. */
int
main(void)
{
	struct pq_answer *first;
	int i, places = 1;

	pq.clear = clear;
	first = want(0);
	for (i = 1; i < PQ_AHEAD_WANTED; i++) {
		struct pq_answer *next = want(i);

		places += next != NULL;
		if (next != NULL)
			answer(next);
	}
	is_int(places, PQ_AHEAD_WANTED, "as many as there are places");
	ok(want(7) == NULL, "what is wanted already takes no second one");
	ok(want(i) == NULL, "the oldest waits for its answer, and stays");
	answer(first);
	ok(want(i) == first, "it has its answer: its place is the next one's");
	is_int(cleared, 1, "and the answer goes");
	ok(first->result == NULL, "which has none yet");
	ok(!finds(0) && finds(1) && finds(i), "the others stay");
	ok(want(i + 1) != NULL && !finds(1), "then the second oldest goes");
	pq_ahead_clear(&ahead);
	is_int(cleared, PQ_AHEAD_WANTED, "at the end all of them go");
	ok(!finds(2) && want(2) == &ahead.wanted[0].answer,
		"and it begins anew");
	pq_ahead_clear(&ahead);
	return done();
}
