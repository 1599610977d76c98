/* prompt.h - a line or a password, from a terminal or standard input */
#ifndef LATCHKEY_PROMPT_H
#define LATCHKEY_PROMPT_H

#include "account/account.h"
#include "site/site.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads one line of standard input without its end; of a line that is too long
 * the rest is lost. False at the end of input, and if the line is no text: a
 * NUL byte would cut it. */
bool prompt_read_line(char *line, size_t size);

/* Reads a password: a line of standard input. On a terminal it asks for it
 * without echo. A password that no account can have is empty. False, said on
 * standard error, if there is none. */
bool prompt_password(struct password *password);

/* Reads a passphrase: the first line of the file `path`, or, with NULL, as a
 * password. On a terminal it asks for a new one twice. False, said on standard
 * error, if there is none that can be one. */
bool prompt_passphrase(
	struct password *passphrase, const char *path, bool twice);

/* Reads a new password for that account in the same way, but asks twice. Says
 * what is wrong with a password that the policy refuses. */
bool prompt_new_password(const struct site *site, const struct account *account,
	struct password *password);

#endif
