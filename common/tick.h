/* tick.h - a timer that interrupts: what knows no time limit of its own, such
 * as waiting for a lock, or what keeps a processor for long. SIGALRM, again and
 * again, since the first tick could fall between the look at the clock and the
 * call. One use at a time. */
#ifndef LATCHKEY_TICK_H
#define LATCHKEY_TICK_H

#include <stdint.h>

enum { TICK_MS = 20, GIVE_WAY_US = 400, GIVE_WAY_US_MOST = 3200 };

/* From here on, a system call that waits ends with EINTR at each tick. */
void tick_begin(void);

/* From here on, whoever else wants the processor has it after 400 us; while
 * nobody does, it is asked less often, down to every 3.2 ms. However nice a
 * process is, Linux lets it go on for 4 ms, to the timer's next interrupt, once
 * it is its turn. */
void tick_give_way(void);

void tick_end(void);

/* Milliseconds of a clock that nobody sets. */
int64_t tick_now(void);

#endif
