/* import-read.c - what the readers of other systems' files share; fields with
 * colons between them */
#include "config.h"

#include "import-read.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>

/* Goes over the mark that editors put at the beginning of a text. */
static void
skip_mark(FILE *file)
{
	off_t begin = ftello(file);
	char mark[sizeof READ_MARK - 1];

	if (fread(mark, 1, sizeof mark, file) != sizeof mark ||
		memcmp(mark, READ_MARK, sizeof mark) != 0)
		fseeko(file, begin, SEEK_SET);
}

void
reader_begin(struct reader *reader, const struct reader_kind *kind,
	const void *with, FILE *file)
{
	memset(reader, 0, sizeof *reader);
	reader->kind = kind;
	reader->with = with;
	reader->file = file;
	reader->text = mem_zero(READ_LONGEST + 1);
	skip_mark(file);
	kind->begin(reader);
}

enum read_outcome
reader_next(struct reader *reader)
{
	json_object_put(reader->record);
	reader->record = NULL;
	return reader->kind->next(reader);
}

void
reader_end(struct reader *reader)
{
	reader->kind->end(reader);
	json_object_put(reader->record);
	explicit_bzero(reader->text, reader->used);
	mem_free(reader->text);
	memset(reader, 0, sizeof *reader);
}

void
reader_add(struct reader *reader, int byte)
{
	if (reader->length < READ_LONGEST)
		reader->text[reader->length] = (char)byte;
	reader->length++;
	if (reader->used < reader->length)
		reader->used = reader->length < READ_LONGEST ? reader->length
							     : READ_LONGEST;
}

struct json_object *
reader_text(const char *text, size_t length)
{
	bool is_text =
		utf8_valid(text, length) && memchr(text, '\0', length) == NULL;

	return mem_check(is_text ? json_object_new_string_len(text, (int)length)
				 : json_object_new_boolean(false));
}

enum read_outcome
reader_bad(struct reader *reader, const char *flaw)
{
	reader->flaw = flaw;
	return READ_BAD;
}

/* --- lines with a : between fields --------------------------------------- */

static void
begin_lines(struct reader *reader)
{
	lines_begin(&reader->lines, reader->file);
}

static void
end_lines(struct reader *reader)
{
	lines_end(&reader->lines);
}

/* The next line that is neither blank nor a comment. */
static bool
next_line(struct reader *reader)
{
	struct lines *lines = &reader->lines;
	bool more;

	do
		more = lines_next(lines);
	while (more && (lines_blank(lines) || lines->text[0] == '#'));
	reader->number = lines->number;
	reader->flaw = lines->flaw;
	return more;
}

static enum read_outcome
next_colons(struct reader *reader)
{
	const struct lines *lines = &reader->lines;
	const char *const *names = reader->with;
	const char *at, *end, *colon;
	int count = 0;

	if (!next_line(reader))
		return READ_END;
	if (lines->length > LINES_LONGEST)
		return reader_bad(reader, "longer than 64 KiB");
	reader->record = json_new_object();
	end = lines->text + lines->length;
	for (at = lines->text; at != NULL && names[count] != NULL; count++) {
		colon = memchr(at, ':', (size_t)(end - at));
		json_add(reader->record, names[count],
			reader_text(at,
				(size_t)((colon == NULL ? end : colon) - at)));
		at = colon == NULL ? NULL : colon + 1;
	}
	return count < 2 ? reader_bad(reader, "no : after a name")
			 : READ_RECORD;
}

const struct reader_kind reader_colons = {
	"line", begin_lines, next_colons, end_lines};
