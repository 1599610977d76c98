/* unit.h - a unit test's own directory, log file and site */
#ifndef LATCHKEY_UNIT_H
#define LATCHKEY_UNIT_H

#include "account/account.h"
#include "base/mem.h"
#include "site/site.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Settings that make hashes cheap (unit_scheme), and have no try wait:
 * t/unit/account/throttle is about that. */
#define UNIT_FAST "hash_cost = 1\nthrottle = off\n"

static char unit_dir[256];

#ifdef SANITIZERS
/* libdb keeps what belongs to an environment that has panicked, some 12 KB. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libdb-5.3";
}
#endif

/* LATCHKEY_TEST_STORE is the URI of a PostgreSQL (t/with-postgresql): then the
 * store of the directory is a database of its own there. */
static inline void
unit_sql(const char *sql)
{
	char command[800];

	snprintf(command, sizeof command,
		"PGOPTIONS=-cclient_min_messages=warning psql -qX "
		"\"$LATCHKEY_TEST_STORE\" -c \"%s\" </dev/null",
		sql);
	if (getenv("LATCHKEY_TEST_STORE") != NULL && system(command) != 0)
		diag("psql: %s", sql);
}

/* Its name; good until the next call. */
static inline const char *
unit_database(void)
{
	static char name[32];

	snprintf(name, sizeof name, "unit_%s", strrchr(unit_dir, '-') + 1);
	return name;
}

static inline void
unit_sql_of_database(const char *format)
{
	char sql[200];

	snprintf(sql, sizeof sql, "%s \\\"%s\\\"%s", format, unit_database(),
		strncmp(format, "drop", 4) == 0 ? " with (force)"
						: " template latchkey");
	unit_sql(sql);
}

static inline void
unit_remove(void)
{
	char command[300];

	unit_sql_of_database("drop database");
	snprintf(command, sizeof command, "rm -rf '%s'", unit_dir);
	if (system(command) != 0)
		diag("the directory could not be removed");
}

/* Makes the directory, which goes at exit, and sends the log into it. */
static inline void
unit_begin(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[300];
	int log;

	snprintf(unit_dir, sizeof unit_dir, "%.200s/latchkey-unit-XXXXXX",
		tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(unit_dir) == NULL)
		exit(2);
	atexit(unit_remove);
	snprintf(path, sizeof path, "%s/log", unit_dir);
	log = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0 || (getenv("VERBOSE") == NULL && dup2(log, 2) != 2))
		exit(2);
	close(log);
	unit_sql_of_database("create database");
}

/* The line of the setting, where it is not the default; good until the next
 * call. */
static inline const char *
unit_store(void)
{
	static char line[400];
	const char *uri = getenv("LATCHKEY_TEST_STORE"), *at;

	if (uri == NULL)
		return "";
	at = strstr(uri, "/postgres?");
	if (at == NULL) /* another one, of the test's own */
		return "";
	snprintf(line, sizeof line, "store = %.*s/%s%s\n", (int)(at - uri), uri,
		unit_database(), at + strlen("/postgres"));
	return line;
}

/* What has been logged since the last call, until the next one. */
static inline const char *
unit_log(void)
{
	static char text[65536];
	ssize_t length = pread(2, text, sizeof text - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return ftruncate(2, 0) == 0 ? text : "";
}

/* Writes a file of the directory; its path is good until the next call. */
static inline const char *
unit_file(const char *name, const char *text, size_t length)
{
	static char path[300];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", unit_dir, name);
	file = fopen(path, "w");
	if (file == NULL || fwrite(text, 1, length, file) != length ||
		fclose(file) != 0)
		exit(2);
	return path;
}

/* Whether a hash, or its prefix, is of a scheme that is here: crypt(3) may have
 * been built without yescrypt. What is about yescrypt alone is then left out.
 */
static inline bool
unit_knows(const char *hash)
{
	if (strncmp(hash, "$gy$", 4) == 0)
		return password_makes("$gy$");
	return strncmp(hash, "$y$", 3) != 0 || password_makes("$y$");
}

/* The cheapest at hand, about a millisecond: yescrypt in 1 MiB, or fewer rounds
 * of SHA-256 than the setting may ask for. */
static inline struct password_scheme
unit_scheme(void)
{
	const struct password_scheme yescrypt = {"$y$", 1};
	const struct password_scheme sha256 = {"$5$", 1000};

	return unit_knows("$y$") ? yescrypt : sha256;
}

/* With `hash_cost = 1`, the cheapest: where Argon2id is the default, no cost
 * that may be set is as low. */
static inline void
unit_cheapen(struct conf *conf)
{
	const struct password_scheme cheap = unit_scheme();

	if (conf->hash_cost != 1)
		return;
	mem_free(conf->hash);
	conf->hash = mem_copy(cheap.prefix);
	conf->hash_cost = cheap.cost;
}

/* The line, unless the settings have its key. */
static inline const char *
unit_unless(const char *settings, const char *line)
{
	char key[64];

	snprintf(key, sizeof key, "%.*s", (int)strcspn(line, "="), line);
	return strstr(settings, key) == NULL ? line : "";
}

static inline void
unit_permit_writing(bool may)
{
	static bool forbidden;
	char sql[200];

	if (may == !forbidden)
		return;
	forbidden = !may;
	snprintf(sql, sizeof sql,
		"alter database \\\"%s\\\" set default_transaction_read_only "
		"to "
		"%s",
		unit_database(), may ? "off" : "on");
	unit_sql(sql);
}

/* Opens the directory's site with these settings, without the lists that it
 * would else look for under /usr; processes may do this at the same time. */
static inline void
unit_site(struct site *site, const char *settings)
{
	char *text = mem_printf("state_dir = %s\ndisk_reserve = 0\n%s%s%s%s",
		unit_dir, settings, unit_unless(settings, unit_store()),
		unit_unless(settings, "common_passwords =\n"),
		unit_unless(settings, "leaked_secrets =\n"));
	char name[32];

	snprintf(name, sizeof name, "conf.%d", (int)getpid());
	unit_permit_writing(true);
	if (!site_open(site, unit_file(name, text, strlen(text))))
		exit(2);
	unit_cheapen(site->conf);
	mem_free(text);
}

/* As on a disk that is full: nothing can be written. In a database: until
 * unit_site() is called again, for all new connections. */
static inline void
unit_site_full(struct site *site, const char *settings)
{
	char path[300];

	unit_site(site, settings);
	if (store_is_shared(site->store)) {
		unit_permit_writing(false);
		return;
	}
	store_close(site->store);
	snprintf(path, sizeof path, "%s/store", unit_dir);
	site->store = store_new(path, UINT64_MAX);
}

static inline struct password
unit_password(const char *text)
{
	struct password password;

	password_read(&password, text, strlen(text));
	return password;
}

/* A try from that network; good until the next call. */
static inline struct attempt *
unit_attempt(const char *network, int64_t now)
{
	static struct attempt attempt;

	memset(&attempt, 0, sizeof attempt);
	snprintf(attempt.network, sizeof attempt.network, "%s", network);
	attempt.now = now;
	return &attempt;
}

/* Reads the account of that name, in a unit of work of its own. */
static inline enum status
unit_find(const struct site *site, const char *name, struct account *account)
{
	enum status status = store_begin(site->store, STORE_READ);

	memset(account, 0, sizeof *account);
	if (status == STATUS_OK)
		status = account_find(site->store, name, account);
	store_abort(site->store);
	return status;
}

/* How many records of a kind there are. */
static inline int
unit_count(const struct site *site, enum store_kind kind)
{
	struct store_walk walk;
	int count = 0;

	store_walk_begin(&walk, site->store, kind, "");
	while (store_walk_next(&walk))
		count++;
	return store_walk_end(&walk) == STATUS_OK ? count : -1;
}

/* Adds an account whose password is "secret". */
static inline enum status
unit_account(const struct site *site, const char *username, const char *email,
	bool admin)
{
	struct password password = unit_password("secret");
	struct account account = {.admin = admin};

	snprintf(account.username, sizeof account.username, "%s", username);
	snprintf(account.email, sizeof account.email, "%s", email);
	return account_add(
		site, &account, &password, ACCOUNT_ALWAYS, ACCOUNT_HIDES_NONE);
}

/* Runs `body` in a process of its own and returns how that ended, as
 * waitpid() says it. */
static inline int
unit_fork(void (*body)(void))
{
	int how = -1;
	pid_t pid = fork();

	if (pid == 0) {
		body();
		_exit(0);
	}
	waitpid(pid, &how, 0);
	return how;
}

#endif
