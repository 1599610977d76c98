/* pq-hosts.h - the servers that a URI names, and which of them is the primary;
 * for store-pq.c alone */
#ifndef LATCHKEY_PQ_HOSTS_H
#define LATCHKEY_PQ_HOSTS_H

#include "store/pq-link.h"

struct pq_hosts;

enum {
	PQ_HOSTS_MS = 2000,    /* how long one of them has to answer, */
	PQ_HOSTS_ALL_MS = 3000 /* and all of them */
};

/* Reads postgresql://USER@HOST:PORT,HOST:PORT/DATABASE?PARAMETER=... Hosts that
 * are names get their addresses here, once: before the sandbox, and before a
 * request waits for them. A name that gets none is said in the log, and is a
 * server that cannot be had. `passfile` has the password if it is not NULL.
 * Removes what libpq would go by from the environment, but for PGPASSFILE.
 * libpq must be loaded. The caller frees. NULL, said in the log without the
 * URI, if it is none. */
struct pq_hosts *pq_hosts_new(const char *uri, const char *passfile);
void pq_hosts_free(struct pq_hosts *hosts);

/* "database NAME": for the log. */
const char *pq_hosts_name(const struct pq_hosts *hosts);

/* The user that the URI names; NULL: none. */
const char *pq_hosts_user(const struct pq_hosts *hosts);

/* A parameter of the URI; NULL: it has none. The file that has the password;
 * NULL: libpq's own. */
const char *pq_hosts_option(const struct pq_hosts *hosts, const char *keyword);
const char *pq_hosts_passfile(const struct pq_hosts *hosts);

/* How many servers there are, a name counting once for each of its addresses.
 * Of one of them: which of the URI's hosts it is, the same for a name's
 * addresses; "HOST:PORT", which the caller frees, or the same with the address
 * that the host has; and whether the way to it is a network. */
int pq_hosts_count(const struct pq_hosts *hosts);
int pq_hosts_place(const struct pq_hosts *hosts, int at);
char *pq_hosts_label(const struct pq_hosts *hosts, int at, bool by_address);
bool pq_hosts_is_remote(const struct pq_hosts *hosts, int at);

/* Connects to that server, whatever it is; false as below. */
bool pq_hosts_try(
	const struct pq_hosts *hosts, int at, struct pq_link *link, int ms);

/* Connects to the server that can be written to, which is tried first where it
 * was last, unless `link` is what is left of a connection that had no answer in
 * time. Where there is none: to one that can be read, unless `to_write` is set.
 * Takes until then (tick_now()), with one server PQ_HOSTS_MS at most; the next
 * call goes on with those that this one had no time for. False, said in the
 * log, if there is none. */
bool pq_hosts_connect(struct pq_hosts *hosts, struct pq_link *link,
	bool to_write, int64_t until);

/* Whether it is time to look up the names anew, which takes another process: no
 * server can be written to, and the addresses are of a while ago. */
bool pq_hosts_are_outdated(const struct pq_hosts *hosts);

#endif
