/* name.c - names can break no line, and two that are equal stay so */
#include "config.h"

#include "account/names.h"
#include "base/name.h"

#include "base/utf8.h"
#include "base/uuid.h"

#include "fuzz.h"

static void
assert_plain(const char *text)
{
	assert(strlen(text) <= NAME_BYTES && utf8_valid(text, strlen(text)));
	for (; *text != '\0'; text++)
		assert((unsigned char)*text >= 0x20 && *text != 0x7f);
}

/* A key is a name whose key it is: whatever a text leads to, the same text made
 * of it leads there, too. */
static void
assert_key(const char *name, const char *key)
{
	char again[NAME_SIZE], old[NAME_SIZE];

	assert_plain(key);
	assert(name_key(key, again) && strcmp(key, again) == 0);
	name_old_key(key, old);
	assert(strcmp(key, old) == 0);
	assert(!names_is_old(key, again));
	assert(name_same(name, key));
	assert(!uuid_valid(key));
	assert(strchr(key, '@') != NULL ? utf8_is_ascii(key, strlen(key))
					: strchr(key, ':') == NULL);
	/* The key from before the rules leads to today's. */
	name_old_key(name, old);
	assert(old[0] == '\0' ||
		(name_key(old, again) && strcmp(key, again) == 0));
}

/* What is kept is accepted as it is, and compared as what was typed. */
static void
assert_accepted(const char *name, const char *kept,
	const char *(*accept)(char name[NAME_SIZE]))
{
	char again[NAME_SIZE], keys[2][NAME_SIZE];

	assert_plain(kept);
	strcpy(again, kept);
	assert(accept(again) == NULL && strcmp(kept, again) == 0);
	assert(name_key(name, keys[0]) && name_key(kept, keys[1]));
	assert(strcmp(keys[0], keys[1]) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = fuzz_text(data, size);
	char key[NAME_SIZE], kept[NAME_SIZE];
	bool email = name_is_email(name), username = name_is_username(name);

	assert(!email || !username);
	if (email) {
		strcpy(kept, name);
		assert(name_accept_email(kept) == NULL);
		assert(name_is_address(kept));
		assert_accepted(name, kept, name_accept_email);
	}
	if (username) {
		strcpy(kept, name);
		assert(name_accept_username(kept) == NULL);
		assert_accepted(name, kept, name_accept_username);
	}
	if (name_key(name, key))
		assert_key(name, key);
	else
		assert(!email && !username);
	if (name_is_language(name))
		assert(strpbrk(name, "./") == NULL);
	mem_free(name);
	return 0;
}
