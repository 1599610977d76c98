/* token.c - latchkey token ... */
#include "config.h"

#include "cli.h"
#include "token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct cli_option no_options[] = {{NULL, NULL, NULL}};

static bool
list_one(void *context, const struct token *token)
{
	char permission[TOKEN_PERMISSION_SIZE];
	time_t expires = (time_t)token->expires;
	char when[32] = "never";
	struct tm utc;

	(void)context;
	token_write_permission(token->permission, permission);
	if (token->expires != 0) {
		gmtime_r(&expires, &utc);
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
	}
	printf("%lld\t%s\t%s\t%s\t%s\n", (long long)token->id, token->name,
		permission, when, token->service ? "service" : "access");
	return true;
}

static int
token_list(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	struct site site;
	enum status status;
	int result = cli_parse(command, argc, argv, no_options, NULL, 0);

	if (result != CLI_OK)
		return result;
	if (!cli_open(&site, conf_file))
		return CLI_REFUSED;
	status = token_each(&site, list_one, NULL);
	site_close(&site);
	return cli_result(command, "tokens", status);
}

static int
token_revoke(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	const char *id;
	struct site site;
	enum status status = STATUS_NO_ACCESS_TOKEN;
	int result = cli_parse(command, argc, argv, no_options, &id, 1);

	if (result != CLI_OK)
		return result;
	if (!cli_open(&site, conf_file))
		return CLI_REFUSED;
	if (strspn(id, "0123456789") == strlen(id) && strlen(id) <= 18)
		status = token_delete(&site, strtoll(id, NULL, 10));
	site_close(&site);
	return cli_result(command, id, status);
}

const struct cli_command cli_token_commands[] = {
	{"token", "list", "",
		"Lists all access tokens: id, name, permission, until when, "
		"kind.",
		token_list},
	{"token", "revoke", "ID", "Deletes one; it is dead at once.",
		token_revoke},
	{NULL, NULL, NULL, NULL, NULL},
};
