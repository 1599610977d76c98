/* slots.h - how many passwords the machine hashes at the same time.
 *
 * A hash takes a core and 16 MiB. Each is made in one of a few slots, which
 * all processes share: locks on the bytes of one file, which the kernel frees
 * when a process dies. So slots x 16 MiB is all that any flood can cost (64 MiB
 * where hashes that ask for so much were imported).
 *
 * Where all slots are taken, one request of a network waits, and no other: or
 * one client with many connections has all that wait, and the others queue up
 * behind. For this each network has a byte in the same file, at a number that
 * nobody can choose, which the kernel frees like the slots.
 *
 * A process that hashes again and again keeps its slot, and with it the memory
 * (password_keep_memory()), as long as nobody else waits for one. */
#ifndef LATCHKEY_SLOTS_H
#define LATCHKEY_SLOTS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct slots;

/* For whom a slot is: a network's number (throttle_crowd()), or nobody's. */
enum { SLOTS_NOBODY = 0 };

/* `count` slots by the file `path`, which is made when first needed; 0: one a
 * core. Waiting for one takes `wait` seconds at most. The caller frees. */
struct slots *slots_new(
	const char *path, unsigned long count, unsigned long wait);
void slots_free(struct slots *slots);

/* Takes a slot. STATUS_THROTTLED if none is free and that network waits for one
 * already; STATUS_UNAVAILABLE, said in the log, if none is free in time. Not
 * nested. */
enum status slots_take(struct slots *slots, uint64_t whom);

/* Whether that network waits for one, before anything is done for the next. */
bool slots_awaited(struct slots *slots, uint64_t whom);

/* Done with it: it is free for others, or kept for the next hash. Once more
 * for one that is kept: it goes to whoever waits by now. */
void slots_give(struct slots *slots);

/* Whether one is kept, and giving that up with its memory: after a while
 * without a hash. */
bool slots_kept(const struct slots *slots);
void slots_drop(struct slots *slots);

#endif
