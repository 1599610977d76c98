/* throttle.c - how often a secret may be tried, by a simulated clock */
#include "config.h"

#include "unit.h"

#include "account/code-request.h"
#include "account/code.h"
#include "account/count.h"
#include "account/session.h"
#include "account/sweep.h"
#include "account/token.h"

#define SETTINGS "hash_cost = 1\n"

enum { NOW = 1000000, HOUR = 3600, DAY = 86400 };

/* With as many digits as the times of today. */
enum { A_DAY = 1800000000 };

static struct site site;
static struct attempt last;

/* The counts that were looked up, in order; linked with --wrap=store_get. */
static struct {
	char key[64][COUNT_KEY_SIZE];
	int count;
} looked;

enum status __real_store_get(struct store *store, enum store_kind kind,
	const char *key, struct json_object **record);
enum status __wrap_store_get(struct store *store, enum store_kind kind,
	const char *key, struct json_object **record);

enum status
__wrap_store_get(struct store *store, enum store_kind kind, const char *key,
	struct json_object **record)
{
	if (kind == STORE_THROTTLE && looked.count < 64)
		snprintf(looked.key[looked.count++], COUNT_KEY_SIZE, "%s", key);
	return __real_store_get(store, kind, key, record);
}

static enum status
sign_in(const char *name, const char *text, const char *network, int64_t now)
{
	struct password password = unit_password(text);
	struct account account;
	enum status status;

	last = *unit_attempt(network, now);
	status = account_sign_in(&site, name, &password, &last, &account);
	return status == STATUS_NO_ACCOUNT ? STATUS_BAD_CREDENTIALS : status;
}

static enum status
guess(const char *name, const char *network, int64_t now)
{
	return sign_in(name, "wrong", network, now);
}

/* Guesses once a second for a while; how many were looked at. */
static int
guess_for(const char *name, const char *network, int64_t now, int seconds)
{
	int tried = 0;

	for (; seconds > 0; seconds--)
		tried += guess(name, network, now++) != STATUS_THROTTLED;
	return tried;
}

static void
begin(const char *settings)
{
	throttle_clear(&site, NULL);
	site_close(&site);
	unit_site(&site, settings);
}

/* What a client with too many tries sees: with a known name and with an unknown
 * one. */
static void
test_delay(const char *name, const char *what)
{
	static const int64_t waits[] = {
		1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900};
	int64_t now = NOW;
	int free = 0;
	size_t i;

	while (free < 20 &&
		guess(name, "192.0.2.1", now) == STATUS_BAD_CREDENTIALS)
		free++;
	is_int(free, 5, what);
	for (i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		is_int(last.wait, waits[i], "then it must wait");
		is_int(guess(name, "192.0.2.1", now + waits[i] - 1),
			STATUS_THROTTLED, "until the last second");
		is_int(last.wait, 1, "of which it is told");
		now += waits[i];
		is_int(guess(name, "192.0.2.1", now), STATUS_BAD_CREDENTIALS,
			"it is one try");
		is_int(guess(name, "192.0.2.1", now), STATUS_THROTTLED,
			"and no more");
	}
	is_int(guess(name, "192.0.2.2", now), STATUS_BAD_CREDENTIALS,
		"another network does not wait");
	is_int(guess(name, "192.0.2.1", now + HOUR), STATUS_BAD_CREDENTIALS,
		"an hour later it begins anew");
	is_int(guess(name, "192.0.2.1", now + HOUR), STATUS_BAD_CREDENTIALS,
		"with all of its tries");
}

/* The right password is not looked at either, or the answer would tell. */
static void
test_right_waits(void)
{
	guess_for("alice", "192.0.2.1", NOW, 5);
	is_int(sign_in("alice", "secret", "192.0.2.1", NOW + 4),
		STATUS_THROTTLED, "the right password has to wait, too");
	is_int(sign_in("alice", "secret", "192.0.2.1", NOW + 6), STATUS_OK,
		"then it is right");
	is_int(guess_for("alice", "192.0.2.1", NOW + 6, 1) +
			guess_for("alice", "192.0.2.1", NOW + 6, 4),
		5, "which gives back all tries");
	is_int(sign_in("ALICE", "secret", "192.0.2.3", NOW), STATUS_OK,
		"elsewhere");
	guess_for("alice@example.com", "192.0.2.4", NOW, 3);
	is_int(guess_for("Alice@Example.com", "192.0.2.4", NOW + 2, 5), 4,
		"a name is one in any case of letters");
	guess_for("nobody", "192.0.2.5", NOW, 3);
	is_int(guess_for("NoBody", "192.0.2.5", NOW + 2, 5), 4,
		"as nobody's is");
	guess_for("somebody", "192.0.2.6", NOW, 3);
	is_int(guess_for(" \uff33omebody", "192.0.2.6", NOW + 2, 5), 4,
		"and in any spelling");
}

/* What a client sees that tries two names a few hundred times, now one and now
 * the other, from here and there. The owner signs in meanwhile, if there is
 * one. */
enum { STEPS = 400 };
struct seen {
	enum status status[STEPS];
	int64_t wait[STEPS];
};

static struct seen
try_two(const char *const names[2], bool codes, bool owned)
{
	static const char *const networks[] = {
		"192.0.2.1", "2001:db8::/64", "2001:db8:0:1::/64"};
	struct seen seen = {.status = {0}};
	unsigned dice = 1;
	int64_t now = NOW;
	int i;

	throttle_clear(&site, NULL);
	for (i = 0; i < STEPS; i++) {
		dice = dice * 1103515245 + 12345;
		const char *name = names[dice >> 30 & 1];
		const char *network = networks[(dice >> 16) % 3];

		if (codes) {
			last = *unit_attempt(network, now);
			seen.status[i] = code_check(&site, CODE_RESET, name,
				"0000-0000-0000", &last);
		} else {
			seen.status[i] = guess(name, network, now);
		}
		seen.wait[i] = last.wait;
		if (owned && i % 7 == 0)
			sign_in("alice", "secret", "198.51.100.1", now);
		now += dice >> 8 & 15;
	}
	return seen;
}

static void
test_two_names(void)
{
	static const char *const hers[] = {"alice", "alice@example.com"};
	static const char *const nobodys[] = {"nobody", "other@example.com"};
	struct seen there, nobody;
	int codes, i, waits, differ;

	for (codes = 0; codes < 2; codes++) {
		there = try_two(hers, codes == 1, true);
		nobody = try_two(nobodys, codes == 1, false);
		for (i = waits = differ = 0; i < STEPS; i++) {
			waits += there.status[i] == STATUS_THROTTLED;
			differ += there.status[i] != nobody.status[i] ||
				  there.wait[i] != nobody.wait[i];
		}
		ok(waits > STEPS / 4 && waits < STEPS,
			"tries at two names, of which some wait");
		is_int(differ, 0,
			"12: two names of one account are as two of nobody");
	}
}

/* In all of an hour, by whichever name, from wherever. */
static void
test_both_names(void)
{
	char network[THROTTLE_NETWORK_SIZE];
	int tried = 0, i;

	for (i = 0; i < HOUR; i++) {
		snprintf(network, sizeof network, "10.0.%d.%d", i / 250,
			i % 250);
		tried += guess(i % 2 == 0 ? "alice" : "alice@example.com",
				 network, NOW + i) != STATUS_THROTTLED;
	}
	ok(tried > 80 && tried <= 90,
		"10: an account has 90 tries an hour by both names");
}

/* Names that nobody has, one a second and from one /64 after the other, for an
 * hour: how many were looked at. */
static int
guess_from(int site_id, int networks)
{
	char network[THROTTLE_NETWORK_SIZE], name[32];
	int tried = 0, i;

	for (i = 0; i <= HOUR; i++) {
		snprintf(network, sizeof network, "2001:db8:%d:%x::/64",
			site_id, i % networks + 1);
		snprintf(name, sizeof name, "user%d", i);
		tried += guess(name, network, NOW + i) != STATUS_THROTTLED;
	}
	return tried;
}

static void
test_prefixes(void)
{
	begin(SETTINGS "throttle.network = 30\n");
	is_int(guess_from(1, 1), 30,
		"a /64 has throttle.network tries an hour");
	is_int(guess_from(2, 255), 120, "a /56 has four times as many");
	is_int(guess_from(3, 65535), 480, "a /48 has sixteen times as many");
	is_int(guess("user", "2001:db8:4::/64", NOW + HOUR),
		STATUS_BAD_CREDENTIALS, "the next /48 does not wait");
	begin(SETTINGS);
}

/* What strangers choose has so many records of a sort, and is counted. */
static void
test_records(void)
{
	char name[32], network[THROTTLE_NETWORK_SIZE];
	int tried = 0, i;

	begin(SETTINGS "throttle.records = 16\nmail_command = /bin/true\n");
	for (i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "user%d@example.com", i);
		snprintf(network, sizeof network, "10.0.%d.%d", i / 250,
			i % 250);
		tried += guess(name, network, NOW) != STATUS_THROTTLED;
		code_check(&site, CODE_RESET, name, "0000-0000-0000",
			unit_attempt(network, NOW));
		code_request(&site, CODE_RESET, name, "",
			unit_attempt(network, NOW));
	}
	ok(unit_count(&site, STORE_THROTTLE) <= 6 * 16 + 1,
		"throttle.records: so many for names and for networks");
	is_int(tried, 16 * 23, "which share their tries, and get no more");
	is_int(sign_in("alice", "secret", "198.51.100.1", NOW),
		STATUS_THROTTLED, "who is nowhere known shares as well");
	is_int(sign_in("alice", "secret", "198.51.100.1", NOW + HOUR),
		STATUS_OK, "for an hour");
	for (i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "user%d@example.com", i);
		guess(name, "192.0.2.1", NOW + HOUR);
	}
	is_int(sign_in("alice", "secret", "198.51.100.1", NOW + HOUR),
		STATUS_OK, "who is known does not");
	begin(SETTINGS);
}

/* Of those that one network tries, the ones with most failures are kept. */
static void
test_pairs(void)
{
	char name[32];
	int i;

	guess_for("alice", "192.0.2.1", NOW, 8);
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "user%d", i);
		guess(name, "192.0.2.1", NOW + 8);
	}
	is_int(guess("alice", "192.0.2.1", NOW + 8), STATUS_THROTTLED,
		"no delay is forgotten for those who fail less");
	is_int(guess("user0", "192.0.2.1", NOW + 9), STATUS_BAD_CREDENTIALS,
		"nobody else waits for it");
}

/* A budget of an odd number, which is not spent in just an hour. */
static void
test_odd(void)
{
	int tried = 0, i;
	char name[32];

	begin(SETTINGS "throttle.network = 5\n");
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "user%d", i);
		tried += guess(name, "192.0.2.1", NOW) != STATUS_THROTTLED;
	}
	is_int(tried, 3, "half of five are three");
	is_int(guess("another", "192.0.2.1", NOW - 1), STATUS_THROTTLED,
		"10: and none for a request that came before, and has waited");
	begin(SETTINGS);
}

/* An hour of guessing from 1,000 networks, while the owner is at home. */
static void
test_many_networks(void)
{
	int tried = 0, in = 0, asked = 0, second, i;
	char network[THROTTLE_NETWORK_SIZE];

	is_int(sign_in("alice", "secret", "198.51.100.1", NOW - 5 * DAY),
		STATUS_OK, "home");
	for (second = 0; second < HOUR; second++) {
		for (i = 0; i < 3; i++) {
			snprintf(network, sizeof network, "10.0.%d.%d",
				(3 * second + i) % 1000 / 250,
				(3 * second + i) % 250);
			tried += guess("alice", network, NOW + second) !=
				 STATUS_THROTTLED;
		}
		if (second % 60 != 0)
			continue;
		asked++;
		in += sign_in("alice", "secret", "198.51.100.1",
			      NOW + second) == STATUS_OK;
	}
	ok(tried > 40 && tried < 100,
		"10: an hour of guessing from 1,000 networks has few tries");
	printf("# %d of %d tries\n", tried, 3 * HOUR);
	is_int(in, asked, "11: and its owner signs in from home throughout");
	guess("alice", "10.1.1.1", NOW + second);
	is_int(sign_in("alice", "secret", "203.0.113.9", NOW + second),
		STATUS_THROTTLED, "who is nowhere known has to wait");
	is_int(sign_in("bob", "secret", "203.0.113.9", NOW + second), STATUS_OK,
		"with another account he does not");
	is_int(sign_in("alice", "secret", "203.0.113.9", NOW + second + HOUR),
		STATUS_OK, "nor an hour later");
}

/* Home has a budget of its own, but a budget. */
static void
test_known_network(void)
{
	int tried;

	sign_in("alice", "secret", "198.51.100.1", NOW);
	tried = guess_for("alice", "198.51.100.1", NOW, HOUR);
	ok(tried > 10 && tried < 25, "a known network's delays grow as well");
	begin(SETTINGS "throttle.free = 100\n");
	sign_in("alice", "secret", "198.51.100.1", NOW);
	tried = guess_for("alice", "198.51.100.1", NOW, HOUR);
	ok(tried > 40 && tried < 100, "and it has no more tries an hour");
	begin(SETTINGS "throttle.remember = 60\nthrottle.account = 10\n");
	sign_in("alice", "secret", "198.51.100.1", NOW);
	for (tried = 0; tried < 10; tried++)
		guess("alice", "10.0.0.2", NOW + 50);
	for (tried = 0; tried < 10; tried++)
		guess("alice", "10.0.0.3", NOW + 50);
	is_int(sign_in("alice", "secret", "198.51.100.1", NOW + 59), STATUS_OK,
		"a network is remembered");
	is_int(sign_in("alice", "secret", "198.51.100.1", NOW + 59 + 60),
		STATUS_THROTTLED, "for throttle.remember");
	begin(SETTINGS);
}

/* Whether her own budget is what counts there, after strangers have spent the
 * rest. */
static bool
is_home(const char *network)
{
	return guess("alice", network, NOW + HOUR) == STATUS_BAD_CREDENTIALS;
}

static bool
count_known(void *context, const struct throttle_count *count)
{
	*(int *)context += count->known > 0;
	return true;
}

/* However many networks she signs in from, some are remembered. */
static void
test_homes(void)
{
	char network[THROTTLE_NETWORK_SIZE];
	int i, homes = 0;

	begin(SETTINGS "throttle.homes = 3\n");
	for (i = 1; i <= 3; i++) {
		snprintf(network, sizeof network, "198.51.100.%d", i);
		sign_in("alice", "secret", network, NOW + i);
	}
	sign_in("alice", "secret", "198.51.100.1", NOW + 4);
	for (i = 4; i <= 5; i++) {
		snprintf(network, sizeof network, "198.51.100.%d", i);
		sign_in("alice", "secret", network, NOW + i);
	}
	throttle_each(&site, count_known, &homes);
	is_int(homes, 3, "an account has throttle.homes networks in the store");
	for (i = 0; i < 200; i++) {
		snprintf(network, sizeof network, "10.0.0.%d", i);
		guess("alice", network, NOW + HOUR);
	}
	ok(is_home("198.51.100.1") && is_home("198.51.100.4") &&
			is_home("198.51.100.5"),
		"those of the last sign-ins are known");
	ok(!is_home("198.51.100.2") && !is_home("198.51.100.3"),
		"the others are forgotten");
	begin(SETTINGS);
}

/* The list lives as long as the last of its homes. */
static void
test_homes_list(void)
{
	enum { REMEMBER = 36000 };
	int homes = 0;

	begin(SETTINGS "throttle.homes = 1\nthrottle.remember = 36000\n");
	sign_in("alice", "secret", "198.51.100.1", NOW);
	sign_in("alice", "secret", "198.51.100.1", NOW + REMEMBER - 1);
	sweep(&site, NOW + REMEMBER + 1);
	sign_in("alice", "secret", "198.51.100.2", NOW + REMEMBER + 2);
	throttle_each(&site, count_known, &homes);
	is_int(homes, 1, "a home that is used is not off the list");
	begin(SETTINGS);
}

/* One network, many accounts. */
static void
test_spray(void)
{
	char name[32];
	int tried = 0, i;

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "user%d", i);
		tried += guess(name, "192.0.2.1", NOW + i) != STATUS_THROTTLED;
	}
	ok(tried > 140 && tried < 300, "one network has few tries in all");
	is_int(guess("user5000", "192.0.2.2", NOW + i), STATUS_BAD_CREDENTIALS,
		"another has its own");
	ok(unit_count(&site, STORE_THROTTLE) < 1000,
		"and what it leaves behind is bounded, too");
	sweep(&site, NOW + i + 2 * HOUR);
	is_int(unit_count(&site, STORE_THROTTLE), 0, "and swept");
}

/* Whether a mail was written, which nobody but the audit is told. */
static bool
ask(const char *address, const char *network)
{
	struct attempt *attempt = unit_attempt(network, NOW);

	is_int(code_request(&site, CODE_RESET, address, "", attempt), STATUS_OK,
		"24: a code is asked for");
	return attempt->wait == 0;
}

/* How many lines of the log have that. */
static int
logged(const char *text)
{
	const char *at = unit_log();
	int count = 0;

	for (at = strstr(at, text); at != NULL; at = strstr(at + 1, text))
		count++;
	return count;
}

/* A proxy that says nothing of its clients is one network, which the operator
 * has to hear. */
static void
test_proxy(void)
{
	char name[32];
	int i;

	begin(SETTINGS "throttle.network = 4\n");
	unit_log();
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "user%d", i);
		guess(name, "192.0.2.1", NOW + DAY);
	}
	is_int(logged("has to wait"), 0, "a network that waits is no news");
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "user%d", i);
		guess(name, "127.0.0.1", NOW + DAY);
	}
	is_int(logged("127.0.0.1 has to wait: all who come from there count as "
		      "one"),
		1, "one that may be a proxy is, once");
	for (i = 0; i < 100; i++)
		throttle_ask_alone(
			&site, unit_attempt("unknown", NOW + DAY + HOUR));
	is_int(logged("unknown has to wait"), 1, "and once an hour");
	begin(SETTINGS);
}

/* Mails to ever other addresses, from one network. */
static void
test_asks(void)
{
	char address[64];
	int i, mails = 0;

	for (i = 0; i < 100; i++) {
		snprintf(address, sizeof address, "user%d@example.com", i);
		mails += ask(address, "192.0.2.1");
	}
	is_int(mails, 30,
		"24: one network gets no more than half of an hour's at once");
	ok(ask("user200@example.com", "192.0.2.2"), "another has its own");
	ok(!ask("alice@example.com", "192.0.2.1") &&
			ask("alice@example.com", "192.0.2.2"),
		"whoever has no more uses up nothing of an account's");
	is_int(throttle_ask_alone(&site, unit_attempt("192.0.2.1", NOW)),
		STATUS_THROTTLED, "accounts are counted with them");
	is_int(throttle_ask_alone(&site, unit_attempt("192.0.2.1", NOW + HOUR)),
		STATUS_OK, "an hour later there are more");
}

/* Those of an IPv6 network, from one /64 after the other. */
static void
test_asks_of_prefix(void)
{
	char network[THROTTLE_NETWORK_SIZE];
	int asked = 0, i;

	for (i = 1; i <= 1000; i++) {
		snprintf(network, sizeof network, "2001:db8:1:1%02x::/64",
			i % 256);
		asked += throttle_ask_alone(&site,
				 unit_attempt(network, NOW)) == STATUS_OK;
	}
	is_int(asked, 4 * 30, "of a /56, four times as many");
	for (i = 1; i <= 1000; i++) {
		snprintf(network, sizeof network, "2001:db8:1:%x::/64",
			0x1000 + 256 * i % 0xe000);
		asked += throttle_ask_alone(&site,
				 unit_attempt(network, NOW)) == STATUS_OK;
	}
	is_int(asked, 16 * 30, "24: of a /48, sixteen times as many");
	is_int(throttle_ask_alone(
		       &site, unit_attempt("2001:db8:2:1::/64", NOW)),
		STATUS_OK, "another has its own");
}

/* One from each of many networks. */
static void
test_asks_of_all(void)
{
	unsigned long asks = site.conf->throttle_asks;
	char network[THROTTLE_NETWORK_SIZE];
	int asked = 0, i;

	site.conf->throttle_asks = 2;
	for (i = 0; i < 300; i++) {
		snprintf(network, sizeof network, "198.51.%d.%d", i / 250,
			i % 250);
		asked += throttle_ask_alone(&site,
				 unit_attempt(network, NOW + 10 * HOUR)) ==
			 STATUS_OK;
	}
	is_int(asked, 256, "24: all together, 256 times as many");
	site.conf->throttle_asks = asks;
}

static void
test_codes(void)
{
	struct account alice;
	char code[CODE_SIZE];
	int i, tried = 0;

	unit_find(&site, "alice", &alice);
	code_draw(&site, code);
	code_new(&site, CODE_RESET, alice.id, NOW, code, NULL);
	for (i = 0; i < 20; i++)
		tried +=
			code_check(&site, CODE_RESET, "alice", "0000-0000-0000",
				unit_attempt("192.0.2.1", NOW)) !=
			STATUS_THROTTLED;
	is_int(tried, 5, "19: wrong codes wait as well");
	is_int(guess("alice", "192.0.2.1", NOW), STATUS_BAD_CREDENTIALS,
		"22: which does not keep a sign-in waiting");
	for (i = tried = 0; i < 20; i++)
		tried += code_check(&site, CODE_RESET, NULL, "0000-0000-0000",
				 unit_attempt("192.0.2.9", NOW)) !=
			 STATUS_THROTTLED;
	is_int(tried, 5, "those that name nobody, too");
	is_int(code_check(&site, CODE_RESET, NULL, code,
		       unit_attempt("192.0.2.9", NOW)),
		STATUS_THROTTLED, "and a right one does not get past them");
	for (i = tried = 0; i < 20; i++) {
		tried += code_check(&site, CODE_RESET, NULL, "0000-0000-0000",
				 unit_attempt("192.0.2.10", NOW)) ==
			 STATUS_BAD_CODE;
		code_check(&site, CODE_RESET, NULL, code,
			unit_attempt("192.0.2.10", NOW));
	}
	is_int(tried, 5, "nor does it take back the wrong ones");
	for (i = tried = 0; i < 20; i++)
		tried += code_check(&site, CODE_RESET, "nobody",
				 "0000-0000-0000",
				 unit_attempt("192.0.2.8", NOW)) !=
			 STATUS_THROTTLED;
	is_int(tried, 5, "40: and those of an address that nobody has");
	for (i = 0; i < 200; i++) {
		char network[THROTTLE_NETWORK_SIZE];

		snprintf(network, sizeof network, "10.0.0.%d", i);
		guess("alice", network, NOW);
	}
	is_int(code_check(&site, CODE_RESET, "alice", code,
		       unit_attempt("192.0.2.77", NOW)),
		STATUS_OK, "a reset stays possible while sign-ins are tried");
}

static void
test_tokens(void)
{
	struct token token = {.permission = TOKEN_READ};
	char secret[TOKEN_SECRET_SIZE] = "";
	struct session session;
	struct account alice;
	int i, tried = 0;

	unit_find(&site, "alice", &alice);
	strcpy(token.name, "a");
	strcpy(token.maker, alice.id);
	is_int(token_create(&site, NULL, &token, NOW, secret), STATUS_OK,
		"a token");
	for (i = 0; i < 20; i++)
		tried += session_check(&site, "lk_wrong",
				 unit_attempt("192.0.2.1", NOW),
				 &session) == STATUS_BAD_TOKEN;
	is_int(tried, 5, "13: wrong access tokens are counted");
	is_int(session_check(
		       &site, secret, unit_attempt("192.0.2.1", NOW), &session),
		STATUS_OK, "a right one does not wait for its neighbours");
	is_int(session_check(&site, "a.b.c", unit_attempt("192.0.2.1", NOW),
		       &session),
		STATUS_BAD_TOKEN, "a JWT is no guess");
}

/* The current password of a change is the same secret. */
struct sizes {
	size_t bytes;
	int count;
};

static void
add_sizes(struct sizes *sizes)
{
	struct store_walk walk;

	store_walk_begin(&walk, site.store, STORE_THROTTLE, "");
	while (store_walk_next(&walk)) {
		sizes->count++;
		sizes->bytes += strlen(walk.key) +
				strlen(json_object_to_json_string(walk.record));
	}
	store_walk_end(&walk);
}

/* A client that signs in again and again, from any networks, uses up the hashes
 * of others. */
static void
test_right(void)
{
	char network[THROTTLE_NETWORK_SIZE];
	int i, in = 0, elsewhere = 0;

	begin(SETTINGS "throttle.right = 20\n");
	for (i = 0; i < 50; i++)
		in += sign_in("alice", "secret", "192.0.2.1", NOW) == STATUS_OK;
	is_int(in, 10, "right passwords have a budget, too");
	is_int(last.wait, 360, "which tells how long one waits");
	is_int(guess("alice", "192.0.2.2", NOW), STATUS_BAD_CREDENTIALS,
		"12: of which nobody else hears");
	for (i = 0; i < 50; i++) {
		snprintf(network, sizeof network, "10.0.0.%d", i);
		elsewhere +=
			sign_in("alice", "secret", network, NOW) == STATUS_OK;
	}
	is_int(elsewhere, 0, "it is one for all networks");
	is_int(sign_in("bob", "secret", "192.0.2.1", NOW), STATUS_OK,
		"and for each account");
	for (i = 0; i <= HOUR; i++)
		in += sign_in("alice", "secret", "192.0.2.1", NOW + i) ==
		      STATUS_OK;
	is_int(in, 20, "an account has throttle.right in an hour");
	is_int(guess_for("alice", "192.0.2.1", NOW + 2 * HOUR, 10), 7,
		"wrong ones are counted as ever");
	begin(SETTINGS);
}

/* Wrong codes of an account, five of each code, from ever other networks. */
static int
guess_codes(struct account *account, int64_t now, int count)
{
	char code[CODE_SIZE], network[THROTTLE_NETWORK_SIZE];
	int i, live = 0;

	for (i = 0; i < count; i++) {
		snprintf(network, sizeof network, "10.0.%d.%d", i / 250,
			i % 250);
		if (i % 5 == 0)
			code_draw(&site, code);
		if (i % 5 == 0)
			code_new(&site, CODE_RESET, account->id, now, code,
				NULL);
		code_check(&site, CODE_RESET, "alice@example.com", "00000000",
			unit_attempt(network, now));
		live += i % 5 < 4 &&
			code_check(&site, CODE_RESET, "alice@example.com", code,
				unit_attempt("198.51.100.1", now)) == STATUS_OK;
	}
	return live;
}

/* Whether she gets a code of digits now, and such a code is good. */
static bool
has_digits(struct account *account, int64_t now)
{
	char drawn[CODE_SIZE], digits[CODE_SIZE];
	enum status status;

	code_draw_for(&site, CODE_RESET, account->id, drawn);
	code_draw(&site, digits);
	code_new(&site, CODE_RESET, account->id, now, digits, NULL);
	status = code_check(&site, CODE_RESET, "alice@example.com", digits,
		unit_attempt("198.51.100.2", now));
	is_int(status == STATUS_OK, strlen(drawn) == 8,
		"what is drawn is what is good");
	code_new(&site, CODE_RESET, account->id, now, drawn, NULL);
	is_int(code_check(&site, CODE_RESET, "alice@example.com", drawn,
		       unit_attempt("198.51.100.2", now)),
		STATUS_OK, "19: what is drawn is good");
	return status == STATUS_OK;
}

static void
test_digits(void)
{
	struct throttle_whom whom = {.account = NULL};
	struct account alice;

	begin(SETTINGS "code_form = digits:8\nthrottle.account = 10000\n");
	unit_find(&site, "alice", &alice);
	is_int(guess_codes(&alice, NOW, 99), 80,
		"19: right codes are right after 99 wrong ones");
	ok(has_digits(&alice, NOW + 300 * DAY), "19: which are digits yet");
	guess_codes(&alice, NOW + 300 * DAY, 1);
	ok(!has_digits(&alice, NOW + 300 * DAY),
		"19: after 100 wrong ones, however slowly, they are symbols");
	sweep(&site, NOW + 900 * DAY);
	ok(!has_digits(&alice, NOW + 900 * DAY), "for ever");
	sign_in("alice", "secret", "192.0.2.1", NOW + 900 * DAY);
	ok(has_digits(&alice, NOW + 900 * DAY), "or until she signs in");
	guess_codes(&alice, NOW + 900 * DAY, 100);
	whom.account = alice.id;
	ok(!has_digits(&alice, NOW + 900 * DAY), "again");
	throttle_clear(&site, &whom);
	ok(has_digits(&alice, NOW + 900 * DAY), "or the operator clears it");
	begin(SETTINGS);
}

/* That count has no end of its own, and strangers make accounts. */
static void
test_codes_of_the_gone(void)
{
	static const struct account one = {
		.email = "gone@example.com", .unproved = true};
	struct password password = unit_password("secret");
	struct account gone;
	int64_t end;
	int how;

	begin(SETTINGS "code_form = digits:8\n");
	end = site_now() + (int64_t)site.conf->unproved_life + DAY;
	for (how = 0; how < 2; how++) {
		gone = one;
		account_add(&site, &gone, &password, ACCOUNT_ALWAYS,
			ACCOUNT_HIDES_EMAIL);
		code_check(&site, CODE_VERIFY, gone.email, "00000000",
			unit_attempt("192.0.2.1", NOW));
		sweep(&site, NOW + DAY);
		is_int(unit_count(&site, STORE_THROTTLE), 2,
			"a wrong code stays counted, and a mail was sent");
		if (how == 1)
			account_delete(&site, gone.email, &gone);
		sweep(&site, end);
		is_int(unit_find(&site, one.email, &gone), STATUS_NO_ACCOUNT,
			how == 0 ? "never proved" : "deleted");
		is_int(unit_count(&site, STORE_THROTTLE), 0,
			"19: what is counted for ever goes with the account");
	}
	begin(SETTINGS);
}

/* Whether there have been too many cannot be found out. */
static void
test_codes_unread(void)
{
	struct account alice;
	char code[CODE_SIZE], key[COUNT_KEY_SIZE], *text;
	bool there;

	begin(SETTINGS "code_form = digits:8\n");
	unit_find(&site, "alice", &alice);
	site_keys(&site, NOW);
	text = mem_printf("codes\n%s", alice.id);
	count_key(&site, "codes", text, key);
	mem_free(text);
	store_begin(site.store, STORE_WRITE);
	store_add(site.store, STORE_THROTTLE, key, "x", 1, &there);
	store_commit(site.store, STORE_LAZY);
	code_draw_for(&site, CODE_RESET, alice.id, code);
	is_int((int)strlen(code), 14,
		"19: what cannot be found out gets no digits");
	store_begin(site.store, STORE_WRITE);
	store_delete(site.store, STORE_THROTTLE, key);
	store_commit(site.store, STORE_LAZY);
	begin(SETTINGS);
}

/* As much is written for a name that nobody has: time would tell else. */
static void
test_alike(void)
{
	static const char *const names[] = {"alice", "nobody", "zzz", " "};
	struct sizes sizes[4] = {{0, 0}};
	size_t i;

	begin(SETTINGS "code_form = digits:8\n");
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		throttle_clear(&site, NULL);
		sweep(&site, A_DAY + 2 * HOUR);
		guess(names[i], "192.0.2.1", A_DAY);
		code_check(&site, CODE_RESET, names[i], "0000-0000-0000",
			unit_attempt("192.0.2.1", A_DAY));
		add_sizes(&sizes[i]);
		is_int(sizes[i].count, 5,
			"12: a password, a code and the wrong codes of a name, "
			"a network, a code");
		is_int((int)sizes[i].bytes, (int)sizes[0].bytes,
			"12: as much is written for whoever is meant");
	}
	sweep(&site, A_DAY + 2 * HOUR);
	begin(SETTINGS);
}

static void
test_change(void)
{
	struct password wrong = unit_password("wrong");
	struct password right = unit_password("secret");
	struct account alice;
	int i, tried = 0;

	unit_find(&site, "alice", &alice);
	for (i = 0; i < 20; i++)
		tried += account_change_password(&site, alice.id, &alice.epoch,
				 NULL, &wrong, &right,
				 unit_attempt("192.0.2.1", NOW)) ==
			 STATUS_WRONG_PASSWORD;
	is_int(tried, 5, "9: a wrong current password is a failed sign-in");
	is_int(guess("alice", "192.0.2.1", NOW), STATUS_THROTTLED,
		"for the sign-in, too");
}

/* A restart, and clocks that are wrong. */
static void
test_lasts(void)
{
	guess_for("alice", "192.0.2.1", NOW, 8);
	site_close(&site);
	unit_site(&site, SETTINGS);
	is_int(guess("alice", "192.0.2.1", NOW + 8), STATUS_THROTTLED,
		"it survives a restart");
	is_int(guess("alice", "192.0.2.1", NOW - HOUR), STATUS_THROTTLED,
		"a clock that goes back");
	ok(last.wait <= 4, "does not make the delay longer");
	is_int(sign_in("alice", "secret", "192.0.2.1", NOW + 365 * DAY),
		STATUS_OK, "a clock that goes forward a year");
	is_int(sign_in("alice", "secret", "192.0.2.1", NOW + 60), STATUS_OK,
		"and back");
	is_int(sign_in("alice", "secret", "192.0.2.66", NOW + 60), STATUS_OK,
		"shuts nobody out");
}

/* A full disk: nothing can be counted, so only known networks may try. */
static void
test_full_disk(void)
{
	sign_in("alice", "secret", "198.51.100.1", NOW);
	guess_for("bob", "192.0.2.1", NOW, 9);
	site_close(&site);
	unit_site_full(&site, SETTINGS);
	is_int(sign_in("alice", "secret", "198.51.100.1", NOW + 1), STATUS_OK,
		"a full disk keeps nobody out who comes from home");
	is_int(sign_in("alice", "secret", "192.0.2.1", NOW + 1),
		STATUS_UNAVAILABLE, "but whoever cannot be counted");
	is_int(guess("nobody", "192.0.2.1", NOW + 1), STATUS_UNAVAILABLE,
		"also with a name that nobody has");
	begin(SETTINGS);
}

static void
test_off(void)
{
	begin(SETTINGS "throttle = off\n");
	is_int(guess_for("alice", "192.0.2.1", NOW, 50), 50,
		"throttle = off counts nothing");
	is_int(unit_count(&site, STORE_THROTTLE), 0, "at all");
	begin(SETTINGS);
}

static bool
count_one(void *context, const struct throttle_count *count)
{
	int *found = context;

	if (strcmp(count->sort, "pair") == 0 && count->account[0] != '\0' &&
		strcmp(count->network, "192.0.2.1") == 0)
		found[count->known > 0 ? 3 : 0]++;
	if (strcmp(count->sort, "name") == 0)
		found[1]++;
	if (strcmp(count->sort, "network") == 0)
		found[2]++;
	return true;
}

static bool
latest(void *context, const struct throttle_count *count)
{
	int64_t *until = context;

	if (strcmp(count->sort, "name") == 0 && count->until > *until)
		*until = count->until;
	return true;
}

/* An account that is tried from everywhere, as the operator sees it. */
static void
test_list(void)
{
	char network[THROTTLE_NETWORK_SIZE];
	int64_t until = 0;
	int i;

	guess("alice", "10.0.0.0", NOW);
	throttle_each(&site, latest, &until);
	ok(until <= NOW, "an account with tries left does not wait");
	for (i = 1; i < 100; i++) {
		snprintf(network, sizeof network, "10.0.0.%d", i);
		guess("alice", network, NOW);
	}
	throttle_each(&site, latest, &until);
	is_int(until, NOW + last.wait, "the list tells how long one waits");
}

static void
test_clear(void)
{
	int found[4] = {0};
	struct account alice;

	unit_find(&site, "alice", &alice);
	sign_in("alice", "secret", "192.0.2.1", NOW);
	guess_for("alice", "192.0.2.1", NOW, 8);
	guess_for("alice", "192.0.2.2", NOW, 5);
	guess_for("alice", "192.0.2.3", NOW, 5);
	guess_for("nobody", "192.0.2.3", NOW + 4, 5);
	throttle_each(&site, count_one, found);
	is_int(found[0], 1,
		"the list has the pair of an account and a network");
	is_int(found[1], 2, "names");
	is_int(found[2], 3, "and networks");
	is_int(found[3], 1, "with the one that is known");
	throttle_clear(&site, &(struct throttle_whom){.network = "192.0.2.2"});
	is_int(guess("alice", "192.0.2.2", NOW + 4), STATUS_BAD_CREDENTIALS,
		"a network is cleared");
	is_int(guess("alice", "192.0.2.3", NOW + 4), STATUS_THROTTLED,
		"and no other");
	throttle_clear(&site, &(struct throttle_whom){.account = alice.id});
	is_int(guess("alice", "192.0.2.3", NOW + 4), STATUS_BAD_CREDENTIALS,
		"an account is cleared");
	is_int(guess("nobody", "192.0.2.3", NOW + 4), STATUS_THROTTLED,
		"and no other");
	found[3] = 0;
	throttle_each(&site, count_one, found);
	is_int(found[3], 1, "a known network stays known");
	throttle_clear(&site, NULL);
	is_int(guess("nobody", "192.0.2.3", NOW + 4), STATUS_BAD_CREDENTIALS,
		"all is cleared");
	throttle_clear(&site, NULL);
	is_int(unit_count(&site, STORE_THROTTLE), 2,
		"and nothing stays but the known network, and the list of it");
}

static void
run(void (*test)(void))
{
	throttle_clear(&site, NULL);
	test();
	sweep(&site, NOW + 1000 * (int64_t)DAY);
}

static void
place_sign_in(const char *name)
{
	guess(name, "192.0.2.1", NOW);
}

static void
place_reset(const char *name)
{
	code_check(&site, CODE_RESET, name, "0000-0000-0000",
		unit_attempt("192.0.2.1", NOW));
}

static void
place_proof(const char *name)
{
	struct code_proof proof = {.password = NULL};
	struct account account;

	code_verify(&site, name, "0000-0000-0000", &proof,
		unit_attempt("192.0.2.1", NOW), &account);
}

static void
place_request(const char *name)
{
	code_request(
		&site, CODE_RESET, name, "", unit_attempt("192.0.2.1", NOW));
}

/* How many of the counts that the one name has looked up the other looks up as
 * well. `total` becomes how many it looks up. */
static int
shared_places(void (*look)(const char *name), const char *one,
	const char *other, int *total)
{
	static char before[64][COUNT_KEY_SIZE];
	int i, same = 0;

	looked.count = 0;
	look(one);
	memcpy(before, looked.key, sizeof before);
	*total = looked.count;
	looked.count = 0;
	look(other);
	for (i = 0; i < looked.count && i < *total; i++)
		same += strcmp(before[i], looked.key[i]) == 0;
	*total = looked.count;
	return same;
}

/* Time must not tell who has an account, by what the last one has left in the
 * processor's cache either. */
static void
test_places(void)
{
	static const struct {
		const char *what;
		void (*ask)(const char *name);
	} ways[] = {
		{"a wrong password", place_sign_in},
		{"a wrong code", place_reset},
		{"a proof with a wrong code", place_proof},
		{"a code asked for", place_request},
	};
	int known, unknown, of_known, of_unknown;
	size_t i;

	for (i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		known = shared_places(ways[i].ask, "alice", "bob", &of_known);
		unknown = shared_places(
			ways[i].ask, "nobody", "noone", &of_unknown);
		ok(of_known > 0, "%s", ways[i].what);
		is_int(of_unknown, of_known, "looks up as many counts");
		is_int(unknown, known, "and as many that others do, too");
	}
}

int
main(void)
{
	unit_begin();
	unit_site(&site, SETTINGS);
	unit_account(&site, "alice", "alice@example.com", true);
	unit_account(&site, "bob", "", false);
	test_delay("alice", "11: five tries are free");
	throttle_clear(&site, NULL);
	test_delay("nobody", "40: for a name that nobody has, too");
	sweep(&site, NOW + 1000 * (int64_t)DAY);
	run(test_places);
	run(test_right_waits);
	run(test_two_names);
	run(test_both_names);
	run(test_prefixes);
	run(test_records);
	run(test_pairs);
	run(test_odd);
	run(test_many_networks);
	run(test_known_network);
	run(test_homes);
	run(test_homes_list);
	run(test_spray);
	run(test_proxy);
	run(test_asks);
	run(test_asks_of_prefix);
	run(test_asks_of_all);
	run(test_codes);
	run(test_tokens);
	run(test_right);
	run(test_digits);
	run(test_codes_of_the_gone);
	run(test_codes_unread);
	run(test_alike);
	run(test_change);
	run(test_lasts);
	run(test_full_disk);
	run(test_off);
	run(test_list);
	run(test_clear);
	site_close(&site);
	return done();
}
