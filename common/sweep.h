/* sweep.h - deletes what has expired: codes, signed-out sessions, counts,
 * mails */
#ifndef LATCHKEY_SWEEP_H
#define LATCHKEY_SWEEP_H

#include "site.h"

/* Sweeps if nobody has for ten minutes; else costs one memory access. To be
 * called now and then, outside a unit of work. */
void sweep_if_due(const struct site *site, int64_t now);

/* Sweeps now. */
enum status sweep(const struct site *site, int64_t now);

#endif
