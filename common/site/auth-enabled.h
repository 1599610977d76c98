/* auth-enabled.h - actian's auth_enabled: a stored switch, on at first.
 *
 * It changes what the verifier and the access-token API answer, and nothing
 * else. */
#ifndef LATCHKEY_AUTH_ENABLED_H
#define LATCHKEY_AUTH_ENABLED_H

#include "site/site.h"

/* Costs one memory access while nothing has changed in the store. */
enum status auth_enabled_get(const struct site *site, bool *enabled);
enum status auth_enabled_set(const struct site *site, bool enabled);

#endif
