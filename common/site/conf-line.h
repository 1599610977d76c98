/* conf-line.h - a line of the configuration: `key = value`, how it is read and
 * how it is written so that it is read as the same.
 *
 * A value is what follows the first `=`, blanks around it aside. In double
 * quotes it may have blanks around it, and a `#`; a \ there stands before a ",
 * a \ or a # that is meant. A `#` at the value's beginning, or after a blank,
 * begins a comment.
 *
 * Quotes and comments were a part of the value once, and a setting that takes
 * any text took them: conf.c refuses such a line, with the two that are read
 * in one way only. */
#ifndef LATCHKEY_CONF_LINE_H
#define LATCHKEY_CONF_LINE_H

#include <stdbool.h>

struct conf_line {
	const char *key;  /* NULL: a blank line or a comment */
	const char *all;  /* the value with its quotes and its comment */
	char *value;      /* as it is meant */
	bool escaped;     /* a \ in it says that quotes are quotes */
	const char *flaw; /* why `value` is not, or NULL */
};

/* Reads a line, which is written over. False if it is not `key = value`. Ended
 * by conf_line_end(). */
bool conf_line_read(struct conf_line *line, char *text);
void conf_line_end(struct conf_line *line);

/* The value as it can stand in a line: in quotes where it has to. The caller
 * frees. */
char *conf_line_write(const char *value);

#endif
