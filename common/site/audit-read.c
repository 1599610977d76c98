/* audit-read.c - the audit's lines, the newest first, some at a time */
#include "config.h"

#include "site/audit-read.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A place between two lines: a cursor. Files go by their inodes, since their
 * names change when the first is full. */
struct place {
	unsigned long long inode, offset;
};

static void
write_cursor(const struct place *place, char cursor[AUDIT_CURSOR_SIZE])
{
	snprintf(cursor, AUDIT_CURSOR_SIZE, "%llx-%llx", place->inode,
		place->offset);
}

/* As it was written, to the letter. */
static bool
read_cursor(const char *cursor, struct place *place)
{
	char again[AUDIT_CURSOR_SIZE], *end;

	place->inode = strtoull(cursor, &end, 16);
	place->offset = end[0] == '-' ? strtoull(end + 1, NULL, 16) : 0;
	write_cursor(place, again);
	return strcmp(again, cursor) == 0 && place->offset <= INT64_MAX;
}

/* --- the files --------------------------------------------------------- */

/* Opens the file of that number, 0 being the newest. -1 if there is none; an
 * error is said in the log. */
static int
open_number(const char *path, int number, struct stat *file)
{
	char *name = number == 0 ? mem_copy(path)
				 : mem_printf("%s.%d", path, number);
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if ((fd < 0 && errno != ENOENT) || (fd >= 0 && fstat(fd, file) != 0)) {
		log_error("audit: %s: %s", name, strerror(errno));
		file_close(fd);
		fd = -1;
	}
	mem_free(name);
	return fd;
}

/* Opens the file with that inode, and says its number; -1 if it is gone. */
static int
open_inode(const char *path, unsigned long long inode, struct stat *file,
	int *number)
{
	int fd;

	for (*number = 0; *number < AUDIT_FILES; ++*number) {
		fd = open_number(path, *number, file);
		if (fd >= 0 && file->st_ino == inode)
			return fd;
		file_close(fd);
	}
	return -1;
}

/* --- the lines --------------------------------------------------------- */

struct reading {
	audit_visit *visit;
	void *context;
	size_t left; /* bytes that may still be looked at */
	bool stopped;
};

static bool
show(const struct reading *reading, const char *line, size_t length)
{
	struct json_object *event = json_parse_object(line, length, NULL, NULL);
	bool more = event == NULL || reading->visit(reading->context, event);

	json_object_put(event);
	return more;
}

/* Shows the lines that end in the text, the last first. Returns where the first
 * of those that were not shown ends. The text begins with a line only at the
 * file's beginning; what comes after its last line is still being written. */
static size_t
show_lines(struct reading *reading, const char *text, size_t length, bool whole)
{
	const char *end = memrchr(text, '\n', length), *begin;

	while (end != NULL && !reading->stopped) {
		begin = memrchr(text, '\n', (size_t)(end - text));
		if (begin == NULL && !whole)
			break;
		begin = begin == NULL ? text : begin + 1;
		if (show(reading, begin, (size_t)(end - begin)))
			end = begin == text ? NULL : begin - 1;
		else
			reading->stopped = true;
	}
	return end == NULL ? 0 : (size_t)(end - text) + 1;
}

/* Shows lines from the place backwards, and moves it. False if the file cannot
 * be read. */
static bool
read_back(struct reading *reading, int fd, struct place *place)
{
	size_t size = place->offset < reading->left ? (size_t)place->offset
						    : reading->left;
	unsigned long long from = place->offset - size;
	char *text = mem_zero(size + 1);
	ssize_t got = pread(fd, text, size, (off_t)from);
	size_t rest = 0;

	if (got > 0)
		rest = show_lines(reading, text, (size_t)got, from == 0);
	/* A line longer than all that may be looked at is passed over. */
	if (rest == AUDIT_READ_BYTES && !reading->stopped)
		rest = 0;
	place->offset = from + rest;
	reading->left -= size;
	mem_free(text);
	return got >= 0;
}

/* Goes on in the file before that one; false if there is none. */
static bool
go_back(const char *path, int *fd, struct place *place)
{
	struct stat file;
	int number, again = open_inode(path, place->inode, &file, &number);

	file_close(*fd);
	file_close(again);
	*fd = again < 0 ? -1 : open_number(path, number + 1, &file);
	if (*fd < 0)
		return false;
	place->inode = file.st_ino;
	place->offset = (unsigned long long)file.st_size;
	return true;
}

/* Opens the file that the cursor is in; -1 if that is gone. */
static int
open_place(const char *path, const char *cursor, struct place *place)
{
	struct stat file;
	int number, fd = cursor[0] == '\0' ? open_number(path, 0, &file)
					   : open_inode(path, place->inode,
						     &file, &number);

	if (fd < 0)
		return fd;
	if (cursor[0] == '\0')
		place->offset = (unsigned long long)file.st_size;
	else if (place->offset > (unsigned long long)file.st_size)
		place->offset = (unsigned long long)file.st_size;
	place->inode = file.st_ino;
	return fd;
}

enum status
audit_read(const struct audit *audit, char cursor[AUDIT_CURSOR_SIZE],
	audit_visit *visit, void *context)
{
	struct reading reading = {visit, context, AUDIT_READ_BYTES, false};
	const char *path = audit_path(audit);
	struct place place = {0, 0};
	bool good = true, more;
	int fd;

	if (path == NULL)
		return STATUS_NOT_KEPT_HERE;
	if (cursor[0] != '\0' && !read_cursor(cursor, &place))
		return STATUS_BAD_QUERY;
	fd = open_place(path, cursor, &place);
	more = fd >= 0;
	while (good && more && reading.left > 0 && !reading.stopped) {
		good = read_back(&reading, fd, &place);
		if (place.offset == 0 && !reading.stopped)
			more = go_back(path, &fd, &place);
	}
	file_close(fd);
	cursor[0] = '\0';
	if (more)
		write_cursor(&place, cursor);
	return good ? STATUS_OK : STATUS_UNAVAILABLE;
}
