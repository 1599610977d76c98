/* throttle.c - how often a secret may be tried, and from where */
#include "config.h"

#include "account/throttle.h"

#include "account/count.h"
#include "base/json.h"
#include "base/log.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* A budget that is in force, and what it is spent from. */
struct purse {
	struct budget budget;
	struct count *count;
};

/* All that one try is counted by. */
struct tally {
	bool named;         /* the secret comes with a name */
	bool known;         /* the name's account has signed in from there
			     * lately */
	struct count home;  /* if known: the account in that network, */
	struct count right; /* and its right passwords, from all networks */
	struct count name;  /* else: the name, over all networks, */
	struct count networks[THROTTLE_LEVELS]; /* and those networks, over all
						 * names */
	int levels;
	bool digits;        /* a code that may be of digits: */
	struct count codes; /* the account's wrong ones since it signed in */
	struct count_pairs pairs; /* of the narrowest network */
	struct count *pair;       /* of the name and that network */
	struct purse purses[1 + THROTTLE_LEVELS]; /* in force before the try */
	int purse_count;
};

enum { TEXT_SIZE = NAME_SIZE + THROTTLE_NETWORK_SIZE + 32 };

static const char *const secret_names[] = {
	[THROTTLE_PASSWORD] = "password",
	[THROTTLE_CODE] = "code",
	[THROTTLE_TOKEN] = "token",
	[THROTTLE_FACTOR] = "factor",
};

/* --- keys -------------------------------------------------------------- */

/* The key under which tries at a name's secret are counted. */
static void
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

/* By the account, or where there is none by the typed name. One key for all
 * unknown names would be in the processor's cache: time would tell. */
static void
home_key(const struct site *site, enum throttle_secret secret, const char *name,
	const struct attempt *attempt, char key[COUNT_KEY_SIZE])
{
	bool owned = attempt->account[0] != '\0';
	char sort[32], text[TEXT_SIZE];

	snprintf(sort, sizeof sort, "pair:%s", secret_names[secret]);
	snprintf(text, sizeof text, "%s\n%s%s", attempt->network,
		owned ? "" : "name:", owned ? attempt->account : name);
	count_key(site, sort, text, key);
	sodium_memzero(text, sizeof text);
}

/* The key of what an account alone can have. */
static void
account_key(const struct site *site, const char *sort, const char *account,
	char key[COUNT_KEY_SIZE])
{
	char text[TEXT_SIZE];

	snprintf(text, sizeof text, "%s\n%s", sort, account);
	count_key(site, sort, text, key);
}

/* Names the count of an account's wrong codes, "" for no account. */
static void
tally_codes(const struct site *site, const char *account, const char *name,
	struct count *codes)
{
	memset(codes, 0, sizeof *codes);
	strcpy(codes->account, account);
	codes->lasts = account[0] != '\0' ? COUNT_FOR_EVER : 0;
	if (codes->lasts > 0)
		account_key(site, "codes", account, codes->key);
	else
		count_shared_key(site, "codes", name, codes->key);
}

/* Names the count of the wrong codes that have come in one of the account's
 * sessions, which are many in a month: an account that signs in again and again
 * fills 256 places, by the random end of a session's id. */
static void
session_key(const struct site *site, const char *account, const char *session,
	char key[COUNT_KEY_SIZE])
{
	enum { PLACE = 2 }; /* hexadecimal digits */
	size_t length = strlen(session);
	char place[NAME_ID_SIZE + PLACE + 1];

	snprintf(place, sizeof place, "%s/%s", account,
		session + (length > PLACE ? length - PLACE : 0));
	account_key(site, "session", place, key);
}

/* Names the count of an account's wrong second factors; with a session that of
 * those which have come in it without the password. */
static void
tally_factor(const struct site *site, const char *account, const char *session,
	struct count *factor)
{
	bool own = session == NULL || session[0] == '\0';

	memset(factor, 0, sizeof *factor);
	strcpy(factor->account, account);
	factor->lasts =
		own ? COUNT_FOR_EVER : (int64_t)site->conf->remember_life;
	if (own)
		account_key(site, "factor", account, factor->key);
	else
		session_key(site, account, session, factor->key);
}

static bool
is_off(const struct site *site)
{
	return site->conf->throttle == THROTTLE_OFF;
}

/* The counts of a network and of those around it, of any sort: each may have
 * four times as many as the one before. */
static int
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

/* --- right passwords ---------------------------------------------------- */

/* Reads the count of the account's right passwords. The account is known by
 * now. */
static enum status
tally_load_right(const struct site *site, const struct attempt *attempt,
	struct tally *tally)
{
	memset(&tally->right, 0, sizeof tally->right);
	account_key(site, "right", attempt->account, tally->right.key);
	strcpy(tally->right.account, attempt->account);
	return count_load(site, &tally->right, NULL, attempt->now);
}

static int64_t
tally_right_wait(
	const struct conf *conf, const struct tally *tally, int64_t now)
{
	return budget_wait(budget_of(conf->throttle_right), &tally->right, now);
}

/* --- records ----------------------------------------------------------- */

/* A sign-in makes a network known, and nothing else does. */
enum status
throttle_known(const struct site *site, const char *name,
	const struct attempt *attempt, bool *known)
{
	struct count home;
	enum status status;

	memset(&home, 0, sizeof home);
	home_key(site, THROTTLE_PASSWORD, name, attempt, home.key);
	status = count_load(site, &home, NULL, attempt->now);
	*known = attempt->account[0] != '\0' && home.known > 0;
	return status;
}

/* The network is known then for codes, too. */
static enum status
load_home(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt, struct tally *tally)
{
	bool known;
	enum status status;

	home_key(site, target->secret, target->name, attempt, tally->home.key);
	status = count_load(site, &tally->home, NULL, attempt->now);
	known = attempt->account[0] != '\0' && tally->home.known > 0;
	if (status == STATUS_OK && target->secret != THROTTLE_PASSWORD)
		status = throttle_known(site, target->name, attempt, &known);
	tally->known = tally->named && known;
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

/* --- budgets ----------------------------------------------------------- */

static struct budget
tally_network_budget(unsigned long most, int level)
{
	return budget_of(most << (2 * level));
}

static void
add_purse(struct tally *tally, struct budget budget, struct count *count)
{
	struct purse purse = {budget, count};

	tally->purses[tally->purse_count++] = purse;
}

/* An account has two names at most, so each name may have half of what the
 * account may. */
static void
fill_purses(const struct conf *conf, struct tally *tally)
{
	int i;

	if (tally->known) {
		add_purse(
			tally, budget_of(conf->throttle_account), &tally->home);
		return;
	}
	if (tally->named)
		add_purse(tally, budget_of(conf->throttle_account / 2),
			&tally->name);
	for (i = 0; i < tally->levels; i++)
		add_purse(tally,
			tally_network_budget(conf->throttle_network, i),
			&tally->networks[i]);
}

static void
want(const struct site *site, const char *key)
{
	store_want(site->store, STORE_THROTTLE, key);
}

static void
want_of_account(const struct site *site, const struct attempt *attempt)
{
	static const char *const sorts[] = {"right", "homes"};
	char key[COUNT_KEY_SIZE];
	size_t i;

	for (i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
		account_key(site, sorts[i], attempt->account, key);
		want(site, key);
	}
}

/* Their keys are HMACs, so only a store that is far away is told. */
void
throttle_want(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt)
{
	struct count networks[THROTTLE_LEVELS];
	char key[COUNT_KEY_SIZE];
	int i, levels;

	if (is_off(site) || !store_is_shared(site->store))
		return;
	home_key(site, target->secret, target->name, attempt, key);
	want(site, key);
	if (target->name[0] != '\0') {
		tally_name_key(site, target->secret, target->name, key);
		want(site, key);
	}
	/* Of an unknown one too: else each would be a trip of its own. */
	home_key(site, THROTTLE_PASSWORD, target->name, attempt, key);
	want(site, key);
	if (attempt->account[0] != '\0')
		want_of_account(site, attempt);
	levels = tally_networks(site, "network", attempt->network, networks);
	for (i = 0; i < levels; i++)
		want(site, networks[i].key);
}

/* Inside a unit of work: reads what is recorded, and whether the account is
 * known in that network. The tally points into itself: do not copy it. */
static enum status
tally_load(const struct site *site, const struct throttle_target *target,
	const struct attempt *attempt, struct tally *tally)
{
	enum status status;

	memset(tally, 0, sizeof *tally);
	tally->named = target->name[0] != '\0';
	throttle_want(site, target, attempt);
	status = load_home(site, target, attempt, tally);
	if (status == STATUS_OK)
		status = load_name(site, target, attempt, tally);
	if (status == STATUS_OK)
		status = load_codes(site, target, attempt, tally);
	if (status == STATUS_OK)
		status = load_networks(site, target, attempt, tally);
	fill_purses(site->conf, tally);
	return status;
}

static enum status
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

/* Seconds until each of the budgets has one to spend; 0: now. */
static int64_t
purses_wait(const struct purse *purses, int count, int64_t now)
{
	int64_t one, wait = 0;

	for (; count > 0; count--, purses++) {
		one = budget_wait(purses->budget, purses->count, now);
		if (one > wait)
			wait = one;
	}
	return wait;
}

/* Seconds until the next try; 0: now. */
static int64_t
tally_wait(const struct conf *conf, const struct tally *tally, int64_t now)
{
	int64_t wait = purses_wait(tally->purses, tally->purse_count, now);
	int64_t pair = tally->pair->until - now;
	int64_t right = tally_right_wait(conf, tally, now);

	if (pair > wait)
		wait = pair;
	return right > wait ? right : wait;
}

/* --- in how many networks an account is known -------------------------- */

/* The list without that home, and without those beyond `throttle.homes`, which
 * are homes no longer. */
static enum status
keep(const struct site *site, const struct json_object *record,
	const char *home, struct json_object *kept)
{
	size_t i, count, most = site->conf->throttle_homes - 1, others;
	const struct json_object *old = json_array(record, "homes", &count);
	enum status status = STATUS_OK;

	for (i = 0, others = count; i < count; i++)
		others -= strcmp(json_string_at(old, i), home) == 0;
	for (i = 0; i < count && status == STATUS_OK; i++) {
		const char *other = json_string_at(old, i);

		if (strcmp(other, home) == 0)
			continue;
		if (others-- > most)
			status = store_delete(
				site->store, STORE_THROTTLE, other);
		else
			json_append(kept, json_object_new_string(other));
	}
	return status;
}

/* Whether the list has the home at its end already, and half of its time is
 * left: each home is on a list for as long as it is in the store. */
static bool
is_last(const struct site *site, const struct json_object *record,
	const char *home, int64_t now)
{
	size_t count;
	const struct json_object *homes = json_array(record, "homes", &count);
	int64_t expires;

	return count > 0 &&
	       strcmp(json_string_at(homes, count - 1), home) == 0 &&
	       json_natural(record, "expires", &expires) &&
	       expires - now > (int64_t)site->conf->throttle_remember / 2;
}

/* Notes that the account has signed in at the home of that key. Beyond
 * `throttle.homes`, the homes without a sign-in for longest are forgotten. */
static enum status
tally_note_home(const struct site *site, const char *account, const char *home,
	int64_t now)
{
	struct json_object *record, *kept;
	char key[COUNT_KEY_SIZE];
	enum status status;

	/* The record with the keys of an account's homes, that of the last
	 * sign-in at the end. */
	account_key(site, "homes", account, key);
	status = store_get(site->store, STORE_THROTTLE, key, &record);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	if (is_last(site, record, home, now)) {
		json_object_put(record);
		return STATUS_OK;
	}
	kept = json_new_array();
	status = keep(site, record, home, kept);
	json_object_put(record);
	json_append(kept, json_object_new_string(home));
	record = json_new_object();
	json_add_string(record, "account", account);
	json_add(record, "homes", kept);
	json_add_int(record, "expires",
		now + (int64_t)site->conf->throttle_remember);
	if (status == STATUS_OK)
		return store_keep(site->store, STORE_THROTTLE, key, record);
	json_object_put(record);
	return status;
}

/* --- a try ------------------------------------------------------------- */

/* Says that a network that may be a proxy has to wait: then all clients are one
 * network. The operator has to hear of it, though not at each try. */
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

/* Loads the counts, and sets the attempt's `wait`. */
static enum status
look(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt, struct tally *tally)
{
	enum status status = tally_load(site, target, attempt, tally);

	if (status != STATUS_OK)
		return status;
	attempt->wait = tally_wait(site->conf, tally, attempt->now);
	/* Behind the name's purse are the networks'. */
	if (!tally->known && purses_wait(tally->purses + tally->named,
				     tally->levels, attempt->now) > 0)
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

/* A second factor is tried after the right password, or in a session, so the
 * tries at it have counts of their own, and no stranger can spend those. Six
 * digits can be guessed in time: beyond THROTTLE_FACTORS wrong ones none is
 * good. */
static enum status
enter_factor(const struct site *site, struct attempt *attempt)
{
	struct count factor;
	enum status status;

	tally_factor(site, attempt->account, attempt->session, &factor);
	status = count_load(site, &factor, NULL, attempt->now);
	if (status != STATUS_OK)
		return status;
	attempt->wait =
		factor.until > attempt->now ? factor.until - attempt->now : 0;
	if (attempt->wait > 0)
		return STATUS_THROTTLED;
	attempt->codes = ++factor.failures;
	attempt->no_digits = factor.failures > THROTTLE_FACTORS;
	factor.last = attempt->now;
	return count_save(site, &factor, NULL, attempt->now);
}

static enum status
leave_factor(const struct site *site, const struct attempt *attempt,
	enum status tested)
{
	struct count factor;
	enum status status;

	tally_factor(site, attempt->account, attempt->session, &factor);
	status = count_load(site, &factor, NULL, attempt->now);
	if (tested == STATUS_OK)
		factor.failures = factor.until = 0;
	else if (status_failed(tested))
		factor.failures -= factor.failures > 0;
	else
		factor.until =
			attempt->now + count_delay(site->conf, factor.failures);
	return status == STATUS_OK
		       ? count_save(site, &factor, NULL, attempt->now)
		       : status;
}

enum status
throttle_enter(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt)
{
	struct tally tally;
	enum status status;
	int i;

	if (is_off(site))
		return STATUS_OK;
	if (target->secret == THROTTLE_FACTOR)
		return enter_factor(site, attempt);
	status = look(site, target, attempt, &tally);
	if (status != STATUS_OK)
		return status;
	/* A try that cannot be counted is let in from known networks only. */
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
	for (i = 0; i < tally.purse_count; i++)
		budget_spend(tally.purses[i].budget, tally.purses[i].count,
			attempt->now);
	return tally_save(site, &tally, attempt->now);
}

/* A client that signs in again and again uses up the hashes of others. Only the
 * right password can spend this budget, and only a client with it is told.
 * Where the account is not known, the password has been hashed first, as for
 * any client. */
static enum status
count_right(
	const struct site *site, struct tally *tally, struct attempt *attempt)
{
	enum status status = tally_load_right(site, attempt, tally);

	if (status != STATUS_OK)
		return status;
	attempt->wait = tally_right_wait(site->conf, tally, attempt->now);
	if (attempt->wait > 0)
		return STATUS_OK;
	budget_spend(budget_of(site->conf->throttle_right), &tally->right,
		attempt->now);
	return count_save(site, &tally->right, NULL, attempt->now);
}

/* Undoes the try. */
static void
note_unseen(struct tally *tally)
{
	int i;

	for (i = 0; i < tally->purse_count; i++)
		budget_take_back(
			tally->purses[i].budget, tally->purses[i].count);
	tally->codes.failures -= tally->codes.failures > 0;
	tally->pair->failures -= tally->pair->failures > 0;
}

static enum status
note_right(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt, struct tally *tally)
{
	enum status status = STATUS_OK;

	note_unseen(tally);
	/* A right secret without a name may be the attacker's own: it says
	 * nothing of the wrong ones before it. */
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

/* The right password without the second factor: neither wrong, nor enough to
 * clear what was. It has cost a hash. */
static enum status
note_half(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt, struct tally *tally)
{
	note_unseen(tally);
	return target->secret == THROTTLE_PASSWORD
		       ? count_right(site, tally, attempt)
		       : STATUS_OK;
}

enum status
throttle_leave(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt, enum status tested)
{
	struct tally tally;
	enum status status;

	if (is_off(site) || !store_writes(site->store))
		return STATUS_OK;
	if (target->secret == THROTTLE_FACTOR)
		return leave_factor(site, attempt, tested);
	status = tally_load(site, target, attempt, &tally);
	if (status != STATUS_OK)
		return status;
	if (tested == STATUS_OK)
		status = note_right(site, target, attempt, &tally);
	else if (tested == STATUS_CODE_REQUIRED)
		status = note_half(site, target, attempt, &tally);
	else if (status_failed(tested) || tested == STATUS_THROTTLED)
		note_unseen(&tally);
	else
		tally.pair->until =
			attempt->now +
			count_delay(site->conf, tally.pair->failures);
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
	*no_digits = status != STATUS_OK ||
		     codes.failures >= (int64_t)site->conf->throttle_codes;
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
throttle_forget(const struct site *site, const char *account)
{
	struct count factor;
	enum status status = throttle_allow_digits(site, account);

	tally_factor(site, account, NULL, &factor);
	return status == STATUS_OK
		       ? store_delete(site->store, STORE_THROTTLE, factor.key)
		       : status;
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

/* One ask is counted by its networks, and for all together. */
enum { ASKS = THROTTLE_LEVELS + 1, ASKS_OF_ALL = 256 };

enum status
throttle_ask(const struct site *site, struct attempt *attempt)
{
	unsigned long most = site->conf->throttle_asks;
	struct purse purses[ASKS];
	struct count asks[ASKS];
	enum status status = STATUS_OK;
	int i, levels = tally_networks(site, "asks", attempt->network, asks);

	if (is_off(site))
		return STATUS_OK;
	memset(&asks[levels], 0, sizeof asks[levels]);
	strcpy(asks[levels].key, "asks:all");
	for (i = 0; i <= levels && status == STATUS_OK; i++) {
		purses[i].budget = i < levels ? tally_network_budget(most, i)
					      : budget_of(most * ASKS_OF_ALL);
		purses[i].count = &asks[i];
		status = count_load(site, &asks[i], NULL, attempt->now);
	}
	if (status != STATUS_OK)
		return status;
	attempt->wait = purses_wait(purses, levels + 1, attempt->now);
	if (purses_wait(purses, levels, attempt->now) > 0)
		note_waiting(attempt);
	if (attempt->wait > 0)
		return STATUS_THROTTLED;
	for (i = 0; i <= levels && status == STATUS_OK; i++) {
		budget_spend(purses[i].budget, &asks[i], attempt->now);
		status = count_save(site, &asks[i], NULL, attempt->now);
	}
	return status;
}

enum status
throttle_ask_alone(const struct site *site, struct attempt *attempt)
{
	enum status status = site_begin(site, STORE_WRITE, attempt->now);

	if (status == STATUS_OK)
		status = throttle_ask(site, attempt);
	return store_finish_lazily(site->store, status);
}

/* --- shown to the operator --------------------------------------------- */

enum { WORD_SIZE = 16 };

/* Splits "pair:password:..." and "network:..."; false for the records of
 * another module under the same kind. */
static bool
read_key(const char *key, char sort[WORD_SIZE], char secret[WORD_SIZE])
{
	secret[0] = '\0';
	if (sscanf(key, "%15[a-z]:", sort) != 1)
		return false;
	if (strcmp(sort, "network") == 0 || strcmp(sort, "asks") == 0 ||
		strcmp(sort, "codes") == 0 || strcmp(sort, "factor") == 0 ||
		strcmp(sort, "session") == 0 || strcmp(sort, "right") == 0)
		return true;
	return (strcmp(sort, "pair") == 0 || strcmp(sort, "name") == 0) &&
	       sscanf(strchr(key, ':'), ":%15[a-z]:", secret) == 1;
}

/* The width of a network: 0 is the narrowest. */
static int
level_of(const char *network)
{
	char levels[THROTTLE_LEVELS][THROTTLE_NETWORK_SIZE];
	int level = throttle_levels(network, levels);

	while (--level > 0)
		if (strcmp(levels[level], network) == 0)
			break;
	return level;
}

static struct budget
budget_in_force(
	const struct conf *conf, const char *sort, const struct count *count)
{
	int level = level_of(count->network);

	if (strcmp(sort, "network") == 0)
		return tally_network_budget(conf->throttle_network, level);
	if (strcmp(sort, "asks") == 0)
		return count->network[0] == '\0'
			       ? budget_of(conf->throttle_asks * ASKS_OF_ALL)
			       : tally_network_budget(
					 conf->throttle_asks, level);
	if (strcmp(sort, "right") == 0)
		return budget_of(conf->throttle_right);
	return budget_of(strcmp(sort, "name") == 0 ? conf->throttle_account / 2
						   : conf->throttle_account);
}

struct showing {
	const struct conf *conf;
	throttle_visit *visit;
	void *context;
};

/* When there will be another try, by the delay and by the budget. */
static bool
show(const struct showing *showing, const char *sort, const char *secret,
	const struct count *count)
{
	struct throttle_count shown = {.sort = sort,
		.secret = secret,
		.account = count->account,
		.network = count->network,
		.failures = count->failures,
		.until = budget_until(
			budget_in_force(showing->conf, sort, count), count),
		.known = count->known};

	shown.no_digits =
		(strcmp(sort, "codes") == 0 &&
			count->failures >=
				(int64_t)showing->conf->throttle_codes) ||
		((strcmp(sort, "factor") == 0 ||
			 strcmp(sort, "session") == 0) &&
			count->failures >= THROTTLE_FACTORS);
	if (count->until > shown.until)
		shown.until = count->until;
	return showing->visit(showing->context, &shown);
}

/* Shows the pairs of a network, which are in its record. */
static bool
show_pairs(const struct showing *showing, const struct json_object *record,
	const char *network)
{
	struct count_pairs pairs;
	char secret[WORD_SIZE];
	struct count *pair;
	bool more = true;
	int i;

	count_read_pairs(record, &pairs);
	for (i = 0; i < COUNT_PAIRS && more; i++) {
		pair = &pairs.pair[i];
		strcpy(pair->network, network);
		if (sscanf(pair->key, "%15[a-z]:", secret) == 1)
			more = show(showing, "pair", secret, pair);
	}
	return more;
}

enum status
throttle_each(const struct site *site, throttle_visit *visit, void *context)
{
	struct showing showing = {site->conf, visit, context};
	char sort[WORD_SIZE], secret[WORD_SIZE];
	struct store_walk walk;
	struct count count;
	bool more = true;

	store_walk_begin(&walk, site->store, STORE_THROTTLE, "");
	while (more && store_walk_next(&walk)) {
		if (!read_key(walk.key, sort, secret))
			continue;
		memset(&count, 0, sizeof count);
		count_read(walk.record, &count);
		more = show(&showing, sort, secret, &count) &&
		       show_pairs(&showing, walk.record, count.network);
	}
	return store_walk_end(&walk);
}

/* --- forgotten for the operator ---------------------------------------- */

struct clearing {
	const struct site *site;
	const struct throttle_whom *whom; /* NULL: all */
	enum status status;
	int cleared;
};

static bool
is_meant(const struct throttle_whom *whom, const struct count *count)
{
	return whom == NULL ||
	       (whom->account != NULL &&
		       strcmp(whom->account, count->account) == 0) ||
	       (whom->network != NULL &&
		       strcmp(whom->network, count->network) == 0);
}

/* Takes what is meant out of a record. False if nothing of it is there. */
static bool
forget(const struct throttle_whom *whom, const struct json_object *record,
	struct count *count, struct count_pairs *pairs)
{
	bool all, any;
	int i;

	count_read(record, count);
	count_read_pairs(record, pairs);
	any = all = is_meant(whom, count);
	if (all)
		count->failures = count->until = count->spent = 0;
	for (i = 0; i < COUNT_PAIRS; i++) {
		struct count *pair = &pairs->pair[i];

		if (pair->key[0] == '\0' || !(all || is_meant(whom, pair)))
			continue;
		memset(pair, 0, sizeof *pair);
		any = true;
	}
	return any;
}

/* Clears one record at a time: it may have changed since it was listed. A
 * record that is not known by then is deleted. */
static enum status
clear_one(struct clearing *clearing, const char *key)
{
	const struct site *site = clearing->site;
	struct count count = {.failures = 0};
	struct count_pairs pairs;
	struct json_object *record;
	enum status status = store_begin(site->store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	snprintf(count.key, sizeof count.key, "%s", key);
	status = store_get(site->store, STORE_THROTTLE, key, &record);
	if (status == STATUS_OK &&
		forget(clearing->whom, record, &count, &pairs)) {
		/* No time of day: what is forgotten expires at 1 and is
		 * deleted; a home that is kept, and the pairs of others,
		 * expire later. */
		status = count_save(site, &count, &pairs,
			count.known > 0 ? count.known : 1);
		clearing->cleared++;
	}
	json_object_put(record);
	status = store_finish_lazily(site->store, status);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Walks over all records and deletes what is meant. */
static enum status
clear_all(struct clearing *clearing)
{
	char sort[WORD_SIZE], secret[WORD_SIZE];
	struct count_pairs pairs;
	struct store_walk walk;
	struct count count;

	store_walk_begin(&walk, clearing->site->store, STORE_THROTTLE, "");
	while (clearing->status == STATUS_OK && store_walk_next(&walk)) {
		memset(&count, 0, sizeof count);
		if (read_key(walk.key, sort, secret) &&
			forget(clearing->whom, walk.record, &count, &pairs))
			clearing->status = clear_one(clearing, walk.key);
	}
	return store_walk_end(&walk);
}

/* Deletes a record, whichever other names share it. */
static void
clear_shared(struct clearing *clearing, const char *key)
{
	struct store *store = clearing->site->store;
	enum status status = clearing->status;
	bool there = false;

	if (status == STATUS_OK)
		status = store_begin(store, STORE_WRITE);
	if (status == STATUS_OK)
		status = store_has(store, STORE_THROTTLE, key, &there);
	if (there)
		status = store_delete(store, STORE_THROTTLE, key);
	clearing->cleared += there;
	clearing->status = store_finish_lazily(store, status);
}

static void
clear_name(struct clearing *clearing, const char *name)
{
	char key[COUNT_KEY_SIZE], counted[NAME_SIZE];

	if (name == NULL || name[0] == '\0')
		return;
	name_counted(name, counted);
	tally_name_key(clearing->site, THROTTLE_PASSWORD, counted, key);
	clear_shared(clearing, key);
	tally_name_key(clearing->site, THROTTLE_CODE, counted, key);
	clear_shared(clearing, key);
}

/* And the wider networks around it: it would have to wait for them, too. */
static void
clear_network(struct clearing *clearing, const char *network)
{
	static const char *const sorts[] = {"network", "asks"};
	struct count networks[THROTTLE_LEVELS];
	size_t sort;
	int i, levels;

	for (sort = 0; sort < sizeof sorts / sizeof sorts[0]; sort++) {
		levels = tally_networks(
			clearing->site, sorts[sort], network, networks);
		for (i = 0; i < levels; i++)
			clear_shared(clearing, networks[i].key);
	}
}

enum status
throttle_clear(const struct site *site, const struct throttle_whom *whom)
{
	struct clearing clearing = {site, whom, STATUS_OK, 0};
	enum status status = site_keys(site, site_now());

	if (status == STATUS_OK)
		status = clear_all(&clearing);
	if (status != STATUS_OK)
		return status;
	if (whom != NULL) {
		clear_name(&clearing, whom->names[0]);
		clear_name(&clearing, whom->names[1]);
	}
	if (whom != NULL && whom->network != NULL)
		clear_network(&clearing, whom->network);
	if (clearing.status == STATUS_OK && clearing.cleared == 0)
		return STATUS_NOT_FOUND;
	return clearing.status;
}
