/* bdb-log.h - the log of a Berkeley DB directory, as its files have it.
 *
 * It is a chain: each file begins with the place of the last record in the one
 * before. libdb takes whatever files are there for one log. */
#ifndef LATCHKEY_BDB_LOG_H
#define LATCHKEY_BDB_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in the log (libdb's LSN); one of file 0 is none. */
struct bdb_place {
	uint32_t file, offset;
};

bool bdb_place_is_before(struct bdb_place one, struct bdb_place other);

enum { BDB_LOG_NAME = 24 };
const char *bdb_log_name(char name[BDB_LOG_NAME], uint32_t number);

/* Its files by their numbers, in order. Those at the end that have nothing in
 * them yet are left out, as libdb does: they were made, and then there was a
 * death or a power loss. */
struct bdb_log {
	const char *dir; /* the caller's */
	uint32_t *numbers;
	size_t count;
	int error; /* a file could not be read, which the log says; 0: all */
};

/* The caller ends it with bdb_log_free(), whatever came of it. */
void bdb_log_list(struct bdb_log *log, const char *dir);
void bdb_log_free(struct bdb_log *log);

/* Whether there is more of it beyond that file. */
bool bdb_log_goes_on(const char *dir, uint32_t last);

/* What does not fit among the files, and what to do; the caller frees. NULL if
 * they are one log. */
char *bdb_log_misfit(struct bdb_log *log);

/* Behind the last good record, where libdb finds the end; what follows was
 * torn. */
struct bdb_place bdb_log_end(struct bdb_log *log);

#endif
