/* database.c - what an operator wants to know of a store in PostgreSQL
 *
 * Each server is asked, and not only the one that the programs use: an old
 * primary that was not fenced, or a standby that is away, shows in no answer of
 * the primary's. */
#include "config.h"

#include "database.h"

#include "base/json.h"
#include "base/mem.h"
#include "print.h"
#include "site/machine.h"
#include "store/pq-schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LOCK_MS = 2000,   /* a request waits no longer for the lock */
	CLOCK_S = 2,      /* what machines with NTP never differ by */
	CLOCK_BAD_S = 30, /* codes and tokens end by the clock */
};

/* One answer, with all that any check here wants to know. Times are whole
 * milliseconds. */
static const char question[] =
	"select json_build_object("
	/* Which server this is. Two of one origin have the system's identifier
	 * in common, and not the microsecond of their start. */
	"'server', concat(extract(epoch from pg_postmaster_start_time()), ' ',"
	" current_setting('port')),"
	"'standby', pg_is_in_recovery(),"
	"'readonly', current_setting('default_transaction_read_only') = 'on',"
	"'version', current_setting('server_version'),"
	"'timeline', case when pg_is_in_recovery() then null else"
	" left(pg_walfile_name(pg_current_wal_lsn()), 8) end,"
	"'role', current_user,"
	"'database', current_database(),"
	"'schema', case when to_regclass('latchkey_version') is not null then"
	" (xpath('/row/number/text()', query_to_xml("
	"'select number from latchkey_version', false, true, '')))[1]"
	"::text::integer end,"
	"'generation', case when to_regclass('generation') is not null then"
	" (xpath('/row/n/text()', query_to_xml("
	"'select n from generation', false, true, '')))[1]::text::bigint end,"
	"'bytes', pg_database_size(current_database()),"
	"'now', (extract(epoch from clock_timestamp()) * 1000)::bigint,"
	"'settings', (select json_object_agg(name, setting) from pg_settings"
	" where name in ('fsync', 'full_page_writes', 'synchronous_commit',"
	" 'synchronous_standby_names')),"
	"'sees', pg_has_role('pg_read_all_stats', 'usage'),"
	"'standbys', (select coalesce(json_agg(json_build_object("
	"'name', application_name, 'state', sync_state)), '[]')"
	" from pg_stat_replication),"
	"'rights', (select json_build_object('superuser', rolsuper,"
	" 'createdb', rolcreatedb, 'createrole', rolcreaterole,"
	" 'replication', rolreplication, 'bypassrls', rolbypassrls)"
	" from pg_roles where rolname = current_user),"
	"'holder', (select json_build_object('pid', pid,"
	" 'ms', (extract(epoch from clock_timestamp()"
	" - coalesce(xact_start, state_change)) * 1000)::bigint,"
	" 'stranger', usename <> current_user, 'role', usename,"
	" 'from', coalesce(host(client_addr), 'its own machine'))"
	" from pg_locks join pg_stat_activity using (pid)"
	" where locktype = 'advisory' and classid = 7155 and granted"
	" and datname = current_database() order by xact_start limit 1),"
	"'waiters', (select count(*) from pg_locks join pg_stat_activity"
	" using (pid) where locktype = 'advisory' and classid = 7155"
	" and not granted and datname = current_database()))";

/* --- looking ------------------------------------------------------------- */

bool
database_is_primary(const struct server *server)
{
	return server->said != NULL && !json_true(server->said, "standby") &&
	       !json_true(server->said, "readonly");
}

/* A promotion begins a timeline, whose number is higher. */
static bool
is_newer(const struct server *server, const struct server *than)
{
	return than == NULL || strcmp(json_string(server->said, "timeline"),
				       json_string(than->said, "timeline")) > 0;
}

void
database_look(const struct site *site, struct database *database)
{
	size_t i;

	memset(database, 0, sizeof *database);
	database->site = site;
	servers_ask(site->store, question, &database->servers);
	for (i = 0; i < database->servers.count; i++) {
		if (database_is_primary(&database->servers.each[i]) &&
			is_newer(&database->servers.each[i], database->primary))
			database->primary = &database->servers.each[i];
	}
}

void
database_free(struct database *database)
{
	servers_free(&database->servers);
}

static const struct json_object *
member(const struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

/* What a setting is on the primary; "" if it is not known. */
static const char *
setting_of(const struct database *database, const char *name)
{
	const char *value =
		json_string(member(database->primary->said, "settings"), name);

	return value == NULL ? "" : value;
}

uint64_t
database_bytes(const struct database *database)
{
	int64_t bytes = 0;
	size_t i;

	for (i = 0; i < database->servers.count && bytes == 0; i++)
		json_natural(database->servers.each[i].said, "bytes", &bytes);
	return (uint64_t)bytes;
}

/* --- servers -------------------------------------------------------------- */

/* The host in a server's name, for the operator to go to. */
static const char *
host_of(const struct server *server)
{
	static char *host;

	mem_free(host);
	host = mem_printf("%.*s",
		(int)(strrchr(server->name, ':') - server->name), server->name);
	return host[0] == '/' ? "localhost" : host;
}

/* A server in which nobody sees what the others took. The setting may name the
 * primary twice. */
static void
find_unfenced(const struct database *database, struct findings *found)
{
	const struct server *server = database->servers.each;
	size_t i;

	for (i = 0; i < database->servers.count; i++, server++) {
		if (!database_is_primary(server) ||
			servers_are_one(server, database->primary))
			continue;
		finding_add(found, FINDING_ERROR,
			"%s takes changes, and so does %s: the old primary was "
			"not fenced, and what it takes is lost; stop it at "
			"once",
			server->name, database->primary->name);
		finding_mend(found, "ssh %s systemctl stop postgresql",
			print_word(host_of(server)));
	}
}

/* No server takes changes: a standby is there to be promoted, or none. */
static void
find_no_primary(const struct database *database, struct findings *found)
{
	const struct server *server = database->servers.each;
	size_t i;

	for (i = 0; i < database->servers.count; i++, server++)
		if (server->said != NULL && json_true(server->said, "standby"))
			break;
	if (i == database->servers.count) {
		finding_add(found, FINDING_ERROR,
			"no server takes changes: people are answered 503");
		finding_mend(found, "ssh %s systemctl start postgresql",
			print_word(host_of(&database->servers.each[0])));
		return;
	}
	finding_add(found, FINDING_ERROR,
		"no server takes changes: %s is a standby; once you know that "
		"the primary is dead and stays so, promote it",
		server->name);
	finding_mend(found, "ssh %s pg_ctlcluster 15 main promote",
		print_word(host_of(server)));
}

static void
check_servers(const struct database *database, struct findings *found)
{
	const struct server *server = database->servers.each;
	size_t i;

	for (i = 0; i < database->servers.count; i++, server++) {
		if (server->said != NULL)
			continue;
		finding_add(found,
			database->primary == NULL ? FINDING_ERROR
						  : FINDING_WARNING,
			"%s: %s", server->name, server->why);
		finding_mend(found, "ssh %s systemctl start postgresql",
			print_word(host_of(server)));
	}
	if (database->primary == NULL)
		find_no_primary(database, found);
	else
		find_unfenced(database, found);
}

/* --- tables --------------------------------------------------------------- */

static int64_t
tables_version(const struct database *database)
{
	int64_t version = 0;

	json_natural(database->primary->said, "schema", &version);
	return version;
}

bool
database_serves(const struct database *database)
{
	return database->primary != NULL &&
	       tables_version(database) == PQ_SCHEMA_VERSION;
}

static void
check_tables(const struct database *database, struct findings *found)
{
	int64_t version = tables_version(database);

	if (version == PQ_SCHEMA_VERSION)
		return;
	if (version > PQ_SCHEMA_VERSION) {
		finding_add(found, FINDING_ERROR,
			"the tables are of version %lld, and this latchkey "
			"knows %d: install the one that the other machines "
			"have",
			(long long)version, PQ_SCHEMA_VERSION);
		finding_mend(found, "apt-get install latchkey");
		return;
	}
	finding_add(found, FINDING_ERROR,
		version <= 0 ? "the database has no tables of latchkey's"
			     : "the tables are of an older latchkey");
	finding_mend(found, "latchkey store init");
}

/* --- standbys ------------------------------------------------------------- */

/* How many of the primary's standbys are so: NULL counts all. */
static size_t
count_standbys(const struct database *database, const char *state)
{
	size_t i, all, count = 0;
	const struct json_object *list =
		json_array(database->primary->said, "standbys", &all);
	const char *is;

	for (i = 0; i < all; i++) {
		is = json_string(json_object_array_get_idx(list, i), "state");
		count +=
			state == NULL || (is != NULL && strcmp(is, state) == 0);
	}
	return count;
}

/* A command of the database's superuser, which the operator types there. */
static void
mend_system(struct findings *found, const char *setting, const char *value)
{
	finding_mend(found,
		"psql -c \"ALTER SYSTEM SET %s = %s\" -c 'SELECT "
		"pg_reload_conf()'",
		setting, value);
}

static void
find_synchronous(const struct database *database, struct findings *found)
{
	size_t synchronous = count_standbys(database, "sync") +
			     count_standbys(database, "quorum");
	const char *commit = setting_of(database, "synchronous_commit");

	if (strcmp(commit, "on") != 0 && strcmp(commit, "remote_apply") != 0) {
		finding_add(found, FINDING_ERROR,
			"synchronous_commit is %s: what was acknowledged is "
			"not on the standby's disk when %s is lost",
			commit, database->primary->name);
		mend_system(found, "synchronous_commit", "on");
	}
	if (!json_true(database->primary->said, "sees")) {
		finding_add(found, FINDING_WARNING,
			"the role %s cannot see whether a standby is "
			"synchronous",
			json_string(database->primary->said, "role"));
		finding_mend(found,
			"psql -c 'GRANT pg_read_all_stats TO \"%s\"'",
			json_string(database->primary->said, "role"));
	} else if (synchronous == 0) {
		finding_add(found, FINDING_ERROR,
			"no standby is there that synchronous_standby_names "
			"waits for: every change is answered 503; start it, or "
			"do without");
		mend_system(found, "synchronous_standby_names", "''");
	}
}

static void
check_standbys(const struct database *database, struct findings *found)
{
	if (setting_of(database, "synchronous_standby_names")[0] != '\0') {
		find_synchronous(database, found);
	} else if (database->servers.count > 1 ||
		   count_standbys(database, NULL) > 0) {
		finding_add(found, FINDING_WARNING,
			"no standby is synchronous: what was acknowledged last "
			"is lost when %s is",
			database->primary->name);
		mend_system(found, "synchronous_standby_names", "'*'");
	}
}

/* --- what the server does, and who may what ------------------------------- */

static void
check_settings(const struct database *database, struct findings *found)
{
	static const char *const names[] = {"fsync", "full_page_writes"};
	size_t i;

	for (i = 0; i < 2; i++) {
		if (strcmp(setting_of(database, names[i]), "on") == 0)
			continue;
		finding_add(found, FINDING_ERROR,
			"%s is off: when %s stops, what was acknowledged is "
			"lost, and maybe all of it",
			names[i], database->primary->name);
		mend_system(found, names[i], "on");
	}
}

static void
check_role(const struct database *database, struct findings *found)
{
	static const char *const rights[] = {"superuser", "createdb",
		"createrole", "replication", "bypassrls"};
	const struct json_object *has =
		member(database->primary->said, "rights");
	char *too_much = mem_copy(""), *mend = mem_copy("");
	size_t i;

	for (i = 0; has != NULL && i < sizeof rights / sizeof rights[0]; i++)
		if (json_true(has, rights[i])) {
			too_much = mem_append(too_much, " %s", rights[i]);
			mend = mem_append(mend, " no%s", rights[i]);
		}
	if (too_much[0] != '\0') {
		finding_add(found, FINDING_WARNING,
			"the role %s has rights that it does not need:%s",
			json_string(database->primary->said, "role"), too_much);
		finding_mend(found, "psql -c 'ALTER ROLE \"%s\"%s'",
			json_string(database->primary->said, "role"), mend);
	}
	mem_free(too_much);
	mem_free(mend);
}

/* --- the way there ---------------------------------------------------------
 */

static void
mend_setting(const struct database *database, struct findings *found)
{
	const struct conf_place *place =
		conf_place(database->site->conf, "store");

	finding_mend(found, "%s", finding_editor(place->file, place->line));
}

static void
find_plain(const struct database *database, struct findings *found)
{
	const struct server *server = database->servers.each;
	const char *mode = database->servers.sslmode == NULL
				   ? "prefer"
				   : database->servers.sslmode;
	size_t i;

	for (i = 0; i < database->servers.count; i++, server++) {
		if (!server->remote || strcmp(mode, "verify-full") == 0)
			continue;
		finding_add(found,
			server->said != NULL && !server->tls ? FINDING_ERROR
							     : FINDING_WARNING,
			"%s: sslmode is %s%s: another machine in the network "
			"can pass for the server; write sslmode=verify-full "
			"and sslrootcert=FILE",
			server->name, mode,
			server->said != NULL && !server->tls
				? ", and nothing is encrypted"
				: "");
		mend_setting(database, found);
	}
}

/* libpq passes over a file that others can read, and says so where nobody
 * looks. */
static void
find_open_password(const struct database *database, struct findings *found)
{
	const char *path = database->servers.passfile;
	struct stat file;

	if (path == NULL)
		return;
	if (stat(path, &file) == 0 && (file.st_mode & 077) != 0) {
		finding_add(found, FINDING_ERROR,
			"%s: mode %04o lets others read the password, so libpq "
			"passes over it",
			path, (unsigned)file.st_mode & 07777);
		finding_mend(found, "chmod 0600 %s", print_word(path));
	} else if (access(path, R_OK) != 0 && errno != ENOENT) {
		finding_add(
			found, FINDING_ERROR, "%s: %s", path, strerror(errno));
		finding_mend(found, "ls -ld %s", print_word(path));
	}
}

static void
check_way(const struct database *database, struct findings *found)
{
	find_plain(database, found);
	find_open_password(database, found);
}

/* --- clocks, the lock --------------------------------------------------------
 */

/* By how many seconds the server's clock is ahead, at the least. */
static double
ahead_of_ours(const struct server *server)
{
	int64_t ms;
	double now;

	if (!json_natural(server->said, "now", &ms))
		return 0;
	now = (double)ms / 1000;
	return now > server->after    ? now - server->after
	       : now < server->before ? now - server->before
				      : 0;
}

static void
check_clocks(const struct database *database, struct findings *found)
{
	const struct server *server = database->servers.each;
	double ahead, by;
	size_t i;

	for (i = 0; i < database->servers.count; i++, server++) {
		if (server->said == NULL)
			continue;
		ahead = ahead_of_ours(server);
		by = ahead < 0 ? -ahead : ahead;
		if (by < CLOCK_S)
			continue;
		finding_add(found,
			by < CLOCK_BAD_S ? FINDING_WARNING : FINDING_ERROR,
			"this machine's clock is %.0f s %s that of %s: codes "
			"and tokens end by the one that looks",
			by, ahead > 0 ? "behind" : "ahead of", server->name);
		finding_mend(found, "timedatectl set-ntp true");
	}
}

const struct json_object *
database_holder(const struct database *database, int64_t *ms)
{
	const struct json_object *holder =
		member(database->primary->said, "holder");
	int64_t pid;

	*ms = 0;
	json_natural(holder, "ms", ms);
	return json_natural(holder, "pid", &pid) ? holder : NULL;
}

static void
check_lock(const struct database *database, struct findings *found)
{
	int64_t pid = 0, ms;
	const struct json_object *holder = database_holder(database, &ms);
	/* Since when is not said of another role. */
	bool stranger = json_true(holder, "stranger");

	if (stranger)
		finding_add(found, FINDING_ERROR,
			"the role %s, which is not latchkey's, has the lock, "
			"and everything that changes something waits for it: "
			"see that nobody else may connect to the database",
			json_string(holder, "role"));
	else if (ms >= LOCK_MS)
		finding_add(found, FINDING_ERROR,
			"a process on %s has had the lock for %lld s, and "
			"everything that changes something waits for it",
			json_string(holder, "from"), (long long)ms / 1000);
	else
		return;
	json_natural(holder, "pid", &pid);
	finding_mend(found, "psql -c 'SELECT pg_terminate_backend(%lld)'",
		(long long)pid);
}

/* --- the watch, the machines ------------------------------------------------
 */

static void
check_watch(const struct database *database, struct findings *found)
{
	if (site_is_watched(database->site))
		return;
	finding_add(found, FINDING_WARNING,
		"nobody watches the database on this machine, so the programs "
		"ask it at every request: `latchkey store watch` does not run");
	finding_mend(found,
		access("/run/systemd/system", F_OK) == 0
			? "systemctl enable --now latchkey-store-watch.service"
			: "latchkey store watch &");
}

static void
find_lacking(const struct database *database, const struct machine *machine,
	struct findings *found)
{
	const struct keys *keys = database->site->keys;
	const char *name;
	size_t i;

	for (i = 0; (name = keys_name(keys, i)) != NULL; i++)
		if (name[0] != '\0' && !machine_has(machine, name))
			break;
	if (name == NULL)
		return;
	finding_add(found, FINDING_WARNING,
		"the machine %s lacks the key %s: new keys do not sign before "
		"it has them",
		machine->name, name);
	finding_mend(found, "latchkey key export | ssh %s latchkey key import",
		print_word(machine->name));
}

/* A machine whose clock is ahead has left a time that is not yet. */
static void
find_ahead(const struct machine *machine, struct findings *found)
{
	int64_t ahead = machine->seen - site_now();

	if (ahead < CLOCK_S)
		return;
	finding_add(found,
		ahead < CLOCK_BAD_S ? FINDING_WARNING : FINDING_ERROR,
		"the clock of the machine %s is %lld s ahead of this one's",
		machine->name, (long long)ahead);
	finding_mend(found, "ssh %s timedatectl set-ntp true",
		print_word(machine->name));
}

static void
check_machines(const struct database *database, struct findings *found)
{
	struct store *store = database->site->store;
	char id[STORE_KEY_SIZE] = "";
	struct machine machine;
	enum status status;

	if (!database_serves(database) ||
		keys_look(database->site->keys, store, site_now(),
			(int64_t)database->site->conf->token_life) != STATUS_OK)
		return;
	status = store_begin(store, STORE_READ);
	while (status == STATUS_OK &&
		(status = machine_next(store, id, &machine)) == STATUS_OK) {
		find_lacking(database, &machine, found);
		find_ahead(&machine, found);
	}
	store_abort(store);
}

/* --- the table ---------------------------------------------------------------
 */

const struct database_check_of database_checks[] = {
	/* Whether each server answers, and one alone takes changes; */
	{"servers", check_servers, false},
	/* the tables are ours; */
	{"tables", check_tables, true},
	/* a change that was acknowledged outlives the primary; */
	{"standbys", check_standbys, true},
	/* it is on the primary's disk; */
	{"durable", check_settings, true},
	/* nobody in a network in between, or on this machine, gets in; */
	{"network", check_way, false},
	/* the role may do no more than it has to; */
	{"role", check_role, true},
	/* the servers' clocks and this one agree; */
	{"clocks", check_clocks, true},
	/* no process keeps all others waiting; */
	{"lock", check_lock, true},
	/* and what other machines do is seen here, and theirs are well. */
	{"watch", check_watch, false},
	{"machines", check_machines, true},
	{NULL, NULL, false},
};

bool
database_shows(
	const struct database *database, const struct database_check_of *check)
{
	return !check->of_primary || database->primary != NULL;
}
