/* hash-text.c - what the text of a hash says of itself */
#include "config.h"

#include "password/hash-text.h"

#include <string.h>

/* --- numbers in a hash ------------------------------------------------- */

enum {
	S_BOXES = 12 * 1024,  /* of a thread of yescrypt */
	BLOCKS_MAX = 1 << 30, /* r p is less */
	CLASSIC = 0,          /* yescrypt's flavours: scrypt, */
	WORM = 1,             /* scrypt with a t, */
	READ_WRITE = 47       /* and yescrypt's own, with its one set of
			       * rounds */
};

static bool
begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static uint64_t
times(uint64_t a, uint64_t b)
{
	return a != 0 && b > UINT64_MAX / a ? UINT64_MAX : a * b;
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

/* `count` digits of base 64, the lowest first. */
static const char *
fixed64(const char *at, int count, uint64_t *number)
{
	int i, digit;

	*number = 0;
	for (i = 0; at != NULL && i < count; i++) {
		digit = digit64(*at++);
		if (digit < 0)
			return NULL;
		*number |= (uint64_t)digit << 6 * i;
	}
	return at;
}

/* A number in yescrypt's form, from `least` on. The first digit tells how many
 * follow, so that small numbers, the usual ones, take one digit. */
static const char *
variable64(const char *at, uint64_t least, uint64_t *number)
{
	static const int from[] = {0, 48, 56, 60, 62, 63, 64};
	int more = 0, digit = at == NULL ? -1 : digit64(*at++);

	if (digit < 0)
		return NULL;
	*number = least;
	for (; digit >= from[more + 1]; more++)
		*number += (uint64_t)(from[more + 1] - from[more]) << 6 * more;
	*number += (uint64_t)(digit - from[more]) << 6 * more;
	while (more-- > 0) {
		digit = digit64(*at++);
		if (digit < 0)
			return NULL;
		*number += (uint64_t)digit << 6 * more;
	}
	return at;
}

/* `name`, a decimal number from 1 to `most` without leading zeros, `end`. */
static const char *
decimal(const char *at, const char *name, uint64_t most, char end,
	uint64_t *number)
{
	if (at == NULL || !begins_with(at, name))
		return NULL;
	at += strlen(name);
	if (*at == '0')
		return NULL;
	for (*number = 0; *at >= '0' && *at <= '9' && *number <= most; at++)
		*number = *number * 10 + (uint64_t)(*at - '0');
	return *number >= 1 && *number <= most && *at == end ? at + 1 : NULL;
}

/* --- what each scheme's parameters cost -------------------------------- */

/* Each reads the parameters at `at`, fills in cost and memory, and returns
 * where the salt begins; NULL if they are malformed. */
typedef const char *read_params(const char *at, struct hash_text *scheme);

/* 2^n blocks of 128 r bytes, and one for each thread but the first. */
static const char *
take_scrypt(const char *at, uint64_t n, uint64_t r, uint64_t p,
	struct hash_text *scheme)
{
	if (at == NULL || n < 2 || n > 63 || r < 1 || p < 1 ||
		times(r, p) >= BLOCKS_MAX)
		return NULL;
	n = (uint64_t)1 << n;
	scheme->n = n;
	scheme->r = r;
	scheme->p = p;
	scheme->cost = times(times(n, r), p);
	scheme->memory = times(times(128, r), n + p - 1);
	return at;
}

/* Whether yescrypt takes that; each of its threads has four blocks or more. */
static bool
is_flavour(uint64_t flavour, uint64_t n, uint64_t p, uint64_t t)
{
	switch (flavour) {
	case CLASSIC:
		return t == 0;
	case WORM:
		return true;
	case READ_WRITE:
		return n > 63 || ((uint64_t)1 << n) / p > 3;
	}
	return false;
}

/* Flavour, N, r and, if a mask says so, p and t. crypt(3) takes neither g nor a
 * ROM. */
static const char *
params_yescrypt(const char *at, struct hash_text *scheme)
{
	uint64_t flavour = 0, n = 0, r = 0, mask = 0, p = 1, t = 0;

	at = variable64(at, 0, &flavour);
	at = variable64(at, 1, &n);
	at = variable64(at, 1, &r);
	if (at != NULL && *at != '$')
		at = variable64(at, 1, &mask);
	if ((mask & 1) != 0)
		at = variable64(at, 2, &p);
	if ((mask & 2) != 0)
		at = variable64(at, 1, &t);
	if (at == NULL || mask > 3 || *at++ != '$' ||
		!is_flavour(flavour, n, p, t))
		return NULL;
	at = take_scrypt(at, n, r, p, scheme);
	scheme->cost = times(scheme->cost, t + 1);
	/* Each thread has its S-boxes. p has no more than 32 bits. */
	if (scheme->memory < UINT64_MAX / 2)
		scheme->memory += (p - 1) * S_BOXES;
	return at;
}

static const char *
params_scrypt(const char *at, struct hash_text *scheme)
{
	uint64_t n = 0, r = 0, p = 0;

	at = fixed64(at, 1, &n);
	at = fixed64(at, 5, &r);
	at = fixed64(at, 5, &p);
	return take_scrypt(at, n, r, p, scheme);
}

/* Werkzeug's: N itself, which is a power of two. */
static const char *
params_scrypt_n(const char *at, struct hash_text *scheme)
{
	uint64_t n = 0, r = 0, p = 0, log = 0;

	at = decimal(at, "", UINT32_MAX, ':', &n);
	at = decimal(at, "", BLOCKS_MAX, ':', &r);
	at = decimal(at, "", BLOCKS_MAX, '$', &p);
	while (at != NULL && n >> log > 1)
		log++;
	return n == (uint64_t)1 << log ? take_scrypt(at, log, r, p, scheme)
				       : NULL;
}

/* passlib's: N as a power of two, ln. */
static const char *
params_scrypt_ln(const char *at, struct hash_text *scheme)
{
	uint64_t n = 0, r = 0, p = 0;

	at = decimal(at, "ln=", 63, ',', &n);
	at = decimal(at, "r=", BLOCKS_MAX, ',', &r);
	at = decimal(at, "p=", BLOCKS_MAX, '$', &p);
	return at == NULL ? NULL : take_scrypt(at, n, r, p, scheme);
}

static const char *
params_bcrypt(const char *at, struct hash_text *scheme)
{
	int log;

	if (strspn(at, "0123456789") != 2 || at[2] != '$')
		return NULL;
	log = (at[0] - '0') * 10 + (at[1] - '0');
	if (log < 4 || log > 31)
		return NULL;
	scheme->cost = (uint64_t)1 << log;
	return at + 3;
}

static const char *
params_sha2(const char *at, struct hash_text *scheme)
{
	scheme->cost = 5000;
	if (!begins_with(at, "rounds="))
		return at;
	at = decimal(at, "rounds=", 999999999, '$', &scheme->cost);
	return scheme->cost < 1000 ? NULL : at;
}

/* Of sha1crypt and PBKDF2. */
static const char *
params_rounds(const char *at, struct hash_text *scheme)
{
	return decimal(at, "", UINT32_MAX, '$', &scheme->cost);
}

/* phpass: a digit, from 7 to 30, is the power of two. */
static const char *
params_phpass(const char *at, struct hash_text *scheme)
{
	uint64_t log = 0;

	at = fixed64(at, 1, &log);
	scheme->cost = (uint64_t)1 << log;
	return log < 7 || log > 30 ? NULL : at;
}

static const char *
params_sunmd5(const char *at, struct hash_text *scheme)
{
	const char *rounds = at + 1;

	scheme->cost = 0;
	if (*at != ',' && *at != '$')
		return NULL;
	/* Solaris wrote it after one of the two. */
	if (*at == ',' || begins_with(rounds, "rounds="))
		rounds = decimal(rounds, "rounds=", UINT32_MAX - 4096, '$',
			&scheme->cost);
	scheme->cost += 4096;
	return rounds;
}

static const char *
params_bsdi(const char *at, struct hash_text *scheme)
{
	at = fixed64(at, 4, &scheme->cost);
	return scheme->cost == 0 ? NULL : at;
}

/* RFC 9106: at least 8 blocks of 1 KiB for each of p lanes. */
static const char *
params_argon2(const char *at, struct hash_text *scheme)
{
	uint64_t m = 0, t = 0, p = 0;

	at = decimal(at, "m=", UINT32_MAX, ',', &m);
	at = decimal(at, "t=", UINT32_MAX, ',', &t);
	at = decimal(at, "p=", 0xffffff, '$', &p);
	if (at == NULL || m < 8 * p)
		return NULL;
	scheme->cost = m * t;
	scheme->memory = m * 1024;
	scheme->p = p;
	return at;
}

/* --- alphabets --------------------------------------------------------- */

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* The characters of salts and hashes. Where a text does not fill its last
 * character, `last` has those that leave the rest zero, by the length modulo 4;
 * NULL: any, "": no text has that length. */
struct alphabet {
	const char *characters;
	char filler;
	const char *last[4];
	bool padded; /* to a multiple of four, by = */
};

/* clang-format off */
static const struct alphabet
	plain64 = {"./" DIGITS UPPER LOWER, '.', {NULL, NULL, NULL, NULL}, false},
	yescrypt64 = {"./" DIGITS UPPER LOWER, '.',
		{NULL, "", "./01", "./" DIGITS "ABCD"}, false},
	bcrypt64 = {"./" DIGITS UPPER LOWER, '.',
		{NULL, "", ".Oeu", ".CGKOSWaeimquy26"}, false},
	base64 = {UPPER LOWER DIGITS "+/", 'A',
		{NULL, "", "AQgw", "AEIMQUYcgkosw048"}, false},
	padded64 = {UPPER LOWER DIGITS "+/", 'A',
		{NULL, "", "AQgw", "AEIMQUYcgkosw048"}, true},
	/* passlib's, with a point in the place of the plus sign */
	adapted64 = {UPPER LOWER DIGITS "./", 'A',
		{NULL, "", "AQgw", "AEIMQUYcgkosw048"}, false},
	hex = {DIGITS "abcdef", '0', {NULL, NULL, NULL, NULL}, false},
	/* crypt(5): neither blanks nor : ; * ! \ in a hash. */
	printable = {DIGITS UPPER LOWER "./\"#%&'()+,-<=>?@[]^_`{|}~", '.',
		{NULL, NULL, NULL, NULL}, false};
/* clang-format on */

/* --- the schemes ------------------------------------------------------- */

struct range {
	size_t least, most, step;
};

/* A prefix, parameters, a salt, dollars, and the hash itself, in which LDAP's
 * schemes have the salt. bigcrypt is DES over and over; only a 14th character
 * tells it from DES. Rows with the same cost have the same `as`.
 *
 * What is neither crypt(3)'s nor Argon2 has a row in foreign.c, too, by its
 * prefix. A hash of PBKDF2 that is cut short is a hash of PBKDF2: so only the
 * lengths that systems make are taken, the digest's own, 32 and 64 bytes. */
static const struct row {
	const char *name, *prefix, *as;
	read_params *params; /* NULL: no parameters, and one cost */
	struct range salt;
	const struct alphabet *salt_in;
	int dollars; /* at most; one at least, if any */
	struct range hash;
	const struct alphabet *hash_in;
	bool whole; /* a setting needs a hash after it */
} rows[] = {
	/* clang-format off */
	{"yescrypt", "$y$", "$y$", params_yescrypt, {0, 86, 1}, &yescrypt64, 1, {43, 43, 1}, &yescrypt64, false},
	{"gost-yescrypt", "$gy$", "$gy$", params_yescrypt, {0, 86, 1}, &yescrypt64, 1, {43, 43, 1}, &yescrypt64, false},
	{"scrypt", "$7$", "$7$", params_scrypt, {0, 86, 1}, &plain64, 1, {43, 43, 1}, &yescrypt64, false},
	{"bcrypt", "$2b$", "$2b$", params_bcrypt, {22, 22, 1}, &bcrypt64, 0, {31, 31, 1}, &bcrypt64, false},
	{"bcrypt", "$2a$", "$2b$", params_bcrypt, {22, 22, 1}, &bcrypt64, 0, {31, 31, 1}, &bcrypt64, false},
	{"bcrypt", "$2y$", "$2b$", params_bcrypt, {22, 22, 1}, &bcrypt64, 0, {31, 31, 1}, &bcrypt64, false},
	{"bcrypt", "$2x$", "$2b$", params_bcrypt, {22, 22, 1}, &bcrypt64, 0, {31, 31, 1}, &bcrypt64, false},
	{"sha512crypt", "$6$", "$6$", params_sha2, {0, 16, 1}, &printable, 1, {86, 86, 1}, &plain64, false},
	{"sha256crypt", "$5$", "$5$", params_sha2, {0, 16, 1}, &printable, 1, {43, 43, 1}, &plain64, false},
	{"sha1crypt", "$sha1$", "$sha1$", params_rounds, {1, 64, 1}, &plain64, 1, {28, 28, 1}, &plain64, false},
	{"SunMD5", "$md5", "$md5", params_sunmd5, {0, 64, 1}, &plain64, 2, {22, 22, 1}, &plain64, false},
	{"md5crypt", "$1$", "$1$", NULL, {0, 8, 1}, &printable, 1, {22, 22, 1}, &plain64, false},
	{"NT", "$3$", "$3$", NULL, {0, 0, 1}, &hex, 1, {32, 32, 1}, &hex, false},
	{"argon2id", "$argon2id$v=19$", "$argon2id$v=19$", params_argon2, {11, 86, 1}, &base64, 1, {22, 171, 1}, &base64, true},
	{"argon2i", "$argon2i$v=19$", "$argon2i$v=19$", params_argon2, {11, 86, 1}, &base64, 1, {22, 171, 1}, &base64, true},
	{"pbkdf2-sha1", "$pbkdf2$", "$pbkdf2$", params_rounds, {2, 86, 1}, &adapted64, 1, {27, 27, 1}, &adapted64, true},
	{"pbkdf2-sha1", "$pbkdf2$", "$pbkdf2$", params_rounds, {2, 86, 1}, &adapted64, 1, {43, 86, 43}, &adapted64, true},
	{"pbkdf2-sha256", "$pbkdf2-sha256$", "$pbkdf2-sha256$", params_rounds, {2, 86, 1}, &adapted64, 1, {43, 86, 43}, &adapted64, true},
	{"pbkdf2-sha512", "$pbkdf2-sha512$", "$pbkdf2-sha512$", params_rounds, {2, 86, 1}, &adapted64, 1, {43, 86, 43}, &adapted64, true},
	{"pbkdf2-sha1", "pbkdf2_sha1$", "pbkdf2_sha1$", params_rounds, {1, 64, 1}, &printable, 1, {27, 27, 1}, &padded64, true},
	{"pbkdf2-sha256", "pbkdf2_sha256$", "pbkdf2_sha256$", params_rounds, {1, 64, 1}, &printable, 1, {43, 43, 1}, &padded64, true},
	{"pbkdf2-sha1", "pbkdf2:sha1:", "pbkdf2:sha1:", params_rounds, {1, 64, 1}, &printable, 1, {40, 40, 1}, &hex, true},
	{"pbkdf2-sha256", "pbkdf2:sha256:", "pbkdf2:sha256:", params_rounds, {1, 64, 1}, &printable, 1, {64, 64, 1}, &hex, true},
	{"pbkdf2-sha512", "pbkdf2:sha512:", "pbkdf2:sha512:", params_rounds, {1, 64, 1}, &printable, 1, {128, 128, 1}, &hex, true},
	{"scrypt", "scrypt:", "scrypt:", params_scrypt_n, {1, 64, 1}, &printable, 1, {128, 128, 1}, &hex, true},
	{"scrypt", "$scrypt$", "$scrypt$", params_scrypt_ln, {2, 86, 1}, &base64, 1, {43, 43, 1}, &base64, true},
	{"sha1", "{SHA}", "{SHA}", NULL, {0, 0, 1}, &hex, 0, {27, 27, 1}, &padded64, true},
	{"salted-sha1", "{SSHA}", "{SSHA}", NULL, {0, 0, 1}, &hex, 0, {28, 112, 1}, &padded64, true},
	{"sha256", "{SHA256}", "{SHA256}", NULL, {0, 0, 1}, &hex, 0, {43, 43, 1}, &padded64, true},
	{"salted-sha256", "{SSHA256}", "{SSHA256}", NULL, {0, 0, 1}, &hex, 0, {44, 128, 1}, &padded64, true},
	{"sha512", "{SHA512}", "{SHA512}", NULL, {0, 0, 1}, &hex, 0, {86, 86, 1}, &padded64, true},
	{"salted-sha512", "{SSHA512}", "{SSHA512}", NULL, {0, 0, 1}, &hex, 0, {87, 171, 1}, &padded64, true},
	{"apr1", "$apr1$", "$apr1$", NULL, {0, 8, 1}, &printable, 1, {22, 22, 1}, &plain64, true},
	{"phpass", "$P$", "$P$", params_phpass, {8, 8, 1}, &plain64, 0, {22, 22, 1}, &plain64, true},
	{"phpass", "$H$", "$P$", params_phpass, {8, 8, 1}, &plain64, 0, {22, 22, 1}, &plain64, true},
	{"bcrypt-of-sha384", "$wp$2y$", "$wp$2y$", params_bcrypt, {22, 22, 1}, &bcrypt64, 0, {31, 31, 1}, &bcrypt64, false},
	{"bcrypt-of-sha256", "bcrypt_sha256$$2b$", "bcrypt_sha256$$2b$", params_bcrypt, {22, 22, 1}, &bcrypt64, 0, {31, 31, 1}, &bcrypt64, false},
	{"bcrypt-of-sha256", "bcrypt_sha256$$2a$", "bcrypt_sha256$$2b$", params_bcrypt, {22, 22, 1}, &bcrypt64, 0, {31, 31, 1}, &bcrypt64, false},
	{"bsdicrypt", "_", "_", params_bsdi, {4, 4, 1}, &plain64, 0, {11, 11, 1}, &plain64, false},
	{"descrypt", "", "", NULL, {2, 2, 1}, &plain64, 0, {11, 11, 1}, &plain64, false},
	{"bigcrypt", "", "", NULL, {14, 14, 1}, &plain64, 0, {10, 164, 11}, &plain64, false},
	/* clang-format on */
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* The text at `at`, as far as it goes; NULL if it is malformed. */
static const char *
span(const char *at, const struct range *range, const struct alphabet *in)
{
	size_t length = strspn(at, in->characters);
	const char *last;

	if (length > range->most)
		length = range->most;
	if (length < range->least || (length - range->least) % range->step != 0)
		return NULL;
	last = in->last[length % 4];
	if (last != NULL &&
		(last[0] == '\0' || strchr(last, at[length - 1]) == NULL))
		return NULL;
	for (; in->padded && length % 4 != 0; length++)
		if (at[length] != '=')
			return NULL;
	return at + length;
}

static const char *
skip_dollars(const char *at, int most)
{
	int count = 0;

	while (count < most && at[count] == '$')
		count++;
	return most > 0 && count == 0 ? NULL : at + count;
}

/* Writes fillers in the place of a part, and its padding as it is. */
static char *
fill(char *at, const char *text, const struct hash_part *part,
	const struct alphabet *in)
{
	size_t i;

	for (i = 0; i < part->length; i++)
		*at++ = in->padded && text[part->at + i] == '=' ? '='
								: in->filler;
	return at;
}

/* Writes the class: the text up to its salt under the row's prefix, and fillers
 * for the salt, and for a hash if there must be one. */
static void
set_class(const struct row *row, const char *text, struct hash_text *scheme)
{
	size_t params = strlen(row->prefix);
	char *at = scheme->class;

	at = stpncpy(
		stpcpy(at, row->as), text + params, scheme->salt.at - params);
	scheme->head = (size_t)(at - scheme->class);
	at = fill(at, text, &scheme->salt, row->salt_in);
	if (row->whole && row->dollars > 0)
		*at++ = '$';
	if (row->whole)
		at = fill(at, text, &scheme->hash, row->hash_in);
	*at = '\0';
}

static bool
read_row(const struct row *row, const char *text, bool setting,
	struct hash_text *scheme)
{
	const char *params = text + strlen(row->prefix);
	const char *salt, *salt_end, *hash, *end;

	memset(scheme, 0, sizeof *scheme);
	salt = row->params == NULL ? params : row->params(params, scheme);
	if (salt == NULL)
		return false;
	salt_end = span(salt, &row->salt, row->salt_in);
	if (salt_end == NULL)
		return false;
	hash = end = salt_end;
	if (*salt_end != '\0' || !setting) {
		hash = skip_dollars(salt_end, row->dollars);
		end = hash == NULL ? NULL
				   : span(hash, &row->hash, row->hash_in);
	}
	if (end == NULL || *end != '\0' || (row->whole && end == hash))
		return false;
	scheme->name = row->name;
	scheme->prefix = row->prefix;
	scheme->salt.at = (size_t)(salt - text);
	scheme->salt.length = (size_t)(salt_end - salt);
	scheme->hash.at = (size_t)(hash - text);
	scheme->hash.length = (size_t)(end - hash);
	set_class(row, text, scheme);
	return true;
}

static bool
read_text(const char *text, bool setting, struct hash_text *scheme)
{
	size_t i, rows_tried = strlen(text) < HASH_TEXT_SIZE ? ROWS : 0;

	for (i = 0; i < rows_tried; i++)
		if (begins_with(text, rows[i].prefix) &&
			read_row(&rows[i], text, setting, scheme))
			return true;
	memset(scheme, 0, sizeof *scheme);
	return false;
}

bool
hash_text_read(const char *hash, struct hash_text *scheme)
{
	return read_text(hash, false, scheme);
}

bool
hash_text_read_setting(const char *setting, struct hash_text *scheme)
{
	return read_text(setting, true, scheme);
}

const char *
hash_text_refusal(const char *hash)
{
	static const char version[] =
		"Argon2 of another version than 19, which is all that "
		"libsodium verifies";
	static const struct {
		const char *prefix, *reason;
	} others[] = {
		{"$argon2d$", "argon2d, which libsodium does not verify"},
		{"$argon2id$", version},
		{"$argon2i$", version},
		{"!", "a locked password"},
		{"*", "a locked password"},
	};
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (rows[i].prefix[0] != '\0' &&
			begins_with(hash, rows[i].prefix))
			return "a hash that is cut short or damaged";
	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		if (begins_with(hash, others[i].prefix))
			return others[i].reason;
	return "of no scheme that crypt(3) or libsodium verifies";
}
