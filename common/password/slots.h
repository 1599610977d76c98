/* slots.h - how many passwords the machine hashes at the same time.
 *
 * A hash takes a core and memory: 16 MiB with yescrypt, up to hash_memory with
 * one from elsewhere. Each is made in one of a few slots, which all processes
 * share: locks on the bytes of one file, which the kernel frees when a process
 * dies. So a flood can cost slots x the memory of a hash at most.
 *
 * Where all slots are taken, one request of a network waits, and no other.
 * Otherwise one client with many connections would have all workers wait, and
 * all others queue up behind. For this each network has a byte in the same
 * file, at a number that a client cannot choose; the kernel frees it like the
 * slots.
 *
 * A process that hashes again and again keeps its slot, and with it the memory
 * (password_keep_memory()), as long as no other process waits for one. */
#ifndef LATCHKEY_SLOTS_H
#define LATCHKEY_SLOTS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct slots;

/* For whom a slot is: a network's number (throttle_crowd()), or no
 * network's. */
enum { SLOTS_NOBODY = 0 };

/* Makes `count` slots in the file `path`, which is created when first needed;
 * 0: one a core. A process waits for a slot `wait` seconds at most. The caller
 * frees. */
struct slots *slots_new(
	const char *path, unsigned long count, unsigned long wait);
void slots_free(struct slots *slots);

/* Takes a slot. STATUS_THROTTLED if none is free and a request of that network
 * waits already; STATUS_UNAVAILABLE, said in the log, if none is free in time.
 * Not nested. */
enum status slots_take(struct slots *slots, uint64_t whom);

/* Whether a request of that network waits for a slot. Asked before anything is
 * done for the next one. */
bool slots_awaited(struct slots *slots, uint64_t whom);

/* Gives up the slot: it is free for others, or is kept for the next hash.
 * Called again for a kept one, frees it if another process waits by now. */
void slots_give(struct slots *slots);

/* How many slots there are, and how many are other processes' now, kept ones
 * among them. */
int slots_count(const struct slots *slots);
int slots_taken(struct slots *slots);

/* Whether a slot is kept; and giving it up with its memory, after a while
 * without a hash. */
bool slots_kept(const struct slots *slots);
void slots_drop(struct slots *slots);

#endif
