/* seal.h - small secrets that a record has sealed: XChaCha20-Poly1305 under a
 * key of keys.h, so that a copy of the records without the keys is of no use.
 * The id of the account whose secret it is has to match, so that a secret that
 * was moved to another account's record cannot be opened. */
#ifndef LATCHKEY_SEAL_H
#define LATCHKEY_SEAL_H

#include "site/keys.h"

#include <sodium.h>

/* The size of the text that so many bytes become: a nonce and a box in
 * hexadecimal digits. */
#define SEAL_SIZE(bytes)                                                       \
	(2 * (crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + (bytes) +         \
		     crypto_aead_xchacha20poly1305_ietf_ABYTES) +              \
		1)
enum { SEAL_MOST = 64 /* bytes */ };

/* Seals `length` bytes into a text of SEAL_SIZE(length). */
void seal_close(const unsigned char key[KEYS_HMAC_BYTES], const char *account,
	const void *bytes, size_t length, char *sealed);

/* Opens such a text. False if it was not sealed by this key for that account,
 * or has more than `size` bytes. */
bool seal_open(const unsigned char key[KEYS_HMAC_BYTES], const char *account,
	const char *sealed, void *bytes, size_t size, size_t *length);

#endif
