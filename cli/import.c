/* import.c - latchkey import */
#include "config.h"

#include "cli.h"

#include "account/account-import.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/mem.h"
#include "password/hash-admit.h"
#include "print.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- a file of lines, read once through and then in another order ------ */

/* A line that will be read again, sorted by the beginning of its key. */
struct sorted_line {
	uint64_t key[2];
	uint64_t start;
	uint32_t length;
	uint32_t number;
};

struct sorted {
	struct lines lines; /* once through */
	uint64_t size;      /* of the file, bytes */
	char *text;         /* of a line that is read again */
	struct sorted_line *kept;
	size_t count, room;
};

static const char *
temporary_dir(void)
{
	const char *dir = getenv("TMPDIR");

	/* /tmp is often memory. */
	return dir == NULL || dir[0] == '\0' ? "/var/tmp" : dir;
}

/* Writes all of it, or returns false with errno. */
static bool
copy(int from, int to)
{
	char *buffer = mem_zero(LINES_LONGEST);
	ssize_t length;

	do
		length = read(from, buffer, LINES_LONGEST);
	while (length > 0 && file_write(to, buffer, (size_t)length));
	mem_free(buffer);
	return length == 0;
}

/* Makes a file that goes when it is closed: one without a name or, where the
 * file system has no such thing (NFS, FUSE), one whose name is deleted at
 * once. */
static int
open_aside(void)
{
	int fd = open(
		temporary_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	char *path;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	path = mem_printf("%s/latchkey.XXXXXX", temporary_dir());
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	mem_free(path);
	return fd;
}

/* Copies an input that can be read only once. */
static int
copy_aside(int from)
{
	int to = open_aside();

	if (to >= 0 && !copy(from, to)) {
		close(to);
		to = -1;
	}
	if (to < 0)
		print_line(stderr, "latchkey: a copy in %s: %s",
			temporary_dir(), strerror(errno));
	return to;
}

/* Opens a file, "-" for standard input. What is no plain file is copied to one
 * without a name in $TMPDIR or /var/tmp. False, said on standard error, if that
 * fails. The caller ends it with sorted_close(). */
static bool
sorted_open(struct sorted *sorted, const char *path)
{
	struct stat file;
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					: open(path, O_RDONLY | O_CLOEXEC);
	int plain = fd;

	memset(sorted, 0, sizeof *sorted);
	if (fd < 0 || fstat(fd, &file) != 0 || S_ISDIR(file.st_mode)) {
		print_line(stderr, "latchkey: %s: %s", path,
			strerror(fd < 0 ? errno : EISDIR));
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (!S_ISREG(file.st_mode)) {
		plain = copy_aside(fd);
		close(fd);
		if (plain < 0)
			return false;
		fstat(plain, &file);
	}
	sorted->size = (uint64_t)file.st_size;
	sorted->text = mem_zero(LINES_LONGEST + 1);
	/* From its beginning, wherever standard input stands. */
	lseek(plain, 0, SEEK_SET);
	lines_begin(&sorted->lines, mem_check(fdopen(plain, "r")));
	return true;
}

static void
sorted_close(struct sorted *sorted)
{
	fclose(sorted->lines.file);
	lines_end(&sorted->lines);
	mem_free(sorted->text);
	mem_free(sorted->kept);
	memset(sorted, 0, sizeof *sorted);
}

/* Eight bytes of a key as a number of the same order; zeros behind its end. */
static uint64_t
read_key(const char *key, size_t length)
{
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < 8; i++)
		number =
			number << 8 | (i < length ? (unsigned char)key[i] : 0U);
	return number;
}

/* Keeps the line that lines_next() has read, under a key. */
static void
sorted_keep(struct sorted *sorted, const char *key)
{
	size_t size = strlen(key);
	struct sorted_line *line;

	if (sorted->count == sorted->room) {
		sorted->room = sorted->room == 0 ? 1024 : 2 * sorted->room;
		sorted->kept = mem_resize(
			sorted->kept, sorted->room * sizeof *sorted->kept);
	}
	line = &sorted->kept[sorted->count++];
	line->key[0] = read_key(key, size);
	line->key[1] = size > 8 ? read_key(key + 8, size - 8) : 0;
	line->length = (uint32_t)sorted->lines.length;
	line->number = (uint32_t)sorted->lines.number;
	line->start = sorted->lines.start;
}

static int
compare(const void *a, const void *b)
{
	const struct sorted_line *one = a, *other = b;

	if (one->key[0] != other->key[0])
		return one->key[0] < other->key[0] ? -1 : 1;
	if (one->key[1] != other->key[1])
		return one->key[1] < other->key[1] ? -1 : 1;
	return one->number < other->number ? -1 : 1;
}

/* Sorts the kept lines by the first 16 bytes of their keys, then in the order
 * of the file. */
static void
sorted_sort(struct sorted *sorted)
{
	if (sorted->count > 0)
		qsort(sorted->kept, sorted->count, sizeof *sorted->kept,
			compare);
}

/* The text of a kept line, until the next call; NULL if it cannot be read. */
static const char *
sorted_read(struct sorted *sorted, const struct sorted_line *line)
{
	ssize_t length = pread(fileno(sorted->lines.file), sorted->text,
		line->length, (off_t)line->start);

	return length == (ssize_t)line->length ? sorted->text : NULL;
}

/* --- the import -------------------------------------------------------- */

/* For how long a commit may keep requests waiting, in microseconds, and how
 * often commits are flushed, in seconds. */
enum { HOLD_MOST = 20000, HOLD_LEAST = 10000, BATCH_LEAST = 16, FLUSH = 1 };

struct import {
	const struct site *site;
	struct sorted sorted;
	struct print_bar bar;
	bool skip_bad, begun, fresh;
	uint64_t bad;
	uint64_t outcomes[IMPORT_OUTCOMES];
	size_t batch; /* accounts in the next commit */
	time_t flushed;
	struct account accounts[IMPORT_MOST];
	struct totp_secret totps[IMPORT_MOST];
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
	print_bar_hide(&import->bar);
	print_line(stderr, "latchkey import: line %u: %s%s%s", (unsigned)number,
		name, name[0] == '\0' ? "" : ": ", reason);
}

/* The cost of a hash is measured, once for each kind. */
static const char *
read_account(const struct import *import, struct account *account)
{
	const struct lines *lines = &import->sorted.lines;
	struct password_scheme own = conf_scheme(import->site->conf);
	struct totp_secret totp;
	const char *flaw;

	if (lines->length > LINES_LONGEST)
		return lines->text[0] == '[' ? account_line_array
					     : "longer than 64 KiB";
	flaw = account_line_read(lines->text, lines->length, account, &totp);
	sodium_memzero(&totp, sizeof totp);
	if (flaw == NULL && account->hash[0] != '\0')
		hash_admit(&own, account->hash, &flaw);
	return flaw;
}

/* What is no account is made before all accounts, or after them. */
static const char *
read_other(const struct import *import, enum import_kind kind, char *key)
{
	strcpy(key, kind == IMPORT_PARAM ? "" : "\xff");
	return import->sorted.lines.length > LINES_LONGEST
		       ? "longer than 64 KiB"
		       : NULL;
}

static const char *
read_line(const struct import *import, char key[NAME_SIZE])
{
	const struct lines *lines = &import->sorted.lines;
	enum import_kind kind = import_line_kind(lines->text, lines->length);
	struct account account;
	const char *flaw;

	if (kind != IMPORT_ACCOUNT)
		return read_other(import, kind, key);
	flaw = read_account(import, &account);
	if (flaw == NULL)
		name_key(account_address(&account), key);
	return flaw;
}

/* Reads all lines and keeps the good ones, in the order of their names. False
 * if the import should end there. */
static bool
check_lines(struct import *import)
{
	struct lines *lines = &import->sorted.lines;
	char key[NAME_SIZE];
	const char *flaw;

	print_bar_begin(&import->bar, "checking", import->sorted.size);
	while (!interrupted && lines_next(lines)) {
		print_bar_show(&import->bar, lines->end);
		if (lines_blank(lines))
			continue;
		flaw = read_line(import, key);
		if (flaw == NULL) {
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
	print_bar_hide(&import->bar);
	if (lines->flaw != NULL) {
		print_line(stderr, "latchkey import: %s", lines->flaw);
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
					    &import->accounts[i],
					    &import->totps[i]) != NULL) {
			report(import, kept->number, "",
				"not what it was when it was checked");
			return false;
		}
	}
	return true;
}

/* How many of the next lines are accounts; up to a batch. */
static size_t
count_accounts(const struct import *import, size_t from)
{
	const struct sorted_line *kept = import->sorted.kept + from;
	size_t left = import->sorted.count - from, count = 0;

	while (count < left && count < import->batch &&
		kept[count].key[0] != 0 && kept[count].key[0] >> 56 != 0xff)
		count++;
	return count;
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
	uint64_t held = store_held(import->site->store);

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

/* Makes what is no account out of its line. */
static enum status
import_other(struct import *import, size_t from)
{
	const struct sorted_line *kept = &import->sorted.kept[from];
	const char *line = sorted_read(&import->sorted, kept), *flaw = NULL;
	enum import_outcome outcome = IMPORT_MADE;
	enum status status = STATUS_OK;

	if (line == NULL)
		flaw = "not what it was when it was checked";
	else
		status = import_line(import->site, line, kept->length,
			durability(import, from + 1 == import->sorted.count),
			&outcome, &flaw);
	if (status != STATUS_OK)
		return status;
	if (flaw != NULL) {
		report(import, kept->number, "", flaw);
		import->bad++;
	} else {
		import->outcomes[outcome]++;
	}
	return STATUS_OK;
}

/* Makes the next accounts, in one commit. */
static enum status
import_accounts(struct import *import, size_t from, size_t count)
{
	bool last = from + count == import->sorted.count || interrupted;
	enum status status;

	if (!read_batch(import, from, count))
		return STATUS_BAD_FIELD;
	status = account_import(import->site, import->accounts, import->totps,
		count, import->fresh, durability(import, last), import->became);
	sodium_memzero(import->totps, sizeof import->totps);
	if (status == STATUS_OK)
		note_outcomes(import, count);
	adapt(import);
	return status;
}

static bool
import_lines(struct import *import)
{
	size_t from, count, total = import->sorted.count;
	enum status status = STATUS_OK;

	import->begun = true;
	print_bar_begin(&import->bar, "importing", total);
	for (from = 0; from < total && status == STATUS_OK && !interrupted;
		from += count) {
		count = count_accounts(import, from);
		if (count > 0)
			status = import_accounts(import, from, count);
		else
			status = import_other(import, from);
		count += count == 0;
		print_bar_show(&import->bar, from + count);
	}
	print_bar_hide(&import->bar);
	if (status_failed(status))
		fputs("latchkey import: the store cannot be had now\n", stderr);
	return status == STATUS_OK;
}

/* --- all of it --------------------------------------------------------- */

static int
run(struct import *import)
{
	/* Measuring takes a child process, which the sandbox forbids. */
	bool good = check_lines(import) && site_confine(import->site) &&
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
import_to(struct cli *cli, struct import *import)
{
	int result;

	/* After the file, which the owner may not be able to read. */
	if (!cli_open_parent(cli))
		return CLI_REFUSED;
	import->site = &cli->site;
	import->batch = IMPORT_MOST / 4;
	store_expect_bulk(import->site->store);
	if (import_is_fresh(import->site, &import->fresh) != STATUS_OK)
		return CLI_REFUSED;
	catch_interrupts();
	result = run(import);
	cli_audit(import->site, "import",
		import->outcomes[IMPORT_MADE] > 0 || result == CLI_OK
			? STATUS_OK
			: STATUS_BAD_FIELD,
		&cli->account, "");
	return result;
}

static int
import_file(struct cli *cli)
{
	struct import *import = mem_zero(sizeof *import);
	int result = CLI_REFUSED;

	import->skip_bad = cli_option(cli, "--skip-bad") != NULL;
	if (sorted_open(&import->sorted, cli->words[0])) {
		result = import_to(cli, import);
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
