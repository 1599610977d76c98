/* latchkey.c - the operator's command */
#include "config.h"

#include "cli.h"

#include "dialect.h"
#include "guess.h"
#include "json.h"
#include "log.h"
#include "mem.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <unistr.h>

/* clang-format off */
static const struct cli_command *const groups[] = {
	cli_user_commands,
	cli_token_commands,
	cli_code_commands,
	cli_key_commands,
	cli_mail_commands,
	cli_throttle_commands,
	cli_audit_commands,
	cli_blocklist_commands,
	cli_import_commands,
	cli_check_commands,
	cli_config_commands,
	NULL
};
/* clang-format on */

/* --- usage ------------------------------------------------------------- */

static void
print_usage(const struct cli_command *command, FILE *out)
{
	fprintf(out, "usage: latchkey [--config FILE] %s%s%s%s%s\n",
		command->group, command->verb == NULL ? "" : " ",
		command->verb == NULL ? "" : command->verb,
		command->operands[0] == '\0' ? "" : " ", command->operands);
}

static void
print_help(FILE *out)
{
	const struct cli_command *const *group;
	const struct cli_command *command;
	char words[120];

	fputs("usage: latchkey [--config FILE] COMMAND ...\n\n", out);
	for (group = groups; *group != NULL; group++)
		for (command = *group; command->group != NULL; command++) {
			snprintf(words, sizeof words, "%s%s%s %s",
				command->group,
				command->verb == NULL ? "" : " ",
				command->verb == NULL ? "" : command->verb,
				command->operands);
			fprintf(out, "  %s\n      %s\n", words, command->help);
		}
	fputs("\nNAME is a username or an email. A password is read from "
	      "standard input, one\nline, or asked for twice on a terminal. "
	      "FILE is else $LATCHKEY_CONF, else\n" SYSCONFDIR
	      "/latchkey.conf.\n\nExit status: 0 done, 1 refused (the reason "
	      "is on standard error), 2 usage.\n",
		out);
}

int
cli_parse(const struct cli_command *command, int argc, char **argv,
	const struct cli_option *options, const char **operands, int count)
{
	const struct cli_option *option;
	bool words_only = false;
	int i, found = 0;

	for (i = 0; i < argc; i++) {
		if (!words_only && strcmp(argv[i], "--") == 0) {
			words_only = true;
			continue;
		}
		if (words_only || argv[i][0] != '-' || argv[i][1] == '\0') {
			if (found < count)
				operands[found] = argv[i];
			found++;
			continue;
		}
		for (option = options; option->name != NULL; option++)
			if (strcmp(option->name, argv[i]) == 0)
				break;
		if (option->name == NULL ||
			(option->value != NULL && ++i == argc)) {
			found = -1;
			break;
		}
		if (option->value != NULL)
			*option->value = argv[i];
		else
			*option->present = true;
	}
	if (found == count)
		return CLI_OK;
	print_usage(command, stderr);
	return CLI_USAGE;
}

/* --- as whom ----------------------------------------------------------- */

static bool
become_owner(const char *state_dir)
{
	struct passwd *owner;
	struct stat dir;

	if (stat(state_dir, &dir) != 0) {
		log_error("state_dir: %s: %s", state_dir, strerror(errno));
		return false;
	}
	if (geteuid() != 0 || dir.st_uid == 0)
		return true;
	owner = getpwuid(dir.st_uid);
	if ((owner != NULL ? initgroups(owner->pw_name, dir.st_gid)
			   : setgroups(0, NULL)) != 0 ||
		setgid(dir.st_gid) != 0 || setuid(dir.st_uid) != 0) {
		log_error("cannot become the owner of %s: %s", state_dir,
			strerror(errno));
		return false;
	}
	return true;
}

static bool
open_as_owner(struct site *site, const char *conf_file,
	bool (*confine)(const struct site *site))
{
	if (!site_open(site, conf_file))
		return false;
	/* Becoming somebody else undoes a part of the other. */
	if (become_owner(site->conf->state_dir) && confine(site))
		return true;
	site_close(site);
	return false;
}

bool
cli_open(struct site *site, const char *conf_file)
{
	return open_as_owner(site, conf_file, site_confine);
}

bool
cli_open_parent(struct site *site, const char *conf_file)
{
	return open_as_owner(site, conf_file, site_confine_parent);
}

int
cli_result(
	const struct cli_command *command, const char *name, enum status status)
{
	static const char *const reasons[STATUS_COUNT] = {
		[STATUS_NO_ACCOUNT] = "there is no such account",
		[STATUS_NAME_TAKEN] =
			"an account of that username or email exists",
		[STATUS_BAD_NAME] =
			"not a valid name: a username has no @, an email "
			"exactly one; no blanks around it",
		[STATUS_LAST_ADMIN] = "this is the last enabled administrator",
		[STATUS_NO_ACCESS_TOKEN] = "there is no such access token",
		[STATUS_UNAVAILABLE] = "the store cannot be had now",
		[STATUS_INTERNAL] = "the outcome is unknown",
	};

	if (status == STATUS_OK)
		return CLI_OK;
	fprintf(stderr, "latchkey %s %s: %s: %s\n", command->group,
		command->verb, name,
		reasons[status] != NULL ? reasons[status] : "refused");
	return CLI_REFUSED;
}

/* Who the operator is, before he becomes the owner of the state. */
static uid_t operator;

void
cli_audit(const struct site *site, const char *event, enum status status,
	const char *account)
{
	char by[32];
	struct audit_event line = {.event = event,
		.status = status,
		.account = account,
		.by = by,
		.network = "",
		.request = ""};

	snprintf(by, sizeof by, "uid:%u", (unsigned)operator);
	audit_write(site->audit, &line);
}

/* Acts on the one whom `name` names, and says so in the audit. */
static enum status
act(const struct cli_command *command, const struct site *site,
	const char *name)
{
	struct account account = {.id = ""};
	enum status status;

	/* Before: afterwards there may be no such account. */
	if (command->event != NULL)
		account_look_up(site, name, &account);
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

/* --- a new password ---------------------------------------------------- */

static struct termios terminal;

/* Leaves the terminal as it was when someone gives up at the prompt. */
static void
on_interrupt(int signal_number)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal);
	_exit(128 + signal_number);
}

bool
cli_read_line(char *line, size_t size)
{
	size_t length = 0;
	char byte = '\0';

	/* Byte by byte and unbuffered: stdio would keep a copy. */
	while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n')
		if (length + 1 < size)
			line[length++] = byte;
	if (length > 0 && line[length - 1] == '\r')
		length--;
	line[length] = '\0';
	if (strlen(line) != length ||
		u8_check((const uint8_t *)line, length) != NULL) {
		fputs("latchkey: standard input is not a line of UTF-8\n",
			stderr);
		return false;
	}
	return length > 0 || byte == '\n';
}

static bool
ask(const char *prompt, char *line, size_t size)
{
	bool good;

	fprintf(stderr, "%s: ", prompt);
	good = cli_read_line(line, size);
	fputc('\n', stderr);
	return good;
}

/* Asks on a terminal, unseen, and `twice` where it is a new one. */
static bool
ask_unseen(char *line, size_t size, bool twice)
{
	struct termios quiet;
	char *again = mem_zero(size);
	bool good;

	tcgetattr(STDIN_FILENO, &terminal);
	quiet = terminal;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	signal(SIGINT, on_interrupt);
	signal(SIGTERM, on_interrupt);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	good = ask(twice ? "New password" : "Password", line, size) &&
	       (!twice || ask("The same again", again, size));
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal);
	if (good && twice && strcmp(line, again) != 0) {
		fputs("latchkey: these are two different passwords\n", stderr);
		good = false;
	}
	sodium_memzero(again, size);
	mem_free(again);
	return good;
}

static bool
read_password(char *line, size_t size, bool twice)
{
	bool good = isatty(STDIN_FILENO) ? ask_unseen(line, size, twice)
					 : cli_read_line(line, size);

	if (!good)
		fputs("latchkey: no password\n", stderr);
	return good;
}

bool
cli_read_password(struct password *password)
{
	char line[4 * PASSWORD_BYTES];
	bool good = read_password(line, sizeof line, false);

	if (good)
		password_read(password, line, strlen(line));
	sodium_memzero(line, sizeof line);
	return good;
}

/* The policy's words are the same as in the API. */
static void
say_flaws(const struct policy *policy, unsigned flaws)
{
	struct outcome outcome = {.status = STATUS_WEAK_PASSWORD,
		.flaws = flaws,
		.policy = *policy};
	struct json_object *body =
		dialect_body(dialect_of("/v1/api-"), &outcome);

	fprintf(stderr, "latchkey: %s\n", json_string(body, "error"));
	json_object_put(body);
}

bool
cli_new_password(const struct site *site, const struct account *account,
	struct password *password)
{
	struct policy policy = conf_policy_of(site->conf, POLICY_EDGE_IMPULSE);
	char line[4 * PASSWORD_BYTES];
	unsigned flaws;

	if (!read_password(line, sizeof line, true))
		return false;
	flaws = policy_read(&policy, line, strlen(line), password);
	if (flaws == 0)
		flaws = guess_flaws(site, account, password);
	sodium_memzero(line, sizeof line);
	if (flaws != 0)
		say_flaws(&policy, flaws);
	return flaws == 0;
}

/* --- main -------------------------------------------------------------- */

static const struct cli_command *
find_command(int argc, char **argv)
{
	const struct cli_command *const *group;
	const struct cli_command *command;

	for (group = groups; *group != NULL; group++)
		for (command = *group; command->group != NULL; command++)
			if (argc > 0 && strcmp(command->group, argv[0]) == 0 &&
				(command->verb == NULL ||
					(argc > 1 && strcmp(command->verb,
							     argv[1]) == 0)))
				return command;
	return NULL;
}

static bool
wants_help(int argc, char **argv)
{
	int i;

	for (i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 ||
			strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int
run(const char *conf_file, int argc, char **argv)
{
	const struct cli_command *command = find_command(argc, argv);
	int words = command == NULL || command->verb == NULL ? 1 : 2;

	if (argc > 0 && strcmp(argv[0], "--version") == 0) {
		puts(PACKAGE_STRING);
		return CLI_OK;
	}
	if (command == NULL) {
		print_help(wants_help(argc, argv) ? stdout : stderr);
		return wants_help(argc, argv) ? CLI_OK : CLI_USAGE;
	}
	if (wants_help(argc - words, argv + words)) {
		print_usage(command, stdout);
		printf("%s\n", command->help);
		return CLI_OK;
	}
	return command->run(command, conf_file, argc - words, argv + words);
}

int
main(int argc, char **argv)
{
	const char *conf_file = NULL;
	int result, i = 1;

	log_open("command");
	operator= getuid();
	if (argc > 2 && strcmp(argv[1], "--config") == 0) {
		conf_file = argv[2];
		i = 3;
	}
	result = run(conf_path(conf_file), argc - i, argv + i);
	/* An answer that nobody got is not an answer. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && result == CLI_OK) {
		perror("latchkey: standard output");
		return CLI_REFUSED;
	}
	return result;
}
