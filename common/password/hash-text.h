/* hash-text.h - what the text of a hash says of itself: its scheme, what it
 * costs, and the class of hashes that cost the same.
 *
 * Reads only, and never hashes: crypt(3) and libsodium are password.c's. */
#ifndef LATCHKEY_HASH_TEXT_H
#define LATCHKEY_HASH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HASH_TEXT_SIZE = 384 }; /* CRYPT_OUTPUT_SIZE */

struct hash_text {
	const char *name;   /* crypt(5)'s, or argon2id, argon2i */
	const char *prefix; /* "$y$"; "" for DES */
	/* The hash with its salt, and what comes after, replaced by fixed
	 * characters. Equal for hashes that cost the same, and itself a
	 * setting that costs what they do: a decoy. */
	char class[HASH_TEXT_SIZE];
	size_t head;     /* how much of the class is before the salt */
	uint64_t cost;   /* to be compared within one prefix only */
	uint64_t memory; /* bytes, UINT64_MAX for more; 0: next to nothing */
};

/* Reads a hash of a scheme that password_test() verifies, to the letter:
 * lengths, alphabets, ranges. False, with an empty class, for anything
 * else. */
bool hash_text_read(const char *hash, struct hash_text *scheme);

/* The same of a hash's beginning up to its salt, as crypt_gensalt(3) makes
 * it, or of a class. */
bool hash_text_read_setting(const char *setting, struct hash_text *scheme);

/* Why hash_text_read() does not take it, in words for the operator. */
const char *hash_text_refusal(const char *hash);

#endif
