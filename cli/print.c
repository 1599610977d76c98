/* print.c - what the command prints */
#include "config.h"

#include "print.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/tick.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unictype.h>
#include <unistd.h>
#include <unistr.h>

/* Whether the character is visible and takes its place in the line. */
static bool
is_plain(ucs4_t point)
{
	static const uint32_t others =
		UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp;

	return !uc_is_general_category_withtable(point, others) &&
	       !uc_is_property_default_ignorable_code_point(point);
}

/* As in JSON, so that lines of the audit stay JSON. */
static void
print_escaped(FILE *out, ucs4_t point)
{
	if (point > 0xffff) {
		point -= 0x10000;
		fprintf(out, "\\u%04x", (unsigned)(0xd800 + (point >> 10)));
		point = 0xdc00 + (point & 0x3ff);
	}
	fprintf(out, "\\u%04x", (unsigned)point);
}

void
print_text(FILE *out, const char *text)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t left = strlen(text);
	ucs4_t point;
	int size;

	for (; left > 0; at += size, left -= (size_t)size) {
		size = u8_mbtoucr(&point, at, left);
		if (size < 1) {
			fprintf(out, "\\x%02x", *at);
			size = 1;
		} else if ((*at >= ' ' && *at <= '~') || is_plain(point)) {
			fwrite(at, 1, (size_t)size, out);
		} else {
			print_escaped(out, point);
		}
	}
}

void
print_line(FILE *out, const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	text = mem_vprintf(format, args);
	va_end(args);
	print_text(out, text);
	putc('\n', out);
	/* It may have had a code in it. */
	explicit_bzero(text, strlen(text));
	mem_free(text);
}

void
print_json(struct json_object *object)
{
	size_t length;

	print_line(stdout, "%s", json_text(object, &length));
	json_object_put(object);
}

void
print_clear(void)
{
	fputs("\033[H\033[2J", stdout);
}

/* --- lists --------------------------------------------------------------- */

static const char *const *list_columns; /* of the list that is printed */
static bool list_json;

static void
print_cell(bool first, const char *text)
{
	if (!first)
		putchar('\t');
	print_text(stdout, text[0] == '\0' ? "-" : text);
}

const char *
print_word(const char *text)
{
	static char *words[4];
	static int next;
	char **word = &words[next++ % 4];

	mem_free(*word);
	*word = mem_copy(text[0] == '\0' ? "'" : "");
	if (text[0] != '\0' &&
		text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789/._:=@%+,-")] == '\0')
		return *word = mem_append(*word, "%s", text);
	*word = mem_append(*word, "%s", text[0] == '\0' ? "" : "'");
	for (; *text != '\0'; text++)
		*word = *text == '\'' ? mem_append(*word, "'\\''")
				      : mem_append(*word, "%c", *text);
	return *word = mem_append(*word, "'");
}

const char *
print_s(uint64_t count)
{
	return count == 1 ? "" : "s";
}

void
print_list(const char *const columns[], bool json)
{
	int i;

	list_columns = columns;
	list_json = json;
	if (json || !isatty(STDOUT_FILENO))
		return;
	for (i = 0; columns[i] != NULL; i++)
		print_cell(i == 0, columns[i]);
	putchar('\n');
}

void
print_row(const char *first, ...)
{
	struct json_object *object = list_json ? json_new_object() : NULL;
	const char *text = first;
	va_list texts;
	int i;

	va_start(texts, first);
	for (i = 0; text != NULL; text = va_arg(texts, const char *), i++)
		if (object != NULL)
			json_add_string(object, list_columns[i], text);
		else
			print_cell(i == 0, text);
	va_end(texts);
	if (object != NULL)
		print_json(object);
	else
		putchar('\n');
}

/* --- a bar on the terminal ----------------------------------------------- */

enum { INTERVAL = 200, WIDTH = 30 };

void
print_bar_begin(struct print_bar *bar, const char *what, uint64_t total)
{
	bar->what = what;
	bar->shown = isatty(STDERR_FILENO);
	bar->total = total;
	bar->begun = (uint64_t)tick_now();
	bar->drawn = 0;
}

static void
draw(const struct print_bar *bar, uint64_t done, uint64_t ms)
{
	char filled[WIDTH + 1];
	uint64_t seconds = (bar->total - done) * ms / done / 1000;
	int signs = (int)(done * WIDTH / bar->total);

	memset(filled, ' ', WIDTH);
	memset(filled, '=', (size_t)signs);
	filled[WIDTH] = '\0';
	fprintf(stderr,
		"\r%s [%s] %3d %%  %llu/s  %llu:%02llu:%02llu left \033[K",
		bar->what, filled, (int)(done * 100 / bar->total),
		(unsigned long long)(done * 1000 / ms),
		(unsigned long long)(seconds / 3600),
		(unsigned long long)(seconds / 60 % 60),
		(unsigned long long)(seconds % 60));
}

void
print_bar_show(struct print_bar *bar, uint64_t done)
{
	uint64_t now;

	if (!bar->shown || done == 0 || done > bar->total)
		return;
	now = (uint64_t)tick_now();
	if (now - bar->drawn < INTERVAL)
		return;
	bar->drawn = now;
	draw(bar, done, now > bar->begun ? now - bar->begun : 1);
}

void
print_bar_hide(struct print_bar *bar)
{
	if (bar->shown)
		fputs("\r\033[K", stderr);
}
