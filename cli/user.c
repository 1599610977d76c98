/* user.c - latchkey user ... */
#include "config.h"

#include "cli.h"

#include "prompt.h"
#include "scheme-admit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static bool
set_name(char *out, const char *name)
{
	bool fits = strlen(name) <= NAME_BYTES;

	snprintf(out, NAME_SIZE, "%s", fits ? name : "");
	return fits;
}

static enum status
add_with_password(const struct site *site, struct account *account)
{
	struct password password;
	enum status status = STATUS_WEAK_PASSWORD;

	if (prompt_new_password(site, account, &password))
		status = account_add(
			site, account, &password, ACCOUNT_ALWAYS, false);
	password_wipe(&password);
	return status;
}

/* Takes a hash as it is; `-` is for one line of standard input, since the
 * words of a command can be seen by everyone on the machine. */
static bool
take_hash(const struct site *site, const char *hash, struct account *account)
{
	struct password_scheme own = conf_scheme(site->conf);
	char line[2 * PASSWORD_HASH_SIZE];
	const char *reason = "there is none on standard input";

	if (strcmp(hash, "-") == 0)
		hash = prompt_read_line(line, sizeof line) ? line : NULL;
	if (hash != NULL && scheme_admit(&own, hash, &reason)) {
		account_set_hash(account, hash);
		return true;
	}
	fprintf(stderr, "latchkey user add: the hash is refused: %s\n", reason);
	return false;
}

static enum status
add_account(const struct site *site, const char *name, const char *email,
	const char *hash, struct account *account)
{
	bool named = set_name(
		strchr(name, '@') != NULL ? account->email : account->username,
		name);

	/* A name that is an email leaves no room for another. */
	if (email != NULL)
		named = named && account->email[0] == '\0' &&
			set_name(account->email, email) && name_is_email(email);
	if (!named || !(name_is_email(name) || name_is_username(name)))
		return STATUS_BAD_NAME;
	if (hash == NULL)
		return add_with_password(site, account);
	return take_hash(site, hash, account)
		       ? account_add(site, account, NULL, ACCOUNT_ALWAYS, false)
		       : STATUS_BAD_FIELD;
}

/* actian's API signs in whoever has that name, if he is an administrator;
 * nothing makes him one later. */
static bool
is_admin_without(const char *name, const struct account *account)
{
	char key[NAME_SIZE];

	return !account->admin && name_key(name, key) &&
	       strcmp(key, ACCOUNT_ADMIN_NAME) == 0;
}

/* False, said on standard error, if the command's words cannot be had. */
static bool
check_words(const char *name, const char *full_name, const char *language,
	const struct account *account)
{
	if (strlen(full_name) > ACCOUNT_FULL_NAME ||
		(language[0] != '\0' && !name_is_language(language))) {
		fprintf(stderr,
			"latchkey user add: --name has at most %d "
			"bytes, --language two or three letters\n",
			ACCOUNT_FULL_NAME);
		return false;
	}
	if (is_admin_without(name, account)) {
		fprintf(stderr,
			"latchkey user add: %s is the administrator of "
			"actian's API: add --admin\n",
			name);
		return false;
	}
	return true;
}

/* Not a refusal: templates may come yet. */
static void
warn_of_language(const struct conf *conf, const char *language)
{
	if (language[0] != '\0' && conf_mails(conf) &&
		!mail_has_language(conf, language))
		fprintf(stderr,
			"latchkey user add: warning: there is no %s/%s: mails "
			"will be in the default language, %s\n",
			conf->mail_templates, language, conf->language);
}

static int
user_add(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	struct account account = {.verified = false};
	const char *name, *email = NULL, *full_name = "", *language = "";
	const char *hash = NULL;
	const struct cli_option options[] = {{"--email", &email, NULL},
		{"--name", &full_name, NULL}, {"--language", &language, NULL},
		{"--hash", &hash, NULL}, {"--admin", NULL, &account.admin},
		{"--verified", NULL, &account.verified}, {NULL, NULL, NULL}};
	struct site site;
	enum status status;
	int result = cli_parse(command, argc, argv, options, &name, 1);

	if (result != CLI_OK)
		return result;
	if (!check_words(name, full_name, language, &account))
		return CLI_REFUSED;
	strcpy(account.full_name, full_name);
	strcpy(account.language, language);
	/* What a hash costs is measured in a child. */
	if (!(hash == NULL ? cli_open : cli_open_parent)(&site, conf_file))
		return CLI_REFUSED;
	status = add_account(&site, name, email, hash, &account);
	cli_audit(&site, "account-create", status,
		status == STATUS_OK ? account.id : "");
	if (status == STATUS_OK)
		warn_of_language(site.conf, account.language);
	site_close(&site);
	result = cli_result(command, name, status);
	if (result == CLI_OK)
		printf("%s\n", account.id);
	return result;
}

static const char *
or_dash(const char *text)
{
	return text[0] == '\0' ? "-" : text;
}

static bool
list_one(void *context, const struct account *account)
{
	(void)context;
	printf("%s\t%s\t%s\t%s\t%s\t%s\n", or_dash(account->username),
		or_dash(account->email), account->admin ? "admin" : "user",
		account->enabled ? "enabled" : "disabled",
		account->verified ? "verified" : "unverified", account->id);
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
	struct scheme scheme;

	if (scheme_read(hash, &scheme))
		printf("hash: %s%s%.*s\n", scheme.name,
			scheme.head > 0 ? " " : "", (int)scheme.head,
			scheme.class);
	else
		puts("hash: -");
}

/* Nothing where there is none. */
static void
print_text(const char *label, const char *text)
{
	if (text[0] == '\0')
		return;
	printf("%s: ", label);
	cli_print_text(text, stdout);
	putchar('\n');
}

static void
print_account(const struct account *account)
{
	time_t created = (time_t)account->created;
	struct tm utc;
	char when[32];

	gmtime_r(&created, &utc);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
	printf("id: %s\nusername: %s\nemail: %s\n", account->id,
		or_dash(account->username), or_dash(account->email));
	print_text("name", account->full_name);
	print_text("language", account->language);
	printf("role: %s\nstate: %s\nverified: %s\n",
		account->admin ? "admin" : "user",
		account->enabled ? "enabled" : "disabled",
		account->verified ? "yes" : "no");
	print_hash(account->hash);
	printf("created: %s\n", when);
}

static enum status
show(const struct site *site, const char *name)
{
	struct account account;
	enum status status = account_look_up(site, name, &account);

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
	/* Before someone types a password for nobody. */
	enum status status = account_look_up(site, name, &account);

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

/* No change but the epoch's. */
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

const struct cli_command cli_user_commands[] = {
	{"user", "add",
		"NAME [--email E] [--name N] [--language L] [--admin] "
		"[--verified] [--hash HASH|-]",
		"Makes an account and prints its id. HASH - is a line of "
		"input, which ps cannot see.",
		user_add, NULL, NULL},
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
	{"user", "delete", "NAME", "Deletes the account.", cli_act,
		account_delete, "account-delete"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
