/* blocklist.c - latchkey blocklist ...: filters from lists of passwords */
#include "config.h"

#include "cli.h"

#include "account/blocklist.h"
#include "base/filter.h"
#include "base/lines.h"
#include "base/mem.h"
#include "print.h"
#include "prompt.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { HEX = 2 * FILTER_KEY };

/* The forms of a line. */
enum form {
	FORM_EMPTY,
	FORM_TEXT,
	FORM_SHA1,
	FORM_DIGEST, /* a hash of another length */
	FORMS
};

/* The lines of one form, and how many of them have a count beside it. */
struct tally {
	uint64_t lines, counted;
	uint64_t first; /* number of the first */
};

/* A list. It is read to judge it, to count its keys if need be, and to
 * build. */
struct list {
	const char *path;
	FILE *file;
	struct lines lines;
	struct tally tallies[FORMS];
	bool hashes; /* SHA1HEX[:COUNT], else the passwords themselves */
	bool exact;  /* as they are, neither in NFC nor case folded: secrets */
	uint64_t keys, skipped;
};

/* --- reading ----------------------------------------------------------- */

static bool
fail(const struct list *list, const char *reason)
{
	print_line(
		stderr, "latchkey blocklist build: %s: %s", list->path, reason);
	return false;
}

static bool
begin_list(struct list *list)
{
	if (fseeko(list->file, 0, SEEK_SET) != 0)
		return fail(list, "cannot be read twice");
	lines_begin(&list->lines, list->file);
	return true;
}

/* Ends the reading, after the last line. */
static bool
end_list(struct list *list)
{
	const char *flaw = list->lines.flaw;

	lines_end(&list->lines);
	return flaw == NULL || fail(list, flaw);
}

static bool
is_number(const char *text, const char *end)
{
	return text < end && text + strspn(text, "0123456789") == end;
}

/* --- the whole list judged --------------------------------------------- */

/* Whether the line is a number and something, as from uniq -c or a table of
 * ranks, or something and a number. */
static bool
has_count(const char *text, const char *end)
{
	const char *number = text + strspn(text, " "), *last = end;
	size_t digits = strspn(number, "0123456789");

	while (last > text && last[-1] >= '0' && last[-1] <= '9')
		last--;
	return (digits > 0 && number + digits + 1 < end &&
		       strchr(" \t,;:", number[digits]) != NULL) ||
	       (last < end && last > text + 1 &&
		       strchr("\t,;:", last[-1]) != NULL);
}

static enum form
form_of(const struct lines *lines, bool *counted)
{
	const char *text = lines->text, *end = text + lines->length;
	size_t digits = strspn(text, "0123456789abcdefABCDEF");
	bool alone = text + digits == end;

	*counted = !alone && text[digits] == ':' &&
		   is_number(text + digits + 1, end);
	if (lines->length == 0)
		return FORM_EMPTY;
	/* From the 32 digits of MD5 and NTLM to SHA-512's 128. */
	if (digits >= 32 && digits <= 128 && digits % 8 == 0 &&
		(alone || *counted))
		return digits == HEX ? FORM_SHA1 : FORM_DIGEST;
	*counted = lines->length <= LINES_LONGEST && has_count(text, end);
	return FORM_TEXT;
}

static bool
count_forms(struct list *list)
{
	struct tally *tally;
	bool counted;

	if (!begin_list(list))
		return false;
	while (lines_next(&list->lines)) {
		tally = &list->tallies[form_of(&list->lines, &counted)];
		if (tally->lines++ == 0)
			tally->first = list->lines.number;
		tally->counted += counted ? 1 : 0;
	}
	return end_list(list);
}

/* Whether the list consists of these. They are most of its lines; or, since no
 * password looks like a hash and its count, more than one in a hundred of
 * those. */
static bool
prevails(const struct tally *hashes, uint64_t others)
{
	return hashes->lines > others || hashes->counted > others / 100;
}

static bool
fail_at(const struct list *list, const struct tally *odd, const char *not_so,
	const struct tally *others, const char *hint)
{
	print_line(stderr,
		"latchkey blocklist build: %s:%" PRIu64 ": not %s, as %" PRIu64
		" others are%s",
		list->path, odd->first, not_so, others->lines, hint);
	return false;
}

/* Whether each of these lines has a count. One may be a heading. */
static bool
are_counted(uint64_t counted, uint64_t lines)
{
	return counted > 1 && lines - counted <= 1 + lines / 100;
}

/* Whether all secrets look like hashes or have a number beside them. One secret
 * may, but not all of them. */
static bool
judge_secrets(const struct list *list)
{
	uint64_t lines = 0, counted = 0;
	int form;

	for (form = FORM_TEXT; form < FORMS; form++) {
		lines += list->tallies[form].lines;
		counted += list->tallies[form].counted;
	}
	return !are_counted(counted, lines) ||
	       fail(list, "has a number in front of each secret or behind it; "
			  "take them out");
}

/* Tells a list of hashes from one of passwords. Any other list would make a
 * filter that finds no password. */
static bool
judge(struct list *list)
{
	const struct tally *text = &list->tallies[FORM_TEXT];
	const struct tally *sha1 = &list->tallies[FORM_SHA1];
	const struct tally *digest = &list->tallies[FORM_DIGEST];

	if (list->exact)
		return judge_secrets(list);
	if (prevails(digest, text->lines + sha1->lines)) {
		print_line(stderr,
			"latchkey blocklist build: %s:%" PRIu64
			": this and %" PRIu64
			" more lines are hashes of another kind than SHA-1 "
			"(NTLM, MD5): nothing could be looked up there",
			list->path, digest->first, digest->lines - 1);
		return false;
	}
	list->hashes = prevails(sha1, text->lines + digest->lines);
	if (list->hashes && text->lines > 0)
		return fail_at(list, text, "SHA1HEX[:COUNT]", sha1,
			"; if it is a heading, take it out");
	if (list->hashes && digest->lines > 0)
		return fail_at(list, digest, "SHA1HEX[:COUNT]", sha1, "");
	if (are_counted(text->counted, text->lines))
		return fail(list, "has a number in front of each password or "
				  "behind it; take them out");
	return true;
}

/* --- its keys ---------------------------------------------------------- */

/* False for a text that cannot be a password. */
static bool
read_text(const struct list *list, unsigned char key[FILTER_KEY])
{
	const struct lines *lines = &list->lines;
	struct password password, folded;

	if (lines->length > LINES_LONGEST)
		return false;
	if (list->exact) {
		filter_key(lines->text, lines->length, key);
		return strlen(lines->text) == lines->length;
	}
	if (!password_read(&password, lines->text, lines->length) ||
		!password_fold(&password, &folded))
		return false;
	filter_key(folded.text, strlen(folded.text), key);
	return true;
}

/* Whether the line has a key. */
static bool
read_key(struct list *list, unsigned char key[FILTER_KEY])
{
	if (list->lines.length == 0)
		return false;
	if (list->hashes ? sodium_hex2bin(key, FILTER_KEY, list->lines.text,
				   HEX, NULL, NULL, NULL) == 0
			 : read_text(list, key))
		return true;
	list->skipped++;
	return false;
}

/* Reads the list once more, to count its keys or, with a filter, to add
 * them. */
static bool
read_list(struct list *list, struct filter *filter)
{
	unsigned char key[FILTER_KEY];
	bool fits = true;

	if (!begin_list(list))
		return false;
	list->keys = list->skipped = 0;
	while (fits && lines_next(&list->lines))
		if (read_key(list, key)) {
			list->keys++;
			fits = filter == NULL || filter_add(filter, key);
		}
	return end_list(list) && (fits || fail(list, "has become longer"));
}

/* --- build ------------------------------------------------------------- */

static bool
build_filter(struct list *list, const char *output)
{
	struct filter *filter;
	bool good;

	if (!count_forms(list) || !judge(list))
		return false;
	list->keys = list->tallies[FORM_SHA1].lines;
	if (!list->hashes && !read_list(list, NULL))
		return false;
	if (list->keys == 0)
		return fail(list, "has nothing that could be a password");
	filter = filter_create(output, list->keys);
	good = filter != NULL && read_list(list, filter) &&
	       filter_finish(filter);
	if (good)
		print_line(stdout,
			"%s: %" PRIu64 " %s, %" PRIu64 " lines skipped, "
			"%" PRIu64 " bytes",
			output, list->keys,
			list->hashes  ? "hashes"
			: list->exact ? "secrets"
				      : "passwords",
			list->skipped, filter_size(filter));
	filter_close(filter);
	return good;
}

static int
build(struct cli *cli)
{
	struct list list = {.path = cli->words[0],
		.exact = cli_option(cli, "--exact") != NULL};
	const char *output = cli_option(cli, "--output");
	char *beside;
	bool good;

	list.file = fopen(list.path, "re");
	if (list.file == NULL) {
		fail(&list, strerror(errno));
		return CLI_REFUSED;
	}
	beside = mem_printf("%s.filter", list.path);
	good = build_filter(&list, output != NULL ? output : beside);
	mem_free(beside);
	fclose(list.file);
	return good ? CLI_OK : CLI_REFUSED;
}

/* --- check ------------------------------------------------------------- */

static int
check(struct cli *cli)
{
	struct filter *filter = filter_open(cli->words[0], "blocklist");
	struct password password;
	int result = CLI_REFUSED;
	bool found;

	if (filter == NULL)
		return CLI_REFUSED;
	if (prompt_password(&password)) {
		found = blocklist_has(filter, &password);
		puts(found ? "on the list" : "not on the list");
		result = found ? CLI_REFUSED : CLI_OK;
	}
	password_wipe(&password);
	filter_close(filter);
	return result;
}

const struct cli_command cli_blocklist_commands[] = {
	{"blocklist", "build", "FILE [--output FILTER] [--exact]",
		"Makes FILE.filter, for common_passwords, of a list of\n"
		"      passwords, one a line, or of their SHA-1 (as \"Have I "
		"Been Pwned\"\n      has it). --exact: of secrets, for "
		"leaked_secrets.",
		build, NULL, NULL},
	{"blocklist", "check", "FILTER",
		"Reads a password; is it on that list? If so, exit status 1.",
		check, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
