/* latchkey.c - the operator's command */
#include "config.h"

#include "cli.h"

#include "base/inherited.h"
#include "base/log.h"
#include "print.h"

#include "paths.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct cli_command *const cli_groups[] = {
	cli_user_commands,
	cli_session_commands,
	cli_token_commands,
	cli_code_commands,
	cli_key_commands,
	cli_auth_commands,
	cli_web_key_commands,
	cli_mail_commands,
	cli_event_commands,
	cli_throttle_commands,
	cli_audit_commands,
	cli_blocklist_commands,
	cli_backup_commands,
	cli_restore_commands,
	cli_export_commands,
	cli_import_commands,
	cli_check_commands,
	cli_store_commands,
	cli_config_commands,
	cli_status_commands,
	cli_top_commands,
	cli_doctor_commands,
	cli_completion_commands,
	NULL
};
/* clang-format on */

/* --- the words --------------------------------------------------------- */

/* Writes the command and its operands: "user show NAME". */
static void
print_words(const struct cli_command *command, FILE *out)
{
	fputs(command->group, out);
	if (command->verb != NULL)
		fprintf(out, " %s", command->verb);
	if (command->operands[0] != '\0')
		fprintf(out, " %s", command->operands);
}

/* The same as a usage line. */
static void
print_usage(const struct cli_command *command, FILE *out)
{
	fputs("usage: latchkey [--config FILE] ", out);
	print_words(command, out);
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
		print_usage(command, stderr);
	fputs("latchkey --help lists all\n", stderr);
	return CLI_USAGE;
}

/* The same for an option, by its name alone: the word after it may be a
 * secret. */
static int
unknown_option(const struct cli_command *command, const char *word)
{
	char name[64];
	size_t length = word[1] == '-' ? strcspn(word, "=") : 2;

	snprintf(name, sizeof name, "%.*s", (int)length, word);
	return cli_misused(command, "unknown option", name);
}

/* What follows the option of that name in the command's usage line; NULL: there
 * is no such option. */
static const char *
find_option(const struct cli_command *command, const char *name)
{
	const char *at = command->operands;
	size_t length;

	for (; *at != '\0'; at += length) {
		at += strspn(at, " []|");
		length = strcspn(at, " []|");
		if (strlen(name) == length && strncmp(at, name, length) == 0)
			return at + length;
	}
	return NULL;
}

/* How many words of the usage line stand outside of brackets. */
static int
count_operands(const char *at)
{
	int depth = 0, count = 0;

	for (; *at != '\0'; at++) {
		depth += (*at == '[') - (*at == ']');
		if (depth == 0 && *at != ']' && *at != ' ' &&
			(at[1] == ' ' || at[1] == '\0'))
			count++;
	}
	return count;
}

/* Takes the option at `*at`, and its value. CLI_USAGE, said on standard error,
 * if it is unknown or lacks its value. */
static int
take_option(struct cli *cli, int argc, char **argv, int *at)
{
	struct cli_given *given = cli->given;
	const char *name = argv[*at], *after = find_option(cli->command, name);

	if (after == NULL)
		return unknown_option(cli->command, name);
	while (given->name != NULL && strcmp(given->name, name) != 0)
		given++;
	assert(given < cli->given + CLI_OPTIONS);
	given->name = name;
	given->value = "";
	if (after[0] == ' ' && isalnum((unsigned char)after[1])) {
		if (++*at == argc)
			return cli_misused(
				cli->command, "there is no value after", name);
		given->value = argv[*at];
	}
	return CLI_OK;
}

/* Whether the word is no option. A command whose usage line has "-GROUP" takes
 * words that begin with a dash. */
static bool
is_operand(const struct cli_command *command, const char *word)
{
	return word[0] != '-' || word[1] == '\0' ||
	       (word[1] != '-' && strstr(command->operands, "|-GROUP") != NULL);
}

static int
parse(struct cli *cli, int argc, char **argv)
{
	int least = count_operands(cli->command->operands);
	int most = strstr(cli->command->operands, "...") != NULL ? CLI_WORDS
								 : least;
	bool words_only = false;
	int i;

	for (i = 0; i < argc; i++) {
		if (!words_only && strcmp(argv[i], "--") == 0) {
			words_only = true;
		} else if (words_only || is_operand(cli->command, argv[i])) {
			if (cli->count < most)
				cli->words[cli->count] = argv[i];
			cli->count++;
		} else if (take_option(cli, argc, argv, &i) != CLI_OK) {
			return CLI_USAGE;
		}
	}
	/* Without the word: it may be a password in the wrong place. */
	if (cli->count < least)
		return cli_misused(cli->command, "too few words", NULL);
	return cli->count > most
		       ? cli_misused(cli->command, "too many words", NULL)
		       : CLI_OK;
}

/* Splits the words after a command's name into its operands and options, and
 * runs it. CLI_USAGE, said on standard error, if they do not fit. */
static int
run(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	struct cli cli = {.command = command, .conf_file = conf_file};
	int result = parse(&cli, argc, argv);

	if (result == CLI_OK)
		result = command->run(&cli);
	site_close(&cli.site);
	return result;
}

const char *
cli_option(const struct cli *cli, const char *name)
{
	const struct cli_given *given = cli->given;

	assert(find_option(cli->command, name) != NULL);
	while (given->name != NULL && strcmp(given->name, name) != 0)
		given++;
	return given->value;
}

/* --- help ---------------------------------------------------------------- */

static void
print_group(const struct cli_command *command, FILE *out)
{
	for (; command->group != NULL; command++) {
		fputs("  ", out);
		print_words(command, out);
		fprintf(out, "\n      %s\n", command->help);
	}
}

static void
print_group_help(const struct cli_command *group, FILE *out)
{
	fprintf(out, "usage: latchkey [--config FILE] %s COMMAND ...\n\n",
		group->group);
	print_group(group, out);
}

static void
print_help(FILE *out)
{
	const struct cli_command *const *group;

	fputs("usage: latchkey [--config FILE] COMMAND ...\n\n", out);
	for (group = cli_groups; *group != NULL; group++)
		print_group(*group, out);
	fputs("\nNAME is a username or an email, or the id of an account "
	      "that exists. A password is\nread from standard input, one "
	      "line, or asked for twice on a terminal. Without\n--config, "
	      "FILE is $LATCHKEY_CONF, or if that is not set, " SYSCONFDIR
	      "/latchkey.conf.\n\nExit status: 0 done, 1 refused (the reason "
	      "is on standard error), 2 usage;\nof status and doctor, see "
	      "there.\n",
		out);
}

/* The group of that name; NULL if there is none, or no word. */
static const struct cli_command *
find_group(int argc, char **argv)
{
	const struct cli_command *const *group = cli_groups;

	if (argc == 0)
		return NULL;
	while (*group != NULL && strcmp((*group)->group, argv[0]) != 0)
		group++;
	return *group;
}

static const struct cli_command *
find_command(int argc, char **argv)
{
	const struct cli_command *command = find_group(argc, argv);

	for (; command != NULL && command->group != NULL; command++)
		if (command->verb == NULL ||
			(argc > 1 && strcmp(command->verb, argv[1]) == 0))
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
help(int argc, char **argv)
{
	const struct cli_command *group = find_group(argc, argv);
	const struct cli_command *command = find_command(argc, argv);

	if (command != NULL) {
		print_usage(command, stdout);
		printf("%s\n", command->help);
	} else if (group != NULL) {
		print_group_help(group, stdout);
	} else {
		print_help(stdout);
	}
	return CLI_OK;
}

/* The words lead to no command. */
static int
say_unknown(int argc, char **argv)
{
	const struct cli_command *group = find_group(argc, argv);
	char words[64];

	if (argc == 0) {
		print_help(stderr);
		return CLI_USAGE;
	}
	if (group != NULL && argc == 1) {
		print_group_help(group, stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[0], "--config") == 0)
		return cli_misused(NULL, "there is no FILE after", argv[0]);
	if (argv[0][0] == '-')
		return unknown_option(NULL, argv[0]);
	snprintf(words, sizeof words, "%s%s%s", argv[0],
		group != NULL ? " " : "", group != NULL ? argv[1] : "");
	return cli_misused(NULL, "unknown command", words);
}

static int
run_words(const char *conf_file, int argc, char **argv)
{
	const struct cli_command *command = find_command(argc, argv);
	int words = command == NULL || command->verb == NULL ? 1 : 2;

	if (argc > 0 && strcmp(argv[0], "--version") == 0) {
		puts(PACKAGE_STRING);
		return CLI_OK;
	}
	if (argc > 0 && strcmp(argv[0], "help") == 0)
		return help(argc - 1, argv + 1);
	if (wants_help(argc, argv))
		return help(argc, argv);
	if (command == NULL)
		return say_unknown(argc, argv);
	return run(command, conf_file, argc - words, argv + words);
}

int
main(int argc, char **argv)
{
	const char *conf_file = NULL;
	int result, i = 1;

	inherited_reset();
	log_open("command");
	if (argc > 2 && strcmp(argv[1], "--config") == 0) {
		conf_file = argv[2];
		i = 3;
	}
	result = run_words(conf_path(conf_file), argc - i, argv + i);
	/* Output that could not be written is a failure. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && result == CLI_OK) {
		perror("latchkey: standard output");
		return CLI_REFUSED;
	}
	return result;
}
