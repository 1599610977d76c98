/* hash.c - a stored hash, whatever it is, lets one password in at most. The
 * input is the hash. */
#include "config.h"

#include "password.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static const char digits[] =
	"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* Whether the first `length` of these are small digits of base 64, dots
 * after the first `wide`. */
static bool
are_small(const char *at, size_t length, size_t wide)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (memchr(digits, at[i], i % wide == 0 ? 10 : 1) == NULL)
			return false;
	return true;
}

/* Whether crypt(3) is done with it in milliseconds. Anyone may ask for hours,
 * but only an operator's import gets here. */
static bool
is_cheap(const char *hash)
{
	size_t length, run;
	const char *at;

	unsigned long kib, passes, lanes;

	if (strncmp(hash, "$argon2", 7) == 0) {
		at = strstr(hash, "m=");
		return at == NULL ||
		       sscanf(at, "m=%lu,t=%lu,p=%lu", &kib, &passes, &lanes) !=
			       3 ||
		       (kib <= 256 && passes <= 4 && lanes <= 4);
	}
	if (hash[0] == '_') /* four digits of rounds, the lowest first */
		return strlen(hash) < 5 ||
		       (hash[2] == '.' && hash[3] == '.' && hash[4] == '.');
	if (strncmp(hash, "$7$", 3) == 0) /* N, then five of r, five of p */
		return strlen(hash) < 14 || (are_small(hash + 3, 1, 1) &&
						    are_small(hash + 4, 10, 5));
	if (strncmp(hash, "$y$", 3) == 0 || strncmp(hash, "$gy$", 4) == 0) {
		at = strchr(hash + 1, '$') + 1;
		length = strcspn(at, "$");
		return length <= 7 &&
		       (length == 0 || are_small(at + 1, length - 1, 1));
	}
	if (strncmp(hash, "$2", 2) == 0)
		return strlen(hash) < 6 || strtoul(hash + 4, NULL, 10) <= 5;
	for (at = hash; *at != '\0'; at += run > 0 ? run : 1) {
		run = strspn(at, "0123456789");
		if (run > 4)
			return false;
	}
	return true;
}

static bool
check(const char *text, const char *hash)
{
	struct password password;

	assert(password_read(&password, text, strlen(text)));
	return password_check(&password, hash);
}

static bool
is_printable(const char *hash)
{
	for (; *hash > 0x20 && *hash < 0x7f; hash++)
		;
	return *hash == '\0';
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct password_scheme schemes[] = {{"$y$", 5},
		{"$gy$", 5}, {"$7$", 6}, {"$2b$", 10}, {"$6$", 100000}};
	char *hash = fuzz_text(data, size);
	size_t i;

	for (i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		password_outdated(&schemes[i], hash);
	if (hash[0] != '\0' && is_cheap(hash)) {
		assert(!check("", hash));
		if (check("secret", hash))
			assert(is_printable(hash) && !check("Tecret", hash) &&
				strchr("*!:", hash[0]) == NULL);
	}
	mem_free(hash);
	return 0;
}
