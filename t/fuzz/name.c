/* name.c - names can break no line, and two that are equal stay so */
#include "config.h"

#include "name.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = fuzz_text(data, size);
	char key[NAME_SIZE], again[NAME_SIZE];
	bool email = name_is_email(name), username = name_is_username(name);

	assert(!email || !username);
	if (email)
		assert(strpbrk(name, " <>,;:\"\r\n") == NULL);
	if (name_key(name, key)) {
		assert(strlen(key) == strlen(name) && strlen(key) < NAME_SIZE);
		assert(strpbrk(name, "\r\n") == NULL);
		assert(name_key(key, again) && strcmp(key, again) == 0);
		assert(name_is_email(key) == email);
		assert(name_is_username(key) == username);
	} else {
		assert(!email && !username);
	}
	if (name_is_language(name))
		assert(strpbrk(name, "./") == NULL);
	mem_free(name);
	return 0;
}
