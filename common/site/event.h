/* event.h - events for the operator's event_command: a record each, written in
 * the commit of the change that it tells of. Another process hands them over
 * (mail/event-send.h).
 *
 * Events of an account are handed over in the order of its changes. So the key
 * of an event is its account's id, a slash, and a number that rises with each
 * event. How many there are is one more record, and so is bounded what waits
 * while event_command fails: event_most events in all, and a hundredth of that
 * for one account, at most 100, so that it cannot crowd out the others. In
 * place of what would be more there is one event, the last of its account or of
 * them all, that says how many are left out. */
#ifndef LATCHKEY_EVENT_H
#define LATCHKEY_EVENT_H

#include "base/name.h"
#include "base/uuid.h"
#include "site/conf.h"
#include "store/store.h"

enum {
	EVENT_KEY_SIZE = NAME_ID_SIZE + 24,
	EVENT_FAILURE_SIZE = 400,
	EVENT_PART = 100, /* of event_most, for one account: the hundredth, */
	EVENT_SHARE = 100 /* and no more than so many, which are counted */
};

/* An event as it is kept. */
struct event {
	char key[EVENT_KEY_SIZE];
	int64_t next; /* not to be tried before that */
	int64_t attempts;
	char failure[EVENT_FAILURE_SIZE]; /* of the last attempt, "": none */
	struct json_object *data; /* what event_command gets; event_drop()s */
};

/* How many events wait, and the number of the newest. */
struct event_queue {
	int64_t last;
	int64_t waiting;
};

/* What causes the events from now on, as the audit has it: the caller, the
 * caller's network, and the web server's id of the request; "" is left out.
 * NULL: the cause is not known. It must stay valid until the next call. */
struct event_cause {
	const char *by;
	const char *network;
	const char *request;
};
void event_caused_by(const struct event_cause *cause);

/* A new event with what all have: id, time, name, and cause. */
struct json_object *event_new(const char *name, int64_t now);

/* Inside a unit of work: queues an event of the account of that id. Drops the
 * caller's reference to it. For a site with an event_command alone
 * (conf_events()). */
enum status event_queue(struct store *store, const struct conf *conf,
	const char *account, struct json_object *data, int64_t now);

/* Inside a unit of work. */
enum status event_queue_get(struct store *store, struct event_queue *queue);

/* Inside a unit of work: replaces an event's record. */
enum status event_put(struct store *store, const struct event *event);

/* Inside a unit of work: deletes an event that was handed over, or that the
 * operator drops; nothing if another has taken its place. */
enum status event_delete(struct store *store, const struct event *event);

/* Inside a unit of work: the event of that key; the first one of the first
 * account that comes after it. STATUS_OK, and the caller drops it; or
 * STATUS_NOT_FOUND. */
enum status event_get(
	struct store *store, const char *key, struct event *event);
enum status event_next_first(
	struct store *store, const char *after, struct event *event);
void event_drop(struct event *event);

/* A walk over all events, an account after the other, the data of which are the
 * walk's. store_walk_end() ends it. */
void event_walk_begin(struct store_walk *walk, struct store *store);
bool event_walk_next(struct store_walk *walk, struct event *event);

/* What is wrong with a record of that key; NULL: nothing. */
const char *event_flaw(const char *key, const struct json_object *record);

/* The event's id and its name, and the id of its account; "" for one of all. */
const char *event_id(const struct event *event);
const char *event_name(const struct event *event);
void event_account(const struct event *event, char account[NAME_ID_SIZE]);

/* When the change was that it tells of, of several the first; 0 if it does not
 * say. */
int64_t event_made(const struct event *event);

#endif
