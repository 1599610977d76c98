/* import-ldif.c - entries of a directory, as RFC 2849 has them */
#include "config.h"

#include "import-read.h"

#include "base/json.h"
#include "base/mem.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

/* An entry may be a group with very many members. */
enum { ENTRY_LONGEST = 64 * READ_LONGEST, VALUE_COSTS = 64 };

/* Lines are read one ahead: only the next tells whether a line goes on. */
struct ldif {
	bool ahead;  /* `lines` holds a line that is not used yet */
	size_t kept; /* bytes that the entry's values take */
	bool change; /* the entry is a change to one */
};

static void
begin_ldif(struct reader *reader)
{
	reader->own = mem_zero(sizeof(struct ldif));
	lines_begin(&reader->lines, reader->file);
}

static void
end_ldif(struct reader *reader)
{
	lines_end(&reader->lines);
	mem_free(reader->own);
}

static bool
look_ahead(struct reader *reader)
{
	struct ldif *ldif = reader->own;

	if (!ldif->ahead)
		ldif->ahead = lines_next(&reader->lines);
	return ldif->ahead;
}

static void
add_line(struct reader *reader, size_t from)
{
	const struct lines *lines = &reader->lines;
	size_t i;

	for (i = from; i < lines->length && i < LINES_LONGEST; i++)
		reader_add(reader, lines->text[i]);
	/* Of a line that is too long there is only the beginning. */
	if (lines->length > LINES_LONGEST)
		reader->length = READ_LONGEST + 1;
}

/* Reads a line with all that goes on in the next ones. False at the end. */
static bool
read_line(struct reader *reader)
{
	struct ldif *ldif = reader->own;

	reader->length = 0;
	if (!look_ahead(reader))
		return false;
	add_line(reader, 0);
	ldif->ahead = false;
	while (reader->length > 0 && look_ahead(reader) &&
		reader->lines.text[0] == ' ') {
		add_line(reader, 1);
		ldif->ahead = false;
	}
	return true;
}

/* A value in base64, which becomes what it stands for. */
static struct json_object *
decode(char *text, size_t length)
{
	unsigned char *bytes = (unsigned char *)text;
	size_t size;

	if (sodium_base642bin(bytes, length, text, length, NULL, &size, NULL,
		    sodium_base64_VARIANT_ORIGINAL) != 0)
		return mem_check(json_object_new_boolean(false));
	return reader_text(text, size);
}

/* What stands behind an attribute's colon. */
static struct json_object *
read_value(char *value, char *end)
{
	bool coded = value < end && *value == ':';
	bool elsewhere = value < end && *value == '<';

	if (coded)
		value++;
	while (value < end && *value == ' ')
		value++;
	if (elsewhere)
		return mem_check(json_object_new_boolean(false));
	return coded ? decode(value, (size_t)(end - value))
		     : reader_text(value, (size_t)(end - value));
}

static void
keep(struct reader *reader, const char *name, struct json_object *value)
{
	struct ldif *ldif = reader->own;
	struct json_object *values;

	ldif->kept += (size_t)json_object_get_string_len(value) + VALUE_COSTS;
	if (ldif->kept > ENTRY_LONGEST) {
		/* What comes last may be that the account is locked. */
		reader->flaw = "longer than 16 MiB";
		json_object_put(value);
		return;
	}
	if (!json_object_object_get_ex(reader->record, name, &values)) {
		values = json_new_array();
		json_add(reader->record, name, values);
	}
	json_append(values, value);
}

/* Takes the line as an attribute. One with an option (name;lang-ja) is another
 * attribute, and a value that is too long, such as a picture, is no text. */
static void
take_attribute(struct reader *reader)
{
	struct ldif *ldif = reader->own;
	bool whole = reader->length <= READ_LONGEST;
	size_t length = whole ? reader->length : READ_LONGEST;
	char *colon = memchr(reader->text, ':', length);

	if (colon == NULL) {
		reader->flaw = "a line without a :";
		return;
	}
	*colon = '\0';
	if (strcasecmp(reader->text, "changetype") == 0)
		ldif->change = strstr(colon + 1, "add") == NULL;
	keep(reader, reader->text,
		whole ? read_value(colon + 1, reader->text + length)
		      : mem_check(json_object_new_boolean(false)));
}

/* Reads an entry. False if there is none before the end. */
static bool
read_entry(struct reader *reader)
{
	struct ldif *ldif = reader->own;
	bool any = false;

	ldif->kept = 0;
	ldif->change = false;
	reader->flaw = NULL;
	json_object_put(reader->record);
	reader->record = json_new_object();
	while (look_ahead(reader)) {
		if (!any)
			reader->number = reader->lines.number;
		read_line(reader);
		if (reader->length == 0) {
			if (any)
				return true;
			continue;
		}
		if (reader->text[0] == '#')
			continue;
		any = true;
		reader->text[reader->length <= READ_LONGEST ? reader->length
							    : READ_LONGEST] =
			'\0';
		take_attribute(reader);
	}
	return any;
}

/* Whether the entry is what ldapsearch says of its search. */
static bool
is_remark(const struct reader *reader)
{
	static const char *const names[] = {"version", "search", "result"};
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (json_object_object_get_ex(reader->record, names[i], NULL))
			return true;
	return false;
}

static enum read_outcome
next_ldif(struct reader *reader)
{
	const struct ldif *ldif = reader->own;

	while (read_entry(reader)) {
		bool named =
			json_object_object_get_ex(reader->record, "dn", NULL);

		if (!named && reader->flaw == NULL && is_remark(reader))
			continue;
		if (reader->flaw == NULL && !named)
			reader->flaw = "an entry without a dn";
		if (reader->flaw == NULL && ldif->change)
			reader->flaw = "a change to an entry, and none itself";
		return reader->flaw == NULL ? READ_RECORD : READ_BAD;
	}
	reader->flaw = reader->lines.flaw;
	return READ_END;
}

const struct reader_kind reader_ldif = {
	"line", begin_ldif, next_ldif, end_ldif};
