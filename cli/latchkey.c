/* latchkey.c - the operator's command */
#include "config.h"

#include "cli.h"

#include "base/inherited.h"
#include "base/log.h"

#include "paths.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct cli_command *const groups[] = {
	cli_user_commands,
	cli_token_commands,
	cli_code_commands,
	cli_key_commands,
	cli_auth_commands,
	cli_web_key_commands,
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

static void
print_group(const struct cli_command *command, FILE *out)
{
	for (; command->group != NULL; command++) {
		fputs("  ", out);
		cli_print_words(command, out);
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
	for (group = groups; *group != NULL; group++)
		print_group(*group, out);
	fputs("\nNAME is a username or an email, or the id of an account "
	      "that exists. A password is\nread from standard input, one "
	      "line, or asked for twice on a terminal. FILE is\nelse "
	      "$LATCHKEY_CONF, else " SYSCONFDIR
	      "/latchkey.conf.\n\nExit status: 0 done, 1 refused (the reason "
	      "is on standard error), 2 usage.\n",
		out);
}

/* The group of that name; NULL if there is none, or no word. */
static const struct cli_command *
find_group(int argc, char **argv)
{
	const struct cli_command *const *group = groups;

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
		cli_print_usage(command, stdout);
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
		return cli_unknown_option(NULL, argv[0]);
	snprintf(words, sizeof words, "%s%s%s", argv[0],
		group != NULL ? " " : "", group != NULL ? argv[1] : "");
	return cli_misused(NULL, "unknown command", words);
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
	if (argc > 0 && strcmp(argv[0], "help") == 0)
		return help(argc - 1, argv + 1);
	if (wants_help(argc, argv))
		return help(argc, argv);
	if (command == NULL)
		return say_unknown(argc, argv);
	return command->run(command, conf_file, argc - words, argv + words);
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
	result = run(conf_path(conf_file), argc - i, argv + i);
	/* Output that could not be written is a failure. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && result == CLI_OK) {
		perror("latchkey: standard output");
		return CLI_REFUSED;
	}
	return result;
}
