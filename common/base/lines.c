/* lines.c - the one reader of text files: a line at a time */
#include "config.h"

#include "base/lines.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

void
lines_begin(struct lines *lines, FILE *file)
{
	memset(lines, 0, sizeof *lines);
	lines->file = file;
	lines->text = mem_zero(LINES_LONGEST + 1);
}

void
lines_end(struct lines *lines)
{
	explicit_bzero(lines->text, lines->used);
	mem_free(lines->text);
	lines->text = NULL;
}

/* Reads all bytes up to the end of the line. getline(3) would take as much
 * memory as the longest line has, such as a JSON array of all accounts, and
 * leave copies behind as it grows. */
static int
read_bytes(struct lines *lines)
{
	int byte;

	lines->length = 0;
	lines->start = lines->end;
	while ((byte = getc_unlocked(lines->file)) != EOF && byte != '\n') {
		if (lines->length < LINES_LONGEST)
			lines->text[lines->length] = (char)byte;
		lines->length++;
	}
	if (lines->used < lines->length)
		lines->used = lines->length < LINES_LONGEST ? lines->length
							    : LINES_LONGEST;
	lines->ended = byte == '\n';
	lines->end += lines->length + (lines->ended ? 1 : 0);
	return byte;
}

static bool
begins_with(const struct lines *lines, const char *mark)
{
	size_t length = strlen(mark);

	return lines->length >= length &&
	       memcmp(lines->text, mark, length) == 0;
}

/* Takes off the mark and the end. */
static void
trim(struct lines *lines)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t length = strlen(mark);

	if (lines->length > LINES_LONGEST)
		return;
	if (begins_with(lines, mark)) {
		lines->length -= length;
		lines->start += length;
		memmove(lines->text, lines->text + length, lines->length);
	}
	if (lines->length > 0 && lines->text[lines->length - 1] == '\r')
		lines->length--;
	lines->text[lines->length] = '\0';
}

bool
lines_next(struct lines *lines)
{
	int byte;

	if (lines->flaw != NULL)
		return false;
	byte = read_bytes(lines);
	if (ferror(lines->file))
		lines->flaw = strerror(errno);
	else if (lines->number == 0 && (begins_with(lines, "\xff\xfe") ||
					       begins_with(lines, "\xfe\xff")))
		lines->flaw = "UTF-16; save it as UTF-8";
	if (lines->flaw != NULL || (byte == EOF && lines->length == 0))
		return false;
	lines->number++;
	trim(lines);
	return true;
}

bool
lines_blank(const struct lines *lines)
{
	return lines->length <= LINES_LONGEST &&
	       strspn(lines->text, " \t\r") == lines->length;
}
