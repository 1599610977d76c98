/* yield.h - whose turn it is on the processor while a password is hashed
 *
 * A hash keeps a processor for many milliseconds, and a request that the check
 * in front of every page answers needs it for a twentieth of one. A low
 * priority alone is not enough: a process whose turn it is by its share, be it
 * a tenth, has the processor for 4 ms at once (Linux 6.18, EEVDF). */
#ifndef LATCHKEY_YIELD_H
#define LATCHKEY_YIELD_H

/* For a program that hashes, when it starts and before its sandbox: whoever
 * else wants the processor comes first. */
void yield_always(void);

/* Around a hash, once at a time. Where others interrupted the one before
 * often, this one pauses briefly and often, so that they need not wait; but not
 * for those who would keep the processor themselves. Uses SIGALRM, and restarts
 * system calls. */
void yield_begin(void);
void yield_end(void);

#endif
