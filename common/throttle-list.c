/* throttle-list.c - what is counted, for the operator */
#include "config.h"

#include "throttle.h"

#include "count.h"
#include "json.h"
#include "mem.h"

#include <stdio.h>
#include <string.h>

/* Splits "pair:password:..." and "network:..."; false for what another module
 * keeps under the same kind. */
static bool
read_key(const char *key, char sort[16], char secret[16])
{
	secret[0] = '\0';
	if (sscanf(key, "%15[a-z]:", sort) != 1)
		return false;
	if (strcmp(sort, "network") == 0 || strcmp(sort, "asks") == 0)
		return true;
	return (strcmp(sort, "pair") == 0 || strcmp(sort, "account") == 0) &&
	       sscanf(strchr(key, ':'), ":%15[a-z]:", secret) == 1;
}

/* When there is one try again, by the delay and by the budget. */
static int64_t
until(const struct conf *conf, const char *sort, const struct count *count)
{
	unsigned long most =
		strcmp(sort, "network") == 0 ? conf->throttle_network
		: strcmp(sort, "asks") == 0  ? conf->throttle_asks
					     : conf->throttle_account;
	int64_t budget = budget_wait(budget_of(most), count, 0);

	return budget > count->until ? budget : count->until;
}

struct walk {
	const struct conf *conf;
	throttle_visit *visit;
	void *context;
};

static bool
visit_record(void *context, const char *key, struct json_object *record)
{
	const struct walk *walk = context;
	struct count count = {.failures = 0};
	char sort[16], secret[16];
	struct throttle_count shown = {.sort = sort,
		.secret = secret,
		.account = count.account,
		.network = count.network};

	if (!read_key(key, sort, secret))
		return true;
	count_read(record, &count);
	shown.failures = count.failures;
	shown.until = until(walk->conf, sort, &count);
	shown.known = count.known;
	return walk->visit(walk->context, &shown);
}

enum status
throttle_each(const struct site *site, throttle_visit *visit, void *context)
{
	struct walk walk = {site->conf, visit, context};

	return store_each(site->store, STORE_THROTTLE, visit_record, &walk);
}

struct clearing {
	const struct site *site;
	const char *whom;
	enum status status;
	int cleared;
};

static bool
is_meant(const struct count *count, const char *whom)
{
	return whom == NULL || strcmp(count->account, whom) == 0 ||
	       strcmp(count->network, whom) == 0;
}

/* One at a time: it may have changed since it was listed. */
static enum status
clear_one(const struct site *site, const char *key, const char *whom)
{
	struct json_object *record;
	struct count count = {.failures = 0};
	enum status status = store_begin(site->store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	snprintf(count.key, sizeof count.key, "%s", key);
	status = store_get(site->store, STORE_THROTTLE, key, &record);
	if (status == STATUS_OK) {
		count_read(record, &count);
		json_object_put(record);
	}
	if (status == STATUS_OK && is_meant(&count, whom)) {
		count.failures = count.until = count.spent = 0;
		/* As of then: what is not known either is deleted. */
		status = count_save(
			site, &count, count.known > 0 ? count.known : 1);
	}
	if (status == STATUS_OK)
		return store_commit(site->store, STORE_LAZY);
	store_abort(site->store);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static bool
visit_clear(void *context, const char *key, struct json_object *record)
{
	struct clearing *clearing = context;
	struct count count = {.failures = 0};
	char sort[16], secret[16];

	count_read(record, &count);
	if (read_key(key, sort, secret) && is_meant(&count, clearing->whom)) {
		clearing->status =
			clear_one(clearing->site, key, clearing->whom);
		clearing->cleared++;
	}
	return clearing->status == STATUS_OK;
}

enum status
throttle_clear(const struct site *site, const char *whom)
{
	struct clearing clearing = {site, whom, STATUS_OK, 0};
	enum status status =
		store_each(site->store, STORE_THROTTLE, visit_clear, &clearing);

	if (status == STATUS_OK)
		status = clearing.status;
	return status == STATUS_OK && clearing.cleared == 0 ? STATUS_NOT_FOUND
							    : status;
}
