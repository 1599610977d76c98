/* code-request.c - how often a code is mailed, and that nobody can tell whose
 * address it was */
#include "config.h"

#include "account/code-request.h"
#include "account/mail.h"
#include "base/json.h"
#include "unit.h"

enum { NOW = 1000000, MINUTE = 60, HOUR = 3600, DAY = 86400 };

static struct site site;

/* Mails for an account, not for nobody. */
static int
count_mails(void)
{
	struct store_walk walk;
	struct mail mail;
	int count = 0;

	mail_walk_begin(&walk, site.store, 0);
	while (mail_walk_next(&walk, &mail))
		count++;
	store_walk_end(&walk);
	return count;
}

/* Whether the mail for nobody was written then. */
static bool
nobodys_is_of(int64_t now)
{
	struct store_walk walk;
	int64_t made = -1;

	store_walk_begin(&walk, site.store, STORE_MAIL, "nobody");
	if (store_walk_next(&walk))
		json_natural(walk.record, "made", &made);
	store_walk_end(&walk);
	return made == now;
}

static int
mails_of(enum code_purpose purpose, const char *address, const char *network,
	int64_t now)
{
	int before = count_mails();

	is_int(code_request(
		       &site, purpose, address, "", unit_attempt(network, now)),
		STATUS_OK, "asked for");
	return count_mails() - before;
}

/* clang-format off */
static const struct {
	const char *name;
	enum code_purpose purpose;
	const char *address, *network;
	int64_t now;
	int mails; /* how many more */
} steps[] = {
	{"the first", CODE_RESET, "alice@example.com", "192.0.2.1", NOW, 1},
	{"at once again", CODE_RESET, "alice@example.com", "192.0.2.1", NOW, 1},
	{"in another case", CODE_RESET, "Alice@Example.com", "192.0.2.1", NOW + 1, 1},
	{"by the other name", CODE_RESET, "alice", "192.0.2.1", NOW + 2, 1},
	{"24: the fifth from one network", CODE_RESET, "alice@example.com", "192.0.2.1", NOW + 3, 1},
	{"24: the sixth", CODE_RESET, "alice@example.com", "192.0.2.1", NOW + 4, 0},
	{"to prove the address", CODE_VERIFY, "alice@example.com", "192.0.2.1", NOW, 1},
	{"another account", CODE_RESET, "bob@example.com", "192.0.2.1", NOW, 1},
	{"24: from another network", CODE_RESET, "alice@example.com", "2001:db8:1:1::/64", NOW + 10, 1},
	{"from its neighbour", CODE_RESET, "alice@example.com", "2001:db8:1:2::/64", NOW + 11, 1},
	{"from a third", CODE_RESET, "alice@example.com", "2001:db8:1:ffff::/64", NOW + 12, 1},
	{"from a fourth", CODE_RESET, "alice@example.com", "2001:db8:1:1::/64", NOW + 13, 1},
	{"from a fifth", CODE_RESET, "alice@example.com", "2001:db8:1:4::/64", NOW + 14, 1},
	{"24: the sixth of a /48", CODE_RESET, "alice@example.com", "2001:db8:1:5::/64", NOW + 15, 0},
	{"24: the eleventh of a day", CODE_RESET, "alice@example.com", "192.0.2.3", NOW + 16, 0},
	{"24: from home", CODE_RESET, "alice@example.com", "198.51.100.1", NOW + 17, 1},
	{"what is no name", CODE_RESET, " ", "192.0.2.9", NOW, 0},
	{"nothing", CODE_RESET, "", "192.0.2.9", NOW, 0},
	{"with a control character", CODE_RESET, "a\r\n@example.com", "192.0.2.9", NOW, 0},
	{"nobody's address", CODE_RESET, "nobody@example.com", "192.0.2.9", NOW, 0},
	{"the hour's last second", CODE_RESET, "alice@example.com", "192.0.2.1", NOW + HOUR - 1, 0},
	{"24: no more than half of a day's from one", CODE_RESET, "alice@example.com", "192.0.2.1", NOW + HOUR + 3, 0},
	{"the next day", CODE_RESET, "alice@example.com", "192.0.2.1", NOW + DAY, 1},
	{"all but one are still of this day", CODE_RESET, "alice@example.com", "192.0.2.3", NOW + DAY, 1},
	{"which is too many", CODE_RESET, "alice@example.com", "192.0.2.4", NOW + DAY, 0},
};
/* clang-format on */

static void
test_caps(void)
{
	size_t i;

	for (i = 0; i < sizeof steps / sizeof steps[0]; i++)
		is_int(mails_of(steps[i].purpose, steps[i].address,
			       steps[i].network, steps[i].now),
			steps[i].mails, steps[i].name);
}

/* A network where she has signed in has a day's mails to itself, five an hour,
 * and requests for other accounts from there do not take them from her. */
static void
test_home(void)
{
	const char *home = "198.51.100.1";
	int64_t now = NOW + 10 * DAY;
	struct password password = unit_password("secret");
	struct account account;
	int i, mails = 0;

	is_int(account_sign_in(&site, "alice", &password,
		       unit_attempt(home, now), &account),
		STATUS_OK, "signed in");
	for (i = 0; i < 100; i++)
		mails += mails_of(CODE_RESET, "bob@example.com", home, now);
	is_int(mails, 5, "a stranger at her home asks for another's");
	for (i = 0; i < 10; i++)
		mails_of(CODE_RESET, "nobody@example.com", home, now);
	is_int(mails_of(CODE_RESET, "carol@example.com", home, now), 0,
		"until that network may ask for no more");
	for (mails = 0, i = 0; i < 6; i++)
		mails += mails_of(CODE_RESET, "alice@example.com", home, now);
	is_int(mails, 5, "24: her own come all the same, five an hour");
	for (mails = 0, i = 0; i < 6; i++)
		mails += mails_of(
			CODE_RESET, "alice@example.com", home, now + HOUR);
	is_int(mails, 5, "and in the next");
	is_int(mails_of(CODE_RESET, "alice@example.com", home, now + 2 * HOUR),
		0, "24: ten a day");
	is_int(mails_of(CODE_RESET, "alice@example.com", "192.0.2.1", now), 1,
		"which takes nothing from elsewhere");
}

/* Times that lie far ahead count for nothing, or a clock that was wrong would
 * close an address until then. */
static void
test_clock(void)
{
	int64_t ahead = NOW + 1000 * DAY, now = NOW + 20 * DAY;
	int i;

	for (i = 0; i < 6; i++)
		mails_of(CODE_RESET, "bob@example.com", "192.0.2.1", ahead);
	is_int(mails_of(CODE_RESET, "bob@example.com", "192.0.2.1", ahead), 0,
		"no more in that hour");
	is_int(mails_of(CODE_RESET, "bob@example.com", "192.0.2.1", ahead - 1),
		0, "24: nor for a request that came before, and has waited");
	is_int(mails_of(CODE_RESET, "bob@example.com", "192.0.2.1", now), 1,
		"the clock goes back");
}

/* One too many is the same work, or it would tell of an account. */
static void
test_one_too_many(void)
{
	static const char *const names[] = {
		"bob@example.com", "nobody@example.com"};
	int64_t now = NOW + 30 * DAY;
	size_t name;
	int i;

	for (name = 0; name < 2; name++) {
		for (i = 0; i < 7; i++)
			mails_of(CODE_RESET, names[name], "192.0.2.1", now + i);
		ok(nobodys_is_of(now + 6), "12: one too many for %s is written",
			names[name]);
		now += DAY;
	}
}

/* --- what can be seen of it --------------------------------------------- */

struct seen {
	size_t key, record;
	int count;
	bool telling; /* of an address */
};

static void
look(struct seen *seen, const char *key, struct json_object *record)
{
	const char *text = json_object_to_json_string(record);

	seen->count++;
	seen->key = strlen(key);
	seen->record = strlen(text);
	seen->telling = seen->telling || strchr(key, '@') != NULL ||
			strchr(text, '@') != NULL;
}

/* What a request leaves in an empty store with that kind of record. */
static struct seen
leave(const char *address, enum store_kind kind)
{
	struct seen seen = {0, 0, 0, false};
	struct store_walk walk;
	struct site own;
	char *settings = mem_printf(UNIT_FAST "store = bdb:%s-%d\n",
		address[0] == 'a' ? "known" : "unknown", (int)kind);

	unit_site(&own, settings);
	mem_free(settings);
	if (address[0] == 'a')
		unit_account(&own, "", address, false);
	code_request(&own, CODE_RESET, address, "de",
		unit_attempt("192.0.2.1", NOW));
	store_walk_begin(&walk, own.store, kind, "");
	while (store_walk_next(&walk))
		look(&seen, walk.key, walk.record);
	store_walk_end(&walk);
	site_close(&own);
	return seen;
}

static void
test_same(void)
{
	struct seen known = leave("alice@example.com", STORE_THROTTLE);
	struct seen unknown = leave("nobody-with-a-long@x.org", STORE_THROTTLE);

	is_int(known.count, 1, "a count for an account's address");
	is_int(unknown.count, 1, "and one for nobody's");
	is_int((long long)unknown.key, (long long)known.key,
		"under keys of one length");
	is_int((long long)unknown.record, (long long)known.record,
		"of one size");
	ok(!known.telling && !unknown.telling, "that do not tell an address");
	known = leave("alice@example.com", STORE_MAIL);
	unknown = leave("nobody@example.com", STORE_MAIL);
	is_int(known.count, 1, "a mail for an account's address");
	is_int(unknown.count, 1, "and one for nobody's");
	is_int((long long)unknown.record, (long long)known.record,
		"of one size");
	ok(!known.telling && !unknown.telling, "that do not tell it either");
}

static void
test_codes(void)
{
	is_int(unit_count(&site, STORE_CODE), 0,
		"no code is drawn before its mail is sent");
}

int
main(void)
{
	struct password password = unit_password("secret");
	struct account account;

	unit_begin();
	unit_site(&site, "hash_cost = 1\nmail_command = /bin/true\n");
	unit_account(&site, "alice", "alice@example.com", false);
	unit_account(&site, "", "bob@example.com", false);
	unit_account(&site, "", "carol@example.com", false);
	account_sign_in(&site, "alice", &password,
		unit_attempt("198.51.100.1", NOW), &account);
	test_caps();
	test_home();
	test_clock();
	test_one_too_many();
	test_same();
	test_codes();
	site_close(&site);
	return done();
}
