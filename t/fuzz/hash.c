/* hash.c - a stored hash, whatever it is, lets one password in at most. The
 * input is the hash. */
#include "config.h"

#include "password/password.h"

#include "fuzz.h"
#include "password/hash-form.h"
#include "password/hash-text.h"
#include "unit.h"

/* Whether it is checked in milliseconds; what has no row always is. Anyone may
 * ask for hours, but only an operator's import gets here. */
static bool
is_cheap(const char *hash)
{
	static const struct {
		const char *prefix;
		uint64_t cost;
	} limits[] = {{"$y$", 8192}, {"$gy$", 8192}, {"$7$", 8192}, {"$2", 32},
		{"$5$", 10000}, {"$6$", 10000}, {"$sha1$", 10000},
		{"$md5", 10000}, {"_", 4000}, {"$argon2", 4096},
		{"$pbkdf2", 4096}, {"pbkdf2", 4096}, {"$scrypt$", 8192},
		{"scrypt:", 8192}, {"$P$", 8192}, {"$H$", 8192}, {"$wp$", 32},
		{"bcrypt_sha256$", 32}};
	struct hash_text scheme;
	size_t i;

	if (!hash_text_read(hash, &scheme))
		return true; /* not hashed at all */
	for (i = 0; i < sizeof limits / sizeof limits[0]; i++)
		if (strncmp(hash, limits[i].prefix, strlen(limits[i].prefix)) ==
			0)
			return scheme.cost <= limits[i].cost &&
			       scheme.memory <= 4 << 20;
	return true;
}

/* What is kept of another system's form is a form that is kept. */
static void
check_form(const char *text)
{
	char kept[HASH_TEXT_SIZE], again[HASH_TEXT_SIZE];
	struct hash_text scheme;

	if (hash_form(text, kept) != NULL)
		assert(kept[0] == '\0');
	else if (hash_text_read(kept, &scheme))
		assert(hash_form(kept, again) == NULL &&
			strcmp(again, kept) == 0);
	if (hash_text_read(text, &scheme))
		assert(strcmp(text, kept) == 0);
}

/* The class of a hash is a class, its own, and can be hashed with. */
static void
check_class(const char *hash)
{
	struct hash_text scheme, class;
	struct password password;

	if (!hash_text_read(hash, &scheme)) {
		assert(scheme.class[0] == '\0');
		return;
	}
	assert(hash_text_read_setting(scheme.class, &class));
	assert(strcmp(class.class, scheme.class) == 0);
	assert(class.cost == scheme.cost && class.memory == scheme.memory);
	assert(password_read(&password, "secret", 6));
	assert(password_decoy(&password, PASSWORD_NFC, scheme.class) ==
		(unit_knows(hash) ? STATUS_OK : STATUS_BAD_CREDENTIALS));
}

static bool
check(const char *text, const char *hash)
{
	struct password password;

	assert(password_read(&password, text, strlen(text)));
	return password_test(&password, PASSWORD_NFC, hash) == STATUS_OK;
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
	static const struct password_scheme schemes[] = {{"argon2id", 0},
		{"$y$", 5}, {"$gy$", 5}, {"$7$", 6}, {"$2b$", 10},
		{"$6$", 100000}};
	char *hash = fuzz_text(data, size);
	size_t i;

	check_form(hash);
	for (i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		password_outdated(&schemes[i], hash);
	if (is_cheap(hash)) {
		check_class(hash);
		assert(!check("", hash));
		if (check("secret", hash))
			assert(is_printable(hash) && !check("Tecret", hash) &&
				strchr("*!:", hash[0]) == NULL);
	}
	mem_free(hash);
	return 0;
}
