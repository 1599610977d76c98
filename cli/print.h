/* print.h - what the command prints.
 *
 * Strangers have typed much of it: names, what a mail program said, the lines
 * of a file. So everything for a terminal goes through these. Characters that
 * could steer it, or are invisible - controls, marks of direction - are written
 * as \uXXXX, and a byte that is not UTF-8 as \xNN. */
#ifndef LATCHKEY_PRINT_H
#define LATCHKEY_PRINT_H

#include <stdio.h>

/* Prints a text, or a part of a line. */
void print_text(FILE *out, const char *text);

/* Prints a line; the format is printf(3)'s, without the newline. */
void print_line(FILE *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints a row of a list on standard output: texts with a tab between them, "-"
 * for an empty one. NULL comes after the last. */
void print_row(const char *first, ...) __attribute__((sentinel));

#endif
