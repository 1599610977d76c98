/* session.c - tokens of accounts, remembered only as long as they are good */
#include "config.h"

#include "account/session.h"

#include "account/token.h"
#include "meanwhile.h"
#include "unit.h"

#include <unistd.h>

enum { NOW = 1000000, LIFE = 3600 };

static struct site site;
static char token[JWT_SIZE];

static enum status
check(int64_t now)
{
	struct session session;

	return session_check(&site, token, unit_attempt("n", now), &session);
}

static void
issue(const char *name)
{
	struct account account;

	store_begin(site.store, STORE_READ);
	account_find(site.store, name, &account);
	store_abort(site.store);
	is_int(session_issue(&site, &account, NULL, NOW, token), STATUS_OK,
		name);
}

static enum status
make_admin(struct account *account, const void *admin)
{
	account->admin = *(const bool *)admin;
	return STATUS_OK;
}

static void
change(account_change *how, bool value)
{
	struct site own;

	unit_site(&own, UNIT_FAST);
	account_update(&own, "alice", how, &value);
	site_close(&own);
}

static void
disable(void)
{
	change(account_set_enabled, false);
}

static void
enable(void)
{
	change(account_set_enabled, true);
}

static void
promote(void)
{
	change(make_admin, true);
}

static void
delete_account(void)
{
	struct site own;
	struct account gone;

	unit_site(&own, UNIT_FAST);
	account_delete(&own, "alice", &gone);
	site_close(&own);
}

static void
new_secret(void)
{
	struct site own;

	setenv("LATCHKEY_JWT_SECRET", "another one, long enough to be taken",
		1);
	unit_site(&own, UNIT_FAST);
	site_keys(&own, NOW);
	site_close(&own);
}

static void
test_contents(void)
{
	struct session session;

	issue("alice");
	is_int(session_check(&site, token, unit_attempt("n", NOW), &session),
		STATUS_OK, "good");
	is_str(session.name, "alice", "her name");
	ok(!session.admin, "no administrator");
	is_int(session.epoch, 1, "the epoch");
	is_int(session.expires, NOW + LIFE, "the end");
	token[10] ^= 1;
	is_int(session_check(&site, token, unit_attempt("n", NOW), &session),
		STATUS_BAD_TOKEN, "a changed one");
	is_str(session.name, "", "says nothing");
	is_int(session_check(&site, "", unit_attempt("n", NOW), &session),
		STATUS_BAD_TOKEN, "an empty one");
}

static void
test_life(void)
{
	issue("alice");
	is_int(check(NOW + LIFE - 1), STATUS_OK, "its last second");
	is_int(check(NOW + LIFE), STATUS_BAD_TOKEN, "remembered, but over");
	is_int(check(NOW + LIFE - 1), STATUS_OK, "it was the time alone");
}

/* What another process does shows at once, though the answer before it is
 * remembered. */
static void
test_others(void)
{
	static const struct {
		const char *name;
		void (*body)(void);
		enum status status;
	} acts[] = {
		{"disabled", disable, STATUS_BAD_TOKEN},
		{"enabled again: the token stays dead", enable,
			STATUS_BAD_TOKEN},
		{"made an administrator", promote, STATUS_BAD_TOKEN},
		{"a new secret: the one before verifies", new_secret,
			STATUS_OK},
		{"deleted", delete_account, STATUS_BAD_TOKEN},
	};
	size_t i;

	for (i = 0; i < sizeof acts / sizeof acts[0]; i++) {
		if (i != 1)
			issue("alice");
		if (i != 1)
			is_int(check(NOW), STATUS_OK, "good");
		is_int(unit_fork(acts[i].body), 0, "another process");
		is_int(check(NOW), acts[i].status, acts[i].name);
		if (i == 1)
			continue;
		is_int(check(NOW), acts[i].status, "and again");
	}
}

static void
rotate_key(void)
{
	enum keys_refusal refusal;
	char kid[JWT_KID_SIZE];
	struct site own;

	unit_site(&own, UNIT_FAST);
	if (keys_rotate(own.keys, own.store, NOW, 60, false, kid, &refusal) !=
			STATUS_OK ||
		refusal != KEYS_ALLOWED)
		_exit(1);
	site_close(&own);
}

/* A token that would live longer than its key verifies. */
static void
test_key_over(void)
{
	issue("alice");
	is_int(unit_fork(rotate_key), 0, "a new key, in another process");
	is_int(check(NOW + 59), STATUS_OK, "the old one verifies");
	is_int(check(NOW + 59), STATUS_OK, "which is remembered");
	is_int(check(NOW + 60), STATUS_BAD_TOKEN,
		"35: but not after the key's time");
}

static void
retire_key(void)
{
	enum keys_refusal refusal = KEYS_UNKNOWN;
	const struct keys_entry *old;
	struct site own;

	meanwhile = NULL;
	unit_site(&own, UNIT_FAST);
	if (site_keys(&own, NOW) != STATUS_OK ||
		(old = keys_entry(own.keys, 1)) == NULL ||
		keys_retire(own.keys, own.store, old->key.kid, &refusal) !=
			STATUS_OK ||
		refusal != KEYS_ALLOWED)
		_exit(1);
	site_close(&own);
}

/* The key of a token that is being looked at goes, after the keys were read
 * and before the account is. */
static void
test_retired_meanwhile(void)
{
	char other[JWT_SIZE];

	issue("alice");
	strcpy(other, token);
	issue("alice");
	is_int(unit_fork(rotate_key), 0, "a new key, in another process");
	is_int(check(NOW), STATUS_OK, "the old one's token is good");
	strcpy(token, other);
	meanwhile = retire_key;
	check(NOW); /* either answer is one of that moment */
	ok(meanwhile == NULL, "its key was retired while it was looked at");
	is_int(check(NOW), STATUS_BAD_TOKEN,
		"31: a key retired meanwhile: its token is not remembered");
}

/* A database has its backup and its restore from the server. */
static void
copy_store(const char *files, const char *sql, const char *then)
{
	char *command = mem_printf("cd '%s' && %s", unit_dir, files);

	if (store_is_shared(site.store)) {
		unit_sql(sql);
		unit_sql(then);
	} else {
		ok(system(command) == 0, "%s", files);
	}
	mem_free(command);
}

/* The state put back as it was before: what is remembered of the state in
 * between must not count. */
static void
test_restored(void)
{
	const char *name = unit_database();
	char *end = mem_printf("select pg_terminate_backend(pid) "
			       "from pg_stat_activity where datname = '%s'",
		name);
	char *save = mem_printf("create database \\\"%s-saved\\\" "
				"template \\\"%s\\\"",
		name, name);
	char *drop = mem_printf("drop database \\\"%s\\\" with (force)", name);
	char *restore = mem_printf("alter database \\\"%s-saved\\\" "
				   "rename to \\\"%s\\\"",
		name, name);
	int i;

	unit_account(&site, "bob", "", false);
	copy_store("cp -a store saved", end, save);
	unit_account(&site, "alice", "", false);
	issue("alice");
	is_int(check(NOW), STATUS_OK, "good");
	copy_store("mv store old && mv saved store", drop, restore);
	/* The directory is looked at once a second. */
	for (i = 0; i < 3000 && check(NOW) == STATUS_OK; i++)
		usleep(10000);
	is_int(check(NOW), STATUS_BAD_TOKEN,
		"a remembered token of what is no more");
	mem_free(end);
	mem_free(save);
	mem_free(drop);
	mem_free(restore);
}

/* --- signing out, and access tokens --------------------------------------- */

static void
sign_out(void)
{
	struct session session;
	struct site own;

	unit_site(&own, UNIT_FAST);
	if (session_check(&own, token, unit_attempt("n", NOW), &session) !=
			STATUS_OK ||
		session_revoke(&own, &session) != STATUS_OK)
		_exit(1);
	site_close(&own);
}

static void
test_revoked(void)
{
	struct session session;
	char other[JWT_SIZE];

	issue("admin");
	strcpy(other, token);
	issue("admin");
	is_int(check(NOW), STATUS_OK, "good");
	is_int(unit_fork(sign_out), 0, "signed out in another process");
	is_int(session_check(&site, token, unit_attempt("n", NOW), &session),
		STATUS_BAD_TOKEN, "is dead at once, though remembered");
	ok(!session.admin && session.permission == 0 && session.account[0] == 0,
		"and says nothing");
	is_int(check(NOW), STATUS_BAD_TOKEN, "and again");
	is_int(session_check(&site, other, unit_attempt("n", NOW), &session),
		STATUS_OK, "the other session lives");
	is_int((long long)session.permission,
		TOKEN_READ | TOKEN_WRITE | TOKEN_ADMIN,
		"an administrator's may do all");
	is_int(session_revoke(&site, &session), STATUS_OK, "signed out, too");
	is_int(session_check(&site, other, unit_attempt("n", NOW), &session),
		STATUS_BAD_TOKEN, "by this process");
	is_int(session_revoke(&site, &session), STATUS_OK,
		"an empty one has nothing to end");
}

static int64_t token_id;

static void
rotate_token(void)
{
	char secret[TOKEN_SECRET_SIZE] = "";
	struct token rotated;
	struct site own;

	unit_site(&own, UNIT_FAST);
	if (token_rotate(&own, NULL, token_id, 60, NOW, &rotated, secret) !=
		STATUS_OK)
		_exit(1);
	site_close(&own);
}

static void
delete_token(void)
{
	struct site own;

	unit_site(&own, UNIT_FAST);
	if (token_delete(&own, token_id) != STATUS_OK)
		_exit(1);
	site_close(&own);
}

static enum status
check_secret(const char *secret, int64_t now)
{
	struct session session;

	return session_check(&site, secret, unit_attempt("n", now), &session);
}

/* Why it was refused, for the audit; "": as the status says. */
static const char *
reason_of(const char *secret, int64_t now)
{
	struct attempt *attempt = unit_attempt("n", now);
	struct session session;

	attempt->reason = NULL;
	session_check(&site, secret, attempt, &session);
	return attempt->reason == NULL ? "" : attempt->reason;
}

/* When the token was used, as the store has it. */
static int64_t
noted(int64_t id)
{
	static struct token_page page;

	page.after = id - 1;
	page.limit = 1;
	token_list(&site, &page);
	return page.tokens[0].used;
}

/* What is remembered enters the store once an hour, and not for each use. */
static void
test_uses(void)
{
	struct token made = {.permission = TOKEN_READ};
	char secret[TOKEN_SECRET_SIZE] = "";
	struct account alice;

	unit_find(&site, "alice", &alice);
	strcpy(made.maker, alice.id);
	token_create(&site, NULL, &made, NOW, secret);
	is_int(check_secret(secret, NOW), STATUS_OK, "an access token is used");
	is_int(noted(made.id), NOW, "which is noted");
	is_int(check_secret(secret, NOW + 3599), STATUS_OK, "used again");
	is_int(noted(made.id), NOW, "within the hour");
	is_int(check_secret(secret, NOW + 3600), STATUS_OK, "remembered");
	is_int(noted(made.id), NOW + 3600, "the next hour is noted");
	is_int(check_secret("lk_unknown", NOW), STATUS_BAD_TOKEN, "unknown");
	token_delete(&site, made.id);
}

static void
test_access_tokens(void)
{
	struct token made = {
		.permission = TOKEN_READ | TOKEN_ADMIN, .expires = NOW + 100};
	char secret[TOKEN_SECRET_SIZE] = "", name[32];
	struct account alice;
	struct session session;

	unit_account(&site, "alice", "", true);
	unit_find(&site, "alice", &alice);
	strcpy(made.maker, alice.id);
	token_create(&site, NULL, &made, NOW, secret);
	token_id = made.id;
	is_int(session_check(&site, secret, unit_attempt("n", NOW), &session),
		STATUS_OK, "an access token");
	snprintf(name, sizeof name, "token:%lld", (long long)made.id);
	is_str(session.name, name, "its name");
	is_str(session.account, alice.id, "its maker");
	is_int(session.token, made.id, "its id");
	is_int(session.expires, NOW + 100, "its end");
	is_str(session.jti, "", "no session to end");
	test_uses();
	ok(session.admin && session.permission == made.permission,
		"what it may do");
	is_int(session_revoke(&site, &session), STATUS_OK, "signing out");
	is_int(check_secret(secret, NOW), STATUS_OK, "does nothing to it");
	is_int(check_secret(secret, NOW + 100), STATUS_BAD_TOKEN,
		"remembered, but over");
	is_str(reason_of(secret, NOW + 100), "expired-token",
		"which the audit says");
	is_str(reason_of("lk_unknown", NOW), "", "of none that nobody has");
	is_str(reason_of(secret, NOW), "", "nor of a good one");
	is_int(check_secret(secret, NOW), STATUS_OK, "good");
	is_int(unit_fork(rotate_token), 0, "rotated in another process");
	is_int(check_secret(secret, NOW + 59), STATUS_OK, "has its grace");
	is_int(check_secret(secret, NOW + 60), STATUS_BAD_TOKEN, "and no more");
	is_int(check_secret(secret, NOW), STATUS_OK, "good");
	is_int(unit_fork(delete_token), 0, "deleted in another process");
	is_int(session_check(&site, secret, unit_attempt("n", NOW), &session),
		STATUS_BAD_TOKEN, "is dead at once");
	ok(!session.admin && session.expires == 0, "and says nothing");
	secret[0] = '\0';
	token_create(&site, NULL, &made, NOW, secret);
	is_int(check_secret(secret, NOW), STATUS_OK, "good");
	is_int(unit_fork(disable), 0, "its maker is disabled");
	is_int(check_secret(secret, NOW), STATUS_BAD_TOKEN, "is dead at once");
}

/* --- browsers' sessions -------------------------------------------------- */

static struct session caller;

/* alice's, as a sign-in begins it, by the account as it was read before. */
static enum status
begin(const struct account *account)
{
	static const struct session none;
	struct session_record record = {.amr = JWT_AMR_PWD, .agent = ""};
	enum status status = session_begin(
		&site, account, &none, unit_attempt("n", NOW), &record);

	strcpy(caller.account, account->id);
	strcpy(caller.sid, record.id);
	caller.epoch = account->epoch;
	return status;
}

static int
count_of(const struct account *account)
{
	static struct session_record records[SESSIONS_MOST];
	int count;

	store_begin(site.store, STORE_READ);
	session_record_list(site.store, account->id, NOW, records, &count);
	store_abort(site.store);
	return count;
}

static void
end_all(void)
{
	change(NULL, false);
}

/* The owner has another password, and the owner's own session goes on. */
static void
change_password(void)
{
	static const bool other = true;
	struct account account;
	struct site own;

	unit_site(&own, UNIT_FAST);
	account_edit(&own, "alice", caller.sid, make_admin, &other, &account);
	site_close(&own);
}

static enum status
go_on(void)
{
	struct session_record record;

	return session_go_on(&site, &caller, NOW, &record, token);
}

static void
test_browsers(void)
{
	struct account alice;

	account_look_up(&site, "alice", &alice);
	meanwhile = end_all;
	is_int(begin(&alice), STATUS_BAD_CREDENTIALS,
		"30: all were ended while the password was hashed");
	is_int(count_of(&alice), 0, "and none is listed that is dead");
	account_look_up(&site, "alice", &alice);
	is_int(begin(&alice), STATUS_OK, "a session");
	is_int(go_on(), STATUS_OK, "goes on");
	is_int(check(NOW), STATUS_OK, "by a good token");
	meanwhile = change_password;
	is_int(go_on(), STATUS_BAD_TOKEN,
		"30: not by a request from before a change");
	is_int(count_of(&alice), 1, "after which the owner's own goes on");
	caller.epoch++;
	is_int(go_on(), STATUS_OK, "by one from after it");
	meanwhile = delete_account;
	is_int(go_on(), STATUS_BAD_TOKEN, "nor without the account");
	is_int(begin(&alice), STATUS_BAD_CREDENTIALS,
		"which has none any more");
	is_int(count_of(&alice), 0, "nor is one left behind");
	unit_account(&site, "alice", "", false);
}

int
main(void)
{
	unit_begin();
	unit_site(&site, UNIT_FAST);
	session_remember();
	unit_account(&site, "admin", "", true);
	unit_account(&site, "alice", "", false);
	test_contents();
	test_life();
	test_key_over();
	test_retired_meanwhile();
	test_browsers();
	test_others();
	test_revoked();
	test_access_tokens();
	delete_account();
	test_restored();
	site_close(&site);
	return done();
}
