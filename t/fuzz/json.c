/* json.c - what is accepted as JSON is JSON, and comes out as it went in */
#include "config.h"

#include "base/json.h"

#include "fuzz.h"

#include <json-c/json_visit.h>
#include <unistr.h>

static int
check_value(struct json_object *value, int flags, struct json_object *parent,
	const char *name, size_t *index, void *context)
{
	const char *text = json_object_get_string(value);

	(void)flags;
	(void)parent;
	(void)index;
	(void)context;
	if (json_object_is_type(value, json_type_string)) {
		assert(strlen(text) ==
			(size_t)json_object_get_string_len(value));
		assert(u8_check((const uint8_t *)text, strlen(text)) == NULL);
	}
	if (name != NULL)
		assert(u8_check((const uint8_t *)name, strlen(name)) == NULL);
	return JSON_C_VISIT_RETURN_CONTINUE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *again,
		*object =
			json_parse_object((const char *)data, size, NULL, NULL);
	const char *text;
	size_t length;

	if (object == NULL)
		return 0;
	json_c_visit(object, 0, check_value, NULL);
	text = json_object_to_json_string_length(
		object, JSON_C_TO_STRING_PLAIN, &length);
	again = json_parse_object(text, length, NULL, NULL);
	assert(again != NULL && json_object_equal(object, again));
	json_object_put(again);
	json_object_put(object);
	return 0;
}
