/* throttle.c - how often a secret may be tried, and from where */
#include "config.h"

#include "account/throttle.h"

#include "account/tally.h"
#include "base/log.h"

#include <string.h>

static bool
is_off(const struct site *site)
{
	return site->conf->throttle == THROTTLE_OFF;
}

/* Not in silence: the operator has to hear that everybody is one, though not
 * each time that somebody waits for it. */
static void
note_waiting(const struct attempt *attempt)
{
	enum { HOUR = 3600 };
	static int64_t noted = -HOUR;

	if (!throttle_may_be_proxy(attempt->network) ||
		(attempt->now >= noted && attempt->now - noted < HOUR))
		return;
	noted = attempt->now;
	log_warning("%s has to wait: all who come from there count as one; if "
		    "it is a proxy, have the web server say who its clients "
		    "are (nginx: real_ip_header; Apache: RemoteIPHeader)",
		attempt->network);
}

/* Loads the counts, and sets the attempt's wait. */
static enum status
look(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt, struct tally *tally)
{
	enum status status = tally_load(site, target, attempt, tally);

	if (status != STATUS_OK)
		return status;
	attempt->wait = tally_wait(site->conf, tally, attempt->now);
	if (tally_network_waits(site->conf, tally, attempt->now))
		note_waiting(attempt);
	return attempt->wait > 0 ? STATUS_THROTTLED : STATUS_OK;
}

enum status
throttle_look(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt)
{
	struct tally tally;

	return is_off(site) ? STATUS_OK : look(site, target, attempt, &tally);
}

enum status
throttle_enter(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt)
{
	struct tally tally;
	enum status status;

	if (is_off(site))
		return STATUS_OK;
	status = look(site, target, attempt, &tally);
	if (status != STATUS_OK)
		return status;
	/* What cannot be counted is for those alone who are known. */
	if (!store_writes(site->store))
		return tally.known ? STATUS_OK : STATUS_UNAVAILABLE;
	tally.pair->failures++;
	tally.pair->last = attempt->now;
	if (tally.digits) {
		tally.codes.failures++;
		tally.codes.last = attempt->now;
		attempt->no_digits = tally.codes.failures >
				     (int64_t)site->conf->throttle_codes;
	}
	tally_spend(site->conf, &tally, attempt->now);
	return tally_save(site, &tally, attempt->now);
}

/* Who signs in again and again has the hashes of others. Only the right
 * password can spend this, and only it is told: who asks from where the account
 * is not known has been hashed for like anybody else. */
static enum status
count_right(
	const struct site *site, struct tally *tally, struct attempt *attempt)
{
	enum status status = tally_load_right(site, attempt, tally);

	if (status != STATUS_OK)
		return status;
	attempt->wait = tally_right_wait(site->conf, tally, attempt->now);
	return attempt->wait > 0 ? STATUS_OK
				 : tally_save_right(site, tally, attempt->now);
}

/* As if the try had not been. */
static void
note_unseen(const struct conf *conf, struct tally *tally)
{
	tally_take_back(conf, tally);
	tally->codes.failures -= tally->codes.failures > 0;
	tally->pair->failures -= tally->pair->failures > 0;
}

static enum status
note_right(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt, struct tally *tally)
{
	enum status status = STATUS_OK;

	note_unseen(site->conf, tally);
	/* Of secrets that name nobody the right one may be the caller's own: it
	 * says nothing of the wrong ones before it. */
	if (!tally->named)
		return STATUS_OK;
	if (target->secret == THROTTLE_PASSWORD) {
		status = count_right(site, tally, attempt);
		if (status != STATUS_OK || attempt->wait > 0)
			return status;
		tally->known = true;
		tally->home.known = attempt->now;
		status = throttle_allow_digits(site, attempt->account);
		if (status == STATUS_OK)
			status = tally_note_home(site, attempt->account,
				tally->home.key, attempt->now);
	}
	tally->pair->failures = tally->pair->until = 0;
	return status;
}

enum status
throttle_leave(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt, enum throttle_outcome outcome)
{
	struct tally tally;
	enum status status;

	if (is_off(site) || !store_writes(site->store))
		return STATUS_OK;
	status = tally_load(site, target, attempt, &tally);
	if (status != STATUS_OK)
		return status;
	switch (outcome) {
	case THROTTLE_WRONG:
		tally.pair->until =
			attempt->now +
			count_delay(site->conf, tally.pair->failures);
		break;
	case THROTTLE_RIGHT:
		status = note_right(site, target, attempt, &tally);
		break;
	case THROTTLE_UNSEEN:
		note_unseen(site->conf, &tally);
		break;
	}
	return status == STATUS_OK ? tally_save(site, &tally, attempt->now)
				   : status;
}

enum status
throttle_no_digits(
	const struct site *site, const char *account, bool *no_digits)
{
	struct count codes;
	enum status status;

	*no_digits = false;
	if (is_off(site))
		return STATUS_OK;
	tally_codes(site, account, "", &codes);
	status = count_load(site, &codes, NULL, site_now());
	*no_digits = codes.failures >= (int64_t)site->conf->throttle_codes;
	return status;
}

enum status
throttle_allow_digits(const struct site *site, const char *account)
{
	struct count codes;

	tally_codes(site, account, "", &codes);
	return store_delete(site->store, STORE_THROTTLE, codes.key);
}

uint64_t
throttle_crowd(const struct site *site, const struct attempt *attempt)
{
	char levels[THROTTLE_LEVELS][THROTTLE_NETWORK_SIZE];
	int count = throttle_levels(attempt->network, levels);

	return is_off(site) ? SLOTS_NOBODY
			    : count_number(site, levels[count - 1]) | 4;
}

enum status
throttle_crowded(struct attempt *attempt)
{
	attempt->wait = 1;
	note_waiting(attempt);
	return STATUS_THROTTLED;
}

enum status
throttle_known(
	const struct site *site, const struct attempt *attempt, bool *known)
{
	return tally_known(site, attempt, known);
}

/* What one ask is counted by: the networks, and all together. */
enum { ASKS = THROTTLE_LEVELS + 1, ASKS_OF_ALL = 256 };

static int
find_asks(const struct site *site, const char *network, struct count asks[ASKS],
	struct budget budgets[ASKS])
{
	unsigned long most = site->conf->throttle_asks;
	int i, levels = tally_networks(site, "asks", network, asks);

	for (i = 0; i < levels; i++)
		budgets[i] = tally_network_budget(most, i);
	memset(&asks[levels], 0, sizeof asks[levels]);
	strcpy(asks[levels].key, "asks:all");
	budgets[levels] = budget_of(most * ASKS_OF_ALL);
	return levels + 1;
}

enum status
throttle_ask(const struct site *site, struct attempt *attempt)
{
	struct budget budgets[ASKS];
	struct count asks[ASKS];
	enum status status = STATUS_OK;
	int i, count;
	int64_t wait;

	if (is_off(site))
		return STATUS_OK;
	attempt->wait = 0;
	count = find_asks(site, attempt->network, asks, budgets);
	for (i = 0; i < count && status == STATUS_OK; i++) {
		status = count_load(site, &asks[i], NULL, attempt->now);
		wait = budget_wait(budgets[i], &asks[i], attempt->now);
		if (wait > attempt->wait)
			attempt->wait = wait;
	}
	if (status == STATUS_OK && attempt->wait > 0) {
		note_waiting(attempt);
		return STATUS_THROTTLED;
	}
	for (i = 0; i < count && status == STATUS_OK; i++) {
		budget_spend(budgets[i], &asks[i], attempt->now);
		status = count_save(site, &asks[i], NULL, attempt->now);
	}
	return status;
}

enum status
throttle_ask_alone(const struct site *site, struct attempt *attempt)
{
	enum status status = site_keys(site, attempt->now);

	if (status == STATUS_OK)
		status = store_begin(site->store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	status = throttle_ask(site, attempt);
	if (status == STATUS_OK)
		return store_commit(site->store, STORE_LAZY);
	store_abort(site->store);
	return status;
}
