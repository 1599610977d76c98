/* prompt.h - a line or a password, from a terminal or else standard input */
#ifndef LATCHKEY_PROMPT_H
#define LATCHKEY_PROMPT_H

#include "account/account.h"
#include "site/site.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads one line of standard input without its end; the rest of one that is
 * too long is lost. False at the end of input, and where it is not text: a NUL
 * byte would cut it. */
bool prompt_read_line(char *line, size_t size);

/* Reads a password: one line of standard input, or asked for, unseen, when that
 * is a terminal. One that cannot be anybody's is empty. False, said on standard
 * error, where there is none. */
bool prompt_password(struct password *password);

/* Reads a new password in the same way, but asks twice. It is for that account.
 * Says what is wrong with one that the policy refuses. */
bool prompt_new_password(const struct site *site, const struct account *account,
	struct password *password);

#endif
