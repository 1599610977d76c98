/* import-csv.c - records with a separator between fields, as RFC 4180 has them
 */
#include "config.h"

#include "import-read.h"

#include "base/json.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

enum { COLUMNS = 512 };

/* Where the reading stands in a record. */
enum place { AT_FIELD, IN_FIELD, IN_QUOTES, AFTER_QUOTES };

struct csv {
	char separator; /* '\0' before the header */
	struct json_object *columns;
	uint64_t lines; /* read so far */
	size_t ends[COLUMNS];
	size_t count;
	/* A quote came after a backslash, and a record was flawed: then the
	 * quotes may be of another sort than RFC 4180's. */
	bool backslash, flawed;
};

static const char no_end[] = "a quote without its end within 256 KiB";
static const char other_quotes[] =
	"a quote after a backslash, and a record that does not fit: nothing is "
	"read, since a text in a field could become records; have the file "
	"written with \"\" for a quote, as RFC 4180 has it";
static const char inner_quote[] = "a quote in the middle of a field";

static void
begin_csv(struct reader *reader)
{
	reader->own = mem_zero(sizeof(struct csv));
}

static void
end_csv(struct reader *reader)
{
	struct csv *csv = reader->own;

	json_object_put(csv->columns);
	mem_free(csv);
}

/* The header's first separator is that of the file. */
static bool
separates(struct csv *csv, int byte)
{
	if (csv->separator == '\0' && memchr(",;\t", byte, 3) != NULL)
		csv->separator = (char)byte;
	return csv->separator != '\0' && byte == csv->separator;
}

static void
end_field(struct reader *reader)
{
	struct csv *csv = reader->own;

	if (csv->count < COLUMNS)
		csv->ends[csv->count] = reader->length;
	csv->count++;
}

static void
note_backslash(struct reader *reader)
{
	struct csv *csv = reader->own;
	size_t length = reader->length;

	if (length > 0 && length <= READ_LONGEST &&
		reader->text[length - 1] == '\\')
		csv->backslash = true;
}

/* Takes a byte of the record, and says where the reading stands then. */
static enum place
take_byte(struct reader *reader, enum place place, int byte)
{
	struct csv *csv = reader->own;

	if (byte == '"')
		note_backslash(reader);
	if (place == IN_QUOTES && byte != '"') {
		reader_add(reader, byte);
		return IN_QUOTES;
	}
	if (place == IN_QUOTES)
		return AFTER_QUOTES;
	if (separates(csv, byte)) {
		end_field(reader);
		return AT_FIELD;
	}
	if (byte == '"' && place == AT_FIELD)
		return IN_QUOTES;
	if (byte == '"' && place == AFTER_QUOTES) {
		reader_add(reader, byte);
		return IN_QUOTES;
	}
	if (byte == '\r' && place != IN_FIELD)
		return place;
	if (byte == '"' || place == AFTER_QUOTES)
		reader->flaw = inner_quote;
	reader_add(reader, byte);
	return IN_FIELD;
}

/* Where a quote is missing, other lines look like a part of the record. The
 * reading goes on after the first, `second` being where that is. */
static enum read_outcome
go_back(struct reader *reader, off_t second, const char *flaw)
{
	struct csv *csv = reader->own;

	if (second >= 0 && fseeko(reader->file, second, SEEK_SET) == 0)
		csv->lines = reader->number;
	return reader_bad(reader, flaw);
}

/* Ends the record at that byte, or at the end of the file. */
static enum read_outcome
end_record(struct reader *reader, enum place place, int byte, off_t second)
{
	const struct csv *csv = reader->own;

	if (ferror(reader->file)) {
		reader->flaw = strerror(errno);
		return READ_END;
	}
	if (byte == EOF && csv->count == 0 && place == AT_FIELD)
		return READ_END;
	if (place == IN_QUOTES)
		return go_back(reader, second, no_end);
	if (place == IN_FIELD && reader->length > 0 &&
		reader->length <= READ_LONGEST &&
		reader->text[reader->length - 1] == '\r')
		reader->length--;
	if (csv->count > 0 || place != AT_FIELD)
		end_field(reader);
	return reader->flaw == NULL ? READ_RECORD
				    : go_back(reader, second, reader->flaw);
}

/* Reads a record's fields, one after the other, into the text. READ_RECORD if
 * they are good, without fields for a blank line. */
static enum read_outcome
read_fields(struct reader *reader)
{
	struct csv *csv = reader->own;
	enum place place = AT_FIELD;
	off_t second = -1;
	int byte;

	reader->flaw = NULL;
	reader->length = csv->count = 0;
	reader->number = csv->lines + 1;
	while ((byte = getc_unlocked(reader->file)) != EOF) {
		csv->lines += byte == '\n';
		if (byte == '\n' && second < 0)
			second = ftello(reader->file);
		if (byte == '\n' && place != IN_QUOTES)
			break;
		place = take_byte(reader, place, byte);
		if (place == IN_QUOTES && reader->length > READ_LONGEST &&
			second >= 0)
			return go_back(reader, second, no_end);
	}
	return end_record(reader, place, byte, second);
}

static struct json_object *
field(const struct reader *reader, size_t i)
{
	const struct csv *csv = reader->own;
	size_t start = i == 0 ? 0 : csv->ends[i - 1];

	return reader_text(reader->text + start, csv->ends[i] - start);
}

static enum read_outcome
read_some(struct reader *reader)
{
	const struct csv *csv = reader->own;
	enum read_outcome outcome;

	do
		outcome = read_fields(reader);
	while (outcome == READ_RECORD && csv->count == 0);
	if (outcome == READ_RECORD && reader->length > READ_LONGEST)
		return reader_bad(reader, "longer than 256 KiB");
	if (outcome == READ_RECORD && csv->count > COLUMNS)
		return reader_bad(reader, "more than 512 fields");
	return outcome;
}

/* Without a header nothing can be read: what is wrong with it ends the file. */
static bool
read_header(struct reader *reader)
{
	struct csv *csv = reader->own;
	size_t i;

	if (read_some(reader) != READ_RECORD) {
		if (reader->flaw == NULL)
			reader->flaw = "no header";
		return false;
	}
	csv->columns = json_new_array();
	for (i = 0; i < csv->count; i++)
		json_append(csv->columns, field(reader, i));
	if (csv->separator == '\0')
		csv->separator = ',';
	return true;
}

static enum read_outcome
next_record(struct reader *reader)
{
	const struct csv *csv = reader->own;
	enum read_outcome outcome;
	size_t i;

	if (csv->columns == NULL && !read_header(reader))
		return READ_END;
	outcome = read_some(reader);
	if (outcome != READ_RECORD)
		return outcome;
	if (csv->count != json_object_array_length(csv->columns))
		return reader_bad(
			reader, "not as many fields as the header has");
	reader->record = json_new_object();
	for (i = 0; i < csv->count; i++)
		json_add(reader->record, json_string_at(csv->columns, i),
			field(reader, i));
	return READ_RECORD;
}

/* Where the file's writer has \" for a quote, a quote ends its field too early,
 * and what stands behind a line end in the field would be read as a record: an
 * account of a stranger's making, by what he calls himself. */
static enum read_outcome
next_csv(struct reader *reader)
{
	struct csv *csv = reader->own;
	enum read_outcome outcome = next_record(reader);

	csv->flawed = csv->flawed || outcome == READ_BAD;
	if (!csv->flawed || !csv->backslash || outcome == READ_END)
		return outcome;
	reader->flaw = other_quotes;
	return READ_END;
}

const struct reader_kind reader_csv = {"line", begin_csv, next_csv, end_csv};
