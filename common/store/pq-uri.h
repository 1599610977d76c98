/* pq-uri.h - where a database is: postgresql://USER@HOST/DATABASE?WORD=VALUE
 *
 * libpq reads such a text. What stands here needs no libpq: whether the text
 * can be a setting, and which files libpq will want. */
#ifndef LATCHKEY_PQ_URI_H
#define LATCHKEY_PQ_URI_H

#include <stdbool.h>

enum { PQ_URI_HOSTS = 16 }; /* that one can name */

/* Whether it begins like one. */
bool pq_uri_is(const char *text);

/* NULL if it can be a setting. Else what it would have to be, in words. It may
 * have a password in it then: the log must not get it. */
const char *pq_uri_flaw(const char *uri);

/* The directory of the next file that a good one names (a certificate, a key,
 * passwords), or the directory that it names; `uri` is then the rest. The
 * caller frees. NULL after the last. */
char *pq_uri_next_directory(const char **uri);

#endif
