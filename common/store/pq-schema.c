/* pq-schema.c - the tables in the database
 *
 * One table for all kinds, as the store knows keys and documents alone. A
 * document stays as it was written, as json and not jsonb, which would put the
 * members in another order; the view `documents` has it as jsonb for an
 * operator's questions. */
#include "config.h"

#include "store/pq-schema.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/store-ops.h"

#include <stdlib.h>
#include <string.h>

/* What comes before all else. The search path may name a schema that is not
 * there yet. Two that make tables at once do so one after the other. */
static const char *const before[] = {
	"begin",
	"do $$ begin if current_schema is null then execute format("
	"'create schema %s', "
	"split_part(current_setting('search_path'), ',', 1)); end if; end $$",
	"select pg_advisory_xact_lock(7155, 0)",
	"create table if not exists latchkey_version ("
	"one boolean primary key default true check (one), "
	"number integer not null)",
	"select max(number) from latchkey_version",
};

/* The types of a kind and of a document refuse what is none. CHECKs would do the
 * same, and are read anew by each statement, under the lock. A key's bytes have
 * an order of their own, whatever the database's collation. Records are changed
 * often: there is room on their pages, and the space is used again soon. The row
 * of `generation` is replaced by each change that may make a token bad.
 * `outcome` has a row for each process: the unit of work that it has committed
 * last. */
static const char *const first[] = {
	"do $$ begin create type record_kind as enum (); "
	"exception when duplicate_object then null; end $$",
	"create table if not exists records ("
	"kind record_kind not null, "
	"key text collate \"C\" not null check (octet_length(key) < 320), "
	"doc json not null, "
	"primary key (kind, key)) with (fillfactor = 80, "
	"autovacuum_vacuum_scale_factor = 0.02, "
	"autovacuum_vacuum_threshold = 500)",
	"create table if not exists generation ("
	"one boolean primary key default true check (one), n bigint not null) "
	"with (fillfactor = 10)",
	"insert into generation values (true, (random() * 9e18)::bigint) "
	"on conflict do nothing",
	"create table if not exists outcome ("
	"client text primary key, unit bigint not null, "
	"at timestamptz not null) with (fillfactor = 20)",
	"create or replace view documents as "
	"select kind, key, doc::jsonb as doc from records",
	NULL,
};

/* What makes tables of each version out of those of the version before, and the
 * first one out of nothing. A step is never changed once it was released. The
 * names of the kinds are brought up to date after the last step, so a new kind
 * has an empty one: it is a new version all the same, since an older latchkey
 * would not know its records. */
static const char *const *const steps[PQ_SCHEMA_VERSION] = {
	first,
};
static const char make[] = "make the tables";
static const char *const granted[] = {
	"select on latchkey_version",
	"select, insert, update, delete on records",
	"select, update on generation",
	"select, insert, update, delete on outcome",
};

/* A text in ' or a name in ". */
static char *
add_quoted(char *sql, const char *text, char quote)
{
	sql = mem_append(sql, "%c", quote);
	for (; *text != '\0'; text++) {
		if (*text == quote)
			sql = mem_append(sql, "%c", quote);
		sql = mem_append(sql, "%c", *text);
	}
	return mem_append(sql, "%c", quote);
}

/* Sends a statement, and frees it. */
static void
send(struct pq_link *link, char *sql)
{
	pq_link_send_sql(link, sql, NULL);
	mem_free(sql);
}

/* The database keeps out a record of a kind that latchkey does not know. */
static void
send_kinds(struct pq_link *link)
{
	int kind;

	for (kind = 0; kind < STORE_KINDS; kind++)
		if (kind != STORE_SECRET) /* on each machine's own disk */
			send(link, add_quoted(mem_copy("alter type record_kind "
						       "add value if not "
						       "exists "),
					   store_facts[kind].name, '\''));
}

static void
send_steps(struct pq_link *link, int version)
{
	const char *const *statement;

	for (; version < PQ_SCHEMA_VERSION; version++)
		for (statement = steps[version]; *statement != NULL;
			statement++)
			pq_link_send_sql(link, *statement, NULL);
	send_kinds(link);
	send(link, mem_printf("insert into latchkey_version values (true, %d) "
			      "on conflict (one) "
			      "do update set number = excluded.number",
			   PQ_SCHEMA_VERSION));
}

static void
send_grants(struct pq_link *link, const char *role)
{
	char *sql = mem_copy("do $latchkey$ begin execute format("
			     "'grant usage on schema %I to %I', "
			     "current_schema, ");
	size_t i;

	sql = add_quoted(sql, role, '\'');
	send(link, mem_append(sql, "); end $latchkey$"));
	for (i = 0; i < sizeof granted / sizeof granted[0]; i++)
		send(link, add_quoted(mem_printf("grant %s to ", granted[i]),
				   role, '"'));
}

static bool
refuse(const struct pq_link *link, int version)
{
	if (link->quiet)
		return false;
	if (version == 0)
		log_error("store: %s: it has no tables of latchkey's; "
			  "'latchkey store init' makes them",
			link->name);
	else if (version < PQ_SCHEMA_VERSION)
		log_error("store: %s: its tables are of version %d, and ours "
			  "of %d; 'latchkey store init' brings them there",
			link->name, version, PQ_SCHEMA_VERSION);
	else
		log_error("store: %s: its tables are of version %d, and this "
			  "latchkey knows %d: install the one that the other "
			  "machines have",
			link->name, version, PQ_SCHEMA_VERSION);
	return false;
}

/* Begins to make the tables: which version of them is there, 0 for none. */
static bool
begin(struct pq_link *link, int *version)
{
	struct pq_answer answer = {.result = NULL};
	size_t i, last = sizeof before / sizeof before[0] - 1;
	bool good;

	for (i = 0; i < last; i++)
		pq_link_send_sql(link, before[i], NULL);
	pq_link_send_sql(link, before[last], &answer);
	good = pq_link_wait(link, make);
	*version = 0;
	if (good && pq.rows(answer.result) == 1)
		*version = atoi(pq.value(answer.result, 0, 0));
	if (answer.result != NULL)
		pq.clear(answer.result);
	return good;
}

bool
pq_schema_make(struct pq_link *link, const char *role)
{
	int version;

	if (!begin(link, &version))
		return false;
	if (version > PQ_SCHEMA_VERSION)
		return refuse(link, version);
	if (version < PQ_SCHEMA_VERSION)
		send_steps(link, version);
	if (role != NULL)
		send_grants(link, role);
	pq_link_send_sql(link, "commit", NULL);
	pq_link_send_end(link);
	return pq_link_wait(link, make);
}

bool
pq_schema_fits(struct pq_link *link)
{
	static const char undefined_table[] = "42P01";
	struct pq_answer answer = {.result = NULL};
	int version = 0;
	bool good;

	link->expected = undefined_table;
	pq_link_send_sql(link, "select number from latchkey_version", &answer);
	pq_link_send_end(link);
	good = pq_link_wait(link, "connect");
	link->expected = NULL;
	if (good && pq.rows(answer.result) == 1)
		version = atoi(pq.value(answer.result, 0, 0));
	if (answer.result != NULL)
		pq.clear(answer.result);
	if (!good && strcmp(link->state, undefined_table) != 0)
		return false;
	return version == PQ_SCHEMA_VERSION || refuse(link, version);
}
