/* cli.c - what the operator's commands share */
#include "config.h"

#include "cli.h"

#include "base/log.h"
#include "base/mem.h"
#include "print.h"
#include "site/event.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The operator's user, before the command becomes the owner of the state, as
 * audit and events have it. */
static char operator_name[32] = "uid:0";
static const struct event_cause by_operator = {operator_name, "", ""};

/* --- the site ---------------------------------------------------------- */

bool
cli_find_owner(const struct cli *cli, struct stat *dir)
{
	const char *state_dir = cli->site.conf->state_dir;

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

bool
cli_become_owner(const struct cli *cli)
{
	struct passwd *owner;
	struct stat dir;

	snprintf(operator_name, sizeof operator_name, "uid:%u",
		(unsigned)getuid());
	event_caused_by(&by_operator);
	if (!cli_find_owner(cli, &dir))
		return false;
	if (geteuid() != 0)
		return true;
	owner = getpwuid(dir.st_uid);
	if ((owner != NULL ? initgroups(owner->pw_name, dir.st_gid)
			   : setgroups(0, NULL)) == 0 &&
		setgid(dir.st_gid) == 0 && setuid(dir.st_uid) == 0)
		return true;
	log_error("cannot become the owner of %s: %s",
		cli->site.conf->state_dir, strerror(errno));
	return false;
}

/* Confines a process that needs a store. */
static bool
confine_with_store(const struct site *site)
{
	char *dir;

	if (site_has_store(site))
		return site_confine(site);
	dir = site_store_dir(site->conf);
	log_error("there is no store in %s: latchkey user add makes one, and "
		  "latchkey restore brings a backup back",
		dir);
	mem_free(dir);
	return false;
}

/* Becoming another user undoes a part of the sandbox, so it comes first. If one
 * of the two fails, the site is closed again: where it is open, the process is
 * the owner's and confined. */
static bool
open_confined(struct cli *cli, bool (*confine)(const struct site *site))
{
	if (cli->site.conf != NULL)
		return true;
	if (!site_open(&cli->site, cli->conf_file))
		return false;
	if (cli_become_owner(cli) && confine(&cli->site))
		return true;
	site_close(&cli->site);
	return false;
}

bool
cli_open(struct cli *cli)
{
	return open_confined(cli, confine_with_store);
}

bool
cli_open_site(struct cli *cli)
{
	return open_confined(cli, site_confine);
}

bool
cli_open_parent(struct cli *cli)
{
	return open_confined(cli, site_confine_parent);
}

/* --- what came of it --------------------------------------------------- */

void
cli_audit(const struct site *site, const char *event, enum status status,
	const struct account *account, const char *target)
{
	struct audit_event line = {.event = event,
		.status = status,
		.account = account->id,
		.name = account->id[0] != '\0' ? account_name(account) : NULL,
		.by = operator_name,
		.target = target,
		.network = "",
		.request = ""};

	audit_write(site->audit, &line);
}

int
cli_result(const struct cli *cli, const char *name, enum status status)
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

	const char *reason =
		cli->reason != NULL ? cli->reason : reasons[status];
	const char *verb = cli->command->verb;

	if (status == STATUS_OK)
		return CLI_OK;
	print_line(stderr, "latchkey %s%s%s: %s: %s", cli->command->group,
		verb != NULL ? " " : "", verb != NULL ? verb : "", name,
		reason != NULL ? reason : "refused");
	return CLI_REFUSED;
}

/* A target that is no account, such as an access token by its number, is named
 * with its group: an account may have that number for its name. */
static int
finish(struct cli *cli, enum status status)
{
	const char *group = cli->command->group, *event = cli->command->event;

	if (status == STATUS_OK && cli->count > 0 && cli->target[0] == '\0' &&
		cli->account.id[0] == '\0')
		snprintf(cli->target, sizeof cli->target, "%s:%s", group,
			cli->words[0]);
	if (event != NULL)
		cli_audit(
			&cli->site, event, status, &cli->account, cli->target);
	return cli_result(cli, cli->count > 0 ? cli->words[0] : group, status);
}

int
cli_act(struct cli *cli)
{
	return cli_open(cli) ? finish(cli, cli->command->act(cli))
			     : CLI_REFUSED;
}

/* Found before the act: afterwards the account may be gone. */
int
cli_act_on_account(struct cli *cli)
{
	enum status status;

	if (!cli_open(cli))
		return CLI_REFUSED;
	status = account_look_up_whom(&cli->site, cli->words[0], &cli->account);
	return finish(
		cli, status == STATUS_OK ? cli->command->act(cli) : status);
}

void
cli_hand_over(const struct cli *cli, const char *text, const char *page,
	const char *code)
{
	const struct conf *conf = cli->site.conf;
	size_t length = conf_origin_length(conf);

	if (length == 0)
		print_line(stdout, "%s: %s", text, code);
	else
		print_line(stdout, "%s, at %.*s/account/%s: %s", text,
			(int)length, conf->site_url, page, code);
}

/* In the way people say it: the largest unit of which there are two. */
void
cli_write_age(int64_t seconds, char text[CLI_AGE_SIZE])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (units[i].seconds > 1 && seconds < 2 * units[i].seconds)
		i++;
	snprintf(text, CLI_AGE_SIZE, "%lld %s",
		(long long)(seconds / units[i].seconds), units[i].name);
}

void
cli_list(const struct cli *cli, const char *const columns[])
{
	print_list(columns, cli_option(cli, "--json") != NULL);
}

volatile sig_atomic_t cli_stopping;

static void
on_end(int signal_number)
{
	(void)signal_number;
	cli_stopping = 1;
}

/* multiwatch sends QUIT on TERM, and passes USR2 on. */
void
cli_take_signals(void)
{
	static const int ending[] = {SIGTERM, SIGINT, SIGQUIT, SIGUSR2};
	struct sigaction action = {.sa_handler = on_end};
	size_t i;

	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof ending / sizeof ending[0]; i++)
		sigaction(ending[i], &action, NULL);
}
