/* foreign.c - hashes of other systems, which crypt(3) does not verify */
#include "config.h"

#include "password/foreign.h"

#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/nettle-meta.h>
#include <nettle/pbkdf2.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <sodium.h>
#include <string.h>

/* --- bytes as text ----------------------------------------------------- */

enum encoding { AS_IS, HEX, BASE64, PADDED64, ADAPTED64, CRYPT64 };

/* No part of a text is more bytes than the text. */
enum { MOST = HASH_TEXT_SIZE };

static int
variant(enum encoding encoding)
{
	return encoding == PADDED64 ? sodium_base64_VARIANT_ORIGINAL
				    : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
}

/* passlib has a point where base64 has a plus sign. */
static void
exchange(char *text, size_t length, char from, char to)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (text[i] == from)
			text[i] = to;
}

/* A part of a text, as bytes. Returns how many; of CRYPT64 that is all, since
 * no salt is in it. */
static size_t
decode(enum encoding encoding, const char *text, const struct hash_part *part,
	uint8_t bytes[MOST])
{
	char copy[HASH_TEXT_SIZE] = "";
	size_t length = part->length;

	memcpy(copy, text + part->at, length);
	if (encoding == ADAPTED64)
		exchange(copy, length, '.', '+');
	memset(bytes, 0, MOST);
	if (encoding == AS_IS)
		memcpy(bytes, copy, length);
	else if (encoding == CRYPT64)
		length = length * 6 / 8;
	else if (encoding == HEX)
		sodium_hex2bin(
			bytes, MOST, copy, part->length, NULL, &length, NULL);
	else
		sodium_base642bin(bytes, MOST, copy, part->length, NULL,
			&length, NULL, variant(encoding));
	return length;
}

/* crypt(3)'s base 64: three bytes in four digits, the lowest bits first. */
static void
encode_crypt64(const uint8_t *bytes, size_t length, char *text)
{
	static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
	unsigned value = 0, bits = 0;
	size_t i;

	for (i = 0; i < length; i++) {
		value |= (unsigned)bytes[i] << bits;
		for (bits += 8; bits >= 6; bits -= 6) {
			*text++ = digits[value & 0x3f];
			value >>= 6;
		}
	}
	if (bits > 0)
		*text++ = digits[value];
	*text = '\0';
}

static void
encode(enum encoding encoding, const uint8_t *bytes, size_t length, char *text,
	size_t size)
{
	if (encoding == HEX)
		sodium_bin2hex(text, size, bytes, length);
	else if (encoding == CRYPT64)
		encode_crypt64(bytes, length, text);
	else
		sodium_bin2base64(text, size, bytes, length, variant(encoding));
	if (encoding == ADAPTED64)
		exchange(text, strlen(text), '+', '.');
}

/* --- how a text is hashed ---------------------------------------------- */

/* A text to be hashed. `made` is first what the setting has. */
struct job {
	const uint8_t *text;
	size_t length;
	const struct hash_text *scheme;
	const struct maker *maker;
	uint8_t salt[MOST], made[MOST];
	size_t salt_length, made_length;
};

typedef bool make(struct job *job);
typedef void derive(size_t key_length, const uint8_t *key, unsigned iterations,
	size_t salt_length, const uint8_t *salt, size_t length, uint8_t *made);

struct maker {
	const char *prefix;
	make *make;
	enum encoding salt, hash;
	const struct nettle_hash *digest; /* for LDAP's */
	derive *derive;                   /* for PBKDF2 */
};

static bool
make_pbkdf2(struct job *job)
{
	job->maker->derive(job->length, job->text, (unsigned)job->scheme->cost,
		job->salt_length, job->salt, job->made_length, job->made);
	return true;
}

static bool
make_scrypt(struct job *job)
{
	const struct hash_text *scheme = job->scheme;

	return crypto_pwhash_scryptsalsa208sha256_ll(job->text, job->length,
		       job->salt, job->salt_length, scheme->n,
		       (uint32_t)scheme->r, (uint32_t)scheme->p, job->made,
		       job->made_length) == 0;
}

/* LDAP's: the salt, if there is one, follows what is made. */
static bool
make_digest(struct job *job)
{
	const struct nettle_hash *digest = job->maker->digest;
	union {
		struct sha1_ctx sha1;
		struct sha256_ctx sha256;
		struct sha512_ctx sha512;
	} context;

	digest->init(&context);
	digest->update(&context, job->length, job->text);
	digest->update(&context, job->made_length - digest->digest_size,
		job->made + digest->digest_size);
	digest->digest(&context, digest->digest_size, job->made);
	return true;
}

static void
md5(const uint8_t *first, size_t first_length, const uint8_t *then,
	size_t then_length, uint8_t made[MD5_DIGEST_SIZE])
{
	struct md5_ctx context;

	md5_init(&context);
	md5_update(&context, first_length, first);
	md5_update(&context, then_length, then);
	md5_digest(&context, MD5_DIGEST_SIZE, made);
}

static bool
make_phpass(struct job *job)
{
	uint64_t i;

	md5(job->salt, job->salt_length, job->text, job->length, job->made);
	for (i = 0; i < job->scheme->cost; i++)
		md5(job->made, MD5_DIGEST_SIZE, job->text, job->length,
			job->made);
	return true;
}

/* What Apache's rounds begin with: the text, its prefix and salt, a digest as
 * long as the text, and a byte for each bit of its length. md5_digest() begins
 * anew. */
static void
apr1_begin(const struct job *job, uint8_t made[MD5_DIGEST_SIZE])
{
	static const uint8_t zero;
	struct md5_ctx context;
	size_t left;

	md5_init(&context);
	md5_update(&context, job->length, job->text);
	md5_update(&context, job->salt_length, job->salt);
	md5_update(&context, job->length, job->text);
	md5_digest(&context, MD5_DIGEST_SIZE, made);
	md5_update(&context, job->length, job->text);
	md5_update(&context, strlen(job->maker->prefix),
		(const uint8_t *)job->maker->prefix);
	md5_update(&context, job->salt_length, job->salt);
	for (left = job->length; left > MD5_DIGEST_SIZE;
		left -= MD5_DIGEST_SIZE)
		md5_update(&context, MD5_DIGEST_SIZE, made);
	md5_update(&context, left, made);
	for (left = job->length; left > 0; left >>= 1)
		md5_update(&context, 1, (left & 1) != 0 ? &zero : job->text);
	md5_digest(&context, MD5_DIGEST_SIZE, made);
}

/* One of the rounds. */
static void
apr1_round(const struct job *job, int number, uint8_t made[MD5_DIGEST_SIZE])
{
	struct md5_ctx context;
	const bool odd = number % 2 != 0;

	md5_init(&context);
	md5_update(&context, odd ? job->length : MD5_DIGEST_SIZE,
		odd ? job->text : made);
	if (number % 3 != 0)
		md5_update(&context, job->salt_length, job->salt);
	if (number % 7 != 0)
		md5_update(&context, job->length, job->text);
	md5_update(&context, odd ? MD5_DIGEST_SIZE : job->length,
		odd ? made : job->text);
	md5_digest(&context, MD5_DIGEST_SIZE, made);
}

static bool
make_apr1(struct job *job)
{
	static const uint8_t order[MD5_DIGEST_SIZE] = {
		12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11};
	uint8_t made[MD5_DIGEST_SIZE];
	int i;

	apr1_begin(job, made);
	for (i = 0; i < 1000; i++)
		apr1_round(job, i, made);
	for (i = 0; i < MD5_DIGEST_SIZE; i++)
		job->made[i] = made[order[i]];
	return true;
}

/* A row for each of hash-text.c that neither crypt(3) nor Argon2 makes. */
static const struct maker makers[] = {
	/* clang-format off */
	{"$pbkdf2$", make_pbkdf2, ADAPTED64, ADAPTED64, NULL, pbkdf2_hmac_sha1},
	{"$pbkdf2-sha256$", make_pbkdf2, ADAPTED64, ADAPTED64, NULL, pbkdf2_hmac_sha256},
	{"$pbkdf2-sha512$", make_pbkdf2, ADAPTED64, ADAPTED64, NULL, pbkdf2_hmac_sha512},
	{"pbkdf2_sha1$", make_pbkdf2, AS_IS, PADDED64, NULL, pbkdf2_hmac_sha1},
	{"pbkdf2_sha256$", make_pbkdf2, AS_IS, PADDED64, NULL, pbkdf2_hmac_sha256},
	{"pbkdf2:sha1:", make_pbkdf2, AS_IS, HEX, NULL, pbkdf2_hmac_sha1},
	{"pbkdf2:sha256:", make_pbkdf2, AS_IS, HEX, NULL, pbkdf2_hmac_sha256},
	{"pbkdf2:sha512:", make_pbkdf2, AS_IS, HEX, NULL, pbkdf2_hmac_sha512},
	{"scrypt:", make_scrypt, AS_IS, HEX, NULL, NULL},
	{"$scrypt$", make_scrypt, BASE64, BASE64, NULL, NULL},
	{"{SHA}", make_digest, AS_IS, PADDED64, &nettle_sha1, NULL},
	{"{SSHA}", make_digest, AS_IS, PADDED64, &nettle_sha1, NULL},
	{"{SHA256}", make_digest, AS_IS, PADDED64, &nettle_sha256, NULL},
	{"{SSHA256}", make_digest, AS_IS, PADDED64, &nettle_sha256, NULL},
	{"{SHA512}", make_digest, AS_IS, PADDED64, &nettle_sha512, NULL},
	{"{SSHA512}", make_digest, AS_IS, PADDED64, &nettle_sha512, NULL},
	{"$apr1$", make_apr1, AS_IS, CRYPT64, NULL, NULL},
	{"$P$", make_phpass, AS_IS, CRYPT64, NULL, NULL},
	{"$H$", make_phpass, AS_IS, CRYPT64, NULL, NULL},
	/* clang-format on */
};

static const struct maker *
find(const struct hash_text *scheme)
{
	size_t i;

	for (i = 0; i < sizeof makers / sizeof makers[0]; i++)
		if (strcmp(makers[i].prefix, scheme->prefix) == 0)
			return &makers[i];
	return NULL;
}

bool
foreign_hash(const char *text, const char *setting,
	const struct hash_text *scheme, char hash[HASH_TEXT_SIZE])
{
	const struct maker *maker = find(scheme);
	struct job job = {.text = (const uint8_t *)text,
		.length = strlen(text),
		.scheme = scheme,
		.maker = maker};
	size_t head = scheme->hash.at;

	if (maker == NULL)
		return false;
	job.salt_length = decode(maker->salt, setting, &scheme->salt, job.salt);
	job.made_length = decode(maker->hash, setting, &scheme->hash, job.made);
	memcpy(hash, setting, head);
	hash[head] = '\0';
	if (maker->make(&job))
		encode(maker->hash, job.made, job.made_length, hash + head,
			HASH_TEXT_SIZE - head);
	else
		hash[0] = '\0';
	sodium_memzero(&job, sizeof job);
	return true;
}

/* --- what crypt(3) hashes in place of the text ------------------------- */

typedef void take(const char *text, char inner[FOREIGN_INNER]);

/* WordPress does without blanks around a password. bcrypt would end at a NUL,
 * so it gets base64. */
static void
take_wordpress(const char *text, char inner[FOREIGN_INNER])
{
	static const char key[] = "wp-sha384", blanks[] = " \n\r\t\v";
	const char *begin = text + strspn(text, blanks);
	uint8_t mac[SHA384_DIGEST_SIZE];
	struct hmac_sha384_ctx context;
	size_t length = strlen(begin);

	while (length > 0 && strchr(blanks, begin[length - 1]) != NULL)
		length--;
	hmac_sha384_set_key(&context, strlen(key), (const uint8_t *)key);
	hmac_sha384_update(&context, length, (const uint8_t *)begin);
	hmac_sha384_digest(&context, sizeof mac, mac);
	encode(BASE64, mac, sizeof mac, inner, FOREIGN_INNER);
	sodium_memzero(mac, sizeof mac);
	sodium_memzero(&context, sizeof context);
}

static void
take_django(const char *text, char inner[FOREIGN_INNER])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, strlen(text), (const uint8_t *)text);
	sha256_digest(&context, sizeof digest, digest);
	encode(HEX, digest, sizeof digest, inner, FOREIGN_INNER);
	sodium_memzero(digest, sizeof digest);
	sodium_memzero(&context, sizeof context);
}

size_t
foreign_inner(const char *text, const struct hash_text *scheme,
	char inner[FOREIGN_INNER])
{
	/* The prefix of a row of hash-text.c, up to crypt(3)'s own. */
	static const struct {
		const char *prefix;
		size_t before;
		take *take;
	} inners[] = {
		{"$wp$2y$", 3, take_wordpress},
		{"bcrypt_sha256$$2b$", 14, take_django},
		{"bcrypt_sha256$$2a$", 14, take_django},
	};
	size_t i;

	for (i = 0; i < sizeof inners / sizeof inners[0]; i++)
		if (strcmp(inners[i].prefix, scheme->prefix) == 0) {
			inners[i].take(text, inner);
			return inners[i].before;
		}
	return 0;
}
