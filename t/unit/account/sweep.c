/* sweep.c - what has expired goes, what lives stays */
#include "config.h"

#include "account/account-unproved.h"
#include "account/code-request.h"
#include "account/code.h"
#include "account/mail.h"
#include "account/session.h"
#include "account/sweep.h"
#include "base/json.h"
#include "unit.h"

#include <sys/file.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NOW = 1000000, CODE_LIFE = 600, DAY = 86400, MANY = 300 };

static struct site site;
static struct account alice, bob;

/* Where words have 32 bits, the other is for a time_t that has, too. */
#ifdef SYS_clock_gettime64
#define TRUE_CLOCK SYS_clock_gettime64
#else
#define TRUE_CLOCK SYS_clock_gettime
#endif

/* The clock that nobody sets. It stands still, however busy the machine is,
 * and goes on by so much at each look. */
static long ahead_ms, each_ms;

int
clock_gettime(clockid_t clock, struct timespec *time)
{
	if (clock != CLOCK_BOOTTIME)
		return (int)syscall(TRUE_CLOCK, clock, time);
	ahead_ms += each_ms;
	time->tv_sec = 1000 + ahead_ms / 1000;
	time->tv_nsec = ahead_ms % 1000 * 1000000;
	return 0;
}

/* How often the store was entered. */
static int entered;

int
flock(int fd, int operation)
{
	if ((operation & LOCK_EX) != 0)
		entered++;
	return (int)syscall(SYS_flock, fd, operation);
}

static int
left(enum store_kind kind, int64_t now)
{
	is_int(sweep(&site, now), STATUS_OK, "swept");
	return unit_count(&site, kind);
}

static void
test_codes(void)
{
	char code[CODE_SIZE];

	is_int(left(STORE_CODE, NOW), 0, "nothing is there");
	code_draw(&site, code);
	code_new(&site, CODE_RESET, alice.id, NOW, code, NULL);
	code_draw(&site, code);
	code_new(&site, CODE_VERIFY, bob.id, NOW + 100, code, NULL);
	is_int(left(STORE_CODE, NOW + CODE_LIFE - 1), 4,
		"two codes and their hashes");
	is_int(left(STORE_CODE, NOW + CODE_LIFE), 2, "one has expired");
	is_int(code_check(&site, CODE_VERIFY, "bob", code,
		       unit_attempt("n", NOW + CODE_LIFE)),
		STATUS_OK, "the other is good");
	is_int(code_check(&site, CODE_VERIFY, NULL, code,
		       unit_attempt("n", NOW + CODE_LIFE)),
		STATUS_OK, "by its hash, too");
	is_int(left(STORE_CODE, NOW + CODE_LIFE + 100), 0, "both are gone");
}

static void
test_revoked(void)
{
	struct session session;
	char token[JWT_SIZE];

	session_issue(&site, &alice, NULL, NOW, token);
	session_check(&site, token, unit_attempt("n", NOW), &session);
	is_int(session_revoke(&site, &session), STATUS_OK, "signed out");
	is_int(left(STORE_REVOKED, session.expires - 1), 1,
		"as long as the token would live");
	is_int(session_check(&site, token,
		       unit_attempt("n", session.expires - 1), &session),
		STATUS_BAD_TOKEN, "it is dead");
	is_int(left(STORE_REVOKED, NOW + (int64_t)site.conf->token_life), 0,
		"then it is forgotten");
	is_int(session_check(&site, token,
		       unit_attempt("n", NOW + (int64_t)site.conf->token_life),
		       &session),
		STATUS_BAD_TOKEN, "and the token stays dead");
}

static void
test_counts_and_mails(void)
{
	code_request(&site, CODE_RESET, "alice@example.com", "",
		unit_attempt("n", NOW));
	is_int(left(STORE_THROTTLE, NOW + DAY - 1), 1, "a count for a day");
	is_int(left(STORE_THROTTLE, NOW + DAY), 0, "and no longer");
	is_int(left(STORE_MAIL, NOW + CODE_LIFE + 7 * DAY - 1), 1,
		"a mail that was not sent for a week");
	is_int(left(STORE_MAIL, NOW + CODE_LIFE + 7 * DAY), 0, "and no longer");
}

static void
put(const char *prefix, int number, int64_t expires)
{
	struct json_object *record = json_new_object();
	char key[32];

	snprintf(key, sizeof key, "%s%04d", prefix, number);
	json_add_int(record, "expires", expires);
	store_put(site.store, STORE_THROTTLE, key, record);
	json_object_put(record);
}

/* More than are deleted in one commit, between others that live. */
static void
test_many(void)
{
	struct json_object *record = json_new_object();
	int i;

	store_begin(site.store, STORE_WRITE);
	for (i = 0; i < MANY; i++) {
		put("n", i, i % 3 == 0 ? NOW + 1 : NOW);
		put("z", i, NOW - i);
	}
	json_add_string(record, "expires", "never");
	store_put(site.store, STORE_THROTTLE, "odd", record);
	json_object_put(record);
	is_int(store_commit(site.store, STORE_DURABLE), STATUS_OK,
		"six hundred");
	is_int(left(STORE_THROTTLE, NOW), MANY / 3, "those that live stay");
	is_int(left(STORE_THROTTLE, NOW + 1), 0, "the others follow");
}

/* A database refuses a text that is not JSON. */
static void
put_damaged(enum store_kind kind, const char *key)
{
	enum status status;
	bool there;

	store_begin(site.store, STORE_WRITE);
	status = store_add(site.store, kind, key, "{\"exp", 5, &there);
	if (status == STATUS_OK)
		status = store_commit(site.store, STORE_LAZY);
	store_abort(site.store);
	is_int(status,
		store_is_shared(site.store) ? STATUS_UNAVAILABLE : STATUS_OK,
		"a record that is not JSON");
}

/* Records that are not JSON keep none of the others. */
static void
test_damaged(void)
{
	char code[CODE_SIZE];

	put_damaged(STORE_CODE, "damaged");
	put_damaged(STORE_THROTTLE, "damaged");
	code_draw(&site, code);
	code_new(&site, CODE_RESET, alice.id, NOW, code, NULL);
	store_begin(site.store, STORE_WRITE);
	put("a", 0, NOW);
	put("z", 0, NOW);
	put("z", 1, NOW + CODE_LIFE + 1);
	store_commit(site.store, STORE_LAZY);
	is_int(sweep(&site, NOW + CODE_LIFE),
		store_is_shared(site.store) ? STATUS_OK : STATUS_UNAVAILABLE,
		"what is not JSON is told");
	store_begin(site.store, STORE_WRITE);
	store_delete(site.store, STORE_CODE, "damaged");
	store_delete(site.store, STORE_THROTTLE, "damaged");
	store_commit(site.store, STORE_LAZY);
	is_int(unit_count(&site, STORE_CODE), 0, "and keeps no code");
	is_int(unit_count(&site, STORE_THROTTLE), 1, "nor a count beside it");
	is_int(left(STORE_THROTTLE, NOW + CODE_LIFE + 1), 0, "all is swept");
}

/* An account that cannot be read keeps nobody from the place that it has. */
static void
test_unreadable(void)
{
	static const char id[] = "01234567-89ab-7def-8123-456789abcdef";
	unsigned long most = site.conf->unproved_most;
	bool there;

	site.conf->unproved_most = 1;
	site_begin(&site, STORE_WRITE, NOW);
	store_add(site.store, STORE_ACCOUNT, id, "{}", 2, &there);
	is_int(account_unproved_add(&site, id, NOW), STATUS_OK, "a place");
	is_int(account_unproved_add(&site, id, NOW), STATUS_OK,
		"is given again, though its account cannot be read");
	is_int(store_commit(site.store, STORE_LAZY), STATUS_OK, "and kept");
	is_int(left(STORE_UNPROVED, NOW + (int64_t)site.conf->unproved_life), 0,
		"and it is swept");
	store_begin(site.store, STORE_WRITE);
	store_delete(site.store, STORE_ACCOUNT, id);
	store_commit(site.store, STORE_LAZY);
	site.conf->unproved_most = most;
}

static void
put_many(const char *prefix, int count, int64_t expires)
{
	int i;

	store_begin(site.store, STORE_WRITE);
	for (i = 0; i < count; i++)
		put(prefix, i, expires);
	store_commit(site.store, STORE_LAZY);
}

/* What lives is passed over once, however much has expired behind it. */
static void
test_one_pass(void)
{
	put_many("a", 2000, NOW + 1);
	put_many("b", 1000, NOW);
	entered = 0;
	is_int(sweep(&site, NOW), STATUS_OK, "a sweep of three thousand");
	ok(entered < 30, "is one pass: enters %d times", entered);
	is_int(left(STORE_THROTTLE, NOW + 1), 0, "the others follow");
}

/* A process with requests to answer sweeps for a while, and goes on with the
 * next call. */
static void
test_a_while(void)
{
	static const int left_then[] = {600, 600, 600, 600, 344, 88, 0, 0};
	size_t i;

	put_many("a", 600, NOW);
	each_ms = 30; /* so there is time for one step */
	ahead_ms += 610000;
	sweep_a_while(&site, NOW);
	is_int(unit_count(&site, STORE_THROTTLE), 600,
		"after ten minutes it is for others");
	ahead_ms += 60000;
	for (i = 0; i < sizeof left_then / sizeof left_then[0]; i++) {
		sweep_a_while(&site, NOW);
		ok(unit_count(&site, STORE_THROTTLE) == left_then[i],
			"then it goes on: %d are left", left_then[i]);
	}
	put_many("a", 1, NOW);
	sweep_a_while(&site, NOW);
	is_int(unit_count(&site, STORE_THROTTLE), 1, "and is done");
	each_ms = 0;
	is_int(left(STORE_THROTTLE, NOW), 0, "until the next");
}

static void
test_what_stays(void)
{
	struct account account;

	is_int(left(STORE_ACCOUNT, INT64_MAX), 2, "accounts stay");
	is_int(unit_find(&site, "alice", &account), STATUS_OK,
		"and their names");
	ok(unit_count(&site, STORE_PARAM) > 0, "and the keys");
}

/* For all processes together; the store's first use counts as a time. */
static void
test_due(void)
{
	int i, swept = 0;

	for (i = 0; i < 3; i++) {
		store_begin(site.store, STORE_WRITE);
		put("n", 1, NOW);
		store_commit(site.store, STORE_LAZY);
		sweep_if_due(&site, NOW);
		swept += unit_count(&site, STORE_THROTTLE) == 0 ? 1 : 0;
	}
	ok(swept <= 1, "not more than once in ten minutes");
}

int
main(void)
{
	unit_begin();
	unit_site(&site, UNIT_FAST "mail_command = /bin/true\n");
	unit_account(&site, "alice", "alice@example.com", false);
	unit_account(&site, "bob", "", false);
	unit_find(&site, "alice", &alice);
	unit_find(&site, "bob", &bob);
	test_codes();
	test_revoked();
	test_counts_and_mails();
	test_many();
	test_damaged();
	test_unreadable();
	test_due();
	test_one_pass();
	test_a_while();
	test_what_stays();
	site_close(&site);
	return done();
}
