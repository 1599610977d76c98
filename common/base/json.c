/* json.c - JSON objects from texts that are JSON to the letter */
#include "config.h"

#include "base/json.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

enum { FEW = 16 };

/* --- what RFC 8259 takes ----------------------------------------------- */

/* Where the reading stands, and what the outermost object has had so far. */
struct reader {
	const char *at;
	const char *end;
	int depth;
	struct json_member *members;
	size_t count;
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
	unsigned char unit[2];
	size_t length;

	if (reader->end - reader->at < 4 ||
		sodium_hex2bin(unit, sizeof unit, reader->at, 4, NULL, &length,
			NULL) != 0)
		return -1;
	reader->at += 4;
	return unit[0] << 8 | unit[1];
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

static bool
read_member(struct reader *reader)
{
	struct json_member member;

	skip_blanks(reader);
	member.name = reader->at;
	if (!read_string(reader))
		return false;
	member.name_length = (size_t)(reader->at - member.name);
	skip_blanks(reader);
	if (!take(reader, ':'))
		return false;
	skip_blanks(reader);
	member.value = reader->at;
	if (!read_value(reader))
		return false;
	member.value_length = (size_t)(reader->at - member.value);
	if (reader->depth > 1)
		return true;
	if (reader->count == JSON_MEMBERS)
		return false;
	reader->members[reader->count++] = member;
	return true;
}

/* Reads an object or an array; it has begun. */
static bool
read_list(struct reader *reader, char end, bool (*read_one)(struct reader *))
{
	reader->at++;
	skip_blanks(reader);
	if (take(reader, end))
		return true;
	do {
		if (!read_one(reader))
			return false;
		skip_blanks(reader);
	} while (take(reader, ','));
	return take(reader, end);
}

static bool
read_value(struct reader *reader)
{
	bool good;

	skip_blanks(reader);
	if (reader->at == reader->end || reader->depth == JSON_DEPTH)
		return false;
	reader->depth++;
	if (*reader->at == '{')
		good = read_list(reader, '}', read_member);
	else if (*reader->at == '[')
		good = read_list(reader, ']', read_value);
	else if (*reader->at == '"')
		good = read_string(reader);
	else
		good = take_word(reader, "true") ||
		       take_word(reader, "false") ||
		       take_word(reader, "null") || read_number(reader);
	reader->depth--;
	return good;
}

bool
json_read_members(const char *text, size_t length,
	struct json_member members[JSON_MEMBERS], size_t *count)
{
	struct reader reader = {
		.at = text, .end = text + length, .members = members};
	bool good;

	skip_blanks(&reader);
	good = utf8_valid(text, length) && reader.at < reader.end &&
	       *reader.at == '{' && read_value(&reader);
	skip_blanks(&reader);
	*count = reader.count;
	return good && reader.at == reader.end;
}

/* --- objects ----------------------------------------------------------- */

static struct json_object *
parse(const char *text, size_t length)
{
	struct json_tokener *tokener =
		mem_check(json_tokener_new_ex(JSON_DEPTH + 1));
	struct json_object *object;

	/* Passwords and keys go through the parser's buffer. It gets all its
	 * room now, since it would leave a copy behind when it grows, and it is
	 * wiped at the end. json-c 0.16 has no call for either. `pb` belongs to
	 * the tokener alone, and t/unit/base/json checks what is assumed
	 * here. */
	printbuf_memset(tokener->pb, 0, 0, (int)length + 1);
	printbuf_reset(tokener->pb);
	object = json_tokener_parse_ex(tokener, text, (int)length);
	/* At the very end of a number the parser waits for more of it. */
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		object = json_tokener_parse_ex(tokener, "", 1);
	/* The text is right, and no object was made: json-c reports a lack of
	 * memory in no other way. It must not make a good token bad, or a
	 * record missing. */
	if (object == NULL &&
		json_tokener_get_error(tokener) == json_tokener_success)
		mem_check(NULL);
	sodium_memzero(tokener->pb->buf, (size_t)tokener->pb->size);
	json_tokener_free(tokener);
	return object;
}

/* Whether all names are different, as far as that shows without decoding them:
 * they are few, and none has an escape. */
static bool
names_differ(const struct json_member *members, size_t count)
{
	size_t i, j, length;

	if (count > FEW)
		return false;
	for (i = 0; i < count; i++) {
		length = members[i].name_length;
		if (memchr(members[i].name, '\\', length) != NULL)
			return false;
		for (j = 0; j < i; j++)
			if (members[j].name_length == length &&
				memcmp(members[j].name, members[i].name,
					length) == 0)
				return false;
	}
	return true;
}

/* Whether every name that must stand once does. The names are compared as
 * json-c decodes them: "p\u0061ssword" is password. */
static bool
names_stand_once(const struct json_member *members, size_t count,
	bool (*once)(const char *, void *), void *context)
{
	struct json_object *seen;
	bool good = true;
	size_t i;

	if (names_differ(members, count))
		return true;
	seen = json_new_object();
	for (i = 0; i < count && good; i++) {
		struct json_object *name =
			parse(members[i].name, members[i].name_length);
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

struct json_object *
json_parse_object(const char *text, size_t length,
	bool (*once)(const char *, void *), void *context)
{
	struct json_member members[JSON_MEMBERS];
	struct json_object *object;
	size_t count;

	if (!json_read_members(text, length, members, &count) ||
		!names_stand_once(members, count, once, context))
		return NULL;
	object = parse(text, length);
	if (json_object_is_type(object, json_type_object))
		return object;
	json_object_put(object);
	return NULL;
}

bool
json_members_once(const struct json_member *members, size_t count)
{
	return names_stand_once(members, count, NULL, NULL);
}

struct json_object *
json_value(const struct json_member *member)
{
	return parse(member->value, member->value_length);
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

/* --- members ----------------------------------------------------------- */

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

const struct json_object *
json_array(const struct json_object *object, const char *name, size_t *length)
{
	struct json_object *value = member(object, name, json_type_array);

	*length = value == NULL ? 0 : json_object_array_length(value);
	return value;
}

const char *
json_string_at(const struct json_object *array, size_t index)
{
	struct json_object *value = json_object_array_get_idx(array, index);

	return json_object_is_type(value, json_type_string)
		       ? json_object_get_string(value)
		       : "";
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
	/* json-c clamps a number that does not fit. */
	return *number >= 0 && *number < INT64_MAX;
}

bool
json_integer(const char *text, int64_t *number)
{
	static const double most = 9007199254740992;
	double real;
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 10);
	if (*end == '\0')
		return errno == 0;
	errno = 0;
	real = strtod(text, &end);
	if (*end != '\0' || errno != 0 || real < -most || real > most)
		return false;
	*number = (int64_t)real;
	return (double)*number == real;
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
	char *readable;

	if (text == NULL || utf8_valid(text, strlen(text))) {
		json_add(object, name,
			text == NULL ? NULL
				     : mem_check(json_object_new_string(text)));
		return;
	}
	readable = mem_copy(text);
	utf8_mend(readable);
	json_add(object, name, mem_check(json_object_new_string(readable)));
	mem_free(readable);
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

struct json_object *
json_new_array(void)
{
	return mem_check(json_object_new_array());
}

void
json_append(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, mem_check(value)) != 0)
		mem_check(NULL);
}

/* In the place of the object's text: has its buffer be long enough for it. */
static int
make_room(
	struct json_object *object, struct printbuf *text, int level, int flags)
{
	enum { ROOM = 32768 };

	(void)object;
	(void)level;
	(void)flags;
	return printbuf_memset(text, ROOM, '\0', 0);
}

/* json-c's buffer leaves copies behind as it grows, in which there may be
 * secrets. */
const char *
json_text(struct json_object *object, size_t *length)
{
	json_object_set_serializer(object, make_room, NULL, NULL);
	mem_check((void *)(uintptr_t)json_object_to_json_string(object));
	json_object_set_serializer(object, NULL, NULL, NULL);
	return mem_check((void *)(uintptr_t)json_object_to_json_string_length(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
		length));
}

/* Writes a code point, in two halves if it is beyond U+FFFF. */
static char *
write_escape(char *out, ucs4_t point)
{
	if (point > 0xffff) {
		point -= 0x10000;
		out += sprintf(
			out, "\\u%04x", (unsigned)(0xd800 + (point >> 10)));
		point = 0xdc00 + (point & 0x3ff);
	}
	return out + sprintf(out, "\\u%04x", (unsigned)point);
}

char *
json_in_ascii(const char *text)
{
	size_t left = strlen(text);
	char *all = mem_zero(6 * left + 1), *out = all;
	ucs4_t point;
	int size;

	for (; left > 0; text += size, left -= (size_t)size) {
		size = u8_mbtouc(&point, (const uint8_t *)text, left);
		if (point >= ' ' && point <= '~')
			*out++ = (char)point;
		else
			out = write_escape(out, point);
	}
	return all;
}
