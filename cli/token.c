/* token.c - latchkey token ... */
#include "config.h"

#include "account/token.h"
#include "base/utc.h"
#include "cli.h"
#include "print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
list_one(void *context, const struct token *token)
{
	char permission[TOKEN_PERMISSION_SIZE];
	char expires[UTC_SIZE] = "never", id[24], parent[24] = "";

	(void)context;
	token_write_permission(token->permission, permission);
	if (token->expires != 0)
		utc_text(token->expires, expires);
	snprintf(id, sizeof id, "%lld", (long long)token->id);
	if (token->parent != 0)
		snprintf(parent, sizeof parent, "%lld",
			(long long)token->parent);
	print_row(id, token->name, permission, expires,
		token->service ? "service" : "access", parent, NULL);
	return true;
}

static enum status
list(struct cli *cli)
{
	return token_each(&cli->site, list_one, NULL);
}

static enum status
revoke(struct cli *cli)
{
	const char *id = cli->words[0];

	if (strspn(id, "0123456789") != strlen(id) || strlen(id) > 18)
		return STATUS_NO_ACCESS_TOKEN;
	return token_delete(&cli->site, strtoll(id, NULL, 10));
}

const struct cli_command cli_token_commands[] = {
	{"token", "list", "",
		"Lists all access tokens: id, name, permission, until when, "
		"kind, and the id of the access token that made it.",
		cli_act, list, NULL},
	{"token", "revoke", "ID",
		"Deletes one, and those that it has made; all are dead at "
		"once.",
		cli_act, revoke, "token-delete"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
