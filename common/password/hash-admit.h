/* hash-admit.h - whether a hash from elsewhere may become an account's */
#ifndef LATCHKEY_HASH_ADMIT_H
#define LATCHKEY_HASH_ADMIT_H

#include "password/password.h"

#include <stdbool.h>
#include <stdint.h>

enum { HASH_ADMIT_TIME = 2 /* seconds of a core */ };

/* True for a hash that password_test() verifies, within that time and so many
 * bytes of memory; a hash of `own` is taken at any cost. Otherwise false, and
 * `reason` says why, in words that follow "the hash is refused: ".
 *
 * The first hash of a class is measured: a child process hashes once, and the
 * kernel kills it if it takes too long. So call this outside any unit of work,
 * and if possible before the store is opened. The command does so; no program
 * may. */
bool hash_admit(const struct password_scheme *own, uint64_t memory,
	const char *hash, const char **reason);

#endif
