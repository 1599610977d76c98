/* import-json.c - objects in a file of JSON, one at a time: an export of any
 * size takes the memory of one record.
 *
 * Between the records the file is read loosely. Each record is read to the
 * letter. */
#include "config.h"

#include "import-read.h"

#include "base/json.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

/* An array of objects, each with an array in it, is the deepest. */
enum { LEVELS = 4 };

struct json_file {
	char levels[LEVELS]; /* '[' or '{': what the reading is in */
	int depth;
	bool ended;
};

static const char cut_off[] = "the file ends in the middle of it";
static const char no_json[] = "not JSON from here on";
static const char no_object[] = "not an object";

static void
begin_json(struct reader *reader)
{
	reader->own = mem_zero(sizeof(struct json_file));
}

static void
end_json(struct reader *reader)
{
	mem_free(reader->own);
}

/* The next byte that is no blank. */
static int
next_byte(struct reader *reader)
{
	int byte;

	do
		byte = getc_unlocked(reader->file);
	while (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n');
	return byte;
}

/* Reads a string, whose quote has been read, into the text. */
static bool
capture_string(struct reader *reader)
{
	bool escaped = false;
	int byte;

	while ((byte = getc_unlocked(reader->file)) != EOF) {
		reader_add(reader, byte);
		if (byte == '"' && !escaped)
			return true;
		escaped = byte == '\\' && !escaped;
	}
	return false;
}

/* Reads an object or array, of which the first byte has been read. */
static bool
capture_list(struct reader *reader)
{
	size_t depth = 1;
	int byte;

	while (depth > 0 && (byte = getc_unlocked(reader->file)) != EOF) {
		reader_add(reader, byte);
		if (byte == '"' && !capture_string(reader))
			return false;
		depth += byte == '{' || byte == '[';
		depth -= byte == '}' || byte == ']';
	}
	return depth == 0;
}

/* Reads a number, or true, false or null. */
static bool
capture_word(struct reader *reader)
{
	int byte;

	while ((byte = getc_unlocked(reader->file)) != EOF &&
		memchr(" \t\r\n,]}", byte, 7) == NULL)
		reader_add(reader, byte);
	if (byte != EOF)
		ungetc(byte, reader->file);
	return true;
}

/* Reads the value that begins with that byte, whatever it is, into the text.
 * False if the file ends in it. */
static bool
capture(struct reader *reader, int byte)
{
	reader->length = 0;
	reader_add(reader, byte);
	if (byte == '"')
		return capture_string(reader);
	return byte == '{' || byte == '[' ? capture_list(reader)
					  : capture_word(reader);
}

static enum read_outcome
end_with(struct reader *reader, const char *flaw)
{
	struct json_file *file = reader->own;

	file->ended = true;
	reader->number++;
	return reader_bad(reader, flaw);
}

static bool
enter(struct json_file *file, int byte)
{
	if (file->depth == LEVELS)
		return false;
	file->levels[file->depth++] = (char)byte;
	return true;
}

/* Whether the reading is in an object, whose members it goes through. */
static bool
in_object(const struct json_file *file)
{
	return file->depth > 0 && file->levels[file->depth - 1] == '{';
}

/* Whether it is in the array that has the records. */
static bool
in_records(const struct reader *reader)
{
	const struct json_file *file = reader->own;

	return reader->with == NULL ||
	       (file->depth > 1 && file->levels[file->depth - 1] == '[' &&
		       file->levels[file->depth - 2] == '{');
}

/* Goes over a member, into it if it has the records. The quote of its name has
 * been read. */
static bool
pass_member(struct reader *reader)
{
	struct json_file *file = reader->own;
	const char *wanted = reader->with;
	size_t length = strlen(wanted);
	bool found;
	int byte;

	reader->length = 0;
	if (!capture_string(reader) || next_byte(reader) != ':')
		return false;
	/* Behind the name is its quote. */
	found = reader->length == length + 1 &&
		memcmp(reader->text, wanted, length) == 0;
	byte = next_byte(reader);
	if (byte == '[' && found)
		return enter(file, byte);
	return byte != EOF && capture(reader, byte);
}

static enum read_outcome
take_record(struct reader *reader)
{
	reader->number++;
	if (reader->length > READ_LONGEST)
		return reader_bad(reader, "longer than 256 KiB");
	if (reader->text[0] != '{')
		return reader_bad(reader, no_object);
	reader->record =
		json_parse_object(reader->text, reader->length, NULL, NULL);
	return reader->record != NULL
		       ? READ_RECORD
		       : reader_bad(reader,
				 "not a JSON object to the letter of RFC 8259, "
				 "with each name once, and 32 levels at most");
}

static enum read_outcome
end_json_file(struct reader *reader)
{
	const struct json_file *file = reader->own;

	if (ferror(reader->file)) {
		reader->flaw = strerror(errno);
		return READ_END;
	}
	return file->depth > 0 ? end_with(reader, cut_off) : READ_END;
}

static enum read_outcome
next_json(struct reader *reader)
{
	struct json_file *file = reader->own;
	int byte;

	reader->flaw = NULL;
	while (!file->ended && (byte = next_byte(reader)) != EOF) {
		if (byte == ',' && file->depth > 0)
			continue;
		if (file->depth > 0 && byte == (in_object(file) ? '}' : ']')) {
			file->depth--;
			continue;
		}
		if (in_object(file)) {
			if (byte != '"' || !pass_member(reader))
				return end_with(reader, no_json);
			continue;
		}
		if ((byte == '[' && file->depth == 0) ||
			(byte == '{' && !in_records(reader))) {
			if (!enter(file, byte))
				return end_with(reader, no_json);
			continue;
		}
		if (memchr("]},:", byte, 4) != NULL)
			return end_with(reader, no_json);
		if (!capture(reader, byte))
			return end_with(reader, cut_off);
		return take_record(reader);
	}
	return file->ended ? READ_END : end_json_file(reader);
}

const struct reader_kind reader_json = {
	"record", begin_json, next_json, end_json};
