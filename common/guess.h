/* guess.h - the passwords that are guessed first: those that many people have,
 * and the names of the account and the site */
#ifndef LATCHKEY_GUESS_H
#define LATCHKEY_GUESS_H

#include "filter.h"
#include "password.h"

/* Whether the password is on the list, as it is or case folded. */
bool guess_listed(const struct filter *filter, const struct password *password);

#endif
