/* pq-link.c - one connection to a server of PostgreSQL
 *
 * libpq's own waits have no time limit, so none of them is called: it is in the
 * non-blocking mode, and wait_for() is the only place that waits. A statement
 * that takes longer than its deadline is not cancelled: a cancelled COMMIT may
 * say that it was done, and be gone with the server. The connection is closed
 * instead. */
#include "config.h"

#include "store/pq-link.h"

#include "base/log.h"
#include "base/tick.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum {
	MIN_VERSION = 140000,
	JUST_NOW_MS =
		100 /* for which nobody looks whether the server is there */
};

/* --- waiting ------------------------------------------------------------ */

/* The first line says what it is. */
static void
say(struct pq_link *link, const char *what, const char *why)
{
	snprintf(link->why, sizeof link->why, "%.*s", (int)strcspn(why, "\n"),
		why);
	if (!link->quiet)
		log_error("store: %s: %s: %s", link->name, what, link->why);
}

/* Has the connection end. libpq's words have the server's address, its port and
 * what the server has said, and no password. */
static bool
lose(struct pq_link *link, const char *what, const char *why)
{
	if (!link->broken)
		say(link, what, why);
	link->broken = true;
	return false;
}

static const char *
words(const struct pq_link *link)
{
	const char *text = pq.error(link->conn);

	return text == NULL || text[0] == '\0' ? "no connection" : text;
}

/* Waits until the socket is ready. */
static bool
wait_for(struct pq_link *link, short events, const char *what)
{
	struct pollfd socket = {pq.socket(link->conn), events, 0};
	int64_t left;
	int result;

	do {
		left = link->deadline - tick_now();
		result = poll(&socket, 1, left > 0 ? (int)left : 0);
	} while (result < 0 && errno == EINTR);
	if (result > 0)
		return true;
	link->late = result == 0;
	return lose(link, what,
		result == 0 ? "no answer in time" : strerror(errno));
}

/* --- its beginning and its end ------------------------------------------ */

static void
ignore_notice(void *context, const PGresult *notice)
{
	(void)context;
	(void)notice;
}

/* A standby is read-only, and so is a server whose operator has said so. */
static bool
is_on(const struct pq_link *link, const char *parameter)
{
	const char *value = pq.parameter(link->conn, parameter);

	return value != NULL && strcmp(value, "on") == 0;
}

static bool
begin_pipeline(struct pq_link *link)
{
	if (pq.server_version(link->conn) < MIN_VERSION)
		return lose(
			link, "connect", "the server is older than version 14");
	link->read_only = is_on(link, "in_hot_standby") ||
			  is_on(link, "default_transaction_read_only");
	pq.set_notice(link->conn, ignore_notice, NULL);
	if (pq.set_nonblocking(link->conn, 1) != 0 ||
		pq.enter_pipeline(link->conn) != 1)
		return lose(link, "connect", words(link));
	return true;
}

static bool
make_connection(struct pq_link *link)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	while (state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
		if (!wait_for(link,
			    state == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			    "connect"))
			return false;
		state = pq.connect_poll(link->conn);
	}
	return state == PGRES_POLLING_OK || lose(link, "connect", words(link));
}

bool
pq_link_open(struct pq_link *link, const char *const *keywords,
	const char *const *values)
{
	bool good;

	link->conn = pq.connect(keywords, values, 0);
	link->broken = link->late = false;
	link->sent = link->answered = 0;
	link->ends = 0;
	link->used = 0;
	link->open = false;
	link->endless = 0;
	STAILQ_INIT(&link->awaited);
	good = link->conn != NULL && pq.status(link->conn) != CONNECTION_BAD
		       ? make_connection(link) && begin_pipeline(link)
		       : lose(link, "connect", words(link));
	if (!good)
		pq_link_close(link);
	return good;
}

void
pq_link_close(struct pq_link *link)
{
	if (link->conn == NULL)
		return;
	pq_link_forget(link);
	pq.finish(link->conn);
	link->conn = NULL;
}

void
pq_link_forget(struct pq_link *link)
{
	STAILQ_INIT(&link->awaited);
}

/* A server that ends sends its last words first, and then the end. */
bool
pq_link_is_alive(struct pq_link *link)
{
	struct pollfd socket = {.events = POLLIN};

	if (link->conn == NULL || link->broken)
		return false;
	if (tick_now() - link->used < JUST_NOW_MS)
		return true;
	socket.fd = pq.socket(link->conn);
	while (poll(&socket, 1, 0) > 0)
		if (pq.consume(link->conn) != 1)
			return false;
	return pq.status(link->conn) == CONNECTION_OK;
}

/* --- sending ------------------------------------------------------------ */

/* Counts what libpq has taken. */
static void
count(struct pq_link *link, int sent, struct pq_answer *answer)
{
	if (sent != 1) {
		lose(link, "send", words(link));
		return;
	}
	link->sent++;
	link->open = true;
	if (answer == NULL)
		return;
	answer->result = NULL;
	answer->number = link->sent;
	STAILQ_INSERT_TAIL(&link->awaited, answer, next);
}

/* Each goes with three messages, which have lengths and formats. */
size_t
pq_link_size(
	const struct pq_statement *statement, const struct pq_text *parameters)
{
	enum { AROUND = 64, EACH = 6 };
	size_t size = AROUND;
	int i;

	for (i = 0; i < statement->count; i++)
		size += EACH + parameters[i].length;
	return size;
}

void
pq_link_send(struct pq_link *link, const struct pq_statement *statement,
	const struct pq_text *parameters, struct pq_answer *answer)
{
	enum { MOST = 4 };
	static const int binary[MOST] = {1, 1, 1, 1};
	const char *texts[MOST];
	int lengths[MOST], i;

	if (link->broken)
		return;
	for (i = 0; i < statement->count; i++) {
		texts[i] = parameters[i].text;
		lengths[i] = (int)parameters[i].length;
	}
	count(link,
		pq.send_prepared(link->conn, statement->name, statement->count,
			texts, lengths, binary, 0),
		answer);
	link->endless += pq_link_size(statement, parameters);
}

void
pq_link_send_sql(
	struct pq_link *link, const char *sql, struct pq_answer *answer)
{
	if (!link->broken)
		count(link,
			pq.send_query(
				link->conn, sql, 0, NULL, NULL, NULL, NULL, 0),
			answer);
}

void
pq_link_prepare(struct pq_link *link, const struct pq_statement *statement)
{
	if (!link->broken)
		count(link,
			pq.send_prepare(link->conn, statement->name,
				statement->sql, 0, NULL),
			NULL);
}

void
pq_link_send_end(struct pq_link *link)
{
	if (link->broken)
		return;
	link->open = false;
	link->endless = 0;
	link->used = tick_now();
	if (pq.send_sync(link->conn) == 1)
		link->ends++;
	else
		lose(link, "send", words(link));
}

void
pq_link_push(struct pq_link *link)
{
	if (!link->broken && pq.flush(link->conn) < 0)
		lose(link, "send", words(link));
}

/* --- answers ------------------------------------------------------------ */

/* Keeps the result for the caller that awaits it. */
static void
deliver(struct pq_link *link, PGresult *result)
{
	struct pq_answer *first = STAILQ_FIRST(&link->awaited);

	link->answered++;
	if (first == NULL || first->number != link->answered) {
		pq.clear(result);
		return;
	}
	STAILQ_REMOVE_HEAD(&link->awaited, next);
	first->result = result;
}

/* Says the first error of what belongs together. Its detail may have a record,
 * and stays unsaid. */
static void
note_error(struct pq_link *link, const PGresult *result, const char *what)
{
	const char *state = pq.result_field(result, PG_DIAG_SQLSTATE);
	const char *message = pq.result_field(result, PG_DIAG_MESSAGE_PRIMARY);

	if (state == NULL || pq.status(link->conn) == CONNECTION_BAD) {
		lose(link, what, message == NULL ? words(link) : message);
		return;
	}
	if (link->state[0] != '\0')
		return;
	if (link->expected == NULL || strcmp(state, link->expected) != 0)
		say(link, what, message);
	snprintf(link->state, sizeof link->state, "%s", state);
}

/* Takes a result in hand. */
static void
take(struct pq_link *link, PGresult *result, const char *what)
{
	switch (pq.result_status(result)) {
	case PGRES_PIPELINE_SYNC:
		link->ends--;
		pq.clear(result);
		break;
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		deliver(link, result);
		break;
	case PGRES_PIPELINE_ABORTED:
		deliver(link, NULL);
		pq.clear(result);
		break;
	default:
		note_error(link, result, what);
		deliver(link, NULL);
		pq.clear(result);
	}
}

/* Has libpq read a whole result, and send on meanwhile. */
static bool
has_result(struct pq_link *link, const char *what)
{
	int left;

	do {
		left = pq.flush(link->conn);
		if (left < 0)
			return lose(link, what, words(link));
		if (pq.is_busy(link->conn) == 0)
			return true;
		if (!wait_for(link,
			    (short)(left > 0 ? POLLIN | POLLOUT : POLLIN),
			    what))
			return false;
	} while (pq.consume(link->conn) == 1);
	return lose(link, what, words(link));
}

static bool
is_waiting(const struct pq_link *link)
{
	return !link->broken && (link->answered < link->sent || link->ends > 0);
}

/* A NULL ends the results of each statement. Two of them say that nothing more
 * will come. */
static void
read_all(struct pq_link *link, const char *what)
{
	bool ended = false;
	PGresult *result;

	link->trips++;
	while (is_waiting(link) && has_result(link, what)) {
		result = pq.result(link->conn);
		if (result != NULL)
			take(link, result, what);
		else if (ended)
			lose(link, what, words(link));
		ended = result == NULL;
	}
}

bool
pq_link_wait(struct pq_link *link, const char *what)
{
	link->state[0] = '\0';
	if (link->broken)
		return false;
	/* The server answers at an end by itself. */
	if (link->open && pq.send_flush(link->conn) != 1)
		return lose(link, what, words(link));
	read_all(link, what);
	return !link->broken && link->state[0] == '\0';
}

void
pq_link_settle(struct pq_link *link)
{
	pq_link_forget(link);
	pq_link_send_end(link);
	read_all(link, "settle");
}
