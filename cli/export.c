/* export.c - latchkey export: lines of JSON that latchkey import reads
 *
 * A line is written anew from what a record says, and not as the record has it:
 * records of older versions have their members in another order, and two equal
 * stores have equal lines. */
#include "config.h"

#include "cli.h"

#include "account/account-import.h"
#include "account/factor.h"
#include "account/token.h"
#include "base/json.h"
#include "print.h"

#include <stdio.h>
#include <string.h>

struct export
{
	const struct site *site;
	bool hashes;
	char mark[KEYS_MARK_SIZE]; /* under which the keyed hashes are good */
	uint64_t odd;              /* records that cannot be read */
};

/* A line of that kind with the members of a struct. */
static struct json_object *
begin_line(enum import_kind kind)
{
	struct json_object *line = json_new_object();

	json_add_string(line, "kind", import_kind_names[kind]);
	return line;
}

static void
add_members(struct json_object *line, const struct record_member *members,
	const void *base)
{
	char text[RECORD_SIZE];
	size_t length = record_write(members, base, text);
	struct json_object *object =
		json_parse_object(text, length, NULL, NULL);

	json_object_object_foreach(object, name, value)
		json_add(line, name, json_object_get(value));
	json_object_put(object);
}

/* --- a record of each kind ----------------------------------------------- */

/* Prints the line of a record, if it has one. False: it cannot be read. */
typedef bool print_record(const struct export *export, const char *key,
	const struct json_object *record);

/* An account's line has no kind: it is the one that other programs write. */
static bool
print_account(const struct export *export, const char *key,
	const struct json_object *record)
{
	struct json_object *line;
	struct account account;

	(void)key;
	if (record_read(account_members, record, &account) != NULL)
		return false;
	line = json_new_object();
	add_members(line, account_members, &account);
	if (account.groups[0] != '\0')
		json_add(line, "groups", groups_array(account.groups));
	if (!export->hashes)
		json_object_object_del(line, "hash");
	print_json(line);
	return true;
}

static bool
print_factor(const struct export *export, const char *key,
	const struct json_object *record)
{
	struct json_object *line;
	struct factor factor;

	(void)key;
	if (factor_read(record, &factor) != NULL)
		return false;
	/* An app that has shown no code yet begins again. */
	if (!factor_is_on(&factor))
		return true;
	line = begin_line(IMPORT_FACTOR);
	json_add_string(line, "keys", export->mark);
	add_members(line, factor_members, &factor);
	print_json(line);
	return true;
}

static bool
print_token(const struct export *export, const char *key,
	const struct json_object *record)
{
	struct json_object *line;
	struct token token;

	if (!token_is_record(key))
		return true;
	if (record_read(token_members, record, &token) != NULL ||
		token_get_use(export->site, token.id, &token.used) != STATUS_OK)
		return false;
	line = begin_line(IMPORT_TOKEN);
	json_add_string(line, "keys", export->mark);
	add_members(line, token_members, &token);
	json_add_int(line, "used", token.used);
	print_json(line);
	return true;
}

/* In the order in which they have to be imported, after the secrets. */
static const struct {
	enum import_kind kind;
	enum store_kind records;
	print_record *print;
} kinds[] = {
	{IMPORT_ACCOUNT, STORE_ACCOUNT, print_account},
	{IMPORT_FACTOR, STORE_FACTOR, print_factor},
	{IMPORT_TOKEN, STORE_TOKEN, print_token},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* --- the secrets ---------------------------------------------------------- */

static enum status
get_secret(struct store *store, const char *name, struct json_object **record)
{
	enum status status = store_begin(store, STORE_READ);

	*record = NULL;
	if (status == STATUS_OK)
		status = store_get(store, STORE_SECRET, name, record);
	store_abort(store);
	return status;
}

/* The other parameters follow from the accounts. */
static enum status
print_secrets(const struct export *export)
{
	struct json_object *line, *record;
	enum status status = STATUS_OK;
	const char *name;
	size_t i;

	for (i = 0; (name = keys_param(i)) != NULL && status == STATUS_OK;
		i++) {
		status = get_secret(export->site->store, name, &record);
		if (status != STATUS_OK)
			break;
		line = begin_line(IMPORT_PARAM);
		json_add_string(line, "name", name);
		json_add(line, "record", record);
		print_json(line);
	}
	return status;
}

/* --- all of it ------------------------------------------------------------ */

static enum status
print_kind(struct export *export, int i)
{
	struct store_walk walk;

	store_walk_begin(&walk, export->site->store, kinds[i].records, "");
	while (store_walk_next(&walk)) {
		if (kinds[i].print(export, walk.key, walk.record))
			continue;
		export->odd++;
		print_line(stderr, "latchkey export: %s %s: cannot be read",
			import_kind_names[kinds[i].kind], walk.key);
	}
	return store_walk_end(&walk);
}

/* Which kinds are wanted. Without --kind: all that the other options do not
 * leave out. */
static bool
is_wanted(const struct cli *cli, enum import_kind kind)
{
	const char *only = cli_option(cli, "--kind");

	if (only != NULL)
		return strcmp(only, import_kind_names[kind]) == 0;
	if (kind == IMPORT_PARAM)
		return cli_option(cli, "--secrets") != NULL;
	return kind == IMPORT_ACCOUNT || cli_option(cli, "--no-hashes") == NULL;
}

/* Accounts need no keys: they can be had where those are lost. */
static enum status
get_mark(struct cli *cli, char mark[KEYS_MARK_SIZE])
{
	enum status status;

	mark[0] = '\0';
	if (!is_wanted(cli, IMPORT_PARAM) && !is_wanted(cli, IMPORT_FACTOR) &&
		!is_wanted(cli, IMPORT_TOKEN))
		return STATUS_OK;
	status = site_keys(&cli->site, site_now());
	keys_mark(cli->site.keys, mark);
	return status;
}

static enum status
export_all(struct cli *cli)
{
	struct export export = {.site = &cli->site,
		.hashes = cli_option(cli, "--no-hashes") == NULL};
	enum status status = get_mark(cli, export.mark);
	int i;

	if (status == STATUS_OK && is_wanted(cli, IMPORT_PARAM))
		status = print_secrets(&export);
	for (i = 0; i < KINDS && status == STATUS_OK; i++)
		if (is_wanted(cli, kinds[i].kind))
			status = print_kind(&export, i);
	if (export.odd == 0 || status != STATUS_OK)
		return status;
	cli->reason = "some records could not be read";
	return STATUS_INTERNAL;
}

static bool
is_kind(const char *name)
{
	int i = 0;

	while (import_kind_names[i] != NULL &&
		strcmp(import_kind_names[i], name) != 0)
		i++;
	return import_kind_names[i] != NULL;
}

static int
export_store(struct cli *cli)
{
	const char *kind = cli_option(cli, "--kind");
	bool secrets = cli_option(cli, "--secrets") != NULL;

	if (kind != NULL && !is_kind(kind))
		return cli_misused(cli->command,
			"not one of account, factor, token and param:", kind);
	if (kind != NULL && strcmp(kind, "param") == 0 && !secrets)
		return cli_misused(cli->command,
			"secrets are exported with --secrets alone", NULL);
	if (secrets && cli_option(cli, "--no-hashes") != NULL)
		return cli_misused(
			cli->command, "not both at once:", "--no-hashes");
	return cli_act(cli);
}

const struct cli_command cli_export_commands[] = {
	{"export", NULL, "[--kind KIND] [--no-hashes] [--secrets]",
		"Writes accounts, second factors and access tokens as lines "
		"of JSON, which import\n      reads. KIND is account, factor, "
		"token or param; --secrets adds the secrets, the\n      last "
		"of these.",
		export_store, export_all, "export"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
