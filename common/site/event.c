/* event.c - events for the operator's event_command */
#include "config.h"

#include "site/event.h"

#include "base/json.h"
#include "base/log.h"
#include "base/utc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The key of the queue's own record comes after those of all events, which
 * begin with a digit of an id, or with all[]. */
static const char queue_key[] = "queue";
static const char all[] = "-";
static const char left_out[] = "left-out";

static const struct event_cause *cause;

/* --- what an event says ------------------------------------------------ */

void
event_caused_by(const struct event_cause *now)
{
	cause = now;
}

static void
add_time(struct json_object *data, const char *name, int64_t seconds)
{
	char text[UTC_SIZE];

	json_add_string(data, name, utc_text(seconds, text));
}

static void
add_if(struct json_object *data, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0')
		json_add_string(data, name, text);
}

/* Without its cause. */
static struct json_object *
new_of_nobody(const char *name, int64_t now)
{
	struct json_object *data = json_new_object();
	char id[UUID_SIZE];

	uuid_ordered(id);
	json_add_string(data, "id", id);
	add_time(data, "time", now);
	json_add_string(data, "event", name);
	return data;
}

struct json_object *
event_new(const char *name, int64_t now)
{
	struct json_object *data = new_of_nobody(name, now);

	if (cause == NULL)
		return data;
	add_if(data, "by", cause->by);
	add_if(data, "network", cause->network);
	add_if(data, "request", cause->request);
	return data;
}

const char *
event_id(const struct event *event)
{
	return json_string(event->data, "id");
}

const char *
event_name(const struct event *event)
{
	return json_string(event->data, "event");
}

void
event_account(const struct event *event, char account[NAME_ID_SIZE])
{
	size_t length = strcspn(event->key, "/");

	if (strncmp(event->key, all, length) == 0 || length >= NAME_ID_SIZE)
		length = 0;
	memcpy(account, event->key, length);
	account[length] = '\0';
}

int64_t
event_made(const struct event *event)
{
	const char *since = json_string(event->data, "since");
	const char *text =
		since != NULL ? since : json_string(event->data, "time");
	int64_t made;

	return text != NULL && utc_read(text, &made) ? made : 0;
}

/* --- records ----------------------------------------------------------- */

/* `event` borrows the record's data. */
static const char *
read_event(
	const char *key, const struct json_object *record, struct event *event)
{
	memset(event, 0, sizeof *event);
	if (strlen(key) >= sizeof event->key || strchr(key, '/') == NULL)
		return "its key is none";
	strcpy(event->key, key);
	json_copy(record, "failure", event->failure, sizeof event->failure);
	if (!json_natural(record, "next", &event->next) ||
		!json_natural(record, "attempts", &event->attempts) ||
		!json_object_object_get_ex(record, "event", &event->data) ||
		event_id(event) == NULL || event_name(event) == NULL)
		return "a member is missing";
	return NULL;
}

static const char *
read_queue(const struct json_object *record, struct event_queue *queue)
{
	return json_natural(record, "last", &queue->last) &&
			       json_natural(record, "waiting", &queue->waiting)
		       ? NULL
		       : "a member is missing";
}

const char *
event_flaw(const char *key, const struct json_object *record)
{
	struct event_queue queue;
	struct event event;

	return strcmp(key, queue_key) == 0 ? read_queue(record, &queue)
					   : read_event(key, record, &event);
}

/* Takes the caller's reference to the record. */
static enum status
take(enum status status, const char *key, struct json_object *record,
	struct event *event)
{
	memset(event, 0, sizeof *event);
	if (status == STATUS_OK && read_event(key, record, event) != NULL)
		status = STATUS_NOT_FOUND;
	event->data = status == STATUS_OK ? json_object_get(event->data) : NULL;
	json_object_put(record);
	return status;
}

enum status
event_get(struct store *store, const char *key, struct event *event)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_EVENT, key, &record);

	return take(status, key, record, event);
}

/* A `0` is the slash's successor. A record that cannot be read is passed over,
 * and keeps none behind it back. */
enum status
event_next_first(struct store *store, const char *after, struct event *event)
{
	char key[STORE_KEY_SIZE], before[STORE_KEY_SIZE];
	struct json_object *record;
	enum status found, status;

	snprintf(key, sizeof key, "%.*s%s", (int)strcspn(after, "/"), after,
		after[0] != '\0' ? "0" : "");
	do {
		strcpy(before, key);
		found = store_next(store, STORE_EVENT, key, &record);
		status = take(found, key, record, event);
	} while (status != STATUS_OK && strcmp(before, key) != 0 &&
		 (found == STATUS_OK || found == STATUS_UNAVAILABLE));
	return status;
}

void
event_drop(struct event *event)
{
	json_object_put(event->data);
	event->data = NULL;
}

enum status
event_put(struct store *store, const struct event *event)
{
	struct json_object *record = json_new_object();

	json_add_int(record, "next", event->next);
	json_add_int(record, "attempts", event->attempts);
	json_add_string(record, "failure", event->failure);
	json_add(record, "event", json_object_get(event->data));
	return store_keep(store, STORE_EVENT, event->key, record);
}

enum status
event_queue_get(struct store *store, struct event_queue *queue)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_EVENT, queue_key, &record);

	if (status == STATUS_NOT_FOUND ||
		(status == STATUS_OK && read_queue(record, queue) != NULL)) {
		*queue = (struct event_queue){.last = 0};
		status = STATUS_OK;
	}
	json_object_put(record);
	return status;
}

static enum status
put_queue(struct store *store, const struct event_queue *queue)
{
	struct json_object *record = json_new_object();

	json_add_int(record, "last", queue->last);
	json_add_int(record, "waiting", queue->waiting);
	return store_keep(store, STORE_EVENT, queue_key, record);
}

enum status
event_delete(struct store *store, const struct event *event)
{
	struct event_queue queue;
	struct event now;
	enum status status = event_get(store, event->key, &now);
	bool same = status == STATUS_OK &&
		    strcmp(event_id(&now), event_id(event)) == 0;

	event_drop(&now);
	if (!same)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	status = event_queue_get(store, &queue);
	if (status == STATUS_OK)
		status = store_delete(store, STORE_EVENT, event->key);
	if (status != STATUS_OK || queue.waiting == 0)
		return status;
	queue.waiting--;
	return put_queue(store, &queue);
}

void
event_walk_begin(struct store_walk *walk, struct store *store)
{
	store_walk_begin(walk, store, STORE_EVENT, "");
}

bool
event_walk_next(struct store_walk *walk, struct event *event)
{
	while (store_walk_next(walk))
		if (read_event(walk->key, walk->record, event) == NULL)
			return true;
	return false;
}

/* --- queueing ---------------------------------------------------------- */

/* The events of an account that wait, or the one of all. */
struct share {
	const char *of;
	int64_t count;
	struct event last; /* the newest; its data are NULL if there is none */
};

/* 0 if there is no such event. */
static int64_t
number_of(const struct event *event)
{
	const char *slash = strchr(event->key, '/');

	return slash == NULL ? 0 : strtoll(slash + 1, NULL, 10);
}

/* A record that cannot be read has a place as well, and refuses no change. */
static enum status
read_share(struct store *store, struct share *share)
{
	char prefix[NAME_ID_SIZE + 1];
	char key[STORE_KEY_SIZE], before[STORE_KEY_SIZE];
	struct json_object *record;
	struct event event;
	enum status status;

	snprintf(prefix, sizeof prefix, "%s/", share->of);
	strcpy(key, prefix);
	for (;;) {
		strcpy(before, key);
		status = store_next(store, STORE_EVENT, key, &record);
		if (strcmp(before, key) == 0)
			return status == STATUS_NOT_FOUND ? STATUS_OK : status;
		status = take(status, key, record, &event);
		if (strncmp(key, prefix, strlen(prefix)) != 0)
			break;
		share->count++;
		if (status != STATUS_OK)
			continue;
		event_drop(&share->last);
		share->last = event;
	}
	event_drop(&event);
	return STATUS_OK;
}

/* Each number is new in its share, even if the queue's own record was lost. */
static enum status
append(struct store *store, struct event_queue *queue,
	const struct share *share, struct json_object *data, int64_t now)
{
	struct event event = {.next = now, .data = data};
	int64_t last = number_of(&share->last);
	enum status status;

	queue->last = (last > queue->last ? last : queue->last) + 1;
	queue->waiting++;
	snprintf(event.key, sizeof event.key, "%s/%016lld", share->of,
		(long long)queue->last);
	status = event_put(store, &event);
	return status == STATUS_OK ? put_queue(store, queue) : status;
}

static struct json_object *
new_left_out(const char *of, int64_t count, const char *since, int64_t now)
{
	struct json_object *data = new_of_nobody(left_out, now), *account;

	if (strcmp(of, all) != 0) {
		account = json_new_object();
		json_add_string(account, "id", of);
		json_add(data, "account", account);
	}
	json_add_int(data, "left_out", count);
	json_add_string(data, "since",
		since != NULL ? since : json_string(data, "time"));
	return data;
}

/* Counts one more event that is left out: in the last event of the share, which
 * then has another id, since it may be on its way, or in a new one. */
static enum status
leave_out(struct store *store, struct event_queue *queue,
	const struct share *share, int64_t now)
{
	struct event event = share->last;
	struct json_object *data;
	int64_t count = 0;
	bool more = event.data != NULL &&
		    strcmp(event_name(&event), left_out) == 0 &&
		    json_natural(event.data, "left_out", &count);
	enum status status;

	data = new_left_out(share->of, count + 1,
		more ? json_string(event.data, "since") : NULL, now);
	if (more) {
		event.data = data;
		status = event_put(store, &event);
	} else {
		log_warning("event: too many wait: those of %s are left out",
			strcmp(share->of, all) == 0 ? "all accounts"
						    : share->of);
		status = append(store, queue, share, data, now);
	}
	json_object_put(data);
	return status;
}

enum status
event_queue(struct store *store, const struct conf *conf, const char *account,
	struct json_object *data, int64_t now)
{
	int64_t most = (int64_t)conf->event_most, each = most / EVENT_PART;
	struct event_queue queue = {.last = 0};
	struct share share = {.of = account};
	enum status status = event_queue_get(store, &queue);

	if (queue.waiting >= most)
		share.of = all;
	if (each > EVENT_SHARE)
		each = EVENT_SHARE;
	if (status == STATUS_OK)
		status = read_share(store, &share);
	if (status == STATUS_OK)
		status = share.of != account || share.count + 1 >= each
				 ? leave_out(store, &queue, &share, now)
				 : append(store, &queue, &share, data, now);
	event_drop(&share.last);
	json_object_put(data);
	return status;
}
