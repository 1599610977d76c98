/* name.c - usernames and emails, and the accounts they lead to */
#include "config.h"

#include "name.h"

#include "json.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

/* A text that may be any name: neither blanks around it nor what could break
 * a header or a log line inside. */
static bool
is_name(const char *name)
{
	size_t length = strlen(name);
	const char *at;

	if (length == 0 || length > NAME_BYTES || name[0] == ' ' ||
		name[length - 1] == ' ' || !utf8_valid(name, length))
		return false;
	for (at = name; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return false;
	return true;
}

/* RFC 5322's specials mean something to a mail program: a comment in
 * a@b.c() would make another address of the same mailbox. */
bool
name_is_email(const char *name)
{
	static const char specials[] = " ()<>[]:;,\\\"";
	const char *at = strchr(name, '@');

	return is_name(name) && at != NULL && at != name && at[1] != '\0' &&
	       strchr(at + 1, '@') == NULL && strpbrk(name, specials) == NULL;
}

bool
name_is_username(const char *name)
{
	return is_name(name) && strchr(name, '@') == NULL;
}

bool
name_is_language(const char *language)
{
	size_t length = strlen(language);

	return (length == 2 || length == 3) &&
	       strspn(language, "abcdefghijklmnopqrstuvwxyz") == length;
}

bool
name_key(const char *name, char key[NAME_SIZE])
{
	size_t i;

	if (!is_name(name))
		return false;
	for (i = 0; name[i] != '\0'; i++)
		key[i] = name[i] >= 'A' && name[i] <= 'Z'
				 ? (char)(name[i] - 'A' + 'a')
				 : name[i];
	key[i] = '\0';
	return true;
}

enum status
name_find(struct store *store, const char *name, char id[NAME_ID_SIZE])
{
	char key[NAME_SIZE];
	struct json_object *record;
	enum status status;
	const char *text;

	if (!name_key(name, key))
		return STATUS_NO_ACCOUNT;
	status = store_get(store, STORE_NAME, key, &record);
	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_NO_ACCOUNT : status;
	text = json_string(record, "account");
	snprintf(id, NAME_ID_SIZE, "%s", text == NULL ? "" : text);
	json_object_put(record);
	return STATUS_OK;
}

enum status
name_add(struct store *store, const char *key, const char *id)
{
	char text[NAME_ID_SIZE + 32];
	int length = snprintf(text, sizeof text, "{\"account\":\"%s\"}", id);
	bool there;
	enum status status =
		store_add(store, STORE_NAME, key, text, (size_t)length, &there);

	return status == STATUS_OK && there ? STATUS_NAME_TAKEN : status;
}

/* Two letters that depend on the name. */
static void
from_anywhere(const char *name, char at[STORE_KEY_SIZE])
{
	unsigned sum = 0;

	for (; *name != '\0'; name++)
		sum = 31 * sum + (unsigned char)*name;
	snprintf(at, STORE_KEY_SIZE, "%c%c", 'a' + (int)(sum % 26),
		'a' + (int)(sum / 26 % 26));
}

enum status
name_find_near(struct store *store, const char *name, char id[NAME_ID_SIZE],
	bool *found)
{
	char key[NAME_SIZE], at[STORE_KEY_SIZE];
	struct json_object *record;
	enum status status;

	if (!name_key(name, key)) /* which everybody can see */
		strcpy(key, "");
	strcpy(at, key);
	status = store_from(store, STORE_NAME, at, &record);
	if (status == STATUS_NOT_FOUND) {
		/* After the last comes any other, the same each time. */
		from_anywhere(key, at);
		status = store_from(store, STORE_NAME, at, &record);
	}
	if (status == STATUS_NOT_FOUND) {
		strcpy(at, "");
		status = store_from(store, STORE_NAME, at, &record);
	}
	*found = status == STATUS_OK && strcmp(at, key) == 0;
	json_copy(record, "account", id, NAME_ID_SIZE);
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_NO_ACCOUNT : status;
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

enum status
name_claim(struct store *store, const char *name, const char *id)
{
	char key[NAME_SIZE];

	if (name[0] == '\0')
		return STATUS_OK;
	name_key(name, key);
	return name_add(store, key, id);
}

enum status
name_free(struct store *store, const char *name)
{
	char key[NAME_SIZE];

	if (!name_key(name, key))
		return STATUS_OK;
	return store_delete(store, STORE_NAME, key);
}
