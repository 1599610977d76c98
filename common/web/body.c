/* body.c - a request's body, and the members that an endpoint reads */
#include "config.h"

#include "web/body.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

/* Every text in it, however deep: a new factor's answer has its secrets in an
 * array and in an object of an object. */
static void
wipe(struct json_object *value)
{
	struct json_object_iter member;
	size_t i;

	if (json_object_is_type(value, json_type_string))
		sodium_memzero((char *)(uintptr_t)json_object_get_string(value),
			(size_t)json_object_get_string_len(value));
	if (json_object_is_type(value, json_type_array))
		for (i = 0; i < json_object_array_length(value); i++)
			wipe(json_object_array_get_idx(value, i));
	if (json_object_is_type(value, json_type_object))
		json_object_object_foreachC(value, member) wipe(member.val);
}

static enum status
check_type(const struct request *request, const struct body_rules *rules)
{
	const char *wanted = rules->form ? "application/x-www-form-urlencoded"
					 : "application/json";
	size_t length = strlen(wanted);
	const char *encoding = request_param(request, "HTTP_CONTENT_ENCODING");
	const char *type = request_param(request, "CONTENT_TYPE");

	/* "identity" is no encoding. */
	if (encoding != NULL && strcasecmp(encoding, "identity") != 0)
		return STATUS_BAD_ENCODING;
	/* With parameters or without. */
	return type != NULL && strncasecmp(type, wanted, length) == 0 &&
			       (type[length] == '\0' ||
				       strchr("; \t", type[length]) != NULL)
		       ? STATUS_OK
		       : STATUS_BAD_TYPE;
}

/* A body that ends early was cut off on its way, and one that goes on is not
 * the one that the web server has checked. */
static enum status
read_told(const struct request *request, char *text, size_t length)
{
	return request_read(request, text, length) == length &&
			       request_at_end(request)
		       ? STATUS_OK
		       : STATUS_BAD_BODY;
}

/* Reads as much as comes. The text has room for a byte more than `max`. */
static enum status
read_untold(const struct request *request, const struct body_rules *rules,
	char *text, size_t *length)
{
	*length = request_read(request, text, rules->max + 1);
	if (*length == 0)
		return STATUS_BAD_BODY;
	return *length > rules->max ? STATUS_TOO_LARGE
				    : check_type(request, rules);
}

/* If there is a text, the caller wipes `size` bytes of it, also after an
 * error. */
static enum status
read_text(const struct request *request, const struct body_rules *rules,
	char **text, size_t *size, size_t *length)
{
	long long declared = request_length(request);
	enum status status;

	if (declared == 0)
		return STATUS_BAD_BODY;
	if (declared == REQUEST_UNTOLD) {
		if (request->in == NULL)
			return STATUS_NO_LENGTH;
		*size = rules->max + 1;
		*text = mem_zero(*size + 1);
		return read_untold(request, rules, *text, length);
	}
	status = check_type(request, rules);
	if (status != STATUS_OK)
		return status;
	if (declared < 0)
		return STATUS_BAD_BODY;
	if ((unsigned long long)declared > rules->max)
		return STATUS_TOO_LARGE;
	*size = *length = (size_t)declared;
	*text = mem_zero(*size + 1);
	return read_told(request, *text, *length);
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

/* 3600.0 is an integer, and so is 36e2 (RFC 8259, 6): clients write numbers in
 * the form that they have. It becomes an integer here. */
static bool
take_integer(
	struct json_object *body, const char *name, struct json_object *value)
{
	int64_t number;

	if (!json_object_is_type(value, json_type_double) ||
		!json_integer(json_object_get_string(value), &number))
		return false;
	json_add_int(body, name, number);
	return true;
}

static bool
has_type(struct json_object *body, const struct field *field,
	struct json_object *value)
{
	static const enum json_type types[] = {
		[FIELD_STRING] = json_type_string,
		[FIELD_BOOLEAN] = json_type_boolean,
		[FIELD_INTEGER] = json_type_int,
		[FIELD_ARRAY] = json_type_array,
	};

	return json_object_is_type(value, types[field->type]) ||
	       (field->type == FIELD_INTEGER &&
		       take_integer(body, field->name, value));
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

	/* Every type before the first gap: a malformed body is malformed
	 * whatever is missing. */
	for (field = fields; field->name != NULL; field++) {
		value = json_object_object_get(body, field->name);
		if (value != NULL && !has_type(body, field, value))
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

/* Drops each member that the endpoint does not read. A handler that serves
 * several routes cannot then take a member that is another route's. */
static void
drop_others(struct json_object *body, const struct field *fields)
{
	json_object_object_foreach(body, name, value)
	{
		if (is_field(name, (void *)(uintptr_t)fields))
			continue;
		wipe(value);
		json_object_object_del(body, name);
	}
}

/* Whether there is no body, as opposed to one that was cut off. */
static bool
is_missing(const struct request *request, size_t length)
{
	long long declared = request_length(request);

	return length == 0 && (declared == 0 || declared == REQUEST_UNTOLD);
}

static struct json_object *
parse_json(const char *text, size_t length, const struct field *fields)
{
	struct json_object *body = json_parse_object(
		text, length, is_field, (void *)(uintptr_t)fields);

	if (body != NULL)
		drop_others(body, fields);
	return body;
}

/* Adds a member of a form. False if it cannot be one: it is there twice, or is
 * no text. Other members are not looked at. */
static bool
add_member(struct json_object *body, const struct field *fields,
	const char *name, const char *value, bool good)
{
	while (fields->name != NULL && strcmp(fields->name, name) != 0)
		fields++;
	if (fields->name == NULL)
		return true;
	if (!good || json_object_object_get_ex(body, name, NULL) ||
		!utf8_valid(value, strlen(value)))
		return false;
	if (fields->type == FIELD_BOOLEAN)
		json_add_bool(body, name, true);
	else
		json_add_string(body, name, value);
	return true;
}

/* Takes "name=value&...", which has room for a '\0' after it, to pieces in
 * place. */
static struct json_object *
parse_form(char *text, size_t length, const struct field *fields)
{
	struct json_object *body = json_new_object();
	char *end = text + length, *at, *value;
	bool good = memchr(text, '\0', length) == NULL;

	for (*end = '\0'; good && text < end; text = at + 1) {
		at = text + strcspn(text, "&");
		*at = '\0';
		value = text + strcspn(text, "=");
		if (*value != '\0')
			*value++ = '\0';
		good = request_decode(text) &&
		       add_member(body, fields, text, value,
			       request_decode(value));
	}
	if (good)
		return body;
	body_free(body);
	return NULL;
}

/* Makes the object of a body that is there. */
static enum status
parse(char *text, size_t length, const struct body_rules *rules,
	const struct field *fields, struct json_object **body)
{
	*body = rules->form ? parse_form(text, length, fields)
			    : parse_json(text, length, fields);
	return *body == NULL ? STATUS_BAD_BODY : STATUS_OK;
}

enum status
body_read(const struct request *request, const struct body_rules *rules,
	const struct field *fields, struct json_object **body,
	const char **missing)
{
	char *text = NULL;
	size_t size = 0, length = 0;
	enum status status = read_text(request, rules, &text, &size, &length);

	*body = NULL;
	if (rules->spares && status == STATUS_BAD_BODY &&
		is_missing(request, length)) {
		*body = json_new_object();
		status = STATUS_OK;
	} else if (status == STATUS_OK) {
		status = parse(text, length, rules, fields, body);
	}
	if (status == STATUS_OK)
		status = check_fields(*body, fields, rules->blank, missing);
	if (text != NULL)
		sodium_memzero(text, size);
	mem_free(text);
	return status;
}

void
body_free(struct json_object *body)
{
	wipe(body);
	json_object_put(body);
}
