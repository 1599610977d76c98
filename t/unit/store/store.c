/* store.c - units of work: what they see, keep and refuse, in a Berkeley DB
 * directory and, where LATCHKEY_TEST_STORE names one, in a PostgreSQL database
 */
#include "config.h"

#include "base/counters.h"
#include "base/json.h"
#include "libdb.h"
#include "records.h"
#include "store/store-pq.h"
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORDS = 600 };

static char *dir;

/* The database of LATCHKEY_TEST_STORE, where these tests have a schema of their
 * own. */
static struct store_pq_place place;

static void
find_place(void)
{
	const char *uri = getenv("LATCHKEY_TEST_STORE");

	place.dir = unit_dir;
	if (uri != NULL)
		place.uri =
			mem_printf("%s%coptions=-csearch_path%%3D%%22%s%%22",
				uri, strchr(uri, '?') == NULL ? '?' : '&',
				strrchr(unit_dir, '-') + 1);
	if (uri != NULL && store_pq_init(&place, NULL) != STATUS_OK)
		exit(2);
}

static struct store *
new_store(void)
{
	return place.uri == NULL ? store_new(dir, 0) : store_new_pq(&place);
}

static void
test_units(void)
{
	is_int((long long)store_changes(store), 0, "no count before first use");
	is_int(put(STORE_ACCOUNT, "a", 1), STATUS_OK, "a record");
	is_int(get(STORE_ACCOUNT, "a"), 1, "is there");
	is_int(get(STORE_NAME, "a"), -1, "in its kind alone");
	is_int(get(STORE_PARAM, "a"), -1, "and file");
	put(STORE_PARAM, "account/a", 2);
	is_int(get(STORE_ACCOUNT, "a"), 1, "a key that looks like a kind");
	put(STORE_ACCOUNT, "a", 3);
	is_int(get(STORE_ACCOUNT, "a"), 3, "is replaced");
	store_begin(store, STORE_WRITE);
	put_inside(STORE_ACCOUNT, "a", 4);
	put_inside(STORE_PARAM, "b", 4);
	is_int(get_inside(STORE_ACCOUNT, "a"), 4, "is seen inside");
	store_delete(store, STORE_ACCOUNT, "a");
	is_int(get_inside(STORE_ACCOUNT, "a"), -1, "and its end");
	store_abort(store);
	is_int(get(STORE_ACCOUNT, "a"), 3, "an abort undoes all of it");
	is_int(get(STORE_PARAM, "b"), -1, "in both files");
	store_abort(store);
	ok(true, "an abort of nothing");
	is_int(delete (STORE_ACCOUNT, "a"), STATUS_OK, "a delete");
	is_int(get(STORE_ACCOUNT, "a"), -1, "is one");
	is_int(delete (STORE_ACCOUNT, "a"), STATUS_OK, "and of nothing, too");
	is_int(store_commit(store, STORE_DURABLE), STATUS_UNAVAILABLE,
		"a commit of nothing");
	is_int(put_inside(STORE_ACCOUNT, "a", 1), STATUS_UNAVAILABLE,
		"a put outside");
	is_int(get_inside(STORE_ACCOUNT, "a"), -1, "a get outside");
}

/* --- our own mistakes -------------------------------------------------- */

static void
own_store(enum store_mode mode)
{
	store = new_store();
	if (store_begin(store, mode) != STATUS_OK)
		_exit(3);
}

static void
nested(void)
{
	own_store(STORE_READ);
	store_begin(store, STORE_READ);
}

static void
write_in_read(void)
{
	own_store(STORE_READ);
	put_inside(STORE_ACCOUNT, "a", 1);
}

static void
long_key(void)
{
	char key[STORE_KEY_SIZE + 32];

	memset(key, 'k', sizeof key);
	key[sizeof key - 1] = '\0';
	own_store(STORE_READ);
	get_inside(STORE_ACCOUNT, key);
}

static bool
aborts(void (*body)(void))
{
	int how = unit_fork(body);

	return WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT;
}

static void
test_mistakes(void)
{
	char key[STORE_KEY_SIZE];

	ok(aborts(nested), "a unit inside a unit is a mistake of ours");
	ok(aborts(write_in_read), "so is a write in a reading one");
	ok(aborts(long_key), "and a key that is too long");
	memset(key, 'k', sizeof key);
	key[STORE_KEY_SIZE - 1] = '\0';
	is_int(put(STORE_ACCOUNT, key, 5), STATUS_OK, "the longest key");
	is_int(get(STORE_ACCOUNT, key), 5, "is one");
	is_int(delete (STORE_ACCOUNT, key), STATUS_OK, "and goes");
}

/* --- counts and limits ------------------------------------------------- */

static void
test_changes(void)
{
	static const struct {
		const char *name;
		enum store_kind kind;
		bool moves;
	} kinds[] = {
		{"an account", STORE_ACCOUNT, true},
		{"a param", STORE_PARAM, true},
		{"a name", STORE_NAME, false},
		{"a code", STORE_CODE, false},
	};
	uint64_t before;
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		before = store_changes(store);
		put(kinds[i].kind, "c", 1);
		ok((store_changes(store) != before) == kinds[i].moves, "%s: %s",
			kinds[i].name,
			kinds[i].moves ? "moves the count" : "does not");
		before = store_changes(store);
		delete (kinds[i].kind, "c");
		ok((store_changes(store) != before) == kinds[i].moves,
			"%s: neither does its end otherwise", kinds[i].name);
	}
	before = store_changes(store);
	store_begin(store, STORE_WRITE);
	put_inside(STORE_ACCOUNT, "c", 1);
	store_abort(store);
	get(STORE_ACCOUNT, "c");
	ok(store_changes(store) == before, "nor reading, nor what is undone");
}

/* One after the other, inside a unit of work that changes them. */
static void
test_next(void)
{
	char key[STORE_KEY_SIZE] = "", keys[64] = "";
	struct json_object *record;

	put(STORE_CODE, "n1", 1);
	put(STORE_CODE, "n3", 3);
	put(STORE_NAME, "n0", 0);
	store_begin(store, STORE_WRITE);
	put_inside(STORE_CODE, "n2", 2);
	while (store_next(store, STORE_CODE, key, &record) == STATUS_OK) {
		strcat(keys, key);
		store_delete(store, STORE_CODE, key);
		json_object_put(record);
	}
	is_str(keys, "n1n2n3", "next: in order, those of this unit too");
	ok(record == NULL, "and none after the last");
	store_commit(store, STORE_DURABLE);
	is_int(get(STORE_CODE, "n3"), -1, "deleted on the way");
	is_int(get(STORE_NAME, "n0"), 0, "but not the next kind");
	delete (STORE_NAME, "n0");
}

/* --- walks ------------------------------------------------------------- */

struct seen {
	int seen, strangers;
	bool writes, ordered;
	char last[32];
};

/* While it walks: others come before and behind, and some go. */
static void
disturb(int number)
{
	char key[32];

	if (number == 100)
		put(STORE_ACCOUNT, "a-before", -1);
	if (number == 200)
		put(STORE_ACCOUNT, "z-behind", -1);
	if (number == 255) /* the batch's last */
		delete (STORE_ACCOUNT, "k0255");
	if (number == 300)
		delete (STORE_ACCOUNT, "k0599");
	snprintf(key, sizeof key, "k%04d", number);
	put(STORE_NAME, key, number);
}

static void
visit(struct seen *seen, const char *key, struct json_object *record)
{
	int number = json_object_get_int(json_object_object_get(record, "n"));

	seen->ordered = seen->ordered && strcmp(seen->last, key) < 0;
	snprintf(seen->last, sizeof seen->last, "%s", key);
	if (number < 0)
		seen->strangers++;
	else
		seen->seen++;
	if (seen->writes && number >= 0)
		disturb(number);
}

static struct seen
walk_over(enum store_kind kind, int stop, bool writes)
{
	struct seen seen = {.writes = writes, .ordered = true, .last = ""};
	struct store_walk walk;

	store_walk_begin(&walk, store, kind, "");
	while (seen.seen != stop && store_walk_next(&walk))
		visit(&seen, walk.key, walk.record);
	is_int(store_walk_end(&walk), STATUS_OK, "a walk");
	return seen;
}

static void
test_each(void)
{
	struct seen walk = walk_over(STORE_ACCOUNT, -1, false);
	char key[32];
	int i;

	is_int(walk.seen, 0, "of none");
	store_begin(store, STORE_WRITE);
	for (i = 0; i < RECORDS; i++) {
		snprintf(key, sizeof key, "k%04d", i);
		put_inside(STORE_ACCOUNT, key, i);
	}
	store_commit(store, STORE_DURABLE);
	walk = walk_over(STORE_ACCOUNT, -1, true);
	is_int(walk.seen, RECORDS - 1, "all but who went in time");
	is_int(walk.strangers, 1, "and who came behind");
	ok(walk.ordered, "in the order of their keys, each once");
	walk = walk_over(STORE_NAME, -1, false);
	is_int(walk.seen, RECORDS - 1, "another kind has its own");
	walk = walk_over(STORE_ACCOUNT, 256, false);
	is_int(walk.seen, 256, "no further than asked, at a batch's end");
	walk = walk_over(STORE_ACCOUNT, 3, false);
	is_int(walk.seen, 3, "nor within one");
	walk = walk_over(STORE_PARAM, -1, false);
	is_int(walk.seen, 1, "params");
}

static void
test_add(void)
{
	static const char text[] = "{\"a\":1}", other[] = "{\"a\":2}";
	uint64_t before = store_changes(store);
	struct json_object *record;
	int64_t number;
	bool there;

	store_begin(store, STORE_WRITE);
	ok(store_add(store, STORE_ACCOUNT, "added", text, sizeof text - 1,
		   &there) == STATUS_OK &&
			!there,
		"add: a new one");
	ok(store_add(store, STORE_ACCOUNT, "added", other, sizeof other - 1,
		   &there) == STATUS_OK &&
			there,
		"add: there is one");
	store_get(store, STORE_ACCOUNT, "added", &record);
	ok(json_natural(record, "a", &number) && number == 1,
		"add: and it stays");
	json_object_put(record);
	ok(store_commit(store, STORE_DURABLE) == STATUS_OK, "add: commit");
	ok(store_changes(store) == before, "add: changes does not move");
}

/* Records that were asked for before they are read: the unit's own changes are
 * seen, whichever came first. */
static void
test_want(void)
{
	static const char text[] = "{\"n\":9}";
	bool there;

	put(STORE_CODE, "w1", 1);
	put(STORE_CODE, "w2", 2);
	store_begin(store, STORE_WRITE);
	store_want(store, STORE_CODE, "w1");
	store_want(store, STORE_CODE, "w2");
	store_want(store, STORE_CODE, "w3");
	store_want(store, STORE_CODE, "w1");
	put_inside(STORE_CODE, "w2", 4);
	is_int(get_inside(STORE_CODE, "w1"), 1, "want: a record");
	is_int(get_inside(STORE_CODE, "w1"), 1, "want: once more");
	is_int(get_inside(STORE_CODE, "w2"), 4, "want: one that was changed");
	is_int(get_inside(STORE_CODE, "w3"), -1, "want: one that is not there");
	store_delete(store, STORE_CODE, "w1");
	is_int(get_inside(STORE_CODE, "w1"), -1, "want: one that was deleted");
	store_add(store, STORE_CODE, "w3", text, sizeof text - 1, &there);
	ok(!there, "want: added, a new one");
	is_int(get_inside(STORE_CODE, "w3"), 9, "want: and is there");
	store_want(store, STORE_CODE, "w3");
	store_add(store, STORE_CODE, "w3", text, sizeof text - 1, &there);
	ok(there, "want: there is one to add");
	is_int(store_commit(store, STORE_DURABLE), STATUS_OK, "want: a commit");
	is_int(get(STORE_CODE, "w3"), 9, "want: kept");
	delete (STORE_CODE, "w2");
	delete (STORE_CODE, "w3");
}

/* More are wanted than any store reads ahead. */
static void
test_want_many(void)
{
	char key[32];
	int i, sum = 0;

	store_begin(store, STORE_READ);
	for (i = 0; i < RECORDS; i++) {
		snprintf(key, sizeof key, "k%04d", i);
		store_want(store, STORE_NAME, key);
	}
	for (i = 0; i < RECORDS; i++) {
		snprintf(key, sizeof key, "k%04d", i);
		sum += get_inside(STORE_NAME, key) == i;
	}
	store_abort(store);
	is_int(sum, RECORDS - 1, "want: as many as there are");
}

static enum status
put_pointer(enum store_kind kind, const char *key, const char *to)
{
	char text[64];
	int length = snprintf(text, sizeof text, "{\"to\":\"%s\"}", to);

	return store_put_text(store, kind, key, text, (size_t)length);
}

static void
want_from(const char *key)
{
	store_want_from(store, STORE_OLD_NAME, key, "to", STORE_CODE);
}

/* The key that is found from there on; "" if none is. */
static const char *
from(const char *from)
{
	static char key[STORE_KEY_SIZE];
	struct json_object *record;

	strcpy(key, from);
	if (store_from(store, STORE_OLD_NAME, key, &record) != STATUS_OK)
		key[0] = '\0';
	json_object_put(record);
	return key;
}

/* A record that was asked for by way of another. */
static void
test_want_from(void)
{
	uint64_t trips;

	store_begin(store, STORE_WRITE);
	put_pointer(STORE_OLD_NAME, "f2", "w1");
	put_pointer(STORE_OLD_NAME, "f4", "w2");
	put_inside(STORE_OLD_NAME, "f6", 6);
	put_inside(STORE_CODE, "w1", 1);
	store_commit(store, STORE_LAZY);

	trips = counters_get(COUNTER_DATABASE_TRIPS);
	store_begin(store, STORE_READ);
	want_from("f2");
	is_str(from("f2"), "f2", "want from: a record");
	is_int(get_inside(STORE_CODE, "w1"), 1, "want from: and its other");
	store_abort(store);
	is_int((long long)(counters_get(COUNTER_DATABASE_TRIPS) - trips),
		place.uri != NULL, "want from: in one trip to a database");

	store_begin(store, STORE_READ);
	want_from("f2");
	want_from("f3");
	want_from("f5");
	want_from("f7");
	is_str(from("f2"), "f2", "want from: that one");
	is_int(get_inside(STORE_CODE, "w1"), 1, "want from: and its other");
	is_str(from("f3"), "f4", "want from: or the next");
	is_int(get_inside(STORE_CODE, "w2"), -1, "want from: without another");
	is_int(get_inside(STORE_OLD_NAME, "f3"), -1,
		"want from: none under the key itself");
	is_str(from("f5"), "f6", "want from: one that names none");
	is_int(get_inside(STORE_OLD_NAME, "f6"), 6, "want from: is there");
	is_str(from("f7"), "", "want from: none any more");
	store_abort(store);

	store_begin(store, STORE_WRITE);
	want_from("f2");
	want_from("f3");
	put_inside(STORE_CODE, "w1", 2);
	is_str(from("f2"), "f2", "want from: before a change of the other");
	is_int(get_inside(STORE_CODE, "w1"), 2, "want from: which is seen");
	put_inside(STORE_CODE, "w1", 3);
	is_int(get_inside(STORE_CODE, "w1"), 3, "want from: each time");
	put_pointer(STORE_OLD_NAME, "f3", "w1");
	is_str(from("f3"), "f3", "want from: one that came in between");
	store_delete(store, STORE_OLD_NAME, "f2");
	is_str(from("f2"), "f3", "want from: and one that went");
	want_from("f4");
	is_str(from("f4"), "f4", "want from: once more");
	put_inside(STORE_CODE, "w2", 4);
	is_int(get_inside(STORE_CODE, "w2"), 4, "want from: its other is new");
	store_abort(store);
	store_begin(store, STORE_WRITE);
	store_delete(store, STORE_OLD_NAME, "f2");
	store_delete(store, STORE_OLD_NAME, "f4");
	store_delete(store, STORE_OLD_NAME, "f6");
	store_delete(store, STORE_CODE, "w1");
	store_commit(store, STORE_LAZY);
}

static void
test_delete_under(void)
{
	static const char *const keys[] = {
		"u", "u/", "u/1", "u/2", "u/3", "u0", "v/1"};
	char left[32] = "", key[STORE_KEY_SIZE] = "";
	struct json_object *record;
	size_t i;

	store_begin(store, STORE_WRITE);
	for (i = 0; i < sizeof keys / sizeof keys[0]; i++)
		put_inside(STORE_SESSION, keys[i], (int)i);
	put_inside(STORE_EVENT, "u/1", 1);
	store_commit(store, STORE_LAZY);
	store_begin(store, STORE_WRITE);
	store_want(store, STORE_SESSION, "u/1");
	store_want(store, STORE_SESSION, "u/2");
	is_int(store_delete_under(store, STORE_SESSION, "u/", "u/2"), STATUS_OK,
		"all under a prefix");
	is_int(get_inside(STORE_SESSION, "u/1"), -1, "go");
	is_int(get_inside(STORE_SESSION, "u/2"), 3, "but the one");
	store_commit(store, STORE_LAZY);
	store_begin(store, STORE_WRITE);
	while (store_next(store, STORE_SESSION, key, &record) == STATUS_OK) {
		strcat(strcat(left, key), " ");
		store_delete(store, STORE_SESSION, key);
		json_object_put(record);
	}
	is_int(get_inside(STORE_EVENT, "u/1"), 1, "of its kind alone");
	store_delete(store, STORE_EVENT, "u/1");
	store_commit(store, STORE_LAZY);
	is_str(left, "u u/ u/2 u0 v/1 ", "and all others stay");
}

/* A walk within one unit sees what the unit changes before it. */
static void
test_next_ahead(void)
{
	char key[STORE_KEY_SIZE] = "k0100";
	struct json_object *record;

	store_begin(store, STORE_WRITE);
	store_next(store, STORE_NAME, key, &record);
	json_object_put(record);
	is_str(key, "k0101", "ahead: the next");
	store_delete(store, STORE_NAME, "k0102");
	put_inside(STORE_NAME, "k0103a", 1);
	store_next(store, STORE_NAME, key, &record);
	json_object_put(record);
	is_str(key, "k0103", "ahead: a deleted one is passed over");
	store_next(store, STORE_NAME, key, &record);
	json_object_put(record);
	is_str(key, "k0103a", "ahead: a new one is met");
	is_int(store_from(store, STORE_NAME, key, &record), STATUS_OK,
		"from: a record");
	json_object_put(record);
	is_str(key, "k0103a", "from: that one");
	strcpy(key, "k0102");
	store_from(store, STORE_NAME, key, &record);
	json_object_put(record);
	is_str(key, "k0103", "from: or the next");
	strcpy(key, "zzz");
	is_int(store_from(store, STORE_NAME, key, &record), STATUS_NOT_FOUND,
		"from: none");
	store_abort(store);
}

/* A secret is read as a secret, and undone and kept with its unit. */
static void
test_secret(void)
{
	uint64_t before = store_changes(store);

	is_int(put(STORE_SECRET, "s", 1), STATUS_OK, "a secret");
	is_int(get(STORE_SECRET, "s"), 1, "is there");
	ok(store_changes(store) != before, "and has others read anew");
	store_begin(store, STORE_WRITE);
	put_inside(STORE_SECRET, "s", 2);
	put_inside(STORE_NAME, "s", 2);
	store_abort(store);
	is_int(get(STORE_SECRET, "s"), 1, "an abort undoes it");
	is_int(get(STORE_NAME, "s"), -1, "with the rest");
	store_begin(store, STORE_WRITE);
	put_inside(STORE_SECRET, "s", 3);
	put_inside(STORE_NAME, "s", 3);
	store_commit(store, STORE_DURABLE);
	is_int(get(STORE_SECRET, "s") + get(STORE_NAME, "s"), 6,
		"a commit keeps both");
	delete (STORE_SECRET, "s");
	delete (STORE_NAME, "s");
}

static void
put_secret(void)
{
	own_store(STORE_WRITE);
	put_inside(STORE_SECRET, "s", 4);
	_exit(store_commit(store, STORE_LAZY) == STATUS_OK ? 0 : 1);
}

/* Who reads from a database may wait for it, and keeps no other process from
 * this machine's secrets meanwhile. In files there is no such wait. */
static void
test_secret_reader(void)
{
	if (place.uri == NULL)
		return;
	put(STORE_SECRET, "s", 1);
	store_begin(store, STORE_READ);
	is_int(get_inside(STORE_SECRET, "s"), 1, "a secret is read");
	is_int(unit_fork(put_secret), 0,
		"and another process changes it in the same moment");
	store_abort(store);
	delete (STORE_SECRET, "s");
}

/* As store copy leaves the store that it has copied from. */
static void
test_moved(void)
{
	struct store *usual = store;
	struct store *other = new_store();
	enum status status;
	bool there = false;

	store = other;
	put(STORE_PARAM, "moved", 1);
	store = usual;
	unit_log();
	status = store_begin(store, STORE_WRITE);
	if (status == STATUS_OK)
		status = store_has(store, STORE_NAME, "m", &there);
	store_abort(store);
	is_int(status, STATUS_UNAVAILABLE, "moved: nothing is written");
	is_int(put(STORE_NAME, "m", 1), STATUS_UNAVAILABLE,
		"moved: nor without a look");
	ok(strstr(unit_log(), "copied to another store") != NULL,
		"moved: and it is said");
	is_int(get(STORE_PARAM, "moved"), 1, "moved: what is there is read");
	store = other;
	store_allow_moved(store);
	is_int(delete (STORE_PARAM, "moved"), STATUS_OK,
		"moved: a process that may ends it");
	store_close(other);
	store = usual;
	is_int(put(STORE_NAME, "m", 1), STATUS_OK, "moved: and it is written");
	delete (STORE_NAME, "m");
}

/* A process that stands still within a unit of work. */
static void
stand_still(void)
{
	own_store(STORE_WRITE);
	get_inside(STORE_NAME, "m");
	raise(SIGSTOP);
}

/* The same before it has read anything, when so much has gone out that the
 * database has given it the lock. */
static void
stand_still_in_puts(void)
{
	char text[2000], key[32];
	int i, length;

	own_store(STORE_WRITE);
	length = snprintf(text, sizeof text, "{\"a\":\"%01900d\"}", 0);
	for (i = 0; i < 40; i++) {
		snprintf(key, sizeof key, "h%d", i);
		store_put_text(store, STORE_CODE, key, text, (size_t)length);
	}
	raise(SIGSTOP);
}

/* In a database the others go on once it has lost the lock. In files they do
 * when it is killed. */
static void
test_holder(void (*stop)(void), const char *name)
{
	int how = 0, tries;
	pid_t pid = fork();

	if (pid == 0) {
		stop();
		_exit(0);
	}
	waitpid(pid, &how, WUNTRACED);
	ok(WIFSTOPPED(how), "%s stands still", name);
	/* A database has yet to read what it was sent. */
	store_set_wait(store, 20);
	for (tries = 0; tries < 1000; tries++)
		if (put(STORE_NAME, "m", 1) != STATUS_OK)
			break;
	store_set_wait(store, 0);
	ok(tries < 1000, "%s: and keeps others out", name);
	if (place.uri == NULL)
		kill(pid, SIGKILL);
	for (tries = 0; tries < 30; tries++)
		if (put(STORE_NAME, "m", 2) == STATUS_OK)
			break;
	ok(get(STORE_NAME, "m") == 2, "%s: and others go on", name);
	kill(pid, SIGKILL);
	waitpid(pid, &how, 0);
	unit_log();
	delete (STORE_NAME, "m");
}

int
main(void)
{
	unit_begin();
	dir = mem_printf("%s/store", unit_dir);
	find_place();
	counters_open(unit_file("counters", "", 0), NULL);
	store = new_store();
	test_units();
	test_mistakes();
	test_changes();
	test_next();
	test_each();
	test_add();
	test_want();
	test_want_many();
	test_want_from();
	test_delete_under();
	test_next_ahead();
	test_secret();
	test_secret_reader();
	test_moved();
	test_holder(stand_still, "a holder");
	test_holder(stand_still_in_puts, "a holder that only writes");
	store_close(store);
	if (place.uri == NULL)
		verify_files(dir);
	mem_free((void *)(uintptr_t)place.uri);
	mem_free(dir);
	return done();
}
