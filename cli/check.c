/* check.c - latchkey check */
#include "config.h"

#include "cli.h"

#include "account/integrity.h"
#include "account/names.h"
#include "print.h"
#include "site/auth-enabled.h"

#include <stdio.h>
#include <string.h>

/* Prints a line for a problem. */
static void
print_problem(
	void *context, const char *kind, const char *key, const char *problem)
{
	(void)context;
	print_line(stdout, "%s %s: %s", kind, key, problem);
}

static void
print_counts(const struct integrity *check)
{
	bool enabled;
	int i;

	/* No damage, but the operator should see it. */
	if (auth_enabled_get(check->site, &enabled) == STATUS_OK && !enabled)
		print_line(stdout,
			"auth_enabled is off: verify lets everybody in");
	for (i = 0; i < INTEGRITY_SCHEMES && check->schemes[i].count > 0; i++)
		print_line(stdout, "%llu accounts' hashes: %s",
			(unsigned long long)check->schemes[i].count,
			check->schemes[i].prefix);
	if (check->stranded_names + check->old_names > 0)
		print_line(stdout,
			"%llu names from before today's rules, good as they "
			"were: see latchkey check --mend-names",
			(unsigned long long)(check->stranded_names +
					     check->old_names));
	print_line(stdout, "%llu records, %llu problems",
		(unsigned long long)check->records,
		(unsigned long long)check->problems);
}

static int
run(const struct site *site, bool files)
{
	struct integrity check = {.site = site, .report = print_problem};
	enum status status = integrity_check(&check);
	bool clean = true;

	if (status == STATUS_OK)
		print_counts(&check);
	if (status == STATUS_OK && files) {
		status = store_verify(site->store);
		clean = status != STATUS_INTERNAL;
	}
	if (!clean)
		puts("files: damaged, or of two times");
	else if (status != STATUS_OK)
		fputs("latchkey check: the store cannot be had now\n", stderr);
	return status == STATUS_OK && check.problems == 0 ? CLI_OK
							  : CLI_REFUSED;
}

/* --- old names --------------------------------------------------------- */

struct mending {
	const struct site *site;
	bool yes;
	uint64_t mended, left;
};

/* Prints a line for a name: its account, and what is done, or why nothing
 * is. */
static void
print_name(const struct old_name *name, const char *what)
{
	bool is_free = name->fate == NAME_FREE;
	bool taken = name->fate == NAME_TAKEN;

	print_line(stdout, "%s (%s): %s%s%s", name->key, name->id, what,
		is_free ? " as "
		: taken ? ", "
			: "",
		is_free ? name->today
		: taken ? name->other
			: "");
}

/* A failure of the store ends the command. */
static bool
mend_one(void *context, const struct old_name *name)
{
	struct account account = {.id = ""};
	struct mending *mending = context;
	enum status status;

	if (name->fate != NAME_FREE || !mending->yes) {
		mending->left++;
		print_name(name, names_fate_text(name->fate));
		return true;
	}
	status = names_mend(mending->site, name->key);
	strcpy(account.id, name->id);
	cli_audit(mending->site, "name-mend", status, &account, "");
	if (status == STATUS_OK) {
		mending->mended++;
		print_name(name, "is kept from now on");
	}
	return status == STATUS_OK || status == STATUS_NAME_TAKEN ||
	       status == STATUS_NO_ACCOUNT;
}

/* All names first: a key may be given only if one old name alone wants it. */
static int
mend(const struct site *site, bool yes)
{
	struct mending mending = {site, yes, 0, 0};
	enum status status = names_settle(site->store, true);

	if (status == STATUS_OK)
		status = names_each_old(site, mend_one, &mending);
	if (status != STATUS_OK) {
		fputs("latchkey check: the store cannot be had now\n", stderr);
		return CLI_REFUSED;
	}
	print_line(stdout, "%llu names mended, %llu left as they are%s",
		(unsigned long long)mending.mended,
		(unsigned long long)mending.left,
		yes ? "" : "; --yes mends those that can be");
	return CLI_OK;
}

static int
check_store(struct cli *cli)
{
	bool files = cli_option(cli, "--files") != NULL;
	bool mend_names = cli_option(cli, "--mend-names") != NULL;
	bool yes = cli_option(cli, "--yes") != NULL;

	if (yes && !mend_names)
		return cli_misused(
			cli->command, "--yes goes with", "--mend-names");
	if (files && mend_names)
		return cli_misused(
			cli->command, "not both at once:", "--files");
	if (!cli_open(cli))
		return CLI_REFUSED;
	return mend_names ? mend(&cli->site, yes) : run(&cli->site, files);
}

const struct cli_command cli_check_commands[] = {
	{"check", NULL, "[--files | --mend-names [--yes]]",
		"Looks at every record, and where it leads. With --files libdb "
		"looks at its\n      pages, too, and no other process can use "
		"the store meanwhile. --mend-names lists\n      the names from "
		"before today's rules, and with --yes has those compared by\n"
		"      them that can be.",
		check_store, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
