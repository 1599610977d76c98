/* password.h - passwords as people type them, and their crypt(3) hashes */
#ifndef LATCHKEY_PASSWORD_H
#define LATCHKEY_PASSWORD_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	PASSWORD_BYTES = 511, /* crypt(3)'s limit: longer is refused, not cut */
	PASSWORD_POINTS = 256,
	PASSWORD_HASH_SIZE = 384 /* CRYPT_OUTPUT_SIZE */
};

/* A password in NFC, so that it is the same from every keyboard. Wiped by
 * its owner with password_wipe(). */
struct password {
	char text[PASSWORD_BYTES + 1];
	size_t points; /* Unicode code points; 0 for one that is too long */
};

/* How new hashes are made: crypt_gensalt(3)'s prefix and count. */
struct password_scheme {
	const char *prefix;
	unsigned long cost;
};

/* Reads UTF-8 of `length` bytes. False if it is too long, not UTF-8 or holds
 * U+0000 (crypt(3) would stop there and let a prefix in); then `password` is
 * empty. */
bool password_read(struct password *password, const char *text, size_t length);
void password_wipe(struct password *password);

/* The least cost for new hashes of that prefix; 0 if it is not one that new
 * hashes may have ($y$, $gy$, $7$, $2b$, $6$, $5$). */
unsigned long password_least_cost(const char *prefix);

/* Whether that cost is at least the least, and crypt(3) takes it. */
bool password_scheme_valid(const struct password_scheme *scheme);

/* Writes the hash with a new salt. False if crypt(3) fails, which the log
 * then says. About 10 ms and 16 MiB at the default cost. */
bool password_hash(const struct password_scheme *scheme,
	const struct password *password, char hash[PASSWORD_HASH_SIZE]);

/* Whether `hash` is that password's. With NULL, the answer for nobody's: false
 * after the same work. */
bool password_check(const struct password_scheme *scheme,
	const struct password *password, const char *hash);

/* Whether `hash` should be made anew: by another scheme, or at less cost. */
bool password_outdated(const struct password_scheme *scheme, const char *hash);

/* Whether the memory that hashes work in is kept for the next one; no, to
 * begin with. Costs 16 MiB as long as the process lives. */
void password_keep_memory(bool keep);
bool password_keeps_memory(void);

/* Gives it back now. */
void password_drop_memory(void);

#endif
