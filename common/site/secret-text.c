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
text_of(struct json_object *object, const char *name)
{
	return (char *)(uintptr_t)json_string(object, name);
}

/* Puts letters in the place of the secret. */
static void
wipe(struct json_object *object, const char *name)
{
	char *text = text_of(object, name);
	size_t length = text == NULL ? 0 : strlen(text);

	if (text == NULL)
		return;
	sodium_memzero(text, length);
	memset(text, 'A', length);
}

/* Adds a member with room for the secret. */
static void
add(const struct secret_text *secret)
{
	size_t size = sodium_base64_encoded_len(secret->length, BASE64);
	char *letters = mem_zero(size);

	memset(letters, 'A', size - 1);
	json_add_string(secret->object, secret->name, letters);
	mem_free(letters);
}

static void
fill(const struct secret_text *secret)
{
	char *text = text_of(secret->object, secret->name);

	sodium_bin2base64(
		text, strlen(text) + 1, secret->bytes, secret->length, BASE64);
}

enum status
secret_text_put(struct store *store, const char *param,
	struct json_object *record, const struct secret_text *secrets,
	size_t count)
{
	enum status status;
	size_t i, length;

	for (i = 0; i < count; i++)
		add(&secrets[i]);
	json_text(record, &length); /* makes its room */
	for (i = 0; i < count; i++)
		fill(&secrets[i]);
	status = store_put(store, STORE_SECRET, param, record);
	for (i = 0; i < count; i++)
		wipe(secrets[i].object, secrets[i].name);
	json_text(record, &length); /* the secrets go from the text */
	json_object_put(record);
	return status;
}

bool
secret_text_take(struct json_object *record, const char *name,
	unsigned char *bytes, size_t size, size_t *length)
{
	const char *text = json_string(record, name);
	bool good = text != NULL &&
		    sodium_base642bin(bytes, size, text, strlen(text), NULL,
			    length, NULL, BASE64) == 0;

	wipe(record, name);
	return good;
}
