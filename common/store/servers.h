/* servers.h - each server of a store in PostgreSQL, asked by itself: for
 * commands that tell how these are, and never for a request.
 *
 * A request asks one server, the one that may be written. Which others there
 * are, and whether two of them would take a change, shows here alone. */
#ifndef LATCHKEY_SERVERS_H
#define LATCHKEY_SERVERS_H

#include "store/pq-uri.h"
#include "store/store.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

enum { SERVERS_MOST = PQ_URI_HOSTS, SERVERS_WHY_SIZE = 200 };

/* A server of the setting, in its order. */
struct server {
	int at;                     /* in pq-hosts.h */
	char *name;                 /* its host, and port; the address of a host
				     * that is the name of several servers */
	bool remote;                /* the way to it is a network */
	char why[SERVERS_WHY_SIZE]; /* why it cannot be had, in libpq's words;
				     * "": it can */
	bool tls;                   /* the connection had it */
	struct json_object *said;   /* what `sql` has selected; NULL: nothing */
	double before, after; /* this machine's clock, when it was asked and
			       * has answered: seconds since 1970 */
};

struct servers {
	struct server each[SERVERS_MOST];
	size_t count;
	const char *sslmode;  /* how libpq is to trust them; the store's */
	const char *passfile; /* NULL: none is named */
};

/* Asks each server: two seconds to connect, and three to answer. `sql` selects
 * one text, a JSON object, whose member "server" is a text that no other server
 * has. Addresses of one name that lead to one server are one, and an address
 * that does not answer is none where another one of its name does. The caller
 * ends with servers_free(). */
void servers_ask(struct store *store, const char *sql, struct servers *servers);

/* Whether both have answered, and are one server under two names. */
bool servers_are_one(const struct server *server, const struct server *other);
void servers_free(struct servers *servers);

#endif
