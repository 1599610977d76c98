/* keys-environment.c - the JWT secret that the operator has set */
#include "config.h"

#include "keys-environment.h"

#include "log.h"
#include "mem.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const char *const variables[] = {
	"ACTIAN_VECTORAI_JWT_SECRET", "LATCHKEY_JWT_SECRET"};

/* Moves a variable's value into `key` and overwrites it where it stood. */
static bool
take_variable(const char *name, struct jwt_key *key)
{
	char *value = getenv(name);
	size_t length = value == NULL ? 0 : strlen(value);
	bool good = length == 0 ||
		    (length >= JWT_SECRET_MIN && length <= JWT_SECRET_MAX);

	if (length > 0 && good) {
		memcpy(key->secret, value, length);
		key->length = length;
	}
	if (value != NULL) {
		sodium_memzero(value, length);
		unsetenv(name);
	}
	if (!good && length > JWT_SECRET_MAX)
		log_error("%s: longer than %d bytes", name, JWT_SECRET_MAX);
	else if (!good)
		log_error("%s: shorter than %d bytes", name, JWT_SECRET_MIN);
	return good;
}

static bool
same_secret(const struct jwt_key *a, const struct jwt_key *b)
{
	return a->length == b->length &&
	       sodium_memcmp(a->secret, b->secret, a->length) == 0;
}

/* A secret that anybody can read somewhere signs for anybody. */
static bool
is_leaked(const struct filter *leaked, const char *name,
	const struct jwt_key *given)
{
	unsigned char key[FILTER_KEY];

	if (leaked == NULL || given->length == 0)
		return false;
	filter_key(given->secret, given->length, key);
	if (!filter_has(leaked, key))
		return false;
	log_error("%s: its value is on the list of leaked secrets", name);
	return true;
}

/* Both variables go from the environment, whatever is wrong with one. */
static bool
take_both(struct jwt_key *given, struct jwt_key *other,
	const struct filter *leaked)
{
	bool good = take_variable(variables[0], given);

	good = take_variable(variables[1], other) && good;
	good = !is_leaked(leaked, variables[0], given) && good;
	good = !is_leaked(leaked, variables[1], other) && good;
	if (good && given->length > 0 && other->length > 0 &&
		!same_secret(given, other)) {
		log_error("%s and %s are both set and differ", variables[0],
			variables[1]);
		good = false;
	}
	if (given->length == 0)
		*given = *other;
	return good;
}

bool
keys_environment_take(struct jwt_key *given, const struct filter *leaked)
{
	struct jwt_key *other = mem_check(sodium_malloc(sizeof *other));
	bool good;

	memset(given, 0, sizeof *given);
	memset(other, 0, sizeof *other);
	good = take_both(given, other, leaked);
	sodium_free(other);
	return good;
}
