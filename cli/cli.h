/* cli.h - what the operator's commands share */
#ifndef LATCHKEY_CLI_H
#define LATCHKEY_CLI_H

#include "account/account.h"
#include "site/site.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

enum { CLI_OK = 0, CLI_REFUSED = 1, CLI_USAGE = 2 };

/* A command. `verb` is NULL if the group is the whole command. `run` gets the
 * words after the verb. */
struct cli_command {
	const char *group;
	const char *verb;
	const char *operands; /* for the usage line */
	const char *help;
	int (*run)(const struct cli_command *command, const char *conf_file,
		int argc, char **argv);
	/* what cli_act() does, to its one operand or to all (NULL). If the
	 * operand is NAME, it does so to an account, and the audit line names
	 * it */
	enum status (*act)(const struct site *site, const char *name);
	const char *event; /* cli_act()'s event for the audit; NULL: it changes
			    * nothing */
};

/* A flag of a command. `value` is set to the word after it; a flag without a
 * value sets `present`. A list ends with one whose name is NULL. */
struct cli_option {
	const char *name;
	const char **value;
	bool *present;
};

/* Writes the command and its operands: "user show NAME". */
void cli_print_words(const struct cli_command *command, FILE *out);

/* The same as a usage line. */
void cli_print_usage(const struct cli_command *command, FILE *out);

/* Says on standard error what is wrong with the words of a command, or of no
 * command yet (NULL), and names the word (NULL: does not); then prints what the
 * words should be. Returns CLI_USAGE. */
int cli_misused(const struct cli_command *command, const char *problem,
	const char *word);

/* The same for an option, by its name alone: the word after it may be a
 * secret. */
int cli_unknown_option(const struct cli_command *command, const char *word);

/* Splits a command's words into its options and exactly `count` operands.
 * CLI_USAGE, said on standard error, if they do not fit. */
int cli_parse(const struct cli_command *command, int argc, char **argv,
	const struct cli_option *options, const char **operands, int count);

/* Opens the site. Started by root, it first becomes the owner of state_dir: a
 * file that root made there would shut the programs out, and what the owner has
 * put there must not decide what root does. So it refuses if that owner is
 * root. After that the command is in the sandbox: what it reads or writes
 * elsewhere has to be open before. */
bool cli_open(struct site *site, const char *conf_file);

/* The same for a command that starts another program, without the sandbox. */
bool cli_open_parent(struct site *site, const char *conf_file);

/* cli_open() after `first`, which runs as the user who started the command:
 * only root can write root's files. `owner` is what stat(2) says of state_dir.
 * If `first` returns false, having said why, the command ends. */
typedef bool cli_step(
	const struct site *site, const struct stat *owner, void *context);
bool cli_open_first(struct site *site, const char *conf_file, cli_step *first,
	void *context);

/* The step in between, for a site that is open: started by root, becomes the
 * owner of state_dir. False, said in the log, if state_dir is missing, or
 * root's. */
bool cli_become_owner(const struct site *site);

/* Writes an audit line of what the operator has done. `account` is an id, or
 * "". */
void cli_audit(const struct site *site, const char *event, enum status status,
	const char *account);

/* The same for a target that is no account: a network, or "all". */
void cli_audit_target(const struct site *site, const char *event,
	enum status status, const char *account, const char *target);

/* Says why the command failed, if `status` is not STATUS_OK, and returns the
 * exit status. */
int cli_result(const struct cli_command *command, const char *name,
	enum status status);

/* A command's `run` if it has no options: opens the site, acts, says the
 * outcome. */
int cli_act(const struct cli_command *command, const char *conf_file, int argc,
	char **argv);

/* The commands, by file. */
extern const struct cli_command cli_user_commands[];
extern const struct cli_command cli_code_commands[];
extern const struct cli_command cli_token_commands[];
extern const struct cli_command cli_key_commands[];
extern const struct cli_command cli_auth_commands[];
extern const struct cli_command cli_web_key_commands[];
extern const struct cli_command cli_mail_commands[];
extern const struct cli_command cli_audit_commands[];
extern const struct cli_command cli_throttle_commands[];
extern const struct cli_command cli_blocklist_commands[];
extern const struct cli_command cli_import_commands[];
extern const struct cli_command cli_check_commands[];
extern const struct cli_command cli_config_commands[];

#endif
