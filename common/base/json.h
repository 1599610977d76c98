/* json.h - JSON objects, from texts that are JSON to the letter of RFC 8259.
 *
 * json-c builds the objects. But even its strict mode takes NaN, single quotes,
 * control characters, numbers such as -01, lone surrogates and members that
 * come twice. So each text from outside is first read to the letter here. */
#ifndef LATCHKEY_JSON_H
#define LATCHKEY_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH = 32, JSON_MEMBERS = 256 };

/* A member as it stands in the text: the name in its quotes, and the value, in
 * its quotes if it is a string. */
struct json_member {
	const char *name;
	size_t name_length;
	const char *value;
	size_t value_length;
};

/* Whether the text is one object of up to JSON_MEMBERS members, not deeper than
 * JSON_DEPTH, in valid UTF-8 and without U+0000 in any string or name; blanks
 * may surround it. Fills in `members` with its own members, not those of
 * objects in it. It makes no object: for texts by the million. */
bool json_read_members(const char *text, size_t length,
	struct json_member members[JSON_MEMBERS], size_t *count);

/* The value of such a member, which the caller puts. */
struct json_object *json_value(const struct json_member *member);

/* Whether each name is there once. */
bool json_members_once(const struct json_member *members, size_t count);

/* Parses one JSON object, as json_read_members() takes it. NULL if it is not.
 * The caller puts the object. A name that stands twice at the top level is
 * refused if `once(name)` says so; with NULL, always. */
struct json_object *json_parse_object(const char *text, size_t length,
	bool (*once)(const char *, void *), void *context);

/* Decodes a string with its quotes, as it stands in a text. False if it does
 * not fit. */
bool json_decode(const char *string, size_t length, char *out, size_t size);

/* Writes a text as a string in quotes. `out` has room for six times its length
 * and two. Returns the end, where there is no '\0'. */
char *json_encode(const char *text, char *out);

/* The member's text if it is a string, else NULL. */
const char *json_string(const struct json_object *object, const char *name);

/* The member and its length, if it is an array; else NULL, and 0. */
const struct json_object *json_array(
	const struct json_object *object, const char *name, size_t *length);

/* The text of an array's element if it is a string, else "". */
const char *json_string_at(const struct json_object *array, size_t index);

/* Copies the member's text, "" if it is no string. False if it did not fit,
 * and was cut. */
bool json_copy(const struct json_object *object, const char *name, char *out,
	size_t size);

/* Whether the member is an integer of at least 0; sets `number`. */
bool json_natural(
	const struct json_object *object, const char *name, int64_t *number);

/* Whether a number in JSON's form is an integer; sets `number`. 3600.0 is one,
 * too, up to 2^53, beyond which a fraction might have been lost. */
bool json_integer(const char *text, int64_t *number);

/* Whether the member is there and true. */
bool json_true(const struct json_object *object, const char *name);

/* Adds a member; a NULL text becomes null. A byte that is not UTF-8, from a
 * file or another program, becomes a ?, since such an object could not be read
 * again. Out of memory ends the process. */
void json_add(struct json_object *object, const char *name,
	struct json_object *value);
void json_add_string(
	struct json_object *object, const char *name, const char *text);
void json_add_int(struct json_object *object, const char *name, int64_t number);
void json_add_bool(struct json_object *object, const char *name, bool value);
struct json_object *json_new_object(void);
struct json_object *json_new_array(void);

/* Adds an element, which then belongs to the array. */
void json_append(struct json_object *array, struct json_object *value);

/* A text of JSON with all that is not printable ASCII as \uXXXX. The caller
 * frees it. */
char *json_in_ascii(const char *text);

/* The object as a text on one line, and its length. The text belongs to the
 * object. */
const char *json_text(struct json_object *object, size_t *length);

#endif
