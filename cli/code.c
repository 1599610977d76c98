/* code.c - latchkey code ... */
#include "config.h"

#include "account/code.h"
#include "account/throttle.h"
#include "base/mem.h"
#include "cli.h"

#include <sodium.h>

/* The operator knows the person who asks for a code. */
static enum status
allow_digits(const struct site *site, const char *id)
{
	enum status status = site_begin(site, STORE_WRITE, site_now());

	if (status == STATUS_OK)
		status = throttle_allow_digits(site, id);
	return store_finish(site->store, status);
}

static enum status
make(struct cli *cli)
{
	const struct site *site = &cli->site;
	bool verify = cli_option(cli, "--verify") != NULL;
	char code[CODE_SIZE], *text;
	enum status status = allow_digits(site, cli->account.id);

	code_draw(site, code);
	if (status == STATUS_OK)
		status = code_new(site, verify ? CODE_VERIFY : CODE_RESET,
			cli->account.id, site_now(), code, NULL);
	if (status == STATUS_OK) {
		text = mem_printf("%s code for %s, good for %lu seconds",
			verify ? "verification" : "reset", cli->words[0],
			site->conf->code_life);
		cli_hand_over(cli, text,
			verify ? "verify-email" : "reset-password", code);
		mem_free(text);
	}
	sodium_memzero(code, sizeof code);
	/* For the API a disabled account gets no codes, like one that does not
	 * exist. The operator can do something about it, so the command says
	 * so. */
	if (status == STATUS_NO_ACCOUNT && !cli->account.enabled)
		cli->reason = "the account is disabled: latchkey user enable "
			      "it first";
	return status;
}

const struct cli_command cli_code_commands[] = {
	{"code", "new", "[--verify] NAME",
		"Makes a code for a new password (--verify: to prove the "
		"address), the last word.",
		cli_act_on_account, make, "code-create"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
