/* body.c - a request's JSON body, and the members that an endpoint reads */
#include "config.h"

#include "body.h"

#include "json.h"
#include "mem.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

/* application/json, with parameters or without. */
static bool
is_json(const char *type)
{
	static const char json[] = "application/json";
	size_t length = sizeof json - 1;

	return type != NULL && strncasecmp(type, json, length) == 0 &&
	       (type[length] == '\0' || strchr("; \t", type[length]) != NULL);
}

static void
wipe(struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		sodium_memzero((char *)(uintptr_t)json_object_get_string(value),
			(size_t)json_object_get_string_len(value));
}

static enum status
read_text(
	const struct request *request, size_t max, char **text, size_t *length)
{
	long long declared = request_length(request);

	if (declared == 0)
		return STATUS_BAD_BODY;
	if (!is_json(request_param(request, "CONTENT_TYPE")))
		return STATUS_BAD_TYPE;
	if (declared < 0)
		return STATUS_BAD_BODY;
	if ((unsigned long long)declared > max)
		return STATUS_TOO_LARGE;
	*length = (size_t)declared;
	*text = mem_zero(*length);
	/* One that ends early was cut off on its way, and one that goes on is
	 * not the one that the web server has checked. */
	return request_read(request, *text, *length) == *length &&
			       request_at_end(request)
		       ? STATUS_OK
		       : STATUS_BAD_BODY;
}

static bool
is_field(const char *name, void *context)
{
	const struct field *field;

	for (field = context; field->name != NULL; field++)
		if (strcmp(field->name, name) == 0)
			return true;
	return false;
}

static bool
has_type(struct json_object *value, enum field_type type)
{
	static const enum json_type types[] = {
		[FIELD_STRING] = json_type_string,
		[FIELD_BOOLEAN] = json_type_boolean,
		[FIELD_INTEGER] = json_type_int,
	};

	return json_object_is_type(value, types[type]);
}

static bool
is_empty(struct json_object *value, bool blank)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return value == NULL;
	text = json_object_get_string(value);
	return text[blank ? strspn(text, " \t\r\n") : 0] == '\0';
}

static enum status
check_fields(struct json_object *body, const struct field *fields, bool blank,
	const char **missing)
{
	const struct field *field;
	struct json_object *value;

	/* Every type before the first gap: a body is well-formed or not. */
	for (field = fields; field->name != NULL; field++) {
		value = json_object_object_get(body, field->name);
		if (value != NULL && !has_type(value, field->type))
			return STATUS_BAD_BODY;
	}
	for (field = fields; field->name != NULL; field++) {
		value = json_object_object_get(body, field->name);
		if (field->required && is_empty(value, blank)) {
			*missing = field->name;
			return STATUS_MISSING_FIELD;
		}
	}
	return STATUS_OK;
}

enum status
body_read(const struct request *request, size_t max, const struct field *fields,
	bool blank, struct json_object **body, const char **missing)
{
	char *text = NULL;
	size_t length = 0;
	enum status status = read_text(request, max, &text, &length);

	*body = NULL;
	if (status == STATUS_OK) {
		*body = json_parse_object(
			text, length, is_field, (void *)(uintptr_t)fields);
		status = *body == NULL
				 ? STATUS_BAD_BODY
				 : check_fields(*body, fields, blank, missing);
	}
	if (text != NULL)
		sodium_memzero(text, length);
	mem_free(text);
	return status;
}

void
body_free(struct json_object *body)
{
	struct json_object_iter member;

	/* An answer may be an array; no array of ours has secrets in it. */
	if (json_object_is_type(body, json_type_object)) {
		json_object_object_foreachC(body, member) wipe(member.val);
	}
	json_object_put(body);
}
