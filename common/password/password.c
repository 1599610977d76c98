/* password.c - passwords as people type them, and their hashes */
#include "config.h"

#include "password/password.h"

#include "base/log.h"
#include "base/mem.h"
#include "password/foreign.h"
#include "password/hash-text.h"
#include "password/scratch.h"
#include "password/yield.h"

#include <crypt.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

/* Hashes that work in this many bytes keep their block; 0: none. */
static uint64_t kept_memory;

bool
password_keeps_memory(void)
{
	return kept_memory > 0;
}

void
password_wipe(struct password *password)
{
	sodium_memzero(password, sizeof *password);
}

/* Moves what libunistring has made into the password's own buffer of `size`
 * bytes. libunistring allocates a text that does not fit. If there is no memory
 * for that, the process ends: it must not look like a text that is too long. */
static bool
take_result(struct password *password, uint8_t *result, size_t size)
{
	uint8_t *text = (uint8_t *)password->text;

	if (result == NULL && errno == ENOMEM)
		mem_check(NULL);

	if (result != text && result != NULL) {
		sodium_memzero(result, size);
		free(result);
	}
	if (result != text || size > PASSWORD_BYTES) {
		password_wipe(password);
		return false;
	}
	text[size] = '\0';
	password->points = u8_mbsnlen(text, size);
	return true;
}

bool
password_read(struct password *password, const char *text, size_t length)
{
	const uint8_t *in = (const uint8_t *)text;
	size_t size = sizeof password->text;
	uint8_t *result;

	memset(password, 0, sizeof *password);
	/* NFC shortens a text only by a few times, so a text of this length
	 * need not be looked at. */
	if (length > 4 * sizeof password->text ||
		memchr(text, '\0', length) != NULL ||
		u8_check(in, length) != NULL)
		return false;
	result = u8_normalize(
		UNINORM_NFC, in, length, (uint8_t *)password->text, &size);
	if (!take_result(password, result, size))
		return false;
	if (length <= PASSWORD_BYTES &&
		(length != strlen(password->text) ||
			memcmp(text, password->text, length) != 0))
		memcpy(password->typed, text, length);
	return true;
}

static const char *
text_in(const struct password *password, enum password_form form)
{
	return form == PASSWORD_NFC ? password->text : password->typed;
}

bool
password_fold(const struct password *password, struct password *folded)
{
	size_t size = sizeof folded->text;
	uint8_t *result;

	memset(folded, 0, sizeof *folded);
	if (password->points == 0)
		return false;
	/* No language: Turkish has rules of its own. */
	result = u8_casefold((const uint8_t *)password->text,
		strlen(password->text), NULL, UNINORM_NFC,
		(uint8_t *)folded->text, &size);
	return take_result(folded, result, size);
}

/* --- how new hashes are made ------------------------------------------- */

/* The least cost that is worth having (crypt(3) takes five rounds of SHA-512,
 * too) and the most that crypt_gensalt(3) takes. */
static const struct costs {
	const char *prefix;
	unsigned long min, max;
} schemes[] = {
	{"$y$", 1, 11},
	{"$gy$", 1, 11},
	{"$7$", 6, 11},
	{"$2b$", 10, 31},
	{"$6$", 100000, 999999999},
	{"$5$", 100000, 999999999},
};

static const struct costs *
costs_of(const char *prefix)
{
	static const struct costs none = {"", 0, 0};
	size_t i;

	for (i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (strcmp(schemes[i].prefix, prefix) == 0)
			return &schemes[i];
	return &none;
}

unsigned long
password_least_cost(const char *prefix)
{
	return costs_of(prefix)->min;
}

unsigned long
password_most_cost(const char *prefix)
{
	return costs_of(prefix)->max;
}

/* Argon2id has its cost in its prefix. The least is what OWASP has as equal to
 * 19 MiB twice, from 7 MiB five times on, and the most memory is yescrypt's. */
enum {
	ARGON2_LEAST_KIB = 7 * 1024,
	ARGON2_LEAST_COST = 5 * ARGON2_LEAST_KIB,
	ARGON2_MOST_KIB = 1 << 20,
	ARGON2_MOST_PASSES = 1000
};

static const char argon2_name[] = "argon2id";

/* The class of new hashes of Argon2id, as libsodium makes them: a salt of 16
 * bytes, a hash of 32. Their setting ends before the salt. False if the prefix
 * is none of Argon2id with a cost that is permitted. */
static bool
argon2_class(const char *prefix, char setting[CRYPT_GENSALT_OUTPUT_SIZE],
	struct hash_text *class)
{
	uint64_t kib, passes;

	if (strcmp(prefix, argon2_name) == 0)
		prefix = "$argon2id$v=19$m=19456,t=2,p=1$";
	snprintf(setting, CRYPT_GENSALT_OUTPUT_SIZE,
		"%.64sAAAAAAAAAAAAAAAAAAAAAA"
		"$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		prefix);
	if (!hash_text_read_setting(setting, class) ||
		strcmp(class->name, argon2_name) != 0 ||
		class->head != strlen(prefix) || class->p != 1)
		return false;
	setting[class->head] = '\0';
	kib = class->memory / 1024;
	passes = class->cost / kib;
	return kib >= ARGON2_LEAST_KIB && kib <= ARGON2_MOST_KIB &&
	       passes <= ARGON2_MOST_PASSES && class->cost >= ARGON2_LEAST_COST;
}

/* A setting with a new salt, or without one where libsodium draws it, and what
 * it says of itself. False if no library makes such hashes. */
static bool
new_setting(const struct password_scheme *scheme,
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], struct hash_text *made)
{
	memset(made, 0, sizeof *made);
	if (costs_of(scheme->prefix)->min == 0)
		return argon2_class(scheme->prefix, setting, made);
	return crypt_gensalt_rn(scheme->prefix, scheme->cost, NULL, 0, setting,
		       CRYPT_GENSALT_OUTPUT_SIZE) != NULL &&
	       hash_text_read_setting(setting, made);
}

bool
password_class(const struct password_scheme *scheme, struct hash_text *class)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	return new_setting(scheme, setting, class);
}

bool
password_makes(const char *prefix)
{
	const struct password_scheme scheme = {
		prefix, password_least_cost(prefix)};
	struct hash_text class;

	return password_class(&scheme, &class);
}

bool
password_prefix_valid(const char *prefix)
{
	return password_least_cost(prefix) > 0 || password_makes(prefix);
}

bool
password_scheme_valid(const struct password_scheme *scheme)
{
	struct hash_text class;

	return scheme->cost >= password_least_cost(scheme->prefix) &&
	       password_class(scheme, &class);
}

void
password_keep_memory(const struct password_scheme *scheme)
{
	struct hash_text kept;

	kept_memory = scheme != NULL && password_class(scheme, &kept)
			      ? kept.memory
			      : 0;
}

/* --- hashing ----------------------------------------------------------- */

static bool
is_argon2(const struct hash_text *scheme)
{
	return strncmp(scheme->prefix, "$argon2", 7) == 0;
}

/* libsodium draws the salt of a new hash, whose setting has none. For another
 * it only tests: `hash` is `setting` then, or "*" if the text is another. It
 * does not tell a lack of memory from a wrong password. */
static void
hash_argon2(const char *text, const char *setting,
	const struct hash_text *scheme, char hash[PASSWORD_HASH_SIZE])
{
	size_t length = strlen(text);
	uint64_t passes = scheme->cost / (scheme->memory / 1024);

	if (setting[scheme->head] != '\0')
		strcpy(hash,
			crypto_pwhash_str_verify(setting, text, length) == 0
				? setting
				: "*");
	else if (crypto_pwhash_str_alg(hash, text, length, passes,
			 (size_t)scheme->memory,
			 crypto_pwhash_ALG_ARGON2ID13) != 0)
		hash[0] = '\0';
}

/* Locked, and never in a core dump. */
static struct crypt_data *
clean_data(void)
{
	static struct crypt_data *data;

	if (data == NULL && sodium_init() >= 0)
		data = mem_check(sodium_malloc(sizeof *data));
	memset(data, 0, sizeof *data);
	return data;
}

/* Writes a setting's `before` characters and what crypt(3) has made. */
static void
take_made(const char *setting, size_t before, const char *made,
	char hash[PASSWORD_HASH_SIZE])
{
	if (made != NULL && before + strlen(made) < PASSWORD_HASH_SIZE)
		strcpy(stpncpy(hash, setting, before), made);
}

/* Hashes by a setting, which is a hash or its beginning; the only call of
 * crypt(3). STATUS_UNAVAILABLE, said in the log, without memory;
 * STATUS_BAD_CREDENTIALS if the library does not take the setting. Both leave
 * `hash` empty. */
static enum status
crypt_text(const char *text, const char *setting,
	const struct hash_text *scheme, char hash[PASSWORD_HASH_SIZE])
{
	struct crypt_data *data = clean_data();
	char inner[FOREIGN_INNER] = "";
	size_t before = foreign_inner(text, scheme, inner);

	hash[0] = '\0';
	scratch_begin();
	yield_begin();
	if (is_argon2(scheme))
		hash_argon2(text, setting, scheme, hash);
	else if (!foreign_hash(text, setting, scheme, hash))
		take_made(setting, before,
			crypt_rn(before > 0 ? inner : text, setting + before,
				data, (int)sizeof *data),
			hash);
	yield_end();
	scratch_end(kept_memory > 0 && scheme->memory == kept_memory);
	if (scratch_failed() && strcmp(hash, "*") == 0)
		hash[0] = '\0';
	sodium_memzero(data, sizeof *data);
	sodium_memzero(inner, sizeof inner);
	if (hash[0] != '\0')
		return STATUS_OK;
	if (!scratch_failed())
		return STATUS_BAD_CREDENTIALS;
	log_error("password: no memory for a hash of %s", scheme->name);
	return STATUS_UNAVAILABLE;
}

enum status
password_hash(const struct password_scheme *scheme,
	const struct password *password, char hash[PASSWORD_HASH_SIZE])
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct hash_text made;
	enum status status = STATUS_BAD_CREDENTIALS;

	if (new_setting(scheme, setting, &made))
		status = crypt_text(password->text, setting, &made, hash);
	if (status == STATUS_BAD_CREDENTIALS) {
		log_error("password: no hash of %s: %s", scheme->prefix,
			strerror(errno));
		status = STATUS_UNAVAILABLE;
	}
	return status;
}

enum status
password_test(const struct password *password, enum password_form form,
	const char *hash)
{
	const char *text = text_in(password, form);
	char result[PASSWORD_HASH_SIZE] = "";
	struct hash_text scheme;
	enum status status;

	if (!hash_text_read(hash, &scheme))
		return STATUS_BAD_CREDENTIALS;
	status = crypt_text(text, hash, &scheme, result);
	if (status == STATUS_OK &&
		(strlen(result) != strlen(hash) ||
			sodium_memcmp(result, hash, strlen(hash)) != 0))
		status = STATUS_BAD_CREDENTIALS;
	sodium_memzero(result, sizeof result);
	/* A password too long to read is an empty one. */
	return status == STATUS_OK && text[0] == '\0' ? STATUS_BAD_CREDENTIALS
						      : status;
}

enum status
password_decoy(const struct password *password, enum password_form form,
	const char *class)
{
	const char *text = text_in(password, form);
	char result[PASSWORD_HASH_SIZE];
	struct hash_text scheme;
	enum status status;

	if (!hash_text_read_setting(class, &scheme))
		return STATUS_BAD_CREDENTIALS;
	status = crypt_text(text, class, &scheme, result);
	sodium_memzero(result, sizeof result);
	return status;
}

bool
password_outdated(const struct password_scheme *scheme, const char *hash)
{
	struct hash_text wanted, has;

	return password_class(scheme, &wanted) &&
	       (!hash_text_read(hash, &has) ||
		       strcmp(has.prefix, wanted.prefix) != 0 ||
		       has.cost < wanted.cost);
}
