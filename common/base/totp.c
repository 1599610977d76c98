/* totp.c - one-time codes by the clock */
#include "config.h"

#include "base/totp.h"

#include "base/mem.h"

#include <inttypes.h>
#include <nettle/hmac.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* --- codes ------------------------------------------------------------- */

void
totp_draw(struct totp_secret *secret)
{
	memset(secret, 0, sizeof *secret);
	secret->length = TOTP_SECRET;
	randombytes_buf(secret->bytes, secret->length);
}

void
totp_code(const struct totp_secret *secret, int64_t step,
	char code[TOTP_DIGITS + 1])
{
	unsigned char counter[8], mac[SHA1_DIGEST_SIZE];
	struct hmac_sha1_ctx hmac;
	const unsigned char *at;
	uint32_t number;
	int i;

	for (i = 0; i < 8; i++)
		counter[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
	hmac_sha1_set_key(&hmac, secret->length, secret->bytes);
	hmac_sha1_update(&hmac, sizeof counter, counter);
	hmac_sha1_digest(&hmac, sizeof mac, mac);
	at = mac + (mac[SHA1_DIGEST_SIZE - 1] & 0xf);
	number = (at[0] & 0x7fU) << 24 | (uint32_t)at[1] << 16 |
		 (uint32_t)at[2] << 8 | at[3];
	snprintf(code, TOTP_DIGITS + 1, "%06" PRIu32, number % 1000000);
	sodium_memzero(&hmac, sizeof hmac);
	sodium_memzero(mac, sizeof mac);
}

/* The digits that were typed. False if they are not as many as a code has, or
 * not alone. */
static bool
read_digits(const char *typed, char code[TOTP_DIGITS + 1])
{
	int count = 0;

	for (; *typed != '\0'; typed++) {
		if (*typed == ' ')
			continue;
		if (*typed < '0' || *typed > '9' || count == TOTP_DIGITS)
			return false;
		code[count++] = *typed;
	}
	code[count] = '\0';
	return count == TOTP_DIGITS;
}

bool
totp_is_code(const char *typed)
{
	char code[TOTP_DIGITS + 1];

	return read_digits(typed, code);
}

bool
totp_match(const struct totp_secret *secret, const char *typed, int64_t now,
	int64_t last, int64_t *step)
{
	char given[TOTP_DIGITS + 1] = "", code[TOTP_DIGITS + 1];
	bool readable = read_digits(typed, given), found = false;
	int64_t at, middle = now / TOTP_SECONDS;

	for (at = middle - 1; at <= middle + 1; at++) {
		totp_code(secret, at, code);
		if (sodium_memcmp(code, given, TOTP_DIGITS) == 0 && readable &&
			at > last) {
			*step = at;
			found = true;
		}
	}
	sodium_memzero(code, sizeof code);
	sodium_memzero(given, sizeof given);
	return found;
}

/* --- the secret as a text ---------------------------------------------- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* Five bits of the secret, from that one on; what is beyond its end is 0. */
static unsigned
five_bits(const struct totp_secret *secret, size_t bit)
{
	size_t at = bit / 8;
	unsigned first = secret->bytes[at];
	unsigned second = at + 1 < secret->length ? secret->bytes[at + 1] : 0;

	return (first << 8 | second) >> (11 - bit % 8) & 31;
}

void
totp_write(const struct totp_secret *secret, char text[TOTP_BASE32_SIZE])
{
	size_t bit;

	for (bit = 0; bit < 8 * secret->length; bit += 5)
		*text++ = alphabet[five_bits(secret, bit)];
	*text = '\0';
}

/* What a symbol stands for, or -1. */
static int
symbol(char typed)
{
	const char *at = strchr(
		alphabet, typed >= 'a' && typed <= 'z' ? typed - 32 : typed);

	return at == NULL ? -1 : (int)(at - alphabet);
}

bool
totp_read(const char *text, struct totp_secret *secret)
{
	unsigned bits = 0;
	int held = 0, value;

	memset(secret, 0, sizeof *secret);
	for (; *text != '\0' && *text != '='; text++) {
		if (*text == ' ' || *text == '-')
			continue;
		value = symbol(*text);
		if (value < 0 || secret->length == TOTP_SECRET_MAX)
			return false;
		bits = (bits << 5 | (unsigned)value) & 0xfff;
		held += 5;
		if (held >= 8) {
			held -= 8;
			secret->bytes[secret->length++] =
				(unsigned char)(bits >> held);
		}
	}
	/* What is left of the last symbol is 0 (RFC 4648, 3.5). */
	return strspn(text, "=") == strlen(text) && held < 5 &&
	       (bits & ((1U << held) - 1)) == 0 &&
	       secret->length >= TOTP_SECRET_MIN;
}

/* --- for authenticator apps -------------------------------------------- */

char *
totp_uri(const struct totp_secret *secret, const char *issuer, const char *name)
{
	char text[TOTP_BASE32_SIZE];
	char *uri = mem_append_encoded(mem_copy("otpauth://totp/"), issuer);

	totp_write(secret, text);
	uri = mem_append_encoded(mem_append(uri, ":"), name);
	uri = mem_append(uri, "?secret=%s&issuer=", text);
	uri = mem_append_encoded(uri, issuer);
	sodium_memzero(text, sizeof text);
	return mem_append(uri, "&algorithm=SHA1&digits=%d&period=%d",
		TOTP_DIGITS, TOTP_SECONDS);
}
