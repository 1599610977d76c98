/* audit.c - who did what, from where, with which outcome */
#include "config.h"

#include "site/audit.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "site/audit-budget.h"

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

struct audit_file {
	char *path;
	int fd;
	off_t most;
	int64_t stuck; /* turning it over has failed: not tried again until
			* then */
};

/* Makes the file `path`, which is opened or created at the first line, and
 * becomes FILE.1 when it has `most` bytes. Other processes write to it, too.
 * Never fails. */
static struct audit_file *
audit_file_new(const char *path, off_t most)
{
	struct audit_file *file = mem_zero(sizeof *file);

	file->path = mem_copy(path);
	file->fd = -1;
	file->most = most;
	return file;
}

static void
audit_file_close(struct audit_file *file)
{
	if (file == NULL)
		return;
	if (file->fd >= 0)
		close(file->fd);
	mem_free(file->path);
	mem_free(file);
}

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
	if (file->fd >= 0)
		close(file->fd);
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

/* How many lines there were in a minute. */
struct minute {
	int64_t begun;
	int lines;
};

struct audit {
	enum target target;
	struct audit_file *file; /* or NULL */
	struct audit_budget *budget;
	/* By the hash of a network: throttled tries, other refusals. */
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
	char *path;
	int i;

	for (i = TARGET_SYSLOG; i <= TARGET_NONE; i++)
		if (strcmp(conf->audit, words[i]) == 0)
			audit->target = (enum target)i;
	path = mem_printf("%s/audit-counts", conf->state_dir);
	audit->budget = audit_budget_new(path, conf->audit_lines);
	mem_free(path);
	if (audit->target == TARGET_FILE) {
		path = conf->audit[0] == '/'
			       ? mem_copy(conf->audit)
			       : mem_printf(
					 "%s/%s", conf->state_dir, conf->audit);
		audit->file = audit_file_new(path, (off_t)conf->audit_size);
		mem_free(path);
	}
	return audit;
}

void
audit_free(struct audit *audit)
{
	if (audit == NULL)
		return;
	if (audit->target == TARGET_SYSLOG)
		closelog();
	audit_file_close(audit->file);
	audit_budget_free(audit->budget);
	mem_free(audit);
}

const char *
audit_path(const struct audit *audit)
{
	return audit->file == NULL ? NULL : audit->file->path;
}

void
audit_open(struct audit *audit)
{
	if (audit->target == TARGET_SYSLOG)
		openlog("latchkey", LOG_NDELAY | LOG_PID, LOG_AUTHPRIV);
}

const char *
audit_reason(enum status status)
{
	static const char *const words[STATUS_COUNT] = {
		[STATUS_OK] = "ok",
		[STATUS_CREATED] = "ok",
		[STATUS_DONE] = "ok",
		[STATUS_BAD_REQUEST] = "bad-request",
		[STATUS_BAD_BODY] = "bad-body",
		[STATUS_BAD_TYPE] = "bad-body",
		[STATUS_BAD_ENCODING] = "bad-body",
		[STATUS_NO_LENGTH] = "bad-body",
		[STATUS_TOO_LARGE] = "bad-body",
		[STATUS_MISSING_FIELD] = "missing-field",
		[STATUS_BAD_FIELD] = "bad-field",
		[STATUS_NO_TOKEN] = "no-token",
		[STATUS_BAD_TOKEN] = "bad-token",
		[STATUS_FORBIDDEN] = "forbidden",
		[STATUS_NOT_LOCAL] = "not-local",
		[STATUS_NOT_SELF_HOSTED] = "not-self-hosted",
		[STATUS_BAD_CREDENTIALS] = "bad-credentials",
		[STATUS_WRONG_PASSWORD] = "wrong-password",
		[STATUS_WEAK_PASSWORD] = "weak-password",
		[STATUS_WEAK_AT_SIGN_UP] = "weak-password",
		[STATUS_BAD_CODE] = "bad-code",
		[STATUS_BAD_VERIFY_CODE] = "bad-code",
		[STATUS_VERIFIED] = "verified-already",
		[STATUS_NO_ACCOUNT] = "no-account",
		[STATUS_NAME_TAKEN] = "name-taken",
		[STATUS_BAD_NAME] = "bad-name",
		[STATUS_LAST_ADMIN] = "last-administrator",
		[STATUS_HAS_ADMIN] = "has-administrator",
		[STATUS_NO_ACCESS_TOKEN] = "no-access-token",
		[STATUS_EXPIRED_TOKEN] = "expired-token",
		[STATUS_TOKEN_TAKEN] = "token-taken",
		[STATUS_AUTH_DISABLED] = "auth-disabled",
		[STATUS_BEYOND_TOKEN] = "beyond-token",
		[STATUS_THROTTLED] = "throttled",
		[STATUS_UNAVAILABLE] = "unavailable",
		[STATUS_INTERNAL] = "internal",
	};

	return words[status] != NULL ? words[status] : "refused";
}

static const char *
outcome_of(enum status status)
{
	if (status <= STATUS_DONE)
		return "ok";
	return status == STATUS_UNAVAILABLE || status == STATUS_INTERNAL
		       ? "failed"
		       : "refused";
}

static void
add_time(
	struct json_object *line, const char *name, const struct timespec *time)
{
	struct tm utc;
	char text[40];
	size_t length;

	gmtime_r(&time->tv_sec, &utc);
	length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + length, sizeof text - length, ".%03ldZ",
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
	if (text[0] != '\0')
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
	add_if(line, "by", event->by);
	if (event->target != NULL)
		add_if(line, "target", event->target);
	add_if(line, "network", event->network);
	add_if(line, "request", event->request);
	return line;
}

/* How many lines a minute a network gets of such a refusal; 0: no limit. These
 * requests are refused before any secret is compared, so clients can send any
 * number. The throttle bounds the others. */
static const int most[STATUS_COUNT] = {
	[STATUS_THROTTLED] = 1,
	[STATUS_BAD_REQUEST] = 10,
	[STATUS_BAD_BODY] = 10,
	[STATUS_BAD_TYPE] = 10,
	[STATUS_BAD_ENCODING] = 10,
	[STATUS_NO_LENGTH] = 10,
	[STATUS_TOO_LARGE] = 10,
	[STATUS_MISSING_FIELD] = 10,
	[STATUS_BAD_FIELD] = 10,
	[STATUS_NO_TOKEN] = 10,
	[STATUS_BAD_TOKEN] = 10,
	[STATUS_EXPIRED_TOKEN] = 10,
	[STATUS_FORBIDDEN] = 10,
	[STATUS_BEYOND_TOKEN] = 10,
	[STATUS_NOT_LOCAL] = 10,
	[STATUS_NOT_SELF_HOSTED] = 10,
	[STATUS_HAS_ADMIN] = 10,
	[STATUS_BAD_NAME] = 10,
	[STATUS_WEAK_PASSWORD] = 10,
	[STATUS_WEAK_AT_SIGN_UP] = 10,
};

/* Whether the network has had its lines for this minute. */
static bool
is_quiet(struct audit *audit, const struct audit_event *event)
{
	unsigned char hash[crypto_shorthash_BYTES];
	static const unsigned char key[crypto_shorthash_KEYBYTES];
	struct timespec now;
	struct minute *minute;

	if (most[event->status] == 0 || event->network[0] == '\0')
		return false;
	crypto_shorthash(hash, (const unsigned char *)event->network,
		strlen(event->network), key);
	minute = event->status == STATUS_THROTTLED ? audit->throttled
						   : audit->cheap;
	minute += hash[0] % PLACES;
	clock_gettime(CLOCK_BOOTTIME, &now);
	if (minute->lines == 0 || now.tv_sec - minute->begun >= MINUTE)
		*minute = (struct minute){now.tv_sec, 0};
	if (minute->lines >= most[event->status])
		return true;
	minute->lines++;
	return false;
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
	if (fd >= 0)
		close(fd);
	return there;
}

static void
put(struct audit *audit, struct json_object *object)
{
	size_t length;
	const char *line = json_text(object, &length);
	char *text = mem_printf("%s\n", line);

	if (audit->target == TARGET_SYSLOG && has_syslog())
		syslog(LOG_INFO, "%s", line);
	else if (audit->target != TARGET_FILE ||
		 !audit_file_write(audit->file, text, strlen(text)))
		log_line(text);
	mem_free(text);
	json_object_put(object);
}

/* Writes one line for all that were left out. */
static void
put_left(void *context, const struct audit_left *left)
{
	struct json_object *line = new_line(left->event, left->outcome);
	struct timespec since = {.tv_sec = (time_t)left->since};

	add_if(line, "account", left->account);
	add_if(line, "network", left->network);
	add_time(line, "since", &since);
	json_add_int(line, "left_out", (int64_t)left->count);
	put(context, line);
}

/* Whether the account, or the network of a request that names none, has had its
 * lines for this hour. What the operator does is always written. */
static bool
is_spent(struct audit *audit, const struct audit_event *event)
{
	struct audit_left line = {.count = 0};

	if (event->network[0] == '\0')
		return false;
	snprintf(line.event, sizeof line.event, "%s", event->event);
	snprintf(line.outcome, sizeof line.outcome, "%s",
		outcome_of(event->status));
	snprintf(line.account, sizeof line.account, "%s", event->account);
	snprintf(line.network, sizeof line.network, "%s", event->network);
	return !audit_budget_take(
		audit->budget, &line, (int64_t)time(NULL), put_left, audit);
}

void
audit_write(struct audit *audit, const struct audit_event *event)
{
	if (audit->target != TARGET_NONE && !is_quiet(audit, event) &&
		!is_spent(audit, event))
		put(audit, make_line(event));
}

void
audit_settle(struct audit *audit)
{
	if (audit->target != TARGET_NONE)
		audit_budget_settle(
			audit->budget, (int64_t)time(NULL), put_left, audit);
}
