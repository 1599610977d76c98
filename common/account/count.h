/* count.h - how many wrong tries there have been, and what they cost: the
 * records of throttle.h
 *
 * What strangers choose, names and networks, is kept under one of
 * `throttle.records` keys, by an HMAC: more than so many records of a sort
 * there never are, and what shares one is counted together. Nobody can choose
 * what shares a record with another, and none is left out for want of room. */
#ifndef LATCHKEY_COUNT_H
#define LATCHKEY_COUNT_H

#include "account/throttle.h"

#include <json-c/json.h>

enum {
	COUNT_FORGET = 3600, /* seconds after the last wrong try */
	COUNT_KEY_SIZE = 96,
	COUNT_PAIRS = 8
};

/* One record, or a pair in one. A pair uses all but the budget, the others the
 * budget alone. */
struct count {
	char key[COUNT_KEY_SIZE];
	char account[NAME_ID_SIZE];
	char network[THROTTLE_NETWORK_SIZE];
	int64_t failures; /* since the last right one */
	int64_t last;     /* of those */
	int64_t until;    /* no try before that */
	int64_t spent;    /* the budget: when it will be whole again, ms */
	int64_t known;    /* the last sign-in; 0 for none */
	bool lasting; /* to be set before loading: no failure is forgotten */
};

/* Who is tried from a network, in that network's record. */
struct count_pairs {
	struct count pair[COUNT_PAIRS]; /* free where the key is "" */
};

/* The key of what only an account can have, and of what strangers choose: the
 * sort and an HMAC of the text, since people type passwords where a name
 * should be. Both are as long. */
void count_key(const struct site *site, const char *sort, const char *text,
	char key[COUNT_KEY_SIZE]);
void count_shared_key(const struct site *site, const char *sort,
	const char *text, char key[COUNT_KEY_SIZE]);

/* The number that such a key has before it is one of so many. */
uint64_t count_number(const struct site *site, const char *text);

/* Inside a unit of work: what is recorded under the count's key, without what
 * is over, or what a clock that was wrong has left. `pairs` are NULL for what
 * has none. */
enum status count_load(const struct site *site, struct count *count,
	struct count_pairs *pairs, int64_t now);

/* Writes it, or deletes it where there is nothing left to be remembered. */
enum status count_save(const struct site *site, const struct count *count,
	const struct count_pairs *pairs, int64_t now);

/* Takes a count, and the pairs, out of a record as they stand there. */
void count_read(const struct json_object *record, struct count *count);
void count_read_pairs(
	const struct json_object *record, struct count_pairs *pairs);

/* The pair of that key. Where all places are taken, the one with the fewest
 * failures makes room: who wants a pair forgotten has to fail as often with
 * COUNT_PAIRS others. */
struct count *count_pair(struct count_pairs *pairs, const char *key);

/* Seconds that follow the last of so many wrong tries. */
int64_t count_delay(const struct conf *conf, int64_t failures);

/* So many an hour, in any hour: half of them at once, and the other half as
 * the hour goes by. One number says it all, the time at which none is spent
 * any more (the generic cell rate algorithm). */
struct budget {
	int64_t burst;
	int64_t interval; /* ms */
};
struct budget budget_of(unsigned long most);

/* When there is one to spend, and in how many seconds, rounded up; 0: now. */
int64_t budget_until(struct budget budget, const struct count *count);
int64_t budget_wait(
	struct budget budget, const struct count *count, int64_t now);
void budget_spend(struct budget budget, struct count *count, int64_t now);
void budget_take_back(struct budget budget, struct count *count);

#endif
