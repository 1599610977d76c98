/* cli.h - what the operator's commands share */
#ifndef LATCHKEY_CLI_H
#define LATCHKEY_CLI_H

#include "account/account.h"
#include "site/site.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
	CLI_OK = 0,
	CLI_REFUSED = 1,
	CLI_USAGE = 2,
	/* the most operands of a command: into all groups and out of as many */
	CLI_WORDS = 1 + 2 * GROUPS_MOST,
	CLI_OPTIONS = 8, /* the most options that are given to one */
	CLI_TARGET_SIZE = CLI_WORDS * (GROUP_SIZE + 1)
};

struct cli;

/* A command. `verb` is NULL if the group is the whole command. */
struct cli_command {
	const char *group;
	const char *verb;
	/* The words it takes: the usage line, and their grammar. Options stand
	 * in brackets, before the word that belongs to them; all others are
	 * operands; "WORD..." is one or more. */
	const char *operands;
	const char *help;
	/* Runs the command once its words fit; returns the exit status. */
	int (*run)(struct cli *cli);
	/* What cli_act() and cli_act_on_account() do once the site is open. */
	enum status (*act)(struct cli *cli);
	const char *event; /* of theirs, for the audit; NULL: the command
			    * changes nothing */
};

/* A command that runs. */
struct cli {
	const struct cli_command *command;
	const char *conf_file;
	const char *words[CLI_WORDS]; /* its operands */
	int count;
	struct cli_given {
		const char *name;
		const char *value; /* "" for an option without a value */
	} given[CLI_OPTIONS + 1];  /* NULL after the last */
	struct site site;          /* open from cli_open() to the end */
	struct account account;    /* the account that it is about, if any */
	/* what else it is about, for the audit */
	char target[CLI_TARGET_SIZE];
	const char *reason; /* why it failed, if the status does not tell;
			     * NULL */
};

/* Says on standard error what is wrong with the words of a command, or of no
 * command yet (NULL), and names the word (NULL: does not); then prints what the
 * words should be. Returns CLI_USAGE. */
int cli_misused(const struct cli_command *command, const char *problem,
	const char *word);

/* The value of an option that the command takes, "" for one without a value;
 * NULL if it was not given. */
const char *cli_option(const struct cli *cli, const char *name);

/* Opens the site. Refuses where there is no store: the first commit would make
 * an empty one. Started by root, it first becomes the owner of state_dir: a
 * file that root made there would shut the programs out, and what the owner has
 * put there must not decide what root does. So it refuses if that owner is
 * root. After that the command is in the sandbox: what it reads or writes
 * elsewhere has to be open before. Does nothing if the site is open. */
bool cli_open(struct cli *cli);

/* The same for a command that makes the first account, or needs no store. */
bool cli_open_site(struct cli *cli);

/* The same for one that starts another program, without the sandbox. */
bool cli_open_parent(struct cli *cli);

/* The steps of these in between, for a site that is open, and for a
 * command that does something before. What stat(2) says of state_dir: false,
 * said in the log, if state_dir is missing, or root's and the command root. */
bool cli_find_owner(const struct cli *cli, struct stat *dir);

/* The same; then becomes that owner, if started by root. */
bool cli_become_owner(const struct cli *cli);

/* Writes an audit line of what the operator has done. The account that it is
 * about has an id, and a name if that is known; `target` is what is no account:
 * a network, or "all". */
void cli_audit(const struct site *site, const char *event, enum status status,
	const struct account *account, const char *target);

/* Says why the command failed, if `status` is not STATUS_OK, and returns the
 * exit status. */
int cli_result(const struct cli *cli, const char *name, enum status status);

/* A command's `run`: opens the site, acts, writes the audit line, says the
 * outcome. The second first finds the account that the first operand names;
 * without one it does not act. */
int cli_act(struct cli *cli);
int cli_act_on_account(struct cli *cli);

/* Prints a line of that text, the page that takes the code if there is a
 * site_url, and the code, which is the last word. */
void cli_hand_over(const struct cli *cli, const char *text, const char *page,
	const char *code);

/* Writes how long ago something was: "3 h". */
enum { CLI_AGE_SIZE = 32 };
void cli_write_age(int64_t seconds, char text[CLI_AGE_SIZE]);

/* print_list(), as the command's --json says. */
void cli_list(const struct cli *cli, const char *const columns[]);

/* For a command that runs until it is ended: from now on a signal that ends one
 * sets cli_stopping, and interrupts a wait. */
extern volatile sig_atomic_t cli_stopping;
void cli_take_signals(void);

/* The commands, by file. */
extern const struct cli_command cli_user_commands[];
extern const struct cli_command cli_session_commands[];
extern const struct cli_command cli_code_commands[];
extern const struct cli_command cli_token_commands[];
extern const struct cli_command cli_key_commands[];
extern const struct cli_command cli_auth_commands[];
extern const struct cli_command cli_web_key_commands[];
extern const struct cli_command cli_mail_commands[];
extern const struct cli_command cli_event_commands[];
extern const struct cli_command cli_audit_commands[];
extern const struct cli_command cli_throttle_commands[];
extern const struct cli_command cli_blocklist_commands[];
extern const struct cli_command cli_backup_commands[];
extern const struct cli_command cli_restore_commands[];
extern const struct cli_command cli_export_commands[];
extern const struct cli_command cli_import_commands[];
extern const struct cli_command cli_check_commands[];
extern const struct cli_command cli_store_commands[];
extern const struct cli_command cli_config_commands[];
extern const struct cli_command cli_status_commands[];
extern const struct cli_command cli_top_commands[];
extern const struct cli_command cli_doctor_commands[];
extern const struct cli_command cli_completion_commands[];

/* All of these; NULL comes after the last. */
extern const struct cli_command *const cli_groups[];

#endif
