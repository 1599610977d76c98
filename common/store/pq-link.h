/* pq-link.h - one connection to a server of PostgreSQL: statements are sent one
 * after the other without a wait, and their answers are read when one of them
 * is needed. Each wait has a deadline; for the store on PostgreSQL alone. */
#ifndef LATCHKEY_PQ_LINK_H
#define LATCHKEY_PQ_LINK_H

#include "store/pq.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum { PQ_LINK_WHY_SIZE = 200 };

/* A statement that each connection prepares. */
struct pq_statement {
	const char *name, *sql;
	int count; /* of its parameters */
};

/* A parameter: bytes, which need no end. Numbers are texts, too. */
struct pq_text {
	const char *text;
	size_t length;
};

/* Where the answer to a statement is put. It belongs to the caller, and stays
 * until the answer is here or pq_link_forget() was called. */
struct pq_answer {
	PGresult *result; /* NULL: not here yet; the caller clears */
	uint64_t number;
	STAILQ_ENTRY(pq_answer) next;
};
STAILQ_HEAD(pq_answers, pq_answer);

/* All zero but for `name`: closed. */
struct pq_link {
	const char *name; /* for the log; the owner's */
	PGconn *conn;
	bool read_only;          /* the server is a standby */
	bool broken;             /* it is of no use any more, */
	bool late;               /* since it had no answer in time */
	int64_t deadline;        /* tick_now() */
	int64_t used;            /* when an end was last sent */
	uint64_t sent, answered; /* statements */
	unsigned ends;           /* sent, and not answered */
	bool open;               /* something was sent since the last end: */
	size_t endless;          /* so many bytes, roughly */
	uint64_t trips;          /* waits, in all */
	struct pq_answers awaited;
	char state[6];              /* SQLSTATE of the first error; "" */
	const char *expected;       /* one that is not said in the log; NULL */
	bool quiet;                 /* none is: the caller knows `why` */
	char why[PQ_LINK_WHY_SIZE]; /* the words of the last error; "" */
};

/* Connects to one server by `deadline`. False, said in the log, if that fails,
 * or if the server is older than version 14. */
bool pq_link_open(struct pq_link *link, const char *const *keywords,
	const char *const *values);
void pq_link_close(struct pq_link *link);

/* Whether the connection can be used, as far as the kernel knows. Reads what
 * has come meanwhile. One that was in use just now is not looked at. */
bool pq_link_is_alive(struct pq_link *link);

/* How many bytes it takes to send that, roughly. */
size_t pq_link_size(
	const struct pq_statement *statement, const struct pq_text *parameters);

/* Sends a prepared statement, or a text without parameters, into the buffer.
 * `answer` may be NULL: then it matters only whether the statement fails. */
void pq_link_send(struct pq_link *link, const struct pq_statement *statement,
	const struct pq_text *parameters, struct pq_answer *answer);
void pq_link_send_sql(
	struct pq_link *link, const char *sql, struct pq_answer *answer);
void pq_link_prepare(
	struct pq_link *link, const struct pq_statement *statement);

/* The end of what belongs together: after an error the server passes over all
 * up to here. */
void pq_link_send_end(struct pq_link *link);

/* Has all that was sent go out, without a wait if the socket takes it. */
void pq_link_push(struct pq_link *link);

/* Waits until all statements, and with `ends` all ends, are answered. False,
 * said in the log by `what` was tried: a statement has failed, and `state` says
 * how; or the link is broken. */
bool pq_link_wait(struct pq_link *link, const char *what);

/* After an error: waits for the end of what was sent. The link can be used
 * again, or is broken. */
void pq_link_settle(struct pq_link *link);

/* Nothing more is put into answers of the caller. */
void pq_link_forget(struct pq_link *link);

#endif
