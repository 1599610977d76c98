/* counters.c - what all processes have done, counted in a file that they
 * share */
#include "config.h"

#include "base/counters.h"

#include "base/file.h"
#include "base/log.h"
#include "base/tick.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	REVISION = 1, /* goes up when a count gets another meaning */
	SIZE = sizeof(struct counters),
	TRIES = 3,
	LOCK_MS = 500
};
/* A file of other lengths has its counts elsewhere. */
#define FORMAT ((uint64_t)REVISION << 32 | SIZE)

const char *const counters_programs[COUNTERS_PROGRAMS] = {"account", "admin",
	"change", "code-reset", "factor", "login", "request-code", "reset",
	"status", "token", "verify"};

const uint64_t counters_bounds[COUNTERS_BUCKETS - 1] = {100, 250, 500, 1000,
	2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000,
	2500000, 5000000};

const char *const counters_outcomes[COUNTERS_OUTCOMES] = {
	[COUNTERS_OK] = "ok",
	[COUNTERS_REFUSED] = "refused",
	[COUNTERS_THROTTLED] = "throttled",
	[COUNTERS_FAILED] = "failed",
};

enum counters_outcome
counters_outcome_of(enum status status)
{
	if (status <= STATUS_DONE)
		return COUNTERS_OK;
	if (status == STATUS_THROTTLED)
		return COUNTERS_THROTTLED;
	return status_failed(status) ? COUNTERS_FAILED : COUNTERS_REFUSED;
}

/* Where a process counts that has no file, and requests of no program. */
static struct counters own;
static struct counters *shared = &own;
static struct counters_program *row = &own.programs[0];

/* --- the file ---------------------------------------------------------- */

/* Whether the file is of this version, or as empty as a new one. */
static bool
is_ours(int fd)
{
	uint64_t format = 0;
	struct stat file;

	return fstat(fd, &file) == 0 && file.st_size <= (off_t)SIZE &&
	       pread(fd, &format, sizeof format, 0) >= 0 &&
	       (format == 0 || format == FORMAT);
}

/* Takes away a file of another version. It stays as it is for the processes
 * that have it mapped: they go on counting there. By one process at a time, and
 * not a file that another process has made meanwhile. */
static void
take_away(int fd, const char *path)
{
	struct stat file;

	if (tick_lock(fd, 0, F_WRLCK, LOCK_MS) && fstat(fd, &file) == 0 &&
		file_is_at(&file, path))
		unlink(path);
}

static int
open_ours(const char *path)
{
	int tries, fd;

	for (tries = 0; tries < TRIES; tries++) {
		fd = open(
			path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 || is_ours(fd))
			return fd;
		take_away(fd, path);
		close(fd);
	}
	errno = EEXIST;
	return -1;
}

/* In full: a hole in a mapped file is a SIGBUS on a full disk. */
static bool
allocate(int fd)
{
	struct stat file;

	if (fstat(fd, &file) == 0 && file.st_size == (off_t)SIZE &&
		file.st_blocks * 512 >= (blkcnt_t)SIZE)
		return true;
	errno = posix_fallocate(fd, 0, SIZE);
	return errno == 0;
}

static struct counters *
map_file(const char *path)
{
	int fd = open_ours(path);
	void *map = MAP_FAILED;

	if (fd >= 0 && allocate(fd))
		map = mmap(
			NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		log_warning("counters: %s: %s: this process is not counted",
			path, strerror(errno));
	file_close(fd);
	return map == MAP_FAILED ? NULL : map;
}

/* A new file is all zeros, and says so little that any process may begin it. */
static void
begin(struct counters *counters)
{
	uint64_t none = 0;

	atomic_compare_exchange_strong(
		&counters->begun, &none, (uint64_t)time(NULL));
	none = 0;
	atomic_compare_exchange_strong(&counters->format, &none, FORMAT);
}

void
counters_open(const char *path, const char *program)
{
	struct counters *counters = map_file(path);
	int i;

	if (counters == NULL)
		return;
	begin(counters);
	shared = counters;
	for (i = 0; program != NULL && i < COUNTERS_PROGRAMS; i++)
		if (strcmp(counters_programs[i], program) == 0)
			row = &counters->programs[i];
}

bool
counters_read(const char *path, struct counters *counters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t length =
		fd < 0 ? -1 : pread(fd, (void *)counters, sizeof *counters, 0);

	if (length >= 0)
		errno = ENOMSG;
	file_close(fd);
	return length == (ssize_t)sizeof *counters &&
	       counters->format == FORMAT;
}

/* --- counting ---------------------------------------------------------- */

/* In any order: nothing else follows from a count. */
static void
add(_Atomic uint64_t *count, uint64_t number)
{
	atomic_fetch_add_explicit(count, number, memory_order_relaxed);
}

void
counters_request(enum status status, uint64_t us)
{
	struct counters_times *times = &row->times[counters_outcome_of(status)];
	int bucket = 0;

	while (bucket < COUNTERS_BUCKETS - 1 && us > counters_bounds[bucket])
		bucket++;
	add(&row->statuses[status], 1);
	add(&times->us, us);
	add(&times->buckets[bucket], 1);
}

void
counters_add(enum counter counter, uint64_t number)
{
	add(&shared->counts[counter], number);
}

void
counters_set(enum counter counter, uint64_t number)
{
	atomic_store_explicit(
		&shared->counts[counter], number, memory_order_relaxed);
}

uint64_t
counters_get(enum counter counter)
{
	return atomic_load_explicit(
		&shared->counts[counter], memory_order_relaxed);
}

bool
counters_take(enum counter counter, uint64_t last, uint64_t next)
{
	return atomic_compare_exchange_strong(
		&shared->counts[counter], &last, next);
}

uint64_t
counters_of(
	const struct counters_program *program, enum counters_outcome outcome)
{
	uint64_t count = 0;
	int i;

	for (i = 0; i < COUNTERS_BUCKETS; i++)
		count += program->times[outcome].buckets[i];
	return count;
}
