/* body.c - a body is read to its declared length, and its fields are what
 * they must be. The input: CONTENT_LENGTH, CONTENT_TYPE, a line each, and the
 * body. */
#include "config.h"

#include "base/json.h"
#include "base/utf8.h"
#include "web/body.h"

#include "fuzz.h"

#include <stdlib.h>

enum { BODY_MAX = 2048, BLOCK = 100 };

static const struct field fields[] = {
	{"password", FIELD_STRING, true},
	{"email", FIELD_STRING, false},
	{"all", FIELD_BOOLEAN, false},
	{"id", FIELD_INTEGER, true},
	{NULL, FIELD_STRING, false},
};

/* A form has no numbers. */
static const struct field form_fields[] = {
	{"password", FIELD_STRING, true},
	{"email", FIELD_STRING, false},
	{"all", FIELD_BOOLEAN, false},
	{NULL, FIELD_STRING, false},
};

static const uint8_t *rest;
static size_t rest_size;

/* The web server's records: some of the body at a time, then no more. */
static void
fill(FCGX_Stream *stream)
{
	static unsigned char block[BLOCK];
	size_t length = rest_size < BLOCK ? rest_size : BLOCK;

	if (length == 0)
		stream->isClosed = 1;
	memcpy(block, rest, length);
	stream->rdNext = block;
	stream->stop = block + length;
	rest += length;
	rest_size -= length;
}

static void
check_fields(struct json_object *body, bool form)
{
	struct json_object *value;

	assert(json_object_get_string_len(
		       json_object_object_get(body, "password")) > 0);
	value = json_object_object_get(body, "id");
	assert(json_object_is_type(
		value, form ? json_type_null : json_type_int));
	value = json_object_object_get(body, "all");
	assert(value == NULL || json_object_is_type(value, json_type_boolean));
	value = json_object_object_get(body, "email");
	assert(value == NULL || json_object_is_type(value, json_type_string));
}

/* Each byte of it by its number, and each member. */
static char *
write_form(struct json_object *body)
{
	struct json_object_iter member;
	char *form = mem_copy("");
	const char *at;

	json_object_object_foreachC(body, member)
	{
		at = json_object_get_string(member.val);
		assert(utf8_valid(at, strlen(at)));
		assert(!json_object_is_type(member.val, json_type_string) ||
			(int)strlen(at) ==
				json_object_get_string_len(member.val));
		form = mem_append(form, "&%s=", member.key);
		for (; *at != '\0'; at++)
			form = mem_append(form, "%%%02x", (unsigned char)*at);
	}
	return form;
}

/* The members of a form, written as another one, are read as they were. */
static void
write_and_read(struct json_object *body)
{
	static char type[] = "CONTENT_TYPE=application/x-www-form-urlencoded";
	const struct body_rules rules = {.max = 8 * BODY_MAX, .form = true};
	FCGX_Stream in = {.isReader = 1, .fillBuffProc = fill};
	char *form = write_form(body);
	char *params[] = {
		mem_printf("CONTENT_LENGTH=%zu", strlen(form)), type, NULL};
	struct request request = {params, &in, NULL};
	struct json_object *again;
	const char *missing;

	rest = (const uint8_t *)form;
	rest_size = strlen(form);
	assert(body_read(&request, &rules, form_fields, &again, &missing) ==
		STATUS_OK);
	assert(json_object_equal(body, again));
	body_free(again);
	mem_free(params[0]);
	mem_free(form);
}

static void
try(char **params, const uint8_t *data, size_t size,
	const struct body_rules *rules)
{
	FCGX_Stream in = {.isReader = 1, .fillBuffProc = fill};
	struct request request = {params, &in, NULL};
	long long length = request_length(&request);
	struct json_object *body;
	const char *missing = NULL;
	enum status status;

	rest = data;
	rest_size = size;
	status = body_read(&request, rules, rules->form ? form_fields : fields,
		&body, &missing);
	if (status == STATUS_OK) {
		/* Without a length it is all that has come. */
		if (length == REQUEST_UNTOLD)
			length = (long long)size;
		assert(length > 0 && length <= BODY_MAX);
		assert((size_t)length <= size);
		check_fields(body, rules->form);
		if (rules->form)
			write_and_read(body);
	}
	assert((status == STATUS_MISSING_FIELD) == (missing != NULL));
	body_free(body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct body_rules rules[] = {{.max = BODY_MAX},
		{.max = BODY_MAX, .blank = true},
		{.max = BODY_MAX, .form = true}};
	size_t i;
	char *length = fuzz_line(&data, &size);
	char *type = fuzz_line(&data, &size);
	char *params[] = {mem_printf("CONTENT_LENGTH=%s", length),
		mem_printf("CONTENT_TYPE=%s", type), NULL};

	for (i = 0; i < sizeof rules / sizeof rules[0]; i++)
		try(params, data, size, &rules[i]);
	mem_free(params[0]);
	mem_free(params[1]);
	mem_free(length);
	mem_free(type);
	return 0;
}
