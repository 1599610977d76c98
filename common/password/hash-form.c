/* hash-form.c - a hash as another system writes it, in the form that is kept */
#include "config.h"

#include "password/hash-form.h"

#include "base/json.h"

#include <endian.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- parts ------------------------------------------------------------- */

static const char too_long[] = "longer than any hash";

/* Bytes, and the base64 that they have in the form that is kept. */
struct bytes {
	uint8_t of[HASH_TEXT_SIZE];
	size_t length;
	char text[2 * HASH_TEXT_SIZE];
};

/* From base64 with its padding. False for a text that is none, or too long. */
static bool
read_base64(struct bytes *bytes, const char *text)
{
	return text != NULL &&
	       sodium_base642bin(bytes->of, sizeof bytes->of, text,
		       strlen(text), NULL, &bytes->length, NULL,
		       sodium_base64_VARIANT_ORIGINAL) == 0;
}

/* `plus` stands for the plus sign of base64. */
static const char *
base64_of(struct bytes *bytes, char plus)
{
	char *at;

	sodium_bin2base64(bytes->text, sizeof bytes->text, bytes->of,
		bytes->length, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	while ((at = strchr(bytes->text, '+')) != NULL && plus != '+')
		*at = plus;
	return bytes->text;
}

static const char *__attribute__((format(printf, 2, 3)))
put(char hash[HASH_TEXT_SIZE], const char *format, ...)
{
	va_list words;
	int length;

	va_start(words, format);
	length = vsnprintf(hash, HASH_TEXT_SIZE, format, words);
	va_end(words);
	if (length >= 0 && length < HASH_TEXT_SIZE)
		return NULL;
	hash[0] = '\0';
	return too_long;
}

static const char *
put_pbkdf2(char hash[HASH_TEXT_SIZE], const char *prefix, int64_t rounds,
	struct bytes *salt, struct bytes *made)
{
	return put(hash, "%s%lld$%s$%s", prefix, (long long)rounds,
		base64_of(salt, '.'), base64_of(made, '.'));
}

/* --- a prefix before a hash, or in the place of another ---------------- */

/* LDAP's are of any case. */
static const struct {
	const char *prefix, *instead;
} prefixes[] = {
	{"{CRYPT}", ""},
	{"{BCRYPT}", ""},
	{"{BLF-CRYPT}", ""},
	{"{SHA512-CRYPT}", ""},
	{"{SHA256-CRYPT}", ""},
	{"{MD5-CRYPT}", ""},
	{"{DES-CRYPT}", ""},
	{"{ARGON2}", ""},
	{"{ARGON2I}", ""},
	{"{ARGON2ID}", ""},
	{"{PBKDF2}", "$pbkdf2$"},
	{"{PBKDF2-SHA1}", "$pbkdf2$"},
	{"{PBKDF2-SHA256}", "$pbkdf2-sha256$"},
	{"{PBKDF2-SHA512}", "$pbkdf2-sha512$"},
	{"{SHA}", "{SHA}"},
	{"{SSHA}", "{SSHA}"},
	{"{SHA256}", "{SHA256}"},
	{"{SSHA256}", "{SSHA256}"},
	{"{SHA512}", "{SHA512}"},
	{"{SSHA512}", "{SSHA512}"},
	{"bcrypt$$2", "$2"},
	{"argon2$argon2", "$argon2"},
};

static const char *
from_prefix(const char *text, char hash[HASH_TEXT_SIZE])
{
	const char *instead = "";
	size_t i, length = 0;

	for (i = 0; i < sizeof prefixes / sizeof prefixes[0] && length == 0;
		i++) {
		length = strlen(prefixes[i].prefix);
		instead = prefixes[i].instead;
		if (strncasecmp(text, prefixes[i].prefix, length) != 0)
			length = 0;
	}
	return put(hash, "%s%s", length > 0 ? instead : "", text + length);
}

/* --- the same parts in another order ----------------------------------- */

/* Django's: scrypt$N$SALT$r$p$HASH. */
static const char *
from_django_scrypt(const char *text, char hash[HASH_TEXT_SIZE])
{
	char n[16], salt[128], r[16], p[16], made[128], hex[129];
	struct bytes bytes;
	int end = 0;

	if (sscanf(text, "scrypt$%15[0-9]$%127[^$]$%15[0-9]$%15[0-9]$%127s%n",
		    n, salt, r, p, made, &end) != 5 ||
		text[end] != '\0' || !read_base64(&bytes, made) ||
		bytes.length != 64)
		return "a hash that is cut short or damaged";
	sodium_bin2hex(hex, sizeof hex, bytes.of, bytes.length);
	return put(hash, "scrypt:%s:%s:%s$%s$%s", n, r, p, salt, hex);
}

static uint32_t
number_at(const struct bytes *bytes, size_t at)
{
	uint32_t number;

	memcpy(&number, bytes->of + at, sizeof number);
	return be32toh(number);
}

static struct bytes
part_of(const struct bytes *bytes, size_t at, size_t length)
{
	struct bytes part = {.length = length};

	memcpy(part.of, bytes->of + at, length);
	return part;
}

/* ASP.NET Identity: a version; in version 3 the digest, the rounds and the
 * length of the salt; the salt and the hash. */
enum {
	V2 = 0,
	V3 = 1,
	V2_SALT = 16,
	V2_HASH = 32,
	V2_ROUNDS = 1000,
	V3_HEAD = 13
};

static bool
is_aspnet(struct bytes *all, const char *text)
{
	if (!read_base64(all, text) || all->length <= V3_HEAD)
		return false;
	return all->of[0] == V2
		       ? all->length == 1 + V2_SALT + V2_HASH
		       : all->of[0] == V3 && number_at(all, 1) <= 2 &&
				 number_at(all, 9) < all->length - V3_HEAD;
}

static const char *
from_aspnet(const struct bytes *all, char hash[HASH_TEXT_SIZE])
{
	static const char *const prefixes_of[] = {
		"$pbkdf2$", "$pbkdf2-sha256$", "$pbkdf2-sha512$"};
	const bool v3 = all->of[0] == V3;
	size_t head = v3 ? V3_HEAD : 1;
	size_t salt_length = v3 ? number_at(all, 9) : V2_SALT;
	struct bytes salt = part_of(all, head, salt_length);
	struct bytes made = part_of(
		all, head + salt_length, all->length - head - salt_length);

	return put_pbkdf2(hash, prefixes_of[v3 ? number_at(all, 1) : 0],
		v3 ? number_at(all, 5) : V2_ROUNDS, &salt, &made);
}

/* --- Keycloak's credential --------------------------------------------- */

/* The JSON that a member has as a string. The caller puts it. */
static struct json_object *
object_in(const struct json_object *object, const char *name)
{
	const char *text = json_string(object, name);

	return text == NULL ? NULL
			    : json_parse_object(text, strlen(text), NULL, NULL);
}

/* A parameter of Argon2: the first of an array of strings. */
static const char *
parameter(const struct json_object *data, const char *name)
{
	struct json_object *parameters;
	const struct json_object *array;
	size_t length;

	if (!json_object_object_get_ex(
		    data, "additionalParameters", &parameters))
		return "";
	array = json_array(parameters, name, &length);
	return length == 0 ? "" : json_string_at(array, 0);
}

static const char *
put_keycloak(const struct json_object *data, int64_t rounds, struct bytes *salt,
	struct bytes *made, char hash[HASH_TEXT_SIZE])
{
	static const char *const algorithms[][2] = {{"pbkdf2", "$pbkdf2$"},
		{"pbkdf2-sha256", "$pbkdf2-sha256$"},
		{"pbkdf2-sha512", "$pbkdf2-sha512$"}};
	const char *algorithm = json_string(data, "algorithm");
	size_t i;

	for (i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
		if (strcmp(algorithms[i][0], algorithm) == 0)
			return put_pbkdf2(
				hash, algorithms[i][1], rounds, salt, made);
	if (strcmp(algorithm, "argon2") != 0)
		return "of an algorithm of Keycloak's other than pbkdf2 and "
		       "argon2";
	return put(hash, "$argon2%s$v=%s$m=%s,t=%lld,p=%s$%s$%s",
		parameter(data, "type"),
		strcmp(parameter(data, "version"), "1.3") == 0 ? "19" : "16",
		parameter(data, "memory"), (long long)rounds,
		parameter(data, "parallelism"), base64_of(salt, '+'),
		base64_of(made, '+'));
}

static const char *
from_keycloak(const char *text, char hash[HASH_TEXT_SIZE])
{
	const char *flaw = "a credential of Keycloak's that is damaged, or of "
			   "no password";
	struct json_object *credential =
		json_parse_object(text, strlen(text), NULL, NULL);
	struct json_object *secret = object_in(credential, "secretData");
	struct json_object *data = object_in(credential, "credentialData");
	struct bytes salt, made;
	int64_t rounds;

	if (secret != NULL && data != NULL &&
		json_natural(data, "hashIterations", &rounds) &&
		json_string(data, "algorithm") != NULL &&
		read_base64(&salt, json_string(secret, "salt")) &&
		read_base64(&made, json_string(secret, "value")))
		flaw = put_keycloak(data, rounds, &salt, &made, hash);
	json_object_put(data);
	json_object_put(secret);
	json_object_put(credential);
	return flaw;
}

const char *
hash_form(const char *text, char hash[HASH_TEXT_SIZE])
{
	struct hash_text scheme;
	struct bytes all;

	hash[0] = '\0';
	if (hash_text_read(text, &scheme))
		return put(hash, "%s", text);
	if (text[0] == '{' && strchr("\" \t\r\n", text[1]) != NULL)
		return from_keycloak(text, hash);
	if (strncmp(text, "scrypt$", 7) == 0)
		return from_django_scrypt(text, hash);
	if (is_aspnet(&all, text))
		return from_aspnet(&all, hash);
	return from_prefix(text, hash);
}
