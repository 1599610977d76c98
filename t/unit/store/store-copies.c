/* store-copies.c - files of two times in one directory: backups that were
 * copied over newer files, copies in part, copies without the gate
 *
 * What does not fit is refused by name, and works again once it is mended;
 * what a power loss leaves is never refused. */
#include "config.h"

#include "store/store.h"
#include "unit.h"

#include <dirent.h>
#include <stdarg.h>

enum { KEYS = 400 };
#include "commits.h"

static struct store *store;
static char *dir;
static int commits;

static enum status
commit_next(void)
{
	enum status status =
		store_finish(store, commits_begin(store, commits + 1));

	commits += status == STATUS_OK ? 1 : 0;
	return status;
}

static void
commit_many(int count)
{
	while (count-- > 0 && commit_next() == STATUS_OK)
		;
}

enum { REFUSED = -1 };

/* commits_last(), in a unit of work of its own. */
static int
state(void)
{
	int last;

	if (store_begin(store, STORE_READ) != STATUS_OK)
		return REFUSED;
	last = commits_last(store);
	store_abort(store);
	return last;
}

static bool shell(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* A command in the test's directory. */
static bool
shell(const char *format, ...)
{
	char *line = mem_printf("cd '%s' && { ", unit_dir), *command;
	va_list args;
	bool done;

	va_start(args, format);
	if (vasprintf(&command, format, args) < 0)
		exit(2);
	va_end(args);
	line = mem_append(line, "%s; }", command);
	done = system(line) == 0;
	free(command);
	mem_free(line);
	return done;
}

/* The number of the newest log file. */
static int
newest_log(void)
{
	DIR *list = opendir(dir);
	struct dirent *entry;
	int number, newest = 0;

	while (list != NULL && (entry = readdir(list)) != NULL)
		if (sscanf(entry->d_name, "log.%d", &number) == 1 &&
			number > newest)
			newest = number;
	closedir(list);
	return newest;
}

/* Writes until there are so many log files more. */
static void
fill_logs(int count)
{
	int last = newest_log() + count;

	while (newest_log() < last && commit_next() == STATUS_OK)
		;
	commit_many(3);
}

static void
checkpoint(void)
{
	store_verify(store);
}

/* A process that dies inside, by which the next one has to recover. */
static void
die_inside(void)
{
	struct store *own = store_new(dir, 0);

	store_begin(own, STORE_READ);
	_exit(0);
}

static void
start(void)
{
	store = store_new(dir, 0);
}

static void
stop(void)
{
	store_close(store);
	store = NULL;
}

/* Two stores to begin with: one has the log since it was made, the other one
 * only later files of it. */
enum age { YOUNG, OLD };
static int commits_at[2];

static void
make(void)
{
	start();
	commit_many(20);
	commits_at[YOUNG] = commits;
	shell("flock store/gate cp -a store young");
	fill_logs(2);
	commits_at[OLD] = commits;
	stop();
	shell("cp -a store old");
}

static void
begin(enum age age)
{
	shell("rm -rf store backup away && cp -a %s store",
		age == OLD ? "old" : "young");
	commits = commits_at[age];
	start();
	commit_next();
	unit_log();
}

/* It is as it was after that commit, by a process that comes now, and can be
 * written. */
static void
is_whole(int commit, const char *name)
{
	start();
	is_int(state(), commit, name);
	commits = commit;
	is_int(commit_next(), STATUS_OK, "and can be written");
	is_int(state(), commit + 1, "which is read");
	stop();
	ok(strstr(unit_log(), "two times") == NULL, "nothing is said of it");
}

/* It is refused with that in the log. */
static void
is_refused(const char *reason, const char *name)
{
	const char *log;

	start();
	is_int(state(), REFUSED, name);
	log = unit_log();
	ok(strstr(log, "files of two times") != NULL &&
			strstr(log, reason) != NULL,
		"by name: %s", reason);
	is_int(commit_next(), STATUS_UNAVAILABLE, "nor can it be written");
	stop();
	unit_log();
}

static char *
log_name(int number)
{
	static char names[2][24];
	static int next;

	next = 1 - next;
	snprintf(names[next], sizeof names[next], "log.%010d", number);
	return names[next];
}

/* --- backups that were made while the gate was held --------------------- */

static void
test_restored(enum age age)
{
	int saved;

	begin(age);
	saved = commits;
	ok(shell("flock store/gate cp -a store backup"), "a backup");
	fill_logs(2);
	stop();
	shell("mv store away && mv backup store");
	is_whole(saved, "a backup in the place of the store");
}

/* What is newer than the backup and was not taken away before it was copied
 * over the store: `logs` log files. */
static void
test_over(const char *copy, int logs, const char *reason)
{
	int saved, newest;

	begin(OLD);
	saved = commits;
	newest = newest_log();
	shell("flock store/gate cp -a store backup");
	fill_logs(logs);
	stop();
	ok(shell("%s", copy), "%s, %d log files newer", copy, logs);
	is_refused(reason, "is refused");
	start();
	is_int(state(), REFUSED, "and again by a process that stays");
	while (newest_log() > newest)
		shell("rm store/%s", log_name(newest_log()));
	is_int(state(), saved,
		"which is served when they are away, as the log says");
	stop();
	unit_log();
	is_whole(saved, "the backup's state");
}

/* In place, so that no file has another inode, and libdb's memory is of the
 * time after the backup. */
static void
test_over_same_log(void)
{
	int saved, newest;

	begin(OLD);
	saved = commits;
	newest = newest_log();
	shell("flock store/gate cp -a store backup");
	commit_many(5);
	is_int(newest_log(), newest, "changes in the same log file");
	stop();
	ok(shell("cd backup && cp -a *.btr log.* gate place ../store"),
		"a backup without libdb's memory is copied over");
	is_whole(saved, "the backup's state");
}

/* --- copies ------------------------------------------------------------- */

/* With nothing running; a reason where the copy is refused. */
static const struct {
	const char *name, *command, *reason;
} copies[] = {
	{"all", "true", NULL},
	{"without libdb's memory", "rm __db.*", NULL},
	{"without the gate", "rm gate place", NULL},
	{"without its log", "rm log.*", "there is no log"},
	{"with a log cut short", "truncate -s 30000 log.*",
		"and the log ends in"},
	{"without a data file", "rm records.btr", "records.btr is missing"},
	{"with a log of something else",
		"head -c 4096 /dev/urandom >$(ls log.* | tail -1)",
		" does not begin as a log does"},
};

static void
test_copies(void)
{
	size_t i;

	for (i = 0; i < sizeof copies / sizeof copies[0]; i++) {
		begin(OLD);
		checkpoint();
		stop();
		ok(shell("mv store away && cp -a away store && cd store && %s",
			   copies[i].command),
			"a copy: %s", copies[i].name);
		if (copies[i].reason == NULL)
			is_whole(commits, "is whole");
		else
			is_refused(copies[i].reason, "is refused");
	}
}

/* Before its first checkpoint is due, each file has to know of a log, too. */
static void
test_new_without_log(void)
{
	shell("rm -rf store away");
	commits = 0;
	start();
	commit_next();
	stop();
	shell("mv store away && cp -a away store && rm store/log.*");
	is_refused("there is no log", "a new store's copy without its log");
}

/* `latchkey check --files`, by a process that has the store open already. */
static void
test_verify(void)
{
	int newest;

	begin(OLD);
	is_int(store_verify(store), STATUS_OK, "a good store");
	newest = newest_log();
	shell("cp store/%s store/%s", log_name(newest), log_name(newest + 2));
	is_int(store_verify(store), STATUS_INTERNAL,
		"a log file of another time, beside an open store");
	ok(strstr(unit_log(), " comes log.") != NULL, "by name");
	stop();
	is_refused(" comes log.", "and it is not opened any more");
}

/* --- copies of a running store, without the gate ------------------------ */

static void
test_data_later(enum age age)
{
	begin(age);
	shell("mkdir -m 700 backup && cp -a store/log.* backup");
	commit_many(10);
	checkpoint();
	shell("cp -a store/*.btr backup");
	stop();
	shell("mv store away && mv backup store");
	is_refused(".btr has changes of ",
		"data files later than the log are refused");
}

/* There is a checkpoint in the log that the data files know nothing of. */
static void
test_data_earlier(void)
{
	begin(YOUNG);
	shell("mkdir -m 700 backup && cp -a store/*.btr backup");
	commit_many(10);
	checkpoint();
	shell("cp -a store/log.* backup");
	stop();
	shell("mv store away && mv backup store");
	is_whole(commits, "data files earlier than the log's last checkpoint");
}

/* A log whose first file went while it was copied, and whose next checkpoint is
 * still to come. */
static void
test_log_without_front(void)
{
	int newest;

	begin(OLD);
	checkpoint();
	fill_logs(1);
	newest = newest_log();
	shell("mkdir -m 700 backup && cp -a store/*.btr store/%s backup",
		log_name(newest));
	stop();
	shell("mv store away && mv backup store");
	is_refused(" is missing, and the log has no later checkpoint",
		"a log without its beginning");
}

/* And have not what was in the log before its first file. */
static void
test_data_too_early(const char *files)
{
	begin(OLD);
	shell("mkdir -m 700 backup && cp -a store/*.btr backup");
	fill_logs(3);
	shell("cd store && cp -a %s ../backup", files);
	stop();
	shell("mv store away && mv backup store");
	is_refused("the data files are older than the log", files);
}

/* One data file of a backup alone, in place: nothing tells of it before there
 * is a recovery, and that goes from the last checkpoint on. */
static void
test_one_file(const char *file)
{
	begin(OLD);
	shell("mkdir -m 700 backup && cp -a store/%s backup", file);
	fill_logs(3);
	stop();
	shell("cp -a backup/%s store", file);
	unit_fork(die_inside);
	is_refused("the data files are older than the log", file);
}

/* --- what a power loss leaves ------------------------------------------- */

static const struct {
	const char *name, *command;
} losses[] = {
	{"a new log file that is empty", ": >$next"},
	{"one of zeros", "head -c 100000 /dev/zero >$next"},
	{"one whose first sector is missing",
		"{ head -c 512 /dev/zero; head -c 9000 $last; } >$next"},
	{"two that are empty", ": >$next; : >$later"},
	{"the log's end: zeros", "head -c 5000 /dev/zero >>$last"},
	{"noise", "head -c 5000 /dev/urandom >>$last"},
	{"half a record", "head -c 45 $last | tail -c 17 >>$last"},
	{"no gate", "rm gate place"},
	{"a gate of noise", "head -c 4096 /dev/urandom >gate"},
	{"no memory of libdb's", "rm __db.*"},
};

static void
test_loss(size_t i, bool moved)
{
	int newest;

	begin(OLD);
	stop();
	unit_fork(die_inside);
	newest = newest_log();
	ok(shell("cd store && last=%s && next=%s && later=log.%010d && %s",
		   log_name(newest), log_name(newest + 1), newest + 2,
		   losses[i].command),
		"%s", losses[i].name);
	if (moved)
		shell("mv store away && cp -a away store");
	is_whole(commits, moved ? "is no fault in a copy" : "is no fault");
}

static void
test_losses(void)
{
	size_t i;

	for (i = 0; i < sizeof losses / sizeof losses[0]; i++) {
		test_loss(i, false);
		test_loss(i, true);
	}
}

int
main(void)
{
	unit_begin();
	dir = mem_printf("%s/store", unit_dir);
	make();
	test_restored(YOUNG);
	test_restored(OLD);
	test_over("cp -a backup/. store/", 1, " does not go on where ");
	test_over("cp -r backup/. store/", 1, " does not go on where ");
	test_over("cp -a --remove-destination backup/. store/", 1,
		" does not go on where ");
	test_over("rsync -ac backup/ store/", 1, " does not go on where ");
	test_over("rsync -ac --inplace backup/ store/", 1,
		" does not go on where ");
	test_over("cp -a backup/. store/", 6, " comes log.");
	test_over_same_log();
	test_copies();
	test_new_without_log();
	test_verify();
	test_data_later(YOUNG);
	test_data_later(OLD);
	test_data_earlier();
	test_log_without_front();
	test_data_too_early("log.*");
	test_data_too_early("log.* records.btr server_params.btr");
	test_data_too_early("log.* accounts.btr server_params.btr");
	test_data_too_early("log.* accounts.btr records.btr");
	test_one_file("accounts.btr");
	test_one_file("records.btr");
	test_one_file("server_params.btr");
	test_losses();
	mem_free(dir);
	return done();
}
