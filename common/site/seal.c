/* seal.c - small secrets that a record has sealed */
#include "config.h"

#include "site/seal.h"

#include <assert.h>
#include <string.h>

enum {
	NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	BOX = NONCE + SEAL_MOST + TAG
};
static_assert((int)crypto_aead_xchacha20poly1305_ietf_KEYBYTES ==
		      (int)KEYS_HMAC_BYTES,
	"the key of a seal");

void
seal_close(const unsigned char key[KEYS_HMAC_BYTES], const char *account,
	const void *bytes, size_t length, char *sealed)
{
	unsigned char own[KEYS_HMAC_BYTES], box[BOX];

	assert(length <= SEAL_MOST);
	keys_hmac(key, "seal", own);
	randombytes_buf(box, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE, NULL, bytes,
		length, (const unsigned char *)account, strlen(account), NULL,
		box, own);
	sodium_bin2hex(sealed, SEAL_SIZE(length), box, NONCE + length + TAG);
	sodium_memzero(own, sizeof own);
}

bool
seal_open(const unsigned char key[KEYS_HMAC_BYTES], const char *account,
	const char *sealed, void *bytes, size_t size, size_t *length)
{
	unsigned char own[KEYS_HMAC_BYTES], box[BOX];
	size_t got;
	bool good;

	if (sodium_hex2bin(box, sizeof box, sealed, strlen(sealed), NULL, &got,
		    NULL) != 0 ||
		got < NONCE + TAG || got - NONCE - TAG > size)
		return false;
	*length = got - NONCE - TAG;
	keys_hmac(key, "seal", own);
	good = crypto_aead_xchacha20poly1305_ietf_decrypt(bytes, NULL, NULL,
		       box + NONCE, got - NONCE, (const unsigned char *)account,
		       strlen(account), box, own) == 0;
	sodium_memzero(own, sizeof own);
	return good;
}
