/* progress.h - a bar on the terminal, for what takes long; so far `latchkey
 * import` */
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

/* Begins one, of `total` steps. Without a terminal nothing is ever shown. */
void progress_begin(
	struct progress *progress, const char *what, uint64_t total);

/* Shows how far it is, how quick, and how long it will take; not more often
 * than can be read. */
void progress_show(struct progress *progress, uint64_t done);

/* Takes the bar away: before a line of text, and at the end. */
void progress_hide(struct progress *progress);

#endif
