/* account-add.c - who may be made under which condition, and what a stranger
 * learns of it */
#include "config.h"

#include "account.h"
#include "code.h"
#include "mail.h"
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

static bool
keep(void *context, const struct mail *mail)
{
	*(struct mail *)context = *mail;
	return true;
}

static struct mail
last_mail(void)
{
	struct mail mail = {.kind = MAIL_KINDS};

	mail_each(site.store, keep, &mail);
	return mail;
}

static void
test_hidden(void)
{
	struct account owner;
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
	is_int(unit_count(&site, STORE_ACCOUNT), accounts, "no account");
	is_int(unit_count(&site, STORE_NAME), names, "no name");
	is_int(unit_count(&site, STORE_MAIL), mails + 1, "but a mail");
	is_int(last_mail().kind, MAIL_TAKEN, "that tells of it");
	is_str(last_mail().account, owner.id, "to the owner");
	is_int(add("two", "new@example.com", false, true, ACCOUNT_ALWAYS, true),
		STATUS_NAME_TAKEN, "a username that is taken is not hidden");
	/* Or a username that is known to be taken would tell which address
	 * is. */
	is_int(add("two", "two@example.com", false, true, ACCOUNT_ALWAYS, true),
		STATUS_NAME_TAKEN, "nor with an email that is");
	is_int(unit_count(&site, STORE_MAIL), mails + 1, "and no mail");
	is_int(unit_count(&site, STORE_NAME), names, "nothing is left behind");
}

static enum status
sign_in(void)
{
	struct password password = unit_password("secret");
	struct account account;

	return account_sign_in(&site, "new@example.com", &password,
		unit_attempt("n", NOW), &account);
}

static void
test_unproved(void)
{
	struct account account;
	char code[CODE_SIZE];
	int64_t epoch;

	is_int(add("", "new@example.com", false, true, ACCOUNT_ALWAYS, true),
		STATUS_OK, "he registers himself");
	is_int(last_mail().kind, MAIL_VERIFY, "and gets a mail");
	is_int(sign_in(), STATUS_BAD_CREDENTIALS, "but may not sign in");
	unit_find(&site, "new@example.com", &account);
	ok(account.enabled && account.unproved && !account.verified,
		"before he has proved his address");
	epoch = account.epoch;
	code_draw(&site, code);
	code_new(&site, CODE_RESET, account.id, NOW, code);
	is_int(code_verify(
		       &site, "new@example.com", code, unit_attempt("n", NOW)),
		STATUS_BAD_VERIFY_CODE, "not with a code for a password");
	code_draw(&site, code);
	code_new(&site, CODE_VERIFY, account.id, NOW, code);
	is_int(code_verify(&site, "two", code, unit_attempt("n", NOW)),
		STATUS_BAD_VERIFY_CODE, "nor with another's name");
	is_int(code_verify(&site, "nobody", code, unit_attempt("n", NOW)),
		STATUS_BAD_VERIFY_CODE, "or nobody's");
	is_int(sign_in(), STATUS_BAD_CREDENTIALS, "all that proves nothing");
	is_int(code_verify(
		       &site, "new@example.com", code, unit_attempt("n", NOW)),
		STATUS_OK, "but with the right one");
	is_int(sign_in(), STATUS_OK, "he may sign in");
	unit_find(&site, "new@example.com", &account);
	ok(account.verified && !account.unproved, "the address is proved");
	is_int(account.epoch, epoch, "which kills no session");
	is_int(code_verify(
		       &site, "new@example.com", code, unit_attempt("n", NOW)),
		STATUS_BAD_VERIFY_CODE, "a code used twice");
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
	test_unproved();
	site_close(&site);
	return done();
}
