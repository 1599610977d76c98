/* keys-shared.c - the keys of machines that share a store: each has its own
 * bytes.
 *
 * With LATCHKEY_TEST_STORE, in a database there. Without it a
 * Berkeley DB that says it is shared, where each machine has its own secrets
 * under its name. */
#include "config.h"

#include "site/keys.h"

#include "base/json.h"
#include "memory.h"
#include "store/store-pq.h"
#include "unit.h"

#include <signal.h>
#include <sodium.h>
#include <sys/stat.h>

enum { NOW = 1000000, LIFE = 3600, MACHINES = 4 };

#define LONG(word) word " is a secret of 32 bytes or more"

static const char *const names[MACHINES] = {"ann", "ben", "cleo", "dora"};

/* --- machines ---------------------------------------------------------------
 */

static bool is_shared = true; /* what a Berkeley DB says */
static const char *host = "nobody";
static struct {
	const struct store *store;
	const char *name;
} places[MACHINES];

int __wrap_gethostname(char *name, size_t size);
bool __wrap_store_is_shared(const struct store *store);
bool __real_store_is_shared(const struct store *store);
enum status __wrap_store_get(struct store *store, enum store_kind kind,
	const char *key, struct json_object **record);
enum status __real_store_get(struct store *store, enum store_kind kind,
	const char *key, struct json_object **record);
enum status __wrap_store_put(struct store *store, enum store_kind kind,
	const char *key, struct json_object *record);
enum status __real_store_put(struct store *store, enum store_kind kind,
	const char *key, struct json_object *record);
enum status __wrap_store_keep(struct store *store, enum store_kind kind,
	const char *key, struct json_object *record);
enum status __real_store_keep(struct store *store, enum store_kind kind,
	const char *key, struct json_object *record);

static const char *
database(void)
{
	return getenv("LATCHKEY_TEST_STORE");
}

int
__wrap_gethostname(char *name, size_t size)
{
	snprintf(name, size, "%s", host);
	return 0;
}

bool
__wrap_store_is_shared(const struct store *store)
{
	return __real_store_is_shared(store) ||
	       (database() == NULL && is_shared);
}

/* Where a machine has that record; good until the next call. */
static const char *
place_of(const struct store *store, enum store_kind kind, const char *key)
{
	static char place[64];
	int i = 0;

	if (database() != NULL || kind != STORE_SECRET)
		return key;
	while (i < MACHINES && places[i].store != store)
		i++;
	snprintf(place, sizeof place, "%s/%s",
		i < MACHINES ? places[i].name : "?", key);
	return place;
}

enum status
__wrap_store_get(struct store *store, enum store_kind kind, const char *key,
	struct json_object **record)
{
	return __real_store_get(
		store, kind, place_of(store, kind, key), record);
}

enum status
__wrap_store_put(struct store *store, enum store_kind kind, const char *key,
	struct json_object *record)
{
	return __real_store_put(
		store, kind, place_of(store, kind, key), record);
}

enum status
__wrap_store_keep(struct store *store, enum store_kind kind, const char *key,
	struct json_object *record)
{
	return __real_store_keep(
		store, kind, place_of(store, kind, key), record);
}

/* Asks the server of LATCHKEY_TEST_STORE, the URI of its database `postgres`.
 */
static void
ask_server(const char *verb, const char *how)
{
	char *sql =
		mem_printf("%s database keys_%d%s", verb, (int)getpid(), how);
	char *command = mem_printf("PGOPTIONS=-cclient_min_messages=warning "
				   "psql -qX \"$LATCHKEY_TEST_STORE\" -c '%s'",
		sql);

	if (system(command) != 0)
		exit(2);
	mem_free(command);
	mem_free(sql);
}

/* A database of this test's own, which goes with it. */
static const char *uri;

static void
make_database(void)
{
	static const char before[] = "/postgres?";
	const char *at = strstr(database(), before);
	struct store_pq_place place = {.dir = unit_dir};

	if (at == NULL)
		exit(2);
	ask_server("create", "");
	place.uri = uri = mem_printf("%.*s/keys_%d?%s", (int)(at - database()),
		database(), (int)getpid(), at + sizeof before - 1);
	if (store_pq_init(&place, NULL) != STATUS_OK)
		exit(2);
}

/* Each machine has secrets and a page of its own. */
static struct store *
open_database(int machine)
{
	char dir[sizeof unit_dir];
	const struct store_pq_place place = {
		.uri = uri, .dir = dir, .revocation_ms = 600000};

	snprintf(dir, sizeof dir, "%.200s/%s", unit_dir, names[machine]);
	mkdir(dir, 0700);
	return mem_check(store_new_pq(&place));
}

/* Opens the site of a machine as a new process there does. */
static void
open_machine(struct site *site, int machine)
{
	int i;

	host = names[machine];
	unit_site(site, UNIT_FAST);
	if (database() != NULL) {
		store_close(site->store);
		site->store = open_database(machine);
	}
	for (i = 0; i < MACHINES; i++)
		if (places[i].store == site->store) /* one that was closed */
			places[i].store = NULL;
	places[machine].store = site->store;
	places[machine].name = host;
}

static void
open_all(struct site sites[MACHINES], int count)
{
	int i;

	for (i = 0; i < count; i++)
		open_machine(&sites[i], i);
}

static void
close_all(struct site sites[MACHINES], int count)
{
	int i;

	for (i = 0; i < count; i++)
		site_close(&sites[i]);
}

/* --- records
 * ------------------------------------------------------------------ */

static void
drop(struct store *store, enum store_kind kind, const char *key)
{
	store_begin(store, STORE_WRITE);
	store_delete(store, kind, place_of(store, kind, key));
	store_finish(store, STATUS_OK);
}

/* An empty database, and machines that have nothing. */
static void
forget_all(void)
{
	char key[STORE_KEY_SIZE] = "";
	struct json_object *record;
	struct site site;
	const char *name;
	size_t j;
	int i;

	for (i = 0; i < MACHINES; i++) {
		open_machine(&site, i);
		for (j = 0; (name = keys_param(j)) != NULL; j++)
			drop(site.store, STORE_SECRET, name);
		drop(site.store, STORE_SECRET, "machine");
		drop(site.store, STORE_PARAM, "keys");
		store_begin(site.store, STORE_WRITE);
		while (store_next(site.store, STORE_MACHINE, key, &record) ==
			STATUS_OK) {
			json_object_put(record);
			store_delete(site.store, STORE_MACHINE, key);
		}
		store_finish(site.store, STATUS_OK);
		site_close(&site);
	}
	unit_log();
}

/* The record's text; the caller frees. */
static char *
text_of(struct store *store, enum store_kind kind, const char *key)
{
	struct json_object *record;
	size_t length;
	char *text;

	store_begin(store, STORE_READ);
	store_get(store, kind, key, &record);
	text = mem_copy(record == NULL ? "" : json_text(record, &length));
	json_object_put(record);
	store_abort(store);
	return text;
}

static bool
record_has(struct store *store, enum store_kind kind, const char *key,
	const char *word)
{
	char *text = text_of(store, kind, key);
	bool has = strstr(text, word) != NULL;

	mem_free(text);
	return has;
}

/* --- what is done on a machine
 * ------------------------------------------------ */

/* Another machine's change is seen by a look at the store. */
static enum status
refresh(struct site *site, int64_t now)
{
	store_poll(site->store);
	return site_keys(site, now);
}

static const char *
signs(struct site *site, int64_t now)
{
	is_int(refresh(site, now), STATUS_OK, "it has all keys");
	return keys_signing(site->keys)->kid;
}

static char *
export_keys(struct site *site, int64_t now)
{
	char *text = mem_zero(KEYS_TEXT_SIZE);

	is_int(refresh(site, now), STATUS_OK, "a machine that has the keys");
	keys_write(site->keys, text);
	return text;
}

static enum keys_refusal
take(struct site *site, int64_t now, const char *text, bool force, int wanted)
{
	char *copy = mem_zero(KEYS_TEXT_SIZE);
	enum keys_refusal refusal = KEYS_ALLOWED;
	size_t taken;

	strcpy(copy, text);
	is_int(keys_take(site->keys, site->store, now, LIFE, copy, force,
		       &taken, &refusal),
		STATUS_OK, "takes keys");
	is_int((int)taken, wanted, "so many");
	mem_free(copy);
	return refusal;
}

/* As `latchkey key export` on the one and `import` on the other do. */
static void
carry(struct site *from, struct site *to, int64_t now, int wanted)
{
	char *text = export_keys(from, now);

	is_int(take(to, now, text, false, wanted), KEYS_ALLOWED,
		"carried over");
	mem_free(text);
}

static enum keys_refusal
rotate(struct site *site, int64_t now, char kid[JWT_KID_SIZE])
{
	enum keys_refusal refusal = KEYS_FULL;

	is_int(keys_rotate(site->keys, site->store, now, LIFE, false, kid,
		       &refusal),
		STATUS_OK, "rotates");
	return refusal;
}

static enum keys_refusal
retire(struct site *site, const char *kid)
{
	enum keys_refusal refusal = KEYS_FULL;

	is_int(keys_retire(site->keys, site->store, kid, &refusal), STATUS_OK,
		"retires");
	return refusal;
}

static enum keys_refusal
forget(struct site *site, const char *whom)
{
	enum keys_refusal refusal = KEYS_FULL;
	struct machine machine;

	is_int(keys_forget(site->keys, site->store, whom, &machine, &refusal),
		STATUS_OK, "forgets");
	return refusal;
}

static bool
finds(struct site *site, const char *kid, int64_t now)
{
	return refresh(site, now) == STATUS_OK &&
	       keys_find(site->keys, kid) != NULL;
}

static const struct keys_entry *
entry_of(struct site *site, const char *kid, int64_t now)
{
	const struct keys_entry *entry = NULL;
	size_t i;

	store_poll(site->store);
	is_int(keys_look(site->keys, site->store, now, LIFE), STATUS_OK,
		"looks");
	for (i = 0; (entry = keys_entry(site->keys, i)) != NULL; i++)
		if (strcmp(entry->key.kid, kid) == 0)
			break;
	return entry;
}

/* --- tests
 * -------------------------------------------------------------------- */

/* Machines that have the same keys, the first two of them registered. */
static void
begin_two(struct site sites[MACHINES], char kid[JWT_KID_SIZE])
{
	forget_all();
	open_all(sites, 2);
	strcpy(kid, signs(&sites[0], NOW));
	is_int(site_register(&sites[1], NOW), STATUS_OK, "the second is known");
	carry(&sites[0], &sites[1], NOW, 5);
	is_str(signs(&sites[1], NOW), kid, "both sign with the same key");
}

static void
test_first(void)
{
	char secret[2 * KEYS_HMAC_BYTES];
	const unsigned char *code;
	struct site sites[MACHINES];
	char kid[JWT_KID_SIZE];
	bool there = false;
	const char *log;

	forget_all();
	open_all(sites, 2);
	strcpy(kid, signs(&sites[0], NOW));
	ok(record_has(sites[0].store, STORE_PARAM, "keys", kid),
		"the first machine of all makes the keys, and they are named");
	sodium_bin2base64(secret, sizeof secret,
		keys_signing(sites[0].keys)->secret, 24,
		sodium_base64_VARIANT_ORIGINAL);
	ok(!record_has(sites[0].store, STORE_PARAM, "keys", secret) &&
			record_has(sites[0].store, STORE_SECRET, "jwt_keys",
				secret),
		"secret bytes are in the local record alone");
	code = keys_of(sites[0].keys, KEYS_OF_CODES);
	sodium_bin2base64(secret, sizeof secret, code, 24,
		sodium_base64_VARIANT_ORIGINAL);
	ok(!record_has(sites[0].store, STORE_PARAM, "keys", secret) &&
			record_has(sites[0].store, STORE_SECRET, "code_key",
				secret),
		"of all keys");
	unit_log();
	is_int(refresh(&sites[1], NOW), STATUS_UNAVAILABLE,
		"a second machine refuses");
	log = unit_log();
	ok(strstr(log, kid) != NULL && strstr(log, "code_key") != NULL &&
			strstr(log, "latchkey key import") != NULL,
		"the log names what it lacks, and the way: %s", log);
	is_int(refresh(&sites[1], NOW + 59), STATUS_UNAVAILABLE, "on and on");
	is_str(unit_log(), "", "but says it once a minute");
	is_int(refresh(&sites[1], NOW + 60), STATUS_UNAVAILABLE, "then again");
	ok(strstr(unit_log(), "import") != NULL, "it says it again");
	is_str(signs(&sites[0], NOW), kid, "nothing was made anew");
	store_begin(sites[1].store, STORE_READ);
	is_int(keys_there(sites[1].store, &there), STATUS_OK, "asks");
	store_abort(sites[1].store);
	ok(there, "the second knows that there are keys");
	carry(&sites[0], &sites[1], NOW, 5);
	is_str(signs(&sites[1], NOW), kid, "with the bytes it serves");
	ok(memcmp(keys_of(sites[1].keys, KEYS_OF_CODES), code,
		   KEYS_HMAC_BYTES) == 0,
		"by the same keys");
	carry(&sites[0], &sites[1], NOW, 0);
	close_all(sites, 2);
}

static void
test_rotation(void)
{
	char old[JWT_KID_SIZE], kid[JWT_KID_SIZE];
	struct site sites[MACHINES];

	begin_two(sites, old);
	open_machine(&sites[2], 2);
	is_int(site_register(&sites[2], NOW), STATUS_OK, "a third machine");
	is_int(rotate(&sites[0], NOW + 10, kid), KEYS_ALLOWED, "a rotation");
	is_str(signs(&sites[0], NOW + 10), old, "a new key waits");
	is_str(signs(&sites[1], NOW + 10), old, "on all machines");
	ok(entry_of(&sites[1], kid, NOW + 10)->waits, "which they know");
	ok(finds(&sites[0], kid, NOW + 10), "who has it takes its tokens");
	ok(!finds(&sites[1], kid, NOW + 10), "and no other");
	is_int(site_register(&sites[1], NOW + 100), STATUS_OK, "time passes");
	is_str(signs(&sites[0], NOW + 100), old, "and does not help");
	carry(&sites[0], &sites[1], NOW + 110, 1);
	is_str(signs(&sites[1], NOW + 110), old, "one of two has it now");
	ok(finds(&sites[1], kid, NOW + 110), "and takes its tokens already");
	carry(&sites[1], &sites[2], NOW + 120, 6);
	is_str(signs(&sites[2], NOW + 120), kid, "the last one has it sign");
	is_str(signs(&sites[0], NOW + 120), kid, "everywhere");
	is_str(signs(&sites[1], NOW + 120), kid, "and here");
	ok(finds(&sites[1], old, NOW + 120 + LIFE - 1) &&
			!finds(&sites[1], old, NOW + 120 + LIFE),
		"from then on the one before verifies for its time");
	close_all(sites, 3);
}

/* Two rotations before anything is carried over. */
static void
test_two_rotations(void)
{
	char old[JWT_KID_SIZE], one[JWT_KID_SIZE], two[JWT_KID_SIZE];
	struct site sites[MACHINES];

	begin_two(sites, old);
	rotate(&sites[0], NOW, one);
	rotate(&sites[0], NOW + 1, two);
	is_str(signs(&sites[0], NOW + 1), old, "two wait");
	is_int(retire(&sites[0], old), KEYS_SIGNS, "what signs stays");
	carry(&sites[0], &sites[1], NOW + 2, 2);
	is_str(signs(&sites[0], NOW + 2), two, "the newest signs");
	ok(!entry_of(&sites[0], one, NOW + 2)->waits,
		"and the other does not come after it");
	rotate(&sites[1], NOW + 3, one);
	is_int(retire(&sites[1], one), KEYS_ALLOWED, "one that waits may go");
	ok(entry_of(&sites[0], one, NOW + 3) == NULL, "it is gone");
	is_str(signs(&sites[0], NOW + 3), two, "which changes nothing else");
	close_all(sites, 2);
}

static void
test_retire(void)
{
	char old[JWT_KID_SIZE], kid[JWT_KID_SIZE];
	struct site sites[MACHINES];
	char *text;

	begin_two(sites, old);
	rotate(&sites[0], NOW, kid);
	carry(&sites[0], &sites[1], NOW, 1);
	text = export_keys(&sites[1], NOW);
	ok(finds(&sites[1], old, NOW), "the key before verifies");
	is_int(retire(&sites[0], old), KEYS_ALLOWED, "it is retired");
	ok(!finds(&sites[1], old, NOW), "on the other machine, too");
	is_int(take(&sites[1], NOW, text, false, 0), KEYS_ALLOWED,
		"an older export");
	ok(!finds(&sites[1], old, NOW), "does not bring it back");
	is_int(site_register(&sites[1], NOW + 60), STATUS_OK, "a minute later");
	ok(!record_has(sites[1].store, STORE_SECRET, "jwt_keys", old) &&
			record_has(
				sites[1].store, STORE_SECRET, "jwt_keys", kid),
		"its bytes are gone from there");
	mem_free(text);
	close_all(sites, 2);
}

/* A record of a machine says what was there, and when. */
static void
test_machines(void)
{
	char old[JWT_KID_SIZE], kid[JWT_KID_SIZE], id[STORE_KEY_SIZE] = "";
	struct site sites[MACHINES];
	struct machine machine;
	uint64_t changes;
	int count = 0;

	begin_two(sites, old);
	is_int(site_register(&sites[1], NOW + 59), STATUS_OK, "again");
	store_poll(sites[0].store);
	changes = store_changes(sites[0].store);
	is_int(site_register(&sites[1], NOW + 120), STATUS_OK, "and again");
	store_poll(sites[0].store);
	ok(store_changes(sites[0].store) == changes,
		"that it is still there has no process read anything anew");
	store_begin(sites[0].store, STORE_READ);
	while (machine_next(sites[0].store, id, &machine) == STATUS_OK) {
		count++;
		ok(machine_has(&machine, old) &&
				machine_has(&machine, "code_key") &&
				machine_has(&machine, "factor_key") &&
				machine.count == 5,
			"%s has all keys", machine.name);
		is_int(machine.seen,
			strcmp(machine.name, "ben") == 0 ? NOW + 120 : NOW,
			"and was seen");
	}
	store_abort(sites[0].store);
	is_int(count, 2, "two machines");
	rotate(&sites[0], NOW + 61, kid);
	is_int(forget(&sites[0], "nobody"), KEYS_NO_MACHINE, "not there");
	is_int(forget(&sites[0], "ann"), KEYS_OWN, "not oneself");
	is_str(signs(&sites[0], NOW + 61), old, "the key waits");
	is_int(forget(&sites[0], "ben"), KEYS_ALLOWED, "a machine is gone");
	is_str(signs(&sites[0], NOW + 61), kid, "nothing waits for it");
	is_int(refresh(&sites[1], NOW + 61), STATUS_UNAVAILABLE,
		"if it comes back it lacks that key");
	close_all(sites, 2);
}

/* What a record of a machine may be: MACHINE_KEYS keys, each with a name. */
static void
test_machine_record(void)
{
	static const char id[] = "01890a5d-ac96-774b-bcce-b302099a8057";
	static const struct {
		int count;
		const char *first, *flaw;
	} records[] = {
		{0, NULL, NULL},
		{MACHINE_KEYS, "\"code_key\"", NULL},
		{MACHINE_KEYS + 1, "\"code_key\"", "no list of its keys"},
		{1, "7", "a key without a name"},
		{1, "null", "a key without a name"},
		{1, "\"\"", "a key without a name"},
		{1, "\"0123456789abcdef0\"", "a key without a name"},
	};
	struct json_object *record;
	struct machine machine;
	const char *flaw;
	char *text;
	size_t i;
	int key;

	for (i = 0; i < sizeof records / sizeof records[0]; i++) {
		text = mem_copy("{\"name\":\"ann\",\"seen\":1,\"keys\":[");
		for (key = 0; key < records[i].count; key++)
			text = mem_append(text, "%s%s", key > 0 ? "," : "",
				records[i].first);
		text = mem_append(text, "]}");
		record = json_tokener_parse(text);
		flaw = machine_read(id, record, &machine);
		is_str(flaw == NULL ? "none" : flaw,
			records[i].flaw == NULL ? "none" : records[i].flaw,
			text);
		json_object_put(record);
		mem_free(text);
	}
}

/* A copy of a machine's disk is another machine. */
static void
test_copied_disk(void)
{
	char kid[JWT_KID_SIZE];
	struct site site;
	struct machine machine;
	char id[STORE_KEY_SIZE] = "";
	int count = 0;

	forget_all();
	open_machine(&site, 0);
	is_int(site_register(&site, NOW), STATUS_OK, "the machine itself");
	keys_free(site.keys);
	host = "ann-too";
	site.keys = mem_check(keys_new(NULL));
	is_int(site_register(&site, NOW), STATUS_OK, "its disk elsewhere");
	store_begin(site.store, STORE_READ);
	while (machine_next(site.store, id, &machine) == STATUS_OK)
		count++;
	store_abort(site.store);
	is_int(count, 2, "they are two");
	is_int(forget(&site, "ann"), KEYS_ALLOWED, "the old name is forgotten");
	is_int(rotate(&site, NOW, kid), KEYS_ALLOWED, "a rotation");
	is_str(signs(&site, NOW), kid, "waits for nobody then");
	site_close(&site);
}

static void
test_other_sites(void)
{
	char old[JWT_KID_SIZE], kid[JWT_KID_SIZE];
	struct site sites[MACHINES];
	char *others, *ours;
	size_t i;
	int bad = 0;

	forget_all();
	open_all(sites, 3);
	others = export_keys(&sites[2], NOW);
	drop(sites[2].store, STORE_PARAM, "keys");
	strcpy(old, signs(&sites[0], NOW));
	ours = export_keys(&sites[0], NOW);
	is_int(take(&sites[1], NOW, others, false, 0), KEYS_OTHERS,
		"another site's keys");
	is_int(take(&sites[1], NOW, others, true, 0), KEYS_OTHERS,
		"nor by force");
	is_int(refresh(&sites[1], NOW), STATUS_UNAVAILABLE, "none was taken");
	unit_log();
	is_int(refresh(&sites[2], NOW + 100), STATUS_UNAVAILABLE,
		"a machine that has another site's keys");
	ok(strstr(unit_log(), "keys of another site") != NULL,
		"the log says so");
	is_int(site_register(&sites[2], NOW + 200), STATUS_OK, "is known");
	is_int(take(&sites[2], NOW, ours, false, 0), KEYS_FOREIGN,
		"does not lose them");
	ok(record_has(sites[2].store, STORE_SECRET, "code_key", "key"),
		"they are there");
	is_int(take(&sites[2], NOW, ours, true, 5), KEYS_ALLOWED,
		"but by force");
	is_str(signs(&sites[2], NOW), old, "then it serves");
	for (i = 0; i < strlen(ours); i++) {
		char *cut = mem_copy(ours);

		cut[i] = '\0';
		unit_log();
		if (i + 1 < strlen(ours)) {
			enum keys_refusal refusal = KEYS_ALLOWED;
			size_t taken;

			keys_take(sites[1].keys, sites[1].store, NOW, LIFE, cut,
				false, &taken, &refusal);
			bad += refusal == KEYS_UNREADABLE && taken == 0 ? 0 : 1;
		}
		mem_free(cut);
	}
	is_int(bad, 0, "a text that is cut, at each place");
	is_int(refresh(&sites[1], NOW), STATUS_UNAVAILABLE, "none was taken");
	is_int(take(&sites[1], NOW, ours, false, 5), KEYS_ALLOWED, "all of it");
	rotate(&sites[0], NOW, kid);
	mem_free(others);
	mem_free(ours);
	close_all(sites, 3);
}

/* Other bytes under a key's name, as in a file that was mixed up. */
static void
test_wrong_bytes(void)
{
	char old[JWT_KID_SIZE];
	struct site sites[MACHINES];
	struct json_object *record, *item;

	begin_two(sites, old);
	store_begin(sites[1].store, STORE_WRITE);
	store_get(sites[1].store, STORE_SECRET, "jwt_keys", &record);
	item = json_object_array_get_idx(
		json_object_object_get(record, "keys"), 0);
	json_object_object_add(item, "secret",
		json_object_new_string(
			"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
	store_put(sites[1].store, STORE_SECRET, "jwt_keys", record);
	json_object_put(record);
	store_finish(sites[1].store, STATUS_OK);
	unit_log();
	is_int(refresh(&sites[1], NOW + 100), STATUS_UNAVAILABLE,
		"wrong bytes are none");
	ok(strstr(unit_log(), old) != NULL, "the log names the key");
	is_str(signs(&sites[0], NOW), old, "the other machine serves");
	carry(&sites[0], &sites[1], NOW, 1);
	is_str(signs(&sites[1], NOW), old, "an import mends it");
	close_all(sites, 2);
}

/* A child whose own tests say nothing: they would be in the parent's outcome,
 * with numbers that it uses, too. */
static pid_t
fork_silent(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0 && freopen("/dev/null", "w", stdout) == NULL)
		_exit(3);
	return pid;
}

/* All machines start at once on an empty database: one makes the keys. */
static void
test_at_once(void)
{
	int i, how, good = 0;
	struct site site;

	forget_all();
	for (i = 0; i < MACHINES; i++)
		if (fork_silent() == 0) {
			struct site own;
			enum status status;
			int tries = 20;

			open_machine(&own, i);
			do
				status = refresh(&own, NOW);
			while (tries-- > 0 && status == STATUS_UNAVAILABLE &&
				!keys_lack(own.keys));
			_exit(status == STATUS_OK     ? 0
				: keys_lack(own.keys) ? 1
						      : 2);
		}
	while (wait(&how) > 0)
		good += how == 0 ? 100 : WIFEXITED(how) ? WEXITSTATUS(how) : 50;
	is_int(good, 100 + MACHINES - 1,
		"at once: one makes the keys, and all others lack them");
	for (i = 0, good = 0; i < MACHINES; i++) {
		open_machine(&site, i);
		good += refresh(&site, NOW) == STATUS_OK ? 1 : 0;
		site_close(&site);
	}
	is_int(good, 1, "and it stays so");
}

static void
change_keys(int machine, int ready)
{
	const struct keys_entry *before;
	char kid[JWT_KID_SIZE];
	struct site own;

	open_machine(&own, machine);
	while (refresh(&own, NOW) == STATUS_OK) {
		rotate(&own, NOW, kid);
		refresh(&own, NOW);
		before = keys_entry(own.keys, 1);
		if (before != NULL)
			retire(&own, before->key.kid);
		if (write(ready, "", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

/* A process that is killed between the local commit and the database's, or
 * anywhere: a key that the store names has its bytes. */
static void
test_killed(void)
{
	enum { KILLS = 20 };
	char byte, kid[JWT_KID_SIZE];
	int i, fds[2], good = 0;
	struct site site;
	pid_t pid;

	forget_all();
	open_machine(&site, 0);
	strcpy(kid, signs(&site, NOW));
	site_close(&site);
	for (i = 0; i < KILLS && pipe(fds) == 0; i++) {
		pid = fork_silent();
		if (pid == 0)
			change_keys(0, fds[1]);
		close(fds[1]);
		if (read(fds[0], &byte, 1) == 1)
			usleep(randombytes_uniform(5000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(fds[0]);
		open_machine(&site, 0);
		good += refresh(&site, NOW) == STATUS_OK ? 1 : 0;
		site_close(&site);
	}
	is_int(good, KILLS,
		"killed while keys change, it has all that it needs");
	if (good != KILLS)
		diag("%s", unit_log());
	unit_log();
}

/* The operator sets another secret on one machine, then on the other. */
static void
test_configured(void)
{
	char old[JWT_KID_SIZE], kid[JWT_KID_SIZE];
	struct site sites[MACHINES];

	begin_two(sites, old);
	close_all(sites, 2);
	setenv("LATCHKEY_JWT_SECRET", LONG("the operator's"), 1);
	open_machine(&sites[0], 0);
	is_str(signs(&sites[0], NOW), old, "a configured secret waits, too");
	strcpy(kid, keys_entry(sites[0].keys, 0)->key.kid);
	ok(keys_entry(sites[0].keys, 0)->configured, "it is there");
	open_machine(&sites[1], 1);
	is_str(signs(&sites[1], NOW), old, "the other has not started anew");
	site_close(&sites[1]);
	setenv("LATCHKEY_JWT_SECRET", LONG("the operator's"), 1);
	open_machine(&sites[1], 1);
	is_int(site_register(&sites[1], NOW), STATUS_OK, "now it has");
	is_str(signs(&sites[1], NOW), kid, "the secret signs");
	is_str(signs(&sites[0], NOW), kid, "on both, by one name");
	ok(finds(&sites[0], old, NOW + LIFE - 1), "the one before verifies");
	close_all(sites, 2);
	setenv("LATCHKEY_JWT_SECRET", LONG("mistyped"), 1);
	open_machine(&sites[0], 0);
	is_str(signs(&sites[0], NOW), kid, "one that only one machine has");
	site_close(&sites[0]);
	setenv("LATCHKEY_JWT_SECRET", LONG("the operator's"), 1);
	open_machine(&sites[1], 1);
	is_str(signs(&sites[1], NOW), kid, "does not come to sign");
	site_close(&sites[1]);
}

/* Berkeley DB alone: what a machine takes along when it leaves. */
static void
test_there_and_back(void)
{
	char old[JWT_KID_SIZE], kid[JWT_KID_SIZE], next[JWT_KID_SIZE];
	struct site sites[MACHINES];

	if (database() != NULL)
		return;
	forget_all();
	is_shared = false;
	open_machine(&sites[0], 0);
	strcpy(old, signs(&sites[0], NOW));
	is_int(rotate(&sites[0], NOW, kid), KEYS_ALLOWED, "on its own");
	ok(!record_has(sites[0].store, STORE_PARAM, "keys", kid),
		"nothing is named");
	site_close(&sites[0]);
	is_shared = true;
	open_all(sites, 2);
	is_str(signs(&sites[0], NOW), kid, "its keys become the site's");
	ok(finds(&sites[0], old, NOW), "all of them");
	is_int(refresh(&sites[1], NOW), STATUS_UNAVAILABLE, "others lack them");
	is_int(site_register(&sites[1], NOW), STATUS_OK, "one is known");
	rotate(&sites[0], NOW + 1, next);
	is_str(signs(&sites[0], NOW + 1), kid, "a key waits");
	close_all(sites, 2);
	is_shared = false;
	open_machine(&sites[0], 0);
	is_str(signs(&sites[0], NOW + 2), next, "alone, it waits for nobody");
	ok(finds(&sites[0], kid, NOW + 1 + LIFE) &&
			!finds(&sites[0], kid, NOW + 2 + LIFE),
		"the one before has an end");
	site_close(&sites[0]);
	is_shared = true;
}

#ifndef SANITIZERS
/* Also what a library has sent or got: no secret goes that way. */
static void
test_memory(void)
{
	char old[JWT_KID_SIZE], kid[JWT_KID_SIZE];
	struct site sites[MACHINES];
	const char *control;
	int i, use;

	begin_two(sites, old);
	rotate(&sites[0], NOW, kid);
	carry(&sites[0], &sites[1], NOW, 1);
	for (i = 0; i < 2; i++) {
		is_str(signs(&sites[i], NOW), kid, "the new key signs");
		is_int(copies_of(keys_signing(sites[i].keys)->secret, 32), 0,
			"it is in locked memory alone");
		is_int(copies_of(keys_find(sites[i].keys, old)->secret, 32), 0,
			"so is the one before");
		for (use = 0; use < KEYS_USES; use++)
			is_int(copies_of(keys_of(sites[i].keys,
						 (enum keys_use)use),
				       KEYS_HMAC_BYTES),
				0, keys_param((size_t)use));
	}
	control = mem_copy(LONG("in plain sight"));
	is_int(copies_of((const unsigned char *)control, 32) > 0, 1,
		"a copy would be found");
	close_all(sites, 2);
}
#endif

int
main(void)
{
	unit_begin();
	if (database() != NULL)
		make_database();
	test_first();
	test_rotation();
	test_two_rotations();
	test_retire();
	test_machines();
	test_machine_record();
	test_copied_disk();
	test_other_sites();
	test_wrong_bytes();
	test_at_once();
	test_killed();
	test_configured();
	test_there_and_back();
#ifndef SANITIZERS
	test_memory();
#endif
	if (database() != NULL)
		ask_server("drop", " with (force)");
	return done();
}
