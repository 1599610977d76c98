/* bdb-copy.h - a copy of a Berkeley DB directory that is in use; for
 * store-bdb.c alone.
 *
 * The data files are copied in slices, each inside the gate: no page is half
 * written there. Between two slices others write, so the pages are of many
 * times. The log is copied as it grows, from before the first slice to after
 * the last, and has all that lies between. So the copy is whole once libdb has
 * recovered it by all of its log.
 *
 * A function that returns int returns libdb's code, an errno, or 0. EAGAIN: the
 * copy can be begun anew. */
#ifndef LATCHKEY_BDB_COPY_H
#define LATCHKEY_BDB_COPY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct bdb_copy;

/* For a copy of the directory `from` in `to`, which is empty. `maps` is as in
 * struct bdb_regions. The caller frees. */
struct bdb_copy *bdb_copy_new(const char *from, const char *to, FILE *maps);
void bdb_copy_free(struct bdb_copy *copy);

/* Outside, before a begin: deletes what there is of the copy. */
int bdb_copy_clear(struct bdb_copy *copy);

/* Inside the gate: begins, and opens all of the log. */
int bdb_copy_begin(struct bdb_copy *copy);

/* Inside the gate: takes the next slice; `more` says whether there was one. */
int bdb_copy_take(struct bdb_copy *copy, bool *more);

/* Outside, after each slice: writes it, and what is whole of the log. `held` is
 * for how many microseconds the slice kept others out; the next one is larger
 * or smaller by that. */
int bdb_copy_put(struct bdb_copy *copy, uint64_t held);

/* Outside, after the last slice: writes the log as far as `end`, an LSN from
 * inside the gate. EAGAIN if a file of it was removed before it was opened. */
int bdb_copy_end(struct bdb_copy *copy, uint64_t end);

/* Outside: recovers the copy, verifies it, and flushes it. What it has then are
 * its data files and the end of its log. EINVAL, said in the log, if it is not
 * whole. */
int bdb_copy_recover(struct bdb_copy *copy);

/* How many bytes were copied. */
uint64_t bdb_copy_bytes(const struct bdb_copy *copy);

#endif
