/* print.h - what the command prints.
 *
 * Much of it was typed by strangers: names, what a mail program said, the lines
 * of a file. So nothing goes to a terminal but by these. What could steer it,
 * or cannot be seen - controls, marks of direction, invisible characters - is
 * written as \uXXXX, and a byte that is no UTF-8 as \xNN. */
#ifndef LATCHKEY_PRINT_H
#define LATCHKEY_PRINT_H

#include <stdio.h>

/* A text, or a part of a line. */
void print_text(FILE *out, const char *text);

/* A line, its text as by printf(3) but for its end. */
void print_line(FILE *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A row of a list on standard output: texts with a tab between them, "-" for an
 * empty one. NULL comes after the last. */
void print_row(const char *first, ...) __attribute__((sentinel));

#endif
