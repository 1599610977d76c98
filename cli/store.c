/* store.c - latchkey store ... */
#include "config.h"

#include "cli.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "database.h"
#include "print.h"
#include "site/machine.h"
#include "store-copy.h"
#include "store/store-pq.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- watch: what other machines have changed ------------------------------ */

enum { LOOK_MS = 500 };

/* Half a second from the last look, or at once where that took longer. A signal
 * ends it. */
static void
await_next(int64_t looked)
{
	int64_t left = looked + LOOK_MS - tick_now();
	struct timespec pause = {.tv_nsec = left * 1000000};

	if (left > 0 && !cli_stopping)
		nanosleep(&pause, NULL);
}

/* If the store cannot be had it goes on, since the store will be there again.
 * The programs then find the page too old, and ask the store themselves. */
static void
watch_on(const struct site *site)
{
	int64_t looked;

	while (!cli_stopping && !store_is_outdated(site->store)) {
		looked = tick_now();
		/* Other machines' keys wait for this one where it has not said
		 * that it is there, and which keys it has. */
		if (store_poll(site->store) == STATUS_OK)
			site_register(site, site_now());
		await_next(looked);
	}
}

static int
watch(struct cli *cli)
{
	log_open("store");
	cli_take_signals();
	if (!cli_open_site(cli)) {
		sleep(1); /* the supervisor starts it again at once */
		return CLI_REFUSED;
	}
	if (!store_is_shared(cli->site.store)) {
		print_line(stdout,
			"nothing to watch: no other machine uses the store");
		return CLI_OK;
	}
	site_count(&cli->site, NULL);
	if (!site_watch(&cli->site)) {
		sleep(1);
		return CLI_REFUSED;
	}
	watch_on(&cli->site);
	return CLI_OK;
}

/* --- init: the tables --------------------------------------------------- */

static int
make(struct cli *cli)
{
	struct store_pq_place place;
	enum status status;

	if (!cli_open_parent(cli))
		return CLI_REFUSED;
	if (!store_is_shared(cli->site.store)) {
		print_line(stdout, "nothing to make: this store is made by the "
				   "first program that writes");
		return CLI_OK;
	}
	site_database(cli->site.conf, &place);
	status = store_pq_init(&place, cli_option(cli, "--owner"));
	mem_free((void *)(uintptr_t)place.passfile);
	if (status == STATUS_OK)
		print_line(stdout, "the tables are there, and the lock keeps "
				   "others out");
	return cli_result(cli, "init", status);
}

/* --- status: how the database is, on one screen ----------------------------
 */

enum { COLUMN = 10 };

/* A line: what it is about, in a column of its own. */
static void __attribute__((format(printf, 2, 3)))
tell(const char *what, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = mem_vprintf(format, args);
	va_end(args);
	print_line(stdout, "%-*s %s", COLUMN, what, text);
	mem_free(text);
}

static const char *
role_of(const struct database *database, const struct server *server)
{
	return server == database->primary          ? "primary, in use"
	       : database_is_primary(server)        ? "primary, too"
	       : json_true(server->said, "standby") ? "standby"
						    : "read-only";
}

static void
tell_servers(const struct database *database)
{
	const struct server *server = database->servers.each;
	size_t i;

	for (i = 0; i < database->servers.count; i++, server++)
		if (server->said == NULL)
			tell("server", "%s: %s", server->name, server->why);
		else
			tell("server", "%s: %s, PostgreSQL %s%s", server->name,
				role_of(database, server),
				json_string(server->said, "version"),
				server->tls ? ", TLS" : "");
}

static void
tell_lock(const struct database *database)
{
	int64_t ms = 0, waiters = 0;
	const struct json_object *holder = database_holder(database, &ms);

	json_natural(database->primary->said, "waiters", &waiters);
	if (holder == NULL)
		tell("lock", "free");
	else
		tell("lock", "%lld ms with a process on %s, %lld wait for it",
			(long long)ms, json_string(holder, "from"),
			(long long)waiters);
}

static void
tell_database(const struct database *database)
{
	const struct json_object *said;
	int64_t bytes = 0, version = 0, generation = 0;

	if (database->primary == NULL)
		return;
	said = database->primary->said;
	json_natural(said, "bytes", &bytes);
	json_natural(said, "schema", &version);
	json_natural(said, "generation", &generation);
	tell("database", "%s, by the role %s, %.1f MB",
		json_string(said, "database"), json_string(said, "role"),
		(double)bytes / 1e6);
	if (version > 0)
		tell("tables", "of version %lld, generation %lld",
			(long long)version, (long long)generation);
	tell_lock(database);
}

static void
tell_watch(const struct site *site, int64_t age)
{
	const char *who = site_is_watched(site) ? "runs" : "does not run";

	if (age == INT64_MAX)
		tell("watch", "%s; this machine has not looked yet", who);
	else
		tell("watch", "%s; this machine has looked %lld.%03lld s ago",
			who, (long long)age / 1000, (long long)age % 1000);
}

/* The keys that it lacks, each after a blank; the caller frees. */
static char *
lacking(const struct site *site, const struct machine *machine)
{
	char *names = mem_copy("");
	const char *name;
	size_t i;

	for (i = 0; (name = keys_name(site->keys, i)) != NULL; i++)
		if (name[0] != '\0' && !machine_has(machine, name))
			names = mem_append(names, " %s", name);
	return names;
}

static void
tell_machine(const struct site *site, const struct machine *machine, bool own)
{
	char age[CLI_AGE_SIZE], *lacks = lacking(site, machine);

	cli_write_age(site_now() - machine->seen, age);
	tell("machine", "%s%s, seen %s ago, %s%s", machine->name,
		own ? " (this one)" : "", age,
		lacks[0] == '\0' ? "has all keys" : "lacks", lacks);
	mem_free(lacks);
}

static void
tell_machines(const struct site *site, const char *host)
{
	char id[STORE_KEY_SIZE] = "", own[UUID_SIZE];
	struct store *store = site->store;
	struct machine machine;
	enum status status = store_begin(store, STORE_READ);

	if (status == STATUS_OK)
		status = machine_own(store, host, own);
	while (status == STATUS_OK &&
		(status = machine_next(store, id, &machine)) == STATUS_OK)
		tell_machine(site, &machine, strcmp(machine.id, own) == 0);
	store_abort(store);
}

/* What is wrong, as latchkey doctor says it. Returns how bad it is at worst. */
static enum finding_level
tell_findings(const struct database *database)
{
	struct findings found;
	const struct json_object *finding;
	size_t i;

	findings_begin(&found);
	for (i = 0; database_checks[i].name != NULL; i++)
		if (database_shows(database, &database_checks[i]))
			database_checks[i].look(database, &found);
	for (i = 0; i < json_object_array_length(found.list); i++) {
		finding = json_object_array_get_idx(found.list, i);
		tell(json_string(finding, "result"), "%s",
			json_string(finding, "what"));
	}
	json_object_put(found.list);
	return found.level;
}

/* The keys first: which there are is known then, and that the tables are
 * ours. */
static int
tell_all(const struct site *site, const char *host)
{
	struct database database;
	int64_t age = store_age(site->store); /* which this will refresh */
	bool keys = keys_look(site->keys, site->store, site_now(),
			    (int64_t)site->conf->token_life) == STATUS_OK;
	enum finding_level level;

	database_look(site, &database);
	tell_servers(&database);
	tell_database(&database);
	tell_watch(site, age);
	if (keys)
		tell_machines(site, host);
	level = tell_findings(&database);
	database_free(&database);
	return keys ? (int)level : FINDING_ERROR;
}

static int
tell_own(const struct site *site)
{
	struct store_room room;
	uint64_t bytes = 0;
	int i;

	if (!store_measure(site->store, &room))
		return FINDING_ERROR;
	for (i = 0; i < STORE_FILES; i++)
		bytes += room.files[i].bytes;
	tell("store", "%s, %.1f MB, of this machine alone", site->conf->store,
		(double)bytes / 1e6);
	return FINDING_NONE;
}

static int
show_status(struct cli *cli)
{
	char host[MACHINE_NAME_SIZE];

	machine_name(host);
	if (!cli_open(cli))
		return FINDING_ERROR;
	return store_is_shared(cli->site.store) ? tell_all(&cli->site, host)
						: tell_own(&cli->site);
}

const struct cli_command cli_store_commands[] = {
	{"store", "init", "[--owner URI]",
		"On a store in PostgreSQL: makes its tables. With --owner as "
		"the user of that URI, and permits\n      the store's own user "
		"what the programs need.",
		make, NULL, NULL},
	{"store", "copy", "[--give-up] FROM TO",
		"Copies all records to another store, and compares. FROM and "
		"TO are as the setting store is.\n      Nothing is written to "
		"FROM from then on; --give-up ends that.",
		store_copy_run, NULL, NULL},
	{"store", "watch", "",
		"On a store in PostgreSQL: sees what other machines have "
		"changed, until it is ended.\n      One on each machine.",
		watch, NULL, NULL},
	{"store", "status", "",
		"Shows the database: its servers, the lock, the machines and "
		"the keys they lack, and\n      what is wrong. Exit status: 0 "
		"all is well, 1 warnings, 2 errors.",
		show_status, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
