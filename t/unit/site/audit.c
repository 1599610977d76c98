/* audit.c - the audit's file where a line was cut short, how many lines there
 * are of one account, and a syslog that nobody is behind */
#include "config.h"

#include "site/audit.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

static char path[300];

static struct audit *
open_audit(uint64_t size)
{
	struct conf conf = {.audit = path,
		.audit_size = size,
		.audit_lines = 3,
		.state_dir = unit_dir};

	return audit_new(&conf);
}

static void
write_line(struct audit *audit)
{
	const struct audit_event event = {.event = "test",
		.status = STATUS_OK,
		.account = "",
		.by = "",
		.network = "",
		.request = ""};

	audit_write(audit, &event);
}

/* Writes a line while no file may grow beyond what this one has and `room`
 * bytes more, as on a disk that is full then. */
static void
write_into(struct audit *audit, off_t room)
{
	struct rlimit most = {RLIM_INFINITY, RLIM_INFINITY};
	struct stat file;

	if (stat(path, &file) != 0)
		exit(2);
	most.rlim_cur = (rlim_t)(file.st_size + room);
	setrlimit(RLIMIT_FSIZE, &most);
	write_line(audit);
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_FSIZE, &most);
}

static bool
is_whole(const char *line)
{
	return line[0] == '{' && strchr(line + 1, '{') == NULL &&
	       strstr(line, "}\n") != NULL;
}

/* "+" for each line that is whole, "-" for one that is not, "." for the rest
 * of the file, which has no end. */
static const char *
lines(void)
{
	static char found[16];
	char line[8192];
	FILE *file = fopen(path, "r");
	size_t count = 0;

	while (file != NULL && count < sizeof found - 1 &&
		fgets(line, sizeof line, file) != NULL) {
		if (strchr(line, '\n') == NULL)
			found[count++] = '.';
		else
			found[count++] = is_whole(line) ? '+' : '-';
	}
	if (file != NULL)
		fclose(file);
	found[count] = '\0';
	return found;
}

static void
test_full(void)
{
	struct audit *audit;
	char much[4096]; /* the log is a file, too, and shorter */

	memset(much, '-', sizeof much);
	much[0] = '{';
	memcpy(much + sizeof much - 2, "}\n", 2);
	unit_file("audit.log", much, sizeof much);
	audit = open_audit(1 << 20);
	write_line(audit);
	is_str(lines(), "++", "a line");
	unit_log();
	write_into(audit, 10);
	is_str(lines(), "++.", "there is room for ten bytes of the next");
	ok(strstr(unit_log(), "no room for a whole line\n{\"time\":") != NULL,
		"the log has all of it");
	write_into(audit, 0);
	is_str(lines(), "++.", "for none of one more");
	ok(strstr(unit_log(), "File too large\n{\"time\":") != NULL,
		"the log has that, too");
	write_into(audit, 1);
	is_str(lines(), "++-", "for the end of the one before");
	write_into(audit, 10);
	is_str(lines(), "++-.", "for ten bytes again");
	write_line(audit);
	write_line(audit);
	is_str(lines(), "++--++", "with room the next ones are whole");
	audit_free(audit);
}

/* Another process has the file open and does not know. */
static void
test_another(void)
{
	struct audit *one, *other;

	unit_file("audit.log", "", 0);
	one = open_audit(1 << 20);
	other = open_audit(1 << 20);
	write_line(one);
	write_line(other);
	write_into(one, 10);
	is_str(lines(), "++.", "room for ten bytes of one's line");
	write_line(other);
	write_line(one);
	is_str(lines(), "++-++",
		"another's next line begins on one of its own");
	audit_free(one);
	audit_free(other);
	unit_log();
}

/* How often the log has it. */
static int
count(const char *text, const char *part)
{
	int found = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		found++;
	return found;
}

/* What stands in the way is a directory that is not empty. */
static void
test_stuck(void)
{
	struct audit *audit;
	char *in_the_way = mem_printf("mkdir -p '%s.3/x'", path);

	unit_file("audit.log", "", 0);
	unit_file("audit.log.2", "{}\n", 3);
	ok(system(in_the_way) == 0, "%s", in_the_way);
	audit = open_audit(1);
	write_line(audit);
	unit_log();
	write_line(audit);
	write_line(audit);
	is_int(count(unit_log(), "Is a directory"), 1,
		"a file that cannot be turned over is not tried each time");
	is_str(lines(), "+++", "and is written to");
	audit_free(audit);
	mem_free(in_the_way);
}

static void
test_opened(void)
{
	static const struct {
		const char *name, *text, *lines;
	} cases[] = {
		{"a file that is empty", "", "+"},
		{"whose last line is whole", "{}\n", "++"},
		{"whose last line has no end", "{}\n{\"time\"", "+-+"},
		{"which is one byte", "{", "-+"},
	};
	struct audit *audit;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		unit_file("audit.log", cases[i].text, strlen(cases[i].text));
		audit = open_audit(1 << 20);
		write_line(audit);
		is_str(lines(), cases[i].lines, cases[i].name);
		audit_free(audit);
	}
}

/* --- how many lines ------------------------------------------------------ */

enum { NOW = 1000000, MOST = 3, HOUR = 3600, IN_ALL = 10 };

/* audit.c's clocks come here (the linker's --wrap). */
static int64_t clock_now;  /* 0: the machine's */
static int64_t tick_ahead; /* milliseconds */

int64_t __wrap_site_now(void);
int64_t __real_site_now(void);
int64_t __wrap_tick_now(void);
int64_t __real_tick_now(void);

int64_t
__wrap_site_now(void)
{
	return clock_now != 0 ? clock_now : __real_site_now();
}

int64_t
__wrap_tick_now(void)
{
	return __real_tick_now() + tick_ahead;
}

/* What was told of lines that were left out, one after the other. */
static struct {
	char last[8192];
	int times;
	int64_t sum;
} told;

/* Where of the file nobody has looked yet. */
static long unseen;

/* How many lines have come that are no such. */
static int
look(void)
{
	FILE *file = fopen(path, "r");
	char line[sizeof told.last];
	const char *left;
	int others = 0;

	if (file == NULL)
		return 0;
	fseek(file, unseen, SEEK_SET);
	while (fgets(line, sizeof line, file) != NULL) {
		left = strstr(line, "\"left_out\":");
		if (left == NULL) {
			others++;
			continue;
		}
		strcpy(told.last, line);
		told.times++;
		told.sum += atoll(left + strlen("\"left_out\":"));
	}
	unseen = ftell(file);
	fclose(file);
	return others;
}

static bool
take(struct audit *audit, const char *account, const char *network,
	enum status status, int64_t now)
{
	const struct audit_event event = {.event = "code-check",
		.status = status,
		.account = account,
		.by = "",
		.network = network,
		.request = ""};

	clock_now = now;
	audit_write(audit, &event);
	clock_now = 0;
	return look() == 1;
}

/* How many of `count` lines are let through. */
static int
taken(struct audit *audit, int lines_tried, const char *account,
	const char *network, int64_t now)
{
	int i, good = 0;

	for (i = 0; i < lines_tried; i++)
		good += take(audit, account, network, STATUS_OK, now);
	return good;
}

static void
settle(struct audit *audit, int64_t now)
{
	clock_now = now;
	audit_settle(audit);
	clock_now = 0;
	look();
}

static struct audit *
begin_audit(void)
{
	unit_file("audit.log", "", 0);
	unseen = 0;
	memset(&told, 0, sizeof told);
	return open_audit(1 << 28);
}

static void
test_budget(void)
{
	struct audit *one = begin_audit(), *other = open_audit(1 << 28);

	is_int(taken(one, 10, "ann", "192.0.2.1", NOW), MOST,
		"46: an account's lines an hour");
	is_int(taken(other, 10, "ann", "192.0.2.2", NOW + 1), 0,
		"46: for all processes and networks together");
	is_int(taken(one, 10, "bob", "192.0.2.1", NOW), MOST, "another's");
	ok(take(one, "ann", "192.0.2.1", STATUS_BAD_CREDENTIALS, NOW),
		"another outcome's");
	is_int(told.times, 0, "nothing is told before the hour is over");
	settle(one, NOW + HOUR - 1);
	is_int(told.times, 0, "nor in its last second");
	settle(other, NOW + HOUR);
	is_int(told.times, 0, "nor twice a minute");
	settle(other, NOW + HOUR + 59);
	is_int(told.times, 2, "46: one line for each");
	is_int(told.sum, 7 + 10 + 7, "46: with the count of what was left out");
	settle(one, NOW + HOUR + 200);
	is_int(told.times, 2, "46: once");
	is_int(taken(one, 5, "ann", "192.0.2.1", NOW + HOUR + 200), MOST,
		"and the next hour's lines");
	/* It is over, and nobody has settled: the next line does. */
	ok(take(one, "ann", "192.0.2.1", STATUS_OK, NOW + 3 * HOUR),
		"two hours later");
	ok(strstr(told.last, "\"account\":\"ann\"") != NULL,
		"whose were left out");
	ok(strstr(told.last, "\"left_out\":2}") != NULL, "how many");
	ok(strstr(told.last, "\"since\":\"1970-01-12T14:50:00.000Z\"") != NULL,
		"and since when");
	ok(take(one, "ann", "192.0.2.1", STATUS_OK, NOW),
		"a clock that went back");
	audit_free(one);
	audit_free(other);
}

/* What names no account: by network, and in all. */
static void
test_networks(void)
{
	struct audit *audit = begin_audit();
	char network[32];
	int i, good = 0;

	for (i = 0; i < 2 * IN_ALL * MOST; i++) {
		snprintf(network, sizeof network, "account %d", i);
		good += take(
			audit, network, "192.0.2.1", STATUS_OK, NOW + 9 * HOUR);
	}
	is_int(good, i, "accounts' lines");
	good = 0;
	is_int(taken(audit, 10, "", "192.0.2.1", NOW + 9 * HOUR), MOST,
		"46: a network's lines");
	for (i = 0; i < 1000; i++) {
		snprintf(network, sizeof network, "2001:db8:0:%x::/64", i);
		good += take(audit, "", network, STATUS_OK, NOW + 9 * HOUR);
	}
	is_int(good + MOST, IN_ALL * MOST, "46: a thousand networks' lines");
	ok(take(audit, "ann", "2001:db8:0:1::/64", STATUS_OK, NOW + 9 * HOUR),
		"46: accounts' are apart");
	audit_free(audit);
}

/* More accounts than places: none is left out for another, and nothing that
 * was left out is forgotten. */
static void
test_many(void)
{
	struct audit *audit = begin_audit();
	char account[40];
	int64_t left = 0;
	int i, good = 0;

	for (i = 0; i < 3000; i++) {
		snprintf(account, sizeof account, "account %d", i);
		good += take(audit, account, "192.0.2.1", STATUS_OK,
			NOW + 20 * HOUR);
	}
	is_int(good, 3000, "3,000 accounts have a line each");
	/* What the networks of before have left out. */
	settle(audit, NOW + 29 * HOUR);
	memset(&told, 0, sizeof told);
	for (i = 0; i < 1000; i++) {
		snprintf(account, sizeof account, "account %d", i);
		left += 10 -
			taken(audit, 10, account, "192.0.2.1", NOW + 30 * HOUR);
	}
	settle(audit, NOW + 32 * HOUR);
	is_int(left, 7000, "1,000 have three of ten");
	is_int(told.sum, left, "and all that was left out is told");
	audit_free(audit);
}

static void
test_no_counts(void)
{
	char nowhere[] = "/nowhere";
	struct conf conf = {.audit = path,
		.audit_size = 1 << 28,
		.audit_lines = MOST,
		.state_dir = nowhere};
	struct audit *audit;

	unit_file("audit-counts", "nonsense", 8);
	audit = begin_audit();
	is_int(taken(audit, 10, "ann", "192.0.2.1", NOW), MOST,
		"a file that is none begins anew");
	audit_free(audit);
	audit = audit_new(&conf);
	is_int(taken(audit, 10, "ann", "192.0.2.1", NOW), 10,
		"where nothing can be counted, nothing is left out");
	settle(audit, NOW);
	audit_free(audit);
}

/* What is refused before a secret is looked at: by minute and network, in each
 * process. The clock of the hours is the machine's, which has counted none. */
static void
test_minutes(void)
{
	struct audit *audit;
	int i, good = 0;

	unit_file("audit-counts", "", 0);
	audit = begin_audit();
	for (i = 0; i < 6; i++)
		good += take(audit, "", "192.0.2.1", STATUS_THROTTLED, 0);
	is_int(good, 1, "46: of throttled tries a line");
	is_int(told.times, 0, "46: which none was left out before");
	tick_ahead += 60000;
	ok(!take(audit, "", "192.0.2.1", STATUS_THROTTLED, 0) &&
			told.times == 1,
		"46: the next minute's line says that some were");
	is_int(told.sum, 5, "46: and how many");
	tick_ahead += 60000;
	ok(take(audit, "", "192.0.2.1", STATUS_THROTTLED, 0),
		"46: and the one after it does not");
	audit_free(audit);
}

/* A thousand networks share the places of a process: which of them is left out
 * is another's luck in each. With one hash for all processes a stranger could
 * have others' lines left out by networks of his choice. */
static void
test_places(void)
{
	struct audit *audits[2];
	bool good[2][1000];
	char network[32];
	int i, j;

	for (i = 0; i < 2; i++) {
		unit_file("audit-counts", "", 0);
		audits[i] = begin_audit();
		for (j = 0; j < 1000; j++) {
			snprintf(network, sizeof network, "2001:db8:0:%x::/64",
				j);
			good[i][j] = take(audits[i], network, network,
				STATUS_THROTTLED, 0);
		}
		audit_free(audits[i]);
	}
	ok(memcmp(good[0], good[1], sizeof good[0]) != 0,
		"46: nobody knows which networks share a place");
}

/* The lines of an account, and the one that tells of the rest. */
static void
test_lines(void)
{
	const struct audit_event event = {.event = "code-check",
		.status = STATUS_OK,
		.account = "ann",
		.by = "",
		.network = "192.0.2.1",
		.request = ""};
	struct audit *audit;
	int i;

	unit_file("audit.log", "", 0);
	unit_file("audit-counts", "", 0);
	audit = open_audit(1 << 20);
	for (i = 0; i < 10; i++)
		audit_write(audit, &event);
	is_str(lines(), "+++", "46: ten of an account: three lines");
	for (i = 0; i < 4; i++)
		write_line(audit);
	is_str(lines(), "+++++++", "46: what the operator does is written");
	audit_free(audit);
}

/* --- syslog -------------------------------------------------------------- */

/* audit.c's connect() comes here (the linker's --wrap); 0: a process listens.
 */
static int no_syslog;

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t length);

int
__wrap_connect(int fd, const struct sockaddr *to, socklen_t length)
{
	(void)fd;
	(void)to;
	(void)length;
	errno = no_syslog;
	return no_syslog == 0 ? 0 : -1;
}

static void
test_syslog(void)
{
	char name[] = "syslog";
	struct conf conf = {
		.audit = name, .audit_lines = 3, .state_dir = unit_dir};
	struct audit *audit = audit_new(&conf);
	const char *said;

	audit_open(audit);
	no_syslog = ENOENT;
	unit_log();
	write_line(audit);
	write_line(audit);
	said = unit_log();
	is_int(count(said, "{\"time\":"), 2,
		"46: nobody behind syslog: the log has the lines");
	is_int(count(said, "audit: syslog: /dev/log: No such file"), 1,
		"and says so, once");
	no_syslog = 0;
	write_line(audit);
	is_str(unit_log(), "", "somebody is again");
	no_syslog = ECONNREFUSED;
	write_line(audit);
	is_int(count(unit_log(), "/dev/log: Connection refused"), 1,
		"and not any more");
	audit_free(audit);
}

int
main(void)
{
	unit_begin();
	snprintf(path, sizeof path, "%s/audit.log", unit_dir);
	signal(SIGXFSZ, SIG_IGN);
	test_full();
	test_opened();
	test_another();
	test_stuck();
	test_budget();
	test_networks();
	test_many();
	test_no_counts();
	test_minutes();
	test_places();
	test_lines();
	test_syslog();
	return done();
}
