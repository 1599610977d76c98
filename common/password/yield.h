/* yield.h - lets others have the processor while a password is hashed
 *
 * A hash keeps a processor for many milliseconds. A request that the check in
 * front of every page answers needs it for a twentieth of one. A low priority
 * alone is not enough: a process whose turn it is by its share, even a tenth,
 * has the processor for 4 ms at once (Linux 6.18, EEVDF). */
#ifndef LATCHKEY_YIELD_H
#define LATCHKEY_YIELD_H

/* For a program that hashes, at its start and before its sandbox: all other
 * processes come before it. */
void yield_always(void);

/* Around a hash, one at a time. If other processes interrupted the hash before
 * often, this one pauses briefly and often, so that they need not wait. It does
 * not pause for a process that would keep the processor itself. Uses SIGALRM,
 * and restarts system calls. */
void yield_begin(void);
void yield_end(void);

#endif
