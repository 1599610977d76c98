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

/* An account is named as ever; what is nobody's name is a network. */
static enum status
clear(const struct site *site, const char *whom)
{
	struct account account;
	enum status status;

	if (strcmp(whom, "all") == 0)
		return throttle_clear(site, NULL);
	status = account_look_up(site, whom, &account);
	if (status == STATUS_NO_ACCOUNT)
		return throttle_clear(site, whom);
	return status == STATUS_OK ? throttle_clear(site, account.id) : status;
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
