/* status.c - how it goes: for load balancers, service managers and monitors.
 *
 * What a stranger can ask is a status code, and costs next to nothing however
 * often it is asked. Names and addresses are nowhere in here. */
#include "config.h"

#include "account/mail.h"
#include "account/token.h"
#include "base/counters.h"
#include "base/mem.h"
#include "web/app.h"

#include <stdio.h>
#include <string.h>

/* --- health, in the words of Kubernetes' own endpoints ------------------ */

/* Answers with a text, which the call then owns. */
static enum status
say(struct call *call, char *text, enum status status)
{
	call->text = text;
	call->type = "text/plain";
	return status;
}

/* Whether the checks are to be named: only on the machine itself. */
static bool
is_verbose(struct call *call)
{
	return request_query_has(call->request, "verbose") &&
	       request_is_local(call->request, call->site->conf);
}

/* Reads the checks that the query leaves out, "mail,clock". */
static enum status
read_query(struct call *call, unsigned *without)
{
	char exclude[64], verbose[64], *name, *rest = exclude;
	const struct app_parameter parameters[] = {
		{"exclude", exclude, sizeof exclude},
		{"verbose", verbose, sizeof verbose}, {0}};
	enum status status = app_query(call, parameters);
	int i;

	*without = 0;
	while (status == STATUS_OK && exclude[0] != '\0' &&
		(name = strsep(&rest, ",")) != NULL) {
		for (i = 0; i < HEALTH_CHECKS; i++)
			if (strcmp(name, health_names[i]) == 0)
				break;
		if (i == HEALTH_CHECKS)
			return app_bad_query(
				call, "exclude is a list of checks.");
		*without |= 1U << i;
	}
	return status;
}

/* A line for each check, and one for all. */
static char *
list_checks(const struct health *health, unsigned without)
{
	char *text = mem_copy("");
	int i;

	for (i = 0; i < HEALTH_CHECKS; i++)
		if ((without & 1U << i) != 0)
			text = mem_append(
				text, "[+]%s excluded\n", health_names[i]);
		else if ((health->failed & 1U << i) != 0)
			text = mem_append(text, "[-]%s failed: %s\n",
				health_names[i], health->why[i]);
		else
			text = mem_append(text, "[+]%s ok\n", health_names[i]);
	return mem_append(text, "readyz check %s\n",
		(health->failed & ~without) == 0 ? "passed" : "failed");
}

static enum status
readyz(struct call *call)
{
	int64_t now = call->attempt.now;
	unsigned without, failed;
	struct health health;
	enum status status = read_query(call, &without);

	if (status != STATUS_OK)
		return status;
	if (is_verbose(call)) {
		health_look(call->site, mail_health, now, &health);
		failed = health.failed & ~without;
		return say(call, list_checks(&health, without),
			failed == 0 ? STATUS_OK : STATUS_UNAVAILABLE);
	}
	failed = health_verdict(call->site, mail_health, now) & ~without;
	return failed == 0 ? say(call, mem_copy("ok\n"), STATUS_OK)
			   : say(call, mem_copy("readyz check failed\n"),
				     STATUS_UNAVAILABLE);
}

/* That there is an answer is all that it says: what is wrong elsewhere is not
 * mended by starting this program again. */
static enum status
livez(struct call *call)
{
	unsigned without;
	enum status status = read_query(call, &without);

	if (status != STATUS_OK)
		return status;
	return say(call,
		mem_copy(is_verbose(call) ? "[+]ping ok\nlivez check passed\n"
					  : "ok\n"),
		STATUS_OK);
}

/* --- metrics, in Prometheus' text format, 0.0.4 ------------------------ */

static void
head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP latchkey_%s %s\n# TYPE latchkey_%s %s\n", name,
		help, name, type);
}

/* Microseconds as seconds. */
static void
put_us(FILE *out, uint64_t us)
{
	fprintf(out, "%llu.%06u", (unsigned long long)(us / 1000000),
		(unsigned)(us % 1000000));
}

static void
put(FILE *out, const char *name, const char *type, const char *help,
	uint64_t value)
{
	head(out, name, type, help);
	fprintf(out, "latchkey_%s %llu\n", name, (unsigned long long)value);
}

static void
put_requests(FILE *out, const struct counters *counters)
{
	int i, outcome;

	head(out, "requests_total", "counter",
		"Requests by program and outcome.");
	for (i = 0; i < COUNTERS_PROGRAMS; i++)
		for (outcome = 0; outcome < COUNTERS_OUTCOMES; outcome++)
			fprintf(out,
				"latchkey_requests_total{program=\"%s\","
				"outcome=\"%s\"} %llu\n",
				counters_programs[i],
				counters_outcomes[outcome],
				(unsigned long long)counters_of(
					&counters->programs[i],
					(enum counters_outcome)outcome));
}

/* How many of the program's requests have the same reason as that status; 0
 * where an earlier status has said so. */
static uint64_t
count_reason(const struct counters_program *program, int status)
{
	const char *reason = audit_reason((enum status)status);
	uint64_t count = 0;
	int i;

	for (i = STATUS_DONE + 1; i < STATUS_COUNT; i++) {
		if (strcmp(audit_reason((enum status)i), reason) != 0)
			continue;
		if (i < status)
			return 0;
		count += program->statuses[i];
	}
	return count;
}

static void
put_refusals(FILE *out, const struct counters *counters)
{
	uint64_t count;
	int i, status;

	head(out, "refusals_total", "counter",
		"Requests that were not done, by program and reason.");
	for (i = 0; i < COUNTERS_PROGRAMS; i++)
		for (status = STATUS_DONE + 1; status < STATUS_COUNT;
			status++) {
			count = count_reason(&counters->programs[i], status);
			if (count > 0)
				fprintf(out,
					"latchkey_refusals_total{program=\"%s\""
					",reason=\"%s\"} %llu\n",
					counters_programs[i],
					audit_reason((enum status)status),
					(unsigned long long)count);
		}
}

static void
put_times(FILE *out, const char *program, const char *outcome,
	const struct counters_times *times)
{
	static const char name[] = "latchkey_request_duration_seconds";
	uint64_t count = 0;
	int i;

	for (i = 0; i < COUNTERS_BUCKETS; i++) {
		count += times->buckets[i];
		fprintf(out, "%s_bucket{program=\"%s\",outcome=\"%s\",le=\"",
			name, program, outcome);
		if (i < COUNTERS_BUCKETS - 1)
			fprintf(out, "%g", (double)counters_bounds[i] / 1e6);
		else
			fputs("+Inf", out);
		fprintf(out, "\"} %llu\n", (unsigned long long)count);
	}
	fprintf(out, "%s_sum{program=\"%s\",outcome=\"%s\"} ", name, program,
		outcome);
	put_us(out, times->us);
	fprintf(out, "\n%s_count{program=\"%s\",outcome=\"%s\"} %llu\n", name,
		program, outcome, (unsigned long long)count);
}

static void
put_durations(FILE *out, const struct counters *counters)
{
	const struct counters_program *program;
	int i, outcome;

	head(out, "request_duration_seconds", "histogram",
		"From a request to its answer, inside the program.");
	for (i = 0; i < COUNTERS_PROGRAMS; i++) {
		program = &counters->programs[i];
		for (outcome = 0; outcome < COUNTERS_OUTCOMES; outcome++)
			if (counters_of(program,
				    (enum counters_outcome)outcome) > 0)
				put_times(out, counters_programs[i],
					counters_outcomes[outcome],
					&program->times[outcome]);
	}
}

/* Counts that have a name of their own, or share one and differ in `outcome`;
 * those come one after the other. */
static const struct {
	const char *name;
	const char *help; /* NULL: the one before has it */
	const char *outcome;
	enum counter counter;
	bool us; /* to be told in seconds */
} counts[] = {
	{"secret_tries_total",
		"Tries at passwords, codes and tokens, by outcome.", "right",
		COUNTER_SECRETS_RIGHT, false},
	{"secret_tries_total", NULL, "wrong", COUNTER_SECRETS_WRONG, false},
	{"secret_tries_total", NULL, "throttled", COUNTER_SECRETS_THROTTLED,
		false},
	{"sessions_begun_total", "Browsers' sessions that have begun.", NULL,
		COUNTER_SESSIONS_BEGUN, false},
	{"hash_slot_uses_total", "Uses of a slot to hash in.", NULL,
		COUNTER_SLOT_USES, false},
	{"hash_slot_seconds_total", "How long those took in all.", NULL,
		COUNTER_SLOT_US, true},
	{"hash_slot_waits_total", "Requests that waited for a slot.", NULL,
		COUNTER_SLOT_WAITS, false},
	{"hash_slot_wait_seconds_total", "How long those waited in all.", NULL,
		COUNTER_SLOT_WAIT_US, true},
	{"hash_slot_timeouts_total", "Those that have waited in vain.", NULL,
		COUNTER_SLOT_TIMEOUTS, false},
	{"store_recoveries_total", "Recoveries of the store.", NULL,
		COUNTER_RECOVERIES, false},
	{"mail_tries_total", "Tries to send a mail, by outcome.", "sent",
		COUNTER_MAILS_SENT, false},
	{"mail_tries_total", NULL, "failed", COUNTER_MAILS_FAILED, false},
	{"event_tries_total", "Tries to hand over an event, by outcome.",
		"taken", COUNTER_EVENTS_TAKEN, false},
	{"event_tries_total", NULL, "failed", COUNTER_EVENTS_FAILED, false},
	{"database_connects_total",
		"Connections to the database, by outcome: `failed` where no "
		"server could be had.",
		"made", COUNTER_DATABASE_CONNECTS, false},
	{"database_connects_total", NULL, "failed", COUNTER_DATABASE_FAILURES,
		false},
	{"database_units_total", "Units of work on the database.", NULL,
		COUNTER_DATABASE_UNITS, false},
	{"database_trips_total", "Waits for answers, in those.", NULL,
		COUNTER_DATABASE_TRIPS, false},
	{"database_seconds_total", "How long those took in all.", NULL,
		COUNTER_DATABASE_US, true},
	{"database_outcomes_total",
		"Commits without an answer, by what has become of them.",
		"done", COUNTER_DATABASE_DONE, false},
	{"database_outcomes_total", NULL, "undone", COUNTER_DATABASE_UNDONE,
		false},
	{"database_outcomes_total", NULL, "unknown", COUNTER_DATABASE_UNKNOWN,
		false},
};

static void
put_counts(FILE *out, const struct counters *counters)
{
	uint64_t count;
	size_t i;

	for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		if (counts[i].help != NULL)
			head(out, counts[i].name, "counter", counts[i].help);
		fprintf(out, "latchkey_%s", counts[i].name);
		if (counts[i].outcome != NULL)
			fprintf(out, "{outcome=\"%s\"}", counts[i].outcome);
		fputc(' ', out);
		count = counters->counts[counts[i].counter];
		if (counts[i].us)
			put_us(out, count);
		else
			fprintf(out, "%llu", (unsigned long long)count);
		fputc('\n', out);
	}
}

/* What processes have counted; nothing where they could not. */
static void
put_counters(FILE *out, const struct conf *conf)
{
	char *path = site_counters(conf);
	struct counters counters;

	if (counters_read(path, &counters)) {
		put(out, "counters_begun_seconds", "gauge",
			"When the counting began, seconds since 1970.",
			counters.begun);
		put_requests(out, &counters);
		put_refusals(out, &counters);
		put_durations(out, &counters);
		put_counts(out, &counters);
		if (counters.counts[COUNTER_SWEPT] > 0) {
			put(out, "sessions", "gauge",
				"Browsers' sessions that were live at the last "
				"sweep.",
				counters.counts[COUNTER_SESSIONS]);
			put(out, "swept_seconds", "gauge",
				"When that was, seconds since 1970.",
				counters.counts[COUNTER_SWEPT]);
		}
	}
	mem_free(path);
}

static void
put_health(FILE *out, const struct health *health)
{
	int i;

	head(out, "check", "gauge", "Whether a check of readyz is good.");
	for (i = 0; i < HEALTH_CHECKS; i++)
		fprintf(out, "latchkey_check{check=\"%s\"} %d\n",
			health_names[i],
			(health->failed & 1U << i) == 0 ? 1 : 0);
}

static void
put_room(FILE *out, const struct store_room *room)
{
	int i;

	if (room->files[0].name == NULL)
		return;
	put(out, "disk_free_bytes", "gauge", "Free on the store's disk.",
		room->free);
	put(out, "disk_reserve_bytes", "gauge",
		"Below this nothing is written (disk_reserve).", room->reserve);
	head(out, "store_bytes", "gauge", "The files of the store.");
	for (i = 0; i < STORE_FILES && room->files[i].name != NULL; i++)
		fprintf(out, "latchkey_store_bytes{file=\"%s\"} %llu\n",
			room->files[i].name,
			(unsigned long long)room->files[i].bytes);
}

/* Nothing where nobody has looked yet: it would be no number. */
static void
put_watch(FILE *out, int64_t watched)
{
	if (watched == INT64_MAX)
		return;
	head(out, "watch_age_seconds", "gauge",
		"How long ago this machine has seen what others changed.");
	fputs("latchkey_watch_age_seconds ", out);
	put_us(out, (uint64_t)watched * 1000);
	fputc('\n', out);
}

/* How long ago that time was; 0 for none, and for one from the future. */
static void
put_age(FILE *out, const char *name, const char *help, int64_t since,
	int64_t now)
{
	put(out, name, "gauge", help,
		since == 0 || since > now ? 0 : (uint64_t)(now - since));
}

static void
put_mails(FILE *out, const struct health *health, int64_t now)
{
	head(out, "mails", "gauge",
		"Mails that wait, or have failed for good.");
	fprintf(out,
		"latchkey_mails{state=\"waiting\"} %d\n"
		"latchkey_mails{state=\"failed\"} %d\n",
		health->waiting, health->failed_mails);
	put_age(out, "mail_oldest_seconds",
		"How long the oldest mail has waited.", health->made, now);
}

static void
put_events(FILE *out, const struct health *health, int64_t now)
{
	put(out, "events", "gauge", "Events that wait for event_command.",
		(uint64_t)health->events);
	put_age(out, "event_oldest_seconds",
		"How long the oldest event has waited.", health->event_made,
		now);
}

/* From the machine itself, or by an access token that may. */
static enum status
guard_metrics(struct call *call)
{
	enum status status = app_guard_local(call);

	if (status == STATUS_OK)
		return status;
	status = app_caller(call, request_method(call->request));
	if (status == STATUS_OK &&
		(call->caller.token == 0 ||
			(call->caller.permission & TOKEN_METRICS) == 0))
		return STATUS_FORBIDDEN;
	return status;
}

static enum status
metrics(struct call *call)
{
	const struct site *site = call->site;
	struct health health;
	char *text = NULL;
	size_t size;
	FILE *out = mem_check(open_memstream(&text, &size));

	health_look(site, mail_health, call->attempt.now, &health);
	head(out, "build_info", "gauge", "1, with the version.");
	fprintf(out, "latchkey_build_info{version=\"%s\"} 1\n",
		PACKAGE_VERSION);
	put_health(out, &health);
	put_room(out, &health.room);
	put_watch(out, health.watched);
	put_mails(out, &health, call->attempt.now);
	put_events(out, &health, call->attempt.now);
	put(out, "hash_slots", "gauge", "How many hash at a time (hash_slots).",
		(uint64_t)slots_count(site->slots));
	put(out, "hash_slots_taken", "gauge",
		"Slots that are taken now, or kept for the next hash.",
		(uint64_t)slots_taken(site->slots));
	put_counters(out, site->conf);
	fclose(out);
	say(call, mem_check(text), STATUS_OK);
	call->type = "text/plain; version=0.0.4";
	return STATUS_OK;
}

static const struct route routes[] = {
	{"GET", "/account/livez", NULL, livez, NULL, NO_BODY},
	{"GET", "/account/readyz", NULL, readyz, NULL, NO_BODY},
	{"GET", "/account/metrics", guard_metrics, metrics, NULL, NO_BODY},
	{0},
};

const struct program app_program = {.name = "status", .routes = routes};
