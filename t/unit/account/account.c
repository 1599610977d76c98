/* account.c - the last administrator, and what kills a session */
#include "config.h"

#include "account/account.h"
#include "account/code.h"
#include "account/session.h"
#include "unit.h"

/* clang-format off */
static const struct {
	const char *name, *username, *email;
	enum status status;
} additions[] = {
	{"both names", "carol", "carol@example.com", STATUS_OK},
	{"a username alone", "dave", "", STATUS_OK},
	{"an email alone", "", "erin@example.com", STATUS_OK},
	{"no name", "", "", STATUS_BAD_NAME},
	{"a username that is an email", "x@y", "", STATUS_BAD_NAME},
	{"an email that is none", "x", "y", STATUS_BAD_NAME},
	{"the same username", "carol", "new@example.com", STATUS_NAME_TAKEN},
	{"in another case", "CAROL", "new@example.com", STATUS_NAME_TAKEN},
	{"the same email", "new", "carol@example.com", STATUS_NAME_TAKEN},
	{"in another case", "new", "Carol@Example.com", STATUS_NAME_TAKEN},
	{"nothing of those is left", "new", "new@example.com", STATUS_OK},
};
/* clang-format on */

static struct site site;

static enum status
find(const char *name, struct account *account)
{
	enum status status = store_begin(site.store, STORE_READ);

	if (status == STATUS_OK)
		status = account_find(site.store, name, account);
	store_abort(site.store);
	return status;
}

static enum status
sign_in(const char *name, const char *text, struct account *account)
{
	struct password password = unit_password(text);

	return account_sign_in(
		&site, name, &password, unit_attempt("n", 1000), account);
}

static enum status
enable(const char *name, bool enabled)
{
	return account_update(&site, name, account_set_enabled, &enabled);
}

static bool
count(void *context, const struct account *account)
{
	(void)account;
	++*(int *)context;
	return true;
}

static void
test_additions(void)
{
	struct account account;
	size_t i;
	int accounts = 0;

	for (i = 0; i < sizeof additions / sizeof additions[0]; i++)
		is_int(unit_account(&site, additions[i].username,
			       additions[i].email, false),
			additions[i].status, additions[i].name);
	is_int(account_each(&site, count, &accounts), STATUS_OK, "each");
	is_int(accounts, 4, "nothing half made");
	is_int(find("CAROL@example.COM", &account), STATUS_OK, "any case");
	is_str(account_name(&account), "carol", "the username first");
	is_str(account_address(&account), "carol@example.com", "an address");
	is_int(account.epoch, 1, "the first epoch");
	ok(account.enabled && !account.admin, "enabled, no administrator");
	is_int(find("nobody", &account), STATUS_NO_ACCOUNT, "nobody");
	is_int(find("", &account), STATUS_NO_ACCOUNT, "no name");
}

static void
test_last_admin(void)
{
	struct account gone;
	int accounts = 0;

	is_int(unit_account(&site, "one", "", true), STATUS_OK, "one");
	is_int(account_delete(&site, "one", &gone), STATUS_LAST_ADMIN,
		"the only administrator stays");
	is_int(enable("one", false), STATUS_LAST_ADMIN, "and enabled");
	is_int(enable("one", true), STATUS_OK, "enabled as it was");
	is_int(unit_account(&site, "two", "", true), STATUS_OK, "another");
	is_int(enable("two", false), STATUS_OK, "who may be disabled");
	is_int(enable("one", false), STATUS_LAST_ADMIN,
		"a disabled one does not count");
	is_int(account_delete(&site, "two", &gone), STATUS_OK, "nor is needed");
	is_int(unit_account(&site, "two", "", true), STATUS_OK, "once more");
	is_int(account_delete(&site, "one", &gone), STATUS_OK,
		"the first may go");
	is_int(account_delete(&site, "one", &gone), STATUS_NO_ACCOUNT, "once");
	is_int(enable("one", true), STATUS_NO_ACCOUNT, "and is gone");
	is_int(account_delete(&site, "dave", &gone), STATUS_OK,
		"a user may go");
	is_int(account_each(&site, count, &accounts), STATUS_OK, "each");
	is_int(accounts, 4, "that many are left");
	is_int(unit_account(&site, "Dave", "", false), STATUS_OK,
		"and his name is free");
}

static void
test_sign_in(void)
{
	struct account account;

	is_int(sign_in("carol", "secret", &account), STATUS_OK, "signs in");
	is_int(sign_in("Carol@Example.com", "secret", &account), STATUS_OK,
		"by email");
	is_int(sign_in("carol", "Secret", &account), STATUS_BAD_CREDENTIALS,
		"another password");
	is_int(sign_in("carol", "", &account), STATUS_BAD_CREDENTIALS,
		"no password");
	is_int(sign_in("nobody", "secret", &account), STATUS_NO_ACCOUNT,
		"nobody");
	is_int(account_update(&site, "dave", account_set_hash, ""), STATUS_OK,
		"an account without a hash");
	is_int(sign_in("dave", "secret", &account), STATUS_BAD_CREDENTIALS,
		"lets nobody in");
	enable("carol", false);
	is_int(sign_in("carol", "secret", &account), STATUS_BAD_CREDENTIALS,
		"a disabled account");
	enable("carol", true);
	is_int(sign_in("carol", "secret", &account), STATUS_OK, "and back");
}

/* A sign-in makes the hash anew when its cost has gone up, and that is no
 * change of the password. */
static void
test_renewal(void)
{
	struct account before, after;
	struct session session;
	char token[JWT_SIZE];

	sign_in("carol", "secret", &before);
	session_issue(&site, &before, NULL, 1000, token);
	site.conf->hash_cost++;
	is_int(sign_in("carol", "Secret", &after), STATUS_BAD_CREDENTIALS,
		"another password");
	find("carol", &after);
	is_str(after.hash, before.hash, "leaves the hash");
	is_int(sign_in("carol", "secret", &after), STATUS_OK, "at more cost");
	find("carol", &after);
	ok(strcmp(after.hash, before.hash) != 0, "the hash is another");
	is_int(after.epoch, before.epoch, "the epoch is not");
	is_int(session_check(&site, token, unit_attempt("n", 1001), &session),
		STATUS_OK, "and the token is good");
	is_int(sign_in("carol", "secret", &before), STATUS_OK, "again");
	find("carol", &before);
	is_str(before.hash, after.hash, "a good hash stays");
	site.conf->hash_cost--;
}

static void
test_epoch(void)
{
	struct password old = unit_password("secret");
	struct password new = unit_password("another");
	struct account account;
	struct session session;
	char token[JWT_SIZE], code[CODE_SIZE];
	int64_t epoch;

	find("carol", &account);
	epoch = account.epoch;
	session_issue(&site, &account, NULL, 1000, token);
	code_draw(&site, code);
	is_int(code_new(&site, CODE_RESET, account.id, 1000, code, NULL),
		STATUS_OK, "a code");
	is_int(account_change_password(&site, account.id, &epoch, NULL, &new,
		       &old, unit_attempt("n", 1000)),
		STATUS_WRONG_PASSWORD, "the current password is another");
	epoch--;
	is_int(account_change_password(&site, account.id, &epoch, NULL, &old,
		       &new, unit_attempt("n", 1000)),
		STATUS_BAD_TOKEN, "the epoch has passed");
	epoch++;
	is_int(account_change_password(&site, "nobody", &epoch, NULL, &old,
		       &new, unit_attempt("n", 1000)),
		STATUS_BAD_TOKEN, "no such account");
	is_int(session_check(&site, token, unit_attempt("n", 1001), &session),
		STATUS_OK, "all that changed nothing");
	is_int(epoch, account.epoch, "all that has raised no epoch");
	is_int(account_change_password(&site, account.id, &epoch, NULL, &old,
		       &new, unit_attempt("n", 1000)),
		STATUS_OK, "a change");
	is_int(epoch, account.epoch + 1, "says the epoch that it has raised");
	is_int(session_check(&site, token, unit_attempt("n", 1001), &session),
		STATUS_BAD_TOKEN, "kills the session");
	is_int(code_check(&site, CODE_RESET, "carol", code,
		       unit_attempt("n", 1001)),
		STATUS_BAD_CODE, "and the code");
	is_int(sign_in("carol", "secret", &account), STATUS_BAD_CREDENTIALS,
		"and the old password");
	is_int(sign_in("carol", "another", &account), STATUS_OK, "not the new");
}

int
main(void)
{
	unit_begin();
	unit_site(&site, UNIT_FAST);
	test_additions();
	test_last_admin();
	test_sign_in();
	test_renewal();
	test_epoch();
	site_close(&site);
	return done();
}
