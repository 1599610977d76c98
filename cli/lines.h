/* lines.h - a file of lines, read once through and then in another order */
#ifndef LATCHKEY_LINES_H
#define LATCHKEY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINES_LONGEST = 65536 };

/* A line that is to be read again, sorted by the beginning of its key. */
struct line {
	uint64_t key[2];
	uint64_t offset;
	uint32_t length;
	uint32_t number;
};

struct lines {
	int fd;
	uint64_t size; /* of the file, bytes */
	char *buffer;  /* of LINES_LONGEST */

	/* where lines_next() is */
	uint64_t offset; /* of the buffer in the file */
	size_t used, at;
	uint64_t start; /* of the line, in the file */
	uint32_t number;

	struct line *kept;
	size_t count, room;
};

/* Opens a file, "-" for standard input; what is no plain file is copied to
 * one without a name in $TMPDIR or /var/tmp. False, said on standard error,
 * if it cannot be had. Ended by lines_close(). */
bool lines_open(struct lines *lines, const char *path);
void lines_close(struct lines *lines);

/* The next line that is not blank, without its end, until the next call; its
 * number is lines->number. `length` is more than LINES_LONGEST for one that is
 * longer than that and not there. NULL after the last; and when the file
 * cannot be read: `errno` is 0 else. */
const char *lines_next(struct lines *lines, size_t *length);

/* Keeps the line that lines_next() has given, under a key. */
void lines_keep(struct lines *lines, size_t length, const char *key);

/* Sorts what is kept by the first 16 bytes of the keys, then as they came. */
void lines_sort(struct lines *lines);

/* A line that was kept, until the next call; NULL if it cannot be read. */
const char *lines_read(struct lines *lines, const struct line *line);

#endif
