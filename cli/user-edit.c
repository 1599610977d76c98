/* user-edit.c - latchkey user add and user set: what an account is */
#include "config.h"

#include "account/names.h"
#include "user.h"

#include "password/hash-admit.h"
#include "print.h"
#include "prompt.h"

#include <stdio.h>
#include <string.h>

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

/* Takes a hash as it is. `-` stands for a line of standard input, since every
 * user of the machine can see the words of a command. */
static bool
take_hash(const struct site *site, const char *hash, struct account *account)
{
	struct password_scheme own = conf_scheme(site->conf);
	char line[2 * PASSWORD_HASH_SIZE];
	const char *reason = "there is none on standard input";

	if (strcmp(hash, "-") == 0)
		hash = prompt_read_line(line, sizeof line) ? line : NULL;
	if (hash != NULL && hash_admit(&own, hash, &reason)) {
		account_set_hash(account, hash);
		return true;
	}
	print_line(
		stderr, "latchkey user add: the hash is refused: %s", reason);
	return false;
}

static enum status
add_account(const struct site *site, const char *name, const char *email,
	const char *hash, struct account *account)
{
	bool named = set_name(
		strchr(name, '@') != NULL ? account->email : account->username,
		name);

	/* A NAME that is an email leaves no room for another. */
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

/* False, said on standard error, if an account cannot have these. */
static bool
check_words(const struct cli_command *command, const char *full_name,
	const char *language)
{
	if (strlen(full_name) <= ACCOUNT_FULL_NAME &&
		(language[0] == '\0' || name_is_language(language)))
		return true;
	print_line(stderr,
		"latchkey user %s: --name has at most %d bytes, --language two "
		"or three letters",
		command->verb, ACCOUNT_FULL_NAME);
	return false;
}

/* Only a warning: the templates may come later. */
static void
warn_of_language(const struct cli_command *command, const struct conf *conf,
	const char *language)
{
	if (language[0] != '\0' && conf_mails(conf) &&
		!mail_has_language(conf, language))
		print_line(stderr,
			"latchkey user %s: warning: there is no %s in %s: "
			"mails will be in the default language, %s",
			command->verb, language, conf->mail_templates,
			conf->language);
}

/* False, said on standard error, before a password is asked for. */
static bool
check_admin(const char *name, bool admin)
{
	struct account account = {.admin = admin};

	if (!set_name(account.username, name) ||
		!account_is_admin_in_name_only(&account))
		return true;
	print_line(stderr,
		"latchkey user add: %s is the administrator of actian's API: "
		"add --admin",
		name);
	return false;
}

int
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
	if (!check_words(command, full_name, language) ||
		!check_admin(name, account.admin))
		return CLI_REFUSED;
	strcpy(account.full_name, full_name);
	strcpy(account.language, language);
	/* A child process measures the cost of a hash. */
	if (!(hash == NULL ? cli_open : cli_open_parent)(&site, conf_file))
		return CLI_REFUSED;
	status = add_account(&site, name, email, hash, &account);
	cli_audit(&site, "account-create", status,
		status == STATUS_OK ? account.id : "");
	if (status == STATUS_OK)
		warn_of_language(command, site.conf, account.language);
	site_close(&site);
	result = cli_result(command, name, status);
	if (result == CLI_OK)
		print_line(stdout, "%s", account.id);
	return result;
}

/* The changes of an account; NULL leaves a member as it is. */
struct edit {
	const char *username, *email, *full_name, *language, *role;
	bool verified;
};

static bool
changes_nothing(const struct edit *edit)
{
	return edit->username == NULL && edit->email == NULL &&
	       edit->full_name == NULL && edit->language == NULL &&
	       edit->role == NULL && !edit->verified;
}

static enum status
edit_account(struct account *account, const void *context)
{
	const struct edit *edit = context;
	bool was = account_is_admin_in_name_only(account);
	char email[NAME_SIZE];

	strcpy(email, account->email);
	if ((edit->username != NULL &&
		    !set_name(account->username, edit->username)) ||
		(edit->email != NULL && !set_name(account->email, edit->email)))
		return STATUS_BAD_NAME;
	if (edit->full_name != NULL)
		strcpy(account->full_name, edit->full_name);
	if (edit->language != NULL)
		strcpy(account->language, edit->language);
	if (edit->role != NULL)
		account->admin = strcmp(edit->role, "admin") == 0;
	/* Another address has to be proved again. */
	account->verified =
		edit->verified ||
		(account->verified && name_same(email, account->email));
	account->unproved = account->unproved && !account->verified;
	return !was && account_is_admin_in_name_only(account) ? STATUS_FORBIDDEN
							      : STATUS_OK;
}

static enum status
set(const struct cli_command *command, const struct site *site,
	const char *name, const struct edit *edit)
{
	struct account account = {.id = ""};
	enum status status = account_look_up_whom(site, name, &account);

	if (status == STATUS_OK)
		status = names_settle(site->store, false);
	if (status == STATUS_OK)
		status = account_update(site, name, edit_account, edit);
	cli_audit(site, "account-change", status, account.id);
	if (status == STATUS_OK && edit->language != NULL)
		warn_of_language(command, site->conf, edit->language);
	return status;
}

int
user_set(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	struct edit edit = {.verified = false};
	const char *name;
	const struct cli_option options[] = {
		{"--username", &edit.username, NULL},
		{"--email", &edit.email, NULL},
		{"--name", &edit.full_name, NULL},
		{"--language", &edit.language, NULL},
		{"--role", &edit.role, NULL},
		{"--verified", NULL, &edit.verified}, {NULL, NULL, NULL}};
	struct site site;
	enum status status;
	int result = cli_parse(command, argc, argv, options, &name, 1);

	if (result != CLI_OK)
		return result;
	if (changes_nothing(&edit))
		return cli_misused(command, "there is nothing to change", NULL);
	if (edit.role != NULL && strcmp(edit.role, "admin") != 0 &&
		strcmp(edit.role, "user") != 0)
		return cli_misused(command, "no role:", edit.role);
	if (!check_words(command, edit.full_name != NULL ? edit.full_name : "",
		    edit.language != NULL ? edit.language : "") ||
		!cli_open(&site, conf_file))
		return CLI_REFUSED;
	status = set(command, &site, name, &edit);
	site_close(&site);
	return cli_result(command, name, status);
}
