/* password.c - passwords as people type them, and their crypt(3) hashes */
#include "config.h"

#include "password/password.h"

#include "base/log.h"
#include "base/mem.h"
#include "password/hash-text.h"
#include "password/scratch.h"
#include "password/yield.h"

#include <crypt.h>
#include <errno.h>
#include <sodium.h>
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

/* A setting with a new salt, and what it says of itself. False if crypt(3) does
 * not make such hashes. */
static bool
new_setting(const struct password_scheme *scheme,
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], struct hash_text *made)
{
	memset(made, 0, sizeof *made);
	return crypt_gensalt_rn(scheme->prefix, scheme->cost, NULL, 0, setting,
		       CRYPT_GENSALT_OUTPUT_SIZE) != NULL &&
	       hash_text_read_setting(setting, made);
}

void
password_keep_memory(const struct password_scheme *scheme)
{
	struct hash_text kept;

	kept_memory = scheme != NULL && password_class(scheme, &kept)
			      ? kept.memory
			      : 0;
}

/* What new hashes may be made with: the least cost that is worth having
 * (crypt(3) takes five rounds of SHA-512, too) and the most that
 * crypt_gensalt(3) takes. */
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

bool
password_scheme_valid(const struct password_scheme *scheme)
{
	unsigned long least = password_least_cost(scheme->prefix);
	struct hash_text class;

	return least > 0 && scheme->cost >= least &&
	       password_class(scheme, &class);
}

/* libsodium's test, which does not use the block that is kept for crypt(3): its
 * mapping is populated at once. */
static bool
is_argon2(const struct hash_text *scheme)
{
	return strncmp(scheme->prefix, "$argon2", 7) == 0;
}

/* The only call of crypt(3), with a hash or its beginning, and of libsodium,
 * which only tests: `hash` is `setting` then, or "*" if the text is another.
 * STATUS_UNAVAILABLE, said in the log, without memory; STATUS_BAD_CREDENTIALS
 * if crypt(3) does not take the setting. Both leave `hash` empty. libsodium
 * does not tell a lack of memory from a wrong password. */
static enum status
crypt_text(const char *text, const char *setting,
	const struct hash_text *scheme, char hash[PASSWORD_HASH_SIZE])
{
	/* Locked, and never in a core dump. */
	static struct crypt_data *data;
	const bool argon2 = is_argon2(scheme);
	const char *result;

	if (data == NULL && sodium_init() >= 0)
		data = mem_check(sodium_malloc(sizeof *data));
	memset(data, 0, sizeof *data);
	scratch_begin();
	yield_begin();
	if (!argon2)
		result = crypt_rn(text, setting, data, (int)sizeof *data);
	else if (crypto_pwhash_str_verify(setting, text, strlen(text)) == 0)
		result = setting;
	else
		result = NULL;
	yield_end();
	scratch_end(
		argon2 || (kept_memory > 0 && scheme->memory == kept_memory));
	if (argon2 && result == NULL && !scratch_failed())
		result = "*";
	hash[0] = '\0';
	if (result != NULL && strlen(result) < PASSWORD_HASH_SIZE)
		strcpy(hash, result);
	sodium_memzero(data, sizeof *data);
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
		log_error("password: crypt: %s", strerror(errno));
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
password_class(const struct password_scheme *scheme, struct hash_text *class)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	return new_setting(scheme, setting, class);
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
