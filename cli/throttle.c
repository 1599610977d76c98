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
list(struct cli *cli)
{
	static const char *const columns[] = {"what", "secret", "account",
		"network", "failures", "state", NULL};
	int64_t now = site_now();

	cli_list(cli, columns);
	return throttle_each(&cli->site, list_one, &now);
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

/* Decides what the text means: all, a network, or else an account. An account
 * with the name of a network has to be named by its id. STATUS_BAD_FIELD if it
 * is none of them. */
static enum status
find(struct cli *cli)
{
	const char *typed = cli->words[0];
	char network[THROTTLE_NETWORK_SIZE];
	enum status status;

	if (strcmp(typed, "all") == 0 || read_network(typed, network)) {
		strcpy(cli->target,
			strcmp(typed, "all") == 0 ? typed : network);
		return STATUS_OK;
	}
	status = account_look_up_whom(&cli->site, typed, &cli->account);
	if (status != STATUS_NO_ACCOUNT)
		return status;
	cli->reason = "neither an account nor a network: an IPv4 address, or "
		      "an IPv6 /64";
	return STATUS_BAD_FIELD;
}

static enum status
clear(struct cli *cli)
{
	const struct account *account = &cli->account;
	enum status status = find(cli);
	struct throttle_whom whom = {.network = cli->target};

	if (cli->target[0] == '\0')
		whom = (struct throttle_whom){
			account->id, {account->username, account->email}, NULL};
	if (status == STATUS_OK)
		status = throttle_clear(&cli->site,
			strcmp(cli->target, "all") == 0 ? NULL : &whom);
	if (status != STATUS_NOT_FOUND)
		return status;
	print_line(stderr, "latchkey throttle clear: nothing is counted for %s",
		cli->words[0]);
	return STATUS_OK;
}

const struct cli_command cli_throttle_commands[] = {
	{"throttle", "list", "[--json]",
		"Lists what is counted: what, secret, account's id, network, "
		"failures, state.",
		cli_act, list, NULL},
	{"throttle", "clear", "NAME|NETWORK|all",
		"Forgets the wrong tries at an account, from a network "
		"(192.0.2.1, 2001:db8::/64), or all.",
		cli_act, clear, "throttle-clear"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
