/* factor.c - a second factor: which codes are taken, once, and how often they
 * may be wrong */
#include "config.h"

#include "account/factor.h"
#include "account/integrity.h"
#include "account/session.h"
#include "account/sweep.h"
#include "unit.h"

#include <ctype.h>

#define SETTINGS "hash_cost = 1\nmail_command = /bin/true\n"

enum { NOW = 1800000000, STEP = NOW / TOTP_SECONDS };

static struct site site;
static struct account alice, bob;
static struct totp_secret app;
static factor_codes codes;
static struct attempt last;
static int64_t said; /* the epoch after enrol() */

/* The app's code that many steps after NOW's. */
static const char *
code_at(int64_t steps)
{
	static char code[TOTP_DIGITS + 1];

	totp_code(&app, STEP + steps, code);
	return code;
}

/* A code that is none of the steps around a time. The other tests here send
 * "000000" a few times; that one step has it is no chance worth a thought. */
static const char *
wrong_at(int64_t now)
{
	static char wrong[TOTP_DIGITS + 1];
	int64_t step = now / TOTP_SECONDS - STEP, near;
	unsigned taken = 0; /* first digits, a bit each */

	for (near = -2; near <= 2; near++)
		taken |= 1u << (unsigned)(code_at(step + near)[0] - '0');
	memset(wrong, '0', TOTP_DIGITS);
	while ((taken & 1) != 0) {
		taken >>= 1;
		wrong[0]++;
	}
	return wrong;
}

static enum status
sign_in_with(const char *text, const char *code, int64_t now)
{
	struct password password = unit_password(text);
	struct account account;

	last = *unit_attempt("192.0.2.1", now);
	last.code = code;
	return account_sign_in(&site, "alice", &password, &last, &account);
}

static enum status
sign_in(const char *code, int64_t now)
{
	return sign_in_with("secret", code, now);
}

static enum status
enrol(const char *code, int64_t now)
{
	enum status status;

	unit_find(&site, "alice", &alice);
	last = *unit_attempt("192.0.2.1", now);
	status = factor_enrol(
		&site, alice.id, &alice.epoch, NULL, code, &last, codes);
	said = alice.epoch;
	unit_find(&site, "alice", &alice);
	return status;
}

static struct factor
look(void)
{
	struct factor factor;

	factor_look_up(&site, alice.id, &factor);
	return factor;
}

static int
mails_of(enum mail_kind kind)
{
	struct store_walk walk;
	struct mail mail;
	int count = 0;

	mail_walk_begin(&walk, site.store, 0);
	while (mail_walk_next(&walk, &mail))
		count += mail.kind == kind;
	store_walk_end(&walk);
	return count;
}

/* A new app of alice's, and none of what was before. */
static void
begin(void)
{
	throttle_clear(&site, NULL);
	factor_begin(&site, alice.id, NOW, &app);
	enrol(code_at(-1), NOW);
}

static void
test_enrolment(void)
{
	uint64_t changes;
	int64_t epoch = alice.epoch;
	struct factor factor;
	struct totp_secret shown;

	is_int(sign_in(NULL, NOW), STATUS_OK, "without a factor");
	is_int((long long)last.amr, JWT_AMR_PWD, "by the password alone");
	is_int(enrol("000000", NOW), STATUS_BAD_FACTOR, "no app waits");
	changes = store_changes(site.store);
	is_int(factor_begin(&site, alice.id, NOW, &app), STATUS_OK, "one does");
	ok(store_changes(site.store) == changes, "which makes no token bad");
	is_int(sign_in(NULL, NOW), STATUS_OK, "nor anything else");
	is_int(enrol(code_at(2), NOW), STATUS_BAD_FACTOR, "a wrong code");
	is_int(factor_pending(&site, alice.id, NOW, &shown), STATUS_OK,
		"after which the app can be shown again");
	ok(shown.length == app.length &&
			memcmp(shown.bytes, app.bytes, app.length) == 0,
		"the same one");
	is_int(factor_pending(&site, alice.id, NOW + FACTOR_PENDING, &shown),
		STATUS_NOT_FOUND, "for ten minutes");
	is_int(enrol(code_at(FACTOR_PENDING / TOTP_SECONDS),
		       NOW + FACTOR_PENDING),
		STATUS_BAD_FACTOR, "a right one, too late");
	factor = look();
	ok(!factor_is_on(&factor) && alice.epoch == epoch,
		"nothing has changed");
	sweep(&site, NOW + FACTOR_PENDING);
	is_int(unit_count(&site, STORE_FACTOR), 0, "and the sweep takes it");
	factor_begin(&site, alice.id, NOW, &app);
	is_int(enrol(code_at(0), NOW), STATUS_OK, "a right one in time");
	factor = look();
	ok(factor_is_on(&factor), "it is the account's");
	is_int(factor_codes_left(&factor), FACTOR_CODES,
		"with ten recovery codes");
	is_int(alice.epoch, epoch + 1, "and every other session has ended");
	is_int(said, alice.epoch, "which is said");
	is_int(mails_of(MAIL_FACTOR_ADDED), 1, "the owner is told");
	is_int(enrol(code_at(1), NOW), STATUS_BAD_FACTOR, "not twice");
	is_int(factor_pending(&site, alice.id, NOW, &shown), STATUS_NOT_FOUND,
		"nor is it shown any more");
	sweep(&site, NOW * 2LL);
	is_int(unit_count(&site, STORE_FACTOR), 1, "no sweep takes that");
	alice.epoch--;
	is_int(factor_enrol(&site, alice.id, &alice.epoch, NULL, code_at(0),
		       &last, codes),
		STATUS_BAD_TOKEN, "a caller from before it");
	is_int(factor_remove(&site, alice.id, &alice.epoch, NULL, ""),
		STATUS_BAD_TOKEN, "takes it away as little");
}

/* What is on disk is of no use without the keys. */
static void
test_record(void)
{
	char base32[TOTP_BASE32_SIZE], hex[2 * TOTP_SECRET_MAX + 1];
	struct factor factor;
	struct json_object *record;
	const char *text;
	unsigned char opened[TOTP_SECRET_MAX];
	size_t length;
	int i, found = 0;

	begin();
	factor = look();
	store_begin(site.store, STORE_READ);
	store_get(site.store, STORE_FACTOR, alice.id, &record);
	store_abort(site.store);
	text = json_object_to_json_string(record);
	totp_write(&app, base32);
	sodium_bin2hex(hex, sizeof hex, app.bytes, app.length);
	ok(strstr(text, base32) == NULL && strstr(text, hex) == NULL,
		"the secret is not in the record");
	for (i = 0; i < FACTOR_CODES; i++)
		found += strstr(text, codes[i]) != NULL;
	is_int(found, 0, "26: nor is a recovery code");
	ok(seal_open(keys_of(site.keys, KEYS_OF_FACTORS), alice.id,
		   factor.secret, opened, sizeof opened, &length),
		"the account's own is opened");
	ok(!seal_open(keys_of(site.keys, KEYS_OF_FACTORS), bob.id,
		   factor.secret, opened, sizeof opened, &length),
		"and not as another account's");
	ok(!seal_open(keys_of(site.keys, KEYS_OF_CODES), alice.id,
		   factor.secret, opened, sizeof opened, &length),
		"nor by another key");
	json_object_put(record);
}

static void
test_codes(void)
{
	begin();
	is_int(sign_in(NULL, NOW), STATUS_CODE_REQUIRED, "a code is needed");
	is_int(sign_in_with("wrong", code_at(0), NOW), STATUS_BAD_CREDENTIALS,
		"a wrong password with a right one");
	is_int(sign_in(code_at(-2), NOW), STATUS_BAD_FACTOR,
		"28: a step outside of the window");
	is_int(sign_in(code_at(-1), NOW), STATUS_BAD_FACTOR,
		"28: that of the enrolment");
	is_int(sign_in(code_at(0), NOW), STATUS_OK, "a right one");
	is_int((long long)last.amr, JWT_AMR_PWD | JWT_AMR_OTP, "by both");
	is_int(sign_in(code_at(0), NOW), STATUS_BAD_FACTOR,
		"28: the same once more");
	is_int(sign_in(code_at(1), NOW), STATUS_OK,
		"that of a clock that is ahead");
	is_int(sign_in(code_at(0), NOW), STATUS_BAD_FACTOR,
		"28: no older one after it");
	is_int(sign_in(code_at(1), NOW + 2 * TOTP_SECONDS), STATUS_BAD_FACTOR,
		"nor later");
	is_int(sign_in(code_at(3), NOW + 2 * TOTP_SECONDS), STATUS_OK,
		"the next one");
}

static void
test_recovery(void)
{
	char typed[SYMBOLS_SIZE];
	struct factor factor;
	int i, j, unequal = 0;

	begin();
	for (i = 0; i < FACTOR_CODES; i++)
		for (j = 0; j < i; j++)
			unequal += strcmp(codes[i], codes[j]) != 0;
	is_int(unequal, FACTOR_CODES * (FACTOR_CODES - 1) / 2,
		"26: ten recovery codes, no two alike");
	ok(strlen(codes[0]) == strlen("XXXX-XXXX-XXXXX"), "26: of 65 bits");
	for (i = 0; codes[0][i] != '\0'; i++)
		typed[i] =
			codes[0][i] == '-' ? ' ' : (char)tolower(codes[0][i]);
	typed[i] = '\0';
	is_int(sign_in(typed, NOW), STATUS_OK, "one of them, as it is typed");
	is_int((long long)last.amr, JWT_AMR_PWD | JWT_AMR_OTP, "by both");
	is_int(mails_of(MAIL_RECOVERY_USED), 1, "the owner is told");
	is_int(sign_in(codes[0], NOW), STATUS_BAD_FACTOR, "26: used twice");
	is_int(sign_in("0000-0000-0000", NOW), STATUS_BAD_FACTOR,
		"one symbol too few");
	for (i = 1; i < FACTOR_CODES; i++)
		if (sign_in(codes[i], NOW) != STATUS_OK)
			break;
	is_int(i, FACTOR_CODES, "all others");
	factor = look();
	is_int(factor_codes_left(&factor), 0, "none is left");
	is_int(mails_of(MAIL_RECOVERY_LAST), 1, "of which the owner is told");
	is_int(factor_renew_codes(&site, alice.id, alice.epoch - 1, NOW, codes),
		STATUS_BAD_TOKEN, "none for a caller from before a change");
	is_int(factor_renew_codes(&site, alice.id, alice.epoch, NOW, codes),
		STATUS_OK, "ten new ones");
	is_int(sign_in(codes[9], NOW), STATUS_OK, "are good");
	is_int(factor_renew_codes(&site, bob.id, bob.epoch, NOW, codes),
		STATUS_NOT_FOUND, "none for an account without a factor");
}

static void
test_count(void)
{
	int64_t now = NOW + 3600, i;

	begin();
	for (i = 0; i < 5; i++)
		if (sign_in("000000", now) != STATUS_BAD_FACTOR)
			break;
	is_int(i, 5, "28: five wrong ones cost nothing");
	is_int(mails_of(MAIL_WRONG_CODES), 1, "but the owner is told");
	totp_code(&app, now / TOTP_SECONDS, codes[0]);
	is_int(sign_in(codes[0], now), STATUS_THROTTLED,
		"28: then also a right one waits");
	is_int(last.wait, 1, "for a second");
	is_int(sign_in("000000", now + 1), STATUS_BAD_FACTOR, "a sixth one");
	is_int(sign_in(codes[0], now + 2), STATUS_THROTTLED,
		"has it wait longer");
	is_int(last.wait, 1, "until the next second");
	is_int(sign_in(NULL, now), STATUS_CODE_REQUIRED,
		"without a code nothing is counted");
	is_int(sign_in(codes[0], now + 3), STATUS_OK, "then it is right");
	for (i = 0; i < 5; i++)
		sign_in("000000", now + 3);
	is_int(mails_of(MAIL_WRONG_CODES), 2, "which has cleared the count");
}

static void
test_guessing(void)
{
	char code[TOTP_DIGITS + 1];
	int64_t now = NOW, i;

	begin();
	for (i = 0; i < THROTTLE_FACTORS; i++, now += 3600)
		sign_in("000000", now);
	is_int(mails_of(MAIL_WRONG_CODES), 4, "a mail for the fifth, the last");
	totp_code(&app, now / TOTP_SECONDS, code);
	is_int(sign_in(code, now), STATUS_BAD_FACTOR,
		"28: after fifty wrong ones none of the app is good");
	is_int(sign_in(codes[0], now + 3600), STATUS_OK,
		"but a recovery code is");
	now += 7200;
	totp_code(&app, now / TOTP_SECONDS, code);
	is_int(sign_in(code, now), STATUS_OK, "and then the app again");
}

static enum status
confirm(const char *session, const char *code, int64_t now)
{
	enum factor_given given;

	last = *unit_attempt("192.0.2.1", now);
	last.session = session;
	return factor_try_alone(&site, alice.id, code, &last, &given);
}

struct shown {
	const char *sort;
	long long failures;
	int counts;
};

static bool
add_shown(void *context, const struct throttle_count *count)
{
	struct shown *shown = context;

	if (strcmp(count->sort, shown->sort) == 0) {
		shown->failures += count->failures;
		shown->counts++;
	}
	return true;
}

static long long
shown(const char *sort)
{
	struct shown shown = {.sort = sort};

	throttle_each(&site, add_shown, &shown);
	return shown.failures;
}

/* A code without the password, which a stolen cookie can send. */
static void
test_session(void)
{
	static const char stolen[] = "01890000-0000-7000-8000-000000000001",
			  other[] = "01890000-0000-7000-8000-000000000002";
	char code[TOTP_DIGITS + 1];
	int64_t now = NOW + 3600, i;

	begin();
	for (i = 0; i < THROTTLE_FACTORS; i++, now += 3600)
		if (confirm(stolen, "000000", now) != STATUS_BAD_FACTOR)
			break;
	is_int(i, THROTTLE_FACTORS, "28: fifty wrong ones of one session");
	totp_code(&app, now / TOTP_SECONDS, code);
	is_int(confirm(stolen, code, now), STATUS_BAD_FACTOR,
		"28: after which none of the app is good there");
	is_int(shown("session"), THROTTLE_FACTORS + 1,
		"which the operator sees");
	is_int(shown("factor"), 0, "apart from the account's own");
	is_int(confirm(other, code, now), STATUS_OK,
		"28: but in another session");
	is_int(sign_in("000000", now), STATUS_BAD_FACTOR,
		"28: and nothing of the owner's is spent");
	is_int(last.codes, 1, "which is the owner's first wrong one");
	for (i = 0; i < 5; i++)
		confirm(other, "000000", now);
	is_int(confirm(other, "000000", now), STATUS_THROTTLED,
		"28: the sixth of a session has to wait");
	now += (int64_t)site.conf->remember_life;
	sweep(&site, now);
	totp_code(&app, now / TOTP_SECONDS, code);
	is_int(confirm(stolen, code, now), STATUS_OK,
		"a session's are forgotten with the last of its time");
	is_int(sign_in("000000", now), STATUS_BAD_FACTOR, "the owner's");
	is_int(last.codes, 2, "are not");
}

/* An account that signs in anew for each wrong code. */
static void
test_sessions(void)
{
	enum { MANY = 2000 };
	struct shown shown = {.sort = "session"};
	char id[UUID_SIZE];
	int i, wrong = 0;
	int64_t now;

	begin();
	for (i = 0; i < MANY; i++) {
		uuid_ordered(id);
		now = NOW + 3600 * i;
		wrong += confirm(id, wrong_at(now), now) == STATUS_BAD_FACTOR;
	}
	is_int(wrong, MANY, "a wrong code in each of many sessions");
	throttle_each(&site, add_shown, &shown);
	ok(shown.counts > 1 && shown.counts <= 256,
		"leaves no record for each of them");
}

/* A disk that is full when a wrong code is to be counted: after so many more
 * commits that write; -1: never. */
static int full = -1;

enum status __real_store_commit(struct store *store, enum store_durability how);
enum status __wrap_store_commit(struct store *store, enum store_durability how);

enum status
__wrap_store_commit(struct store *store, enum store_durability how)
{
	if (full != 0 || !store_writes(store)) {
		full -= full > 0 && store_writes(store);
		return __real_store_commit(store, how);
	}
	store_abort(store);
	return STATUS_UNAVAILABLE;
}

static void
test_full(void)
{
	begin();
	full = 0;
	is_int(confirm("", "000000", NOW), STATUS_UNAVAILABLE,
		"28: of a wrong code that cannot be counted nothing is said");
	is_int(enrol("000000", NOW), STATUS_UNAVAILABLE,
		"nor of one of a new app");
	full = 1; /* the password is counted before */
	is_int(sign_in("000000", NOW), STATUS_UNAVAILABLE,
		"28: nor of one that comes with the password");
	full = -1;
	is_int(sign_in("000000", NOW), STATUS_BAD_FACTOR, "then it is");
	is_int(last.codes, 1, "and counted");
}

/* The password alone neither counts as wrong nor clears what was. */
static void
test_half(void)
{
	int i;

	begin();
	for (i = 0; i < 4; i++)
		sign_in_with("wrong", NULL, NOW);
	for (i = 0; i < 10; i++)
		if (sign_in(NULL, NOW) != STATUS_CODE_REQUIRED)
			break;
	is_int(i, 10, "a right password without a code is not counted");
	sign_in_with("wrong", NULL, NOW);
	is_int(sign_in(NULL, NOW), STATUS_THROTTLED,
		"and clears no wrong ones");
	throttle_clear(&site, NULL);
	for (i = 0; i < 4; i++)
		sign_in_with("wrong", NULL, NOW);
	sign_in(code_at(0), NOW);
	is_int(sign_in_with("wrong", NULL, NOW), STATUS_BAD_CREDENTIALS,
		"with a code it does");
}

/* --- at the same time ---------------------------------------------------- */

enum { AT_ONCE = 16 };

/* How many of sixteen processes that try one code get in. */
static int
race(const char *code, int64_t now)
{
	int i, how, won = 0, go[2];
	pid_t pids[AT_ONCE];

	if (pipe(go) != 0)
		return -1;
	site_close(&site); /* no process may use another's */
	for (i = 0; i < AT_ONCE; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			char one;

			close(go[1]);
			unit_site(&site, "hash_cost = 1\nmail_command =\n"
					 "throttle = off\nhash_wait = 60\n");
			if (read(go[0], &one, 1) != 0)
				_exit(2);
			_exit(sign_in(code, now) == STATUS_OK ? 0 : 1);
		}
	}
	close(go[1]);
	for (i = 0; i < AT_ONCE; i++)
		if (waitpid(pids[i], &how, 0) == pids[i] && how == 0)
			won++;
	close(go[0]);
	unit_site(&site, SETTINGS);
	return won;
}

static void
test_race(void)
{
	char code[TOTP_DIGITS + 1];

	begin();
	strcpy(code, code_at(0));
	is_int(race(code, NOW), 1, "28: one code, sixteen times at once");
	is_int(race(codes[0], NOW), 1,
		"26: one recovery code, sixteen times at once");
}

/* --- must be, and must not ------------------------------------------------ */

static void
reopen(const char *settings)
{
	site_close(&site);
	unit_site(&site, settings);
}

static enum status
set_must_change(struct account *account, const void *must)
{
	account->must_change = *(const bool *)must;
	return STATUS_OK;
}

static enum status
check(const struct session *browser, struct session *session)
{
	char token[JWT_SIZE];

	unit_find(&site, "alice", &alice);
	session_issue(&site, &alice, browser, NOW, token);
	return session_check(
		&site, token, unit_attempt("192.0.2.1", NOW), session);
}

static void
test_demand(void)
{
	struct session session, both = {.amr = JWT_AMR_PWD | JWT_AMR_OTP};
	bool yes = true;
	struct account found;

	factor_remove(&site, alice.id, NULL, NULL, "");
	account_update(&site, "alice", set_must_change, &yes);
	is_int(sign_in(NULL, NOW), STATUS_MUST_CHANGE,
		"27: another password is needed first");
	reopen(SETTINGS "factor = all\n");
	is_int(sign_in(NULL, NOW), STATUS_MUST_ENROL,
		"a second factor is needed before that");
	is_int(check(NULL, &session), STATUS_MUST_ENROL,
		"a token without one is good for that");
	is_str(session.account, alice.id, "and says whose it is");
	is_int(check(&both, &session), STATUS_OK, "one with it is good");
	begin();
	is_int(sign_in(code_at(0), NOW), STATUS_MUST_CHANGE,
		"with one, the password");
	account_update(&site, "alice", account_set_hash, alice.hash);
	is_int(sign_in(code_at(1), NOW), STATUS_OK, "then nothing");
	reopen(SETTINGS "factor = admin\n");
	factor_remove(&site, alice.id, NULL, NULL, "");
	is_int(sign_in(NULL, NOW), STATUS_OK,
		"none but administrators must have one");
	is_int(check(NULL, &session), STATUS_OK, "nor their tokens");
	reopen(SETTINGS);
	unit_find(&site, "alice", &found);
	ok(!found.must_change, "another password is no longer needed");
}

static void
ignore(void *context, const char *kind, const char *key, const char *problem)
{
	(void)kind;
	(void)key;
	snprintf(context, 80, "%s", problem);
}

static void
test_end(void)
{
	char problem[80] = "";
	struct integrity check = {
		.site = &site, .report = ignore, .context = problem};
	int64_t epoch;

	begin();
	epoch = alice.epoch;
	is_int(factor_remove(&site, alice.id, &epoch, NULL, ""), STATUS_OK,
		"a factor is taken away");
	is_int(epoch, alice.epoch + 1, "which ends every session");
	unit_find(&site, "alice", &alice);
	is_int(epoch, alice.epoch, "and is said");
	is_int(sign_in(NULL, NOW), STATUS_OK, "no code is needed then");
	is_int(factor_remove(&site, alice.id, NULL, NULL, ""), STATUS_NOT_FOUND,
		"there is none to take away");
	begin();
	integrity_check(&check);
	is_int((long long)check.problems, 0, "a record as it should be");
	store_begin(site.store, STORE_WRITE);
	factor_import(&site, "01890000-0000-7000-8000-000000000000", &app, NOW);
	store_commit(site.store, STORE_DURABLE);
	integrity_check(&check);
	is_str(problem, "its account is not there", "and one of nobody's");
	account_delete(&site, "alice", &alice);
	is_int(unit_count(&site, STORE_FACTOR), 1,
		"an account's goes with the account");
}

int
main(void)
{
	unit_begin();
	unit_site(&site, SETTINGS);
	unit_account(&site, "alice", "alice@example.com", false);
	unit_account(&site, "bob", "", false);
	unit_find(&site, "alice", &alice);
	unit_find(&site, "bob", &bob);
	test_enrolment();
	test_record();
	test_codes();
	test_recovery();
	test_count();
	test_guessing();
	test_session();
	test_sessions();
	test_full();
	test_half();
	test_race();
	test_demand();
	test_end();
	site_close(&site);
	return done();
}
