/* json-grammar.c - whether a text is JSON to the letter of RFC 8259 */
#include "config.h"

#include "base/json-grammar.h"

#include "base/utf8.h"

#include <string.h>

/* Where the reading stands, and what the outermost object has had so far. */
struct reader {
	const char *at;
	const char *end;
	int depth;
	struct json_member *members;
	size_t count;
};

static bool read_value(struct reader *reader);

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void
skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end && is_blank(*reader->at))
		reader->at++;
}

static bool
take(struct reader *reader, char wanted)
{
	if (reader->at >= reader->end || *reader->at != wanted)
		return false;
	reader->at++;
	return true;
}

static bool
take_word(struct reader *reader, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(reader->end - reader->at) < length ||
		memcmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	return true;
}

static bool
take_digits(struct reader *reader)
{
	const char *start = reader->at;

	while (reader->at < reader->end && *reader->at >= '0' &&
		*reader->at <= '9')
		reader->at++;
	return reader->at > start;
}

static bool
read_number(struct reader *reader)
{
	take(reader, '-');
	if (!take(reader, '0') && !take_digits(reader))
		return false;
	if (take(reader, '.') && !take_digits(reader))
		return false;
	if (take(reader, 'e') || take(reader, 'E')) {
		if (!take(reader, '+'))
			take(reader, '-');
		return take_digits(reader);
	}
	return true;
}

/* Four hexadecimal digits of \uXXXX; -1 if they are not. */
static int
read_hex4(struct reader *reader)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	int i, value = 0;

	for (i = 0; i < 4; i++) {
		const char *digit =
			reader->at < reader->end
				? memchr(digits, *reader->at, sizeof digits - 1)
				: NULL;

		if (digit == NULL)
			return -1;
		value = value * 16 + (int)((digit - digits) % 16);
		reader->at++;
	}
	return value;
}

/* What follows "\u": neither U+0000 nor half a surrogate pair. */
static bool
read_unicode_escape(struct reader *reader)
{
	int low, unit = read_hex4(reader);

	if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return false;
	if (unit < 0xd800 || unit > 0xdbff)
		return true;
	if (!take_word(reader, "\\u"))
		return false;
	low = read_hex4(reader);
	return low >= 0xdc00 && low <= 0xdfff;
}

static bool
read_string(struct reader *reader)
{
	if (!take(reader, '"'))
		return false;
	while (reader->at < reader->end) {
		unsigned char byte = (unsigned char)*reader->at++;

		if (byte == '"')
			return true;
		if (byte < 0x20)
			return false;
		if (byte != '\\')
			continue;
		if (take(reader, 'u')) {
			if (!read_unicode_escape(reader))
				return false;
		} else if (reader->at >= reader->end ||
			   memchr("\"\\/bfnrt", *reader->at++, 8) == NULL) {
			return false;
		}
	}
	return false;
}

/* Notes a name of the outermost object, which has just been read. */
static bool
note_name(struct reader *reader, const char *start)
{
	struct json_member *member = &reader->members[reader->count];

	if (reader->count == JSON_MEMBERS)
		return false;
	member->name = start;
	member->name_length = (size_t)(reader->at - start);
	reader->count++;
	return true;
}

/* Notes the value that has just been read, of the name before it. */
static void
note_value(struct reader *reader, const char *start)
{
	struct json_member *member = &reader->members[reader->count - 1];

	while (is_blank(*start))
		start++;
	member->value = start;
	member->value_length = (size_t)(reader->at - start);
}

static bool
read_object(struct reader *reader)
{
	const char *start;

	skip_blanks(reader);
	if (take(reader, '}'))
		return true;
	do {
		skip_blanks(reader);
		start = reader->at;
		if (!read_string(reader) ||
			(reader->depth == 1 && !note_name(reader, start)))
			return false;
		skip_blanks(reader);
		if (!take(reader, ':'))
			return false;
		start = reader->at;
		if (!read_value(reader))
			return false;
		if (reader->depth == 1)
			note_value(reader, start);
		skip_blanks(reader);
	} while (take(reader, ','));
	return take(reader, '}');
}

static bool
read_array(struct reader *reader)
{
	skip_blanks(reader);
	if (take(reader, ']'))
		return true;
	do {
		if (!read_value(reader))
			return false;
		skip_blanks(reader);
	} while (take(reader, ','));
	return take(reader, ']');
}

static bool
read_value(struct reader *reader)
{
	bool good;

	skip_blanks(reader);
	if (reader->at >= reader->end || reader->depth == JSON_DEPTH)
		return false;
	reader->depth++;
	switch (*reader->at) {
	case '{':
		reader->at++;
		good = read_object(reader);
		break;
	case '[':
		reader->at++;
		good = read_array(reader);
		break;
	case '"':
		good = read_string(reader);
		break;
	case 't':
		good = take_word(reader, "true");
		break;
	case 'f':
		good = take_word(reader, "false");
		break;
	case 'n':
		good = take_word(reader, "null");
		break;
	default:
		good = read_number(reader);
		break;
	}
	reader->depth--;
	return good;
}

/* Reads one object, with nothing after it. */
static bool
read_text(struct reader *reader)
{
	skip_blanks(reader);
	if (reader->at >= reader->end || *reader->at != '{' ||
		!read_value(reader))
		return false;
	skip_blanks(reader);
	return reader->at == reader->end;
}

bool
json_grammar_read(const char *text, size_t length,
	struct json_member members[JSON_MEMBERS], size_t *count)
{
	struct reader reader = {
		.at = text, .end = text + length, .members = members};
	bool good = utf8_valid(text, length) && read_text(&reader);

	*count = reader.count;
	return good;
}
