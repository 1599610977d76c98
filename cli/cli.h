/* cli.h - what the operator's commands share */
#ifndef LATCHKEY_CLI_H
#define LATCHKEY_CLI_H

#include "account/account.h"
#include "site/site.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

enum { CLI_OK = 0, CLI_REFUSED = 1, CLI_USAGE = 2 };

/* A command: `verb` NULL where the group is the whole of it. `run` gets the
 * words after the verb. */
struct cli_command {
	const char *group;
	const char *verb;
	const char *operands; /* for the usage line */
	const char *help;
	int (*run)(const struct cli_command *command, const char *conf_file,
		int argc, char **argv);
	/* what cli_act() does, to the one operand, or to all (NULL): to an
	 * account, and of it the audit tells, where that is NAME */
	enum status (*act)(const struct site *site, const char *name);
	const char *event; /* cli_act()'s for the audit; NULL: it only looks */
};

/* A flag of a command: `value` is set to the word after it, `present` where
 * it takes none. A list of them ends with one whose name is NULL. */
struct cli_option {
	const char *name;
	const char **value;
	bool *present;
};

/* Writes what the command is called and takes: "user show NAME". */
void cli_print_words(const struct cli_command *command, FILE *out);

/* The same as a usage line. */
void cli_print_usage(const struct cli_command *command, FILE *out);

/* Says on standard error what is wrong with the words of a command, or of
 * none yet (NULL), and with which of them (NULL: not to be said); then what
 * they should be. CLI_USAGE. */
int cli_misused(const struct cli_command *command, const char *problem,
	const char *word);

/* The same of an option, by its name alone: behind it may be a secret. */
int cli_unknown_option(const struct cli_command *command, const char *word);

/* Splits a command's words into its options and `count` operands, no more
 * and no fewer. CLI_USAGE, said on standard error, if they are not so. */
int cli_parse(const struct cli_command *command, int argc, char **argv,
	const struct cli_option *options, const char **operands, int count);

/* Opens the site, as the owner of state_dir when started by root: a file that
 * root made there would shut the programs out, and what the owner has put there
 * must not be done as root. So it is refused where that is root himself. From
 * then on the command is in the sandbox: what it reads or writes elsewhere is
 * open by then. */
bool cli_open(struct site *site, const char *conf_file);

/* The same for a command that starts another program, and is not. */
bool cli_open_parent(struct site *site, const char *conf_file);

/* The same as cli_open(), after `first`, which is done as whoever started the
 * command: root writes what is root's. `owner` is what stat(2) says of
 * state_dir. False from it ends the command; it says why. */
typedef bool cli_step(
	const struct site *site, const struct stat *owner, void *context);
bool cli_open_first(struct site *site, const char *conf_file, cli_step *first,
	void *context);

/* The middle of both, for a site that is open: becomes the owner of state_dir
 * when started by root. False, said in the log, where that is not there, or
 * root's. */
bool cli_become_owner(const struct site *site);

/* An audit line of what the operator has done. `account` is an id, or "". */
void cli_audit(const struct site *site, const char *event, enum status status,
	const char *account);

/* The same of what is no account: a network, or "all". */
void cli_audit_target(const struct site *site, const char *event,
	enum status status, const char *account, const char *target);

/* Says why not, unless it is STATUS_OK, and returns the exit status. */
int cli_result(const struct cli_command *command, const char *name,
	enum status status);

/* A command's `run` that has no options: opens the site, acts, says what came
 * of it. */
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
