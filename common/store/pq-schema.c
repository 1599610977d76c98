/* pq-schema.c - the tables in the database
 *
 * One table for all kinds, as the store knows keys and documents alone. The
 * document is text and not jsonb, which would put the members in another order;
 * the view `documents` has it as jsonb for an operator's questions. */
#include "config.h"

#include "store/pq-schema.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/store-ops.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A key's bytes have an order of their own, whatever the database's collation.
 * Records are changed often: there is room on their pages, and the space is
 * used again soon. The row of `generation` is replaced by each change that may
 * make a token bad. `outcome` has a row for each process: the unit of work that
 * it has committed last. The search path may name a schema that is not there
 * yet. */
static const char *const before[] = {
	"begin",
	"do $$ begin if current_schema is null then execute format("
	"'create schema %s', "
	"split_part(current_setting('search_path'), ',', 1)); end if; end $$",
	"select pg_advisory_xact_lock(7155, 0)",
	"create table if not exists latchkey_version ("
	"one boolean primary key default true check (one), "
	"number integer not null)",
};
static const char *const after[] = {
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
};
static const char records_head[] =
	"create table if not exists records ("
	"kind text collate \"C\" not null check (kind in (";
static const char records_tail[] =
	")), key text collate \"C\" not null check (octet_length(key) < 320), "
	"doc text not null check (doc::json is not null), "
	"primary key (kind, key)) with (fillfactor = 80, "
	"autovacuum_vacuum_scale_factor = 0.02, "
	"autovacuum_vacuum_threshold = 500)";
static const char *const granted[] = {
	"select on latchkey_version",
	"select, insert, update, delete on records",
	"select, update on generation",
	"select, insert, update, delete on outcome",
};

struct statements {
	char **each;
	size_t count;
};

static void
add(struct statements *to, char *statement)
{
	assert(to->count + 1 < PQ_SCHEMA_MOST);
	to->each[to->count++] = statement;
	to->each[to->count] = NULL;
}

static void
add_all(struct statements *to, const char *const *each, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		add(to, mem_copy(each[i]));
}

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

static char *
records_table(void)
{
	char *sql = mem_copy(records_head);
	int kind;

	for (kind = 0; kind < STORE_KINDS; kind++) {
		if (kind == STORE_SECRET) /* on each machine's own disk */
			continue;
		sql = mem_append(sql, "%s", kind > 0 ? ", " : "");
		sql = add_quoted(sql, store_facts[kind].name, '\'');
	}
	return mem_append(sql, "%s", records_tail);
}

static void
add_grants(struct statements *to, const char *role)
{
	char *sql = mem_copy("do $latchkey$ begin execute format("
			     "'grant usage on schema %I to %I', "
			     "current_schema, ");
	size_t i;

	sql = add_quoted(sql, role, '\'');
	add(to, mem_append(sql, "); end $latchkey$"));
	for (i = 0; i < sizeof granted / sizeof granted[0]; i++)
		add(to, add_quoted(mem_printf("grant %s to ", granted[i]), role,
				'"'));
}

void
pq_schema_statements(const char *role, char *each[PQ_SCHEMA_MOST])
{
	struct statements to = {each, 0};

	add_all(&to, before, sizeof before / sizeof before[0]);
	add(&to, records_table());
	add_all(&to, after, sizeof after / sizeof after[0]);
	add(&to, mem_printf("insert into latchkey_version values (true, %d) "
			    "on conflict (one) do nothing",
			 PQ_SCHEMA_VERSION));
	if (role != NULL)
		add_grants(&to, role);
	add(&to, mem_copy("commit"));
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
