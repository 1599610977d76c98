/* pq-schema.h - the tables in the database: how they are made, and which
 * version of them is there; for the store on PostgreSQL alone */
#ifndef LATCHKEY_PQ_SCHEMA_H
#define LATCHKEY_PQ_SCHEMA_H

#include "store/pq-link.h"

enum { PQ_SCHEMA_VERSION = 1, PQ_SCHEMA_MOST = 32 };

/* The statements that make the tables where there are none, all or nothing.
 * `role` is then permitted what the programs need, and nothing more; NULL: the
 * programs are the tables' owner. NULL ends them. The caller frees each. */
void pq_schema_statements(const char *role, char *each[PQ_SCHEMA_MOST]);

/* Asks for the version of the tables, and waits. False, said in the log with
 * the command to run, if it is another one than ours. */
bool pq_schema_fits(struct pq_link *link);

#endif
