/* count.c - how many wrong tries there have been, and what they cost */
#include "config.h"

#include "count.h"

#include "json.h"

#include <string.h>

enum { HOUR_MS = 3600000 };

/* --- the arithmetic ---------------------------------------------------- */

struct budget
budget_of(unsigned long most)
{
	struct budget budget = {(int64_t)(most + 1) / 2, HOUR_MS};

	if ((int64_t)most > budget.burst)
		budget.interval = HOUR_MS / ((int64_t)most - budget.burst);
	if (budget.interval == 0)
		budget.interval = 1;
	return budget;
}

int64_t
budget_wait(struct budget budget, const struct count *count, int64_t now)
{
	int64_t full = (budget.burst - 1) * budget.interval;
	int64_t over = count->spent - now * 1000 - full;

	return over > 0 ? (over + 999) / 1000 : 0;
}

void
budget_spend(struct budget budget, struct count *count, int64_t now)
{
	if (count->spent < now * 1000)
		count->spent = now * 1000;
	count->spent += budget.interval;
}

void
budget_take_back(struct budget budget, struct count *count)
{
	count->spent -= budget.interval;
	if (count->spent < 0)
		count->spent = 0;
}

int64_t
count_delay(const struct conf *conf, int64_t failures)
{
	int64_t doublings = failures - (int64_t)conf->throttle_free;
	int64_t most = (int64_t)conf->throttle_delay;

	int64_t first = (int64_t)conf->throttle_first;

	if (doublings < 0)
		return 0;
	return doublings < 30 && first << doublings < most ? first << doublings
							   : most;
}

/* --- records ----------------------------------------------------------- */

void
count_read(const struct json_object *record, struct count *count)
{
	name_get_id(record, count->account);
	json_copy(record, "network", count->network, sizeof count->network);
	/* What is not there is 0. */
	json_natural(record, "failures", &count->failures);
	json_natural(record, "last", &count->last);
	json_natural(record, "until", &count->until);
	json_natural(record, "spent", &count->spent);
	json_natural(record, "known", &count->known);
}

/* Leaves out what is over, and what a clock that was wrong has left. */
static void
settle(const struct conf *conf, struct count *count, int64_t now)
{
	int64_t whole = (now + COUNT_FORGET) * 1000;

	if (count->last > now)
		count->last = now;
	if (count->last + COUNT_FORGET <= now)
		count->failures = 0;
	if (count->until > now + count_delay(conf, count->failures))
		count->until = now + count_delay(conf, count->failures);
	if (count->spent > whole)
		count->spent = 0;
	if (count->known > now)
		count->known = now;
	if (count->known + (int64_t)conf->throttle_remember <= now)
		count->known = 0;
}

enum status
count_load(const struct site *site, struct count *count, int64_t now)
{
	struct json_object *record;
	enum status status =
		store_get(site->store, STORE_THROTTLE, count->key, &record);

	if (status == STATUS_OK)
		count_read(record, count);
	json_object_put(record);
	settle(site->conf, count, now);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* When there is nothing left in it to be remembered. */
static int64_t
expiry(const struct conf *conf, const struct count *count)
{
	int64_t expires = later(count->until, count->spent / 1000 + 1);

	if (count->failures > 0)
		expires = later(expires, count->last + COUNT_FORGET);
	if (count->known > 0)
		expires = later(expires,
			count->known + (int64_t)conf->throttle_remember);
	return expires;
}

enum status
count_save(const struct site *site, const struct count *count, int64_t now)
{
	int64_t expires = expiry(site->conf, count);
	struct json_object *record;
	enum status status;

	if (expires <= now)
		return store_delete(site->store, STORE_THROTTLE, count->key);
	record = json_new_object();
	name_put_id(record, count->account);
	json_add_string(record, "network", count->network);
	json_add_int(record, "failures", count->failures);
	json_add_int(record, "last", count->last);
	json_add_int(record, "until", count->until);
	json_add_int(record, "spent", count->spent);
	json_add_int(record, "known", count->known);
	json_add_int(record, "expires", expires);
	status = store_put(site->store, STORE_THROTTLE, count->key, record);
	json_object_put(record);
	return status;
}
