/* event-send.c - hands the events that are due to event_command */
#include "config.h"

#include "mail/event-send.h"

#include "base/counters.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "mail/retry.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 30000, /* that event_command may take */
	LEASE = 120,         /* seconds that other senders keep off meanwhile;
			      * one that sends a mail looks late */
	FIRST_DELAY = 5,
	LONGEST_DELAY = 1800,
	LONGEST_PAUSE = 60,
	ALL = 60,    /* seconds between two looks at all that wait */
	LOOKED = 256 /* accounts in one unit of work */
};

static const char setting[] = "event_command";

static bool
is_due(const struct event *event, int64_t now)
{
	return retry_is_due(event->next, now, LONGEST_DELAY);
}

/* --- event_command ----------------------------------------------------- */

/* A file in memory with the event as a line. No process waits for event_command
 * to read, as it would at a pipe. -1, with errno, if there is none. */
static int
open_fed(struct json_object *data)
{
	size_t length;
	/* The names in it are of any script. */
	char *line = json_in_ascii(json_text(data, &length));
	int fd = memfd_create("event", MFD_CLOEXEC);

	line = mem_append(line, "\n");
	if (fd >= 0 && (!file_write(fd, line, strlen(line)) ||
			       lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		fd = -1;
	}
	mem_free(line);
	return fd;
}

/* Returns 0, or why it does not start. */
static int
start(const struct conf *conf, struct json_object *data,
	const volatile sig_atomic_t *stop, struct program *program)
{
	char *words[PROGRAM_WORDS + 1];
	char *command = mem_copy(conf->event_command);
	int input = open_fed(data);
	int error = errno;

	program_words(command, words);
	if (input >= 0)
		error = program_start(program, words, input, PATIENCE_MS, stop);
	file_close(input);
	mem_free(command);
	return error;
}

/* After its end: whether it took the event, else why not. */
static bool
end(struct program *program, char failure[EVENT_FAILURE_SIZE])
{
	bool good = program_succeeded(program);

	program_say_why(program, setting, failure, EVENT_FAILURE_SIZE);
	if (!good)
		program_append_said(program, failure, EVENT_FAILURE_SIZE);
	program_end(program);
	return good;
}

/* --- one event --------------------------------------------------------- */

/* Leases the event. STATUS_NOT_FOUND: another sender has it, or it is not
 * due. A lease that the power takes is no harm. */
static enum status
lease(struct store *store, const char *key, int64_t now, struct event *event)
{
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		status = event_get(store, key, event);
	if (status == STATUS_OK && !is_due(event, now))
		status = STATUS_NOT_FOUND;
	if (status == STATUS_OK) {
		event->next = now + LEASE;
		status = event_put(store, event);
	}
	status = store_finish_lazily(store, status);
	if (status != STATUS_OK)
		event_drop(event);
	return status;
}

/* Notes that it was not taken, unless another has taken its place. */
static enum status
put_off(struct store *store, const struct event *event)
{
	struct event now;
	enum status status = event_get(store, event->key, &now);

	if (status == STATUS_OK && strcmp(event_id(&now), event_id(event)) == 0)
		status = event_put(store, event);
	event_drop(&now);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* If the power takes this, the event is handed over once more, by the same
 * id. */
static enum status
settle(const struct site *site, struct event_send *send, bool taken)
{
	struct event *event = &send->event;
	struct store *store = site->store;
	int64_t now = site_now();
	enum status status = store_begin(store, STORE_WRITE);

	counters_add(taken ? COUNTER_EVENTS_TAKEN : COUNTER_EVENTS_FAILED, 1);
	if (taken) {
		send->failures = 0;
	} else {
		if (!send->eager)
			send->pause = now + retry_delay(1, send->failures++,
						    LONGEST_PAUSE);
		event->next = now + retry_delay(FIRST_DELAY, event->attempts++,
					    LONGEST_DELAY);
		if (event->next < send->next)
			send->next = event->next;
		log_warning("event: %s not taken: %s; to be tried again",
			event_name(event), event->failure);
	}
	if (status == STATUS_OK)
		status = taken ? event_delete(store, event)
			       : put_off(store, event);
	event_drop(event);
	return store_finish_lazily(store, status);
}

/* --- all that are due -------------------------------------------------- */

/* Looks at the first event of each account, of some accounts at a time, from
 * send->after on: those behind it wait for it. STATUS_OK, with the key of one
 * that is due; STATUS_NOT_FOUND after the last. */
static enum status
find_due(struct store *store, struct event_send *send, int64_t now,
	char key[EVENT_KEY_SIZE])
{
	enum status status = STATUS_OK;
	struct event event;
	bool due = false;
	int i;

	while (status == STATUS_OK && !due) {
		status = store_begin(store, STORE_READ);
		for (i = 0; i < LOOKED && status == STATUS_OK && !due; i++) {
			status = event_next_first(store, send->after, &event);
			if (status != STATUS_OK)
				break;
			strcpy(send->after, event.key);
			due = is_due(&event, now);
			if (!due && event.next < send->next)
				send->next = event.next;
			event_drop(&event);
		}
		store_abort(store);
	}
	if (due)
		strcpy(key, send->after);
	return status;
}

/* Begins with the account after the last one that had its turn. */
static enum status
find(struct store *store, struct event_send *send, int64_t now,
	char key[EVENT_KEY_SIZE])
{
	bool middle = send->after[0] != '\0';
	enum status status = find_due(store, send, now, key);

	if (status != STATUS_NOT_FOUND)
		return status;
	send->after[0] = '\0';
	return middle ? find_due(store, send, now, key) : status;
}

/* Whether there can be an event to look for. */
static enum status
check_work(struct store *store, struct event_send *send, int64_t now)
{
	struct event_queue queue;
	enum status status = store_begin(store, STORE_READ);

	if (status == STATUS_OK)
		status = event_queue_get(store, &queue);
	store_abort(store);
	if (status != STATUS_OK)
		return status;
	/* A look that is further away than any comes from a wrong clock. */
	if (queue.last == send->seen && now < send->next && now < send->all &&
		send->all <= now + ALL)
		return STATUS_NOT_FOUND;
	send->seen = queue.last;
	return STATUS_OK;
}

/* Starts event_command for the next event that is due; STATUS_NOT_FOUND if
 * there is none. */
static enum status
begin_next(const struct site *site, struct event_send *send, int64_t now,
	const volatile sig_atomic_t *stop)
{
	char key[EVENT_KEY_SIZE];
	enum status status = check_work(site->store, send, now);
	int error;

	if (status != STATUS_OK)
		return status;
	send->next = INT64_MAX;
	send->all = now + ALL;
	status = find(site->store, send, now, key);
	if (status == STATUS_NOT_FOUND)
		return status;
	send->next = 0; /* there may be more */
	if (status == STATUS_OK)
		status = lease(site->store, key, now, &send->event);
	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	counters_set(COUNTER_EVENT_AT, (uint64_t)now);
	error = start(site->conf, send->event.data, stop, &send->program);
	if (error == 0)
		return STATUS_OK;
	snprintf(send->event.failure, sizeof send->event.failure, "%s: %s",
		site->conf->event_command, strerror(error));
	return settle(site, send, false);
}

bool
event_send_runs(const struct event_send *send)
{
	return send->program.pid != 0;
}

void
event_send_await(const struct event_send *send, int ms)
{
	if (event_send_runs(send))
		program_await(&send->program, ms);
	else
		poll(NULL, 0, ms);
}

enum status
event_send_due(const struct site *site, struct event_send *send,
	const volatile sig_atomic_t *stop)
{
	int64_t now = site_now();
	enum status status = STATUS_OK;
	bool taken;

	if (!conf_events(site->conf))
		return STATUS_OK;
	if (event_send_runs(send)) {
		if (!program_has_ended(&send->program))
			return STATUS_OK;
		taken = end(&send->program, send->event.failure);
		status = settle(site, send, taken);
	}
	if (status == STATUS_OK && !*stop &&
		retry_is_due(send->pause, now, LONGEST_PAUSE))
		status = begin_next(site, send, now, stop);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

bool
event_send_test(const struct site *site)
{
	struct json_object *data = event_new("test", site_now());
	char failure[EVENT_FAILURE_SIZE];
	struct program program;
	int error = start(site->conf, data, NULL, &program);
	bool taken = false;

	json_object_put(data);
	if (error != 0)
		snprintf(failure, sizeof failure, "%s: %s",
			site->conf->event_command, strerror(error));
	else {
		program_wait(&program);
		taken = end(&program, failure);
	}
	if (!taken)
		log_error("event: %s", failure);
	return taken;
}
