/* import.c - latchkey import */
#include "config.h"

#include "cli.h"

#include "account/account-import.h"
#include "base/mem.h"
#include "password/hash-admit.h"
#include "print.h"
#include "progress.h"
#include "sorted.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* For how long a commit may keep requests waiting, in microseconds, and how
 * often commits are flushed, in seconds. */
enum { HOLD_MOST = 20000, HOLD_LEAST = 10000, BATCH_LEAST = 16, FLUSH = 1 };

struct import {
	struct site site;
	struct sorted sorted;
	struct progress progress;
	bool skip_bad, begun;
	uint64_t bad;
	uint64_t outcomes[IMPORT_OUTCOMES];
	size_t batch; /* accounts in the next commit */
	time_t flushed;
	struct account accounts[IMPORT_MOST];
	enum import_outcome became[IMPORT_MOST];
	uint32_t numbers[IMPORT_MOST]; /* of their lines */
};

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

/* --- first: is every line good? ---------------------------------------- */

static void
report(struct import *import, uint32_t number, const char *name,
	const char *reason)
{
	progress_hide(&import->progress);
	print_line(stderr, "latchkey import: line %u: %s%s%s", (unsigned)number,
		name, name[0] == '\0' ? "" : ": ", reason);
}

/* The cost of a hash is measured, once for each kind. */
static const char *
read_account(const struct import *import, struct account *account)
{
	const struct lines *lines = &import->sorted.lines;
	struct password_scheme own = conf_scheme(import->site.conf);
	const char *flaw;

	if (lines->length > LINES_LONGEST)
		return lines->text[0] == '[' ? account_line_array
					     : "longer than 64 KiB";
	flaw = account_line_read(lines->text, lines->length, account);
	if (flaw == NULL && account->hash[0] != '\0')
		hash_admit(&own, account->hash, &flaw);
	return flaw;
}

/* Reads all lines and keeps the good ones, in the order of their names. False
 * if the import should end there. */
static bool
check_lines(struct import *import)
{
	struct lines *lines = &import->sorted.lines;
	struct account account;
	char key[NAME_SIZE];
	const char *flaw;

	progress_begin(&import->progress, "checking", import->sorted.size);
	while (!interrupted && lines_next(lines)) {
		progress_show(&import->progress, lines->end);
		if (lines_blank(lines))
			continue;
		flaw = read_account(import, &account);
		if (flaw == NULL) {
			name_key(account_address(&account), key);
			sorted_keep(&import->sorted, key);
			continue;
		}
		report(import, (uint32_t)lines->number, "", flaw);
		if (!import->skip_bad) {
			fputs("latchkey import: nothing is made; mend the "
			      "line, or leave such out with --skip-bad\n",
				stderr);
			return false;
		}
		import->bad++;
	}
	progress_hide(&import->progress);
	if (lines_flaw(lines) != NULL) {
		print_line(stderr, "latchkey import: %s", lines_flaw(lines));
		return false;
	}
	sorted_sort(&import->sorted);
	return true;
}

/* --- then: make the accounts ------------------------------------------- */

/* Reads the lines of the next commit. False if they have changed since. */
static bool
read_batch(struct import *import, size_t from, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct sorted_line *kept = &import->sorted.kept[from + i];
		const char *line = sorted_read(&import->sorted, kept);

		import->numbers[i] = kept->number;
		if (line == NULL || account_line_read(line, kept->length,
					    &import->accounts[i]) != NULL) {
			report(import, kept->number, "",
				"not what it was when it was checked");
			return false;
		}
	}
	return true;
}

static void
note_outcomes(struct import *import, size_t count)
{
	static const char *const reasons[IMPORT_OUTCOMES] = {
		[IMPORT_TAKEN] =
			"another account has its username, email or id",
		[IMPORT_CHANGED] = "is there already, not as this line has it, "
				   "and stays as it is",
	};
	size_t i;

	for (i = 0; i < count; i++) {
		enum import_outcome became = import->became[i];

		import->outcomes[became]++;
		if (reasons[became] != NULL)
			report(import, import->numbers[i],
				account_name(&import->accounts[i]),
				reasons[became]);
	}
}

/* Chooses a size by which no other process waits long. */
static void
adapt(struct import *import)
{
	uint64_t held = store_held(import->site.store);

	if (held > HOLD_MOST && import->batch > BATCH_LEAST)
		import->batch -= import->batch / 4;
	else if (held < HOLD_LEAST && import->batch < IMPORT_MOST)
		import->batch += import->batch / 8 + 1;
	if (import->batch > IMPORT_MOST)
		import->batch = IMPORT_MOST;
}

/* No commit is acknowledged before the end, so a flush now and then is enough.
 * It bounds what a power loss can take. */
static enum store_durability
durability(struct import *import, bool last)
{
	time_t now = time(NULL);

	if (!last && now - import->flushed < FLUSH)
		return STORE_LAZY;
	import->flushed = now;
	return STORE_DURABLE;
}

static bool
import_lines(struct import *import)
{
	size_t from, count, total = import->sorted.count;
	enum status status = STATUS_OK;

	import->begun = true;
	progress_begin(&import->progress, "importing", total);
	for (from = 0; from < total && status == STATUS_OK; from += count) {
		bool last = total - from <= import->batch || interrupted;

		count = total - from < import->batch ? total - from
						     : import->batch;
		if (!read_batch(import, from, count))
			return false;
		status = account_import(&import->site, import->accounts, count,
			durability(import, last), import->became);
		if (status == STATUS_OK)
			note_outcomes(import, count);
		if (interrupted)
			break;
		adapt(import);
		progress_show(&import->progress, from + count);
	}
	progress_hide(&import->progress);
	if (status != STATUS_OK)
		fputs("latchkey import: the store cannot be had now\n", stderr);
	return status == STATUS_OK;
}

/* --- all of it --------------------------------------------------------- */

static int
run(struct import *import)
{
	/* Measuring takes a child process, which the sandbox forbids. */
	bool good = check_lines(import) && site_confine(&import->site) &&
		    import_lines(import);
	uint64_t skipped = import->bad + import->outcomes[IMPORT_TAKEN];

	print_line(stdout, "%llu imported, %llu there already, %llu skipped",
		(unsigned long long)import->outcomes[IMPORT_MADE],
		(unsigned long long)(import->outcomes[IMPORT_THERE] +
				     import->outcomes[IMPORT_CHANGED]),
		(unsigned long long)skipped);
	if (interrupted || (!good && import->begun))
		fputs("latchkey import: not to the end; the same command goes "
		      "on from here\n",
			stderr);
	return good && !interrupted && skipped == 0 ? CLI_OK : CLI_REFUSED;
}

static void
catch_interrupts(void)
{
	struct sigaction action = {.sa_handler = on_interrupt};

	/* Once: a second signal ends the command at once. */
	action.sa_flags = (int)SA_RESETHAND;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int
import_file(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	struct import *import = mem_zero(sizeof *import);
	const struct cli_option options[] = {
		{"--skip-bad", NULL, &import->skip_bad}, {NULL, NULL, NULL}};
	const char *path;
	int result = cli_parse(command, argc, argv, options, &path, 1);

	if (result == CLI_OK && !sorted_open(&import->sorted, path))
		result = CLI_REFUSED;
	else if (result == CLI_OK) {
		/* After the file, which the owner may not be able to read. */
		if (cli_open_parent(&import->site, conf_file)) {
			import->batch = IMPORT_MOST / 4;
			store_expect_bulk(import->site.store);
			catch_interrupts();
			result = run(import);
			cli_audit(&import->site, "import",
				import->outcomes[IMPORT_MADE] > 0 ||
						result == CLI_OK
					? STATUS_OK
					: STATUS_BAD_FIELD,
				"");
			site_close(&import->site);
		} else {
			result = CLI_REFUSED;
		}
		sorted_close(&import->sorted);
	}
	mem_free(import);
	return result;
}

const struct cli_command cli_import_commands[] = {
	{"import", NULL, "[--skip-bad] FILE|-",
		"Makes accounts out of lines of JSON, their hashes as they "
		"are.",
		import_file, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
