/* store-copy.c - latchkey store copy
 *
 * Both stores say so meanwhile, by the record STORE_MOVED: the one that is
 * copied from does not change any more, and nobody begins with half a copy. The
 * copy goes on where it was ended, without a note of how far it came: what is
 * there already is passed over. */
#include "config.h"

#include "store-copy.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "print.h"
#include "store/pq-uri.h"
#include "store/store-ops.h"
#include "store/store-pq.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1000, WANTED = 250, SUM_BYTES = 16 };

/* What STORE_MOVED says in its member "state". */
#define AWAY "away"     /* all of it is in another store */
#define COMING "coming" /* a copy comes in */
#define NOWHERE ""      /* there is no such record */

enum { STATE_SIZE = 16 };

struct end {
	const char *name; /* as the operator has named it */
	struct store *store;
	uint64_t counts[STORE_KINDS];
	unsigned char sums[STORE_KINDS][SUM_BYTES];
};

struct copy {
	struct end from, to;
	struct print_bar bar;
	uint64_t done;
	const struct end *refused; /* NULL: none of them, yet */
	const char *why;
};

/* --- the two stores ----------------------------------------------------- */

static struct store *
open_database(const struct conf *conf, const char *uri)
{
	struct conf other = *conf;
	struct store_pq_place place;
	struct store *store;

	other.store = (char *)(uintptr_t)uri;
	site_database(&other, &place);
	store = store_new_pq(&place);
	mem_free((void *)(uintptr_t)place.passfile);
	return store;
}

static struct store *
open_files(const struct conf *conf, const char *text)
{
	static const char scheme[] = "bdb:";
	struct store *store;
	char *dir;

	if (strncmp(text, scheme, sizeof scheme - 1) != 0) {
		log_error("store: '%s' is neither bdb:DIRECTORY nor "
			  "postgresql://...",
			text);
		return NULL;
	}
	dir = conf_in_state(conf, text + sizeof scheme - 1);
	store = store_new(dir, conf->disk_reserve);
	mem_free(dir);
	return store;
}

static bool
open_end(const struct conf *conf, const char *text, struct end *end)
{
	end->name = pq_uri_is(text) ? "the database" : text;
	end->store = pq_uri_is(text) ? open_database(conf, text)
				     : open_files(conf, text);
	if (end->store != NULL)
		store_allow_moved(end->store);
	return end->store != NULL;
}

/* --- what they say of themselves ---------------------------------------- */

static enum status
read_state(struct store *store, char state[STATE_SIZE])
{
	struct json_object *record;
	enum status status = store_begin(store, STORE_READ);

	state[0] = '\0';
	if (status != STATUS_OK)
		return status;
	status = store_get(store, STORE_PARAM, STORE_MOVED, &record);
	if (status == STATUS_OK)
		json_copy(record, "state", state, STATE_SIZE);
	json_object_put(record);
	store_abort(store);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* To write the record, or to delete it, has all processes read anew. */
static enum status
write_state(struct store *store, const char *state)
{
	enum status status = store_begin(store, STORE_WRITE);
	struct json_object *record;

	if (status != STATUS_OK)
		return status;
	record = json_new_object();
	json_add_string(record, "state", state);
	if (state[0] == '\0')
		status = store_delete(store, STORE_PARAM, STORE_MOVED);
	else
		status = store_put(store, STORE_PARAM, STORE_MOVED, record);
	json_object_put(record);
	return store_finish(store, status);
}

/* --- which records ------------------------------------------------------ */

/* Secret bytes are not on the way. What says which machine has which keys
 * belongs to the database, and which machine this is to the machine: each says
 * it anew. */
static bool
is_copied(enum store_kind kind, const char *key)
{
	static const char *const left_out[] = {STORE_MOVED, "keys", "machine"};
	bool copied = kind != STORE_SECRET && kind != STORE_MACHINE;
	size_t i;

	if (kind != STORE_PARAM)
		return copied;
	for (i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
		copied = copied && strcmp(key, left_out[i]) != 0;
	return copied && !keys_is_param(key);
}

/* Looks for a record that is copied. */
static enum status
is_empty(struct store *store, bool *empty)
{
	enum status status = store_begin(store, STORE_READ);
	char key[STORE_KEY_SIZE] = "";
	struct json_object *record;

	*empty = true;
	if (status != STATUS_OK)
		return status;
	status = store_next(store, STORE_ACCOUNT, key, &record);
	*empty = status == STATUS_NOT_FOUND;
	json_object_put(record);
	store_abort(store);
	return *empty ? STATUS_OK : status;
}

/* Deletes up to so many records. */
static enum status
clear_batch(struct store *store, enum store_kind kind, bool *more)
{
	enum status status = store_begin(store, STORE_WRITE);
	char key[STORE_KEY_SIZE] = "";
	struct json_object *record;
	int i;

	for (i = 0; status == STATUS_OK && i < BATCH; i++) {
		status = store_next(store, kind, key, &record);
		json_object_put(record);
		if (status == STATUS_OK && is_copied(kind, key))
			status = store_delete(store, kind, key);
	}
	*more = status == STATUS_OK;
	return store_finish(
		store, status == STATUS_NOT_FOUND ? STATUS_OK : status);
}

/* What is in a store that was copied away is of that time. */
static enum status
clear(struct store *store)
{
	enum status status = STATUS_OK;
	bool more;
	int kind;

	for (kind = 0; kind < STORE_KINDS && status == STATUS_OK; kind++)
		for (more = true; more && status == STATUS_OK;)
			status = clear_batch(
				store, (enum store_kind)kind, &more);
	return status;
}

/* --- the copy ----------------------------------------------------------- */

struct batch {
	enum store_kind kind;
	char *keys[BATCH];
	struct json_object *records[BATCH];
	int count;
};

/* Takes the next records of a walk. */
static void
fill(struct batch *batch, struct store_walk *walk)
{
	batch->count = 0;
	while (batch->count < BATCH && store_walk_next(walk)) {
		if (!is_copied(batch->kind, walk->key))
			continue;
		batch->keys[batch->count] = mem_copy(walk->key);
		batch->records[batch->count++] = json_object_get(walk->record);
	}
}

static void
empty(struct batch *batch)
{
	while (batch->count > 0) {
		batch->count--;
		mem_free(batch->keys[batch->count]);
		json_object_put(batch->records[batch->count]);
	}
}

/* Says in a few trips which of them are asked for. */
static void
want(struct store *store, const struct batch *batch, int first)
{
	int i;

	for (i = first; i < batch->count && i < first + WANTED; i++)
		store_want(store, batch->kind, batch->keys[i]);
}

static enum status
add(struct store *store, const struct batch *batch)
{
	enum status status = store_begin(store, STORE_WRITE);
	const char *text;
	size_t length;
	bool there;
	int i;

	for (i = 0; i < batch->count && status == STATUS_OK; i++) {
		if (i % WANTED == 0)
			want(store, batch, i);
		text = json_text(batch->records[i], &length);
		status = store_add(store, batch->kind, batch->keys[i], text,
			length, &there);
	}
	return status == STATUS_OK ? store_commit(store, STORE_DURABLE)
				   : store_finish(store, status);
}

static enum status
copy_kind(struct copy *copy, enum store_kind kind)
{
	struct batch *batch = mem_zero(sizeof *batch);
	enum status status = STATUS_OK, end;
	struct store_walk walk;

	batch->kind = kind;
	store_walk_begin(&walk, copy->from.store, kind, "");
	do {
		empty(batch);
		fill(batch, &walk);
		if (batch->count > 0)
			status = add(copy->to.store, batch);
		copy->done += (uint64_t)batch->count;
		print_bar_show(&copy->bar, copy->done);
	} while (status == STATUS_OK && batch->count == BATCH);
	empty(batch);
	mem_free(batch);
	end = store_walk_end(&walk);
	return status == STATUS_OK ? end : status;
}

/* A store that has its secrets elsewhere gets them too: those that it lacks. */
static enum status
copy_secret(struct copy *copy, const char *name)
{
	struct json_object *record, *there = NULL;
	enum status status = store_begin(copy->from.store, STORE_READ);

	if (status != STATUS_OK)
		return status;
	status = store_get(copy->from.store, STORE_SECRET, name, &record);
	store_abort(copy->from.store);
	if (status == STATUS_OK)
		status = store_begin(copy->to.store, STORE_WRITE);
	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	status = store_get(copy->to.store, STORE_SECRET, name, &there);
	if (status == STATUS_NOT_FOUND)
		status = store_put(copy->to.store, STORE_SECRET, name, record);
	json_object_put(there);
	json_object_put(record);
	return store_finish(copy->to.store, status);
}

static enum status
copy_all(struct copy *copy)
{
	enum status status = STATUS_OK;
	size_t at;
	int kind;

	print_bar_begin(&copy->bar, "copying", 0);
	for (at = 0; keys_param(at) != NULL && status == STATUS_OK; at++)
		status = copy_secret(copy, keys_param(at));
	for (kind = 0; kind < STORE_KINDS && status == STATUS_OK; kind++)
		if (kind != STORE_SECRET && kind != STORE_MACHINE)
			status = copy_kind(copy, (enum store_kind)kind);
	print_bar_hide(&copy->bar);
	return status;
}

/* --- whether both are the same ------------------------------------------ */

static void
add_text(crypto_generichash_state *sum, const char *text, size_t length)
{
	crypto_generichash_update(sum, (const unsigned char *)text, length);
	crypto_generichash_update(sum, (const unsigned char *)"", 1);
}

static enum status
sum_kind(struct end *end, enum store_kind kind)
{
	crypto_generichash_state sum;
	struct store_walk walk;
	const char *text;
	size_t length;

	crypto_generichash_init(&sum, NULL, 0, SUM_BYTES);
	store_walk_begin(&walk, end->store, kind, "");
	while (store_walk_next(&walk)) {
		if (!is_copied(kind, walk.key))
			continue;
		end->counts[kind]++;
		text = json_text(walk.record, &length);
		add_text(&sum, walk.key, strlen(walk.key));
		add_text(&sum, text, length);
	}
	crypto_generichash_final(&sum, end->sums[kind], SUM_BYTES);
	return store_walk_end(&walk);
}

static enum status
sum_all(struct end *end)
{
	enum status status = STATUS_OK;
	int kind;

	for (kind = 0; kind < STORE_KINDS && status == STATUS_OK; kind++)
		if (kind != STORE_SECRET && kind != STORE_MACHINE)
			status = sum_kind(end, (enum store_kind)kind);
	return status;
}

/* Says how many records of each kind there are, and whether they are equal. */
static bool
compare(const struct copy *copy)
{
	bool equal = true, same;
	int kind;

	for (kind = 0; kind < STORE_KINDS; kind++) {
		same = copy->from.counts[kind] == copy->to.counts[kind] &&
		       memcmp(copy->from.sums[kind], copy->to.sums[kind],
			       SUM_BYTES) == 0;
		equal = equal && same;
		if (copy->from.counts[kind] > 0 || !same)
			print_line(stdout, "%s: %llu%s", store_facts[kind].name,
				(unsigned long long)copy->to.counts[kind],
				same ? "" : ", and not the same ones");
	}
	return equal;
}

/* --- the command -------------------------------------------------------- */

static int
refuse(const struct end *end, const char *why)
{
	print_line(stderr, "latchkey store copy: %s: %s", end->name, why);
	return CLI_REFUSED;
}

/* Files that are not there are not made for a look at them. */
static bool
is_there(const struct end *end)
{
	struct store_room room;

	return store_is_shared(end->store) ||
	       (store_measure(end->store, &room) && room.newest > 0);
}

/* Says no, with the reason, unless `wanted` is so. */
static bool
insist(struct copy *copy, const struct end *end, bool wanted, const char *why)
{
	if (!wanted) {
		copy->refused = end;
		copy->why = why;
	}
	return wanted;
}

/* The store that is copied to has nothing yet, or what an earlier try has
 * brought, or what was there before it was itself copied away. */
static enum status
look_at_ends(struct copy *copy, char state[STATE_SIZE])
{
	bool none = true;
	enum status status = is_empty(copy->from.store, &none);

	if (status != STATUS_OK ||
		!insist(copy, &copy->from, !none,
			"there is no account to copy: is this the store?"))
		return status;
	status = read_state(copy->to.store, state);
	none = true;
	if (status == STATUS_OK && state[0] == '\0')
		status = is_empty(copy->to.store, &none);
	if (status == STATUS_OK)
		insist(copy, &copy->to, none,
			"there are accounts in it, and no copy was begun");
	return status;
}

static enum status
prepare(struct copy *copy)
{
	char state[STATE_SIZE];
	enum status status = look_at_ends(copy, state);

	if (status != STATUS_OK || copy->refused != NULL)
		return status;
	store_expect_bulk(copy->to.store);
	status = write_state(copy->from.store, AWAY);
	if (status == STATUS_OK && strcmp(state, AWAY) == 0)
		status = clear(copy->to.store);
	return status == STATUS_OK ? write_state(copy->to.store, COMING)
				   : status;
}

static int
run_copy(const struct cli *cli, struct copy *copy)
{
	enum status status = prepare(copy);

	if (copy->refused != NULL)
		return refuse(copy->refused, copy->why);
	/* A key that was ended on another machine ends here, too. */
	if (status == STATUS_OK && store_is_shared(copy->from.store))
		status = keys_register(cli->site.keys, copy->from.store,
			site_now(), (int64_t)cli->site.conf->token_life);
	if (status == STATUS_OK)
		status = copy_all(copy);
	if (status == STATUS_OK)
		status = sum_all(&copy->from);
	if (status == STATUS_OK)
		status = sum_all(&copy->to);
	if (status != STATUS_OK)
		return cli_result(cli, "copy", status);
	if (!compare(copy))
		return refuse(&copy->to,
			"it has other records than the store that "
			"was copied");
	status = write_state(copy->to.store, NOWHERE);
	if (status == STATUS_OK)
		print_line(stdout, "Both are the same. Let the setting store "
				   "name the new one, and start the programs "
				   "again.");
	return cli_result(cli, "copy", status);
}

/* The store is used again as it was; the other one stays half a copy. */
static int
give_up(const struct cli *cli, struct copy *copy)
{
	enum status status = write_state(copy->from.store, NOWHERE);

	if (status == STATUS_OK)
		print_line(stdout, "%s is written again.", copy->from.name);
	return cli_result(cli, "copy", status);
}

int
store_copy_run(struct cli *cli)
{
	struct copy copy = {.done = 0};
	int result = CLI_REFUSED;

	if (!cli_open_parent(cli))
		return CLI_REFUSED;
	if (strcmp(cli->words[0], cli->words[1]) == 0)
		return cli_misused(cli->command, "twice the same store", NULL);
	if (open_end(cli->site.conf, cli->words[0], &copy.from) &&
		open_end(cli->site.conf, cli->words[1], &copy.to))
		result = !is_there(&copy.from)
				 ? refuse(&copy.from, "there is no such store")
			 : cli_option(cli, "--give-up") != NULL
				 ? give_up(cli, &copy)
				 : run_copy(cli, &copy);
	store_close(copy.from.store);
	store_close(copy.to.store);
	return result;
}
