/* count.h - how many wrong tries there have been, and what they cost: the
 * records of throttle.h */
#ifndef LATCHKEY_COUNT_H
#define LATCHKEY_COUNT_H

#include "throttle.h"

#include <json-c/json.h>

enum {
	COUNT_FORGET = 3600, /* seconds after the last wrong try */
	COUNT_KEY_SIZE = 96
};

/* One record. A pair uses all of it, the others the budget alone. */
struct count {
	char key[COUNT_KEY_SIZE];
	char account[NAME_ID_SIZE];
	char network[THROTTLE_NETWORK_SIZE];
	int64_t failures; /* since the last right one */
	int64_t last;     /* of those */
	int64_t until;    /* no try before that */
	int64_t spent;    /* the budget: when it will be whole again, ms */
	int64_t known;    /* the last sign-in; 0 for none */
};

/* Inside a unit of work: what is recorded under the count's key, without what
 * is over, or what a clock that was wrong has left. */
enum status count_load(
	const struct site *site, struct count *count, int64_t now);

/* Writes it, or deletes it where there is nothing left to be remembered. */
enum status count_save(
	const struct site *site, const struct count *count, int64_t now);

/* Takes a count out of its record, as it stands there. */
void count_read(const struct json_object *record, struct count *count);

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

/* Seconds until there is one to spend, rounded up; 0: now. */
int64_t budget_wait(
	struct budget budget, const struct count *count, int64_t now);
void budget_spend(struct budget budget, struct count *count, int64_t now);
void budget_take_back(struct budget budget, struct count *count);

#endif
