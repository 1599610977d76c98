/* keys-environment.h - the JWT secret that the operator has set, as
 * ACTIAN_VECTORAI_JWT_SECRET or LATCHKEY_JWT_SECRET; for keys.c */
#ifndef LATCHKEY_KEYS_ENVIRONMENT_H
#define LATCHKEY_KEYS_ENVIRONMENT_H

#include "filter.h"
#include "jwt.h"

#include <stdbool.h>

/* Moves the secret out of the environment, where it is overwritten; of length
 * 0 if there is none. `given` is in memory that is locked and wiped. False,
 * with the reason in the log, if both variables are set and differ, or one is
 * under JWT_SECRET_MIN or over JWT_SECRET_MAX bytes, or one of `leaked` (NULL:
 * none are known). */
bool keys_environment_take(struct jwt_key *given, const struct filter *leaked);

#endif
