/* store-pq.h - the store in a PostgreSQL database, which several machines may
 * use.
 *
 * What store.h says holds here, too. One unit of work that writes goes on at a
 * time, on all machines, by a lock of the database; those that read see the
 * records of one moment. Secret bytes (STORE_SECRET) stay in a Berkeley DB
 * store on the machine. */
#ifndef LATCHKEY_STORE_PQ_H
#define LATCHKEY_STORE_PQ_H

#include "store/store.h"

struct store_pq_place {
	const char *uri;      /* postgresql://... */
	const char *dir;      /* the site's directory on this machine */
	uint64_t reserve;     /* as of store_new(), for the secrets */
	const char *passfile; /* has the password; NULL: PGPASSFILE, or the
			       * URI's passfile */
	int revocation_ms;    /* how old what is known of the other machines'
			       * changes may be; 0: a second */
};

/* A store there. Loads libpq and looks up the hosts' names, so call it before
 * the sandbox; it does not connect yet. NULL, said in the log without the URI,
 * if there is no libpq, or if the URI is none. */
struct store *store_new_pq(const struct store_pq_place *place);

/* The servers of such a store, for a command that looks at each: the store's
 * own. */
struct pq_hosts *store_pq_hosts(struct store *store);

/* Makes the tables as `owner`, a URI of the same database by the user whom they
 * will belong to, and permits the user of `place` what the programs need. With
 * a NULL owner, the user of `place` makes them for itself. Then tests that the
 * lock keeps out. STATUS_UNAVAILABLE, said in the log, if something fails:
 * nothing was made. */
enum status store_pq_init(
	const struct store_pq_place *place, const char *owner);

#endif
