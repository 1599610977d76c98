/* counters.h - what all processes have done, counted in a file that they share.
 *
 * Counting is an addition in mapped memory: no lock, no system call, nothing
 * that can fail. The counts outlive the processes, and a process that is killed
 * leaves nothing half done. Where the file cannot be had (no room, a read-only
 * disk), a process counts for itself alone, and does all else as ever.
 *
 * A count has a program, a status or a bucket, never a name or an address. */
#ifndef LATCHKEY_COUNTERS_H
#define LATCHKEY_COUNTERS_H

#include "base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	COUNTERS_PROGRAMS = 11,
	COUNTERS_BUCKETS = 16 /* of times; the last has no bound */
};

/* The programs that have counts of their own; another one's requests are not
 * counted. */
extern const char *const counters_programs[COUNTERS_PROGRAMS];

/* How long requests take at most in each bucket but the last,
 * microseconds. */
extern const uint64_t counters_bounds[COUNTERS_BUCKETS - 1];

enum counters_outcome {
	COUNTERS_OK,
	COUNTERS_REFUSED,
	COUNTERS_THROTTLED,
	COUNTERS_FAILED,
	COUNTERS_OUTCOMES
};
extern const char *const counters_outcomes[COUNTERS_OUTCOMES];

enum counters_outcome counters_outcome_of(enum status status);

enum counter {
	/* tries at secrets, which may be several in a request */
	COUNTER_SECRETS_RIGHT,
	COUNTER_SECRETS_WRONG,
	COUNTER_SECRETS_THROTTLED,
	COUNTER_SESSIONS_BEGUN,
	COUNTER_SLOT_USES, /* of hash slots, with the time they took */
	COUNTER_SLOT_US,
	COUNTER_SLOT_WAITS, /* requests that had to wait for one */
	COUNTER_SLOT_WAIT_US,
	COUNTER_SLOT_TIMEOUTS,
	COUNTER_RECOVERIES, /* of the store */
	COUNTER_MAILS_SENT,
	COUNTER_MAILS_FAILED, /* tries */
	COUNTER_EVENTS_TAKEN,
	COUNTER_EVENTS_FAILED, /* tries */
	/* of a store that is a database */
	COUNTER_DATABASE_CONNECTS,
	COUNTER_DATABASE_FAILURES, /* no server could be had */
	COUNTER_DATABASE_UNITS,    /* of work, that have ended */
	COUNTER_DATABASE_TRIPS,    /* waits for answers, in those */
	COUNTER_DATABASE_US,
	/* commits without an answer, by what has become of them */
	COUNTER_DATABASE_DONE,
	COUNTER_DATABASE_UNDONE,
	COUNTER_DATABASE_UNKNOWN,
	/* numbers that are set */
	COUNTER_SESSIONS, /* live ones, at the last sweep */
	COUNTER_SWEPT,    /* when that ended, seconds since 1970; 0: never */
	COUNTER_EVENT_AT, /* when event_command was started last */
	COUNTER_HEALTH,   /* health.c's last verdict */
	COUNTER_HEALTH_AT,
	COUNTERS
};

/* The file, and a copy of it. */
struct counters {
	_Atomic uint64_t format; /* counters.c's */
	_Atomic uint64_t begun;  /* seconds since 1970 */
	_Atomic uint64_t counts[COUNTERS];
	struct counters_program {
		_Atomic uint64_t statuses[STATUS_COUNT];
		struct counters_times {
			_Atomic uint64_t us; /* in all */
			_Atomic uint64_t buckets[COUNTERS_BUCKETS];
		} times[COUNTERS_OUTCOMES];
	} programs[COUNTERS_PROGRAMS];
};

/* From now on this process counts in that file, its requests as that program's
 * (NULL: it has none). The file is made if it is missing; one of another
 * version is taken away first. If that fails, the log says why. */
void counters_open(const char *path, const char *program);

/* Counts a request with that outcome, which took so many microseconds. */
void counters_request(enum status status, uint64_t us);

void counters_add(enum counter counter, uint64_t number);
void counters_set(enum counter counter, uint64_t number);
uint64_t counters_get(enum counter counter);

/* Sets it to `next` if it is still `last`: of several processes one does. */
bool counters_take(enum counter counter, uint64_t last, uint64_t next);

/* Copies what the file has. False, with errno, if there is none, or none of
 * this version. */
bool counters_read(const char *path, struct counters *counters);

/* How many requests of the program ended so, and all of them. */
uint64_t counters_of(
	const struct counters_program *program, enum counters_outcome outcome);

#endif
