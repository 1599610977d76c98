/* name.c - what a name is, and how it is compared */
#include "config.h"

#include "base/name.h"

#include "base/domain.h"
#include "base/json.h"
#include "base/precis.h"
#include "base/utf8.h"
#include "base/uuid.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

static_assert(
	(int)NAME_SIZE == (int)PRECIS_SIZE, "a name is a text of precis.h's");

static const char too_long[] = "empty, or longer than 254 bytes";
static const char no_username[] =
	"a username is letters, digits and ASCII signs, in one direction, with "
	"single blanks between them and none around";
static const char no_sign[] = "a username has no @ and no :";
static const char no_id[] = "an account's id is no username";
static const char no_email[] = "an email has exactly one @, no blanks, "
			       "brackets, quotes, commas, colons "
			       "or semicolons, and a domain after it";
static const char no_smtputf8[] =
	"what is before an email's @ is ASCII: mails to other addresses cannot "
	"be sent";

/* --- texts ------------------------------------------------------------- */

/* The text between blanks of any kind. */
static const char *
trim(const char *text, size_t *length)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
	const uint8_t *next;
	ucs4_t point;

	while ((next = u8_next(&point, at)) != NULL &&
		uc_is_property_white_space(point))
		at = next;
	while (end > at && (next = u8_prev(&point, end, at)) != NULL &&
		uc_is_property_white_space(point))
		end = next;
	*length = (size_t)(end - at);
	return (const char *)at;
}

/* What was typed, without blanks around it, its letters of one width. */
static bool
read_typed(const char *typed, char text[NAME_SIZE])
{
	size_t length;

	if (!utf8_valid(typed, strlen(typed)))
		return false;
	typed = trim(typed, &length);
	return length > 0 && length <= NAME_BYTES &&
	       precis_widths(typed, length, text);
}

/* --- usernames --------------------------------------------------------- */

/* RFC 8265, 3.1: userparts with blanks between them; here single blanks, since
 * two look like one. */
static bool
map_parts(const char *text, enum precis_case how, char out[NAME_SIZE])
{
	char part[NAME_SIZE];
	size_t length, at = 0;

	for (;; text += length + 1) {
		length = strcspn(text, " ");
		if (!precis_userpart(text, length, how, part) ||
			at + strlen(part) + (text[length] != '\0') >= NAME_SIZE)
			return false;
		at = (size_t)(stpcpy(out + at, part) - out);
		if (text[length] == '\0')
			return true;
		out[at++] = ' ';
		out[at] = '\0';
	}
}

static const char *
map_username(const char *text, enum precis_case how, char out[NAME_SIZE])
{
	char key[NAME_SIZE];

	if (strpbrk(text, "@:") != NULL)
		return no_sign;
	if (!map_parts(text, PRECIS_MAPPED, key) || !map_parts(text, how, out))
		return no_username;
	return uuid_valid(key) ? no_id : NULL;
}

/* --- emails ------------------------------------------------------------ */

static const char *
map_email(const char *text, enum precis_case how, char out[NAME_SIZE])
{
	size_t local = strcspn(text, "@") + 1;
	char ascii[DOMAIN_SIZE];

	if (!name_is_address(text) || !domain_to_ascii(text + local, ascii))
		return no_email;
	if (!utf8_is_ascii(text, local))
		return no_smtputf8;
	memcpy(out, text, local);
	out[local] = '\0';
	if (how == PRECIS_PRESERVED)
		return domain_to_unicode(
			       text + local, out + local, NAME_SIZE - local)
			       ? NULL
			       : too_long;
	if (local + strlen(ascii) >= NAME_SIZE)
		return too_long;
	strcpy(out + local, ascii);
	utf8_lower_ascii(out);
	return NULL;
}

/* --- both -------------------------------------------------------------- */

typedef const char *map_name(
	const char *text, enum precis_case how, char out[NAME_SIZE]);

/* A name may have a key and no form to be kept in, or the other way round: it
 * must have both. */
static const char *
accept(char name[NAME_SIZE], map_name *map)
{
	char text[NAME_SIZE], key[NAME_SIZE], kept[NAME_SIZE];
	const char *flaw = map == map_email ? no_email : no_username;
	size_t length;

	if (!utf8_valid(name, strlen(name)) || trim(name, &length) != name ||
		name[length] != '\0')
		return flaw;
	if (!read_typed(name, text))
		return too_long;
	flaw = map(text, PRECIS_MAPPED, key);
	if (flaw == NULL)
		flaw = map(text, PRECIS_PRESERVED, kept);
	if (flaw == NULL)
		strcpy(name, kept);
	return flaw;
}

const char *
name_accept_username(char name[NAME_SIZE])
{
	return accept(name, map_username);
}

const char *
name_accept_email(char name[NAME_SIZE])
{
	return accept(name, map_email);
}

static const char *
flaw_of(const char *name, map_name *map)
{
	char text[NAME_SIZE];

	if (strlen(name) > NAME_BYTES)
		return too_long;
	strcpy(text, name);
	return accept(text, map);
}

bool
name_is_username(const char *name)
{
	return flaw_of(name, map_username) == NULL;
}

bool
name_is_email(const char *name)
{
	return flaw_of(name, map_email) == NULL;
}

bool
name_needs_smtputf8(const char *name)
{
	return flaw_of(name, map_email) == no_smtputf8;
}

bool
name_key(const char *typed, char key[NAME_SIZE])
{
	char text[NAME_SIZE];
	map_name *map;

	if (!read_typed(typed, text))
		return false;
	map = strchr(text, '@') != NULL ? map_email : map_username;
	return map(text, PRECIS_MAPPED, key) == NULL;
}

void
name_old_key(const char *typed, char key[NAME_SIZE])
{
	size_t length;

	typed += strspn(typed, " \t\r\n");
	length = strlen(typed);
	while (length > 0 && strchr(" \t\r\n", typed[length - 1]) != NULL)
		length--;
	key[0] = '\0';
	if (length > NAME_BYTES || !utf8_printable(typed, length))
		return;
	memcpy(key, typed, length);
	key[length] = '\0';
	utf8_lower_ascii(key);
}

bool
name_same(const char *one, const char *other)
{
	char keys[2][NAME_SIZE];

	name_counted(one, keys[0]);
	name_counted(other, keys[1]);
	return strcmp(keys[0], keys[1]) == 0;
}

bool
name_counted(const char *typed, char counted[NAME_SIZE])
{
	if (name_key(typed, counted))
		return true;
	name_old_key(typed, counted);
	if (counted[0] != '\0')
		return true;
	snprintf(counted, NAME_SIZE, "%s", typed);
	return false;
}

/* --- addresses, languages, ids ----------------------------------------- */

bool
name_is_address(const char *text)
{
	/* RFC 5322's specials mean something to a mail program: a comment in
	 * a@b.c() would make another address of the same mailbox. */
	static const char specials[] = " ()<>[]:;,\\\"";
	const char *at = strchr(text, '@');
	size_t length = strlen(text);

	return length <= NAME_BYTES && utf8_printable(text, length) &&
	       at != NULL && at != text && at[1] != '\0' &&
	       strchr(at + 1, '@') == NULL && strpbrk(text, specials) == NULL;
}

bool
name_is_language(const char *language)
{
	size_t length = strlen(language);

	return (length == 2 || length == 3) &&
	       strspn(language, "abcdefghijklmnopqrstuvwxyz") == length;
}

static const char nobody[] = "00000000-0000-0000-0000-000000000000";

void
name_put_id(struct json_object *record, const char *id)
{
	json_add_string(record, "account", id[0] != '\0' ? id : nobody);
}

void
name_get_id(const struct json_object *record, char id[NAME_ID_SIZE])
{
	json_copy(record, "account", id, NAME_ID_SIZE);
	if (strcmp(id, nobody) == 0)
		id[0] = '\0';
}
