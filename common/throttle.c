/* throttle.c - how often a secret may be tried, and from where */
#include "config.h"

#include "throttle.h"

#include "count.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { HEX_SIZE = 33 }; /* of half an HMAC: a key, no proof of anything */

static const char *const secret_names[] = {
	[THROTTLE_PASSWORD] = "password",
	[THROTTLE_CODE] = "code",
	[THROTTLE_TOKEN] = "token",
};

/* What one try is counted by. */
struct counts {
	struct count pair, account, network;
	bool known; /* the account has signed in from there lately */
};

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Whoever is meant is in no key: people type passwords where a name should
 * be. Without regard to case, as names are compared. */
static void
hash_whose(const struct site *site, const char *whose, const char *network,
	char hex[HEX_SIZE])
{
	unsigned char tag[crypto_auth_hmacsha256_BYTES];
	char text[2 * NAME_SIZE], *at;

	snprintf(text, sizeof text, "%s\n%s", network, whose);
	for (at = text; *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	crypto_auth_hmacsha256(tag, (const unsigned char *)text, strlen(text),
		keys_count(site->keys));
	sodium_bin2hex(hex, HEX_SIZE, tag, HEX_SIZE / 2);
	sodium_memzero(text, sizeof text);
}

static void
pair_key(const struct site *site, enum throttle_secret secret,
	const char *whose, const char *network, char key[COUNT_KEY_SIZE])
{
	char hex[HEX_SIZE];

	hash_whose(site, whose, network, hex);
	snprintf(key, COUNT_KEY_SIZE, "pair:%s:%s", secret_names[secret], hex);
}

/* Names the three records. */
static void
begin(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt, struct counts *counts)
{
	char hex[HEX_SIZE];

	memset(counts, 0, sizeof *counts);
	pair_key(site, target->secret, target->whose, attempt->network,
		counts->pair.key);
	hash_whose(site, target->whose, "", hex);
	snprintf(counts->account.key, COUNT_KEY_SIZE, "account:%s:%s",
		secret_names[target->secret], hex);
	snprintf(counts->network.key, COUNT_KEY_SIZE, "network:%s",
		attempt->network);
	strcpy(counts->pair.account, attempt->account);
	strcpy(counts->account.account, attempt->account);
	strcpy(counts->pair.network, attempt->network);
	strcpy(counts->network.network, attempt->network);
}

/* Only a sign-in makes a network known; it is known then for codes, too. */
static enum status
load_known(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt, struct counts *counts)
{
	struct count pair;
	enum status status = STATUS_OK;

	if (target->secret == THROTTLE_PASSWORD || target->whose[0] == '\0') {
		counts->known = counts->pair.known > 0;
		return STATUS_OK;
	}
	memset(&pair, 0, sizeof pair);
	pair_key(site, THROTTLE_PASSWORD, target->whose, attempt->network,
		pair.key);
	status = count_load(site, &pair, attempt->now);
	counts->known = pair.known > 0;
	return status;
}

static enum status
load_all(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt, struct counts *counts)
{
	enum status status;

	begin(site, target, attempt, counts);
	status = count_load(site, &counts->pair, attempt->now);
	if (status == STATUS_OK)
		status = load_known(site, target, attempt, counts);
	if (status == STATUS_OK)
		status = count_load(site, &counts->account, attempt->now);
	if (status == STATUS_OK)
		status = count_load(site, &counts->network, attempt->now);
	return status;
}

static enum status
save_all(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt, const struct counts *counts)
{
	enum status status = count_save(site, &counts->pair, attempt->now);

	if (status == STATUS_OK && target->whose[0] != '\0')
		status = count_save(site, &counts->account, attempt->now);
	if (status == STATUS_OK)
		status = count_save(site, &counts->network, attempt->now);
	return status;
}

/* How long until the next try; 0: now. */
static int64_t
wait_of(const struct conf *conf, const struct counts *counts, int64_t now)
{
	struct budget account = budget_of(conf->throttle_account);
	struct budget network = budget_of(conf->throttle_network);
	int64_t wait = later(counts->pair.until - now, 0);

	if (counts->known)
		return later(wait, budget_wait(account, &counts->pair, now));
	wait = later(wait, budget_wait(account, &counts->account, now));
	return later(wait, budget_wait(network, &counts->network, now));
}

static void
spend(const struct conf *conf, struct counts *counts, int64_t now)
{
	budget_spend(budget_of(conf->throttle_account),
		counts->known ? &counts->pair : &counts->account, now);
	if (!counts->known)
		budget_spend(budget_of(conf->throttle_network),
			&counts->network, now);
}

static void
take_back(const struct conf *conf, struct counts *counts)
{
	budget_take_back(budget_of(conf->throttle_account),
		counts->known ? &counts->pair : &counts->account);
	if (!counts->known)
		budget_take_back(
			budget_of(conf->throttle_network), &counts->network);
}

static bool
is_off(const struct site *site)
{
	return site->conf->throttle == THROTTLE_OFF;
}

/* Loads the counts, and sets the attempt's wait. */
static enum status
look(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt, struct counts *counts)
{
	enum status status = load_all(site, target, attempt, counts);

	if (status != STATUS_OK)
		return status;
	attempt->wait = wait_of(site->conf, counts, attempt->now);
	return attempt->wait > 0 ? STATUS_THROTTLED : STATUS_OK;
}

enum status
throttle_look(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt)
{
	struct counts counts;

	return is_off(site) ? STATUS_OK : look(site, target, attempt, &counts);
}

enum status
throttle_enter(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt)
{
	struct counts counts;
	enum status status;

	if (is_off(site))
		return STATUS_OK;
	status = look(site, target, attempt, &counts);
	if (status != STATUS_OK)
		return status;
	/* What cannot be counted is for those alone who are known. */
	if (!store_writes(site->store))
		return counts.known ? STATUS_OK : STATUS_UNAVAILABLE;
	counts.pair.failures++;
	counts.pair.last = attempt->now;
	spend(site->conf, &counts, attempt->now);
	return save_all(site, target, attempt, &counts);
}

enum status
throttle_leave(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt, enum throttle_outcome outcome)
{
	struct counts counts;
	enum status status;

	if (is_off(site) || !store_writes(site->store))
		return STATUS_OK;
	status = load_all(site, target, attempt, &counts);
	if (status != STATUS_OK)
		return status;
	/* Of secrets that name nobody the right one may be the caller's own: it
	 * says nothing of the wrong ones before it. */
	if (outcome == THROTTLE_RIGHT && target->whose[0] == '\0')
		outcome = THROTTLE_UNSEEN;
	switch (outcome) {
	case THROTTLE_WRONG:
		counts.pair.until =
			attempt->now +
			count_delay(site->conf, counts.pair.failures);
		break;
	case THROTTLE_RIGHT:
		take_back(site->conf, &counts);
		counts.pair.failures = counts.pair.until = 0;
		if (target->secret == THROTTLE_PASSWORD)
			counts.pair.known = attempt->now;
		break;
	case THROTTLE_UNSEEN:
		take_back(site->conf, &counts);
		counts.pair.failures -= counts.pair.failures > 0;
		break;
	}
	return save_all(site, target, attempt, &counts);
}

enum status
throttle_ask(const struct site *site, struct attempt *attempt)
{
	struct budget budget = budget_of(site->conf->throttle_asks);
	struct count count = {.failures = 0};
	enum status status;

	if (is_off(site))
		return STATUS_OK;
	snprintf(count.key, sizeof count.key, "asks:%s", attempt->network);
	strcpy(count.network, attempt->network);
	status = count_load(site, &count, attempt->now);
	if (status != STATUS_OK)
		return status;
	attempt->wait = budget_wait(budget, &count, attempt->now);
	if (attempt->wait > 0)
		return STATUS_THROTTLED;
	budget_spend(budget, &count, attempt->now);
	return count_save(site, &count, attempt->now);
}

enum status
throttle_ask_alone(const struct site *site, struct attempt *attempt)
{
	enum status status = store_begin(site->store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	status = throttle_ask(site, attempt);
	if (status == STATUS_OK)
		return store_commit(site->store, STORE_LAZY);
	store_abort(site->store);
	return status;
}
