/* bdb-fit.h - whether the files of a Berkeley DB directory are of one time.
 *
 * libdb would recover from whatever files are there. Where a backup was copied
 * over newer files it would go by the wrong end of the log. It would lose what
 * was acknowledged, or stop for good.
 *
 * The module looks at the files themselves, while libdb is closed or cannot
 * tell. It knows the format of the files, and nothing of libdb's handles. */
#ifndef LATCHKEY_BDB_FIT_H
#define LATCHKEY_BDB_FIT_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the files are of one time. Inside the gate, after a checkpoint has
 * written what was open. Returns false if they are not, or if they cannot be
 * read; the log then has the files and what to do. The files that a death or a
 * power loss leaves always fit: a log file that was begun and is empty, a torn
 * end of the log.
 *
 * With `pages` the pages of the data files are read, too, which takes as long
 * as reading those files. That is for a directory that was copied or
 * restored. */
bool bdb_fits(const char *dir, bool pages);

/* The number of the first file of the log; 0: there is none. */
uint32_t bdb_fit_first(const char *dir);

/* Whether the log has a file beyond that one. */
bool bdb_fit_goes_on(const char *dir, uint32_t last);

/* Says in the log that libdb, recovering by all of the log, has found that the
 * files do not fit. */
void bdb_say_misfit(const char *dir);

#endif
