/* import-yaml.c - the mapping `users` of a YAML file, by libyaml */
#include "config.h"

#include "import-read.h"

#include "base/json.h"
#include "base/mem.h"

#include <string.h>
#include <yaml.h>

struct yaml_file {
	yaml_parser_t parser;
	yaml_event_t event; /* the one that was read last */
	bool begun, ended;
};

static const char alias[] = "an alias (*), which is not followed";

static void
begin_yaml(struct reader *reader)
{
	struct yaml_file *file = mem_zero(sizeof *file);

	reader->own = file;
	if (yaml_parser_initialize(&file->parser) == 0)
		mem_check(NULL);
	yaml_parser_set_input_file(&file->parser, reader->file);
}

static void
end_yaml(struct reader *reader)
{
	struct yaml_file *file = reader->own;

	yaml_event_delete(&file->event);
	yaml_parser_delete(&file->parser);
	mem_free(file);
}

/* The type of the next event; YAML_NO_EVENT if there is none, and `flaw` says
 * why. */
static yaml_event_type_t
next_event(struct reader *reader)
{
	struct yaml_file *file = reader->own;

	yaml_event_delete(&file->event);
	if (file->parser.error == YAML_NO_ERROR &&
		yaml_parser_parse(&file->parser, &file->event) != 0)
		return file->event.type;
	memset(&file->event, 0, sizeof file->event);
	file->ended = true;
	reader->number = file->parser.problem_mark.line + 1;
	reader->flaw = file->parser.problem != NULL ? file->parser.problem
						    : "not YAML";
	return YAML_NO_EVENT;
}

static bool
begins_list(yaml_event_type_t type)
{
	return type == YAML_MAPPING_START_EVENT ||
	       type == YAML_SEQUENCE_START_EVENT;
}

/* Goes over the rest of a value, of which the first event has been read. */
static bool
pass_value(struct reader *reader, yaml_event_type_t type)
{
	size_t depth = begins_list(type);

	while (depth > 0) {
		type = next_event(reader);
		if (type == YAML_NO_EVENT)
			return false;
		depth += begins_list(type);
		depth -= type == YAML_MAPPING_END_EVENT ||
			 type == YAML_SEQUENCE_END_EVENT;
	}
	return true;
}

/* The scalar that was read last. A plain ~ or null is none. */
static struct json_object *
scalar(const struct reader *reader)
{
	const struct yaml_file *file = reader->own;
	const char *text = (const char *)file->event.data.scalar.value;
	size_t length = file->event.data.scalar.length;

	if (file->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		(strcmp(text, "~") == 0 || strcmp(text, "null") == 0))
		return NULL;
	return reader_text(text, length);
}

/* The texts of a sequence; what it has besides is left out. */
static bool
read_sequence(struct reader *reader, struct json_object *array)
{
	struct json_object *text;
	yaml_event_type_t type;

	while ((type = next_event(reader)) != YAML_SEQUENCE_END_EVENT) {
		if (type == YAML_NO_EVENT)
			return false;
		text = type == YAML_SCALAR_EVENT ? scalar(reader) : NULL;
		if (text != NULL)
			json_append(array, text);
		else if (type == YAML_ALIAS_EVENT)
			reader->flaw = alias;
		else if (!pass_value(reader, type))
			return false;
	}
	return true;
}

/* Reads the value of a member, which begins with the next event. */
static bool
read_member(struct reader *reader, const char *name)
{
	yaml_event_type_t type = next_event(reader);
	struct json_object *array;

	if (type == YAML_ALIAS_EVENT)
		reader->flaw = alias;
	if (type == YAML_SCALAR_EVENT)
		json_add(reader->record, name, scalar(reader));
	if (type != YAML_SEQUENCE_START_EVENT)
		return type != YAML_NO_EVENT && pass_value(reader, type);
	array = json_new_array();
	json_add(reader->record, name, array);
	return read_sequence(reader, array);
}

/* The key that was read last, as a text; "" for a key that is none. */
static char *
key(const struct reader *reader)
{
	const struct yaml_file *file = reader->own;

	return mem_copy(file->event.type == YAML_SCALAR_EVENT
				? (const char *)file->event.data.scalar.value
				: "");
}

/* Reads the members of a mapping that has begun. */
static bool
read_members(struct reader *reader)
{
	yaml_event_type_t type;

	while ((type = next_event(reader)) != YAML_MAPPING_END_EVENT) {
		char *name = key(reader);
		bool good = type != YAML_NO_EVENT && pass_value(reader, type) &&
			    read_member(reader, name);

		mem_free(name);
		if (!good)
			return false;
	}
	return true;
}

/* Goes to the first key of `users`. */
static bool
find_users(struct reader *reader)
{
	yaml_event_type_t type;

	while ((type = next_event(reader)) != YAML_MAPPING_START_EVENT)
		if (type == YAML_NO_EVENT || type == YAML_STREAM_END_EVENT ||
			type == YAML_SEQUENCE_START_EVENT)
			return false;
	while ((type = next_event(reader)) != YAML_MAPPING_END_EVENT) {
		char *name = key(reader);
		bool found = strcmp(name, "users") == 0;

		mem_free(name);
		if (type == YAML_NO_EVENT || !pass_value(reader, type))
			return false;
		type = next_event(reader);
		if (found && type == YAML_MAPPING_START_EVENT)
			return true;
		if (type == YAML_NO_EVENT || !pass_value(reader, type))
			return false;
	}
	return false;
}

static enum read_outcome
read_user(struct reader *reader, yaml_event_type_t type)
{
	reader->record = json_new_object();
	if (type == YAML_SCALAR_EVENT)
		json_add(reader->record, "name", scalar(reader));
	if (!pass_value(reader, type))
		return READ_BAD;
	type = next_event(reader);
	if (type == YAML_MAPPING_START_EVENT)
		return read_members(reader) && reader->flaw == NULL
			       ? READ_RECORD
			       : READ_BAD;
	if (type == YAML_NO_EVENT || !pass_value(reader, type))
		return READ_BAD;
	return reader_bad(reader, "not a mapping");
}

static enum read_outcome
next_yaml(struct reader *reader)
{
	struct yaml_file *file = reader->own;
	yaml_event_type_t type;

	if (file->ended) {
		reader->flaw = NULL;
		return READ_END;
	}
	reader->flaw = NULL;
	if (!file->begun && !find_users(reader)) {
		if (reader->flaw == NULL)
			reader->flaw = "no mapping of users";
		return READ_END;
	}
	file->begun = true;
	type = next_event(reader);
	if (type == YAML_NO_EVENT)
		return READ_BAD;
	if (type == YAML_MAPPING_END_EVENT) {
		file->ended = true;
		return READ_END;
	}
	reader->number = file->event.start_mark.line + 1;
	return read_user(reader, type);
}

const struct reader_kind reader_yaml = {
	"line", begin_yaml, next_yaml, end_yaml};
