/* cli.c - what the operator's commands share */
#include "config.h"

#include "cli.h"

#include "base/log.h"
#include "print.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The operator's user, before the command becomes the owner of the state. */
static uid_t operator_uid;

/* --- the words --------------------------------------------------------- */

void
cli_print_words(const struct cli_command *command, FILE *out)
{
	fputs(command->group, out);
	if (command->verb != NULL)
		fprintf(out, " %s", command->verb);
	if (command->operands[0] != '\0')
		fprintf(out, " %s", command->operands);
}

void
cli_print_usage(const struct cli_command *command, FILE *out)
{
	fputs("usage: latchkey [--config FILE] ", out);
	cli_print_words(command, out);
	fputc('\n', out);
}

int
cli_misused(const struct cli_command *command, const char *problem,
	const char *word)
{
	bool verb = command != NULL && command->verb != NULL;

	print_line(stderr, "latchkey%s%s%s%s: %s%s%s%s",
		command != NULL ? " " : "",
		command != NULL ? command->group : "", verb ? " " : "",
		verb ? command->verb : "", problem, word != NULL ? " '" : "",
		word != NULL ? word : "", word != NULL ? "'" : "");
	if (command != NULL)
		cli_print_usage(command, stderr);
	fputs("latchkey --help lists all\n", stderr);
	return CLI_USAGE;
}

int
cli_unknown_option(const struct cli_command *command, const char *word)
{
	char name[64];
	size_t length = word[1] == '-' ? strcspn(word, "=") : 2;

	snprintf(name, sizeof name, "%.*s", (int)length, word);
	return cli_misused(command, "unknown option", name);
}

/* Takes the option at `*at`, and its value. CLI_USAGE, said on standard error,
 * if it is unknown or lacks its value. */
static int
take_option(const struct cli_command *command, int argc, char **argv, int *at,
	const struct cli_option *option)
{
	while (option->name != NULL && strcmp(option->name, argv[*at]) != 0)
		option++;
	if (option->name == NULL)
		return cli_unknown_option(command, argv[*at]);
	if (option->value == NULL) {
		*option->present = true;
		return CLI_OK;
	}
	if (++*at == argc)
		return cli_misused(
			command, "there is no value after", option->name);
	*option->value = argv[*at];
	return CLI_OK;
}

int
cli_parse(const struct cli_command *command, int argc, char **argv,
	const struct cli_option *options, const char **operands, int count)
{
	bool words_only = false;
	int i, found = 0;

	for (i = 0; i < argc; i++) {
		if (!words_only && strcmp(argv[i], "--") == 0) {
			words_only = true;
		} else if (words_only || argv[i][0] != '-' ||
			   argv[i][1] == '\0') {
			if (found < count)
				operands[found] = argv[i];
			found++;
		} else if (take_option(command, argc, argv, &i, options) !=
			   CLI_OK) {
			return CLI_USAGE;
		}
	}
	/* Without the word: it may be a password in the wrong place. */
	return found == count ? CLI_OK
			      : cli_misused(command,
					found < count ? "too few words"
						      : "too many words",
					NULL);
}

/* --- the site ---------------------------------------------------------- */

static bool
find_owner(const char *state_dir, struct stat *dir)
{
	if (stat(state_dir, dir) != 0)
		log_error("state_dir: %s: %s", state_dir, strerror(errno));
	else if (geteuid() == 0 && dir->st_uid == 0)
		log_error("state_dir: %s is root's, and root does not work in "
			  "it; chown it to the user that the programs run as",
			state_dir);
	else
		return true;
	return false;
}

static bool
become_owner(const char *state_dir, const struct stat *dir)
{
	struct passwd *owner;

	if (geteuid() != 0)
		return true;
	owner = getpwuid(dir->st_uid);
	if ((owner != NULL ? initgroups(owner->pw_name, dir->st_gid)
			   : setgroups(0, NULL)) == 0 &&
		setgid(dir->st_gid) == 0 && setuid(dir->st_uid) == 0)
		return true;
	log_error("cannot become the owner of %s: %s", state_dir,
		strerror(errno));
	return false;
}

/* `first`: NULL, or what is done before. */
static bool
work_as_owner(const struct site *site, cli_step *first, void *context)
{
	const char *state_dir = site->conf->state_dir;
	struct stat dir;

	operator_uid = getuid();
	return find_owner(state_dir, &dir) &&
	       (first == NULL || first(site, &dir, context)) &&
	       become_owner(state_dir, &dir);
}

bool
cli_become_owner(const struct site *site)
{
	return work_as_owner(site, NULL, NULL);
}

static bool
open_as_owner(struct site *site, const char *conf_file, cli_step *first,
	void *context, bool (*confine)(const struct site *site))
{
	if (!site_open(site, conf_file))
		return false;
	/* Becoming another user undoes a part of the sandbox. */
	if (work_as_owner(site, first, context) && confine(site))
		return true;
	site_close(site);
	return false;
}

bool
cli_open(struct site *site, const char *conf_file)
{
	return open_as_owner(site, conf_file, NULL, NULL, site_confine);
}

bool
cli_open_parent(struct site *site, const char *conf_file)
{
	return open_as_owner(site, conf_file, NULL, NULL, site_confine_parent);
}

bool
cli_open_first(struct site *site, const char *conf_file, cli_step *first,
	void *context)
{
	return open_as_owner(site, conf_file, first, context, site_confine);
}

/* --- what came of it --------------------------------------------------- */

void
cli_audit(const struct site *site, const char *event, enum status status,
	const char *account)
{
	cli_audit_target(site, event, status, account, "");
}

void
cli_audit_target(const struct site *site, const char *event, enum status status,
	const char *account, const char *target)
{
	char by[32];
	struct audit_event line = {.event = event,
		.status = status,
		.account = account,
		.by = by,
		.target = target,
		.network = "",
		.request = ""};

	snprintf(by, sizeof by, "uid:%u", (unsigned)operator_uid);
	audit_write(site->audit, &line);
}

int
cli_result(
	const struct cli_command *command, const char *name, enum status status)
{
	static const char *const reasons[STATUS_COUNT] = {
		[STATUS_NO_ACCOUNT] = "there is no such account",
		[STATUS_NAME_TAKEN] =
			"an account of that username or email exists, or one "
			"from before whose name reads the same (latchkey "
			"check)",
		[STATUS_BAD_NAME] =
			"not a valid name: a username is letters, digits and "
			"ASCII signs but @ and :, with single blanks inside, "
			"and no account's id; an email has one @, ASCII before "
			"it and a domain after it",
		[STATUS_FORBIDDEN] =
			"only an administrator is called that, since actian's "
			"API acts on that account",
		[STATUS_LAST_ADMIN] = "this is the last enabled administrator",
		[STATUS_NO_ACCESS_TOKEN] = "there is no such access token",
		[STATUS_UNAVAILABLE] =
			"it cannot be done now; the line before says why",
		[STATUS_INTERNAL] = "the outcome is unknown",
	};

	if (status == STATUS_OK)
		return CLI_OK;
	print_line(stderr, "latchkey %s %s: %s: %s", command->group,
		command->verb, name,
		reasons[status] != NULL ? reasons[status] : "refused");
	return CLI_REFUSED;
}

/* Acts on a target that is no account, such as an access token by its number.
 * An account may have the same name. */
static enum status
act_on_thing(const struct cli_command *command, const struct site *site,
	const char *typed)
{
	enum status status = command->act(site, typed);
	char target[64] = "";

	if (status == STATUS_OK && typed != NULL)
		snprintf(target, sizeof target, "%s:%s", command->group, typed);
	if (command->event != NULL)
		cli_audit_target(site, command->event, status, "", target);
	return status;
}

/* Acts on the account that `typed` names, and writes the audit line. */
static enum status
act(const struct cli_command *command, const struct site *site,
	const char *name)
{
	struct account account = {.id = ""};
	enum status status;

	if (strcmp(command->operands, "NAME") != 0)
		return act_on_thing(command, site, name);
	/* Before the act: afterwards the account may be gone. */
	if (command->event != NULL)
		account_look_up_whom(site, name, &account);
	status = command->act(site, name);
	if (command->event != NULL)
		cli_audit(site, command->event, status, account.id);
	return status;
}

int
cli_act(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	static const struct cli_option no_options[] = {{NULL, NULL, NULL}};
	const char *name = NULL;
	struct site site;
	enum status status;
	int result = cli_parse(command, argc, argv, no_options, &name,
		command->operands[0] == '\0' ? 0 : 1);

	if (result != CLI_OK)
		return result;
	if (!cli_open(&site, conf_file))
		return CLI_REFUSED;
	status = act(command, &site, name);
	site_close(&site);
	return cli_result(
		command, name == NULL ? command->group : name, status);
}
