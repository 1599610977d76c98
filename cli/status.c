/* status.c - latchkey status, latchkey top */
#include "config.h"

#include "cli.h"

#include "account/mail.h"
#include "base/counters.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utc.h"
#include "print.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- status: one look, as a plugin of Nagios ----------------------------- */

enum state { STATE_OK, STATE_WARNING, STATE_CRITICAL, STATE_UNKNOWN };
static const char *const state_words[] = {
	"OK", "WARNING", "CRITICAL", "UNKNOWN"};

/* For so long a mail or an event may wait. */
enum { WAIT_SECONDS = 900, LINE_SIZE = 1024 };

/* How bad it is that a check fails. Without mails people still sign in. */
static const enum state severities[HEALTH_CHECKS] = {
	[HEALTH_STORE] = STATE_CRITICAL,
	[HEALTH_DISK] = STATE_CRITICAL,
	[HEALTH_MAIL] = STATE_WARNING,
	[HEALTH_EVENTS] = STATE_WARNING,
	[HEALTH_CLOCK] = STATE_CRITICAL,
	[HEALTH_WATCH] = STATE_WARNING,
};

/* One look: what there is, and what is wrong with it. */
struct look {
	struct health health;
	bool counted; /* there are counters */
	struct counters counters;
	/* seconds that the oldest has waited */
	uint64_t mail_waited, event_waited;
	enum state state;
	char said[LINE_SIZE]; /* what is wrong, or the most important numbers */
};

static void
say(struct look *look, enum state state, const char *what, const char *why)
{
	size_t length = strlen(look->said);

	if (state > look->state)
		look->state = state;
	snprintf(look->said + length, sizeof look->said - length, "%s%s: %s",
		length > 0 ? "; " : "", what, why);
}

/* What no check fails for yet. */
static void
say_early(struct look *look)
{
	const struct store_room *room = &look->health.room;

	if ((look->health.failed & 1U << HEALTH_DISK) == 0 &&
		room->free < 2 * room->reserve)
		say(look, STATE_WARNING, "disk",
			"less than twice disk_reserve is free");
	if ((look->health.failed & 1U << HEALTH_MAIL) == 0 &&
		look->mail_waited > WAIT_SECONDS)
		say(look, STATE_WARNING, "mail",
			"one has waited for over 15 min; see latchkey mail "
			"list");
	if ((look->health.failed & 1U << HEALTH_EVENTS) == 0 &&
		look->event_waited > WAIT_SECONDS)
		say(look, STATE_WARNING, "events",
			"one has waited for over 15 min; see latchkey event "
			"list");
}

/* It may be one that a program has made anew in the place of one that is
 * lost. */
static void
say_nobody(struct store *store, struct look *look)
{
	char key[STORE_KEY_SIZE] = "";
	struct json_object *record = NULL;
	enum status status = store_begin(store, STORE_READ);

	if (status == STATUS_OK)
		status = store_next(store, STORE_ACCOUNT, key, &record);
	store_abort(store);
	json_object_put(record);
	if (status == STATUS_NOT_FOUND)
		say(look, STATE_WARNING, "accounts", "there is none");
}

static const char no_store[] =
	"there is none: latchkey user add makes it, and latchkey restore "
	"brings a backup back";

/* Of what was made at that time; 0 for none, and for one from the future. */
static uint64_t
age(int64_t made, int64_t now)
{
	return made > 0 && made < now ? (uint64_t)(now - made) : 0;
}

static void
take_look(struct cli *cli, struct look *look)
{
	char *path = site_counters(cli->site.conf);
	int64_t now = site_now();
	int i;

	memset(look, 0, sizeof *look);
	look->counted = counters_read(path, &look->counters);
	mem_free(path);
	if (!site_has_store(&cli->site)) {
		say(look, STATE_CRITICAL, "store", no_store);
		return;
	}
	health_look(&cli->site, mail_health, now, &look->health);
	look->mail_waited = age(look->health.made, now);
	look->event_waited = age(look->health.event_made, now);
	for (i = 0; i < HEALTH_CHECKS; i++)
		if ((look->health.failed & 1U << i) != 0)
			say(look, severities[i], health_names[i],
				look->health.why[i]);
	say_early(look);
	if ((look->health.failed & 1U << HEALTH_STORE) == 0)
		say_nobody(cli->site.store, look);
}

/* Of all programs; nothing where nothing is counted. */
static uint64_t
requests(const struct counters *counters, enum counters_outcome outcome)
{
	uint64_t count = 0;
	int i;

	for (i = 0; i < COUNTERS_PROGRAMS; i++)
		count += counters_of(&counters->programs[i], outcome);
	return count;
}

/* The numbers of a look, in the form of a plugin's performance data: where one
 * begins to warn and where it is critical, NULL for none. */
struct number {
	const char *name;
	uint64_t value;
	const char *unit;
	uint64_t warning, critical; /* 0: none */
	bool least;                 /* it warns below, not above */
};
enum { NUMBERS = 13 };

static void
list_numbers(const struct look *look, struct number numbers[NUMBERS])
{
	const struct store_room *room = &look->health.room;
	const struct counters *counters = &look->counters;
	const struct number list[NUMBERS] = {
		{"free", room->free, "B", 2 * room->reserve, room->reserve,
			true},
		{"store", store_room_bytes(room), "B", 0, 0, false},
		{"sessions", counters->counts[COUNTER_SESSIONS], "", 0, 0,
			false},
		{"mails", (uint64_t)look->health.waiting, "", 0, 0, false},
		{"mails_failed", (uint64_t)look->health.failed_mails, "", 0, 0,
			false},
		{"events", (uint64_t)look->health.events, "", 0, 0, false},
		{"mail_oldest", look->mail_waited, "s", WAIT_SECONDS, 0, false},
		{"event_oldest", look->event_waited, "s", WAIT_SECONDS, 0,
			false},
		{"ok", requests(counters, COUNTERS_OK), "c", 0, 0, false},
		{"refused", requests(counters, COUNTERS_REFUSED), "c", 0, 0,
			false},
		{"throttled", requests(counters, COUNTERS_THROTTLED), "c", 0, 0,
			false},
		{"failed", requests(counters, COUNTERS_FAILED), "c", 0, 0,
			false},
		{"slot_timeouts", counters->counts[COUNTER_SLOT_TIMEOUTS], "c",
			0, 0, false},
	};

	memcpy(numbers, list, sizeof list);
}

static void
add_limit(char *text, uint64_t limit, bool least)
{
	if (limit > 0)
		sprintf(text, ";%llu%s", (unsigned long long)limit,
			least ? ":" : "");
	else
		strcpy(text, ";");
}

static char *
append_number(char *line, const struct number *number)
{
	char warning[32], critical[32];

	if (number->warning == 0 && number->critical == 0)
		return mem_append(line, " %s=%llu%s", number->name,
			(unsigned long long)number->value, number->unit);
	add_limit(warning, number->warning, number->least);
	add_limit(critical, number->critical, number->least);
	return mem_append(line, " %s=%llu%s%s%s", number->name,
		(unsigned long long)number->value, number->unit, warning,
		critical);
}

static void
print_status(const struct look *look)
{
	const struct store_room *room = &look->health.room;
	struct number numbers[NUMBERS];
	char *line = mem_printf("LATCHKEY %s - ", state_words[look->state]);
	int i;

	if (look->said[0] != '\0')
		line = mem_append(line, "%s", look->said);
	else
		line = mem_append(line,
			"%llu MB free, %llu sessions, %d mails wait",
			(unsigned long long)(room->free / 1000000),
			(unsigned long long)
				look->counters.counts[COUNTER_SESSIONS],
			look->health.waiting);
	list_numbers(look, numbers);
	line = mem_append(line, " |");
	for (i = 0; i < NUMBERS; i++)
		line = append_number(line, &numbers[i]);
	print_line(stdout, "%s", line);
	mem_free(line);
}

static void
print_status_json(const struct look *look)
{
	struct json_object *object = json_new_object();
	struct json_object *checks = json_new_object();
	struct number numbers[NUMBERS];
	int i;

	for (i = 0; i < HEALTH_CHECKS; i++)
		json_add_string(checks, health_names[i],
			(look->health.failed & 1U << i) != 0
				? look->health.why[i]
				: "ok");
	json_add_string(object, "state", state_words[look->state]);
	json_add_string(object, "said", look->said);
	json_add(object, "checks", checks);
	list_numbers(look, numbers);
	for (i = 0; i < NUMBERS; i++)
		json_add_int(
			object, numbers[i].name, (int64_t)numbers[i].value);
	print_json(object);
}

static int
status(struct cli *cli)
{
	struct look look;

	if (!cli_open_site(cli)) {
		print_line(stdout, "LATCHKEY UNKNOWN - the settings or the "
				   "state cannot be read: see standard error");
		return STATE_UNKNOWN;
	}
	take_look(cli, &look);
	if (cli_option(cli, "--json") != NULL)
		print_status_json(&look);
	else
		print_status(&look);
	return (int)look.state;
}

/* --- top: what is going on ------------------------------------------------ */

enum { TOP_SECONDS = 2 };

/* What has been counted between two looks, or ever. */
struct span {
	const struct counters *from, *to;
	double seconds; /* 0: ever */
};

static double
rate(const struct span *span, uint64_t count)
{
	return span->seconds > 0 ? (double)count / span->seconds
				 : (double)count;
}

/* A rate with its part of ten; a count without. */
static char *
rate_text(const struct span *span, uint64_t count)
{
	return mem_printf("%.*f", span->seconds > 0 ? 1 : 0, rate(span, count));
}

static uint64_t
counted(const struct span *span, enum counter counter)
{
	return span->to->counts[counter] - span->from->counts[counter];
}

/* How long so many of a thousand requests took at most, by the bound of their
 * bucket, milliseconds; the caller frees. */
static char *
quantile(const struct counters_program *from, const struct counters_program *to,
	unsigned thousandth)
{
	uint64_t buckets[COUNTERS_BUCKETS] = {0}, all = 0, seen = 0;
	int i, outcome;

	for (outcome = 0; outcome < COUNTERS_OUTCOMES; outcome++)
		for (i = 0; i < COUNTERS_BUCKETS; i++)
			buckets[i] += to->times[outcome].buckets[i] -
				      from->times[outcome].buckets[i];
	for (i = 0; i < COUNTERS_BUCKETS; i++)
		all += buckets[i];
	for (i = 0; i < COUNTERS_BUCKETS - 1; i++) {
		seen += buckets[i];
		if (seen * 1000 >= all * thousandth)
			break;
	}
	if (all == 0)
		return mem_copy("-");
	return i < COUNTERS_BUCKETS - 1
		       ? mem_printf("%g", (double)counters_bounds[i] / 1000)
		       : mem_printf(
				 ">%g", (double)counters_bounds[i - 1] / 1000);
}

static void
print_program(const struct span *span, int program)
{
	const struct counters_program *from = &span->from->programs[program];
	const struct counters_program *to = &span->to->programs[program];
	char *texts[COUNTERS_OUTCOMES], *all, *half, *most;
	uint64_t sum = 0, count;
	int i;

	for (i = 0; i < COUNTERS_OUTCOMES; i++) {
		count = counters_of(to, (enum counters_outcome)i) -
			counters_of(from, (enum counters_outcome)i);
		sum += count;
		texts[i] = rate_text(span, count);
	}
	all = rate_text(span, sum);
	half = quantile(from, to, 500);
	most = quantile(from, to, 990);
	print_line(stdout, "%-13s %10s %10s %10s %10s %10s %8s %8s",
		counters_programs[program], all, texts[COUNTERS_OK],
		texts[COUNTERS_REFUSED], texts[COUNTERS_THROTTLED],
		texts[COUNTERS_FAILED], half, most);
	for (i = 0; i < COUNTERS_OUTCOMES; i++)
		mem_free(texts[i]);
	mem_free(all);
	mem_free(half);
	mem_free(most);
}

static void
print_hashes(struct cli *cli, const struct span *span)
{
	uint64_t uses = counted(span, COUNTER_SLOT_USES);

	print_line(stdout,
		"hash slots   %d of %d taken, %.1f uses%s of %.1f ms, %.1f "
		"waits%s, %.1f in vain",
		slots_taken(cli->site.slots), slots_count(cli->site.slots),
		rate(span, uses), span->seconds > 0 ? "/s" : "",
		uses == 0 ? 0.0
			  : (double)counted(span, COUNTER_SLOT_US) / 1000 /
				    (double)uses,
		rate(span, counted(span, COUNTER_SLOT_WAITS)),
		span->seconds > 0 ? "/s" : "",
		rate(span, counted(span, COUNTER_SLOT_TIMEOUTS)));
}

/* Of a store in PostgreSQL. */
static void
print_database(const struct span *span)
{
	uint64_t units = counted(span, COUNTER_DATABASE_UNITS);

	if (span->to->counts[COUNTER_DATABASE_UNITS] == 0)
		return;
	print_line(stdout,
		"database     %.1f units of work%s, each of %.1f ms and %.1f "
		"trips; %.1f connections%s, %.1f in vain",
		rate(span, units), span->seconds > 0 ? "/s" : "",
		units == 0 ? 0.0
			   : (double)counted(span, COUNTER_DATABASE_US) / 1000 /
				     (double)units,
		units == 0 ? 0.0
			   : (double)counted(span, COUNTER_DATABASE_TRIPS) /
				     (double)units,
		rate(span, counted(span, COUNTER_DATABASE_CONNECTS)),
		span->seconds > 0 ? "/s" : "",
		rate(span, counted(span, COUNTER_DATABASE_FAILURES)));
}

static void
print_top(struct cli *cli, const struct look *look, const struct span *span)
{
	const struct health *health = &look->health;
	char since[UTC_SIZE];
	int i;

	print_line(stdout, "latchkey     %s%s%s, counted since %s%s",
		state_words[look->state], look->said[0] != '\0' ? " - " : "",
		look->said, utc_text((int64_t)look->counters.begun, since),
		span->seconds > 0 ? ", a second" : "");
	print_line(stdout,
		"store        %.1f MB, %llu MB free, %llu sessions, %d mails "
		"wait, %d failed, %lld events wait",
		(double)store_room_bytes(&health->room) / 1e6,
		(unsigned long long)(health->room.free / 1000000),
		(unsigned long long)look->counters.counts[COUNTER_SESSIONS],
		health->waiting, health->failed_mails,
		(long long)health->events);
	print_hashes(cli, span);
	print_database(span);
	print_line(stdout, "%s", "");
	print_line(stdout, "%-13s %10s %10s %10s %10s %10s %8s %8s", "program",
		"requests", "ok", "refused", "throttled", "failed", "p50 ms",
		"p99 ms");
	for (i = 0; i < COUNTERS_PROGRAMS; i++)
		print_program(span, i);
}

/* False, with the reason on standard error, if nothing is counted. */
static bool
look_at_top(struct cli *cli, struct look *look)
{
	take_look(cli, look);
	if (!look->counted)
		print_line(stderr, "latchkey top: nothing is counted: there is "
				   "no file of counters, or none of this "
				   "version");
	return look->counted;
}

/* Until it is ended. Counters that were made anew begin at nothing. */
static int
top_live(struct cli *cli)
{
	const struct timespec pause = {.tv_sec = TOP_SECONDS};
	static const struct counters none;
	static struct look looks[2];
	struct span span = {.seconds = TOP_SECONDS};
	int at = 0;

	if (!look_at_top(cli, &looks[0]))
		return CLI_REFUSED;
	do {
		nanosleep(&pause, NULL);
		at = 1 - at;
		if (!look_at_top(cli, &looks[at]))
			return CLI_REFUSED;
		span.from =
			looks[1 - at].counters.begun == looks[at].counters.begun
				? &looks[1 - at].counters
				: &none;
		span.to = &looks[at].counters;
		print_clear();
		print_top(cli, &looks[at], &span);
	} while (fflush(stdout) == 0);
	return CLI_REFUSED;
}

static int
top(struct cli *cli)
{
	static const struct counters none;
	static struct look look;
	struct span span = {.from = &none, .to = &look.counters};

	if (!cli_open_site(cli))
		return CLI_REFUSED;
	if (cli_option(cli, "--once") == NULL && isatty(STDOUT_FILENO))
		return top_live(cli);
	if (!look_at_top(cli, &look))
		return CLI_REFUSED;
	print_top(cli, &look, &span);
	return CLI_OK;
}

const struct cli_command cli_status_commands[] = {
	{"status", NULL, "[--json]",
		"Says in one line how it goes, as a plugin of Nagios: exit "
		"status 0 all is well, 1\n      something will go wrong, 2 "
		"something does, 3 it cannot be told.",
		status, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};

const struct cli_command cli_top_commands[] = {
	{"top", NULL, "[--once]",
		"Shows what is going on, program by program, every two "
		"seconds until it is ended;\n      with --once, or where "
		"output is no terminal, all that was counted.",
		top, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
