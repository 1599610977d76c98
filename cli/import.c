/* import.c - latchkey import */
#include "config.h"

#include "cli.h"

#include "account/account-import.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/mem.h"
#include "import-convert.h"
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

static void
complain_of_copy(void)
{
	print_line(stderr, "latchkey: a copy in %s: %s", temporary_dir(),
		strerror(errno));
}

/* A file for the lines that another format becomes; NULL, said on standard
 * error, if there can be none. */
static FILE *
open_lines_aside(void)
{
	int fd = open_aside();

	if (fd < 0) {
		complain_of_copy();
		return NULL;
	}
	return mem_check(fdopen(fd, "w+"));
}

/* Copies an input that can be read only once. */
static int
copy_aside(int from)
{
	int to = open_aside();

	if (to >= 0 && !file_copy(from, to)) {
		close(to);
		to = -1;
	}
	if (to < 0)
		complain_of_copy();
	return to;
}

/* Opens a file, "-" for standard input, at its beginning. What is no plain file
 * is copied to one without a name in $TMPDIR or /var/tmp. NULL, said on
 * standard error, if that fails. */
static FILE *
open_plain(const char *path)
{
	struct stat file;
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					: open(path, O_RDONLY | O_CLOEXEC);
	int plain = fd;

	if (fd < 0 || fstat(fd, &file) != 0 || S_ISDIR(file.st_mode)) {
		print_line(stderr, "latchkey: %s: %s", path,
			strerror(fd < 0 ? errno : EISDIR));
		file_close(fd);
		return NULL;
	}
	if (!S_ISREG(file.st_mode)) {
		plain = copy_aside(fd);
		close(fd);
		if (plain < 0)
			return NULL;
	}
	/* From its beginning, wherever standard input stands. */
	lseek(plain, 0, SEEK_SET);
	return mem_check(fdopen(plain, "r"));
}

static uint64_t
size_of(FILE *file)
{
	struct stat found;

	return fstat(fileno(file), &found) == 0 ? (uint64_t)found.st_size : 0;
}

/* Begins at the beginning of the file, which is then sorted_close()'s. */
static void
sorted_open(struct sorted *sorted, FILE *file)
{
	rewind(file);
	sorted->size = size_of(file);
	sorted->text = mem_zero(LINES_LONGEST + 1);
	lines_begin(&sorted->lines, file);
}

static void
sorted_close(struct sorted *sorted)
{
	if (sorted->text == NULL)
		return;
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

/* --- names that a dry run has seen --------------------------------------- */

/* Hashes of names, in a table of which half is empty at least. */
struct seen {
	unsigned char secret[crypto_shorthash_KEYBYTES];
	uint64_t *hashes; /* 0: none */
	size_t count, room;
};

static void
seen_put(struct seen *seen, uint64_t hash)
{
	size_t at = (size_t)(hash % seen->room);

	while (seen->hashes[at] != 0)
		at = (at + 1) % seen->room;
	seen->hashes[at] = hash;
}

static void
seen_grow(struct seen *seen)
{
	uint64_t *old = seen->hashes;
	size_t i, room = seen->room;

	if (2 * seen->count < room)
		return;
	if (room == 0)
		crypto_shorthash_keygen(seen->secret);
	seen->room = room == 0 ? 4096 : 2 * room;
	seen->hashes = mem_zero(seen->room * sizeof *seen->hashes);
	for (i = 0; i < room; i++)
		if (old[i] != 0)
			seen_put(seen, old[i]);
	mem_free(old);
}

static uint64_t
seen_hash(const struct seen *seen, const char *key)
{
	union {
		unsigned char bytes[crypto_shorthash_BYTES];
		uint64_t number;
	} hash;

	crypto_shorthash(hash.bytes, (const unsigned char *)key, strlen(key),
		seen->secret);
	return hash.number | 1;
}

/* Whether that key has been seen, with `add` from now on. */
static bool
seen_key(struct seen *seen, const char *key, bool add)
{
	uint64_t hash;
	size_t at;

	seen_grow(seen);
	hash = seen_hash(seen, key);
	for (at = (size_t)(hash % seen->room); seen->hashes[at] != 0;
		at = (at + 1) % seen->room)
		if (seen->hashes[at] == hash)
			return true;
	if (add) {
		seen->hashes[at] = hash;
		seen->count++;
	}
	return false;
}

static bool
seen_name(struct seen *seen, const char *name, bool add)
{
	char key[NAME_SIZE];

	return name_key(name, key) && seen_key(seen, key, add);
}

/* --- the import -------------------------------------------------------- */

/* For how long a commit may keep requests waiting, in microseconds, and how
 * often commits are flushed, in seconds. */
enum { HOLD_MOST = 20000, HOLD_LEAST = 10000, BATCH_LEAST = 16, FLUSH = 1 };

struct import {
	const struct site *site;
	FILE *file;
	FILE *passwd, *aside;   /* for another format: passwd(5), if any, and
				 * where the lines go */
	struct convert convert; /* without a format: the file has the lines */
	struct sorted sorted;
	struct print_bar bar;
	bool dry, begun;
	struct import_mark mark;
	bool stored; /* there was a store before */
	uint64_t bad;
	uint64_t outcomes[IMPORT_OUTCOMES];
	struct seen seen;
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

static void
report(struct import *import, uint64_t number, const char *name,
	const char *reason)
{
	const struct reader_kind *kind = import->convert.kind;

	print_bar_hide(&import->bar);
	print_line(stderr, "latchkey import: %s %llu: %s%s%s",
		kind == NULL ? "line" : kind->unit, (unsigned long long)number,
		name, name[0] == '\0' ? "" : ": ", reason);
}

/* The same for a line of what was sorted, by where it comes from. */
static void
report_line(struct import *import, uint64_t line, const char *name,
	const char *reason)
{
	const struct convert *convert = &import->convert;

	report(import,
		convert->format == NULL ? line : convert->numbers[line - 1],
		name, reason);
}

/* --- another format becomes lines ---------------------------------------- */

static void
say_of_record(void *context, uint64_t number, const char *name,
	const char *text, bool bad)
{
	struct import *import = context;

	import->bad += bad;
	report(import, number, name, text);
}

static bool
show_bytes(void *context, uint64_t bytes)
{
	struct import *import = context;

	print_bar_show(&import->bar, bytes);
	return !interrupted;
}

static void
say_others(const struct convert *convert, bool bad)
{
	if (convert->unread != NULL)
		print_line(stderr,
			"latchkey import: columns that are not taken: %s",
			convert->unread);
	if (convert->others > 0)
		print_line(stderr,
			"latchkey import: %llu record%s of no account",
			(unsigned long long)convert->others,
			print_s(convert->others));
	if (convert->count == 0 && !bad)
		print_line(stderr,
			"latchkey import: no account in a file of "
			"the format %s",
			map_name(convert->format));
}

/* Makes lines of a file that has none. */
static bool
convert_file(struct import *import)
{
	struct convert *convert_to = &import->convert;
	bool good;

	if (convert_to->format == NULL)
		return true;
	convert_to->say = say_of_record;
	convert_to->go_on = show_bytes;
	convert_to->context = import;
	print_bar_begin(&import->bar, "reading", size_of(import->file));
	good = convert(convert_to, import->file, import->passwd, import->aside);
	print_bar_hide(&import->bar);
	if (!good)
		print_line(stderr, "latchkey import: %s", convert_to->flaw);
	else
		say_others(convert_to, import->bad > 0);
	return good;
}

/* --- then: is every line good? ------------------------------------------- */

/* The cost of a hash is measured, once for each kind. */
static const char *
read_account(const struct import *import, struct account *account)
{
	const struct lines *lines = &import->sorted.lines;
	struct password_scheme own = conf_scheme(import->site->conf);
	struct totp_secret totp;
	const char *flaw;

	if (lines->length > LINES_LONGEST)
		return "longer than 64 KiB";
	flaw = account_line_read(lines->text, lines->length, account, &totp);
	sodium_memzero(&totp, sizeof totp);
	if (flaw == NULL && account->hash[0] != '\0')
		hash_admit(&own, import->site->conf->hash_memory, account->hash,
			&flaw);
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
read_line(const struct import *import, struct account *account,
	char key[NAME_SIZE])
{
	const struct lines *lines = &import->sorted.lines;
	enum import_kind kind = import_line_kind(lines->text, lines->length);
	const char *flaw;

	account->username[0] = account->email[0] = '\0';
	if (kind != IMPORT_ACCOUNT)
		return read_other(import, kind, key);
	flaw = read_account(import, account);
	if (flaw == NULL)
		name_key(account_address(account), key);
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

	print_bar_begin(&import->bar, "checking", import->sorted.size);
	while (!interrupted && lines_next(lines)) {
		print_bar_show(&import->bar, lines->end);
		if (lines_blank(lines))
			continue;
		flaw = read_line(import, &account, key);
		if (flaw == NULL) {
			sorted_keep(&import->sorted, key);
			continue;
		}
		report_line(import, lines->number,
			import->convert.format == NULL ? ""
						       : account_name(&account),
			flaw);
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
			report_line(import, kept->number, "",
				"not what it was when it was checked");
			return false;
		}
	}
	return true;
}

/* The mark behind those lines; NULL where the import is not fresh. */
static const struct import_mark *
pass(struct import *import, size_t from, size_t count)
{
	if ((int64_t)from < import->mark.done)
		return NULL;
	import->mark.done = (int64_t)(from + count);
	return &import->mark;
}

/* How many of the next lines are accounts; up to a batch, and up to where an
 * import that is fresh goes on. */
static size_t
count_accounts(const struct import *import, size_t from)
{
	const struct sorted_line *kept = import->sorted.kept + from;
	size_t left = import->sorted.count - from, count = 0;
	int64_t before = import->mark.done - (int64_t)from;

	if (before > 0 && before < (int64_t)left)
		left = (size_t)before;
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
			report_line(import, import->numbers[i],
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

	/* It needs what has not been made. */
	if (import->dry) {
		import->outcomes[outcome]++;
		return STATUS_OK;
	}
	if (line == NULL)
		flaw = "not what it was when it was checked";
	else
		status = import_line(import->site, line, kept->length,
			pass(import, from, 1),
			durability(import, from + 1 == import->sorted.count),
			&outcome, &flaw);
	if (status != STATUS_OK)
		return status;
	if (flaw != NULL) {
		report_line(import, kept->number, "", flaw);
		import->bad++;
	} else {
		import->outcomes[outcome]++;
	}
	return STATUS_OK;
}

/* Whether a line before has the account's id or one of its names. */
static bool
see_account(struct seen *seen, const struct account *account, bool brings_id)
{
	if (seen_name(seen, account->username, false) ||
		seen_name(seen, account->email, false) ||
		(brings_id && seen_key(seen, account->id, false)))
		return true;
	seen_name(seen, account->username, true);
	seen_name(seen, account->email, true);
	if (brings_id)
		seen_key(seen, account->id, true);
	return false;
}

/* What the accounts would become, if those before them had been made. Where
 * there is no store, none is made for that: nothing is taken there. */
static enum status
try_batch(struct import *import, size_t count)
{
	bool brings_id[IMPORT_MOST];
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < count; i++) {
		brings_id[i] = import->accounts[i].id[0] != '\0';
		import->became[i] = IMPORT_MADE;
	}
	if (import->stored)
		status = account_import_try(
			import->site, import->accounts, count, import->became);
	for (i = 0; i < count; i++)
		if (import->became[i] == IMPORT_MADE &&
			see_account(&import->seen, &import->accounts[i],
				brings_id[i]))
			import->became[i] = IMPORT_TAKEN;
	return status;
}

/* Makes the next accounts, in one commit. */
static enum status
import_accounts(struct import *import, size_t from, size_t count)
{
	bool last = from + count == import->sorted.count || interrupted;
	enum status status;

	if (!read_batch(import, from, count))
		return STATUS_BAD_FIELD;
	status = import->dry
			 ? try_batch(import, count)
			 : account_import(import->site, import->accounts,
				   import->totps, count,
				   pass(import, from, count),
				   durability(import, last), import->became);
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
	if (!import->dry)
		status = import_begin(import->site, &import->mark);
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
	if (status == STATUS_OK && !interrupted && !import->dry)
		status = import_end(import->site);
	if (status_failed(status))
		fputs("latchkey import: the store cannot be had now\n", stderr);
	return status == STATUS_OK;
}

/* --- all of it --------------------------------------------------------- */

/* Whether all good lines have been imported. */
static bool
import_all(struct import *import)
{
	bool foreign = import->convert.format != NULL;

	if (!convert_file(import))
		return false;
	/* From here on the file is sorted_close()'s. */
	sorted_open(&import->sorted, foreign ? import->aside : import->file);
	*(foreign ? &import->aside : &import->file) = NULL;
	/* Measuring takes a child process, which the sandbox forbids. */
	return check_lines(import) && site_confine(import->site) &&
	       import_lines(import);
}

static int
run(struct import *import)
{
	bool good = import_all(import);
	uint64_t skipped = import->bad + import->outcomes[IMPORT_TAKEN];

	print_line(stdout, "%llu %simported, %llu there already, %llu skipped",
		(unsigned long long)import->outcomes[IMPORT_MADE],
		import->dry ? "would be " : "",
		(unsigned long long)(import->outcomes[IMPORT_THERE] +
				     import->outcomes[IMPORT_CHANGED]),
		(unsigned long long)skipped);
	if (!import->dry && (interrupted || (!good && import->begun)))
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
	import->mark.size = (int64_t)size_of(import->file);
	import->stored = site_has_store(import->site);
	if (!import->dry)
		store_expect_bulk(import->site->store);
	catch_interrupts();
	result = run(import);
	if (!import->dry)
		cli_audit(import->site, "import",
			import->outcomes[IMPORT_MADE] > 0 || result == CLI_OK
				? STATUS_OK
				: STATUS_BAD_FIELD,
			&cli->account, "");
	return result;
}

/* --- what it reads ------------------------------------------------------ */

static const char own_format[] = "latchkey";

/* Finds the format by its name or, without one, by how the file begins. False,
 * said on standard error, if that is one that cannot be read. */
static bool
choose_format(struct import *import, const char *name)
{
	struct convert *convert_to = &import->convert;
	char *begins = mem_zero(LINES_LONGEST);
	size_t length = fread(begins, 1, LINES_LONGEST, import->file);
	const char *reason = NULL;

	if (name == NULL)
		convert_to->format = map_detect(begins, length, &reason);
	else
		convert_to->format = map_find(name);
	if (convert_to->format != NULL)
		convert_to->kind =
			map_reader(convert_to->format, begins, length);
	explicit_bzero(begins, length);
	mem_free(begins);
	if (reason != NULL)
		print_line(stderr, "latchkey import: %s", reason);
	else if (name == NULL && convert_to->format != NULL)
		print_line(stderr, "latchkey import: read as %s",
			map_name(convert_to->format));
	return reason == NULL;
}

/* Opens what a format other than latchkey's own takes besides the file. */
static bool
open_others(struct import *import, const char *passwd)
{
	const struct map_format *format = import->convert.format;

	if (passwd != NULL && (format == NULL || !map_takes_passwd(format))) {
		fputs("latchkey import: --passwd goes with the format shadow\n",
			stderr);
		return false;
	}
	if (passwd != NULL) {
		import->passwd = open_plain(passwd);
		if (import->passwd == NULL)
			return false;
	}
	if (format == NULL)
		return true;
	import->aside = open_lines_aside();
	return import->aside != NULL;
}

static void
close_file(FILE *file)
{
	if (file != NULL)
		fclose(file);
}

static int
import_file(struct cli *cli)
{
	const char *name = cli_option(cli, "--format");
	struct import *import;
	int result = CLI_REFUSED;

	if (name != NULL && strcmp(name, own_format) != 0 &&
		map_find(name) == NULL)
		return cli_misused(cli->command, "unknown format", name);
	import = mem_zero(sizeof *import);
	import->dry = cli_option(cli, "--dry-run") != NULL;
	import->file = open_plain(cli->words[0]);
	if (import->file != NULL && choose_format(import, name) &&
		open_others(import, cli_option(cli, "--passwd")))
		result = import_to(cli, import);
	sorted_close(&import->sorted);
	convert_end(&import->convert);
	close_file(import->file);
	close_file(import->passwd);
	close_file(import->aside);
	mem_free(import->seen.hashes);
	mem_free(import);
	return result;
}

const struct cli_command cli_import_commands[] = {
	{"import", NULL,
		"[--format NAME] [--passwd FILE] [--dry-run] [--skip-bad] "
		"FILE|-",
		"Makes accounts out of lines of JSON, or out of the file of "
		"another system, their\n      hashes as they are. Formats: "
		"latchkey, shadow, htpasswd, ldif, keycloak,\n      supabase, "
		"pocketbase, authelia, django, csv, json.",
		import_file, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
