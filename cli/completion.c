/* completion.c - latchkey completion: the table of commands as a shell's
 * completion */
#include "config.h"

#include "cli.h"

#include <ctype.h>
#include <string.h>

/* What a shell needs around the table, which is a function of shell that says
 * for the words before which may come next. Files are the shell's own. */
struct shell {
	const char *name;
	const char *before, *after;
};

static const struct shell shells[] = {
	{"bash", "# bash completion of latchkey(1)\n",
		"_latchkey()\n"
		"{\n"
		"\tlocal i=1 given='' kind='[^-]*'\n"
		"\t[[ ${COMP_WORDS[1]} == --config ]] && i=3\n"
		"\tfor ((; i < COMP_CWORD; i++)); do\n"
		"\t\t[[ ${COMP_WORDS[i]} == -* ]] ||\n"
		"\t\t\tgiven+=${given:+ }${COMP_WORDS[i]}\n"
		"\tdone\n"
		"\t[[ $2 == -* ]] && kind='-*'\n"
		"\tCOMPREPLY=()\n"
		"\tfor i in $(_latchkey_words \"$given\"); do\n"
		"\t\t# shellcheck disable=SC2053\n"
		"\t\t[[ $i == $kind && $i == \"$2\"* ]] && "
		"COMPREPLY+=(\"$i\")\n"
		"\tdone\n"
		"}\n"
		"complete -o default -F _latchkey latchkey\n"},
	{"zsh", "#compdef latchkey\n",
		"_latchkey()\n"
		"{\n"
		"\tlocal -a given found\n"
		"\tgiven=(\"${(@)words[2,CURRENT-1]}\")\n"
		"\t[[ $given[1] == --config ]] && shift 2 given 2>/dev/null\n"
		"\tgiven=(${given:#-*})\n"
		"\tfound=(${=$(_latchkey_words \"$given\")})\n"
		"\tif [[ $PREFIX == -* ]]; then\n"
		"\t\tfound=(${(M)found:#-*})\n"
		"\telse\n"
		"\t\tfound=(${found:#-*})\n"
		"\tfi\n"
		"\tif (( $#found )); then compadd -a found; else _files; fi\n"
		"}\n"
		"compdef _latchkey latchkey\n"},
	{NULL, NULL, NULL},
};

/* Prints the words of a usage line that are typed as they stand there: options,
 * and operands in lower case. */
static void
print_literals(const char *at)
{
	size_t length;

	for (; *at != '\0'; at += length) {
		at += strspn(at, " []|.");
		length = strcspn(at, " []|.");
		if (length > 1 &&
			(at[0] == '-' ? at[1] == '-'
				      : islower((unsigned char)at[0])))
			printf(" %.*s", (int)length, at);
	}
}

static void
print_command(const struct cli_command *command)
{
	const char *verb = command->verb != NULL ? command->verb : "";
	const char *blank = verb[0] != '\0' ? " " : "";

	printf("\t'%s%s%s' | '%s%s%s '*) echo", command->group, blank, verb,
		command->group, blank, verb);
	print_literals(command->operands);
	puts(" --help ;;");
}

/* The verbs of a group come before its commands: "user" alone is none. */
static void
print_group(const struct cli_command *command)
{
	const struct cli_command *at;

	if (command->verb != NULL) {
		printf("\t%s) echo", command->group);
		for (at = command; at->group != NULL; at++)
			printf(" %s", at->verb);
		puts(" --help ;;");
	}
	for (at = command; at->group != NULL; at++)
		print_command(at);
}

static void
print_table(void)
{
	const struct cli_command *const *group;

	fputs("_latchkey_words()\n{\n\tcase $1 in\n\t'') echo", stdout);
	for (group = cli_groups; *group != NULL; group++)
		printf(" %s", (*group)->group);
	puts(" help --config --help --version ;;");
	for (group = cli_groups; *group != NULL; group++)
		print_group(*group);
	puts("\tesac\n}");
}

static int
completion(struct cli *cli)
{
	const struct shell *shell = shells;

	while (shell->name != NULL && strcmp(shell->name, cli->words[0]) != 0)
		shell++;
	if (shell->name == NULL)
		return cli_misused(
			cli->command, "there is none for", cli->words[0]);
	fputs(shell->before, stdout);
	print_table();
	fputs(shell->after, stdout);
	return CLI_OK;
}

const struct cli_command cli_completion_commands[] = {
	{"completion", NULL, "bash|zsh",
		"Prints the completion of this command for that shell.",
		completion, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
