/* filter.h - approximate membership of a set, in a file that is never read
 * whole: a Bloom filter, mapped and shared by all processes that open it.
 *
 * A member of the set is always found. Another key is found about once in
 * 700,000 times. The keys are SHA-1 digests, since the largest list of leaked
 * passwords consists of them; nothing here rests on SHA-1 being strong. A file
 * that is in use is replaced, never written to. */
#ifndef LATCHKEY_FILTER_H
#define LATCHKEY_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FILTER_KEY = 20 /* bytes of a SHA-1 digest */ };

struct filter;

/* The key of a text. */
void filter_key(const void *text, size_t length, unsigned char key[FILTER_KEY]);

/* Opens a file for reading. `name` is what it is for, such as a setting. NULL
 * if it is not a whole filter, with name, file and reason in the log. */
struct filter *filter_open(const char *path, const char *name);

bool filter_has(
	const struct filter *filter, const unsigned char key[FILTER_KEY]);

/* Its size in memory or on disk, in bytes. */
uint64_t filter_size(const struct filter *filter);

/* Begins a filter with room for `count` keys in PATH.tmp, all of it allocated.
 * NULL, with the reason in the log, if that fails. */
struct filter *filter_create(const char *path, uint64_t count);

/* Adds a key. False if it has as many as it has room for. */
bool filter_add(struct filter *filter, const unsigned char key[FILTER_KEY]);

/* Puts the new filter, flushed, in the place of `path`. If that fails: false,
 * with the reason in the log, and the file there is as before. */
bool filter_finish(struct filter *filter);

/* Closes it. The file of an unfinished one is deleted. NULL is permitted. */
void filter_close(struct filter *filter);

#endif
