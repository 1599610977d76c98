/* sealed.h - a text that a passphrase alone opens: what `latchkey key export`
 * writes.
 *
 * It is one line, a JSON object, so that it goes through any pipe. Its key
 * comes from the passphrase by Argon2id at the second of the choices that RFC
 * 9106, 4 recommends (64 MiB, three passes). The text is in a box of libsodium,
 * XSalsa20 and Poly1305. Nothing of it is read before all of it has proved to
 * be as it was written. */
#ifndef LATCHKEY_SEALED_H
#define LATCHKEY_SEALED_H

#include "password/password.h"

#include <stdbool.h>
#include <stddef.h>

enum { SEALED_LEAST = 12 /* characters of a new passphrase */ };

/* Seals the text. The line ends with "\n"; the caller frees it with
 * mem_free(). NULL, with errno, if there is no memory for Argon2id. */
char *sealed_write(
	const struct password *passphrase, const char *text, size_t length);

/* Opens such a line. NULL, and the text of less than `size` bytes with '\0' at
 * its end, or what is wrong; then there is none. */
const char *sealed_open(const struct password *passphrase, const char *line,
	size_t length, char *text, size_t size);

#endif
