/* password.c - passwords as people type them, and their crypt(3) hashes */
#include "config.h"

#include "password.h"

#include "log.h"
#include "scratch.h"

#include <crypt.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <uninorm.h>
#include <unistr.h>

static bool keep_memory;

void
password_keep_memory(bool keep)
{
	keep_memory = keep;
}

bool
password_keeps_memory(void)
{
	return keep_memory;
}

void
password_drop_memory(void)
{
	scratch_drop();
}

void
password_wipe(struct password *password)
{
	sodium_memzero(password, sizeof *password);
}

bool
password_read(struct password *password, const char *text, size_t length)
{
	const uint8_t *in = (const uint8_t *)text;
	size_t size = sizeof password->text;
	uint8_t *result;

	memset(password, 0, sizeof *password);
	/* Normal form never shortens by more than a few times; what is this
	 * long need not be looked at. */
	if (length > 4 * sizeof password->text ||
		memchr(text, '\0', length) != NULL ||
		u8_check(in, length) != NULL)
		return false;
	result = u8_normalize(
		UNINORM_NFC, in, length, (uint8_t *)password->text, &size);
	if (result != (uint8_t *)password->text && result != NULL) {
		/* It did not fit and was written elsewhere. */
		sodium_memzero(result, size);
		free(result);
	}
	if (result != (uint8_t *)password->text || size > PASSWORD_BYTES) {
		password_wipe(password);
		return false;
	}
	password->text[size] = '\0';
	password->points = u8_mbsnlen((uint8_t *)password->text, size);
	return true;
}

static bool
new_setting(const struct password_scheme *scheme,
	char setting[CRYPT_GENSALT_OUTPUT_SIZE])
{
	return crypt_gensalt_rn(scheme->prefix, scheme->cost, NULL, 0, setting,
		       CRYPT_GENSALT_OUTPUT_SIZE) != NULL;
}

/* What new hashes may be made with, and the least cost worth having: crypt(3)
 * takes five rounds of SHA-512, too. */
static const struct {
	const char *prefix;
	unsigned long min;
} schemes[] = {
	{"$y$", 1},
	{"$gy$", 1},
	{"$7$", 6},
	{"$2b$", 10},
	{"$6$", 100000},
	{"$5$", 100000},
};

unsigned long
password_least_cost(const char *prefix)
{
	size_t i;

	for (i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (strcmp(schemes[i].prefix, prefix) == 0)
			return schemes[i].min;
	return 0;
}

bool
password_scheme_valid(const struct password_scheme *scheme)
{
	unsigned long least = password_least_cost(scheme->prefix);
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	return least > 0 && scheme->cost >= least &&
	       new_setting(scheme, setting);
}

/* The one call of crypt(3). False leaves `hash` empty. */
static bool
crypt_text(const char *text, const char *setting, char hash[PASSWORD_HASH_SIZE])
{
	static struct crypt_data data;
	char *result;

	scratch_begin();
	result = crypt_rn(text, setting, &data, (int)sizeof data);
	scratch_end(keep_memory);
	hash[0] = '\0';
	if (result != NULL && strlen(result) < PASSWORD_HASH_SIZE)
		strcpy(hash, result);
	sodium_memzero(&data, sizeof data);
	return hash[0] != '\0';
}

bool
password_hash(const struct password_scheme *scheme,
	const struct password *password, char hash[PASSWORD_HASH_SIZE])
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	if (new_setting(scheme, setting) &&
		crypt_text(password->text, setting, hash))
		return true;
	log_error("password: crypt: %s", strerror(errno));
	return false;
}

bool
password_check(const struct password_scheme *scheme,
	const struct password *password, const char *hash)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	char result[PASSWORD_HASH_SIZE];
	bool good = false;

	if (hash == NULL || hash[0] == '\0') {
		if (new_setting(scheme, setting))
			crypt_text(password->text, setting, result);
		return false;
	}
	if (crypt_text(password->text, hash, result) &&
		strlen(result) == strlen(hash))
		good = sodium_memcmp(result, hash, strlen(hash)) == 0;
	sodium_memzero(result, sizeof result);
	/* An empty one is what a password too long to read becomes. */
	return good && password->points > 0;
}

/* A digit of crypt(3)'s base 64, or -1. */
static int
digit64(char digit)
{
	static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
	const char *at = digit == '\0' ? NULL : strchr(digits, digit);

	return at == NULL ? -1 : (int)(at - digits);
}

/* What a hash costs, to be compared within one scheme only: log2(N) and r of
 * yescrypt and scrypt as one number, a count of rounds, or bcrypt's log2. */
static unsigned long
cost_of(const char *hash, size_t prefix_length)
{
	const char *at = hash + prefix_length;

	if (strncmp(hash, "$y$", 3) == 0 || strncmp(hash, "$gy$", 4) == 0) {
		int n = at[0] == '\0' ? -1 : digit64(at[1]);
		int r = n < 0 ? -1 : digit64(at[2]);

		return n < 0 || r < 0 || n > 40
			       ? 0
			       : (1UL << n) * (unsigned)(r + 1);
	}
	if (strncmp(hash, "$7$", 3) == 0)
		return (unsigned long)(digit64(at[0]) + 1);
	if (strncmp(hash, "$2", 2) == 0)
		return strtoul(at, NULL, 10);
	/* SHA-2: 5,000 unless it says so; else the salt begins here. */
	return strncmp(at, "rounds=", 7) == 0 ? strtoul(at + 7, NULL, 10)
					      : 5000;
}

bool
password_outdated(const struct password_scheme *scheme, const char *hash)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	size_t length = strlen(scheme->prefix);

	if (strncmp(hash, scheme->prefix, length) != 0)
		return true;
	return new_setting(scheme, setting) &&
	       cost_of(hash, length) < cost_of(setting, length);
}
