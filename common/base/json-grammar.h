/* json-grammar.h - whether a text is JSON to the letter of RFC 8259, and where
 * its members stand.
 *
 * For json.c, which makes objects by json-c. This module knows nothing of
 * json-c. */
#ifndef LATCHKEY_JSON_GRAMMAR_H
#define LATCHKEY_JSON_GRAMMAR_H

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
 * objects in it. A name may come twice. */
bool json_grammar_read(const char *text, size_t length,
	struct json_member members[JSON_MEMBERS], size_t *count);

#endif
