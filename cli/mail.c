/* mail.c - latchkey mail ... */
#include "config.h"

#include "account/mail.h"
#include "account/sweep.h"
#include "cli.h"
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

enum { AGE_SIZE = 32 };

static const struct cli_option no_options[] = {{NULL, NULL, NULL}};

static volatile sig_atomic_t stopping;

static void
on_terminate(int signal_number)
{
	(void)signal_number;
	stopping = 1;
}

static void
take_signals(void)
{
	struct sigaction action = {.sa_handler = on_terminate};

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGQUIT, &action, NULL); /* multiwatch sends it on TERM */
	action.sa_handler = SIG_IGN; /* for a mail program that ends before it
				      * has read all */
	sigaction(SIGPIPE, &action, NULL);
}

/* False, with the reason in the log, if no mail can be sent. */
static bool
open_to_send(struct site *site, const char *conf_file)
{
	if (!cli_open_parent(site, conf_file))
		return false;
	if (!conf_mails(site->conf) || mail_template_check(site->conf))
		return true;
	site_close(site);
	return false;
}

/* Looks once a second. If the store cannot be had it goes on, since the store
 * will be there again. */
static int
mail_send(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	bool once = false;
	const struct cli_option options[] = {
		{"--once", NULL, &once}, {NULL, NULL, NULL}};
	struct mail_watch watch = {0, 0, 0};
	struct site site;
	enum status status;
	int result = cli_parse(command, argc, argv, options, NULL, 0);

	if (result != CLI_OK)
		return result;
	log_open("mail");
	take_signals();
	if (!open_to_send(&site, conf_file)) {
		if (!once)
			sleep(1); /* the supervisor starts it again at once */
		return CLI_REFUSED;
	}
	if (once && !conf_mails(site.conf)) {
		log_error("mail: mail_command is empty");
		result = CLI_REFUSED;
	}
	do {
		status = mail_send_due(&site, &watch, site_now(), &stopping);
		sweep_if_due(&site, site_now());
		if (!once && !stopping)
			sleep(1);
	} while (!once && !stopping);
	site_close(&site);
	if (once && result == CLI_OK)
		result = cli_result(command, "mails", status);
	return result;
}

/* In the way people say it: the largest unit of which there are two. */
static void
write_age(int64_t seconds, char text[AGE_SIZE])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	size_t i = 0;

	while (units[i].seconds > 1 && seconds < 2 * units[i].seconds)
		i++;
	snprintf(text, AGE_SIZE, "%lld %s",
		(long long)(seconds / units[i].seconds), units[i].name);
}

/* The account may have changed since, or the mail may be for none. */
static void
find_address(const struct site *site, const char *id, char address[NAME_SIZE])
{
	struct account account = {.email = ""};
	enum status status = store_begin(site->store, STORE_READ);

	address[0] = '\0';
	if (status == STATUS_OK)
		status = account_get(site->store, id, &account);
	store_abort(site->store);
	if (status == STATUS_OK)
		strcpy(address, account_address(&account));
}

static bool
list_one(void *context, const struct mail *mail)
{
	const struct site *site = *(const struct site *const *)context;
	int64_t now = site_now();
	char attempts[24], age[AGE_SIZE], address[NAME_SIZE];

	snprintf(attempts, sizeof attempts, "%lld", (long long)mail->attempts);
	write_age(now > mail->made ? now - mail->made : 0, age);
	find_address(site, mail->account, address);
	print_row(mail->expires > now ? "waiting" : "failed",
		mail_kind_name(mail->kind), mail->account, attempts,
		mail->failure, age, address, NULL);
	return true;
}

static enum status
list(const struct site *site, const char *name)
{
	(void)name;
	return mail_each(site->store, list_one, &site);
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
mail_test(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	const char *address;
	struct site site;
	bool sent;
	int result = cli_parse(command, argc, argv, no_options, &address, 1);

	if (result != CLI_OK)
		return result;
	take_signals();
	if (!open_to_send(&site, conf_file))
		return CLI_REFUSED;
	sent = send_test(&site, address);
	site_close(&site);
	if (sent)
		print_line(stdout, "mail_command took a mail to %s", address);
	return sent ? CLI_OK : CLI_REFUSED;
}

const struct cli_command cli_mail_commands[] = {
	{"mail", "send", "[--once]",
		"Sends what waits, until it is ended (--once: what is due "
		"now).",
		mail_send, NULL, NULL},
	{"mail", "list", "",
		"Lists what waits or has failed: state, kind, account, "
		"attempts, reason, age, address.",
		cli_act, list, NULL},
	{"mail", "test", "ADDRESS", "Sends a test mail now.", mail_test, NULL,
		NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
