/* bdb-fit.h - whether the files of a Berkeley DB directory are of one time.
 *
 * libdb would recover from whatever is there. Where a backup was copied over
 * newer files it would go by the wrong end of the log, and lose what was
 * acknowledged, or stop for good.
 *
 * It looks at the files themselves, while libdb is closed or does not know: it
 * knows their format, and nothing of libdb's handles. */
#ifndef LATCHKEY_BDB_FIT_H
#define LATCHKEY_BDB_FIT_H

#include <stdbool.h>
#include <stdint.h>

/* Whether they are; inside the gate, and what is open has been written by a
 * checkpoint. False, with the files and what to do in the log, if not, or if
 * they cannot be read. What a death or a power loss leaves always fits: a log
 * file that was begun and has nothing in it yet, an end that was torn.
 *
 * To look at the pages, too, takes as long as to read the data files: `pages`
 * is for a directory that was copied or restored. */
bool bdb_fits(const char *dir, bool pages);

/* Whether there is more of the log beyond that file. */
bool bdb_fit_goes_on(const char *dir, uint32_t last);

/* Says that libdb has found, by all of the log, that they do not fit. */
void bdb_say_misfit(const char *dir);

#endif
