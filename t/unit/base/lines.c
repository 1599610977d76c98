/* lines.c - the lines of a file, whatever wrote it and wherever it ends */
#include "config.h"

#include "base/lines.h"
#include "unit.h"

#define MARK "\xef\xbb\xbf"

/* clang-format off */

/* Bytes, and the lines that they are, each in brackets with where it begins. */
static const struct {
	const char *name, *bytes;
	size_t size;
	const char *lines;
} files[] = {
#define ROW(name, bytes, lines) {name, bytes, sizeof bytes - 1, lines}
	ROW("nothing", "", ""),
	ROW("one line", "a\n", "[0 a]"),
	ROW("no end", "a", "[0 a]"),
	ROW("no end of the last", "a\nbc", "[0 a][2 bc]"),
	ROW("empty ones", "\n\na\n\n", "[0 ][1 ][2 a][4 ]"),
	ROW("blanks", " a\t\n \n", "[0  a\t][4  ]"),
	ROW("from Windows", "a\r\nb\r\n", "[0 a][3 b]"),
	ROW("from Windows, no end", "a\r\nb\r", "[0 a][3 b]"),
	ROW("one CR is its own", "a\r\r\nb\rc\n", "[0 a\r][4 b\rc]"),
	ROW("a mark", MARK "a\nb", "[3 a][5 b]"),
	ROW("a mark alone", MARK, "[3 ]"),
	ROW("a mark on an empty line", MARK "\r\na", "[3 ][5 a]"),
	ROW("files joined", MARK "a\n" MARK "b\n", "[3 a][8 b]"),
	ROW("a mark is one", MARK MARK "a", "[3 " MARK "a]"),
	ROW("a mark in the midst", "a" MARK "b", "[0 a" MARK "b]"),
	ROW("half a mark", "\xef\xbb", "[0 \xef\xbb]"),
	ROW("a NUL", "a\0b\nc", "[0 a\0b][4 c]"),
	ROW("not UTF-8", "\xff\n\xff\xfe\n", "[0 \xff][2 \xff\xfe]"),
	ROW("UTF-16", "\xff\xfe" "a\0\n\0", "UTF-16; save it as UTF-8"),
	ROW("UTF-16 the other way", "\xfe\xff\0a\0\n", "UTF-16; save it as UTF-8"),
	ROW("UTF-16 of nothing", "\xff\xfe", "UTF-16; save it as UTF-8"),
};
/* clang-format on */

static void
test_files(void)
{
	char text[256];
	struct lines lines;
	size_t i, used;
	FILE *file;

	for (i = 0; i < sizeof files / sizeof files[0]; i++) {
		file = fopen(
			unit_file("lines", files[i].bytes, files[i].size), "r");
		lines_begin(&lines, file);
		used = 0;
		while (lines_next(&lines)) {
			used += (size_t)sprintf(
				text + used, "[%d ", (int)lines.start);
			memcpy(text + used, lines.text, lines.length);
			used += lines.length;
			text[used++] = ']';
		}
		text[used] = '\0';
		if (lines.flaw != NULL)
			used += (size_t)sprintf(text + used, "%s", lines.flaw);
		/* A NUL in the row, too. */
		ok(memcmp(text, files[i].lines, used + 1) == 0, "%s",
			files[i].name);
		lines_end(&lines);
		fclose(file);
	}
}

static void
test_long(void)
{
	static char bytes[3 * LINES_LONGEST];
	struct lines lines;
	FILE *file;

	memset(bytes, 'x', sizeof bytes);
	bytes[LINES_LONGEST] = '\n';
	bytes[2 * LINES_LONGEST + 2] = '\n';
	file = fopen(unit_file("lines", bytes, sizeof bytes), "r");
	lines_begin(&lines, file);
	ok(lines_next(&lines) && lines.length == LINES_LONGEST &&
			strlen(lines.text) == LINES_LONGEST,
		"one of the longest is all there");
	ok(lines_next(&lines) && lines.length == LINES_LONGEST + 1,
		"one byte more is seen");
	is_int((long long)strlen(lines.text), LINES_LONGEST,
		"and is not all there");
	ok(!lines_blank(&lines), "nor blank");
	ok(lines_next(&lines) && lines.number == 3 &&
			lines.start == 2 * LINES_LONGEST + 3 &&
			lines.length == LINES_LONGEST - 3,
		"the next one begins behind it");
	ok(!lines_next(&lines) && lines.flaw == NULL, "and is the last");
	ok(!lines_next(&lines), "also when asked again");
	lines_end(&lines);
	fclose(file);
}

static void
test_blank(void)
{
	static const char text[] = "\n \t\r\n\xef\xbb\xbf \n\0\n x";
	struct lines lines;
	FILE *file = fopen(unit_file("lines", text, sizeof text - 1), "r");
	int i;

	lines_begin(&lines, file);
	for (i = 0; i < 3; i++)
		ok(lines_next(&lines) && lines_blank(&lines), "blank: %d", i);
	ok(lines_next(&lines) && !lines_blank(&lines), "not blank: a NUL");
	ok(lines_next(&lines) && !lines_blank(&lines), "not blank: a letter");
	lines_end(&lines);
	fclose(file);
	file = fopen(unit_dir, "r");
	lines_begin(&lines, file);
	ok(!lines_next(&lines), "a directory has no lines");
	is_str(lines.flaw, "Is a directory", "and says so");
	lines_end(&lines);
	fclose(file);
}

int
main(void)
{
	unit_begin();
	test_files();
	test_long();
	test_blank();
	return done();
}
