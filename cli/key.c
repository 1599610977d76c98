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
	print_row(entry->kid, state, created,
		entry->configured ? "environment" : "made", NULL);
}

static enum status
list(const struct site *site, const char *name)
{
	struct keys_entry entry;
	int64_t now = site_now();
	enum status status = site_keys(site, now);
	size_t i;

	(void)name;
	for (i = 0; status == STATUS_OK && keys_entry(site->keys, i, &entry);
		i++)
		print_entry(&entry, now);
	return status;
}

/* Says why nothing was done, and returns the exit status. */
static int
result_of(const struct cli_command *command, const char *kid,
	enum status status, enum keys_refusal refusal)
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
		return cli_result(command, kid, status);
	print_line(stderr, "latchkey %s %s: %s: %s", command->group,
		command->verb, kid, reasons[refusal]);
	return CLI_REFUSED;
}

static void
audit(const struct site *site, const char *event, enum status status,
	enum keys_refusal refusal, const char *kid)
{
	bool done = status == STATUS_OK && refusal == KEYS_ALLOWED;
	char target[64] = "";

	if (done)
		snprintf(target, sizeof target, "key:%s", kid);
	else if (status == STATUS_OK)
		status = STATUS_FORBIDDEN;
	cli_audit_target(site, event, status, "", target);
}

static int
rotate(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	bool force = false;
	const struct cli_option options[] = {
		{"--force", NULL, &force}, {NULL, NULL, NULL}};
	enum keys_refusal refusal = KEYS_ALLOWED;
	char kid[JWT_KID_SIZE];
	struct site site;
	enum status status;
	int result = cli_parse(command, argc, argv, options, NULL, 0);

	if (result != CLI_OK)
		return result;
	if (!cli_open(&site, conf_file))
		return CLI_REFUSED;
	status = keys_rotate(site.keys, site.store, site_now(),
		(int64_t)site.conf->token_life, force, kid, &refusal);
	audit(&site, "key-rotate", status, refusal, kid);
	site_close(&site);
	result = result_of(command, "key", status, refusal);
	if (result == CLI_OK)
		print_line(stdout, "%s", kid);
	return result;
}

static int
retire(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	static const struct cli_option no_options[] = {{NULL, NULL, NULL}};
	enum keys_refusal refusal = KEYS_ALLOWED;
	const char *kid;
	struct site site;
	enum status status;
	int result = cli_parse(command, argc, argv, no_options, &kid, 1);

	if (result != CLI_OK)
		return result;
	if (!cli_open(&site, conf_file))
		return CLI_REFUSED;
	status = site_keys(&site, site_now());
	if (status == STATUS_OK)
		status = keys_retire(site.keys, site.store, kid, &refusal);
	audit(&site, "key-retire", status, refusal, kid);
	site_close(&site);
	return result_of(command, kid, status, refusal);
}

const struct cli_command cli_key_commands[] = {
	{"key", "list", "",
		"Lists the keys of sign-in tokens: name (kid), state, since "
		"when, where from.",
		cli_act, list, NULL},
	{"key", "rotate", "[--force]",
		"Signs with a new key from now on, and prints its kid; the one "
		"before verifies for token_life.",
		rotate, NULL, NULL},
	{"key", "retire", "KID",
		"Takes away a key that only verifies; its tokens are dead at "
		"once.",
		retire, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
