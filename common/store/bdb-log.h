/* bdb-log.h - the log of a Berkeley DB directory, as its files have it.
 *
 * The log is a chain: each file begins with the place of the last record in the
 * file before. libdb takes whatever files are there for one log. */
#ifndef LATCHKEY_BDB_LOG_H
#define LATCHKEY_BDB_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in the log (libdb's LSN); one in file 0 is no place. */
struct bdb_place {
	uint32_t file, offset;
};

bool bdb_place_is_before(struct bdb_place one, struct bdb_place other);

enum { BDB_LOG_NAME = 24 };
const char *bdb_log_name(char name[BDB_LOG_NAME], uint32_t number);

/* The log's files by their numbers, in order. Empty files at the end are left
 * out, as libdb does: they were made just before a death or a power loss. */
struct bdb_log {
	const char *dir; /* the caller's */
	uint32_t *numbers;
	size_t count;
	int error; /* errno of a file that could not be read, which the log
		    * names; 0: all could */
};

/* The caller ends it with bdb_log_free(), whatever came of it. */
void bdb_log_list(struct bdb_log *log, const char *dir);
void bdb_log_free(struct bdb_log *log);

/* Whether the log has a file beyond that one. */
bool bdb_log_goes_on(const char *dir, uint32_t last);

/* Says what does not fit among the files, and what to do; the caller frees the
 * text. NULL if they are one log. */
char *bdb_log_misfit(struct bdb_log *log);

/* The place behind the last good record, which libdb takes for the end, too.
 * What follows was torn. */
struct bdb_place bdb_log_end(struct bdb_log *log);

#endif
