/* prompt.c - a line or a password, from a terminal or standard input */
#include "config.h"

#include "prompt.h"

#include "account/blocklist.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "print.h"
#include "web/dialect.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct termios terminal;

/* Restores the terminal when the operator gives up at the prompt. */
static void
on_interrupt(int signal_number)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal);
	_exit(128 + signal_number);
}

/* What is wrong with a line that has to be text; NULL: nothing. */
static const char *
flaw_of(const struct lines *lines)
{
	if (lines->flaw != NULL)
		return lines->flaw;
	return lines->length <= LINES_LONGEST &&
			       (strlen(lines->text) != lines->length ||
				       !utf8_valid(lines->text, lines->length))
		       ? "not a line of UTF-8"
		       : NULL;
}

bool
prompt_read_line(char *line, size_t size)
{
	struct lines lines;
	const char *flaw;
	bool there;

	/* Unbuffered: stdio would keep a copy of it, and of the lines after
	 * it. */
	setvbuf(stdin, NULL, _IONBF, 0);
	lines_begin(&lines, stdin);
	there = lines_next(&lines);
	flaw = flaw_of(&lines);
	if (flaw != NULL)
		print_line(stderr, "latchkey: standard input: %s", flaw);
	snprintf(line, size, "%s", flaw == NULL ? lines.text : "");
	lines_end(&lines);
	return there && flaw == NULL;
}

static bool
ask(const char *prompt, char *line, size_t size)
{
	bool good;

	print_text(stderr, prompt);
	fputs(": ", stderr);
	good = prompt_read_line(line, size);
	fputc('\n', stderr);
	return good;
}

/* What is asked for. */
struct words {
	const char *ask, *ask_new, *differ, *none;
};
static const struct words for_password = {"Password", "New password",
	"latchkey: these are two different passwords", "latchkey: no password"};
static const struct words for_passphrase = {"Passphrase", "New passphrase",
	"latchkey: these are two different passphrases",
	"latchkey: no passphrase"};

/* Asks on a terminal without echo, and `twice` for what is new. */
static bool
ask_unseen(const struct words *words, char *line, size_t size, bool twice)
{
	struct termios quiet;
	char *again = mem_zero(size);
	bool good;

	tcgetattr(STDIN_FILENO, &terminal);
	quiet = terminal;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	signal(SIGINT, on_interrupt);
	signal(SIGTERM, on_interrupt);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	good = ask(twice ? words->ask_new : words->ask, line, size) &&
	       (!twice || ask("The same again", again, size));
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal);
	if (good && twice && strcmp(line, again) != 0) {
		print_line(stderr, "%s", words->differ);
		good = false;
	}
	sodium_memzero(again, size);
	mem_free(again);
	return good;
}

static bool
read_password(const struct words *words, char *line, size_t size, bool twice)
{
	bool good = isatty(STDIN_FILENO) ? ask_unseen(words, line, size, twice)
					 : prompt_read_line(line, size);

	if (!good) {
		sodium_memzero(line, size);
		print_line(stderr, "%s", words->none);
	}
	return good;
}

bool
prompt_password(struct password *password)
{
	char line[4 * PASSWORD_BYTES];
	bool good = read_password(&for_password, line, sizeof line, false);

	if (good)
		password_read(password, line, strlen(line));
	sodium_memzero(line, sizeof line);
	return good;
}

/* The first line of a file. */
static bool
read_from(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	const char *flaw = NULL;
	struct lines lines;

	if (file == NULL) {
		print_line(stderr, "latchkey: %s: %s", path, strerror(errno));
		return false;
	}
	setvbuf(file, NULL, _IONBF, 0);
	lines_begin(&lines, file);
	if (!lines_next(&lines))
		flaw = "it is empty";
	if (flaw == NULL)
		flaw = flaw_of(&lines);
	if (flaw == NULL)
		snprintf(line, size, "%s", lines.text);
	else
		print_line(stderr, "latchkey: %s: %s", path, flaw);
	lines_end(&lines);
	fclose(file);
	return flaw == NULL;
}

bool
prompt_passphrase(struct password *passphrase, const char *path, bool twice)
{
	char line[4 * PASSWORD_BYTES];
	bool good = path != NULL ? read_from(path, line, sizeof line)
				 : read_password(&for_passphrase, line,
					   sizeof line, twice);

	memset(passphrase, 0, sizeof *passphrase);
	if (good && (!password_read(passphrase, line, strlen(line)) ||
			    passphrase->text[0] == '\0')) {
		print_line(stderr, "%s", for_passphrase.none);
		good = false;
	}
	sodium_memzero(line, sizeof line);
	return good;
}

/* The words are the API's. */
static void
say_flaws(const struct policy *policy, unsigned flaws)
{
	struct outcome outcome = {.status = STATUS_WEAK_PASSWORD,
		.flaws = flaws,
		.policy = *policy};
	struct json_object *body =
		dialect_body(dialect_of("/v1/api-"), &outcome);

	print_line(stderr, "latchkey: %s", json_string(body, "error"));
	json_object_put(body);
}

bool
prompt_new_password(const struct site *site, const struct account *account,
	struct password *password)
{
	struct policy policy = conf_policy_of(site->conf, POLICY_EDGE_IMPULSE);
	char line[4 * PASSWORD_BYTES];
	unsigned flaws;

	if (!read_password(&for_password, line, sizeof line, true))
		return false;
	flaws = policy_read(&policy, line, strlen(line), password);
	if (flaws == 0)
		flaws = blocklist_flaws(site, account, password);
	sodium_memzero(line, sizeof line);
	if (flaws != 0)
		say_flaws(&policy, flaws);
	return flaws == 0;
}
