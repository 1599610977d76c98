/* check.c - latchkey check */
#include "config.h"

#include "cli.h"

#include "check.h"
#include "enabled.h"
#include "print.h"

#include <stdio.h>

/* One line a problem. */
static void
print_problem(
	void *context, const char *kind, const char *key, const char *problem)
{
	(void)context;
	print_line(stdout, "%s %s: %s", kind, key, problem);
}

static void
print_counts(const struct check *check)
{
	bool enabled;
	int i;

	/* No damage, but nothing that should go unseen. */
	if (enabled_get(check->site, &enabled) == STATUS_OK && !enabled)
		print_line(stdout,
			"auth_enabled is off: verify lets everybody in");
	for (i = 0; i < CHECK_SCHEMES && check->schemes[i].count > 0; i++)
		print_line(stdout, "%llu accounts' hashes: %s",
			(unsigned long long)check->schemes[i].count,
			check->schemes[i].prefix);
	print_line(stdout, "%llu records, %llu problems",
		(unsigned long long)check->records,
		(unsigned long long)check->problems);
}

static int
run(const struct site *site, bool files)
{
	struct check check = {.site = site, .report = print_problem};
	enum status status = check_all(&check);
	bool clean = true;

	if (status == STATUS_OK)
		print_counts(&check);
	if (status == STATUS_OK && files) {
		status = store_verify(site->store);
		clean = status != STATUS_INTERNAL;
	}
	if (!clean)
		puts("files: libdb finds them damaged");
	else if (status != STATUS_OK)
		fputs("latchkey check: the store cannot be had now\n", stderr);
	return status == STATUS_OK && check.problems == 0 ? CLI_OK
							  : CLI_REFUSED;
}

static int
check_store(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	bool files = false;
	const struct cli_option options[] = {
		{"--files", NULL, &files}, {NULL, NULL, NULL}};
	struct site site;
	int result = cli_parse(command, argc, argv, options, NULL, 0);

	if (result != CLI_OK)
		return result;
	if (!cli_open(&site, conf_file))
		return CLI_REFUSED;
	result = run(&site, files);
	site_close(&site);
	return result;
}

const struct cli_command cli_check_commands[] = {
	{"check", NULL, "[--files]",
		"Looks at every record, and where it leads. With --files libdb "
		"looks at its\n      pages, too, and lets nobody else in "
		"meanwhile.",
		check_store, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
