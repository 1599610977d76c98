/* import-convert.h - a file of another system made into lines of
 * `latchkey import` */
#ifndef LATCHKEY_IMPORT_CONVERT_H
#define LATCHKEY_IMPORT_CONVERT_H

#include "import-map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct convert {
	const struct map_format *format;
	const struct reader_kind *kind;
	/* Says something of a record, by its number and name; `bad`: it is left
	 * out. */
	void (*say)(void *context, uint64_t number, const char *name,
		const char *text, bool bad);
	/* Says how much of the file has been read, bytes; false: that is
	 * enough. */
	bool (*go_on)(void *context, uint64_t bytes);
	void *context;

	char *unread;      /* map_unread() of the first record */
	uint64_t records;  /* that were read */
	uint64_t others;   /* records that are not of accounts */
	uint32_t *numbers; /* of the records that have become lines */
	size_t count, room;
	const char *flaw; /* why the file was not read to its end; NULL */
};

/* Reads the files from their beginnings, and writes a line for each account.
 * `passwd` is NULL for none. False, and `flaw` says why, if it could not be
 * done to the end. In any case the caller ends it with convert_end(). */
bool convert(struct convert *convert, FILE *from, FILE *passwd, FILE *to);
void convert_end(struct convert *convert);

#endif
