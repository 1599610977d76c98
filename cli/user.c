/* user.c - latchkey user ... */
#include "config.h"

#include "cli.h"

#include "account/factor.h"
#include "account/invitation.h"
#include "account/names.h"
#include "account/session-record.h"
#include "account/token.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utc.h"
#include "password/hash-admit.h"
#include "password/hash-form.h"
#include "print.h"
#include "prompt.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* Whether the command's options ask for it; all that are given have to fit. */
static bool
is_wanted(const struct cli *cli, const struct account *account)
{
	const char *group = cli_option(cli, "--group");

	return (cli_option(cli, "--admin") == NULL || account->admin) &&
	       (cli_option(cli, "--disabled") == NULL || !account->enabled) &&
	       (group == NULL || groups_have(account->groups, group));
}

static bool
list_one(void *context, const struct account *account)
{
	if (is_wanted(context, account))
		print_row(account->username, account->email,
			account->admin ? "admin" : "user",
			account->enabled ? "enabled" : "disabled",
			account->verified ? "verified" : "unverified",
			account->id, account->groups, NULL);
	return true;
}

static enum status
list(struct cli *cli)
{
	static const char *const columns[] = {"username", "email", "role",
		"state", "verified", "id", "groups", NULL};

	cli_list(cli, columns);
	return account_each(&cli->site, list_one, cli);
}

static int
user_list(struct cli *cli)
{
	const char *group = cli_option(cli, "--group");

	return group != NULL && !groups_is_name(group)
		       ? cli_misused(cli->command, "no group:", group)
		       : cli_act(cli);
}

/* --- sessions ---------------------------------------------------------- */

static void
print_session(const struct session_record *session)
{
	char created[UTC_SIZE], seen[UTC_SIZE], expires[UTC_SIZE];
	char factors[JWT_AMR_SIZE];

	jwt_write_amr(session->amr, factors);
	print_row(session->id, utc_text(session->created, created),
		utc_text(session->seen, seen),
		utc_text(session->expires, expires), session->network, factors,
		session->agent, NULL);
}

static enum status
list_sessions(struct cli *cli)
{
	static const char *const columns[] = {"id", "created", "seen",
		"expires", "network", "factors", "agent", NULL};
	static struct session_record sessions[SESSIONS_MOST];
	struct store *store = cli->site.store;
	enum status status = store_begin(store, STORE_READ);
	int i, count = 0;

	if (status == STATUS_OK)
		status = session_record_list(
			store, cli->account.id, site_now(), sessions, &count);
	store_abort(store);
	cli_list(cli, columns);
	for (i = 0; i < count; i++)
		print_session(&sessions[i]);
	return status;
}

/* The end of a session is named with its account in the audit. */
static enum status
end_session(struct cli *cli)
{
	struct session_record session;
	struct store *store = cli->site.store;
	enum status status = session_record_find(
		&cli->site, cli->words[0], site_now(), &session);

	cli->reason =
		status == STATUS_NOT_FOUND ? "there is no such session" : NULL;
	if (status == STATUS_OK)
		status = store_begin(store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	snprintf(cli->target, sizeof cli->target, "session:%s", session.id);
	status = account_get(store, session.account, &cli->account);
	if (status == STATUS_OK)
		status = session_record_end(store, session.account, session.id);
	return store_finish(store, status);
}

/* --- one account ------------------------------------------------------- */

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

static void
print_member(const char *label, const char *text)
{
	print_line(stdout, "%s: %s", label, text[0] != '\0' ? text : "-");
}

static enum status
show(struct cli *cli)
{
	const struct account *account = &cli->account;
	char created[UTC_SIZE], since[UTC_SIZE];
	struct factor factor;
	enum status status = factor_look_up(&cli->site, account->id, &factor);

	if (status != STATUS_OK)
		return status;
	print_member("id", account->id);
	print_member("username", account->username);
	print_member("email", account->email);
	if (account->full_name[0] != '\0')
		print_member("name", account->full_name);
	if (account->language[0] != '\0')
		print_member("language", account->language);
	print_member("role", account->admin ? "admin" : "user");
	if (account->groups[0] != '\0')
		print_member("groups", account->groups);
	print_member("state", account->enabled ? "enabled" : "disabled");
	print_member("verified", account->verified ? "yes" : "no");
	if (factor_is_on(&factor))
		print_member("second factor", utc_text(factor.since, since));
	if (account->must_change)
		print_member("must change", "yes");
	print_hash(account->hash);
	print_member("created", utc_text(account->created, created));
	return STATUS_OK;
}

static enum status
set_password(struct cli *cli)
{
	struct password password;
	char hash[PASSWORD_HASH_SIZE];
	enum status status = STATUS_WEAK_PASSWORD;

	if (prompt_new_password(&cli->site, &cli->account, &password))
		status = account_hash(&cli->site, &password, hash);
	password_wipe(&password);
	if (status == STATUS_OK)
		status = account_update(
			&cli->site, cli->words[0], account_set_hash, hash);
	return status;
}

static enum status
set_enabled(struct cli *cli)
{
	bool enabled = strcmp(cli->command->verb, "enable") == 0;

	return account_update(
		&cli->site, cli->words[0], account_set_enabled, &enabled);
}

static enum status
sign_out(struct cli *cli)
{
	return account_update(&cli->site, cli->words[0], NULL, NULL);
}

static enum status
delete_account(struct cli *cli)
{
	struct account account;

	return token_delete_account(&cli->site, cli->words[0], &account);
}

/* --- add --------------------------------------------------------------- */

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
		status = account_add(site, account, &password, ACCOUNT_ALWAYS,
			ACCOUNT_HIDES_NONE);
	password_wipe(&password);
	return status;
}

/* Takes a hash as it is. `-` stands for a line of standard input, since every
 * user of the machine can see the words of a command. */
static bool
take_hash(const struct site *site, const char *hash, struct account *account)
{
	struct password_scheme own = conf_scheme(site->conf);
	char line[HASH_FORM_LONGEST + 1], kept[PASSWORD_HASH_SIZE];
	const char *reason = "there is none on standard input";

	if (strcmp(hash, "-") == 0)
		hash = prompt_read_line(line, sizeof line) ? line : NULL;
	if (hash != NULL)
		reason = hash_form(hash, kept);
	if (reason == NULL &&
		hash_admit(&own, site->conf->hash_memory, kept, &reason)) {
		account_set_hash(account, kept);
		return true;
	}
	print_line(
		stderr, "latchkey user add: the hash is refused: %s", reason);
	return false;
}

/* What was given of the account's owner. */
static struct account_profile
profile_of(const struct cli *cli)
{
	struct account_profile profile = {
		cli_option(cli, "--name"), cli_option(cli, "--language")};

	return profile;
}

/* False, said on standard error, if an account cannot have these. */
static bool
check_words(const struct cli *cli)
{
	struct account_profile profile = profile_of(cli);

	if (account_profile_flaw(&profile) == NULL)
		return true;
	print_line(stderr,
		"latchkey user %s: --name has at most %d bytes, --language two "
		"or three letters",
		cli->command->verb, ACCOUNT_FULL_NAME);
	return false;
}

/* Only a warning: the templates may come later. */
static void
warn_of_language(const struct cli *cli)
{
	const struct conf *conf = cli->site.conf;
	const char *language = cli_option(cli, "--language");

	if (language != NULL && language[0] != '\0' && conf_mails(conf) &&
		!mail_has_language(conf, language))
		print_line(stderr,
			"latchkey user %s: warning: there is no %s in %s: "
			"mails will be in the default language, %s",
			cli->command->verb, language, conf->mail_templates,
			conf->language);
}

/* Sets the names of a new account; false if they are none. */
static bool
set_names(const struct cli *cli, struct account *account)
{
	const char *name = cli->words[0], *email = cli_option(cli, "--email");
	bool named = set_name(
		strchr(name, '@') != NULL ? account->email : account->username,
		name);

	/* A NAME that is an email leaves no room for another. */
	if (email != NULL)
		named = named && account->email[0] == '\0' &&
			set_name(account->email, email) && name_is_email(email);
	return named && (name_is_email(name) || name_is_username(name));
}

static enum status
add(struct cli *cli)
{
	struct account *account = &cli->account;
	const char *hash = cli_option(cli, "--hash");
	enum status status = STATUS_BAD_FIELD;

	if (!set_names(cli, account))
		status = STATUS_BAD_NAME;
	else if (hash == NULL)
		status = add_with_password(&cli->site, account);
	else if (take_hash(&cli->site, hash, account))
		status = account_add(&cli->site, account, NULL, ACCOUNT_ALWAYS,
			ACCOUNT_HIDES_NONE);
	if (status == STATUS_OK) {
		warn_of_language(cli);
		print_line(stdout, "%s", account->id);
	} else {
		account->id[0] = '\0'; /* no account yet */
	}
	return status;
}

/* False, said on standard error, before a password is asked for. */
static bool
check_admin(const struct cli *cli)
{
	struct account account = {.admin = cli_option(cli, "--admin") != NULL};

	if (!set_name(account.username, cli->words[0]) ||
		!account_is_admin_in_name_only(&account))
		return true;
	print_line(stderr,
		"latchkey user %s: %s is the administrator of actian's API: "
		"add --admin",
		cli->command->verb, cli->words[0]);
	return false;
}

/* Sets those members that were given. */
static void
set_words(const struct cli *cli, struct account *account)
{
	struct account_profile profile = profile_of(cli);

	account_take_profile(account, &profile);
}

static int
user_add(struct cli *cli)
{
	struct account *account = &cli->account;

	account->admin = cli_option(cli, "--admin") != NULL;
	account->verified = cli_option(cli, "--verified") != NULL;
	if (!check_words(cli) || !check_admin(cli))
		return CLI_REFUSED;
	set_words(cli, account);
	/* A child process measures the cost of a hash. */
	if (cli_option(cli, "--hash") != NULL ? !cli_open_parent(cli)
					      : !cli_open_site(cli))
		return CLI_REFUSED;
	return cli_act(cli);
}

/* --- invite ------------------------------------------------------------ */

/* The code is the last word, if it is to be handed over. */
static void
print_invitation(const struct cli *cli, const struct invitation *invitation)
{
	const struct account *account = &cli->account;
	struct json_object *line;
	char expires[UTC_SIZE], *text;

	utc_text(invitation->expires, expires);
	if (cli_option(cli, "--json") == NULL) {
		text = mem_printf("%s is invited until %s",
			account_name(account), expires);
		if (invitation->code[0] != '\0')
			cli_hand_over(
				cli, text, "invitation", invitation->code);
		else
			print_line(stdout, "%s: a mail has the code", text);
		mem_free(text);
		return;
	}
	line = json_new_object();
	json_add_string(line, "id", account->id);
	json_add_string(line, "username", account->username);
	json_add_string(line, "email", account->email);
	json_add_string(line, "expires", expires);
	if (invitation->code[0] != '\0')
		json_add_string(line, "code", invitation->code);
	print_json(line);
}

static enum status
invite(struct cli *cli)
{
	struct account *account = &cli->account;
	struct invitation invitation;
	enum status status = STATUS_BAD_NAME;

	if (set_names(cli, account))
		status = invitation_new(
			&cli->site, account, site_now(), &invitation);
	if (status == STATUS_OK) {
		warn_of_language(cli);
		print_invitation(cli, &invitation);
	} else {
		account->id[0] = '\0'; /* no account yet */
	}
	sodium_memzero(&invitation, sizeof invitation);
	return status;
}

/* Ends the code before. A code for an account that has a password is another
 * command's. */
static enum status
invite_again(struct cli *cli)
{
	struct invitation invitation;
	enum status status = STATUS_FORBIDDEN;

	cli->reason = "it has a password already: latchkey code new";
	if (cli->account.hash[0] == '\0') {
		cli->reason = NULL;
		status = invitation_again(&cli->site, cli->account.id,
			site_now(), &cli->account, &invitation);
	}
	if (status == STATUS_OK)
		print_invitation(cli, &invitation);
	if (status == STATUS_DISABLED)
		cli->reason = "the account is disabled: latchkey user enable "
			      "it first";
	sodium_memzero(&invitation, sizeof invitation);
	return status;
}

/* --again takes the account as it is. */
static int
user_invite_again(struct cli *cli)
{
	struct cli_command again = *cli->command;
	const struct cli_given *given = cli->given;

	for (; given->name != NULL; given++)
		if (strcmp(given->name, "--again") != 0 &&
			strcmp(given->name, "--json") != 0)
			return cli_misused(cli->command,
				"with --again there is no", given->name);
	again.act = invite_again;
	cli->command = &again;
	return cli_act_on_account(cli);
}

static int
user_invite(struct cli *cli)
{
	const char *group = cli_option(cli, "--group");

	if (cli_option(cli, "--again") != NULL)
		return user_invite_again(cli);
	cli->account.admin = cli_option(cli, "--admin") != NULL;
	if (group != NULL && !groups_add(cli->account.groups, group))
		return cli_misused(cli->command, "no group:", group);
	if (!check_words(cli) || !check_admin(cli))
		return CLI_REFUSED;
	set_words(cli, &cli->account);
	return cli_open_site(cli) ? cli_act(cli) : CLI_REFUSED;
}

/* --- set --------------------------------------------------------------- */

/* Changes what was given; all else of the account stays as it is. */
static enum status
edit_account(struct account *account, const void *context)
{
	const struct cli *cli = context;
	const char *username = cli_option(cli, "--username");
	const char *new_email = cli_option(cli, "--email");
	const char *role = cli_option(cli, "--role");
	bool was = account_is_admin_in_name_only(account);
	char email[NAME_SIZE];

	strcpy(email, account->email);
	if ((username != NULL && !set_name(account->username, username)) ||
		(new_email != NULL && !set_name(account->email, new_email)))
		return STATUS_BAD_NAME;
	set_words(cli, account);
	if (role != NULL)
		account->admin = strcmp(role, "admin") == 0;
	if (cli_option(cli, "--must-change") != NULL)
		account->must_change = true;
	if (cli_option(cli, "--no-must-change") != NULL)
		account->must_change = false;
	/* Another address has to be proved again. */
	account->verified =
		cli_option(cli, "--verified") != NULL ||
		(account->verified && name_same(email, account->email));
	account->unproved = account->unproved && !account->verified;
	return !was && account_is_admin_in_name_only(account) ? STATUS_FORBIDDEN
							      : STATUS_OK;
}

static enum status
set(struct cli *cli)
{
	enum status status = names_settle(cli->site.store, false);

	if (status == STATUS_OK)
		status = account_update(
			&cli->site, cli->words[0], edit_account, cli);
	if (status == STATUS_OK)
		warn_of_language(cli);
	return status;
}

static int
user_set(struct cli *cli)
{
	const char *role = cli_option(cli, "--role");

	if (cli->given[0].name == NULL)
		return cli_misused(
			cli->command, "there is nothing to change", NULL);
	if (cli_option(cli, "--must-change") != NULL &&
		cli_option(cli, "--no-must-change") != NULL)
		return cli_misused(cli->command, "--must-change contradicts",
			"--no-must-change");
	if (role != NULL && strcmp(role, "admin") != 0 &&
		strcmp(role, "user") != 0)
		return cli_misused(cli->command, "no role:", role);
	return check_words(cli) ? cli_act_on_account(cli) : CLI_REFUSED;
}

/* --- groups ------------------------------------------------------------ */

/* Adds and takes away, in the order of the words: +a, -b. */
static enum status
edit_groups(struct account *account, const void *context)
{
	const struct cli *cli = context;
	int i;

	for (i = 1; i < cli->count; i++) {
		const char *name = cli->words[i] + 1;

		if (cli->words[i][0] == '-')
			groups_remove(account->groups, name);
		else if (!groups_add(account->groups, name))
			return STATUS_BAD_FIELD;
	}
	return STATUS_OK;
}

static enum status
change_groups(struct cli *cli)
{
	size_t used = 0;
	int i;

	for (i = 1; i < cli->count && used < sizeof cli->target; i++)
		used += (size_t)snprintf(cli->target + used,
			sizeof cli->target - used, "%s%s", i > 1 ? " " : "",
			cli->words[i]);
	cli->reason = "an account is in 32 groups at most";
	return account_edit(&cli->site, cli->words[0], NULL, edit_groups, cli,
		&cli->account);
}

static int
user_group(struct cli *cli)
{
	int i;

	for (i = 1; i < cli->count; i++)
		if (strchr("+-", cli->words[i][0]) == NULL ||
			!groups_is_name(cli->words[i] + 1))
			return cli_misused(cli->command,
				"not + or - and a group, a word of at most 32 "
				"lower-case letters, digits and ._-:",
				cli->words[i]);
	return cli_act_on_account(cli);
}

/* --- the second factor ------------------------------------------------- */

static enum status
remove_factor(struct cli *cli)
{
	cli->reason = "it has no second factor";
	return factor_remove(&cli->site, cli->account.id, NULL, NULL, "");
}

static enum status
confirm_codes(struct cli *cli)
{
	cli->reason = "it has no second factor";
	return factor_confirm(&cli->site, cli->account.id);
}

static enum status
show_factor(struct cli *cli)
{
	struct factor factor;
	struct json_object *line;
	char since[UTC_SIZE] = "";
	enum status status =
		factor_look_up(&cli->site, cli->account.id, &factor);

	if (status != STATUS_OK)
		return status;
	if (factor_is_on(&factor))
		utc_text(factor.since, since);
	if (cli_option(cli, "--json") == NULL) {
		print_member("totp", since);
		print_line(stdout, "recovery codes: %d%s",
			factor_codes_left(&factor),
			factor.restored ? ", restored" : "");
		return STATUS_OK;
	}
	line = json_new_object();
	json_add_string(line, "id", cli->account.id);
	json_add_string(line, "totp", since[0] != '\0' ? since : NULL);
	json_add_int(line, "recovery_codes_left", factor_codes_left(&factor));
	json_add_bool(line, "restored", factor.restored);
	print_json(line);
	return STATUS_OK;
}

/* Showing it is no event. */
static int
user_factor(struct cli *cli)
{
	bool removes = cli_option(cli, "--remove") != NULL;
	bool confirms = cli_option(cli, "--confirm") != NULL;
	struct cli_command other = *cli->command;

	if (removes && confirms)
		return cli_misused(
			cli->command, "not both at once:", "--confirm");
	other.act = confirms ? confirm_codes : show_factor;
	other.event = confirms ? "recovery-codes-confirm" : NULL;
	if (!removes)
		cli->command = &other;
	return cli_act_on_account(cli);
}

const struct cli_command cli_user_commands[] = {
	{"user", "add",
		"NAME [--email E] [--name N] [--language L] [--admin] "
		"[--verified] [--hash HASH|-]",
		"Makes an account and prints its id. HASH - is a line of "
		"input, which ps cannot see.",
		user_add, add, "account-create"},
	{"user", "invite",
		"NAME [--email E] [--name N] [--language L] [--admin] "
		"[--group G] [--again] [--json]",
		"Makes an account whose owner chooses the password, by a code "
		"that is mailed, or else the last word; --again: another code "
		"for one that has none yet.",
		user_invite, invite, "account-invite"},
	{"user", "set",
		"NAME [--username U] [--email E] [--name N] [--language L] "
		"[--role admin|user] [--verified] [--must-change] "
		"[--no-must-change]",
		"Changes what is given (\"\" takes it away), and ends every "
		"sign-in. --must-change: the next one takes another password; "
		"--no-must-change: not any more.",
		user_set, set, "account-change"},
	{"user", "group", "NAME +GROUP|-GROUP...",
		"Adds the account to groups, and takes it out of groups. "
		"People stay signed in.",
		user_group, change_groups, "groups-change"},
	{"user", "factor", "NAME [--remove|--confirm] [--json]",
		"Shows its second factor; --remove takes it away and tells the "
		"owner; --confirm has recovery codes out of a backup be good "
		"again.",
		user_factor, remove_factor, "factor-remove"},
	{"user", "list", "[--admin] [--disabled] [--group G] [--json]",
		"Lists all, or those that fit: username, email, role, state, "
		"verified, id, groups.",
		user_list, list, NULL},
	{"user", "sessions", "NAME [--json]",
		"Lists the account's sessions: id, created, seen, expires, "
		"network, factors, agent.",
		cli_act_on_account, list_sessions, NULL},
	{"user", "show", "NAME", "Shows one.", cli_act_on_account, show, NULL},
	{"user", "passwd", "NAME",
		"Sets a new password; tokens and codes from before are dead.",
		cli_act_on_account, set_password, "password-set"},
	{"user", "sign-out", "NAME",
		"Ends every sign-in of the account; unused codes too.",
		cli_act_on_account, sign_out, "sign-out"},
	{"user", "disable", "NAME",
		"Lets the account sign in no more, and ends its tokens.",
		cli_act_on_account, set_enabled, "account-disable"},
	{"user", "enable", "NAME", "Lets it sign in again.", cli_act_on_account,
		set_enabled, "account-enable"},
	{"user", "delete", "NAME",
		"Deletes the account, and the access tokens that it has made.",
		cli_act_on_account, delete_account, "account-delete"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};

const struct cli_command cli_session_commands[] = {
	{"session", "end", "ID",
		"Ends one session, of whatever account; user sessions has its "
		"id.",
		cli_act, end_session, "session-end"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
