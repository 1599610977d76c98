/* throttle.c - latchkey throttle ... */
#include "config.h"

#include "cli.h"
#include "throttle.h"

#include <stdio.h>
#include <string.h>

static const char *
or_dash(const char *text)
{
	return text[0] == '\0' ? "-" : text;
}

/* Until when it holds, or that a sign-in is remembered. */
static bool
list_one(void *context, const struct throttle_count *count)
{
	const int64_t *now = context;
	char state[64] = "free";

	if (count->until > *now)
		snprintf(state, sizeof state, "waits %lld s",
			(long long)(count->until - *now));
	else if (count->known > 0)
		strcpy(state, "known");
	printf("%s\t%s\t%s\t%s\t%lld\t%s\n", count->sort,
		or_dash(count->secret), or_dash(count->account),
		or_dash(count->network), (long long)count->failures, state);
	return true;
}

static enum status
list(const struct site *site, const char *name)
{
	int64_t now = site_now();

	(void)name;
	return throttle_each(site, list_one, &now);
}

/* The network that was meant: an address, or 2001:db8::/64. */
static void
read_network(const char *whom, char network[THROTTLE_NETWORK_SIZE])
{
	char address[THROTTLE_NETWORK_SIZE];

	snprintf(
		address, sizeof address, "%.*s", (int)strcspn(whom, "/"), whom);
	throttle_network(address, network);
}

/* An account is named as ever; what is nobody's name is a network. */
static enum status
clear(const struct site *site, const char *whom)
{
	char network[THROTTLE_NETWORK_SIZE];
	struct account account;
	enum status status = STATUS_OK;

	if (strcmp(whom, "all") == 0) {
		status = throttle_clear(site, NULL);
	} else {
		status = account_look_up(site, whom, &account);
		read_network(whom, network);
		if (status == STATUS_OK || status == STATUS_NO_ACCOUNT)
			status = throttle_clear(site,
				status == STATUS_OK ? account.id : network);
	}
	if (status != STATUS_NOT_FOUND)
		return status;
	fprintf(stderr, "latchkey throttle clear: nothing is counted for %s\n",
		whom);
	return STATUS_OK;
}

const struct cli_command cli_throttle_commands[] = {
	{"throttle", "list", "",
		"Lists what is counted: what, secret, account's id, network, "
		"failures, state.",
		cli_act, list, NULL},
	{"throttle", "clear", "NAME|NETWORK|all",
		"Forgets the wrong tries at an account, from a network "
		"(192.0.2.1, 2001:db8::/64), or all.",
		cli_act, clear, "throttle-clear"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
