/* tally.c - all that one try is counted by */
#include "config.h"

#include "account/tally.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = NAME_SIZE + THROTTLE_NETWORK_SIZE + 32 };

static const char *const secret_names[] = {
	[THROTTLE_PASSWORD] = "password",
	[THROTTLE_CODE] = "code",
	[THROTTLE_TOKEN] = "token",
};

/* --- keys -------------------------------------------------------------- */

void
tally_name_key(const struct site *site, enum throttle_secret secret,
	const char *name, char key[COUNT_KEY_SIZE])
{
	char sort[32];

	snprintf(sort, sizeof sort, "name:%s", secret_names[secret]);
	count_shared_key(site, sort, name, key);
}

/* By the typed name, never by its account: two names of one account must look
 * like two unknown ones. */
static void
pair_key(const struct site *site, enum throttle_secret secret, const char *name,
	const char *network, char key[COUNT_KEY_SIZE])
{
	char text[TEXT_SIZE];

	snprintf(text, sizeof text, "%s\nname:%s", network, name);
	count_key(site, secret_names[secret], text, key);
	sodium_memzero(text, sizeof text);
}

/* By the account. An unknown one's is looked up as well. */
static void
home_key(const struct site *site, enum throttle_secret secret,
	const struct attempt *attempt, char key[COUNT_KEY_SIZE])
{
	char sort[32], text[TEXT_SIZE];

	snprintf(sort, sizeof sort, "pair:%s", secret_names[secret]);
	snprintf(text, sizeof text, "%s\n%s", attempt->network,
		attempt->account);
	count_key(site, sort, text, key);
}

void
tally_codes(const struct site *site, const char *account, const char *name,
	struct count *codes)
{
	char text[TEXT_SIZE];

	memset(codes, 0, sizeof *codes);
	strcpy(codes->account, account);
	codes->lasting = account[0] != '\0';
	snprintf(text, sizeof text, "codes\n%s", account);
	if (codes->lasting) {
		count_key(site, "codes", text, codes->key);
		return;
	}
	count_shared_key(site, "codes", name, codes->key);
}

int
tally_networks(const struct site *site, const char *sort, const char *network,
	struct count networks[THROTTLE_LEVELS])
{
	char levels[THROTTLE_LEVELS][THROTTLE_NETWORK_SIZE];
	int i, count = throttle_levels(network, levels);

	for (i = 0; i < count; i++) {
		memset(&networks[i], 0, sizeof networks[i]);
		count_shared_key(site, sort, levels[i], networks[i].key);
		strcpy(networks[i].network, levels[i]);
	}
	return count;
}

/* --- records ----------------------------------------------------------- */

/* A sign-in makes a network known, and nothing else does. */
enum status
tally_known(const struct site *site, const struct attempt *attempt, bool *known)
{
	struct count home;
	enum status status;

	memset(&home, 0, sizeof home);
	home_key(site, THROTTLE_PASSWORD, attempt, home.key);
	status = count_load(site, &home, NULL, attempt->now);
	*known = attempt->account[0] != '\0' && home.known > 0;
	return status;
}

/* The network is known then for codes, too. */
static enum status
load_home(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt, struct tally *tally)
{
	struct count signed_in;
	enum status status;

	home_key(site, target->secret, attempt, tally->home.key);
	status = count_load(site, &tally->home, NULL, attempt->now);
	signed_in = tally->home;
	if (status == STATUS_OK && target->secret != THROTTLE_PASSWORD) {
		memset(&signed_in, 0, sizeof signed_in);
		home_key(site, THROTTLE_PASSWORD, attempt, signed_in.key);
		status = count_load(site, &signed_in, NULL, attempt->now);
	}
	tally->known = tally->named && attempt->account[0] != '\0' &&
		       signed_in.known > 0;
	strcpy(tally->home.account, attempt->account);
	strcpy(tally->home.network, attempt->network);
	return status == STATUS_OK && tally->known &&
			       target->secret == THROTTLE_PASSWORD
		       ? tally_load_right(site, attempt, tally)
		       : status;
}

static enum status
load_name(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt, struct tally *tally)
{
	enum status status = STATUS_OK;

	if (tally->named) {
		tally_name_key(
			site, target->secret, target->name, tally->name.key);
		status = count_load(site, &tally->name, NULL, attempt->now);
	}
	strcpy(tally->name.account, attempt->account);
	return status;
}

/* A shared record was counted by any of the networks that share it. */
static enum status
load_networks(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt, struct tally *tally)
{
	enum status status = STATUS_OK;
	char network[THROTTLE_NETWORK_SIZE], key[COUNT_KEY_SIZE];
	int i;

	tally->levels = tally_networks(
		site, "network", attempt->network, tally->networks);
	for (i = 0; i < tally->levels && status == STATUS_OK; i++) {
		strcpy(network, tally->networks[i].network);
		status = count_load(site, &tally->networks[i],
			i == 0 ? &tally->pairs : NULL, attempt->now);
		strcpy(tally->networks[i].network, network);
	}
	pair_key(site, target->secret, target->name, attempt->network, key);
	tally->pair = count_pair(&tally->pairs, key);
	strcpy(tally->pair->account, attempt->account);
	return status;
}

static enum status
load_codes(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt, struct tally *tally)
{
	enum status status;

	tally->digits = tally->named && target->secret == THROTTLE_CODE &&
			conf_code_digits(site->conf) > 0;
	if (!tally->digits)
		return STATUS_OK;
	tally_codes(site, attempt->account, target->name, &tally->codes);
	status = count_load(site, &tally->codes, NULL, attempt->now);
	strcpy(tally->codes.account, attempt->account);
	return status;
}

enum status
tally_load(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt, struct tally *tally)
{
	enum status status;

	memset(tally, 0, sizeof *tally);
	tally->named = target->name[0] != '\0';
	status = load_home(site, target, attempt, tally);
	if (status == STATUS_OK)
		status = load_name(site, target, attempt, tally);
	if (status == STATUS_OK)
		status = load_codes(site, target, attempt, tally);
	return status == STATUS_OK ? load_networks(site, target, attempt, tally)
				   : status;
}

enum status
tally_save(const struct site *site, const struct tally *tally, int64_t now)
{
	enum status status = STATUS_OK;
	int i;

	if (tally->known)
		status = count_save(site, &tally->home, NULL, now);
	if (status == STATUS_OK && tally->named)
		status = count_save(site, &tally->name, NULL, now);
	if (status == STATUS_OK && tally->digits)
		status = count_save(site, &tally->codes, NULL, now);
	for (i = 0; i < tally->levels && status == STATUS_OK; i++)
		status = count_save(site, &tally->networks[i],
			i == 0 ? &tally->pairs : NULL, now);
	return status;
}

/* --- right passwords ---------------------------------------------------- */

enum status
tally_load_right(const struct site *site, const struct attempt *attempt,
	struct tally *tally)
{
	char text[TEXT_SIZE];

	snprintf(text, sizeof text, "right\n%s", attempt->account);
	memset(&tally->right, 0, sizeof tally->right);
	count_key(site, "right", text, tally->right.key);
	strcpy(tally->right.account, attempt->account);
	return count_load(site, &tally->right, NULL, attempt->now);
}

int64_t
tally_right_wait(
	const struct conf *conf, const struct tally *tally, int64_t now)
{
	return budget_wait(budget_of(conf->throttle_right), &tally->right, now);
}

enum status
tally_save_right(const struct site *site, struct tally *tally, int64_t now)
{
	budget_spend(budget_of(site->conf->throttle_right), &tally->right, now);
	return count_save(site, &tally->right, NULL, now);
}

/* --- budgets ----------------------------------------------------------- */

struct budget
tally_network_budget(unsigned long most, int level)
{
	return budget_of(most << (2 * level));
}

/* A budget that is in force, and what it is spent from. */
struct purse {
	struct budget budget;
	struct count *count;
};
enum { PURSES = 1 + THROTTLE_LEVELS };

/* An account has two names at most, so each name may have half of what the
 * account may. */
static int
purses_of(const struct conf *conf, struct tally *tally,
	struct purse purses[PURSES])
{
	int i, count = 0;

	if (tally->known) {
		purses[0].budget = budget_of(conf->throttle_account);
		purses[0].count = &tally->home;
		return 1;
	}
	if (tally->named) {
		purses[count].budget = budget_of(conf->throttle_account / 2);
		purses[count++].count = &tally->name;
	}
	for (i = 0; i < tally->levels; i++) {
		purses[count].budget =
			tally_network_budget(conf->throttle_network, i);
		purses[count++].count = &tally->networks[i];
	}
	return count;
}

int64_t
tally_wait(const struct conf *conf, struct tally *tally, int64_t now)
{
	struct purse purses[PURSES];
	int64_t wait = tally->pair->until - now;
	int64_t one = tally_right_wait(conf, tally, now);
	int i, count = purses_of(conf, tally, purses);

	if (one > wait)
		wait = one;

	for (i = 0; i < count; i++) {
		one = budget_wait(purses[i].budget, purses[i].count, now);
		if (one > wait)
			wait = one;
	}
	return wait > 0 ? wait : 0;
}

bool
tally_network_waits(
	const struct conf *conf, const struct tally *tally, int64_t now)
{
	bool waits = false;
	int i;

	for (i = 0; i < tally->levels && !tally->known; i++)
		waits = waits || budget_wait(tally_network_budget(
						     conf->throttle_network, i),
					 &tally->networks[i], now) > 0;
	return waits;
}

void
tally_spend(const struct conf *conf, struct tally *tally, int64_t now)
{
	struct purse purses[PURSES];
	int i, count = purses_of(conf, tally, purses);

	for (i = 0; i < count; i++)
		budget_spend(purses[i].budget, purses[i].count, now);
}

void
tally_take_back(const struct conf *conf, struct tally *tally)
{
	struct purse purses[PURSES];
	int i, count = purses_of(conf, tally, purses);

	for (i = 0; i < count; i++)
		budget_take_back(purses[i].budget, purses[i].count);
}
