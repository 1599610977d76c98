/* event.c - how many events wait, of one account and of all; and in which
 * order */
#include "config.h"

#include "base/json.h"
#include "site/event.h"
#include "unit.h"

enum { NOW = 1000000, MOST = 1000, SHARE = MOST / EVENT_PART };

#define SETTINGS UNIT_FAST "event_command = /bin/true\nevent_most = 1000\n"

static struct site site;
static const char ann[] = "01900000-0000-7000-8000-00000000000a";
static const char bob[] = "01900000-0000-7000-8000-00000000000b";

static void
queue(const char *account, int count)
{
	enum status status = store_begin(site.store, STORE_WRITE);

	while (count-- > 0 && status == STATUS_OK)
		status = event_queue(site.store, site.conf, account,
			event_new("sign-out", NOW), NOW);
	is_int(store_finish(site.store, status), STATUS_OK, "events");
}

/* An account that no other test has. */
static const char *
account(int number)
{
	static char id[NAME_ID_SIZE];

	snprintf(id, sizeof id, "%08x-0000-7000-8000-000000000000", number);
	return id;
}

static int64_t
waiting(void)
{
	struct event_queue queue = {.waiting = -1};

	if (store_begin(site.store, STORE_READ) == STATUS_OK)
		event_queue_get(site.store, &queue);
	store_abort(site.store);
	return queue.waiting;
}

/* The last event of the account, or the one of all, for the caller to drop;
 * how many it has. */
static int
last_of(const char *account, struct event *last)
{
	struct store_walk walk;
	struct event event;
	char id[NAME_ID_SIZE];
	int count = 0;

	last->data = NULL;
	event_walk_begin(&walk, site.store);
	while (event_walk_next(&walk, &event)) {
		event_account(&event, id);
		if (strcmp(id, account) != 0)
			continue;
		count++;
		event_drop(last);
		*last = event;
		json_object_get(last->data);
	}
	is_int(store_walk_end(&walk), STATUS_OK, "a walk");
	return count;
}

static int64_t
left_out(const struct event *event)
{
	int64_t count = -1;

	json_natural(event->data, "left_out", &count);
	return count;
}

static enum status
take_away(const struct event *event)
{
	enum status status = store_begin(site.store, STORE_WRITE);

	if (status == STATUS_OK)
		status = event_delete(site.store, event);
	return store_finish(site.store, status);
}

static void
delete_all(void)
{
	struct store_walk walk;
	struct event event;

	event_walk_begin(&walk, site.store);
	while (event_walk_next(&walk, &event))
		take_away(&event);
	store_walk_end(&walk);
	is_int(waiting(), 0, "nothing waits");
}

/* --- the tests --------------------------------------------------------- */

static void
test_one_account(void)
{
	struct event before, after;

	queue(ann, SHARE - 1);
	is_int(last_of(ann, &before), SHARE - 1, "an account's events");
	is_str(event_name(&before), "sign-out", "up to one less than a share");
	event_drop(&before);
	queue(ann, 1);
	is_int(last_of(ann, &before), SHARE, "the last of a share");
	is_str(event_name(&before), "left-out", "says what is left out");
	is_int(left_out(&before), 1, "which is one");
	queue(ann, 5);
	is_int(last_of(ann, &after), SHARE, "more take no room");
	is_int(left_out(&after), 6, "and are counted");
	ok(strcmp(event_id(&before), event_id(&after)) != 0,
		"under another id");
	is_str(before.key, after.key, "in the same place");
	is_int(waiting(), SHARE, "so many wait");
	is_int(take_away(&before), STATUS_OK, "what was on its way");
	event_drop(&before);
	is_int(last_of(ann, &before), SHARE, "leaves what was counted since");
	event_drop(&before);
	queue(bob, SHARE - 1);
	is_int(last_of(bob, &before), SHARE - 1, "another account's wait");
	event_drop(&before);
	is_int(take_away(&after), STATUS_OK, "the last is handed over");
	event_drop(&after);
	queue(ann, 1);
	is_int(last_of(ann, &after), SHARE, "then there is room again");
	is_int(left_out(&after), 1, "for what is left out from then on");
	event_drop(&after);
	delete_all();
}

static void
test_all(void)
{
	struct event event;
	int i;

	for (i = 0; i < MOST / 2; i++)
		queue(account(i), 2);
	is_int(waiting(), MOST, "event_most events wait");
	queue(ann, 1);
	is_int(last_of(ann, &event), 0, "of one account more there are none");
	is_int(last_of("", &event), 1, "but one of all");
	is_int(left_out(&event), 1, "says that one is left out");
	event_drop(&event);
	queue(bob, 3);
	is_int(last_of("", &event), 1, "one of all");
	is_int(left_out(&event), 4, "for all accounts");
	ok(json_string(event.data, "since") != NULL, "since when");
	is_int(unit_count(&site, STORE_EVENT), MOST + 2,
		"no more records than that, and the queue's own");
	is_int(take_away(&event), STATUS_OK, "it is handed over");
	event_drop(&event);
	last_of(account(3), &event);
	take_away(&event);
	event_drop(&event);
	queue(ann, 1);
	is_int(last_of(ann, &event), 1, "then there is room again");
	event_drop(&event);
	delete_all();
}

/* The first of each account; those behind it are passed over. */
static void
test_order(void)
{
	struct event event;
	char key[EVENT_KEY_SIZE] = "";
	int firsts = 0;

	queue(bob, 3);
	queue(ann, 3);
	queue(bob, 2);
	store_begin(site.store, STORE_READ);
	while (event_next_first(site.store, key, &event) == STATUS_OK) {
		firsts++;
		strcpy(key, event.key);
		if (firsts == 2)
			ok(strncmp(key, bob, strlen(bob)) == 0,
				"after the one account the other");
		event_drop(&event);
	}
	store_abort(site.store);
	is_int(firsts, 2, "one first event of each account");
	last_of(bob, &event);
	ok(strcmp(event.key, key) > 0, "the last one comes after it");
	event_drop(&event);
	delete_all();
}

/* What is damaged keeps nothing behind it back, and is never overwritten. */
static void
test_damage(void)
{
	static const char *const records[] = {"{", "{}"};
	struct event event;
	char key[EVENT_KEY_SIZE];
	size_t i;
	bool there;

	queue(bob, 2);
	for (i = 0; i < sizeof records / sizeof records[0]; i++) {
		snprintf(key, sizeof key, "%s/%zu", ann, i);
		store_begin(site.store, STORE_WRITE);
		store_add(site.store, STORE_EVENT, key, records[i],
			strlen(records[i]), &there);
		is_int(store_commit(site.store, STORE_DURABLE), STATUS_OK,
			"a record that is none");
	}
	store_begin(site.store, STORE_READ);
	is_int(event_next_first(site.store, "", &event), STATUS_OK,
		"is passed over");
	ok(strncmp(event.key, bob, strlen(bob)) == 0, "for the next account");
	event_drop(&event);
	store_abort(site.store);
	queue(ann, 1);
	store_begin(site.store, STORE_WRITE);
	store_delete(site.store, STORE_EVENT, "queue");
	for (i = 0; i < sizeof records / sizeof records[0]; i++) {
		snprintf(key, sizeof key, "%s/%zu", ann, i);
		store_delete(site.store, STORE_EVENT, key);
	}
	store_commit(site.store, STORE_DURABLE);
	queue(bob, 1);
	is_int(last_of(bob, &event), 3, "without the queue's own record, too");
	event_drop(&event);
	delete_all();
}

static void
test_commit(void)
{
	struct account account;

	is_int(unit_account(&site, "ann", "", false), STATUS_OK, "an account");
	is_int(waiting(), 1, "is an event");
	is_int(unit_account(&site, "ann", "", false), STATUS_NAME_TAKEN,
		"a refused one");
	is_int(waiting(), 1, "is none");
	unit_find(&site, "ann", &account);
	account.enabled = true;
	is_int(account_update(
		       &site, "ann", account_set_enabled, &(bool){false}),
		STATUS_OK, "a change");
	is_int(waiting(), 2, "is one");
	is_int(account_update(
		       &site, "bob", account_set_enabled, &(bool){false}),
		STATUS_NO_ACCOUNT, "a change of nobody");
	is_int(waiting(), 2, "is none");
	delete_all();
	mem_free(site.conf->event_command);
	site.conf->event_command = mem_copy("");
	is_int(account_update(&site, "ann", account_set_enabled, &(bool){true}),
		STATUS_OK, "without an event_command a change");
	is_int(waiting(), 0, "is none");
}

static void
test_flaws(void)
{
	static const struct {
		const char *key, *record;
		bool good;
	} rows[] = {
		{"queue", "{\"last\":1,\"waiting\":0}", true},
		{"queue", "{\"last\":1}", false},
		{"a/1",
			"{\"next\":1,\"attempts\":0,\"event\":{\"id\":\"x\","
			"\"event\":\"y\"}}",
			true},
		{"a",
			"{\"next\":1,\"attempts\":0,\"event\":{\"id\":\"x\","
			"\"event\":\"y\"}}",
			false},
		{"a/1", "{\"next\":1,\"attempts\":0,\"event\":[]}", false},
		{"a/1", "{\"next\":1,\"attempts\":0,\"event\":{\"id\":\"x\"}}",
			false},
		{"a/1", "{\"next\":1,\"event\":{\"id\":\"x\",\"event\":\"y\"}}",
			false},
		{"a/1", "{}", false},
	};
	struct json_object *record;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		record = json_parse_object(
			rows[i].record, strlen(rows[i].record), NULL, NULL);
		ok((event_flaw(rows[i].key, record) == NULL) == rows[i].good,
			"%s under %s", rows[i].record, rows[i].key);
		json_object_put(record);
	}
}

int
main(void)
{
	unit_begin();
	unit_site(&site, SETTINGS);
	test_one_account();
	test_all();
	test_order();
	test_damage();
	test_commit();
	test_flaws();
	site_close(&site);
	return done();
}
