/* mail.c - latchkey mail ... */
#include "config.h"

#include "account/mail.h"
#include "account/sweep.h"
#include "cli.h"
#include "mail/event-send.h"
#include "mail/mail-send.h"
#include "mail/mail-template.h"

#include "base/log.h"
#include "base/mem.h"
#include "print.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_MS = 1000 };

/* A mail program may end before it has read all. */
static void
take_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_IGN};

	cli_take_signals();
	sigemptyset(&action.sa_mask);
	sigaction(SIGPIPE, &action, NULL);
}

/* False, with the reason in the log, if the installation cannot be opened. */
static bool
open_to_send(struct cli *cli)
{
	if (!cli_open_parent(cli))
		return false;
	site_count(&cli->site, NULL);
	return true;
}

/* False, with each mistake in the log. The mails of a text with a mistake wait
 * until it is mended. They keep nothing else waiting. */
static bool
check_texts(const struct conf *conf)
{
	return !conf_mails(conf) || mail_template_check(conf);
}

/* Looks once a second, when event_command ends, and while mails are due. If the
 * store cannot be had it goes on, since the store will be there again. */
static int
mail_send(struct cli *cli)
{
	const struct site *site = &cli->site;
	bool once = cli_option(cli, "--once") != NULL, stored = false;
	struct mail_watch watch = {.more = false};
	struct event_send events = {.eager = once};
	int result = CLI_OK;
	enum status status = STATUS_OK, told = STATUS_OK;
	bool running, busy;

	log_open("mail");
	take_signals();
	if (!open_to_send(cli)) {
		if (!once)
			sleep(1); /* the supervisor starts it again at once */
		return CLI_REFUSED;
	}
	if (!check_texts(site->conf) && once)
		result = CLI_REFUSED;
	if (once && !conf_mails(site->conf) && !conf_events(site->conf)) {
		log_error("mail: mail_command is empty, and event_command is");
		result = CLI_REFUSED;
	}
	do {
		stored = stored || site_has_store(site);
		if (stored) {
			status = mail_send_due(
				site, &watch, site_now(), &cli_stopping);
			told = event_send_due(site, &events, &cli_stopping);
			sweep_if_due(site, site_now());
		}
		running = event_send_runs(&events);
		busy = running || watch.more ||
		       (!once && !cli_stopping &&
			       !store_is_outdated(site->store));
		if (busy)
			event_send_await(&events, watch.more ? 0 : LOOK_MS);
	} while (busy);
	if (status == STATUS_OK)
		status = told;
	return once && result == CLI_OK ? cli_result(cli, "mails", status)
					: result;
}

static void
list_one(const struct site *site, const struct mail *mail)
{
	int64_t now = site_now();
	char attempts[24], age[CLI_AGE_SIZE];
	struct account account;
	/* The account may have changed since, or the mail may be for none. */
	bool there = account_look_up_whom(site, mail->account, &account) ==
		     STATUS_OK;

	snprintf(attempts, sizeof attempts, "%lld", (long long)mail->attempts);
	cli_write_age(now - mail->made, age);
	print_row(mail->expires > now ? "waiting" : "failed",
		mail_kind_name(mail->kind), mail->account, attempts,
		mail->failure, age,
		mail->address[0] != '\0' ? mail->address
		: there                  ? account_address(&account)
					 : "",
		NULL);
}

static enum status
list(struct cli *cli)
{
	static const char *const columns[] = {"state", "kind", "account",
		"attempts", "reason", "age", "address", NULL};
	struct store_walk walk;
	struct mail mail;

	cli_list(cli, columns);
	mail_walk_begin(&walk, cli->site.store, 0);
	while (mail_walk_next(&walk, &mail))
		list_one(&cli->site, &mail);
	return store_walk_end(&walk);
}

static bool
is_missing(const char *mail_command)
{
	char *path = mem_printf(
		"%.*s", (int)strcspn(mail_command, " \t"), mail_command);
	bool missing = access(path, F_OK) != 0 && errno == ENOENT;

	mem_free(path);
	return missing;
}

/* Says why the mail was not sent, and what the operator can do. */
static bool
send_test(const struct site *site, const char *address)
{
	bool sent = false;

	if (!name_is_email(address))
		print_line(stderr,
			"latchkey mail test: %s: not an email address",
			address);
	else if (mail_send_test(site, address))
		sent = true;
	else if (is_missing(site->conf->mail_command))
		fputs("latchkey mail test: install a mail program, or set "
		      "mail_command\n",
			stderr);
	return sent;
}

static int
mail_test(struct cli *cli)
{
	take_signals();
	if (!open_to_send(cli) || !check_texts(cli->site.conf) ||
		!send_test(&cli->site, cli->words[0]))
		return CLI_REFUSED;
	print_line(stdout, "mail_command took a mail to %s", cli->words[0]);
	return CLI_OK;
}

const struct cli_command cli_mail_commands[] = {
	{"mail", "send", "[--once]",
		"Sends the mails that wait, and hands over the events, until "
		"it is ended (--once: what is due now).",
		mail_send, NULL, NULL},
	{"mail", "list", "[--json]",
		"Lists what waits or has failed: state, kind, account, "
		"attempts, reason, age, address.",
		cli_act, list, NULL},
	{"mail", "test", "ADDRESS", "Sends a test mail now.", mail_test, NULL,
		NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
