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
 *
 * An object is made of all that is known. With --json it is the answer, else
 * the lines are made of it. */

static struct json_object *
server_of(const struct database *database, const struct server *server)
{
	struct json_object *object = json_new_object();

	json_add_string(object, "name", server->name);
	if (server->said == NULL) {
		json_add_string(object, "state", "away");
		json_add_string(object, "why", server->why);
		return object;
	}
	json_add_string(object, "state",
		database_is_primary(server)          ? "primary"
		: json_true(server->said, "standby") ? "standby"
						     : "read-only");
	json_add_bool(object, "in_use", server == database->primary);
	json_add_string(
		object, "version", json_string(server->said, "version"));
	json_add_bool(object, "tls", server->tls);
	return object;
}

static void
add_servers(struct json_object *status, const struct database *database)
{
	struct json_object *list = json_new_array();
	size_t i;

	for (i = 0; i < database->servers.count; i++)
		json_append(
			list, server_of(database, &database->servers.each[i]));
	json_add(status, "servers", list);
}

static void
copy_string(struct json_object *to, const char *as,
	const struct json_object *from, const char *name)
{
	json_add_string(to, as, json_string(from, name));
}

static void
copy_number(struct json_object *to, const char *as,
	const struct json_object *from, const char *name)
{
	int64_t number;

	if (json_natural(from, name, &number))
		json_add_int(to, as, number);
}

/* Without the member `from`, nobody has the lock. */
static void
add_lock(struct json_object *status, const struct database *database)
{
	struct json_object *object = json_new_object();
	const struct json_object *said = database->primary->said, *holder;
	int64_t ms;

	holder = database_holder(database, &ms);
	if (holder != NULL) {
		copy_string(object, "from", holder, "from");
		copy_string(object, "role", holder, "role");
		json_add_int(object, "ms", ms);
	}
	copy_number(object, "waiting", said, "waiters");
	json_add(status, "lock", object);
}

static void
add_database(struct json_object *status, const struct database *database)
{
	struct json_object *object;
	const struct json_object *said;

	if (database->primary == NULL)
		return;
	said = database->primary->said;
	object = json_new_object();
	copy_string(object, "name", said, "database");
	copy_string(object, "role", said, "role");
	copy_number(object, "bytes", said, "bytes");
	copy_number(object, "version", said, "schema");
	copy_number(object, "generation", said, "generation");
	json_add(status, "database", object);
	add_lock(status, database);
}

static void
add_watch(struct json_object *status, const struct site *site, int64_t age)
{
	struct json_object *object = json_new_object();

	json_add_bool(object, "runs", site_is_watched(site));
	if (age != INT64_MAX)
		json_add_int(object, "looked_ms_ago", age);
	json_add(status, "watch", object);
}

/* The keys that it lacks. */
static struct json_object *
lacking(const struct site *site, const struct machine *machine)
{
	struct json_object *names = json_new_array();
	const char *name;
	size_t i;

	for (i = 0; (name = keys_name(site->keys, i)) != NULL; i++)
		if (name[0] != '\0' && !machine_has(machine, name))
			json_append(names, json_object_new_string(name));
	return names;
}

static void
append_machine(struct json_object *list, const struct site *site,
	const struct machine *machine, bool own)
{
	struct json_object *object = json_new_object();

	json_add_string(object, "name", machine->name);
	json_add_bool(object, "this_one", own);
	json_add_int(object, "seen", machine->seen);
	json_add(object, "lacks", lacking(site, machine));
	json_append(list, object);
}

static void
add_machines(
	struct json_object *status, const struct site *site, const char *host)
{
	char id[STORE_KEY_SIZE] = "", own[UUID_SIZE];
	struct json_object *list = json_new_array();
	struct store *store = site->store;
	struct machine machine;
	enum status read = store_begin(store, STORE_READ);

	if (read == STATUS_OK)
		read = machine_own(store, host, own);
	while (read == STATUS_OK &&
		(read = machine_next(store, id, &machine)) == STATUS_OK)
		append_machine(
			list, site, &machine, strcmp(machine.id, own) == 0);
	store_abort(store);
	json_add(status, "machines", list);
}

/* What is wrong, as latchkey doctor says it. Returns how bad it is at worst. */
static enum finding_level
add_findings(struct json_object *status, const struct database *database)
{
	struct findings found;
	size_t i;

	findings_begin(&found);
	for (i = 0; database_checks[i].name != NULL; i++)
		if (database_shows(database, &database_checks[i]))
			database_checks[i].look(database, &found);
	json_add(status, "findings", found.list);
	return found.level;
}

/* The store is asked only if it can answer: what is wrong else is said once, by
 * the servers themselves. Which keys there are is known then. */
static enum finding_level
look_at_all(
	const struct site *site, const char *host, struct json_object *status)
{
	struct database database;
	int64_t age = store_age(site->store); /* which this will refresh */
	enum finding_level level;
	bool keys;

	database_look(site, &database);
	keys = database_serves(&database) &&
	       keys_look(site->keys, site->store, site_now(),
		       (int64_t)site->conf->token_life) == STATUS_OK;
	add_servers(status, &database);
	add_database(status, &database);
	add_watch(status, site, age);
	if (keys)
		add_machines(status, site, host);
	level = add_findings(status, &database);
	database_free(&database);
	return keys ? level : FINDING_ERROR;
}

static enum finding_level
look_at_own(const struct site *site, struct json_object *status)
{
	struct store_room room;

	if (!store_measure(site->store, &room))
		return FINDING_ERROR;
	json_add_string(status, "store", site->conf->store);
	json_add_int(status, "bytes", (int64_t)store_room_bytes(&room));
	return FINDING_NONE;
}

/* --- its lines -------------------------------------------------------------
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

static int64_t
number(const struct json_object *object, const char *name)
{
	int64_t value = 0;

	json_natural(object, name, &value);
	return value;
}

static void
tell_server(const struct json_object *server)
{
	const char *name = json_string(server, "name");
	const char *state = json_string(server, "state");

	if (json_string(server, "why") != NULL)
		tell("server", "%s: %s", name, json_string(server, "why"));
	else
		tell("server", "%s: %s%s, PostgreSQL %s%s", name, state,
			json_true(server, "in_use")     ? ", in use"
			: strcmp(state, "primary") == 0 ? ", too"
							: "",
			json_string(server, "version"),
			json_true(server, "tls") ? ", TLS" : "");
}

static void
tell_database(const struct json_object *database)
{
	tell("database", "%s, by the role %s, %.1f MB",
		json_string(database, "name"), json_string(database, "role"),
		(double)number(database, "bytes") / 1e6);
	if (number(database, "version") > 0)
		tell("tables", "of version %lld, generation %lld",
			(long long)number(database, "version"),
			(long long)number(database, "generation"));
}

static void
tell_lock(const struct json_object *lock)
{
	if (json_string(lock, "from") == NULL)
		tell("lock", "free");
	else
		tell("lock", "%lld ms with a process on %s, %lld wait for it",
			(long long)number(lock, "ms"),
			json_string(lock, "from"),
			(long long)number(lock, "waiting"));
}

static void
tell_watch(const struct json_object *watch)
{
	const char *runs = json_true(watch, "runs") ? "runs" : "does not run";
	int64_t age;

	if (!json_natural(watch, "looked_ms_ago", &age))
		tell("watch", "%s; this machine has not looked yet", runs);
	else
		tell("watch", "%s; this machine has looked %lld.%03lld s ago",
			runs, (long long)age / 1000, (long long)age % 1000);
}

static void
tell_machine(const struct json_object *machine)
{
	char age[CLI_AGE_SIZE], *lacks = mem_copy("");
	const struct json_object *names;
	size_t i, count;

	names = json_array(machine, "lacks", &count);
	for (i = 0; i < count; i++)
		lacks = mem_append(lacks, " %s", json_string_at(names, i));
	cli_write_age(site_now() - number(machine, "seen"), age);
	tell("machine", "%s%s, seen %s ago, %s%s", json_string(machine, "name"),
		json_true(machine, "this_one") ? " (this one)" : "", age,
		count == 0 ? "has all keys" : "lacks", lacks);
	mem_free(lacks);
}

static void
tell_finding(const struct json_object *finding)
{
	tell(json_string(finding, "result"), "%s",
		json_string(finding, "what"));
}

/* What tells each member: an object, or each of a list. */
static const struct {
	const char *name;
	void (*tell)(const struct json_object *object);
} members[] = {
	{"servers", tell_server},
	{"database", tell_database},
	{"lock", tell_lock},
	{"watch", tell_watch},
	{"machines", tell_machine},
	{"findings", tell_finding},
};

static void
tell_member(const struct json_object *value,
	void (*tell_one)(const struct json_object *object))
{
	size_t i;

	if (!json_object_is_type(value, json_type_array)) {
		tell_one(value);
		return;
	}
	for (i = 0; i < json_object_array_length(value); i++)
		tell_one(json_object_array_get_idx(value, i));
}

static void
tell_all(struct json_object *status)
{
	struct json_object *value;
	size_t i;

	if (json_string(status, "store") != NULL)
		tell("store", "%s, %.1f MB, of this machine alone",
			json_string(status, "store"),
			(double)number(status, "bytes") / 1e6);
	for (i = 0; i < sizeof members / sizeof members[0]; i++)
		if (json_object_object_get_ex(status, members[i].name, &value))
			tell_member(value, members[i].tell);
	json_object_put(status);
}

static int
show_status(struct cli *cli)
{
	struct json_object *status;
	char host[MACHINE_NAME_SIZE];
	enum finding_level level;

	machine_name(host);
	if (!cli_open(cli))
		return FINDING_ERROR;
	status = json_new_object();
	level = store_is_shared(cli->site.store)
			? look_at_all(&cli->site, host, status)
			: look_at_own(&cli->site, status);
	json_add_string(status, "result", finding_words[level]);
	if (cli_option(cli, "--json") != NULL)
		print_json(status);
	else
		tell_all(status);
	return (int)level;
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
	{"store", "status", "[--json]",
		"Shows the database: its servers, the lock, the machines and "
		"the keys they lack, and\n      what is wrong. Exit status: 0 "
		"all is well, 1 warnings, 2 errors.",
		show_status, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
