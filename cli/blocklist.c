/* blocklist.c - latchkey blocklist ...: filters from lists of passwords */
#include "config.h"

#include "cli.h"

#include "filter.h"
#include "guess.h"
#include "mem.h"
#include "prompt.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { LINE = 4 * PASSWORD_BYTES, HEX = 2 * FILTER_KEY };

/* A list, read twice: to count, then to build. It may be of any length, and
 * so may its lines. */
struct list {
	const char *path;
	FILE *file;
	bool hashes; /* SHA1HEX[:COUNT], else the passwords themselves */
	bool exact;  /* as they are, neither in NFC nor case folded */
	char line[LINE];
	size_t length;   /* of the line; LINE and more: it did not fit */
	uint64_t number; /* of the line */
	uint64_t keys, skipped;
};

/* What a line has come to. */
enum found { FOUND_KEY, FOUND_NOTHING, FOUND_WRONG };

/* --- reading ----------------------------------------------------------- */

static bool
fail(const struct list *list, const char *reason)
{
	fprintf(stderr, "latchkey blocklist build: %s: %s\n", list->path,
		reason);
	return false;
}

/* The next line without its end; false after the last. */
static bool
next_line(struct list *list)
{
	int byte;

	list->length = 0;
	while ((byte = getc_unlocked(list->file)) != EOF && byte != '\n') {
		if (list->length < LINE)
			list->line[list->length] = (char)byte;
		list->length++;
	}
	list->number++;
	if (byte == EOF && list->length == 0)
		return false;
	if (list->length > 0 && list->length <= LINE &&
		list->line[list->length - 1] == '\r')
		list->length--;
	return true;
}

static bool
read_hash(const struct list *list, unsigned char key[FILTER_KEY])
{
	size_t i;

	if (list->length < HEX || list->length >= LINE ||
		sodium_hex2bin(key, FILTER_KEY, list->line, HEX, NULL, NULL,
			NULL) != 0)
		return false;
	if (list->length == HEX)
		return true;
	for (i = HEX + 1; i < list->length; i++)
		if (list->line[i] < '0' || list->line[i] > '9')
			return false;
	return list->line[HEX] == ':' && list->length > HEX + 1;
}

/* False for what nobody's password can be. */
static bool
read_text(const struct list *list, unsigned char key[FILTER_KEY])
{
	struct password password, folded;

	if (list->length >= LINE)
		return false;
	if (list->exact) {
		filter_key(list->line, list->length, key);
		return true;
	}
	if (!password_read(&password, list->line, list->length) ||
		!password_fold(&password, &folded))
		return false;
	filter_key(folded.text, strlen(folded.text), key);
	return true;
}

static enum found
read_key(struct list *list, unsigned char key[FILTER_KEY])
{
	if (list->length == 0)
		return FOUND_NOTHING;
	if (list->hashes)
		return read_hash(list, key) ? FOUND_KEY : FOUND_WRONG;
	if (read_text(list, key))
		return FOUND_KEY;
	list->skipped++;
	return FOUND_NOTHING;
}

/* Goes through the list once more, to count its keys or, given a filter, to
 * add them. */
static bool
read_list(struct list *list, struct filter *filter)
{
	unsigned char key[FILTER_KEY];

	if (fseeko(list->file, 0, SEEK_SET) != 0)
		return fail(list, "cannot be read twice");
	list->number = list->keys = list->skipped = 0;
	while (next_line(list))
		switch (read_key(list, key)) {
		case FOUND_KEY:
			list->keys++;
			if (filter != NULL && !filter_add(filter, key))
				return fail(list, "has become longer");
			break;
		case FOUND_WRONG:
			fprintf(stderr,
				"latchkey blocklist build: %s:%" PRIu64
				": not SHA1HEX[:COUNT], as the first line is\n",
				list->path, list->number);
			return false;
		case FOUND_NOTHING:
			break;
		}
	return ferror(list->file) == 0 || fail(list, strerror(errno));
}

/* The first line that is not empty tells hashes from passwords. */
static void
recognise(struct list *list)
{
	unsigned char key[FILTER_KEY];

	while (next_line(list) && list->length == 0)
		continue;
	list->hashes = !list->exact && read_hash(list, key);
}

/* --- build ------------------------------------------------------------- */

static bool
build_filter(struct list *list, const char *output)
{
	struct filter *filter;
	bool good;

	recognise(list);
	if (!read_list(list, NULL))
		return false;
	if (list->keys == 0)
		return fail(list, "has nothing that could be a password");
	filter = filter_create(output, list->keys);
	good = filter != NULL && read_list(list, filter) &&
	       filter_finish(filter);
	if (good)
		printf("%s: %" PRIu64 " %s, %" PRIu64 " lines skipped, "
		       "%zu bytes\n",
			output, list->keys,
			list->hashes  ? "hashes"
			: list->exact ? "secrets"
				      : "passwords",
			list->skipped, filter_size(filter));
	filter_close(filter);
	return good;
}

static int
build(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	struct list list = {.exact = false};
	const char *output = NULL;
	char *beside;
	const struct cli_option options[] = {{"--output", &output, NULL},
		{"--exact", NULL, &list.exact}, {NULL, NULL, NULL}};
	int result = cli_parse(command, argc, argv, options, &list.path, 1);
	bool good;

	(void)conf_file;
	if (result != CLI_OK)
		return result;
	list.file = fopen(list.path, "re");
	if (list.file == NULL) {
		fail(&list, strerror(errno));
		return CLI_REFUSED;
	}
	beside = mem_printf("%s.filter", list.path);
	good = build_filter(&list, output != NULL ? output : beside);
	mem_free(beside);
	sodium_memzero(list.line, sizeof list.line);
	fclose(list.file);
	return good ? CLI_OK : CLI_REFUSED;
}

/* --- check ------------------------------------------------------------- */

static int
check(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	static const struct cli_option no_options[] = {{NULL, NULL, NULL}};
	struct filter *filter;
	struct password password;
	const char *path;
	int result = cli_parse(command, argc, argv, no_options, &path, 1);
	bool found;

	(void)conf_file;
	if (result != CLI_OK)
		return result;
	filter = filter_open(path, "blocklist");
	if (filter == NULL)
		return CLI_REFUSED;
	result = CLI_REFUSED;
	if (prompt_password(&password)) {
		found = guess_listed(filter, &password);
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
