/* web-key.h - the key by which the web server proves that a request is its own
 *
 * A process that can open a program's socket, or run the program, can say all
 * that the web server can: any client's address, and LATCHKEY_LOCAL. With
 * `web_key_file` a request counts only if its LATCHKEY_PROOF is the key.
 *
 * The file has the key, 64 lower-case hexadecimal digits. After a rotation a
 * second line has the old key, a blank, and the time at which it ends, in
 * seconds since 1970. */
#ifndef LATCHKEY_WEB_KEY_H
#define LATCHKEY_WEB_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	WEB_KEY_SIZE = 65,      /* of one key, as text */
	WEB_KEY_TEXT_SIZE = 160 /* of the file's text */
};

struct web_keys {
	char key[WEB_KEY_SIZE];
	char before[WEB_KEY_SIZE]; /* "": there is none */
	int64_t until;             /* when that one ends */
};

/* Draws another key; the present one, if any, becomes the one before. */
void web_keys_rotate(struct web_keys *keys, int64_t until);

/* In place of the owner of the file: systemd's, which shows it as a credential
 * to one service alone, whatever its owner and mode are. */
#define WEB_KEY_CREDENTIAL ((uid_t)-1)

/* Reads the file. False, with the reason in the log, if it is missing, is no
 * regular file of that user's own, can be read by another user, or has a text
 * of another form than above. The caller wipes `keys` in any case. */
bool web_keys_read(const char *path, uid_t owner, struct web_keys *keys);

/* Writes the text of the file. Returns its length. */
size_t web_keys_write(
	const struct web_keys *keys, char text[WEB_KEY_TEXT_SIZE]);

/* --- for the programs -------------------------------------------------- */

struct web_key;

/* Reads the file: this process's own user's, or a credential. NULL, with the
 * reason in the log, if web_keys_read() fails. The caller closes. */
struct web_key *web_key_open(const char *path, uid_t owner);
void web_key_close(struct web_key *key);

/* Its file, which is read again where it changes. */
const char *web_key_path(const struct web_key *key);

/* Whether `proof` is the key, or the one before if that has not ended; NULL is
 * no key. `proof` is overwritten. If the file has changed it is read again
 * first. Its new text holds at once; if it is not good any more, no proof is.
 * The log has a line a minute with the number of refusals. */
bool web_key_proves(struct web_key *key, char *proof, int64_t now);

#endif
