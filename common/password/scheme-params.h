/* scheme-params.h - the part of a hash between prefix and salt, by scheme.
 *
 * Each reads it at `at`, fills in cost and memory and returns where the salt
 * begins; NULL if it is not as it must be. For scheme.c alone. */
#ifndef LATCHKEY_SCHEME_PARAMS_H
#define LATCHKEY_SCHEME_PARAMS_H

#include "password/scheme.h"

typedef const char *scheme_params(const char *at, struct scheme *scheme);

scheme_params scheme_params_none; /* it has none, and one cost */
scheme_params scheme_params_yescrypt;
scheme_params scheme_params_scrypt;
scheme_params scheme_params_bcrypt;
scheme_params scheme_params_sha2;
scheme_params scheme_params_sha1;
scheme_params scheme_params_sunmd5;
scheme_params scheme_params_bsdi;
scheme_params scheme_params_argon2;

#endif
