/* hash-text.h - what the text of a hash says: its scheme, its cost, and the
 * class of hashes that cost the same.
 *
 * It only reads and never hashes: password.c and foreign.c do that. */
#ifndef LATCHKEY_HASH_TEXT_H
#define LATCHKEY_HASH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HASH_TEXT_SIZE = 384 }; /* CRYPT_OUTPUT_SIZE */

/* A part of a text. */
struct hash_part {
	size_t at, length;
};

struct hash_text {
	const char *name;   /* as in crypt(5), where it is one of those */
	const char *prefix; /* "$y$"; "" for DES */
	/* The hash with fixed characters in the place of its salt and of what
	 * comes after. Hashes that cost the same have the same class. It is
	 * itself a setting that costs as much, which makes it a decoy. */
	char class[HASH_TEXT_SIZE];
	size_t head;      /* how much of the class is before the salt */
	uint64_t cost;    /* compared within one prefix only */
	uint64_t memory;  /* bytes, UINT64_MAX for more; 0: next to nothing */
	uint64_t n, r, p; /* of scrypt: blocks, their size, how often; p of
			   * Argon2, too */
	struct hash_part salt, hash; /* of the text that was read */
};

/* Reads a hash of a scheme that password_test() verifies, to the letter:
 * lengths, alphabets, ranges. False, with an empty class, for any other
 * text. */
bool hash_text_read(const char *hash, struct hash_text *scheme);

/* The same for the beginning of a hash up to its salt, as crypt_gensalt(3)
 * makes it, or for a class. */
bool hash_text_read_setting(const char *setting, struct hash_text *scheme);

/* Why hash_text_read() refuses it, in words for the operator. */
const char *hash_text_refusal(const char *hash);

#endif
