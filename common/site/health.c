/* health.c - whether an installation can do its work now */
#include "config.h"

#include "site/health.h"

#include "base/counters.h"
#include "base/mem.h"
#include "base/tick.h"
#include "site/event.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	WAIT_MS = 250,     /* for the store: a monitor gives up after a
			    * second */
	FRESH_MS = 1000,   /* a verdict is good for so long, */
	STALE_MS = 10000,  /* and while another process looks, for so long */
	WATCH_MS = 5000,   /* `latchkey store watch` looks twice a second */
	DUE_SECONDS = 300, /* a sender looks each second */
	SKEW_SECONDS = 300 /* between this machine and its file server */
};

/* latchkey is younger than this. Where a clock has lost its battery it says
 * 1970, or when the system was built. */
#define FIRST_DAY INT64_C(1767225600) /* 2026-01-01 */

const char *const health_names[HEALTH_CHECKS] = {
	[HEALTH_STORE] = "store",
	[HEALTH_DISK] = "disk",
	[HEALTH_MAIL] = "mail",
	[HEALTH_EVENTS] = "events",
	[HEALTH_CLOCK] = "clock",
	[HEALTH_WATCH] = "watch",
};

void
health_fail(
	struct health *health, enum health_check check, const char *format, ...)
{
	va_list args;

	health->failed |= 1U << check;
	va_start(args, format);
	vsnprintf(health->why[check], HEALTH_WHY_SIZE, format, args);
	va_end(args);
}

/* Each looks at one thing, at the first that is wrong with it. */

/* Records in a database are not on this disk: none of it is reserved for them.
 */
static void
look_at_disk(const struct site *site, struct health *health)
{
	struct store_room *room = &health->room;
	bool measured = store_measure(site->store, room);

	if (store_is_shared(site->store))
		room->reserve = 0;
	if (!measured)
		health_fail(health, HEALTH_DISK, "the store's directory: %s",
			strerror(errno));
	else if (room->read_only)
		health_fail(
			health, HEALTH_DISK, "the file system is read-only");
	else if (room->free < room->reserve)
		health_fail(health, HEALTH_DISK,
			"%llu bytes free, disk_reserve is %llu",
			(unsigned long long)room->free,
			(unsigned long long)room->reserve);
}

/* Where machines share the store, one that lacks keys says 503 to all. */
static void
look_at_keys(const struct site *site, int64_t now, struct health *health)
{
	if (store_is_shared(site->store) && site_keys(site, now) != STATUS_OK &&
		keys_lack(site->keys))
		health_fail(health, HEALTH_STORE,
			"this machine lacks keys; latchkey key import");
}

/* The next process that writes mends a failed flush. Where this check keeps
 * requests away there is none, so the check itself writes. */
static void
look_at_store(const struct site *site, struct health *health)
{
	struct store *store = site->store;
	bool broken = store_is_broken(store), there;
	enum status status =
		store_begin(store, broken ? STORE_WRITE : STORE_READ);

	if (status == STATUS_OK)
		status = store_has(store, STORE_PARAM, "health", &there);
	store_abort(store);
	if (status != STATUS_OK)
		health_fail(health, HEALTH_STORE,
			"it cannot be had now; the log says why");
}

static enum status
count_events(const struct site *site, struct health *health)
{
	struct event_queue queue;
	enum status status = store_begin(site->store, STORE_READ);

	if (status == STATUS_OK)
		status = event_queue_get(site->store, &queue);
	store_abort(site->store);
	if (status == STATUS_OK)
		health->events = queue.waiting;
	return status;
}

static void
note_event(struct health *health, const struct event *event, int64_t now)
{
	int64_t made = event_made(event);

	if (made > 0 && (health->event_made == 0 || made < health->event_made))
		health->event_made = made;
	if (event->next <= now &&
		(health->event_due == 0 || event->next < health->event_due))
		health->event_due = event->next;
	if (event->next > health->event_next)
		health->event_next = event->next;
}

/* Whether a sender is at work, here or on another machine that has the same
 * store: it has put off an event, or has started event_command lately. Where
 * that fails, it does so once a minute, and those that are due have their turn
 * late. */
static bool
are_tried(const struct site *site, const struct health *health, int64_t now)
{
	char *path = site_counters(site->conf);
	struct counters counters;
	bool tried = health->event_next > now ||
		     (counters_read(path, &counters) &&
			     now - (int64_t)counters.counts[COUNTER_EVENT_AT] <=
				     DUE_SECONDS);

	mem_free(path);
	return tried;
}

static void
look_at_events(const struct site *site, int64_t now, struct health *health)
{
	struct store_walk walk;
	struct event event;
	enum status status;
	int seen = 0;

	if (!conf_events(site->conf))
		return;
	event_walk_begin(&walk, site->store);
	for (; seen < HEALTH_EVENTS_LOOK && event_walk_next(&walk, &event);
		seen++)
		note_event(health, &event, now);
	status = store_walk_end(&walk);
	if (status != STATUS_OK || count_events(site, health) != STATUS_OK)
		health_fail(health, HEALTH_EVENTS, "what waits cannot be read");
	else if (health->event_due > 0 &&
		 now - health->event_due > DUE_SECONDS &&
		 !are_tried(site, health, now))
		health_fail(health, HEALTH_EVENTS,
			"one is due for %lld s; does `latchkey mail send` run?",
			(long long)(now - health->event_due));
}

/* A clock that was set back makes dead tokens good again. What was written last
 * tells it, until the next writing. */
static void
look_at_clock(int64_t now, struct health *health)
{
	int64_t newest = health->room.newest;

	if (now < FIRST_DAY)
		health_fail(health, HEALTH_CLOCK, "it is before 2026");
	else if (newest > now + SKEW_SECONDS)
		health_fail(health, HEALTH_CLOCK,
			"the store was written %lld s from now",
			(long long)(newest - now));
}

/* The programs ask the database themselves then, at a request a second or at
 * every one. Before the look at the store, which refreshes the age. */
static void
look_at_watch(const struct site *site, struct health *health)
{
	health->watched = store_age(site->store);
	if (!store_is_shared(site->store))
		return;
	if (!site_is_watched(site))
		health_fail(health, HEALTH_WATCH,
			"nobody watches the database: does `latchkey store "
			"watch` run?");
	else if (health->watched > WATCH_MS)
		health_fail(health, HEALTH_WATCH,
			"the database was not seen for %d s", WATCH_MS / 1000);
}

void
health_look(const struct site *site, health_look_at *mail, int64_t now,
	struct health *health)
{
	memset(health, 0, sizeof *health);
	store_set_wait(site->store, WAIT_MS);
	look_at_disk(site, health);
	look_at_watch(site, health);
	look_at_store(site, health);
	look_at_clock(now, health);
	/* A store that does not answer is not waited for again. */
	if ((health->failed & 1U << HEALTH_STORE) == 0)
		look_at_keys(site, now, health);
	if ((health->failed & 1U << HEALTH_STORE) == 0) {
		mail(site, now, health);
		look_at_events(site, now, health);
	}
	store_set_wait(site->store, 0);
}

unsigned
health_verdict(const struct site *site, health_look_at *mail, int64_t now)
{
	uint64_t last = counters_get(COUNTER_HEALTH_AT);
	uint64_t ms = (uint64_t)tick_now();
	/* One from before the machine was started is of no use. */
	uint64_t age = last > 0 && last <= ms ? ms - last : UINT64_MAX;
	struct health health;

	/* Nothing is known until the first look is over. A verdict that is too
	 * old is better than none: monitors that ask at the same time, once in
	 * a minute, would hear of a fault that is not there. */
	if (age == UINT64_MAX)
		counters_set(COUNTER_HEALTH, 1U << HEALTH_STORE);
	if (age < FRESH_MS ||
		(!counters_take(COUNTER_HEALTH_AT, last, ms) && age < STALE_MS))
		return (unsigned)counters_get(COUNTER_HEALTH);
	health_look(site, mail, now, &health);
	counters_set(COUNTER_HEALTH, health.failed);
	return health.failed;
}
