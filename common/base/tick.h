/* tick.h - a timer that interrupts calls without a time limit of their own,
 * such as waiting for a lock. It sends SIGALRM again and again, since the first
 * tick could fall between the look at the clock and the call. */
#ifndef LATCHKEY_TICK_H
#define LATCHKEY_TICK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { TICK_MS = 20 };

/* From here on, a system call that waits ends with EINTR at each tick. */
void tick_begin(void);

/* The other use: a signal handler is called every so many microseconds, under a
 * second, and system calls go on. */
void tick_call(void (*each)(int), int us);

/* Ends either use; a signal handler may call it. */
void tick_end(void);

/* Locks one byte of an open file: F_RDLCK, F_WRLCK, or F_UNLCK to end it. The
 * lock belongs to the open file, which a fork would share, and the kernel frees
 * it when the process dies. Waits for wait_ms, and at least until the first
 * tick; 0: not at all. False, with errno, if the lock cannot be had; EINTR
 * after waiting. */
bool tick_lock(int fd, off_t byte, short type, int wait_ms);

/* Milliseconds of a clock that is never set. */
int64_t tick_now(void);

/* Microseconds of a clock that stands still while the machine sleeps. */
uint64_t tick_us(void);

#endif
