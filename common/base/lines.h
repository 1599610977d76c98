/* lines.h - the one reader of text files: a line at a time.
 *
 * A line ends with "\n" or "\r\n"; the last one may end with the file. A byte
 * order mark in front of a line is no part of it: editors put one at the
 * beginning of a file, and files are joined by cat(1). */
#ifndef LATCHKEY_LINES_H
#define LATCHKEY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { LINES_LONGEST = 65536 };

struct lines {
	FILE *file;
	char *text;       /* the line, with a '\0' in place of its end */
	size_t length;    /* over LINES_LONGEST: the line is longer than that,
			   * and `text` has only its beginning */
	size_t used;      /* bytes of `text` that any line has used */
	uint64_t number;  /* of the line, from 1 */
	uint64_t start;   /* where its text begins in the file, bytes */
	uint64_t end;     /* where the next line begins */
	bool ended;       /* by a "\n", and not by the end of the file */
	const char *flaw; /* why the file could not be read to its end: errno's
			   * words, or that it is UTF-16; else NULL */
};

/* Begins where the file stands. The caller closes the file in the end. */
void lines_begin(struct lines *lines, FILE *file);

/* Wipes what was read, since it may have been a password. */
void lines_end(struct lines *lines);

/* Reads the next line, which is good until the call after it. False after the
 * last line, and after an error: `flaw` tells which. A line can hold any
 * byte but "\n"; a NUL makes strlen() less than `length`. */
bool lines_next(struct lines *lines);

/* Whether the line has only blanks. */
bool lines_blank(const struct lines *lines);

#endif
