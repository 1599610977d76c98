/* print.h - what the command prints.
 *
 * Strangers have typed much of it: names, what a mail program said, the lines
 * of a file. So everything for a terminal goes through these. Characters that
 * could steer it, or are invisible - controls, marks of direction - are written
 * as \uXXXX, and a byte that is not UTF-8 as \xNN. */
#ifndef LATCHKEY_PRINT_H
#define LATCHKEY_PRINT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Prints a text, or a part of a line. */
void print_text(FILE *out, const char *text);

/* Prints a line; the format is printf(3)'s, without the newline. */
void print_line(FILE *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A text as one word of a shell, for a command that is to be typed; "" and all
 * that is not plain in quotes. It stays good for the next three calls. */
const char *print_word(const char *text);

/* The end of a noun, of which there are so many: "s", or "" of one. */
const char *print_s(uint64_t count);

/* Begins a list on standard output, whose columns are called so; NULL comes
 * after the last. A terminal gets a line of these. With `json` each row is an
 * object of texts, on a line of its own. */
void print_list(const char *const columns[], bool json);

/* Prints a row of it: texts with a tab between them, "-" for an empty one. NULL
 * comes after the last. */
void print_row(const char *first, ...) __attribute__((sentinel));

/* Prints an object as a line on standard output, and puts it. */
void print_json(struct json_object *object);

/* Clears the terminal that standard output is. */
void print_clear(void);

/* --- a bar on the terminal, for a command that takes long --------------- */

struct print_bar {
	const char *what;
	bool shown; /* standard error is a terminal */
	uint64_t total;
	uint64_t begun, drawn; /* milliseconds */
};

/* Begins a bar of `total` steps. Without a terminal nothing is shown. */
void print_bar_begin(struct print_bar *bar, const char *what, uint64_t total);

/* Shows how far it is, how quick, and how long it will still take, at a rate
 * that people can read. */
void print_bar_show(struct print_bar *bar, uint64_t done);

/* Removes the bar: before a line of text, and at the end. */
void print_bar_hide(struct print_bar *bar);

#endif
