/* name.c - the form of addresses, languages, and the ids that stand for names
 */
#include "config.h"

#include "account/name.h"

#include "base/json.h"
#include "base/utf8.h"

#include <string.h>

bool
name_is_address(const char *text)
{
	/* RFC 5322's specials mean something to a mail program: a comment in
	 * a@b.c() would make another address of the same mailbox. */
	static const char specials[] = " ()<>[]:;,\\\"";
	const char *at = strchr(text, '@');
	size_t i, length = strlen(text);

	for (i = 0; i < length; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return length <= NAME_BYTES && utf8_valid(text, length) && at != NULL &&
	       at != text && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
	       strpbrk(text, specials) == NULL;
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
