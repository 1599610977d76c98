/* code.c - latchkey code ... */
#include "config.h"

#include "account/code.h"
#include "account/throttle.h"
#include "cli.h"
#include "print.h"

#include <sodium.h>
#include <stdio.h>

/* For the API a disabled account gets no codes, like one that does not exist.
 * The operator can do something about it, so the command says so. */
static int
result_of(const struct cli_command *command, const char *name,
	enum status status, const struct account *account)
{
	if (status != STATUS_NO_ACCOUNT || account->id[0] == '\0' ||
		account->enabled)
		return cli_result(command, name, status);
	print_line(stderr,
		"latchkey code new: %s: the account is disabled: latchkey "
		"user enable it first",
		name);
	return CLI_REFUSED;
}

/* The operator knows the person who asks for a code. */
static enum status
allow_digits(const struct site *site, const char *id)
{
	enum status status = site_keys(site, site_now());

	if (status == STATUS_OK)
		status = store_begin(site->store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	return store_finish(site->store, throttle_allow_digits(site, id));
}

static int
code_new_command(const struct cli_command *command, const char *conf_file,
	int argc, char **argv)
{
	bool verify = false;
	const struct cli_option options[] = {
		{"--verify", NULL, &verify}, {NULL, NULL, NULL}};
	struct account account = {.id = ""};
	char code[CODE_SIZE];
	const char *name;
	struct site site;
	enum status status;
	int result = cli_parse(command, argc, argv, options, &name, 1);

	if (result != CLI_OK)
		return result;
	if (!cli_open(&site, conf_file))
		return CLI_REFUSED;
	status = account_look_up_whom(&site, name, &account);
	if (status == STATUS_OK)
		status = allow_digits(&site, account.id);
	code_draw(&site, code);
	if (status == STATUS_OK)
		status = code_new(&site, verify ? CODE_VERIFY : CODE_RESET,
			account.id, site_now(), code);
	if (status == STATUS_OK)
		print_line(stdout, "%s code for %s, good for %lu seconds: %s",
			verify ? "verification" : "reset", name,
			site.conf->code_life, code);
	sodium_memzero(code, sizeof code);
	cli_audit(&site, "code-create", status, account.id);
	site_close(&site);
	return result_of(command, name, status, &account);
}

const struct cli_command cli_code_commands[] = {
	{"code", "new", "[--verify] NAME",
		"Makes a code for a new password (--verify: to prove the "
		"address), the last word.",
		code_new_command, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
