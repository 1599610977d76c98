/* audit.c - who did what, from where, with which outcome */
#include "config.h"

#include "site/audit.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "base/utc.h"
#include "site/site.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* --- a file, turned over when it is full ------------------------------- */

enum { RETRY_MS = 60000 };

/* It is opened or created at the first line, and becomes FILE.1 when it has
 * `most` bytes. Other processes write to it, too. */
struct audit_file {
	char *path; /* NULL: lines go elsewhere */
	int fd;
	off_t most;
	int64_t stuck; /* turning it over has failed: not tried again until
			* then */
};

/* Whether the open file is still the one at the path; `ours` describes the open
 * one. */
static bool
is_current(const struct audit_file *file, struct stat *ours)
{
	return file->fd >= 0 && fstat(file->fd, ours) == 0 &&
	       file_is_at(ours, file->path);
}

static bool
open_file(struct audit_file *file, struct stat *ours)
{
	file_close(file->fd);
	file->fd = open(file->path,
		O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return file->fd >= 0 && fstat(file->fd, ours) == 0;
}

/* FILE.1 becomes FILE.2, for example; FILE is FILE.0. */
static bool
move_on(const struct audit_file *file, int number)
{
	char *from = number == 0 ? mem_copy(file->path)
				 : mem_printf("%s.%d", file->path, number);
	char *to = mem_printf("%s.%d", file->path, number + 1);
	bool good = rename(from, to) == 0 || errno == ENOENT;

	if (!good)
		log_error("audit: %s: %s", to, strerror(errno));
	mem_free(from);
	mem_free(to);
	return good;
}

/* FILE becomes FILE.1, FILE.1 becomes FILE.2 and so on. By one process at a
 * time: the lock is on the file that is full. */
static void
turn_over(struct audit_file *file)
{
	struct stat ours;
	int number = AUDIT_FILES - 1;

	if (flock(file->fd, LOCK_EX | LOCK_NB) != 0 || !is_current(file, &ours))
		return;
	while (number > 0 && move_on(file, number - 1))
		number--;
	if (number == 0)
		return;
	file->stuck = tick_now() + RETRY_MS;
	flock(file->fd, LOCK_UN);
}

/* Opens the file that is at the path now. Another process may have turned it
 * over, or a program such as logrotate. */
static bool
have_file(struct audit_file *file, struct stat *ours)
{
	if (!is_current(file, ours) && !open_file(file, ours))
		return false;
	if (ours->st_size < file->most || tick_now() < file->stuck)
		return true;
	turn_over(file);
	return open_file(file, ours);
}

static bool
ends_within_line(const struct audit_file *file, const struct stat *ours)
{
	char last;

	return pread(file->fd, &last, 1, ours->st_size - 1) == 1 &&
	       last != '\n';
}

/* Whether the last line has no end: the disk was full, or a process was killed.
 * In the middle of another process's write it looks the same; that lasts but a
 * moment. */
static bool
is_torn(const struct audit_file *file, const struct stat *ours)
{
	static const struct timespec moment = {0, 1000000};
	struct stat later;

	return ends_within_line(file, ours) && nanosleep(&moment, NULL) == 0 &&
	       fstat(file->fd, &later) == 0 && ends_within_line(file, &later);
}

/* Adds a line, its end included, in one write, so that lines of several
 * processes never mix. False, said in the log, if it cannot, or cannot add all
 * of it. Then the next line, whichever process writes it, begins on a line of
 * its own. */
static bool
audit_file_write(struct audit_file *file, const char *line, size_t length)
{
	struct stat ours;
	ssize_t written = -1;

	if (have_file(file, &ours) &&
		(!is_torn(file, &ours) || write(file->fd, "\n", 1) == 1))
		written = write(file->fd, line, length);
	if (written == (ssize_t)length)
		return true;
	log_error("audit: %s: %s", file->path,
		written < 0 ? strerror(errno) : "no room for a whole line");
	return false;
}

/* --- an audit, and what its lines say ---------------------------------- */

enum { MINUTE = 60, PLACES = 256 };

enum target { TARGET_FILE, TARGET_SYSLOG, TARGET_STDERR, TARGET_NONE };

/* How many lines of a network were written in a minute, and how many were left
 * out since the last one. */
struct minute {
	int64_t begun; /* by tick_now() */
	int lines;
	int64_t left;
};

enum {
	FORMAT = 1,
	SORTS = 512,       /* of lines: of accounts, and as many of networks */
	ASIDE = 2 * SORTS, /* behind their places, where nobody reads: with more
			    * sorts FORMAT is another one */
	PROBES = 4,        /* that each of them can have */
	HOUR = 3600,
	IN_ALL = 10 /* times one account's lines, for all that name none */
};

/* How many lines of one sort were left out since `since`. */
struct left {
	char event[24];
	char outcome[8];
	char account[40]; /* an id, or "" */
	char network[64]; /* if there is no account; "": from all networks */
	int64_t since;
	uint32_t count;
};

/* The beginning of the file of the counts; the places follow. A stranger who
 * knew the key could choose networks that push an account out of its place. */
struct header {
	uint32_t format;
	uint32_t zero;
	int64_t settled;
	unsigned char key[crypto_shorthash_KEYBYTES];
};

struct place {
	uint64_t who; /* a hash; 0: empty */
	uint32_t lines;
	uint32_t zero;
	struct left left;
};

struct counts {
	char *path;
	int fd;
	uint64_t most; /* lines of one sort in an hour */
	struct header header;
};

struct audit {
	enum target target;
	struct audit_file file;
	struct counts counts;
	/* By the hash of a network: throttled tries, other refusals. The key is
	 * this process's own, so that a stranger cannot choose a network that
	 * takes another's lines. */
	unsigned char key[crypto_shorthash_KEYBYTES];
	struct minute throttled[PLACES], cheap[PLACES];
};

struct audit *
audit_new(const struct conf *conf)
{
	static const char *const words[] = {
		[TARGET_SYSLOG] = "syslog",
		[TARGET_STDERR] = "stderr",
		[TARGET_NONE] = "off",
	};
	struct audit *audit = mem_zero(sizeof *audit);
	int i;

	for (i = TARGET_SYSLOG; i <= TARGET_NONE; i++)
		if (strcmp(conf->audit, words[i]) == 0)
			audit->target = (enum target)i;
	randombytes_buf(audit->key, sizeof audit->key);
	audit->counts =
		(struct counts){.path = conf_in_state(conf, "audit-counts"),
			.fd = -1,
			.most = conf->audit_lines};
	audit->file =
		(struct audit_file){.fd = -1, .most = (off_t)conf->audit_size};
	if (audit->target == TARGET_FILE)
		audit->file.path = conf_in_state(conf, conf->audit);
	return audit;
}

void
audit_free(struct audit *audit)
{
	if (audit == NULL)
		return;
	if (audit->target == TARGET_SYSLOG)
		closelog();
	file_close(audit->file.fd);
	mem_free(audit->file.path);
	file_close(audit->counts.fd);
	mem_free(audit->counts.path);
	mem_free(audit);
}

const char *
audit_path(const struct audit *audit)
{
	return audit->file.path;
}

void
audit_open(struct audit *audit)
{
	if (audit->target == TARGET_SYSLOG)
		openlog("latchkey", LOG_NDELAY | LOG_PID, LOG_AUTHPRIV);
}

/* A status as lines have it, and how many lines a minute a network gets of it;
 * 0: no limit. Requests with a limit are refused before any secret is compared,
 * so clients can send any number. The throttle bounds the others. */
static const struct {
	const char *word;
	int minutely;
} reasons[STATUS_COUNT] = {
	[STATUS_OK] = {"ok", 0},
	[STATUS_CREATED] = {"ok", 0},
	[STATUS_ACCEPTED] = {"ok", 0},
	[STATUS_SEE_OTHER] = {"ok", 0},
	[STATUS_DONE] = {"ok", 0},
	[STATUS_BAD_REQUEST] = {"bad-request", 10},
	[STATUS_BAD_BODY] = {"bad-body", 10},
	[STATUS_BAD_TYPE] = {"bad-body", 10},
	[STATUS_BAD_ENCODING] = {"bad-body", 10},
	[STATUS_NO_LENGTH] = {"bad-body", 10},
	[STATUS_TOO_LARGE] = {"bad-body", 10},
	[STATUS_MISSING_FIELD] = {"missing-field", 10},
	[STATUS_BAD_FIELD] = {"bad-field", 10},
	[STATUS_BAD_QUERY] = {"bad-query", 10},
	[STATUS_FOREIGN] = {"foreign-form", 10},
	[STATUS_NO_COOKIES] = {"no-cookies", 10},
	[STATUS_NO_TOKEN] = {"no-token", 10},
	[STATUS_BAD_TOKEN] = {"bad-token", 10},
	[STATUS_FORBIDDEN] = {"forbidden", 10},
	[STATUS_NO_SESSION] = {"no-session", 10},
	[STATUS_NOT_FRESH] = {"not-fresh", 10},
	[STATUS_NOT_LOCAL] = {"not-local", 10},
	[STATUS_NOT_SELF_HOSTED] = {"not-self-hosted", 10},
	[STATUS_BAD_CREDENTIALS] = {"bad-credentials", 0},
	[STATUS_CODE_REQUIRED] = {"code-required", 0},
	[STATUS_BAD_FACTOR] = {"wrong-code", 0},
	[STATUS_WRONG_FACTOR] = {"wrong-code", 0},
	[STATUS_MUST_ENROL] = {"must-enrol", 0},
	[STATUS_MUST_CHANGE] = {"must-change", 0},
	[STATUS_WRONG_PASSWORD] = {"wrong-password", 0},
	[STATUS_WEAK_PASSWORD] = {"weak-password", 10},
	[STATUS_WEAK_AT_SIGN_UP] = {"weak-password", 10},
	[STATUS_BAD_CODE] = {"bad-code", 0},
	[STATUS_BAD_VERIFY_CODE] = {"bad-code", 0},
	[STATUS_VERIFIED] = {"verified-already", 0},
	[STATUS_NOT_FOUND] = {"not-found", 10},
	[STATUS_NO_ACCOUNT] = {"no-account", 0},
	[STATUS_DISABLED] = {"disabled", 0},
	[STATUS_NOT_KEPT_HERE] = {"not-kept-here", 10},
	[STATUS_NAME_TAKEN] = {"name-taken", 0},
	[STATUS_BAD_NAME] = {"bad-name", 10},
	[STATUS_LAST_ADMIN] = {"last-administrator", 0},
	[STATUS_HAS_ADMIN] = {"has-administrator", 10},
	[STATUS_NO_ACCESS_TOKEN] = {"no-access-token", 0},
	[STATUS_EXPIRED_TOKEN] = {"expired-token", 10},
	[STATUS_TOKEN_TAKEN] = {"token-taken", 0},
	[STATUS_AUTH_DISABLED] = {"auth-disabled", 0},
	[STATUS_BEYOND_TOKEN] = {"beyond-token", 10},
	[STATUS_THROTTLED] = {"throttled", 1},
	[STATUS_UNAVAILABLE] = {"unavailable", 0},
	[STATUS_INTERNAL] = {"internal", 0},
};

const char *
audit_reason(enum status status)
{
	return reasons[status].word != NULL ? reasons[status].word : "refused";
}

static const char *
outcome_of(enum status status)
{
	if (status <= STATUS_DONE)
		return "ok";
	return status_failed(status) ? "failed" : "refused";
}

static void
add_time(
	struct json_object *line, const char *name, const struct timespec *time)
{
	char text[UTC_SIZE];
	/* in the place of the Z */
	char *end = strchr(utc_text(time->tv_sec, text), 'Z');

	snprintf(end, (size_t)(text + sizeof text - end), ".%03ldZ",
		time->tv_nsec / 1000000);
	json_add_string(line, name, text);
}

/* Makes a line of this moment, with the members that all lines have. */
static struct json_object *
new_line(const char *event, const char *outcome)
{
	struct json_object *line = json_new_object();
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	add_time(line, "time", &now);
	json_add_string(line, "event", event);
	json_add_string(line, "outcome", outcome);
	return line;
}

static void
add_if(struct json_object *line, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0')
		json_add_string(line, name, text);
}

static struct json_object *
make_line(const struct audit_event *event)
{
	struct json_object *line =
		new_line(event->event, outcome_of(event->status));

	if (event->status > STATUS_DONE)
		json_add_string(line, "reason",
			event->reason != NULL ? event->reason
					      : audit_reason(event->status));
	add_if(line, "account", event->account);
	add_if(line, "name", event->name);
	add_if(line, "by", event->by);
	add_if(line, "by_name", event->by_name);
	add_if(line, "owner", event->owner);
	add_if(line, "kid", event->kid);
	add_if(line, "target", event->target);
	add_if(line, "network", event->network);
	add_if(line, "request", event->request);
	return line;
}

/* Where the lines of that network are counted; NULL: such lines have no
 * limit. */
static struct minute *
minute_of(struct audit *audit, const struct audit_event *event)
{
	unsigned char hash[crypto_shorthash_BYTES];
	struct minute *minute = event->status == STATUS_THROTTLED
					? audit->throttled
					: audit->cheap;
	int64_t now = tick_now();

	if (reasons[event->status].minutely == 0 || event->network[0] == '\0')
		return NULL;
	crypto_shorthash(hash, (const unsigned char *)event->network,
		strlen(event->network), audit->key);
	minute += hash[0] % PLACES;
	if (minute->lines == 0 || now - minute->begun >= MINUTE * 1000) {
		minute->begun = now;
		minute->lines = 0;
	}
	return minute;
}

/* --- writing ----------------------------------------------------------- */

/* Whether a process takes lines for syslog: syslog(3) does not say when it has
 * lost one. */
static bool
has_syslog(void)
{
	const struct sockaddr_un log = {
		.sun_family = AF_UNIX, .sun_path = _PATH_LOG};
	static bool said;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* A socket that takes streams will do, too. */
	bool there = fd >= 0 && (connect(fd, (const struct sockaddr *)&log,
					 sizeof log) == 0 ||
					errno == EPROTOTYPE);

	if (!there && !said)
		log_error("audit: syslog: %s: %s: lines go to the log",
			log.sun_path, strerror(errno));
	said = !there;
	file_close(fd);
	return there;
}

/* Makes the text of a line, its end included, and takes the object. The names
 * in it are of any script. */
static char *
to_text(struct json_object *object, size_t *length)
{
	char *line = json_in_ascii(json_text(object, length));
	char *text = mem_printf("%s\n", line);

	*length = strlen(text);
	mem_free(line);
	json_object_put(object);
	return text;
}

static void
put(struct audit *audit, struct json_object *object)
{
	size_t length;
	char *text = to_text(object, &length);

	if (audit->target == TARGET_SYSLOG && has_syslog())
		syslog(LOG_INFO, "%.*s", (int)length - 1, text);
	else if (audit->target != TARGET_FILE ||
		 !audit_file_write(&audit->file, text, length))
		log_line(text);
	mem_free(text);
}

/* Writes one line for all that were left out. */
static void
put_left(struct audit *audit, const struct left *left)
{
	struct json_object *line = new_line(left->event, left->outcome);
	struct timespec since = {.tv_sec = (time_t)left->since};

	add_if(line, "account", left->account);
	add_if(line, "network", left->network);
	add_time(line, "since", &since);
	json_add_int(line, "left_out", (int64_t)left->count);
	put(audit, line);
}

/* --- how many lines one account can cause ------------------------------ */

/* Each account has so many lines an hour of each event and outcome. Requests
 * that name no account are counted by their network, and by event in all. Lines
 * beyond that are counted and not written, and one line says how many they
 * were.
 *
 * The counts are in a file that all processes share. None waits for another
 * there, so each of N processes at the same moment may let one more line
 * through. */

static bool
read_header(struct counts *counts)
{
	return pread(counts->fd, &counts->header, sizeof counts->header, 0) ==
		       (ssize_t)sizeof counts->header &&
	       counts->header.format == FORMAT;
}

static bool
write_header(const struct counts *counts)
{
	return pwrite(counts->fd, &counts->header, sizeof counts->header, 0) ==
	       (ssize_t)sizeof counts->header;
}

/* A file that is new, or of another format, begins with nothing counted. */
static bool
make_header(struct counts *counts)
{
	memset(&counts->header, 0, sizeof counts->header);
	counts->header.format = FORMAT;
	randombytes_buf(counts->header.key, sizeof counts->header.key);
	return ftruncate(counts->fd, 0) == 0 && write_header(counts);
}

/* By one process. Another that comes meanwhile counts from its next line on. */
static bool
have_header(struct counts *counts)
{
	bool good;

	if (read_header(counts))
		return true;
	if (flock(counts->fd, LOCK_EX | LOCK_NB) != 0)
		return false;
	good = read_header(counts) || make_header(counts);
	flock(counts->fd, LOCK_UN);
	return good;
}

static bool
have_counts(struct counts *counts)
{
	if (counts->fd >= 0)
		return true;
	counts->fd = open(
		counts->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (counts->fd >= 0 && have_header(counts))
		return true;
	file_close(counts->fd);
	counts->fd = -1;
	return false;
}

static off_t
offset_of(unsigned index)
{
	return (off_t)sizeof(struct header) +
	       (off_t)index * (off_t)sizeof(struct place);
}

/* Reads so many places, which are side by side. One beyond the file's end is
 * empty. */
static void
load(const struct counts *counts, unsigned first, struct place *places,
	size_t count)
{
	ssize_t got = pread(
		counts->fd, places, count * sizeof *places, offset_of(first));
	size_t whole = got > 0 ? (size_t)got / sizeof *places : 0, i;
	struct left *left;

	memset(places + whole, 0, (count - whole) * sizeof *places);
	for (i = 0; i < whole; i++) {
		left = &places[i].left;
		left->event[sizeof left->event - 1] = '\0';
		left->outcome[sizeof left->outcome - 1] = '\0';
		left->account[sizeof left->account - 1] = '\0';
		left->network[sizeof left->network - 1] = '\0';
	}
}

static bool
save(const struct counts *counts, unsigned index, const struct place *place)
{
	return pwrite(counts->fd, place, sizeof *place, offset_of(index)) ==
	       (ssize_t)sizeof *place;
}

/* Writes a text aside. */
static bool
save_aside(const struct counts *counts, const char *text, size_t length)
{
	return pwrite(counts->fd, text, length, offset_of(ASIDE)) ==
	       (ssize_t)length;
}

/* An hour that begins far in the future comes from a wrong clock; by a second
 * another process may be ahead. */
static bool
is_over(const struct place *place, int64_t now)
{
	return place->who == 0 || place->left.since > now + MINUTE ||
	       place->left.since + HOUR <= now;
}

static uint64_t
hash_of(const struct counts *counts, const struct left *of)
{
	unsigned char hash[crypto_shorthash_BYTES];
	char text[sizeof *of];
	uint64_t who;

	snprintf(text, sizeof text, "%s\n%s\n%s\n%s", of->event, of->outcome,
		of->account, of->network);
	crypto_shorthash(hash, (const unsigned char *)text, strlen(text),
		counts->header.key);
	static_assert(sizeof hash == sizeof who, "it is a number");
	memcpy(&who, hash, sizeof who);
	return who == 0 ? 1 : who;
}

/* Which place is given to another count: one that has nothing left to tell
 * first, else the oldest. */
static int64_t
spare(const struct place *place, int64_t now)
{
	return is_over(place, now) && place->left.count == 0
		       ? INT64_MAX
		       : now - place->left.since;
}

/* The place of that count, or the place that it may take. All that it may have
 * are read in any case: time must not tell whether it was counted before. */
static unsigned
find(const struct counts *counts, uint64_t who, bool network, int64_t now,
	struct place *place)
{
	unsigned first = network ? SORTS : 0, found = 0, i;
	struct place seen[PROBES];

	first += (unsigned)(who % (SORTS - PROBES + 1));
	load(counts, first, seen, PROBES);
	for (i = 0; i < PROBES && seen[found].who != who; i++)
		if (seen[i].who == who ||
			spare(&seen[i], now) > spare(&seen[found], now))
			found = i;
	*place = seen[found];
	return first + found;
}

/* Adds so many lines of that sort: one, or none, which only reads and writes.
 * Whether there are not more than `most`. */
static bool
count(struct audit *audit, const struct left *line, uint64_t most,
	unsigned lines, int64_t now)
{
	const struct counts *counts = &audit->counts;
	uint64_t who = hash_of(counts, line);
	struct place place;
	unsigned index =
		find(counts, who, line->network[0] != '\0', now, &place);

	if (lines > 0 && (place.who != who || is_over(&place, now))) {
		if (place.left.count > 0)
			put_left(audit, &place.left);
		place = (struct place){.who = who, .left = *line};
		place.left.since = now;
		place.left.count = 0;
	}
	if (lines == 0)
		index = ASIDE; /* the place may be another's, and of before */
	if (place.lines >= most)
		place.left.count += lines;
	else
		place.lines += lines;
	return !save(counts, index, &place) || place.left.count == 0;
}

/* Whether the account, or the network of a request that names none, has had its
 * lines for this hour. What the operator does is always written, and so is a
 * line that cannot be counted. As much is read and written for either. */
static bool
is_spent(struct audit *audit, const struct audit_event *event)
{
	const uint64_t each = audit->counts.most;
	bool named = event->account[0] != '\0', own, all;
	int64_t now = site_now();
	struct left sort = {.count = 0};

	if (event->network[0] == '\0' || !have_counts(&audit->counts))
		return false;
	snprintf(sort.event, sizeof sort.event, "%s", event->event);
	snprintf(sort.outcome, sizeof sort.outcome, "%s",
		outcome_of(event->status));
	snprintf(sort.account, sizeof sort.account, "%s", event->account);
	snprintf(sort.network, sizeof sort.network, "%s",
		named ? "" : event->network);
	own = count(audit, &sort, each, 1, now);
	/* By event alone, since a stranger may have thousands of networks. */
	sort.account[0] = sort.network[0] = '\0';
	all = count(audit, &sort, IN_ALL * each, own && !named, now);
	return !own || !(named || all);
}

/* Does with a line that is left out all that put() would do, but where it
 * writes. Strangers' lines are spent before an account's are: time must not
 * tell which a name has. */
static void
leave_out(struct audit *audit, struct json_object *object)
{
	size_t length;
	char *text = to_text(object, &length);
	struct stat ours;

	if (audit->target == TARGET_SYSLOG)
		has_syslog();
	if (audit->target == TARGET_FILE && have_file(&audit->file, &ours))
		is_torn(&audit->file, &ours);
	save_aside(&audit->counts, text, length);
	mem_free(text);
}

/* --- an event ---------------------------------------------------------- */

void
audit_write(struct audit *audit, const struct audit_event *event)
{
	struct minute *minute = minute_of(audit, event);
	struct json_object *line;
	bool spent;

	if (audit->target == TARGET_NONE)
		return;
	if (minute != NULL &&
		minute->lines >= reasons[event->status].minutely) {
		minute->left++;
		return;
	}
	if (minute != NULL)
		minute->lines++;
	spent = is_spent(audit, event);
	line = make_line(event);
	if (spent) {
		leave_out(audit, line);
		return;
	}
	if (minute != NULL && minute->left > 0) {
		json_add_int(line, "left_out", minute->left);
		minute->left = 0;
	}
	put(audit, line);
}

void
audit_settle(struct audit *audit)
{
	struct counts *counts = &audit->counts;
	int64_t now = site_now();
	struct place place;
	unsigned i;

	if (audit->target == TARGET_NONE || !have_counts(counts) ||
		!read_header(counts) ||
		(counts->header.settled <= now &&
			now < counts->header.settled + MINUTE) ||
		flock(counts->fd, LOCK_EX | LOCK_NB) != 0)
		return;
	counts->header.settled = now;
	write_header(counts);
	for (i = 0; i < 2 * SORTS; i++) {
		load(counts, i, &place, 1);
		if (place.left.count == 0 || !is_over(&place, now))
			continue;
		put_left(audit, &place.left);
		memset(&place, 0, sizeof place);
		save(counts, i, &place);
	}
	flock(counts->fd, LOCK_UN);
}
