/* account-add.c - which accounts are made under which condition, and what a
 * stranger learns of it */
#include "config.h"

#include "account/account.h"
#include "account/code.h"
#include "account/mail.h"
#include "account/sweep.h"
#include "unit.h"

enum { NOW = 1000000, PROCESSES = 4 };

#define SETTINGS UNIT_FAST "mail_command = /bin/true\n"

static struct site site;

static enum status
add(const char *username, const char *email, bool admin, bool unproved,
	enum account_condition condition, bool hide_taken)
{
	struct password password = unit_password("secret");
	struct account account = {.admin = admin, .unproved = unproved};

	snprintf(account.username, sizeof account.username, "%s", username);
	snprintf(account.email, sizeof account.email, "%s", email);
	return account_add(&site, &account, &password, condition, hide_taken);
}

/* Exits with the status. */
static void
add_first(void)
{
	char name[32];
	enum status status = STATUS_UNAVAILABLE;
	int tries = 20;

	unit_site(&site, SETTINGS);
	snprintf(name, sizeof name, "first%d", (int)getpid());
	while (tries-- > 0 && status == STATUS_UNAVAILABLE)
		status = add(name, "", true, false, ACCOUNT_IF_FIRST, false);
	site_close(&site);
	_exit((int)status);
}

static void
test_at_once(void)
{
	int i, how, made = 0, refused = 0;

	for (i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			add_first();
	while (wait(&how) > 0) {
		made += WIFEXITED(how) && WEXITSTATUS(how) == STATUS_OK;
		refused +=
			WIFEXITED(how) && WEXITSTATUS(how) == STATUS_FORBIDDEN;
	}
	is_int(made, 1, "of those at once, one is the first");
	is_int(refused, PROCESSES - 1, "and the others are refused");
}

static void
test_conditions(void)
{
	is_int(unit_count(&site, STORE_ACCOUNT), 1, "one account");
	is_int(add("two", "", true, false, ACCOUNT_IF_FIRST, false),
		STATUS_FORBIDDEN, "another cannot be the first");
	is_int(add("two", "", true, false, ACCOUNT_IF_NO_ADMIN, false),
		STATUS_HAS_ADMIN, "there is an administrator");
	is_int(unit_count(&site, STORE_NAME), 1, "no name is left behind");
	is_int(add("two", "two@example.com", false, false, ACCOUNT_ALWAYS,
		       false),
		STATUS_OK, "without a condition");
}

static void
test_no_admin(void)
{
	struct site old = site;

	unit_site(&site, SETTINGS "store = bdb:other\n");
	is_int(add("user", "", false, false, ACCOUNT_ALWAYS, false), STATUS_OK,
		"a user");
	is_int(add("admin", "", true, false, ACCOUNT_IF_NO_ADMIN, false),
		STATUS_OK, "no administrator yet");
	is_int(add("other", "", true, false, ACCOUNT_IF_NO_ADMIN, false),
		STATUS_HAS_ADMIN, "now there is one");
	site_close(&site);
	site = old;
}

static struct mail
last_mail(void)
{
	struct mail mail = {.kind = MAIL_KINDS}, last = mail;
	struct store_walk walk;

	mail_walk_begin(&walk, site.store, 0);
	while (mail_walk_next(&walk, &mail))
		last = mail;
	store_walk_end(&walk);
	return last;
}

static void
test_hidden(void)
{
	struct account owner, nobodys;
	int accounts = unit_count(&site, STORE_ACCOUNT);
	int names = unit_count(&site, STORE_NAME);
	int mails = unit_count(&site, STORE_MAIL);

	unit_find(&site, "two", &owner);
	is_int(add("", "Two@Example.com", false, true, ACCOUNT_ALWAYS, false),
		STATUS_NAME_TAKEN, "an email that is taken");
	is_int(unit_count(&site, STORE_MAIL), mails, "and no mail");
	is_int(add("three", "Two@Example.com", false, true, ACCOUNT_ALWAYS,
		       true),
		STATUS_OK, "looks as if it were not, if that is wanted");
	is_int(unit_count(&site, STORE_MAIL), mails + 1, "but a mail");
	is_int(last_mail().kind, MAIL_TAKEN, "that tells of it");
	is_str(last_mail().account, owner.id, "to the owner");
	is_int(add("three", "three@example.com", false, true, ACCOUNT_ALWAYS,
		       true),
		STATUS_NAME_TAKEN, "12: the username is taken then, too");
	is_int(unit_find(&site, "three", &nobodys), STATUS_OK, "by an account");
	ok(nobodys.unproved && nobodys.email[0] == '\0',
		"that has no address, and that nobody can prove");
	is_int(add("", "Two@Example.com", false, true, ACCOUNT_ALWAYS, true),
		STATUS_OK, "without a username");
	is_int(unit_count(&site, STORE_ACCOUNT), accounts + 1, "no account");
	is_int(unit_count(&site, STORE_NAME), names + 1, "no name");
	mails = unit_count(&site, STORE_MAIL);
	is_int(add("two", "new@example.com", false, true, ACCOUNT_ALWAYS, true),
		STATUS_NAME_TAKEN, "a username that is taken is not hidden");
	/* Or a username that is known to be taken would tell which address
	 * is. */
	is_int(add("two", "two@example.com", false, true, ACCOUNT_ALWAYS, true),
		STATUS_NAME_TAKEN, "nor with an email that is");
	is_int(unit_count(&site, STORE_MAIL), mails, "and no mail");
	is_int(unit_count(&site, STORE_NAME), names + 1,
		"nothing is left behind");
}

/* Registered names die alike, whether or not their address was taken: after a
 * week, or when there are too many. */
static void
test_life(void)
{
	int64_t life = (int64_t)site.conf->unproved_life, now = site_now();
	unsigned long most = site.conf->unproved_most;
	struct account account;
	char address[64];
	int i;

	site.conf->unproved_most = 4;
	add("free", "free@example.com", false, true, ACCOUNT_ALWAYS, true);
	add("taken", "two@example.com", false, true, ACCOUNT_ALWAYS, true);
	sweep(&site, now + life - 60);
	ok(unit_find(&site, "free", &account) == STATUS_OK &&
			unit_find(&site, "taken", &account) == STATUS_OK,
		"a week's last minute");
	sweep(&site, now + life + 60);
	ok(unit_find(&site, "free", &account) == STATUS_NO_ACCOUNT &&
			unit_find(&site, "free@example.com", &account) ==
				STATUS_NO_ACCOUNT &&
			unit_find(&site, "taken", &account) ==
				STATUS_NO_ACCOUNT,
		"unproved_life: they are gone, names and all");
	is_int(unit_find(&site, "two@example.com", &account), STATUS_OK,
		"the owner of the address is not");
	is_int(unit_count(&site, STORE_UNPROVED), 0, "and nothing is left");

	add("free", "free@example.com", false, true, ACCOUNT_ALWAYS, true);
	add("taken", "two@example.com", false, true, ACCOUNT_ALWAYS, true);
	for (i = 0; i < 2; i++) {
		snprintf(address, sizeof address, "more-%d@example.com", i);
		add("", address, false, true, ACCOUNT_ALWAYS, true);
	}
	is_int(unit_find(&site, "free", &account), STATUS_OK, "four are kept");
	/* One that leaves no account takes a place, too. */
	add("", "two@example.com", false, true, ACCOUNT_ALWAYS, true);
	is_int(unit_find(&site, "free", &account), STATUS_NO_ACCOUNT,
		"unproved_most: the oldest makes room");
	is_int(unit_find(&site, "taken", &account), STATUS_OK, "and it alone");
	unit_find(&site, "more-0@example.com", &account);
	account.unproved = false;
	store_begin(site.store, STORE_WRITE);
	account_put(site.store, &account);
	store_commit(site.store, STORE_DURABLE);
	for (i = 2; i < 12; i++) {
		snprintf(address, sizeof address, "more-%d@example.com", i);
		add("", address, false, true, ACCOUNT_ALWAYS, true);
	}
	is_int(unit_find(&site, "taken", &account), STATUS_NO_ACCOUNT,
		"then the next");
	is_int(unit_find(&site, "more-0@example.com", &account), STATUS_OK,
		"one that was proved stays");
	is_int(unit_count(&site, STORE_UNPROVED), 4 + 1,
		"there are as many places");
	site.conf->unproved_most = most;
}

static enum status
sign_in(const char *text)
{
	struct password password = unit_password(text);
	struct account account;

	return account_sign_in(&site, "new@example.com", &password,
		unit_attempt("n", NOW), &account);
}

/* A code for it, as it is mailed or handed over. */
static void
draw(enum code_purpose purpose, bool mailed, char code[CODE_SIZE])
{
	struct account account;

	unit_find(&site, "new@example.com", &account);
	code_draw(&site, code);
	code_new(&site, purpose, account.id, NOW, code,
		mailed ? &(struct code_mail){"", ""} : NULL);
}

static enum status
prove(const char *name, const char *code, const char *text)
{
	struct password password = unit_password(text == NULL ? "" : text);
	struct code_proof proof = {text == NULL ? NULL : &password, NULL};
	struct account account;

	return code_verify(
		&site, name, code, &proof, unit_attempt("n", NOW), &account);
}

static void
register_new(void)
{
	struct account account;

	account_delete(&site, "new@example.com", &account);
	is_int(add("", "new@example.com", false, true, ACCOUNT_ALWAYS, true),
		STATUS_OK, "somebody registers");
}

static void
test_unproved(void)
{
	struct account account;
	char code[CODE_SIZE];
	int64_t epoch;

	register_new();
	is_int(last_mail().kind, MAIL_VERIFY, "and a mail is sent");
	is_int(sign_in("secret"), STATUS_BAD_CREDENTIALS,
		"but nobody signs in");
	unit_find(&site, "new@example.com", &account);
	ok(account.enabled && account.unproved && !account.verified,
		"before the address is proved");
	epoch = account.epoch;
	draw(CODE_RESET, false, code);
	is_int(prove("new@example.com", code, "secret"), STATUS_BAD_VERIFY_CODE,
		"not with a code for a password");
	draw(CODE_VERIFY, true, code);
	is_int(prove("two", code, "secret"), STATUS_BAD_VERIFY_CODE,
		"nor with another's name");
	is_int(prove("nobody", code, "secret"), STATUS_BAD_VERIFY_CODE,
		"or nobody's");
	is_int(prove("new@example.com", code, "other"), STATUS_BAD_CREDENTIALS,
		"nor with another password");
	is_int(sign_in("secret"), STATUS_BAD_CREDENTIALS,
		"all that proves nothing");
	is_int(prove("new@example.com", code, "secret"), STATUS_OK,
		"but with the code and the password");
	is_int(sign_in("secret"), STATUS_OK, "which signs in then");
	unit_find(&site, "new@example.com", &account);
	ok(account.verified && !account.unproved, "the address is proved");
	is_int(account.epoch, epoch, "which kills no session");
	is_int(prove("new@example.com", code, "secret"), STATUS_BAD_VERIFY_CODE,
		"a code used twice");
}

/* Nobody hears of a username that is taken. */
static void
test_hidden_username(void)
{
	struct account account = {
		.username = "alice", .email = "h@example.com"};
	struct password password = unit_password("secret");

	unit_account(&site, "alice", "", false);
	is_int(account_add(&site, &account, &password, ACCOUNT_ALWAYS,
		       ACCOUNT_HIDES_EMAIL),
		STATUS_NAME_TAKEN, "a username that is taken");
	is_int(account_add(&site, &account, &password, ACCOUNT_ALWAYS,
		       ACCOUNT_HIDES_ALL),
		STATUS_OK, "12: may be hidden");
	unit_find(&site, "h@example.com", &account);
	is_str(account.username, "",
		"12: a username that is taken is left out");
	unit_find(&site, "alice", &account);
	is_str(account.email, "", "and its owner keeps it");
}

static enum status
replace(const char *code, const char *text)
{
	struct password password = unit_password(text);
	struct code_proof proof = {NULL, &password};
	struct account account;

	return code_verify(&site, "new@example.com", code, &proof,
		unit_attempt("n", NOW), &account);
}

/* The owner of the mailbox sets a password of their own. */
static void
test_replacement(void)
{
	char code[CODE_SIZE];

	register_new();
	draw(CODE_VERIFY, true, code);
	is_int(replace(code, "new@example.com"), STATUS_WEAK_PASSWORD,
		"a replacement that is the account's name");
	is_int(replace(code, "chosen"), STATUS_OK,
		"22: another password is set with the code");
	is_int(sign_in("secret"), STATUS_BAD_CREDENTIALS,
		"22: the registrant's is good for nothing then");
	is_int(sign_in("chosen"), STATUS_OK, "and the other one signs in");
	draw(CODE_VERIFY, true, code);
	is_int(replace(code, "third"), STATUS_OK, "where all is proved");
	is_int(sign_in("chosen"), STATUS_OK, "the password stays");
}

static enum status
ask_for_another(struct account *account, const void *context)
{
	(void)context;
	account->must_change = true;
	return STATUS_OK;
}

/* An administrator asks for another password before the address is proved. */
static void
test_change_asked_for(void)
{
	char code[CODE_SIZE];

	register_new();
	is_int(account_update(&site, "new@example.com", ask_for_another, NULL),
		STATUS_OK, "another password is asked for");
	draw(CODE_VERIFY, true, code);
	is_int(prove("new@example.com", code, "secret"), STATUS_OK,
		"the address is proved by the password of before");
	is_int(sign_in("secret"), STATUS_MUST_CHANGE,
		"which still has to be changed");
}

/* A stranger registers another person's address, with a password that the
 * stranger knows. The owner of the mailbox has the code. */
static void
test_strangers_password(void)
{
	struct account account;
	char code[CODE_SIZE];

	register_new();
	draw(CODE_VERIFY, true, code);
	is_int(prove("new@example.com", code, NULL), STATUS_OK,
		"22: the address is proved without the password");
	is_int(sign_in("secret"), STATUS_BAD_CREDENTIALS,
		"22: which is good for nothing then");
	unit_find(&site, "new@example.com", &account);
	ok(account.hash[0] == '\0' && account.verified && !account.unproved,
		"22: there is none");
	test_replacement();
	test_change_asked_for();
	site.conf->proof = PROOF_CODE;
	register_new();
	draw(CODE_VERIFY, true, code);
	is_int(prove("new@example.com", code, NULL), STATUS_OK,
		"proof = code: the code alone");
	is_int(sign_in("secret"), STATUS_OK,
		"proof = code: the password counts");
	site.conf->proof = PROOF_PASSWORD;
}

static enum status
reset(const char *code)
{
	struct password password = unit_password("chosen");
	struct account account;

	return code_reset(
		&site, NULL, code, &password, unit_attempt("n", NOW), &account);
}

static void
test_reset(void)
{
	struct account account;
	char code[CODE_SIZE];

	register_new();
	draw(CODE_RESET, true, code);
	is_int(reset(code), STATUS_OK, "a reset of one that is not proved");
	is_int(sign_in("secret"), STATUS_BAD_CREDENTIALS,
		"22: ends the password of who has registered");
	is_int(sign_in("chosen"), STATUS_OK, "and signs in with the new one");
	unit_find(&site, "new@example.com", &account);
	ok(account.verified, "a code that was mailed proves the address");
	register_new();
	draw(CODE_RESET, false, code);
	is_int(reset(code), STATUS_OK, "a code of the operator's");
	is_int(sign_in("chosen"), STATUS_OK, "lets in, too");
	unit_find(&site, "new@example.com", &account);
	ok(!account.verified && !account.unproved, "and proves no address");
}

int
main(void)
{
	unit_begin();
	test_at_once();
	unit_site(&site, SETTINGS);
	test_conditions();
	test_no_admin();
	test_hidden();
	test_life();
	test_hidden_username();
	test_unproved();
	test_strangers_password();
	test_reset();
	site_close(&site);
	return done();
}
