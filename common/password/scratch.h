/* scratch.h - the big block of memory that a hash works in, kept.
 *
 * libxcrypt maps 16 MiB for each hash of yescrypt and unmaps it after, and
 * libsodium does likewise for Argon2. The kernel has to clear those pages,
 * which costs as much again as the hash itself. Between scratch_begin() and
 * scratch_end() the program's own mmap() and munmap(), which libcrypt.so and
 * libsodium.so are linked to at run time, hand out one kept block.
 *
 * For password.c, and for slots.c, which gives the block back with its slot. It
 * is apart because it takes the place of functions of the C library in the
 * whole program. */
#ifndef LATCHKEY_SCRATCH_H
#define LATCHKEY_SCRATCH_H

#include <stdbool.h>

/* Around a hash of crypt(3)'s or libsodium's; not nested, single-threaded. With
 * `keep` the block stays for the next hash of that size, otherwise it goes back
 * to the kernel. libxcrypt wipes what must be wiped in it; of Argon2 the first
 * blocks are wiped here. */
void scratch_begin(void);
void scratch_end(bool keep);

/* After scratch_end(): whether the hash did not get the memory that it asked
 * for. crypt(3) does not tell that from a setting that it does not know, nor
 * libsodium from a wrong password. */
bool scratch_failed(void);

/* Gives the kept block back now. */
void scratch_drop(void);

/* How often the kept block was given out again; for tests. */
unsigned long scratch_hits(void);

#endif
