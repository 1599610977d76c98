/* token.c - latchkey token ... */
#include "config.h"

#include "account/token.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utc.h"
#include "cli.h"
#include "print.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAYS_MOST = 3660 }; /* ten years */

static void
list_one(const struct token *token)
{
	char permission[TOKEN_PERMISSION_SIZE];
	char expires[UTC_SIZE] = "never", used[UTC_SIZE] = "never";
	char id[24], parent[24] = "";

	token_write_permission(token->permission, permission);
	if (token->used != 0)
		utc_text(token->used, used);
	if (token->expires != 0)
		utc_text(token->expires, expires);
	snprintf(id, sizeof id, "%lld", (long long)token->id);
	if (token->parent != 0)
		snprintf(parent, sizeof parent, "%lld",
			(long long)token->parent);
	print_row(id, token->name, permission, expires,
		token->service    ? "service"
		: token->personal ? "personal"
				  : "access",
		token->personal ? token->maker : "", parent, used,
		token->restored ? "restored" : "", NULL);
}

static enum status
list(struct cli *cli)
{
	static const char *const columns[] = {"id", "name", "permission",
		"expires", "kind", "owner", "parent", "used", "state", NULL};
	static struct token_page page = {.limit = TOKENS_PAGE, .more = true};
	enum status status = STATUS_OK;
	bool odd = false;
	size_t i;

	cli_list(cli, columns);
	while (status == STATUS_OK && page.more) {
		status = token_list(&cli->site, &page);
		odd = odd || page.odd;
		for (i = 0; i < page.count; i++)
			list_one(&page.tokens[i]);
	}
	return status == STATUS_OK && odd ? STATUS_UNAVAILABLE : status;
}

/* --- new --------------------------------------------------------------- */

/* Reads the options; CLI_USAGE, said on standard error, if they are none. */
static int
read_options(const struct cli *cli, struct token *token)
{
	const char *permission = cli_option(cli, "--permission");
	const char *days = cli_option(cli, "--days");
	unsigned long life = 0;

	token->permission = permission == NULL
				    ? TOKEN_READ
				    : token_read_permission(permission);
	if (token->permission == 0)
		return cli_misused(cli->command,
			"not a list of " TOKEN_PERMISSIONS ":", permission);
	if (days != NULL)
		life = strtoul(days, NULL, 10);
	if (days != NULL && (strspn(days, "0123456789") != strlen(days) ||
				    life == 0 || life > DAYS_MOST))
		return cli_misused(
			cli->command, "not a number from 1 to 3660:", days);
	if (days != NULL)
		token->expires = site_now() + (int64_t)life * 86400;
	if (strlen(cli->words[1]) > TOKEN_NAME_MAX)
		return cli_misused(
			cli->command, "a name has at most 200 bytes", NULL);
	strcpy(token->name, cli->words[1]);
	return CLI_OK;
}

static void
print_token(
	const struct cli *cli, const struct token *token, const char *secret)
{
	struct json_object *line;

	if (cli_option(cli, "--json") == NULL) {
		print_line(stdout, "token %lld of %s: %s", (long long)token->id,
			cli->words[0], secret);
		return;
	}
	line = json_new_object();
	json_add_int(line, "id", token->id);
	json_add_string(line, "name", token->name);
	json_add_string(line, "token", secret);
	print_json(line);
}

/* A token ends with its administrator, so it has to have one. */
static enum status
make(struct cli *cli)
{
	struct token token = {.id = 0};
	char secret[TOKEN_SECRET_SIZE] = "";
	enum status status;

	if (!account_is_admin(&cli->account)) {
		cli->reason =
			"only enabled administrators have tokens of services";
		return STATUS_FORBIDDEN;
	}
	if (read_options(cli, &token) != CLI_OK)
		return STATUS_BAD_FIELD;
	strcpy(token.maker, cli->account.id);
	status = token_create(&cli->site, NULL, &token, site_now(), secret);
	if (status == STATUS_OK) {
		snprintf(cli->target, sizeof cli->target, "token:%lld",
			(long long)token.id);
		print_token(cli, &token, secret);
	}
	sodium_memzero(secret, sizeof secret);
	return status;
}

static int
token_new(struct cli *cli)
{
	struct token token = {.id = 0};
	int result = read_options(cli, &token);

	return result == CLI_OK ? cli_act_on_account(cli) : result;
}

/* 0: it is none. */
static int64_t
read_id(const char *id)
{
	return strspn(id, "0123456789") != strlen(id) || strlen(id) > 18
		       ? 0
		       : strtoll(id, NULL, 10);
}

static enum status
revoke_one(struct cli *cli)
{
	return token_delete(&cli->site, read_id(cli->words[0]));
}

/* --- out of a backup ---------------------------------------------------- */

struct restored {
	int64_t *ids;
	size_t count;
};

static bool
note_restored(void *context, const struct token *token)
{
	struct restored *restored = context;

	if (!token->restored)
		return true;
	restored->ids = mem_resize(
		restored->ids, (restored->count + 1) * sizeof *restored->ids);
	restored->ids[restored->count++] = token->id;
	return true;
}

/* Another process may delete one meanwhile. */
static enum status
confirm_all(struct cli *cli)
{
	struct restored restored = {NULL, 0};
	enum status status = token_each(&cli->site, note_restored, &restored);
	size_t i;

	for (i = 0; i < restored.count && status == STATUS_OK; i++) {
		status = token_confirm(&cli->site, restored.ids[i]);
		if (status == STATUS_NO_ACCESS_TOKEN)
			status = STATUS_OK;
	}
	if (status == STATUS_OK)
		print_line(stdout, "%zu confirmed", restored.count);
	mem_free(restored.ids);
	strcpy(cli->target, "all");
	return status;
}

static enum status
confirm(struct cli *cli)
{
	int64_t id = read_id(cli->words[0]);

	if (strcmp(cli->words[0], "all") == 0)
		return confirm_all(cli);
	return id == 0 ? STATUS_NO_ACCESS_TOKEN : token_confirm(&cli->site, id);
}

const struct cli_command cli_token_commands[] = {
	{"token", "new",
		"ADMINISTRATOR TOKEN [--permission P] [--days N] [--json]",
		"Makes an access token for a service, called TOKEN; its "
		"secret, the last word, is shown once.",
		token_new, make, "token-create"},
	{"token", "list", "[--json]",
		"Lists all access tokens: id, name, permission, until when, "
		"kind, the id of the account that a personal one acts as, "
		"the id of the access token that made it, when it was used "
		"last, to the hour, and whether it waits for token confirm.",
		cli_act, list, NULL},
	{"token", "revoke", "ID",
		"Deletes one, and those that it has made; all are dead at "
		"once.",
		cli_act, revoke_one, "token-delete"},
	{"token", "confirm", "ID|all",
		"Has one that came out of a backup, or all of these, be good "
		"again.",
		cli_act, confirm, "token-confirm"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
