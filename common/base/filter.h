/* filter.h - approximate membership of a set, in a file that is never read
 * whole: a Bloom filter, mapped and shared by all who open it.
 *
 * What is in the set is always found. What is not is found about once in
 * 700,000 times. The keys are SHA-1 digests, since that is what the largest
 * list of leaked passwords consists of; nothing here rests on SHA-1 being
 * strong. A file that is in use is replaced, never written to. */
#ifndef LATCHKEY_FILTER_H
#define LATCHKEY_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FILTER_KEY = 20 /* bytes of a SHA-1 digest */ };

struct filter;

/* The key of a text. */
void filter_key(const void *text, size_t length, unsigned char key[FILTER_KEY]);

/* Opens a file for reading, for whatever `name` is, a setting or so. NULL,
 * with name, file and reason in the log, where it is not a whole filter. */
struct filter *filter_open(const char *path, const char *name);

bool filter_has(
	const struct filter *filter, const unsigned char key[FILTER_KEY]);

/* What it takes up in memory or on disk, in bytes. */
uint64_t filter_size(const struct filter *filter);

/* Begins a filter with room for `count` keys in PATH.tmp, all of it allocated.
 * NULL, with the reason in the log. */
struct filter *filter_create(const char *path, uint64_t count);

/* Adds a key. False where all are there that there was room for. */
bool filter_add(struct filter *filter, const unsigned char key[FILTER_KEY]);

/* Puts the new filter, flushed, in the place of `path`. False, with the reason
 * in the log; what was there is then as before. */
bool filter_finish(struct filter *filter);

/* Also of one that was not finished, whose file goes. NULL is nothing. */
void filter_close(struct filter *filter);

#endif
