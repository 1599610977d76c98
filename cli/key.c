/* key.c - latchkey key ... */
#include "config.h"

#include "cli.h"

#include "base/utc.h"
#include "print.h"

#include <stdio.h>
#include <string.h>

static void
print_entry(const struct keys_entry *entry, int64_t now)
{
	char state[UTC_SIZE + 16] = "signs", created[UTC_SIZE] = "";

	if (entry->until != 0 && entry->until <= now)
		strcpy(state, "expired");
	else if (entry->until != 0)
		utc_text(entry->until, stpcpy(state, "verifies until "));
	if (entry->created != 0)
		utc_text(entry->created, created);
	print_row(entry->key.kid, state, created,
		entry->configured ? "environment" : "made", NULL);
}

static enum status
list(struct cli *cli)
{
	static const char *const columns[] = {
		"kid", "state", "created", "from", NULL};
	const struct keys_entry *entry;
	int64_t now = site_now();
	enum status status = site_keys(&cli->site, now);
	size_t i;

	cli_list(cli, columns);
	for (i = 0; status == STATUS_OK &&
		    (entry = keys_entry(cli->site.keys, i)) != NULL;
		i++)
		print_entry(entry, now);
	return status;
}

/* Returns the status, and sets the reason if nothing was done. */
static enum status
refuse(struct cli *cli, enum status status, enum keys_refusal refusal)
{
	static const char *const reasons[] = {
		[KEYS_CONFIGURED] =
			"the secret comes from the environment "
			"(ACTIAN_VECTORAI_JWT_SECRET or LATCHKEY_JWT_SECRET): "
			"set another one there, and start the programs again; "
			"the one before goes on verifying. If it is not set "
			"there any more: --force",
		[KEYS_FULL] =
			"too many keys verify still; see latchkey key list, "
			"wait, or retire one",
		[KEYS_SIGNS] = "this is the key that signs; rotate first",
		[KEYS_UNKNOWN] = "there is no such key",
	};

	if (status != STATUS_OK || refusal == KEYS_ALLOWED)
		return status;
	cli->reason = reasons[refusal];
	return STATUS_FORBIDDEN;
}

static enum status
rotate(struct cli *cli)
{
	const struct site *site = &cli->site;
	enum keys_refusal refusal = KEYS_ALLOWED;
	char kid[JWT_KID_SIZE];
	enum status status = keys_rotate(site->keys, site->store, site_now(),
		(int64_t)site->conf->token_life,
		cli_option(cli, "--force") != NULL, kid, &refusal);

	status = refuse(cli, status, refusal);
	if (status == STATUS_OK) {
		snprintf(cli->target, sizeof cli->target, "key:%s", kid);
		print_line(stdout, "%s", kid);
	}
	return status;
}

static enum status
retire(struct cli *cli)
{
	const struct site *site = &cli->site;
	enum keys_refusal refusal = KEYS_ALLOWED;
	enum status status = site_keys(site, site_now());

	if (status == STATUS_OK)
		status = keys_retire(
			site->keys, site->store, cli->words[0], &refusal);
	return refuse(cli, status, refusal);
}

const struct cli_command cli_key_commands[] = {
	{"key", "list", "[--json]",
		"Lists the keys of sign-in tokens: name (kid), state, since "
		"when, where from.",
		cli_act, list, NULL},
	{"key", "rotate", "[--force]",
		"Signs with a new key from now on, and prints its kid; the one "
		"before verifies for token_life.",
		cli_act, rotate, "key-rotate"},
	{"key", "retire", "KID",
		"Takes away a key that only verifies; its tokens are dead at "
		"once.",
		cli_act, retire, "key-retire"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
