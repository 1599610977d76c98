/* audit-file.c - the file of audit lines, turned over by size */
#include "config.h"

#include "site/audit-file.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RETRY_MS = 60000 };

struct audit_file {
	char *path;
	int fd;
	off_t most;
	int64_t stuck; /* it could not be turned over: not tried until then */
};

struct audit_file *
audit_file_new(const char *path, off_t most)
{
	struct audit_file *file = mem_zero(sizeof *file);

	file->path = mem_copy(path);
	file->fd = -1;
	file->most = most;
	return file;
}

void
audit_file_close(struct audit_file *file)
{
	if (file == NULL)
		return;
	if (file->fd >= 0)
		close(file->fd);
	mem_free(file->path);
	mem_free(file);
}

const char *
audit_file_path(const struct audit_file *file)
{
	return file->path;
}

/* Whether what we have open is still the file at the path; `ours` is what it
 * is like. */
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

/* FILE becomes FILE.1, FILE.1 becomes FILE.2 and so on. By one process: the
 * lock is on the file that is full. */
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

/* Has the file open that is at the path now; another process may have turned
 * it over, or a program such as logrotate. */
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

/* Whether the last line has no end: the disk was full, or somebody was killed.
 * In the middle of another's write it seems so; that lasts but a moment. */
static bool
is_torn(const struct audit_file *file, const struct stat *ours)
{
	static const struct timespec moment = {0, 1000000};
	struct stat later;

	return ends_within_line(file, ours) && nanosleep(&moment, NULL) == 0 &&
	       fstat(file->fd, &later) == 0 && ends_within_line(file, &later);
}

bool
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
