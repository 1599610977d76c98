/* sweep.c - what has expired goes, what lives stays */
#include "config.h"

#include "code.h"
#include "json.h"
#include "mail.h"
#include "request-code.h"
#include "session.h"
#include "sweep.h"
#include "unit.h"

enum { NOW = 1000000, CODE_LIFE = 600, DAY = 86400, MANY = 300 };

static struct site site;
static struct account alice, bob;

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
	code_new(&site, CODE_RESET, alice.id, NOW, code);
	code_draw(&site, code);
	code_new(&site, CODE_VERIFY, bob.id, NOW + 100, code);
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

	session_issue(&site, &alice, NOW, token);
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
	request_code(&site, CODE_RESET, "alice@example.com", "",
		unit_attempt("n", NOW));
	is_int(left(STORE_THROTTLE, NOW + 3599), 1, "a count for an hour");
	is_int(left(STORE_THROTTLE, NOW + 3600), 0, "and no longer");
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
	test_due();
	test_what_stays();
	site_close(&site);
	return done();
}
