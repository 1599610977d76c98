/* user.c - latchkey user ... */
#include "config.h"

#include "cli.h"

#include "account/token.h"
#include "base/utc.h"
#include "print.h"
#include "prompt.h"
#include "user.h"

#include <stdio.h>
#include <string.h>

static const char *
or_dash(const char *text)
{
	return text[0] == '\0' ? "-" : text;
}

static bool
list_one(void *context, const struct account *account)
{
	(void)context;
	print_row(account->username, account->email,
		account->admin ? "admin" : "user",
		account->enabled ? "enabled" : "disabled",
		account->verified ? "verified" : "unverified", account->id,
		NULL);
	return true;
}

static enum status
list(const struct site *site, const char *name)
{
	(void)name;
	return account_each(site, list_one, NULL);
}

/* The scheme and its parameters, without the salt. */
static void
print_hash(const char *hash)
{
	struct hash_text scheme;

	if (hash_text_read(hash, &scheme))
		print_line(stdout, "hash: %s%s%.*s", scheme.name,
			scheme.head > 0 ? " " : "", (int)scheme.head,
			scheme.class);
	else
		puts("hash: -");
}

/* Prints nothing if there is none. */
static void
print_member(const char *label, const char *text)
{
	if (text[0] != '\0')
		print_line(stdout, "%s: %s", label, text);
}

static void
print_account(const struct account *account)
{
	char created[UTC_SIZE];

	print_member("id", account->id);
	print_member("username", or_dash(account->username));
	print_member("email", or_dash(account->email));
	print_member("name", account->full_name);
	print_member("language", account->language);
	print_member("role", account->admin ? "admin" : "user");
	print_member("state", account->enabled ? "enabled" : "disabled");
	print_member("verified", account->verified ? "yes" : "no");
	print_hash(account->hash);
	print_member("created", utc_text(account->created, created));
}

static enum status
show(const struct site *site, const char *name)
{
	struct account account;
	enum status status = account_look_up_whom(site, name, &account);

	if (status == STATUS_OK)
		print_account(&account);
	return status;
}

static enum status
set_password(const struct site *site, const char *name)
{
	struct password password;
	struct account account;
	char hash[PASSWORD_HASH_SIZE];
	/* Before the operator types a password for an unknown account. */
	enum status status = account_look_up_whom(site, name, &account);

	if (status == STATUS_OK &&
		!prompt_new_password(site, &account, &password))
		status = STATUS_WEAK_PASSWORD;
	if (status == STATUS_OK)
		status = account_hash(site, &password, hash);
	password_wipe(&password);
	if (status == STATUS_OK)
		status = account_update(site, name, account_set_hash, hash);
	return status;
}

static enum status
enable(const struct site *site, const char *name)
{
	static const bool enabled = true;

	return account_update(site, name, account_set_enabled, &enabled);
}

/* Changes nothing but the epoch. */
static enum status
change_nothing(struct account *account, const void *context)
{
	(void)account;
	(void)context;
	return STATUS_OK;
}

static enum status
sign_out(const struct site *site, const char *name)
{
	return account_update(site, name, change_nothing, NULL);
}

static enum status
disable(const struct site *site, const char *name)
{
	static const bool enabled = false;

	return account_update(site, name, account_set_enabled, &enabled);
}

static enum status
delete_account(const struct site *site, const char *name)
{
	struct account account;
	enum status status = account_delete(site, name, &account);

	if (status == STATUS_OK &&
		token_delete_all_of(site, account.id) != STATUS_OK)
		fputs("latchkey user delete: warning: the account's access "
		      "tokens are dead, but still listed\n",
			stderr);
	return status;
}

const struct cli_command cli_user_commands[] = {
	{"user", "add",
		"NAME [--email E] [--name N] [--language L] [--admin] "
		"[--verified] [--hash HASH|-]",
		"Makes an account and prints its id. HASH - is a line of "
		"input, which ps cannot see.",
		user_add, NULL, NULL},
	{"user", "set",
		"NAME [--username U] [--email E] [--name N] [--language L] "
		"[--role admin|user] [--verified]",
		"Changes what is given (\"\" takes it away), and ends every "
		"sign-in.",
		user_set, NULL, NULL},
	{"user", "list", "",
		"Lists all: username, email, role, state, verified, id.",
		cli_act, list, NULL},
	{"user", "show", "NAME", "Shows one.", cli_act, show, NULL},
	{"user", "passwd", "NAME",
		"Sets a new password; tokens and codes from before are dead.",
		cli_act, set_password, "password-set"},
	{"user", "sign-out", "NAME",
		"Ends every sign-in of the account; unused codes too.", cli_act,
		sign_out, "sign-out"},
	{"user", "disable", "NAME",
		"Lets the account sign in no more, and ends its tokens.",
		cli_act, disable, "account-disable"},
	{"user", "enable", "NAME", "Lets it sign in again.", cli_act, enable,
		"account-enable"},
	{"user", "delete", "NAME",
		"Deletes the account, and the access tokens that it has made.",
		cli_act, delete_account, "account-delete"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
