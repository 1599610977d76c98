/* progress.h - a bar on the terminal, for a command that takes long; so far
 * `latchkey import` */
#ifndef LATCHKEY_PROGRESS_H
#define LATCHKEY_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;
	bool shown; /* standard error is a terminal */
	uint64_t total;
	uint64_t begun, drawn; /* milliseconds */
};

/* Begins a bar of `total` steps. Without a terminal nothing is shown. */
void progress_begin(
	struct progress *progress, const char *what, uint64_t total);

/* Shows how far it is, how quick, and how long it will still take, at a rate
 * that people can read. */
void progress_show(struct progress *progress, uint64_t done);

/* Removes the bar: before a line of text, and at the end. */
void progress_hide(struct progress *progress);

#endif
