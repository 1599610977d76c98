/* foreign.h - hashes of other systems, which crypt(3) does not verify.
 *
 * For password.c alone. It is apart because it knows what a hash is made of, as
 * a library for passwords does. */
#ifndef LATCHKEY_FOREIGN_H
#define LATCHKEY_FOREIGN_H

#include "password/hash-text.h"

#include <stdbool.h>
#include <stddef.h>

enum { FOREIGN_INNER = 65 };

/* Hashes a text as crypt(3) does, by `setting`, which is a hash or its class,
 * and which `scheme` was read from. `hash` is empty without the memory, or
 * where the library does not take the parameters. False, with nothing done, for
 * a scheme that has no row here. */
bool foreign_hash(const char *text, const char *setting,
	const struct hash_text *scheme, char hash[HASH_TEXT_SIZE]);

/* Of a hash that is crypt(3)'s of a digest: writes what crypt(3) is to hash in
 * place of the text, which the caller wipes, and returns how much stands before
 * its setting. 0 for any other scheme. */
size_t foreign_inner(const char *text, const struct hash_text *scheme,
	char inner[FOREIGN_INNER]);

#endif
