/* keys-environment.h - the JWT secret that the operator has set: in
 * ACTIAN_VECTORAI_JWT_SECRET or LATCHKEY_JWT_SECRET, in the file that one of
 * these with _FILE names, or as systemd's credential jwt_secret.
 *
 * For keys.c alone, which keeps the secret. This module knows nothing of the
 * store. */
#ifndef LATCHKEY_KEYS_ENVIRONMENT_H
#define LATCHKEY_KEYS_ENVIRONMENT_H

#include "base/filter.h"
#include "site/jwt.h"

#include <stdbool.h>

/* Takes the secret, and overwrites it where it stood in the environment. Its
 * length is 0 if there is none. A file's content is the secret, without one
 * newline at its end. `given` is in memory that is locked and wiped.
 *
 * False, with the reason in the log, if two are set and differ; if one is under
 * JWT_SECRET_MIN or over JWT_SECRET_MAX bytes, or is on the list `leaked`
 * (NULL: no list); if a path is in the place of a secret; or if a file cannot
 * be read. */
bool keys_environment_take(struct jwt_key *given, const struct filter *leaked);

#endif
