/* password.h - passwords as people type them, and their hashes */
#ifndef LATCHKEY_PASSWORD_H
#define LATCHKEY_PASSWORD_H

#include "base/status.h"
#include "password/hash-text.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	PASSWORD_BYTES = 511, /* crypt(3)'s limit: longer is refused, not cut */
	PASSWORD_POINTS = 256,
	PASSWORD_HASH_SIZE = HASH_TEXT_SIZE
};

/* A password in NFC, so that it is the same from every keyboard. Wiped by
 * its owner with password_wipe(). */
struct password {
	char text[PASSWORD_BYTES + 1];
	size_t points; /* Unicode code points; 0 for one that is too long */
	/* as it was typed, where that is not NFC and fits; else "" */
	char typed[PASSWORD_BYTES + 1];
};

/* Which of the two. What made a hash elsewhere may not have known NFC. */
enum password_form { PASSWORD_NFC, PASSWORD_TYPED };

/* How new hashes are made: crypt_gensalt(3)'s prefix and count. */
struct password_scheme {
	const char *prefix;
	unsigned long cost;
};

/* Reads UTF-8 of `length` bytes; without memory the process ends. False if it
 * is too long, not UTF-8 or holds U+0000 (crypt(3) would stop there and let a
 * prefix in); then `password` is empty. */
bool password_read(struct password *password, const char *text, size_t length);
/* The password case folded, to be compared with others that are. False if it
 * would not fit, or is empty; `folded` is then empty. */
bool password_fold(const struct password *password, struct password *folded);
void password_wipe(struct password *password);

/* The least and the most cost for new hashes of that prefix; 0 if it is not one
 * that new hashes may have ($y$, $gy$, $7$, $2b$, $6$, $5$). */
unsigned long password_least_cost(const char *prefix);
unsigned long password_most_cost(const char *prefix);

/* Whether that cost is at least the least, and crypt(3) takes it. */
bool password_scheme_valid(const struct password_scheme *scheme);

/* Writes the hash with a new salt. STATUS_UNAVAILABLE if crypt(3) fails, which
 * the log then says. About 10 ms and 16 MiB at the default cost. */
enum status password_hash(const struct password_scheme *scheme,
	const struct password *password, char hash[PASSWORD_HASH_SIZE]);

/* STATUS_OK if `hash` is that password's, STATUS_BAD_CREDENTIALS if not, or if
 * it is malformed. It is libsodium's to say where it is Argon2, else
 * crypt(3)'s. STATUS_UNAVAILABLE, said in the log: nobody could look, for want
 * of memory. */
enum status password_test(const struct password *password,
	enum password_form form, const char *hash);

/* The work of a test for nobody: hashes the password as hashes of that class
 * (hash-text.h) are. STATUS_OK when that is done, STATUS_BAD_CREDENTIALS for
 * what is no class, or none that crypt(3) takes, STATUS_UNAVAILABLE as above.
 */
enum status password_decoy(const struct password *password,
	enum password_form form, const char *class);

/* What new hashes are like; false if crypt(3) does not make such. */
bool password_class(
	const struct password_scheme *scheme, struct hash_text *class);

/* Whether `hash` should be made anew: by another scheme, or at less cost. */
bool password_outdated(const struct password_scheme *scheme, const char *hash);

/* The memory that hashes of that scheme work in is kept for the next one, as
 * long as the process lives; other schemes' never is, so that what a hash
 * takes does not depend on which came before. NULL: none, to begin with. */
void password_keep_memory(const struct password_scheme *scheme);
bool password_keeps_memory(void);

/* Gives it back now. */
void password_drop_memory(void);

#endif
