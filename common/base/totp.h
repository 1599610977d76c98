/* totp.h - one-time codes by the clock (RFC 6238), as authenticator apps make
 * them: HMAC-SHA-1, 30 seconds, six digits. The secret's bytes are the caller's
 * to keep and to wipe. */
#ifndef LATCHKEY_TOTP_H
#define LATCHKEY_TOTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TOTP_SECONDS = 30, /* that a step lasts */
	TOTP_DIGITS = 6,
	TOTP_SECRET = 20,     /* bytes of one that we draw (RFC 4226, 4) */
	TOTP_SECRET_MIN = 16, /* of one that is imported */
	TOTP_SECRET_MAX = 64,
	TOTP_BASE32_SIZE = 104 /* of the longest as a text, its end included */
};

struct totp_secret {
	unsigned char bytes[TOTP_SECRET_MAX];
	size_t length;
};

/* Draws a new secret. */
void totp_draw(struct totp_secret *secret);

/* The code of a step, the time divided by TOTP_SECONDS (RFC 4226, 5.3). */
void totp_code(const struct totp_secret *secret, int64_t step,
	char code[TOTP_DIGITS + 1]);

/* Whether `typed`, blanks aside, is the code of the step of `now`, of the one
 * before or of the one after it, and that step is later than `last`, the one
 * whose code was taken last (RFC 6238, 5.2). `step` is then which. All three
 * are computed whatever was typed, and no others. */
bool totp_match(const struct totp_secret *secret, const char *typed,
	int64_t now, int64_t last, int64_t *step);

/* Whether it is as long as a code, blanks aside, and digits alone. */
bool totp_is_code(const char *typed);

/* The secret as people type it: base32 (RFC 4648, 6) without padding. */
void totp_write(const struct totp_secret *secret, char text[TOTP_BASE32_SIZE]);

/* The secret out of such a text, in either case, with blanks, hyphens and
 * padding or without. False if it is none, or of a length that we do not take.
 */
bool totp_read(const char *text, struct totp_secret *secret);

/* The address that a QR code holds (otpauth://totp/ISSUER:NAME?...), with
 * issuer and name percent-encoded. The caller wipes and frees it. */
char *totp_uri(
	const struct totp_secret *secret, const char *issuer, const char *name);

#endif
