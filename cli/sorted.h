/* sorted.h - a file of lines, read once through and then in another order.
 *
 * For import.c, which knows what the lines mean. */
#ifndef LATCHKEY_SORTED_H
#define LATCHKEY_SORTED_H

#include "base/lines.h"

/* A line that will be read again, sorted by the beginning of its key. */
struct sorted_line {
	uint64_t key[2];
	uint64_t start;
	uint32_t length;
	uint32_t number;
};

struct sorted {
	struct lines lines; /* once through */
	uint64_t size;      /* of the file, bytes */
	char *text;         /* of a line that is read again */
	struct sorted_line *kept;
	size_t count, room;
};

/* Opens a file, "-" for standard input. What is no plain file is copied to one
 * without a name in $TMPDIR or /var/tmp. False, said on standard error, if that
 * fails. The caller ends it with sorted_close(). */
bool sorted_open(struct sorted *sorted, const char *path);
void sorted_close(struct sorted *sorted);

/* Keeps the line that lines_next() has read, under a key. */
void sorted_keep(struct sorted *sorted, const char *key);

/* Sorts the kept lines by the first 16 bytes of their keys, then in the order
 * of the file. */
void sorted_sort(struct sorted *sorted);

/* The text of a kept line, until the next call; NULL if it cannot be read. */
const char *sorted_read(struct sorted *sorted, const struct sorted_line *line);

#endif
