/* password.h - passwords as people type them, and their hashes */
#ifndef LATCHKEY_PASSWORD_H
#define LATCHKEY_PASSWORD_H

#include "base/status.h"
#include "password/hash-text.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	PASSWORD_BYTES = 511, /* crypt(3)'s limit: a longer password is refused,
			       * not cut */
	PASSWORD_POINTS = 256,
	PASSWORD_HASH_SIZE = HASH_TEXT_SIZE
};

/* A password in NFC, so that it is the same from every keyboard. Its owner
 * wipes it with password_wipe(). */
struct password {
	char text[PASSWORD_BYTES + 1];
	size_t points; /* Unicode code points; 0 if the password is too long */
	/* as it was typed, where that is not NFC and fits; else "" */
	char typed[PASSWORD_BYTES + 1];
};

/* Which of the two forms. The maker of a hash from elsewhere may not have known
 * NFC. */
enum password_form { PASSWORD_NFC, PASSWORD_TYPED };

/* How new hashes are made: crypt_gensalt(3)'s prefix and count. Or the prefix
 * is that of Argon2id, which has the cost in it: `argon2id`, which is the first
 * of these, or $argon2id$v=19$m=KIB,t=PASSES,p=1$. The count is then of no
 * account. */
struct password_scheme {
	const char *prefix;
	unsigned long cost;
};

/* Reads UTF-8 of `length` bytes. False if the text is too long, not UTF-8 or
 * holds U+0000 (crypt(3) would stop there and let a prefix in); then `password`
 * is empty. Out of memory ends the process. */
bool password_read(struct password *password, const char *text, size_t length);
/* The password case folded, for comparison with others that are folded. False
 * if it would not fit, or is empty; `folded` is then empty. */
bool password_fold(const struct password *password, struct password *folded);
void password_wipe(struct password *password);

/* Whether new hashes may have that prefix: $y$, $gy$, $7$, $2b$, $6$, $5$, or
 * Argon2id's. And whether they can be made here: crypt(3) may have been built
 * without. */
bool password_prefix_valid(const char *prefix);
bool password_makes(const char *prefix);

/* The least and the most cost for new hashes of that prefix; 0 for one that has
 * its cost in it, or is not valid. */
unsigned long password_least_cost(const char *prefix);
unsigned long password_most_cost(const char *prefix);

/* Whether the cost is at least the least, and the library takes it. */
bool password_scheme_valid(const struct password_scheme *scheme);

/* Writes the hash, with a new salt. STATUS_UNAVAILABLE, said in the log, if
 * that fails. About 10 ms and 16 MiB at the default cost. */
enum status password_hash(const struct password_scheme *scheme,
	const struct password *password, char hash[PASSWORD_HASH_SIZE]);

/* STATUS_OK if `hash` is that password's, STATUS_BAD_CREDENTIALS if it is not
 * or is malformed. libsodium decides for Argon2, foreign.c for other systems'
 * hashes, crypt(3) for the rest. STATUS_UNAVAILABLE, said in the log: there was
 * no memory to hash. */
enum status password_test(const struct password *password,
	enum password_form form, const char *hash);

/* The work of a test where there is no hash: hashes the password as hashes of
 * that class (hash-text.h) are. STATUS_OK when that is done,
 * STATUS_BAD_CREDENTIALS if it is no class, or none that the library takes,
 * STATUS_UNAVAILABLE as above. */
enum status password_decoy(const struct password *password,
	enum password_form form, const char *class);

/* The class of new hashes; false if they cannot be made. */
bool password_class(
	const struct password_scheme *scheme, struct hash_text *class);

/* Whether `hash` should be made anew: it has another scheme, or costs less. */
bool password_outdated(const struct password_scheme *scheme, const char *hash);

/* Keeps the memory that hashes of that scheme work in for the next one, as long
 * as the process lives. The memory of other schemes is never kept, so that a
 * hash's time does not depend on the hash before. NULL, as at first: keeps
 * none. */
void password_keep_memory(const struct password_scheme *scheme);
bool password_keeps_memory(void);

#endif
