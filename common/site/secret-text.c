/* secret-text.c - secrets in the text of a record, with no copy left behind */
#include "config.h"

#include "site/secret-text.h"

#include "base/json.h"
#include "base/mem.h"

#include <sodium.h>
#include <string.h>

enum { BASE64 = sodium_base64_VARIANT_ORIGINAL };

/* The member's own text, to be written into; NULL if the member is no text. */
static char *
text_of(struct json_object *record, const char *name)
{
	return (char *)(uintptr_t)json_string(record, name);
}

void
secret_text_add(struct json_object *record, const char *name, size_t length)
{
	size_t size = sodium_base64_encoded_len(length, BASE64);
	char *letters = mem_zero(size);

	memset(letters, 'A', size - 1);
	json_add_string(record, name, letters);
	mem_free(letters);
}

void
secret_text_settle(struct json_object *record)
{
	size_t length;

	/* In the way of store_put(), so that the room is the same. */
	json_text(record, &length);
}

void
secret_text_fill(struct json_object *record, const char *name,
	const unsigned char *bytes, size_t length)
{
	char *text = text_of(record, name);

	sodium_bin2base64(text, strlen(text) + 1, bytes, length, BASE64);
}

void
secret_text_wipe(struct json_object *record, const char *name)
{
	char *text = text_of(record, name);
	size_t length = text == NULL ? 0 : strlen(text);

	if (text == NULL)
		return;
	sodium_memzero(text, length);
	memset(text, 'A', length);
}

bool
secret_text_take(struct json_object *record, const char *name,
	unsigned char *bytes, size_t size, size_t *length)
{
	const char *text = json_string(record, name);
	bool good = text != NULL &&
		    sodium_base642bin(bytes, size, text, strlen(text), NULL,
			    length, NULL, BASE64) == 0;

	secret_text_wipe(record, name);
	return good;
}
