/* count.h - how many wrong tries there have been, and what they cost: the
 * records of throttle.h
 *
 * Strangers choose names and networks. These are kept under one of
 * `throttle.records` keys, by an HMAC: there are never more records of a sort
 * than that, and names that share a key are counted together. A stranger cannot
 * choose what shares a record with what, and none is left out for want of
 * room. */
#ifndef LATCHKEY_COUNT_H
#define LATCHKEY_COUNT_H

#include "account/throttle.h"

#include <json-c/json.h>

enum {
	COUNT_FORGET = 3600,        /* seconds after the last wrong try */
	COUNT_FOR_EVER = INT32_MAX, /* as such seconds: never */
	COUNT_AHEAD = 60,           /* what is recorded may be of a later second
				     * than a request that has waited, or of
				     * another machine's clock */
	COUNT_KEY_SIZE = 96,
	COUNT_PAIRS = 8
};

/* One record, or a pair inside one. A pair uses all members but the budget;
 * other counts use the budget alone. */
struct count {
	char key[COUNT_KEY_SIZE];
	char account[NAME_ID_SIZE];
	char network[THROTTLE_NETWORK_SIZE];
	int64_t failures; /* since the last right one */
	int64_t last;     /* when the last of those was */
	int64_t until;    /* no try before that time */
	int64_t spent;    /* the budget: when it will be whole again, ms */
	int64_t known;    /* the last sign-in; 0 for none */
	int64_t lasts;    /* set before loading: seconds after the last wrong
			   * try; 0: COUNT_FORGET */
};

/* The names that are tried from a network, in that network's record. */
struct count_pairs {
	struct count pair[COUNT_PAIRS]; /* free where the key is "" */
};

/* The key of what only an account can have, and of what strangers choose: the
 * sort and an HMAC of the text, since people type passwords where a name should
 * be. Both keys have the same length. */
void count_key(const struct site *site, const char *sort, const char *text,
	char key[COUNT_KEY_SIZE]);
void count_shared_key(const struct site *site, const char *sort,
	const char *text, char key[COUNT_KEY_SIZE]);

/* The HMAC of such a key as a number, before it is reduced to
 * `throttle.records`. */
uint64_t count_number(const struct site *site, const char *text);

/* Inside a unit of work: reads the record of the count's key. Leaves out what
 * is over, and what a wrong clock has left. `pairs` is NULL for a count without
 * pairs. */
enum status count_load(const struct site *site, struct count *count,
	struct count_pairs *pairs, int64_t now);

/* Writes the count, or deletes its record if nothing is left to be
 * remembered. */
enum status count_save(const struct site *site, const struct count *count,
	const struct count_pairs *pairs, int64_t now);

/* Reads a count, and the pairs, from a record as they stand there. */
void count_read(const struct json_object *record, struct count *count);
void count_read_pairs(
	const struct json_object *record, struct count_pairs *pairs);

/* The pair of that key. Where all places are taken, the one with the fewest
 * failures makes room: an attacker that wants a pair forgotten has to fail as
 * often with COUNT_PAIRS others. */
struct count *count_pair(struct count_pairs *pairs, const char *key);

/* The seconds to wait after the last of that many wrong tries. */
int64_t count_delay(const struct conf *conf, int64_t failures);

/* So many an hour, in any hour: half of them at once, the other half as the
 * hour goes by. One number keeps it: the time at which none is spent any more
 * (the generic cell rate algorithm). */
struct budget {
	int64_t burst;
	int64_t interval; /* ms */
};
struct budget budget_of(unsigned long most);

/* In how many seconds there is one to spend, rounded up; 0: now. */
int64_t budget_until(struct budget budget, const struct count *count);
int64_t budget_wait(
	struct budget budget, const struct count *count, int64_t now);
void budget_spend(struct budget budget, struct count *count, int64_t now);
void budget_take_back(struct budget budget, struct count *count);

#endif
