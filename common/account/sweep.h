/* sweep.h - deletes what has expired: codes, signed-out sessions, counts,
 * mails, accounts that were not proved in time */
#ifndef LATCHKEY_SWEEP_H
#define LATCHKEY_SWEEP_H

#include "site/site.h"

/* Sweeps if no process has for ten minutes; otherwise costs one memory access.
 * For calls now and then, outside a unit of work, by a process that keeps no
 * client waiting with it. */
void sweep_if_due(const struct site *site, int64_t now);

/* The same for a process that answers requests: a minute later, so that it has
 * nothing to do where another process sweeps, and for 50 ms; the next call goes
 * on. */
void sweep_a_while(const struct site *site, int64_t now);

/* Sweeps now. */
enum status sweep(const struct site *site, int64_t now);

#endif
