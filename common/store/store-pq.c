/* store-pq.c - the store in a PostgreSQL database: its units of work, and the
 * records in them
 *
 * A unit that writes takes the lock of all writers by a statement of its own.
 * PostgreSQL takes a statement's snapshot before the statement runs: a lock in
 * the same statement as a read, or a transaction with one snapshot for all of
 * its statements, would wait and then read what was there before the wait. So
 * units that write are READ COMMITTED, and see what the unit before them has
 * committed. Units that read take no lock, and are REPEATABLE READ, so that
 * they see one moment.
 *
 * Statements go out without a wait for their answers. The beginning, the mark
 * and the lock travel with the first read, changes with the next read or the
 * commit. */
#include "config.h"

#include "store/store-pq.h"

#include "base/counters.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "store/pq-ahead.h"
#include "store/pq-hosts.h"
#include "store/pq-link.h"
#include "store/pq-page.h"
#include "store/pq-schema.h"
#include "store/store-ops.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	STATEMENT_MS = 3000, /* longer than another's unit keeps the lock */
	MAKE_MS = 600000,    /* for the tables */
	RESOLVE_MS = 5000,   /* for what has become of a commit */
	RETRY_MS = 100,
	QUIET_MS = 60000,
	REVOCATION_MS = 1000,
	STANDBY_MS = 5000, /* how long a reader makes do with a standby */
	NUMBER_SIZE = 24
};

struct store_pq {
	struct store common;
	struct store *local; /* for STORE_SECRET */
	struct pq_hosts *hosts;
	struct pq_link link;
	struct pq_page *page;
	int64_t revocation_ms;
	int wait_ms;              /* 0: as usual */
	int64_t quiet_until;      /* a poll has said that it fails */
	int64_t connected;        /* when */
	char client[NUMBER_SIZE]; /* this process, in `outcome`; "": not yet */
	uint64_t never; /* how many numbers of stale pages were given */

	/* the unit of work */
	bool begun;  /* its BEGIN was sent */
	bool locked; /* an answer has come, so the lock was had */
	bool wrote;
	bool within;      /* a unit of the local store is open */
	int64_t since;    /* when it began: as old as what it sees may be */
	uint64_t entered; /* the same, microseconds */
	uint64_t held;    /* by the last one */
	uint64_t trips;   /* of the link, before it */
	bool stale;       /* the page was, when it began */
	char unit[NUMBER_SIZE]; /* its number */
	uint64_t count;   /* the page's, when it began */
	int64_t number;
	bool asked; /* for the database's number */
	bool told;  /* it has come, and the page knows */
	bool same;  /* it is the page's number of before */
	struct pq_answer generation;
	struct pq_ahead ahead;
};

/* clang-format off */
enum statement {
	BEGIN, LOCK, PATIENCE, GENERATION,
	GET, NEXT, FROM, NAMED, PUT, NEW, ADD, REMOVE, REMOVE_UNDER,
	MOVE, MARK, TIDY, COMMIT, FLUSH, ROLLBACK, OUTCOME,
	STATEMENTS
};
static const struct pq_statement statements[STATEMENTS] = {
	[BEGIN] = {"begin",
		"begin isolation level read committed read write", 0},
	[LOCK] = {"lock", "select pg_advisory_xact_lock(7155, "
		"'generation'::regclass::oid::integer)", 0},
	[PATIENCE] = {"patience",
		"select set_config('lock_timeout', $1::text, true)", 1},
	[GENERATION] = {"generation", "select n, exists (select from records "
		"where kind = 'param' and key = '" STORE_MOVED "') "
		"from generation", 0},
	[GET] = {"get",
		"select doc from records where kind = $1 and key = $2", 2},
	[NEXT] = {"next", "select key, doc from records "
		"where kind = $1 and key > $2 order by key "
		"limit $3::text::bigint", 3},
	[FROM] = {"from", "select key, doc from records "
		"where kind = $1 and key >= $2 order by key "
		"limit $3::text::bigint", 3},
	[NAMED] = {"named", "select one.doc, one.key, one.named, other.doc "
		"from (select key, doc, doc ->> $3::text as named "
		"from records where kind = $1 and key >= $2 "
		"order by key limit 1) as one left join records as other "
		"on other.kind = $4 and other.key = one.named", 4},
	[PUT] = {"put", "insert into records values ($1, $2, $3) "
		"on conflict (kind, key) do update set doc = excluded.doc", 3},
	[NEW] = {"new", "insert into records values ($1, $2, $3)", 3},
	[ADD] = {"add", "insert into records values ($1, $2, $3) "
		"on conflict do nothing", 3},
	[REMOVE] = {"remove",
		"delete from records where kind = $1 and key = $2", 2},
	[REMOVE_UNDER] = {"remove-under", "delete from records "
		"where kind = $1 and key > $2 and key < $3 and key <> $4", 4},
	/* A process's row: the unit of work that it has committed last. */
	[MARK] = {"mark", "insert into outcome "
		"values ($1, $2::text::bigint, now()) on conflict (client) "
		"do update set unit = excluded.unit, at = excluded.at", 2},
	[MOVE] = {"move",
		"update generation set n = $1::text::bigint", 1},
	/* One that is in use is not waited for: its unit may be waiting for
	 * the lock, or have it. */
	[TIDY] = {"tidy", "delete from outcome where client in ("
		"select client from outcome "
		"where at < now() - interval '10 minutes' "
		"for update skip locked)", 0},
	[COMMIT] = {"commit", "commit", 0},
	[FLUSH] = {"flush", "select "
		"set_config('synchronous_commit', 'on', true), "
		"pg_logical_emit_message(true, 'latchkey', '')", 0},
	[ROLLBACK] = {"rollback", "rollback", 0},
	[OUTCOME] = {"outcome", "select from outcome "
		"where client = $1 and unit = $2::text::bigint", 2},
};
/* clang-format on */

/* A session's settings, whatever the role's or the server's are. A lock that is
 * waited for longer is another unit's that hangs, which ends by the second
 * one. No statement has a time limit of the server's: it would cancel a COMMIT
 * that waits for a standby, and the change could be lost after it was said to
 * be done. For the same reason the server must not look whether the client is
 * still there. A plan for all values of the parameters is made once. It goes by
 * the index, in the order of the keys: the tables may have been empty when it
 * was made, or a walk's first rows look like a tenth of all. A commit leaves the
 * flush to FLUSH. */
static const char settings[] =
	"select set_config('lock_timeout', '2s', false), "
	"set_config('idle_in_transaction_session_timeout', '3s', false), "
	"set_config('statement_timeout', '0', false), "
	"set_config('client_connection_check_interval', '0', false), "
	"set_config('default_transaction_isolation', 'repeatable read', "
	"false), "
	"set_config('plan_cache_mode', 'force_generic_plan', false), "
	"set_config('enable_seqscan', 'off', false), "
	"set_config('enable_bitmapscan', 'off', false), "
	"set_config('synchronous_commit', 'off', false)";

static struct store_pq *
own(struct store *common)
{
	return (struct store_pq *)common;
}

static struct pq_text
text_of(const char *text)
{
	return (struct pq_text){text, strlen(text)};
}

/* The server's clock for idle transactions runs from an end on, and libpq sends
 * by itself what has come to 8 kB. So an end goes out before that: a process
 * that is stopped afterwards would keep the lock. */
static void
send_statement(struct store_pq *store, enum statement which,
	const struct pq_text *parameters, struct pq_answer *answer)
{
	enum { ENDLESS = 4096 };
	const struct pq_statement *statement = &statements[which];

	if (store->common.mode == STORE_WRITE && store->link.open &&
		store->link.endless + pq_link_size(statement, parameters) >
			ENDLESS)
		pq_link_send_end(&store->link);
	pq_link_send(&store->link, statement, parameters, answer);
	if (store->common.mode == STORE_WRITE && store->link.endless > ENDLESS)
		pq_link_send_end(&store->link);
}

/* A random number that is at least 0, as a text. */
static void
draw_number(char number[NUMBER_SIZE])
{
	uint64_t random;

	randombytes_buf(&random, sizeof random);
	snprintf(number, NUMBER_SIZE, "%" PRIu64, random >> 1);
}

/* --- connecting --------------------------------------------------------- */

static int
patience(const struct store_pq *store, int usual)
{
	return store->wait_ms > 0 && store->wait_ms < usual ? store->wait_ms
							    : usual;
}

/* Asks for the tables' version first: without the tables no statement can be
 * prepared. */
static bool
set_up(struct store_pq *store, int64_t until)
{
	struct pq_link *link = &store->link;
	int i;

	link->deadline = until;
	if (!pq_schema_fits(link))
		return false;
	pq_link_send_sql(link, settings, NULL);
	for (i = 0; i < STATEMENTS; i++)
		pq_link_prepare(link, &statements[i]);
	pq_link_send_end(link);
	return pq_link_wait(link, "prepare");
}

static void
disconnect(struct store_pq *store)
{
	pq_link_close(&store->link);
}

/* Whether the connection serves a unit of that mode. A standby does for
 * reading, for a while. */
static bool
is_connected(struct store_pq *store, bool to_write)
{
	return pq_link_is_alive(&store->link) &&
	       (!store->link.read_only ||
		       (!to_write &&
			       tick_now() - store->connected < STANDBY_MS));
}

static bool
ensure_link(struct store_pq *store, bool to_write)
{
	int64_t until = tick_now() + patience(store, PQ_HOSTS_ALL_MS);
	bool good;

	if (is_connected(store, to_write))
		return true;
	disconnect(store);
	good = pq_hosts_connect(store->hosts, &store->link, to_write, until);
	if (good && !set_up(store, until)) {
		disconnect(store);
		good = false;
	}
	store->connected = tick_now();
	counters_add(
		good ? COUNTER_DATABASE_CONNECTS : COUNTER_DATABASE_FAILURES,
		1);
	return good;
}

/* --- waiting for answers ------------------------------------------------ */

static bool
is_true(const PGresult *row, int column)
{
	return strcmp(pq.value(row, 0, column), "t") == 0;
}

/* Tells the page of the database's number. A standby may be cut off from the
 * primary: what it says is not known to be of now. */
static void
note_generation(struct store_pq *store)
{
	PGresult *row = store->generation.result;
	int64_t number;

	if (row == NULL || store->told || pq.rows(row) != 1)
		return;
	number = strtoll(pq.value(row, 0, 0), NULL, 10);
	store->told = true;
	store->same = number == store->number;
	pq_page_saw(
		store->page, number, store->link.read_only ? 0 : store->since);
}

/* A copy of all records was begun: this store must not change any more. */
static enum status
check_moved(struct store_pq *store)
{
	const PGresult *row = store->generation.result;

	if (store->common.mode == STORE_READ || store->common.moves ||
		row == NULL || pq.rows(row) != 1 || !is_true(row, 1))
		return STATUS_OK;
	store->common.failed = true;
	store_say_moved(store->link.name);
	return STATUS_UNAVAILABLE;
}

/* A server that has become a standby is of no more use for writing. */
static enum status
fail(struct store_pq *store)
{
	static const char read_only[] = "25006";

	store->common.failed = true;
	if (strcmp(store->link.state, read_only) == 0)
		store->link.broken = true;
	return STATUS_UNAVAILABLE;
}

/* Waits for the answers to all that was sent. `what` was tried. The server's
 * clock for idle transactions runs from an end on, so a unit that has the lock
 * waits at ends alone. */
static enum status
wait_for_all(struct store_pq *store, const char *what)
{
	store->link.deadline = tick_now() + patience(store, STATEMENT_MS);
	if (store->common.mode == STORE_WRITE)
		pq_link_send_end(&store->link);
	if (!pq_link_wait(&store->link, what))
		return fail(store);
	store->locked = true;
	note_generation(store);
	return check_moved(store);
}

/* --- the beginning of a unit -------------------------------------------- */

static void
ask_generation(struct store_pq *store)
{
	if (!store->asked)
		send_statement(store, GENERATION, NULL, &store->generation);
	store->asked = true;
}

static void
send_patience(struct store_pq *store)
{
	char ms[NUMBER_SIZE];
	struct pq_text parameter = {ms, 0};

	if (store->wait_ms == 0)
		return;
	parameter.length =
		(size_t)snprintf(ms, sizeof ms, "%d", store->wait_ms);
	send_statement(store, PATIENCE, &parameter, NULL);
}

/* This process and its unit, as `outcome` has them. */
static void
mark_of(const struct store_pq *store, struct pq_text mark[2])
{
	mark[0] = text_of(store->client);
	mark[1] = text_of(store->unit);
}

/* The number that tells afterwards that this unit was committed. The first one
 * of a process deletes what processes of long ago have left. Both come before
 * the lock, while another unit has it: the row is this process's alone. */
static void
send_mark(struct store_pq *store)
{
	struct pq_text mark[2];

	if (store->client[0] == '\0') {
		draw_number(store->client);
		send_statement(store, TIDY, NULL, NULL);
	}
	draw_number(store->unit);
	mark_of(store, mark);
	send_statement(store, MARK, mark, NULL);
}

/* Sends what opens the unit, once. To the server, a reading unit is all that
 * comes before the next end; the session's default gives it one snapshot. The
 * number is read under the lock, so that a unit that writes never goes by an
 * old one. */
static void
send_begin(struct store_pq *store)
{
	if (store->begun)
		return;
	store->begun = true;
	if (store->common.mode == STORE_READ) {
		if (store->stale)
			ask_generation(store);
		return;
	}
	send_statement(store, BEGIN, NULL, NULL);
	send_patience(store);
	send_mark(store);
	send_statement(store, LOCK, NULL, NULL);
	ask_generation(store);
}

/* What the page says is noted before the snapshot: a change that comes in
 * between moves the page. A number that will soon be too old is read again in
 * passing. */
static void
look_at_page(struct store_pq *store)
{
	store->since = tick_now();
	store->entered = tick_us();
	store->count = pq_page_count(store->page);
	store->number = pq_page_number(store->page);
	store->stale = !pq_page_is_fresh(store->page, store->revocation_ms / 2);
	store->asked = store->told = store->same = false;
	store->generation.result = NULL;
}

static enum status
op_begin(struct store *common, enum store_mode mode)
{
	struct store_pq *store = own(common);
	bool to_write = mode == STORE_WRITE;

	store->trips = store->link.trips;
	if (!pq_page_map(store->page) || !ensure_link(store, to_write))
		return STATUS_UNAVAILABLE;
	look_at_page(store);
	store->begun = store->locked = store->wrote = false;
	common->mode = mode == STORE_READ || store->link.read_only
			       ? STORE_READ
			       : STORE_WRITE;
	return STATUS_OK;
}

/* --- secrets ------------------------------------------------------------ */

/* Enters the local store: to write for the rest of the unit, and to read for
 * that one record. The database's lock comes first: a process that held the
 * local store and waited for the lock, or for an answer without it, would keep
 * out the one that has it. */
static enum status
enter_local(struct store_pq *store)
{
	bool reads = store->common.mode == STORE_READ;
	enum status status = STATUS_OK;

	if (store->within)
		return STATUS_OK;
	if (!reads && !store->locked) {
		send_begin(store);
		status = wait_for_all(store, "lock");
	}
	if (status == STATUS_OK)
		status = store_begin(store->local,
			reads ? STORE_READ : STORE_WRITE_ELSE_READ);
	store->within = status == STATUS_OK;
	store->common.failed = store->common.failed || !store->within;
	return status;
}

static void
leave_local(struct store_pq *store)
{
	if (store->within)
		store_abort(store->local);
	store->within = false;
}

/* A secret has been read. */
static enum status
leave_local_read(struct store_pq *store, enum status status)
{
	if (store->common.mode == STORE_READ)
		leave_local(store);
	return status;
}

/* The same to change a secret. */
static enum status
enter_local_to_write(struct store_pq *store)
{
	enum status status = enter_local(store);

	store->wrote = true; /* the database's number moves for it */
	if (status != STATUS_OK || store_writes(store->local))
		return status;
	store->common.failed = true;
	return STATUS_UNAVAILABLE;
}

/* Durably, and before the database's commit: a record there that names a secret
 * is never without it. */
static enum status
commit_local(struct store_pq *store)
{
	if (!store->within)
		return STATUS_OK;
	store->within = false;
	return store_commit(store->local, STORE_DURABLE);
}

/* --- the end of a unit -------------------------------------------------- */

static void
leave(struct store_pq *store)
{
	uint64_t us = tick_us() - store->entered;

	pq_link_forget(&store->link);
	pq_ahead_clear(&store->ahead);
	if (store->generation.result != NULL)
		pq.clear(store->generation.result);
	store->generation.result = NULL;
	leave_local(store);
	store->held = store->common.mode == STORE_WRITE ? us : 0;
	/* What a standby said may be of before a change that the page knows:
	 * nobody goes on with it. */
	if (store->begun && store->link.read_only)
		pq_page_move(store->page);
	if (store->link.conn == NULL || store->link.broken)
		disconnect(store);
	counters_add(COUNTER_DATABASE_UNITS, 1);
	counters_add(COUNTER_DATABASE_TRIPS, store->link.trips - store->trips);
	counters_add(COUNTER_DATABASE_US, us);
}

/* Nobody waits for the answer: it comes with the next unit's. */
static void
roll_back(struct store_pq *store)
{
	if (store->common.mode == STORE_WRITE)
		send_statement(store, ROLLBACK, NULL, NULL);
	pq_link_send_end(&store->link);
	pq_link_push(&store->link);
}

static void
op_abort(struct store *common)
{
	struct store_pq *store = own(common);

	store->link.deadline = tick_now() + patience(store, STATEMENT_MS);
	if (store->begun && common->failed && !store->link.broken)
		pq_link_settle(&store->link);
	if (store->begun)
		roll_back(store);
	leave(store);
}

/* Ends what was sent, and waits for all answers. */
static bool
end(struct store_pq *store, const char *what)
{
	pq_link_send_end(&store->link);
	store->link.deadline = tick_now() + STATEMENT_MS;
	return pq_link_wait(&store->link, what);
}

/* Whether the database has the commit, where nobody has said so. The lock makes
 * sure of the answer: a server process that still is at the commit has the
 * lock, and keeps this one out. */
static enum status
ask_outcome(struct store_pq *store, const struct pq_text mark[2], bool *known)
{
	struct pq_answer answer = {.result = NULL};
	enum status status = STATUS_UNAVAILABLE;

	*known = false;
	if (!ensure_link(store, true))
		return status;
	send_statement(store, BEGIN, NULL, NULL);
	send_statement(store, LOCK, NULL, NULL);
	send_statement(store, OUTCOME, mark, &answer);
	send_statement(store, ROLLBACK, NULL, NULL);
	*known = end(store, "outcome");
	if (*known && pq.rows(answer.result) == 1) {
		status = STATUS_OK;
		send_statement(store, FLUSH, NULL, NULL);
		*known = end(store, "flush");
	}
	if (answer.result != NULL)
		pq.clear(answer.result);
	if (!*known)
		disconnect(store);
	return status;
}

static enum status
resolve(struct store_pq *store, const struct pq_text mark[2])
{
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
	int64_t until = tick_now() + RESOLVE_MS;
	enum status status;
	bool known;

	do {
		status = ask_outcome(store, mark, &known);
		if (known) {
			counters_add(status == STATUS_OK
					     ? COUNTER_DATABASE_DONE
					     : COUNTER_DATABASE_UNDONE,
				1);
			log_info("store: %s: the commit without an answer was "
				 "%s",
				store->link.name,
				status == STATUS_OK ? "done" : "not done");
			return status;
		}
		nanosleep(&pause, NULL);
	} while (tick_now() < until);
	counters_add(COUNTER_DATABASE_UNKNOWN, 1);
	log_error("store: %s: nobody can say whether the last change was made",
		store->link.name);
	return STATUS_INTERNAL;
}

/* Sends COMMIT, and waits for the answer. An error says that nothing was
 * changed; a broken link says nothing. The flush of a durable commit comes
 * after it, without the lock, so that units of work share flushes. Without an
 * end in between: the answer to COMMIT alone would wake this process for
 * nothing. */
static enum status
send_commit(struct store_pq *store, enum store_durability how)
{
	struct pq_answer answer = {.result = NULL};
	bool good, committed;

	send_statement(store, COMMIT, NULL, &answer);
	if (how == STORE_DURABLE)
		send_statement(store, FLUSH, NULL, NULL);
	good = end(store, "commit");
	committed = answer.result != NULL &&
		    strcmp(pq.command(answer.result), "COMMIT") == 0;
	if (answer.result != NULL)
		pq.clear(answer.result);
	if (committed && !good)
		store->link.broken = true; /* it may not be on disk */
	return committed && good ? STATUS_OK : STATUS_UNAVAILABLE;
}

/* The page moves before the commit, as on Berkeley DB, and after it: a process
 * that looked in between has read the records of before. */
static enum status
commit_changes(struct store_pq *store, enum store_durability how)
{
	struct pq_text mark[2];
	enum status status;

	mark_of(store, mark);
	if (store->common.changed) {
		pq_page_move(store->page);
		send_statement(store, MOVE, &mark[1], NULL);
	}
	status = send_commit(store, how);
	if (status != STATUS_OK && !store->link.broken)
		roll_back(store);
	else if (status != STATUS_OK && how == STORE_DURABLE)
		status = resolve(store, mark);
	if (store->common.changed && status == STATUS_OK)
		pq_page_saw(store->page, strtoll(store->unit, NULL, 10), 0);
	else if (store->common.changed)
		pq_page_move(store->page);
	return status;
}

static enum status
op_commit(struct store *common, enum store_durability how)
{
	struct store_pq *store = own(common);
	enum status status = STATUS_OK;

	/* Before COMMIT is on its way, the lock is known to be ours. Else a
	 * server that hangs could take the lock and commit after another has
	 * looked, and said that nothing was changed. */
	if (common->mode == STORE_WRITE && store->wrote && !store->locked)
		status = wait_for_all(store, "lock");
	if (status == STATUS_OK)
		status = commit_local(store);
	if (status != STATUS_OK || !store->wrote) {
		op_abort(common);
		return status;
	}
	status = commit_changes(store, how);
	leave(store);
	return status;
}

/* --- records ------------------------------------------------------------ */

static struct pq_text
kind_text(enum store_kind kind)
{
	return text_of(store_facts[kind].name);
}

/* Sends a statement about a record, and waits for its rows, which the caller
 * clears. */
static enum status
ask(struct store_pq *store, enum statement which, const struct pq_text *values,
	PGresult **rows)
{
	struct pq_answer answer = {.result = NULL};
	enum status status;

	send_begin(store);
	send_statement(store, which, values, &answer);
	status = wait_for_all(store, statements[which].name);
	*rows = answer.result;
	if (status != STATUS_OK && *rows != NULL) {
		pq.clear(*rows);
		*rows = NULL;
	}
	return status;
}

static enum status
parse(const struct store_pq *store, const PGresult *rows, int row, int column,
	const char *key, struct json_object **record)
{
	return store_parse(store->link.name, key, pq.value(rows, row, column),
		(size_t)pq.length(rows, row, column), record);
}

static void
op_want(struct store *common, enum store_kind kind, const char *key)
{
	struct store_pq *store = own(common);
	const struct pq_text values[] = {kind_text(kind), text_of(key)};
	struct pq_answer *answer;

	if (kind == STORE_SECRET)
		return;
	answer = pq_ahead_want(&store->ahead, kind, key);
	if (answer == NULL)
		return;
	send_begin(store);
	send_statement(store, GET, values, answer);
}

static void
op_want_from(struct store *common, enum store_kind kind, const char *key,
	const char *member, enum store_kind named)
{
	struct store_pq *store = own(common);
	const struct pq_text values[] = {kind_text(kind), text_of(key),
		text_of(member), kind_text(named)};
	struct pq_answer *answer;

	assert(kind != STORE_SECRET && named != STORE_SECRET);
	answer = pq_ahead_want_from(&store->ahead, kind, key, named);
	if (answer == NULL)
		return;
	send_begin(store);
	send_statement(store, NAMED, values, answer);
}

static enum status
await(struct store_pq *store, const struct pq_answer *answer)
{
	enum status status =
		answer->result == NULL ? wait_for_all(store, "get") : STATUS_OK;

	return status == STATUS_OK && answer->result == NULL ? fail(store)
							     : status;
}

/* Where a record has come ahead. */
struct ahead {
	const PGresult *rows; /* NULL: it was not wanted */
	int column;           /* -1: there is no such record */
};

static enum status
look_ahead(struct store_pq *store, enum store_kind kind, const char *key,
	struct ahead *at)
{
	const struct pq_wanted *wanted =
		pq_ahead_find(&store->ahead, kind, key, false);
	enum status status;
	bool there;

	if (wanted == NULL) {
		at->rows = pq_ahead_named(&store->ahead, kind, key);
		at->column =
			at->rows == NULL || pq.length(at->rows, 0,
						    PQ_AHEAD_NAMED_DOC) == 0
				? -1
				: PQ_AHEAD_NAMED_DOC;
		return STATUS_OK;
	}
	status = await(store, &wanted->answer);
	if (status != STATUS_OK)
		return status;
	at->rows = wanted->answer.result;
	there = pq.rows(at->rows) > 0 &&
		(!wanted->from ||
			strcmp(pq.value(at->rows, 0, PQ_AHEAD_KEY), key) == 0);
	at->column = there ? PQ_AHEAD_DOC : -1;
	return STATUS_OK;
}

static enum status
read_row(struct store_pq *store, const PGresult *rows, const char *key,
	struct json_object **record)
{
	return pq.rows(rows) == 0 ? STATUS_NOT_FOUND
				  : parse(store, rows, 0, 0, key, record);
}

static enum status
op_get(struct store *common, enum store_kind kind, const char *key,
	struct json_object **record)
{
	struct store_pq *store = own(common);
	const struct pq_text values[] = {kind_text(kind), text_of(key)};
	struct ahead ahead;
	enum status status;
	PGresult *rows;

	if (kind == STORE_SECRET) {
		status = enter_local(store);
		if (status == STATUS_OK)
			status = store_get(store->local, kind, key, record);
		return leave_local_read(store, status);
	}
	status = look_ahead(store, kind, key, &ahead);
	if (status == STATUS_OK && ahead.rows != NULL)
		return ahead.column < 0 ? STATUS_NOT_FOUND
					: parse(store, ahead.rows, 0,
						  ahead.column, key, record);
	if (status == STATUS_OK)
		status = ask(store, GET, values, &rows);
	if (status != STATUS_OK)
		return status;
	status = read_row(store, rows, key, record);
	pq.clear(rows);
	return status;
}

/* Gets rows of a walk. */
static enum status
fetch(struct store_pq *store, enum store_kind kind, const char *key, bool from)
{
	int limit = pq_ahead_limit(&store->ahead, kind, key);
	char most[NUMBER_SIZE];
	struct pq_text values[] = {kind_text(kind), text_of(key), {most, 0}};
	enum status status;
	PGresult *rows;

	values[2].length = (size_t)snprintf(most, sizeof most, "%d", limit);
	status = ask(store, from ? FROM : NEXT, values, &rows);
	if (status == STATUS_OK)
		pq_ahead_take(&store->ahead, kind, key, limit, rows);
	return status;
}

/* The local store has its secrets among its parameters. */
static enum status
next_secret(struct store_pq *store, char key[STORE_KEY_SIZE], bool from,
	struct json_object **record)
{
	enum status status = enter_local(store);

	if (status == STATUS_OK)
		status = (from ? store_from : store_next)(
			store->local, STORE_PARAM, key, record);
	return leave_local_read(store, status);
}

/* The record from a key on that has come ahead. */
static enum status
take_from(struct store_pq *store, const struct pq_wanted *wanted,
	char key[STORE_KEY_SIZE], struct json_object **record)
{
	enum status status = await(store, &wanted->answer);
	const PGresult *rows = wanted->answer.result;

	if (status != STATUS_OK)
		return status;
	if (pq.rows(rows) == 0)
		return STATUS_NOT_FOUND;
	snprintf(key, STORE_KEY_SIZE, "%s", pq.value(rows, 0, PQ_AHEAD_KEY));
	return parse(store, rows, 0, PQ_AHEAD_DOC, key, record);
}

static enum status
op_next(struct store *common, enum store_kind kind, char key[STORE_KEY_SIZE],
	bool from, struct json_object **record)
{
	struct store_pq *store = own(common);
	const struct pq_wanted *wanted;
	enum status status = STATUS_UNAVAILABLE;
	int row = 0;

	if (kind == STORE_SECRET)
		return next_secret(store, key, from, record);
	wanted = from ? pq_ahead_find(&store->ahead, kind, key, true) : NULL;
	if (wanted != NULL)
		return take_from(store, wanted, key, record);
	if (!from)
		status = pq_ahead_next(&store->ahead, kind, key, &row);
	if (status == STATUS_UNAVAILABLE) {
		status = fetch(store, kind, key, from);
		if (status == STATUS_OK)
			status = pq_ahead_next(&store->ahead, kind, key, &row);
	}
	if (status != STATUS_OK)
		return status;
	snprintf(
		key, STORE_KEY_SIZE, "%s", pq.value(store->ahead.rows, row, 0));
	return parse(store, store->ahead.rows, row, 1, key, record);
}

/* The type of a kind refuses them. */
static enum status
op_stray(struct store *common, char key[STORE_STRAY_SIZE])
{
	(void)common;
	(void)key;
	return STATUS_NOT_FOUND;
}

/* Sends a change, and does not wait: a failure is known at the next answer. */
static enum status
change(struct store_pq *store, enum statement which, enum store_kind kind,
	const char *key, const struct pq_text *values)
{
	pq_ahead_change(&store->ahead, kind, key);
	send_begin(store);
	send_statement(store, which, values, NULL);
	store->wrote = true;
	return store->link.broken ? fail(store) : STATUS_OK;
}

static enum status
op_put(struct store *common, enum store_kind kind, const char *key,
	const char *text, size_t length)
{
	struct store_pq *store = own(common);
	const struct pq_text values[] = {
		kind_text(kind), text_of(key), {text, length}};
	enum status status;

	if (kind != STORE_SECRET)
		return change(store, PUT, kind, key, values);
	status = enter_local_to_write(store);
	return status == STATUS_OK
		       ? store_put_text(store->local, kind, key, text, length)
		       : status;
}

static enum status
op_remove(struct store *common, enum store_kind kind, const char *key)
{
	struct store_pq *store = own(common);
	const struct pq_text values[] = {kind_text(kind), text_of(key)};
	enum status status;

	if (kind != STORE_SECRET)
		return change(store, REMOVE, kind, key, values);
	status = enter_local_to_write(store);
	return status == STATUS_OK ? store_delete(store->local, kind, key)
				   : status;
}

/* The keys end before the one with the next character in place of the '/'. */
static enum status
op_remove_under(struct store *common, enum store_kind kind, const char *prefix,
	const char *kept)
{
	struct store_pq *store = own(common);
	size_t length = strlen(prefix);
	char end[STORE_KEY_SIZE];
	const struct pq_text values[] = {
		kind_text(kind), text_of(prefix), {end, length}, text_of(kept)};

	assert(kind != STORE_SECRET);
	memcpy(end, prefix, length);
	end[length - 1] = '/' + 1;
	return change(store, REMOVE_UNDER, kind, NULL, values);
}

/* Without a wanted record the database has to say whether there is one. */
static enum status
ask_add(struct store_pq *store, const struct pq_text *values, bool *there)
{
	PGresult *result;
	enum status status = ask(store, ADD, values, &result);

	if (status != STATUS_OK)
		return status;
	*there = strcmp(pq.changed(result), "0") == 0;
	store->wrote = store->wrote || !*there;
	pq.clear(result);
	return STATUS_OK;
}

static enum status
op_add(struct store *common, enum store_kind kind, const char *key,
	const char *text, size_t length, bool *there)
{
	struct store_pq *store = own(common);
	const struct pq_text values[] = {
		kind_text(kind), text_of(key), {text, length}};
	struct ahead ahead;
	enum status status;

	if (kind == STORE_SECRET) {
		status = enter_local_to_write(store);
		return status == STATUS_OK ? store_add(store->local, kind, key,
						     text, length, there)
					   : status;
	}
	status = look_ahead(store, kind, key, &ahead);
	if (status != STATUS_OK)
		return status;
	if (ahead.rows == NULL) {
		pq_ahead_change(&store->ahead, kind, key);
		return ask_add(store, values, there);
	}
	*there = ahead.column >= 0;
	return *there ? STATUS_OK : change(store, NEW, kind, key, values);
}

/* --- what others have changed ------------------------------------------- */

/* A number that was never given, and never will be: all goes the long way. A
 * page's count does not get there. */
static uint64_t
give_never(struct store_pq *store)
{
	return UINT64_C(1) << 63 | ++store->never;
}

/* Inside, what the unit reads counts and not the page. */
static uint64_t
changes_inside(struct store_pq *store)
{
	bool reads = store->common.mode == STORE_READ;

	if (reads && !store->stale)
		return store->count;
	if (!store->told && !store->common.failed) {
		send_begin(store);
		ask_generation(store);
		wait_for_all(store, "generation");
	}
	if (!store->told || store->common.failed)
		return give_never(store);
	if (!reads)
		return pq_page_count(store->page);
	return store->same ? store->count : give_never(store);
}

static uint64_t
op_changes(struct store *common)
{
	struct store_pq *store = own(common);
	uint64_t count = pq_page_count(store->page);

	if (common->inside)
		return changes_inside(store);
	if (count == 0 || pq_page_is_fresh(store->page, store->revocation_ms))
		return count;
	return give_never(store);
}

static bool
op_due(struct store *common, enum store_task task, int64_t seconds)
{
	static_assert(
		(int)STORE_TASKS <= (int)PQ_PAGE_TASKS, "a place for each");
	return pq_page_every(own(common)->page, (unsigned)task, seconds);
}

static int64_t
op_age(struct store *common)
{
	struct store_pq *store = own(common);

	return pq_page_map(store->page) ? pq_page_age(store->page) : INT64_MAX;
}

/* A unit of work that reads the number alone. */
static enum status
look(struct store *common, bool at_primary)
{
	struct store_pq *store = own(common);
	enum status status = ensure_link(store, at_primary)
				     ? store_begin(common, STORE_READ)
				     : STATUS_UNAVAILABLE;

	if (status != STATUS_OK)
		return status;
	send_begin(store);
	ask_generation(store);
	status = wait_for_all(store, "generation");
	store_abort(common);
	return status;
}

/* A standby may be cut off from what other machines change, and does not do.
 * During an outage it fails twice a second, and says so once a minute. */
static enum status
op_poll(struct store *common)
{
	struct store_pq *store = own(common);
	int64_t now = tick_now();
	bool said = now < store->quiet_until;
	enum status status;

	store->link.quiet = said;
	status = look(common, true);
	store->link.quiet = false;
	if (status == STATUS_OK && store->quiet_until > 0)
		log_info("store: %s: it can be had again", store->link.name);
	if (status == STATUS_OK)
		store->quiet_until = 0;
	else if (!said)
		store->quiet_until = now + QUIET_MS;
	return status;
}

/* --- from outside ------------------------------------------------------- */

/* A server that has ended since is let go. */
static void
op_rest(struct store *common)
{
	struct store_pq *store = own(common);

	if (store->link.conn != NULL && !pq_link_is_alive(&store->link))
		disconnect(store);
	store_rest(store->local);
}

static void
op_expect_bulk(struct store *common)
{
	(void)common;
}

static void
op_set_wait(struct store *common, int wait_ms)
{
	struct store_pq *store = own(common);

	store->wait_ms = wait_ms;
	store_set_wait(store->local, wait_ms);
}

static uint64_t
op_held(const struct store *common)
{
	return ((const struct store_pq *)common)->held;
}

static bool
op_is_broken(const struct store *common)
{
	return store_is_broken(((const struct store_pq *)common)->local);
}

static bool
op_is_outdated(const struct store *common)
{
	const struct store_pq *store = (const struct store_pq *)common;
	bool outdated = pq_hosts_are_outdated(store->hosts);

	if (outdated)
		log_info("store: %s: this process ends: the names of the "
			 "servers are looked up anew by the next one",
			store->link.name);
	return outdated;
}

static bool
op_measure(const struct store *common, struct store_room *room)
{
	return store_measure(((const struct store_pq *)common)->local, room);
}

static enum status
op_verify(struct store *common)
{
	enum status status = look(common, false);

	return status == STATUS_OK ? store_verify(own(common)->local) : status;
}

/* Of the secrets: the database's own means copy the records. */
static enum status
op_copy(struct store *common, const char *to, struct store_copied *copied)
{
	return store_copy(own(common)->local, to, copied);
}

static void
op_close(struct store *common)
{
	struct store_pq *store = own(common);

	disconnect(store);
	store_close(store->local);
	pq_page_free(store->page);
	pq_hosts_free(store->hosts);
	mem_free(store);
}

static const struct store_ops ops = {
	.is_shared = true,
	.begin = op_begin,
	.commit = op_commit,
	.abort = op_abort,
	.get = op_get,
	.put = op_put,
	.add = op_add,
	.remove = op_remove,
	.remove_under = op_remove_under,
	.next = op_next,
	.stray = op_stray,
	.want = op_want,
	.want_from = op_want_from,
	.changes = op_changes,
	.due = op_due,
	.age = op_age,
	.poll = op_poll,
	.rest = op_rest,
	.expect_bulk = op_expect_bulk,
	.set_wait = op_set_wait,
	.held = op_held,
	.is_broken = op_is_broken,
	.is_outdated = op_is_outdated,
	.measure = op_measure,
	.verify = op_verify,
	.copy = op_copy,
	.close = op_close,
};

struct pq_hosts *
store_pq_hosts(struct store *common)
{
	return own(common)->hosts;
}

static struct pq_hosts *
hosts_of(const struct store_pq_place *place)
{
	return pq_load() ? pq_hosts_new(place->uri, place->passfile) : NULL;
}

struct store *
store_new_pq(const struct store_pq_place *place)
{
	struct pq_hosts *hosts = hosts_of(place);
	struct store_pq *store;
	char *page, *local;

	if (hosts == NULL)
		return NULL;
	store = mem_zero(sizeof *store);
	page = mem_printf("%s/store-page", place->dir);
	local = mem_printf("%s/store", place->dir);
	store->common.ops = &ops;
	store->hosts = hosts;
	store->link.name = pq_hosts_name(hosts);
	store->page = pq_page_new(page);
	store->local = store_new(local, place->reserve);
	store_allow_moved(store->local);
	store->revocation_ms =
		place->revocation_ms > 0 ? place->revocation_ms : REVOCATION_MS;
	mem_free(page);
	mem_free(local);
	return &store->common;
}

/* --- making it ---------------------------------------------------------- */

/* Tables with many records take their time for a new version. */
static bool
make_tables(struct pq_link *link, const char *role)
{
	link->deadline = tick_now() + MAKE_MS;
	return pq_schema_make(link, role);
}

/* Begins a transaction that asks for the lock by that function. */
static bool
try_lock(struct store_pq *store, const char *function, bool *had)
{
	struct pq_answer answer = {.result = NULL};
	char *sql = mem_printf("select %s(7155, "
			       "'generation'::regclass::oid::integer)",
		function);
	bool good = ensure_link(store, true);

	store->link.deadline = tick_now() + STATEMENT_MS;
	if (good) {
		send_statement(store, BEGIN, NULL, NULL);
		pq_link_send_sql(&store->link, sql, &answer);
		good = pq_link_wait(&store->link, "lock");
	}
	*had = answer.result != NULL && is_true(answer.result, 0);
	if (answer.result != NULL)
		pq.clear(answer.result);
	mem_free(sql);
	return good;
}

/* Whether a second connection is kept out. A pool in between that gives each
 * transaction another connection is found here, too. */
static bool
lock_locks(const struct store_pq_place *place)
{
	struct store *one = store_new_pq(place), *other = store_new_pq(place);
	bool had = false, good;

	good = one != NULL && other != NULL &&
	       try_lock(own(one), "pg_advisory_xact_lock", &had) &&
	       try_lock(own(other), "pg_try_advisory_xact_lock", &had);
	if (good && had)
		log_error("store: %s: the lock does not keep others out",
			own(one)->link.name);
	store_close(one);
	store_close(other);
	return good && !had;
}

enum status
store_pq_init(const struct store_pq_place *place, const char *owner)
{
	struct pq_hosts *user = hosts_of(place), *maker = NULL;
	struct pq_link link = {.conn = NULL};
	bool good = user != NULL;

	if (good && owner != NULL)
		maker = pq_hosts_new(owner, NULL);
	good = good && (owner == NULL || maker != NULL) &&
	       pq_hosts_connect(maker == NULL ? user : maker, &link, true,
		       tick_now() + PQ_HOSTS_ALL_MS) &&
	       make_tables(&link, owner == NULL ? NULL : pq_hosts_user(user));
	pq_link_close(&link);
	pq_hosts_free(maker);
	pq_hosts_free(user);
	return good && lock_locks(place) ? STATUS_OK : STATUS_UNAVAILABLE;
}
