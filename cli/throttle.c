/* throttle.c - latchkey throttle ... */
#include "config.h"

#include "account/throttle.h"
#include "cli.h"
#include "print.h"

#include <stdio.h>
#include <string.h>

/* Prints until when the count holds, or that a sign-in is remembered. */
static bool
list_one(void *context, const struct throttle_count *count)
{
	const int64_t *now = context;
	char state[64] = "free", failures[24];

	if (count->until > *now)
		snprintf(state, sizeof state, "waits %lld s",
			(long long)(count->until - *now));
	else if (count->no_digits)
		strcpy(state, "no digits");
	else if (count->known > 0)
		strcpy(state, "known");
	snprintf(failures, sizeof failures, "%lld", (long long)count->failures);
	print_row(count->sort, count->secret, count->account, count->network,
		failures, state, NULL);
	return true;
}

static enum status
list(const struct site *site, const char *name)
{
	int64_t now = site_now();

	(void)name;
	return throttle_each(site, list_one, &now);
}

/* False if the text is no network: an address, or 2001:db8::/64; "unknown"
 * stands for all clients without an address. */
static bool
read_network(const char *typed, char network[THROTTLE_NETWORK_SIZE])
{
	size_t length = strcspn(typed, "/");
	char address[THROTTLE_NETWORK_SIZE];

	snprintf(address, sizeof address, "%.*s", (int)length, typed);
	if (!throttle_network(address, network))
		return strcmp(typed, network) == 0;
	return typed[length] == '\0' || (strcmp(typed + length, "/64") == 0 &&
						strchr(network, ':') != NULL);
}

/* Decides what the text means: all, a network, or else an account. STATUS_OK
 * with one of them set. STATUS_BAD_FIELD if it is none. An account with the
 * name of a network has to be named by its id. */
static enum status
read_target(const struct site *site, const char *typed, struct account *account,
	char target[THROTTLE_NETWORK_SIZE])
{
	enum status status;

	if (strcmp(typed, "all") == 0) {
		strcpy(target, typed);
		return STATUS_OK;
	}
	if (read_network(typed, target))
		return STATUS_OK;
	target[0] = '\0';
	status = account_look_up_whom(site, typed, account);
	return status == STATUS_NO_ACCOUNT ? STATUS_BAD_FIELD : status;
}

static enum status
clear(const struct site *site, const char *typed)
{
	struct account account = {.id = ""};
	char target[THROTTLE_NETWORK_SIZE] = "";
	struct throttle_whom whom = {.account = NULL};
	enum status status = read_target(site, typed, &account, target);
	bool found = true;

	if (account.id[0] != '\0')
		whom = (struct throttle_whom){
			account.id, {account.username, account.email}, NULL};
	else
		whom.network = target;
	if (status == STATUS_OK)
		status = throttle_clear(
			site, strcmp(target, "all") == 0 ? NULL : &whom);
	if (status == STATUS_NOT_FOUND) {
		found = false;
		status = STATUS_OK;
	}
	cli_audit_target(site, "throttle-clear", status, account.id, target);
	if (!found)
		print_line(stderr,
			"latchkey throttle clear: nothing is counted for %s",
			typed);
	return status;
}

static int
throttle_clear_command(const struct cli_command *command, const char *conf_file,
	int argc, char **argv)
{
	static const struct cli_option no_options[] = {{NULL, NULL, NULL}};
	const char *typed;
	struct site site;
	enum status status;
	int result = cli_parse(command, argc, argv, no_options, &typed, 1);

	if (result != CLI_OK)
		return result;
	if (!cli_open(&site, conf_file))
		return CLI_REFUSED;
	status = clear(&site, typed);
	site_close(&site);
	if (status != STATUS_BAD_FIELD)
		return cli_result(command, typed, status);
	print_line(stderr,
		"latchkey throttle clear: %s: neither an account nor a "
		"network: an IPv4 address, or an IPv6 /64",
		typed);
	return CLI_REFUSED;
}

const struct cli_command cli_throttle_commands[] = {
	{"throttle", "list", "",
		"Lists what is counted: what, secret, account's id, network, "
		"failures, state.",
		cli_act, list, NULL},
	{"throttle", "clear", "NAME|NETWORK|all",
		"Forgets the wrong tries at an account, from a network "
		"(192.0.2.1, 2001:db8::/64), or all.",
		throttle_clear_command, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
