/* retry.h - when to try again what another program has not taken */
#ifndef LATCHKEY_RETRY_H
#define LATCHKEY_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds to wait after so many failures before this one: `first`, and twice as
 * many for each of them, but no more than `longest`. */
int64_t retry_delay(int64_t first, int64_t failures, int64_t longest);

/* Whether the time `next`, seconds since 1970, has come, of a delay of at most
 * `longest`. A time that is further away comes from a clock that was wrong, and
 * would not come for years: it counts as come. */
bool retry_is_due(int64_t next, int64_t now, int64_t longest);

#endif
