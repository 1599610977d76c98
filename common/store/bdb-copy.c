/* bdb-copy.c - a copy of a Berkeley DB directory that is in use
 *
 * A checkpoint of the source removes log files that it needs no more, and the
 * copy may need them. So each log file is opened as soon as it is there, and a
 * file that is open stays. It is copied, and closed, once the next one has been
 * begun: nothing is written to it any more.
 *
 * Between two slices the source may write a checkpoint. Then DB_RECOVER, which
 * goes from the last one on, ends in a panic: of the pages that were copied
 * before it, some lack changes from before it. DB_RECOVER_FATAL goes by all of
 * the log. */
#include "config.h"

#include "store/bdb-copy.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/bdb-fit.h"
#include "store/bdb.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	/* Multiples of the largest page, so that none is cut. */
	SLICE_LEAST = 64 << 10,
	SLICE_MOST = 256 << 10,
	/* microseconds inside the gate */
	HELD_MOST = 500,
	HELD_LEAST = 200,
	/* and for how many times as long others may go in before the next */
	PAUSE = 4,
	PAUSE_LEAST = 1000, /* microseconds */
	PAUSE_MOST = 50000,
	/* What is written and not flushed, the flushes of others wait for. */
	UNFLUSHED_MOST = 4 << 20
};

struct bdb_copy {
	char *from, *to;
	FILE *maps;
	/* the data file that is copied, and how far it is; BDB_FILES: none */
	int file;
	int in, out;
	off_t offset;
	/* the slice that was taken, and how large the next may be */
	char *slice;
	size_t length, size;
	/* the log files that are open, the first of this number */
	uint32_t first;
	int *logs;
	size_t count;
	uint64_t bytes;
	size_t unflushed;
};

struct bdb_copy *
bdb_copy_new(const char *from, const char *to, FILE *maps)
{
	struct bdb_copy *copy = mem_zero(sizeof *copy);

	copy->from = mem_copy(from);
	copy->to = mem_copy(to);
	copy->maps = maps;
	copy->in = copy->out = -1;
	copy->slice = mem_zero(SLICE_MOST);
	copy->size = SLICE_LEAST;
	return copy;
}

uint64_t
bdb_copy_bytes(const struct bdb_copy *copy)
{
	return copy->bytes;
}

/* --- files -------------------------------------------------------------- */

static int
open_at(const char *dir, const char *name, int flags)
{
	char *path = mem_printf("%s/%s", dir, name);
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);

	mem_free(path);
	return fd;
}

/* Deletes the copy's files of which `wanted` says so. */
static int
delete_files(const struct bdb_copy *copy, bool (*wanted)(const char *name))
{
	DIR *dir = opendir(copy->to);
	struct dirent *entry;
	int result = dir == NULL ? errno : 0;

	while (result == 0 && (entry = readdir(dir)) != NULL)
		if (wanted(entry->d_name) &&
			unlinkat(dirfd(dir), entry->d_name, 0) != 0)
			result = errno;
	if (dir != NULL)
		closedir(dir);
	return result;
}

static bool
is_file(const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool
is_region(const char *name)
{
	return strncmp(name, "__db.", 5) == 0;
}

static int
write_out(struct bdb_copy *copy, int fd, size_t length)
{
	if (!file_write(fd, copy->slice, length))
		return errno;
	copy->bytes += length;
	copy->unflushed += length;
	if (copy->unflushed < UNFLUSHED_MOST)
		return 0;
	copy->unflushed = 0;
	return fdatasync(fd) == 0 ? 0 : errno;
}

/* --- the log ------------------------------------------------------------ */

static int
open_log(const char *dir, uint32_t number, int flags)
{
	char *name = mem_printf("log.%010u", (unsigned)number);
	int fd = open_at(dir, name, flags);

	mem_free(name);
	return fd;
}

static void
close_logs(struct bdb_copy *copy)
{
	while (copy->count > 0)
		close(copy->logs[--copy->count]);
}

/* Opens the log files that have come since. */
static int
hold_logs(struct bdb_copy *copy)
{
	int fd;

	while ((fd = open_log(copy->from, copy->first + (uint32_t)copy->count,
			O_RDONLY)) >= 0) {
		copy->logs = mem_resize(
			copy->logs, (copy->count + 1) * sizeof *copy->logs);
		copy->logs[copy->count++] = fd;
	}
	return errno == ENOENT ? 0 : errno;
}

/* Copies the first log file that is open, up to `end`, and closes it. */
static int
copy_log(struct bdb_copy *copy, off_t end)
{
	int to = open_log(copy->to, copy->first, O_WRONLY | O_CREAT | O_EXCL);
	int result = to < 0 ? errno : 0;
	off_t at = 0;
	ssize_t length = 1;
	size_t room;

	while (result == 0 && at < end && length > 0) {
		room = end - at < SLICE_MOST ? (size_t)(end - at) : SLICE_MOST;
		length = pread(copy->logs[0], copy->slice, room, at);
		at += length;
		result = length < 0 ? errno
				    : write_out(copy, to, (size_t)length);
	}
	file_close(to);
	close(copy->logs[0]);
	copy->first++;
	copy->count--;
	memmove(copy->logs, copy->logs + 1, copy->count * sizeof *copy->logs);
	return result;
}

static int
copy_whole_logs(struct bdb_copy *copy)
{
	int result = hold_logs(copy);

	while (result == 0 && copy->count > 1)
		result = copy_log(copy, INT64_MAX);
	return result;
}

int
bdb_copy_end(struct bdb_copy *copy, uint64_t end)
{
	uint32_t last = (uint32_t)(end >> 32);
	int result = hold_logs(copy);

	while (result == 0 && copy->count > 0 && copy->first < last)
		result = copy_log(copy, INT64_MAX);
	if (result == 0 && copy->count > 0 && copy->first == last)
		result = copy_log(copy, (off_t)(end & UINT32_MAX));
	/* After a recovery the last one may not have been begun. */
	if (result == 0 && copy->first < last)
		result = EAGAIN;
	close_logs(copy);
	return result;
}

/* --- the data files ----------------------------------------------------- */

static void
close_file(struct bdb_copy *copy)
{
	file_close(copy->in);
	file_close(copy->out);
	copy->in = copy->out = -1;
}

static int
open_file(struct bdb_copy *copy)
{
	const char *name = bdb_file_names[copy->file];

	copy->offset = 0;
	copy->in = open_at(copy->from, name, O_RDONLY);
	if (copy->in >= 0)
		copy->out =
			open_at(copy->to, name, O_WRONLY | O_CREAT | O_EXCL);
	return copy->in < 0 || copy->out < 0 ? errno : 0;
}

int
bdb_copy_clear(struct bdb_copy *copy)
{
	close_file(copy);
	close_logs(copy);
	copy->bytes = 0;
	return delete_files(copy, is_file);
}

int
bdb_copy_begin(struct bdb_copy *copy)
{
	int result;

	copy->file = 0;
	copy->first = bdb_fit_first(copy->from);
	result = hold_logs(copy);
	return result == 0 ? open_file(copy) : result;
}

int
bdb_copy_take(struct bdb_copy *copy, bool *more)
{
	ssize_t length = 0;
	int result = 0;

	while (result == 0 && copy->file < BDB_FILES && length == 0) {
		length = pread(copy->in, copy->slice, copy->size, copy->offset);
		if (length < 0)
			return errno;
		if (length == 0) {
			close_file(copy);
			if (++copy->file < BDB_FILES)
				result = open_file(copy);
		}
	}
	copy->length = (size_t)length;
	*more = length > 0;
	return result;
}

static void
adapt(struct bdb_copy *copy, uint64_t held)
{
	if (held > HELD_MOST && copy->size > SLICE_LEAST)
		copy->size /= 2;
	else if (held < HELD_LEAST && copy->size < SLICE_MOST)
		copy->size *= 2;
}

/* A sign-in comes to the gate five times. A flock is not fair: a process that
 * came back at once would mostly be the next one, too. */
static void
pause_after(uint64_t held)
{
	uint64_t pause = PAUSE * held;
	struct timespec time = {0, PAUSE_LEAST * 1000};

	if (pause > PAUSE_MOST)
		pause = PAUSE_MOST;
	if (pause > PAUSE_LEAST)
		time.tv_nsec = (long)pause * 1000;
	nanosleep(&time, NULL);
}

/* The next slice is read here, too, and forgotten: inside the gate it then
 * comes from memory, and not from the disk. */
int
bdb_copy_put(struct bdb_copy *copy, uint64_t held)
{
	int result = write_out(copy, copy->out, copy->length);

	copy->offset += (off_t)copy->length;
	adapt(copy, held);
	if (result == 0)
		result = copy_whole_logs(copy);
	if (result == 0 &&
		pread(copy->in, copy->slice, copy->size, copy->offset) < 0)
		result = errno;
	pause_after(held);
	return result;
}

/* --- the copy ----------------------------------------------------------- */

/* Of its own regions nothing is of use to anybody. */
static int
put_away(struct bdb_copy *copy, const struct bdb *bdb)
{
	int result = delete_files(copy, is_region);

	return result == 0 ? bdb_flush(bdb) : result;
}

int
bdb_copy_recover(struct bdb_copy *copy)
{
	struct bdb *bdb;
	int result = EINVAL;

	if (!bdb_fits(copy->to, true))
		return EINVAL;
	bdb = mem_zero(sizeof *bdb);
	bdb->dir = copy->to;
	bdb->log_fd = -1;
	bdb->regions.maps = copy->maps;
	result = bdb_open(bdb, BDB_ALL);
	if (result == 0)
		result = bdb_verify(bdb);
	bdb_close(bdb, result != 0);
	if (result == 0)
		result = put_away(copy, bdb);
	mem_free(bdb);
	return result;
}

void
bdb_copy_free(struct bdb_copy *copy)
{
	close_file(copy);
	close_logs(copy);
	sodium_memzero(copy->slice, SLICE_MOST); /* keys were in there */
	mem_free(copy->slice);
	mem_free(copy->logs);
	mem_free(copy->from);
	mem_free(copy->to);
	mem_free(copy);
}
