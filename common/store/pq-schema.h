/* pq-schema.h - the tables in the database: how they are made, and which
 * version of them is there; for the store on PostgreSQL alone */
#ifndef LATCHKEY_PQ_SCHEMA_H
#define LATCHKEY_PQ_SCHEMA_H

#include "store/pq-link.h"

enum { PQ_SCHEMA_VERSION = 1 };

/* Makes the tables where there are none, and brings those of an older version
 * to ours: all or nothing, by the link's deadline. `role` is then permitted
 * what the programs need, and nothing more; NULL: the programs are the tables'
 * owner. False, said in the log, if that fails, or if the tables are of a newer
 * version. */
bool pq_schema_make(struct pq_link *link, const char *role);

/* Asks for the version of the tables, and waits. False, said in the log with
 * the command to run, if it is another one than ours. */
bool pq_schema_fits(struct pq_link *link);

#endif
