/* throttle.c - how often a secret may be tried, and from where */
#include "config.h"

#include "throttle.h"

#include "tally.h"

static bool
is_off(const struct site *site)
{
	return site->conf->throttle == THROTTLE_OFF;
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

enum status
throttle_leave(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt, enum throttle_outcome outcome)
{
	struct tally tally;
	enum status status;

	if (is_off(site) || !store_writes(site->store))
		return STATUS_OK;
	status = tally_load(site, target, attempt, &tally);
	if (status != STATUS_OK)
		return status;
	/* Of secrets that name nobody the right one may be the caller's own: it
	 * says nothing of the wrong ones before it. */
	if (outcome == THROTTLE_RIGHT && !tally.named)
		outcome = THROTTLE_UNSEEN;
	if (outcome != THROTTLE_WRONG) {
		tally_take_back(site->conf, &tally);
		tally.codes.failures -= tally.codes.failures > 0;
	}
	switch (outcome) {
	case THROTTLE_WRONG:
		tally.pair->until =
			attempt->now +
			count_delay(site->conf, tally.pair->failures);
		break;
	case THROTTLE_RIGHT:
		tally.pair->failures = tally.pair->until = 0;
		if (target->secret == THROTTLE_PASSWORD) {
			tally.known = true;
			tally.home.known = attempt->now;
		}
		break;
	case THROTTLE_UNSEEN:
		tally.pair->failures -= tally.pair->failures > 0;
		break;
	}
	if (outcome == THROTTLE_RIGHT && target->secret == THROTTLE_PASSWORD)
		status = throttle_allow_digits(site, attempt->account);
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

enum status
throttle_ask(const struct site *site, struct attempt *attempt)
{
	unsigned long most = site->conf->throttle_asks;
	struct count asks[THROTTLE_LEVELS];
	enum status status = STATUS_OK;
	int64_t wait;
	int i, levels;

	if (is_off(site))
		return STATUS_OK;
	attempt->wait = 0;
	levels = tally_networks(site, "asks", attempt->network, asks);
	for (i = 0; i < levels && status == STATUS_OK; i++) {
		status = count_load(site, &asks[i], NULL, attempt->now);
		wait = budget_wait(
			tally_network_budget(most, i), &asks[i], attempt->now);
		if (wait > attempt->wait)
			attempt->wait = wait;
	}
	if (status == STATUS_OK && attempt->wait > 0)
		return STATUS_THROTTLED;
	for (i = 0; i < levels && status == STATUS_OK; i++) {
		budget_spend(
			tally_network_budget(most, i), &asks[i], attempt->now);
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
