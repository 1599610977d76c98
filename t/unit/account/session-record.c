/* session-record.c - browsers' sessions: how long they last, and what ends them
 */
#include "config.h"

#include "account/session.h"
#include "unit.h"

enum { NOW = 1000000, IDLE = 28800, LIFE = 86400 };

static struct site site;
static struct account alice, bob;

/* A new session of that account, as long as a client asks for. */
static struct session_record
begin(const struct account *account, int64_t now, bool remember)
{
	struct session_record session = {
		.amr = JWT_AMR_PWD, .remember = remember, .agent = "a browser"};

	store_begin(site.store, STORE_WRITE);
	if (session_record_new(&site, account->id, unit_attempt("n", now),
		    &session) != STATUS_OK)
		session.id[0] = '\0';
	store_commit(site.store, STORE_LAZY);
	return session;
}

static enum status
get(const struct session_record *of, int64_t now,
	struct session_record *session)
{
	enum status status = store_begin(site.store, STORE_READ);

	if (status == STATUS_OK)
		status = session_record_get(
			site.store, of->account, of->id, now, session);
	store_abort(site.store);
	return status;
}

static int
count_of(const struct account *account, int64_t now)
{
	static struct session_record sessions[SESSIONS_MOST];
	int count;

	store_begin(site.store, STORE_READ);
	session_record_list(site.store, account->id, now, sessions, &count);
	store_abort(site.store);
	return count;
}

static void
end_others(const struct account *account, const char *id)
{
	store_begin(site.store, STORE_WRITE);
	session_record_end_others(site.store, account->id, id);
	store_commit(site.store, STORE_DURABLE);
}

static void
test_record(void)
{
	struct session_record session = begin(&alice, NOW, false), found;

	is_int(get(&session, NOW, &found), STATUS_OK, "a new session is found");
	ok(memcmp(&found, &session, sizeof found) == 0, "as it was made");
	is_str(found.agent, "a browser", "with its browser's name");
	is_int(get(&session, NOW + IDLE - 1, &found), STATUS_OK,
		"it lasts as long as it may be idle");
	is_int(get(&session, NOW + IDLE, &found), STATUS_NOT_FOUND,
		"and no longer");
	end_others(&alice, NULL);
	is_int(get(&session, NOW, &found), STATUS_NOT_FOUND,
		"one that is ended");
}

static void
test_renewal(void)
{
	struct session_record session = begin(&alice, NOW, false), found;
	int64_t now;

	for (now = NOW; now < NOW + LIFE; now += IDLE - 1) {
		store_begin(site.store, STORE_WRITE);
		session_record_renew(&site, &session, now);
		store_commit(site.store, STORE_LAZY);
	}
	is_int(get(&session, NOW + LIFE - 1, &found), STATUS_OK,
		"renewed each time, it lasts until its end");
	is_int(get(&session, NOW + LIFE, &found), STATUS_NOT_FOUND,
		"and no longer");
	session = begin(&alice, NOW, true);
	is_int(get(&session, NOW + 14 * 86400 - 1, &found), STATUS_OK,
		"one that is remembered lasts for two weeks");
	end_others(&alice, NULL);
}

static void
test_others(void)
{
	struct session_record first = begin(&alice, NOW, false),
			      second = begin(&alice, NOW, false),
			      bobs = begin(&bob, NOW, false), found;

	is_int(count_of(&alice, NOW), 2, "an account has two");
	is_int(count_of(&alice, NOW + IDLE), 0, "which are over later");
	end_others(&alice, second.id);
	is_int(get(&first, NOW, &found), STATUS_NOT_FOUND, "the others end");
	is_int(get(&second, NOW, &found), STATUS_OK, "and that one does not");
	is_int(get(&bobs, NOW, &found), STATUS_OK, "nor somebody else's");
	end_others(&alice, NULL);
	end_others(&bob, NULL);
}

static void
test_most(void)
{
	struct session_record first, second, found;
	int i;

	first = begin(&alice, NOW, false);
	second = begin(&alice, NOW + 1, false);
	store_begin(site.store, STORE_WRITE);
	session_record_renew(&site, &first, NOW + 1000);
	store_commit(site.store, STORE_LAZY);
	for (i = 2; i < SESSIONS_MOST + 1; i++)
		begin(&alice, NOW + i, false);
	is_int(count_of(&alice, NOW + 1000), SESSIONS_MOST,
		"an account has a hundred at most");
	is_int(get(&second, NOW + 1000, &found), STATUS_NOT_FOUND,
		"the one that was not used for the longest time is gone");
	is_int(get(&first, NOW + 1000, &found), STATUS_OK,
		"and not one that is older and was renewed");
	end_others(&alice, NULL);
}

/* What a verifier remembers is asked again when this number moves. */
static void
test_changes(void)
{
	uint64_t before;
	struct session_record session = begin(&alice, NOW, false);

	before = store_changes(site.store);
	session = begin(&alice, NOW, false);
	store_begin(site.store, STORE_WRITE);
	session_record_renew(&site, &session, NOW + 1);
	store_commit(site.store, STORE_LAZY);
	ok(store_changes(site.store) == before,
		"making and renewing one makes nobody look again");
	end_others(&alice, NULL);
	ok(store_changes(site.store) != before, "ending one does");
}

static enum status
check(const char *token, int64_t now, struct session *session)
{
	return session_check(&site, token, unit_attempt("n", now), session);
}

static void
test_token(void)
{
	struct session_record record = begin(&alice, NOW, false);
	char token[JWT_SIZE], other[JWT_SIZE];
	struct session session, browser = {.confirmed = NOW - 5,
					.expires = record.expires,
					.amr = JWT_AMR_PWD};

	strcpy(browser.sid, record.id);
	session_issue(&site, &alice, &browser, NOW, token);
	is_int(check(token, NOW + IDLE - 1, &session), STATUS_OK,
		"its token is good as long as it is");
	is_str(session.sid, record.id, "and says which it is");
	is_int((long long)session.amr, JWT_AMR_PWD, "and by what");
	is_int(session.confirmed, NOW - 5, "and since when");
	is_int(check(token, NOW + IDLE, &session), STATUS_BAD_TOKEN,
		"and no longer");
	session_issue(&site, &alice, NULL, NOW, other);
	is_int(check(token, NOW, &session), STATUS_OK, "it is good");
	is_int(session_revoke(&site, &session), STATUS_OK, "until it is ended");
	is_int(check(token, NOW, &session), STATUS_BAD_TOKEN,
		"remembered or not");
	is_int(check(other, NOW, &session), STATUS_OK,
		"a token without a record goes on");
}

static enum status
touch(struct account *account, const void *nothing)
{
	(void)account;
	(void)nothing;
	return STATUS_OK;
}

static void
test_change(void)
{
	struct session_record record = begin(&alice, NOW, false), found;
	struct session_record other = begin(&alice, NOW, false);
	struct password old = unit_password("secret"),
			new = unit_password("other");

	is_int(account_change_password(&site, alice.id, &alice.epoch, record.id,
		       &old, &new, unit_attempt("n", NOW)),
		STATUS_OK, "another password, set in one of two sessions");
	is_int(get(&other, NOW, &found), STATUS_NOT_FOUND, "ends the other");
	is_int(get(&record, NOW, &found), STATUS_OK, "and not that one");
	account_update(&site, "alice", touch, NULL);
	is_int(get(&record, NOW, &found), STATUS_NOT_FOUND,
		"a change of the account ends all");
	record = begin(&alice, NOW, false);
	account_delete(&site, "alice", &alice);
	is_int(get(&record, NOW, &found), STATUS_NOT_FOUND,
		"and so does its end");
}

int
main(void)
{
	unit_begin();
	unit_site(&site, UNIT_FAST);
	unit_account(&site, "alice", "", false);
	unit_account(&site, "bob", "", false);
	unit_find(&site, "alice", &alice);
	unit_find(&site, "bob", &bob);
	test_record();
	test_renewal();
	test_others();
	test_most();
	test_changes();
	test_token();
	test_change();
	site_close(&site);
	return done();
}
