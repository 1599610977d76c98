/* count.c - how many wrong tries there have been, and what they cost */
#include "config.h"

#include "account/count.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

enum { HOUR_MS = 3600000 };

/* It has as many digits as a time of today: time must not tell. */
static const int64_t NEVER = 9999999999;

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

/* Only a wrong clock can make more spent than all of it. */
static bool
is_spent(struct budget budget, const struct count *count, int64_t now)
{
	int64_t whole = budget.burst * budget.interval;

	return count->spent >= now * 1000 &&
	       count->spent <= (now + COUNT_AHEAD) * 1000 + whole;
}

int64_t
budget_until(struct budget budget, const struct count *count)
{
	int64_t until = count->spent - (budget.burst - 1) * budget.interval;

	return until > 0 ? (until + 999) / 1000 : 0;
}

int64_t
budget_wait(struct budget budget, const struct count *count, int64_t now)
{
	int64_t wait = budget_until(budget, count) - now;

	return wait > 0 && is_spent(budget, count, now) ? wait : 0;
}

void
budget_spend(struct budget budget, struct count *count, int64_t now)
{
	if (!is_spent(budget, count, now))
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

/* --- keys -------------------------------------------------------------- */

enum { DIGITS = KEYS_HMAC_BYTES /* half of a hash's digits */ };

void
count_key(const struct site *site, const char *sort, const char *text,
	char key[COUNT_KEY_SIZE])
{
	char hash[KEYS_HASH_SIZE];

	keys_hash(keys_of(site->keys, KEYS_OF_COUNTS), text, hash);
	snprintf(key, COUNT_KEY_SIZE, "%s:%.*s", sort, DIGITS, hash);
}

uint64_t
count_number(const struct site *site, const char *text)
{
	unsigned char hmac[KEYS_HMAC_BYTES];
	uint64_t number;

	keys_hmac(keys_of(site->keys, KEYS_OF_COUNTS), text, hmac);
	memcpy(&number, hmac, sizeof number);
	return number;
}

void
count_shared_key(const struct site *site, const char *sort, const char *text,
	char key[COUNT_KEY_SIZE])
{
	uint64_t number = count_number(site, text);

	snprintf(key, COUNT_KEY_SIZE, "%s:%0*llx", sort, DIGITS,
		(unsigned long long)(number % site->conf->throttle_records));
}

/* --- records ----------------------------------------------------------- */

void
count_read(const struct json_object *record, struct count *count)
{
	name_get_id(record, count->account);
	json_copy(record, "network", count->network, sizeof count->network);
	/* A missing member is 0. */
	json_natural(record, "failures", &count->failures);
	json_natural(record, "last", &count->last);
	json_natural(record, "until", &count->until);
	json_natural(record, "spent", &count->spent);
	json_natural(record, "known", &count->known);
}

void
count_read_pairs(const struct json_object *record, struct count_pairs *pairs)
{
	struct json_object *object = json_object_object_get(record, "pairs");
	int count = 0;

	memset(pairs, 0, sizeof *pairs);
	if (!json_object_is_type(object, json_type_object))
		return;
	json_object_object_foreach(object, key, value)
	{
		if (count == COUNT_PAIRS)
			break;
		snprintf(pairs->pair[count].key, COUNT_KEY_SIZE, "%s", key);
		count_read(value, &pairs->pair[count++]);
	}
}

struct count *
count_pair(struct count_pairs *pairs, const char *key)
{
	struct count *pair, *least = pairs->pair;

	for (pair = pairs->pair; pair < pairs->pair + COUNT_PAIRS; pair++) {
		if (strcmp(pair->key, key) == 0)
			return pair;
		if (pair->failures < least->failures ||
			(pair->failures == least->failures &&
				pair->last < least->last))
			least = pair;
	}
	memset(least, 0, sizeof *least);
	snprintf(least->key, sizeof least->key, "%s", key);
	return least;
}

/* When the failures are forgotten. */
static int64_t
forgotten(const struct count *count)
{
	return count->lasts == COUNT_FOR_EVER
		       ? NEVER
		       : count->last + (count->lasts > 0 ? count->lasts
							 : COUNT_FORGET);
}

/* Leaves out what is over, and what a wrong clock has left. */
static void
settle(const struct conf *conf, struct count *count, int64_t now)
{
	if (count->last > now)
		count->last = now;
	if (forgotten(count) <= now)
		count->failures = 0;
	if (count->until > now + count_delay(conf, count->failures))
		count->until = now + count_delay(conf, count->failures);
	if (count->known > now)
		count->known = now;
	if (count->known + (int64_t)conf->throttle_remember <= now)
		count->known = 0;
}

enum status
count_load(const struct site *site, struct count *count,
	struct count_pairs *pairs, int64_t now)
{
	struct json_object *record;
	enum status status =
		store_get(site->store, STORE_THROTTLE, count->key, &record);
	int i;

	if (status == STATUS_OK)
		count_read(record, count);
	settle(site->conf, count, now);
	if (pairs != NULL) {
		count_read_pairs(record, pairs);
		for (i = 0; i < COUNT_PAIRS; i++)
			settle(site->conf, &pairs->pair[i], now);
	}
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The time at which nothing is left in it to be remembered. */
static int64_t
expiry(const struct conf *conf, const struct count *count)
{
	int64_t expires = later(count->until, count->spent / 1000 + 1);

	if (count->failures > 0)
		expires = later(expires, forgotten(count));
	if (count->known > 0)
		expires = later(expires,
			count->known + (int64_t)conf->throttle_remember);
	return expires;
}

/* Makes the JSON that a pair and a record have in common. */
static struct json_object *
to_object(const struct count *count)
{
	struct json_object *object = json_new_object();

	name_put_id(object, count->account);
	json_add_int(object, "failures", count->failures);
	json_add_int(object, "last", count->last);
	json_add_int(object, "until", count->until);
	return object;
}

/* Makes the array of pairs that are not over; `expires` becomes the end of the
 * last. */
static void
add_pairs(const struct conf *conf, struct json_object *record,
	const struct count_pairs *pairs, int64_t now, int64_t *expires)
{
	struct json_object *object = json_new_object();
	const struct count *pair;
	int64_t end;

	for (pair = pairs->pair; pair < pairs->pair + COUNT_PAIRS; pair++) {
		end = expiry(conf, pair);
		if (end <= now)
			continue;
		json_add(object, pair->key, to_object(pair));
		*expires = later(*expires, end);
	}
	json_add(record, "pairs", object);
}

enum status
count_save(const struct site *site, const struct count *count,
	const struct count_pairs *pairs, int64_t now)
{
	int64_t expires = expiry(site->conf, count);
	struct json_object *record = to_object(count);
	enum status status;

	json_add_string(record, "network", count->network);
	json_add_int(record, "spent", count->spent);
	json_add_int(record, "known", count->known);
	if (pairs != NULL)
		add_pairs(site->conf, record, pairs, now, &expires);
	json_add_int(record, "expires", expires);
	status = expires <= now
			 ? store_delete(site->store, STORE_THROTTLE, count->key)
			 : store_put(site->store, STORE_THROTTLE, count->key,
				   record);
	json_object_put(record);
	return status;
}
