/* record.c - a struct as a JSON object */
#include "config.h"

#include "base/record.h"

#include "base/json.h"
#include "base/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *
read_number(const struct record_member *member,
	const struct json_object *object, int64_t *number)
{
	*number = 0;
	if (member->sparse &&
		!json_object_object_get_ex(object, member->name, NULL))
		return NULL;
	return json_natural(object, member->name, number)
		       ? NULL
		       : "a number is missing";
}

/* Reads a member. Returns NULL, or what is wrong with it. */
static const char *
read_member(const struct record_member *member,
	const struct json_object *object, void *at)
{
	const char *flaw = NULL;
	int64_t number;

	switch (member->type) {
	case RECORD_TEXT:
		memset(at, 0, member->size);
		if (!json_copy(object, member->name, at, member->size))
			flaw = "a text is too long";
		break;
	case RECORD_FLAG:
		*(bool *)at = json_true(object, member->name);
		break;
	case RECORD_NUMBER:
		flaw = read_number(member, object, at);
		break;
	case RECORD_BITS:
		flaw = read_number(member, object, &number);
		*(unsigned *)at = (unsigned)number;
		break;
	}
	return flaw;
}

const char *
record_read(const struct record_member *members,
	const struct json_object *object, void *base)
{
	const char *flaw = NULL, *one;

	for (; members->name != NULL; members++) {
		one = read_member(
			members, object, (char *)base + members->offset);
		flaw = flaw == NULL ? one : flaw;
	}
	return flaw;
}

/* Whether the member is "", false or 0. */
static bool
is_nothing(const struct record_member *member, const void *at)
{
	static const char zeros[sizeof(int64_t)];

	return member->type == RECORD_TEXT
		       ? *(const char *)at == '\0'
		       : memcmp(at, zeros, member->size) == 0;
}

static char *
write_value(const struct record_member *member, const void *at, char *out)
{
	switch (member->type) {
	case RECORD_TEXT:
		return json_encode(at, out);
	case RECORD_FLAG:
		return stpcpy(out, *(const bool *)at ? "true" : "false");
	case RECORD_NUMBER:
		return out +
		       sprintf(out, "%lld", (long long)*(const int64_t *)at);
	case RECORD_BITS:
		return out + sprintf(out, "%u", *(const unsigned *)at);
	}
	return out;
}

size_t
record_write(const struct record_member *members, const void *base,
	char text[RECORD_SIZE])
{
	char *out = text;
	const void *at;

	for (; members->name != NULL; members++) {
		at = (const char *)base + members->offset;
		if (members->sparse && is_nothing(members, at))
			continue;
		/* escaped, each byte of a text may become six */
		assert((size_t)(out - text) + 6 * members->size + 64 <
			RECORD_SIZE);
		*out = out == text ? '{' : ',';
		out = json_encode(members->name, out + 1);
		*out++ = ':';
		out = write_value(members, at, out);
	}
	strcpy(out, "}");
	utf8_mend(text);
	return (size_t)(out + 1 - text);
}

const struct record_member *
record_find(const struct record_member *members, const char *name)
{
	for (; members->name != NULL; members++)
		if (members->name[0] == name[0] &&
			strcmp(members->name, name) == 0)
			return members;
	return NULL;
}
