/* audit.c - latchkey audit ... */
#include "config.h"

#include "base/file.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/mem.h"
#include "cli.h"
#include "print.h"
#include "site/audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES_DEFAULT = 20, LINES_MAX = 1000000 };

/* Says where the lines go, if they go to no file. */
static bool
has_file(const struct site *site)
{
	if (audit_path(site->audit) != NULL)
		return true;
	if (strcmp(site->conf->audit, "off") == 0)
		fputs("latchkey audit: audit = off: nothing is written\n",
			stderr);
	else
		print_line(stderr,
			"latchkey audit: lines go to '%s': look there",
			site->conf->audit);
	return false;
}

/* A file that is being read. */
struct reading {
	void (*take)(void *context, const char *line);
	void *context;
	bool failed; /* and the reason has been said */
};

static void
fail(struct reading *reading, const char *path, const char *why)
{
	print_line(stderr, "latchkey audit: %s: %s", path, why);
	reading->failed = true;
}

/* Reads the lines to the file's end, each with its "\n". The last line may be
 * cut short, or still being written. */
static void
read_lines(struct reading *reading, const char *path, FILE *file)
{
	struct lines lines;
	char *line;

	lines_begin(&lines, file);
	while (lines_next(&lines)) {
		line = mem_printf("%s%s", lines.text, lines.ended ? "\n" : "");
		reading->take(reading->context, line);
		mem_free(line);
	}
	if (lines.flaw != NULL)
		fail(reading, path, lines.flaw);
	lines_end(&lines);
}

/* NULL if there is no file, or if it cannot be read, which it says. */
static FILE *
open_file(struct reading *reading, const char *path)
{
	FILE *file = fopen(path, "re");

	if (file == NULL && errno != ENOENT)
		fail(reading, path, strerror(errno));
	return file;
}

static void
close_file(FILE *file)
{
	if (file != NULL)
		fclose(file);
}

/* Prints a line, which may be half of one if it was cut short. JSON, too, has
 * \uXXXX for characters that are not printed. */
static void
print_event(void *context, const char *line)
{
	char *text = mem_printf("%.*s", (int)strcspn(line, "\n"), line);

	(void)context;
	print_text(stdout, text);
	if (strchr(line, '\n') != NULL)
		putchar('\n');
	mem_free(text);
}

/* Reads all files, the oldest first. Returns the newest, read to its end, which
 * the caller closes; NULL if there is none. */
static FILE *
read_all(const struct site *site, struct reading *reading)
{
	const char *path = audit_path(site->audit);
	FILE *newest = open_file(reading, path), *file;
	char *older;
	int i;

	for (i = AUDIT_FILES - 1; i > 0; i--) {
		older = mem_printf("%s.%d", path, i);
		file = open_file(reading, older);
		if (file != NULL)
			read_lines(reading, older, file);
		close_file(file);
		mem_free(older);
	}
	if (newest != NULL)
		read_lines(reading, path, newest);
	return newest;
}

/* --- tail -------------------------------------------------------------- */

/* The last lines, in a ring. */
struct tail {
	char **lines;
	size_t size, next;
};

static void
keep_line(void *context, const char *line)
{
	struct tail *tail = context;

	mem_free(tail->lines[tail->next]);
	tail->lines[tail->next] = mem_copy(line);
	tail->next = (tail->next + 1) % tail->size;
}

static void
print_tail(struct tail *tail)
{
	size_t i;

	for (i = 0; i < tail->size; i++) {
		char *line = tail->lines[(tail->next + i) % tail->size];

		if (line != NULL)
			print_event(NULL, line);
		mem_free(line);
	}
	mem_free(tail->lines);
	fflush(stdout);
}

/* Prints the rest of the file; false if it cannot be read, or standard output
 * is closed. */
static bool
print_rest(const char *path, FILE *file)
{
	struct reading reading = {print_event, NULL, false};

	clearerr(file);
	read_lines(&reading, path, file);
	return !reading.failed && fflush(stdout) == 0;
}

static bool
is_at(const char *path, FILE *file)
{
	struct stat ours;

	return fstat(fileno(file), &ours) == 0 && file_is_at(&ours, path);
}

/* Prints what is added to the file (NULL: there is none yet), until the command
 * is ended. When the file is full it goes on in the one that follows. Lines
 * written just before that are read a round later. */
static void
follow(const char *path, FILE *file)
{
	FILE *next = NULL;

	for (;; usleep(200000)) {
		if (file == NULL && (file = fopen(path, "re")) == NULL)
			continue;
		if (!print_rest(path, file))
			break;
		if (next != NULL) {
			fclose(file);
			file = next;
			next = NULL;
		} else if (!is_at(path, file)) {
			next = fopen(path, "re");
		}
	}
	fclose(file);
	close_file(next);
}

static int
audit_tail(struct cli *cli)
{
	const char *lines = cli_option(cli, "--lines");
	struct tail tail = {NULL, LINES_DEFAULT, 0};
	struct reading reading = {keep_line, &tail, false};
	FILE *file;

	if (lines != NULL)
		tail.size = strtoul(lines, NULL, 10);
	if (tail.size == 0 || tail.size > LINES_MAX) {
		print_line(stderr,
			"latchkey audit tail: --lines is a number from 1 to %d",
			LINES_MAX);
		return CLI_USAGE;
	}
	if (!cli_open_site(cli) || !has_file(&cli->site))
		return CLI_REFUSED;
	tail.lines = mem_zero(tail.size * sizeof *tail.lines);
	file = read_all(&cli->site, &reading);
	print_tail(&tail);
	if (cli_option(cli, "--follow") != NULL && !reading.failed)
		follow(audit_path(cli->site.audit), file);
	else
		close_file(file);
	return reading.failed ? CLI_REFUSED : CLI_OK;
}

/* --- grep -------------------------------------------------------------- */

struct search {
	char *words[CLI_WORDS];
	int count;
	int found;
};

/* "member=value", or a text anywhere in the line. */
static bool
matches(const char *line, const struct json_object *object, const char *word)
{
	const char *equals = strchr(word, '='), *value;
	char *member;

	if (equals == NULL)
		return strstr(line, word) != NULL;
	member = mem_printf("%.*s", (int)(equals - word), word);
	value = json_string(object, member);
	mem_free(member);
	return value != NULL && strcmp(value, equals + 1) == 0;
}

static void
print_match(void *context, const char *line)
{
	struct search *search = context;
	struct json_object *object =
		json_parse_object(line, strlen(line), NULL, NULL);
	int i;

	for (i = 0; i < search->count; i++)
		if (!matches(line, object, search->words[i]))
			break;
	json_object_put(object);
	if (i < search->count)
		return;
	search->found++;
	print_event(NULL, line);
}

/* An operator who names an account means the id that is in the lines. */
static char *
read_word(const struct site *site, const char *word)
{
	struct account account;
	const char *whom = strncmp(word, "account=", 8) == 0 ? word + 8 : word;

	if (!site_has_store(site) ||
		account_look_up_whom(site, whom, &account) != STATUS_OK)
		return mem_copy(word);
	return whom == word ? mem_copy(account.id)
			    : mem_printf("account=%s", account.id);
}

static int
audit_grep(struct cli *cli)
{
	struct search search = {.count = 0};
	struct reading reading = {print_match, &search, false};

	if (!cli_open_site(cli) || !has_file(&cli->site))
		return CLI_REFUSED;
	for (; search.count < cli->count; search.count++)
		search.words[search.count] =
			read_word(&cli->site, cli->words[search.count]);
	close_file(read_all(&cli->site, &reading));
	while (search.count > 0)
		mem_free(search.words[--search.count]);
	return search.found > 0 && !reading.failed ? CLI_OK : CLI_REFUSED;
}

const struct cli_command cli_audit_commands[] = {
	{"audit", "tail", "[--lines N] [--follow]",
		"Shows the last lines of the audit (20); --follow: and those "
		"to come.",
		audit_tail, NULL, NULL},
	{"audit", "grep", "WORD...",
		"Shows the lines that have every WORD: an account's name, "
		"MEMBER=VALUE (event=sign-in, outcome=refused), or any text.",
		audit_grep, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
