/* database.h - what an operator wants to know of a store in PostgreSQL: how its
 * servers are, and what is wrong with them */
#ifndef LATCHKEY_DATABASE_H
#define LATCHKEY_DATABASE_H

#include "finding.h"
#include "site/site.h"
#include "store/servers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct database {
	const struct site *site;
	struct servers servers;
	/* the one that takes changes, on the newest timeline of those that do;
	 * NULL: none does */
	const struct server *primary;
};

/* Asks all servers of a store that is a database. The caller ends with
 * database_free(). */
void database_look(const struct site *site, struct database *database);
void database_free(struct database *database);

/* Whether the programs can use it: there is a primary, with tables of ours. */
bool database_serves(const struct database *database);

/* How many bytes it has, as the first server says that answers; 0: none does.
 */
uint64_t database_bytes(const struct database *database);

/* Whether the server takes changes. */
bool database_is_primary(const struct server *server);

/* A check: it adds each fault that it finds. */
typedef void database_check(
	const struct database *database, struct findings *found);

/* All of them, a name of one word for each; NULL comes after the last. */
extern const struct database_check_of {
	const char *name;
	database_check *look;
	bool of_primary; /* there is nothing to look at without one */
} database_checks[];

/* Whether there is what the check looks at. */
bool database_shows(
	const struct database *database, const struct database_check_of *check);

/* The process that has the lock of those that write, and for how long, 0 if
 * that is not known; NULL: none has it. */
const struct json_object *database_holder(
	const struct database *database, int64_t *ms);

#endif
