/* json.c - whether a text is JSON to the letter of RFC 8259 */
#include "config.h"

#include "json.h"

#include "mem.h"

#include <json-c/printbuf.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

enum { DEPTH_MAX = 32, FEW = 16 };

/* Where the reading is, and the names that the outermost object has had. */
struct reader {
	const char *at;
	const char *end;
	int depth;
	size_t members;
	struct json_member own[JSON_MEMBERS], *names;
};

static bool read_value(struct reader *reader);

static void
skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end &&
		memchr(" \t\r\n", *reader->at, 4) != NULL)
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

/* After "\u": neither U+0000 nor half a surrogate pair. */
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

static bool
note_name(struct reader *reader, const char *start)
{
	if (reader->members == JSON_MEMBERS)
		return false;
	reader->names[reader->members].name = start;
	reader->names[reader->members].name_length =
		(size_t)(reader->at - start);
	reader->members++;
	return true;
}

/* The value that has just been read, of the name before it. */
static void
note_value(struct reader *reader, const char *start)
{
	struct json_member *member = &reader->names[reader->members - 1];

	while (strchr(" \t\r\n", *start) != NULL)
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
	if (reader->at >= reader->end || reader->depth == DEPTH_MAX)
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

static struct json_object *
parse(const char *text, size_t length)
{
	struct json_tokener *tokener =
		mem_check(json_tokener_new_ex(DEPTH_MAX + 1));
	struct json_object *object;

	/* Passwords and keys go through its buffer. It gets all its room now,
	 * since it leaves a copy behind when it grows, and is wiped. */
	printbuf_memset(tokener->pb, 0, 0, (int)length + 1);
	printbuf_reset(tokener->pb);
	object = json_tokener_parse_ex(tokener, text, (int)length);
	/* A number at the very end waits for what might follow. */
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		object = json_tokener_parse_ex(tokener, "", 1);
	sodium_memzero(tokener->pb->buf, (size_t)tokener->pb->size);
	json_tokener_free(tokener);
	return object;
}

/* Whether all names are different, as far as that is seen without decoding
 * them: few, and none with an escape. */
static bool
names_differ(const struct reader *reader)
{
	size_t i, j, length;

	if (reader->members > FEW)
		return false;
	for (i = 0; i < reader->members; i++) {
		length = reader->names[i].name_length;
		if (memchr(reader->names[i].name, '\\', length) != NULL)
			return false;
		for (j = 0; j < i; j++)
			if (reader->names[j].name_length == length &&
				memcmp(reader->names[j].name,
					reader->names[i].name, length) == 0)
				return false;
	}
	return true;
}

/* Whether every name that must stand once does. The names are compared as
 * json-c decodes them: "p\u0061ssword" is password. */
static bool
names_stand_once(struct reader *reader, bool (*once)(const char *, void *),
	void *context)
{
	struct json_object *seen;
	bool good = true;
	size_t i;

	if (names_differ(reader))
		return true;
	seen = json_new_object();
	for (i = 0; i < reader->members && good; i++) {
		struct json_object *name = parse(
			reader->names[i].name, reader->names[i].name_length);
		const char *text = json_object_get_string(name);

		if (text == NULL)
			good = false;
		else if (!json_object_object_get_ex(seen, text, NULL))
			json_add_bool(seen, text, true);
		else
			good = once != NULL && !once(text, context);
		json_object_put(name);
	}
	json_object_put(seen);
	return good;
}

/* Whether the text is one object, and nothing else. */
static bool
read_text(struct reader *reader, const char *text, size_t length)
{
	reader->at = text;
	reader->end = text + length;
	reader->depth = 0;
	reader->members = 0;
	if (u8_check((const uint8_t *)text, length) != NULL)
		return false;
	skip_blanks(reader);
	if (reader->at >= reader->end || *reader->at != '{' ||
		!read_value(reader))
		return false;
	skip_blanks(reader);
	return reader->at == reader->end;
}

struct json_object *
json_parse_object(const char *text, size_t length,
	bool (*once)(const char *, void *), void *context)
{
	struct reader reader;
	struct json_object *object;

	reader.names = reader.own;
	if (!read_text(&reader, text, length) ||
		!names_stand_once(&reader, once, context))
		return NULL;
	object = parse(text, length);
	if (json_object_is_type(object, json_type_object))
		return object;
	json_object_put(object);
	return NULL;
}

bool
json_read_members(const char *text, size_t length,
	struct json_member members[JSON_MEMBERS], size_t *count)
{
	struct reader reader;
	bool good;

	reader.names = members;
	good = read_text(&reader, text, length) &&
	       names_stand_once(&reader, NULL, NULL);
	*count = reader.members;
	return good;
}

bool
json_decode(const char *string, size_t length, char *out, size_t size)
{
	struct json_object *text;
	bool fits;

	if (memchr(string, '\\', length) != NULL) {
		text = parse(string, length);
		fits = (size_t)json_object_get_string_len(text) < size;
		if (fits)
			strcpy(out, json_object_get_string(text));
		json_object_put(text);
		return fits;
	}
	if (length - 2 >= size)
		return false;
	memcpy(out, string + 1, length - 2);
	out[length - 2] = '\0';
	return true;
}

char *
json_encode(const char *text, char *out)
{
	static const char hex[] = "0123456789abcdef";

	*out++ = '"';
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < 0x20) {
			memcpy(out, "\\u00", 4);
			out[4] = hex[byte >> 4];
			out[5] = hex[byte & 15];
			out += 6;
			continue;
		}
		if (byte == '"' || byte == '\\')
			*out++ = '\\';
		*out++ = (char)byte;
	}
	*out++ = '"';
	return out;
}

static struct json_object *
member(const struct json_object *object, const char *name, enum json_type type)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, name, &value) ||
		!json_object_is_type(value, type))
		return NULL;
	return value;
}

const char *
json_string(const struct json_object *object, const char *name)
{
	struct json_object *value = member(object, name, json_type_string);

	return value == NULL ? NULL : json_object_get_string(value);
}

bool
json_copy(const struct json_object *object, const char *name, char *out,
	size_t size)
{
	const char *text = json_string(object, name);

	if (text == NULL)
		text = "";
	snprintf(out, size, "%s", text);
	return strlen(text) < size;
}

bool
json_natural(
	const struct json_object *object, const char *name, int64_t *number)
{
	struct json_object *value = member(object, name, json_type_int);

	*number = value == NULL ? -1 : json_object_get_int64(value);
	/* json-c clamps what does not fit. */
	return *number >= 0 && *number < INT64_MAX;
}

bool
json_true(const struct json_object *object, const char *name)
{
	struct json_object *value = member(object, name, json_type_boolean);

	return value != NULL && json_object_get_boolean(value);
}

void
json_add(
	struct json_object *object, const char *name, struct json_object *value)
{
	if (json_object_object_add(object, name, value) != 0)
		mem_check(NULL);
}

void
json_add_string(struct json_object *object, const char *name, const char *text)
{
	json_add(object, name,
		text == NULL ? NULL : mem_check(json_object_new_string(text)));
}

void
json_add_int(struct json_object *object, const char *name, int64_t number)
{
	json_add(object, name, mem_check(json_object_new_int64(number)));
}

void
json_add_bool(struct json_object *object, const char *name, bool value)
{
	json_add(object, name, mem_check(json_object_new_boolean(value)));
}

struct json_object *
json_new_object(void)
{
	return mem_check(json_object_new_object());
}
