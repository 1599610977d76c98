/* throttle.c - how often a secret may be tried, and from where */
#include "config.h"

#include "account/throttle.h"

#include "account/tally.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

static bool
is_off(const struct site *site)
{
	return site->conf->throttle == THROTTLE_OFF;
}

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
	tally_spend(site->conf, &tally, attempt->now);
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
	return attempt->wait > 0 ? STATUS_OK
				 : tally_save_right(site, tally, attempt->now);
}

/* Undoes the try. */
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

/* One ask is counted by its networks, and for all together. */
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
		strcmp(sort, "codes") == 0 || strcmp(sort, "right") == 0)
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
		return tally_network_budget(conf->throttle_asks, level);
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
		strcmp(sort, "codes") == 0 &&
		count->failures >= (int64_t)showing->conf->throttle_codes;
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
		status = count_save(site, &count, &pairs,
			count.known > 0 ? count.known : 1);
		clearing->cleared++;
	}
	json_object_put(record);
	if (status == STATUS_OK)
		return store_commit(site->store, STORE_LAZY);
	store_abort(site->store);
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
	struct json_object *record;

	if (clearing->status != STATUS_OK)
		return;
	clearing->status = store_begin(store, STORE_WRITE);
	if (clearing->status != STATUS_OK)
		return;
	clearing->status = store_get(store, STORE_THROTTLE, key, &record);
	json_object_put(record);
	if (clearing->status == STATUS_OK) {
		clearing->status = store_delete(store, STORE_THROTTLE, key);
		clearing->cleared++;
	}
	if (clearing->status == STATUS_NOT_FOUND)
		clearing->status = STATUS_OK;
	if (clearing->status == STATUS_OK)
		clearing->status = store_commit(store, STORE_LAZY);
	store_abort(store);
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
