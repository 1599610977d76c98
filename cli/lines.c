/* lines.c - a file of lines, read once through and then in another order */
#include "config.h"

#include "lines.h"

#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
temporary_dir(void)
{
	const char *dir = getenv("TMPDIR");

	/* /tmp is often memory. */
	return dir == NULL || dir[0] == '\0' ? "/var/tmp" : dir;
}

/* All of it, or false with errno. */
static bool
copy(int from, int to)
{
	char *buffer = mem_zero(LINES_LONGEST);
	ssize_t length = 0, written, at;

	do {
		written = 0;
		length = read(from, buffer, LINES_LONGEST);
		for (at = 0; at < length; at += written) {
			written = write(to, buffer + at, (size_t)(length - at));
			if (written < 0)
				break;
		}
	} while (length > 0 && written >= 0);
	mem_free(buffer);
	return length == 0;
}

/* What can be read but once, in a file that goes with us. */
static int
copy_aside(int from)
{
	int to = open(
		temporary_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);

	if (to >= 0 && !copy(from, to)) {
		close(to);
		to = -1;
	}
	if (to < 0)
		fprintf(stderr, "latchkey: a copy in %s: %s\n", temporary_dir(),
			strerror(errno));
	return to;
}

bool
lines_open(struct lines *lines, const char *path)
{
	struct stat file;
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					: open(path, O_RDONLY | O_CLOEXEC);

	memset(lines, 0, sizeof *lines);
	if (fd < 0 || fstat(fd, &file) != 0 || S_ISDIR(file.st_mode)) {
		fprintf(stderr, "latchkey: %s: %s\n", path,
			strerror(fd < 0 ? errno : EISDIR));
		if (fd >= 0)
			close(fd);
		return false;
	}
	lines->fd = fd;
	if (!S_ISREG(file.st_mode)) {
		lines->fd = copy_aside(fd);
		close(fd);
		if (lines->fd < 0)
			return false;
		fstat(lines->fd, &file);
	}
	lines->size = (uint64_t)file.st_size;
	lines->buffer = mem_zero(LINES_LONGEST + 1);
	return true;
}

void
lines_close(struct lines *lines)
{
	close(lines->fd);
	mem_free(lines->buffer);
	mem_free(lines->kept);
	memset(lines, 0, sizeof *lines);
}

/* --- once through ------------------------------------------------------ */

/* Moves what is left to the front and reads more behind it. False at the end
 * of the file, and with errno where it cannot be read. */
static bool
fill(struct lines *lines)
{
	ssize_t length;

	memmove(lines->buffer, lines->buffer + lines->at,
		lines->used - lines->at);
	lines->offset += lines->at;
	lines->used -= lines->at;
	lines->at = 0;
	errno = 0;
	length = pread(lines->fd, lines->buffer + lines->used,
		LINES_LONGEST - lines->used,
		(off_t)(lines->offset + lines->used));
	if (length > 0)
		lines->used += (size_t)length;
	return length > 0;
}

/* The end of the line that begins at `at`: its newline, or the file's end.
 * NULL if it is too long, the file is at its end or cannot be read. */
static const char *
find_end(struct lines *lines)
{
	const char *end;

	for (;;) {
		end = memchr(lines->buffer + lines->at, '\n',
			lines->used - lines->at);
		if (end != NULL)
			return end;
		if (lines->used - lines->at == LINES_LONGEST)
			return NULL;
		if (!fill(lines))
			return errno == 0 && lines->used > 0
				       ? lines->buffer + lines->used
				       : NULL;
	}
}

/* Goes on behind the end of a line that is too long. */
static void
skip_long(struct lines *lines)
{
	const char *end = NULL;

	do {
		lines->at = lines->used;
		if (fill(lines))
			end = memchr(lines->buffer, '\n', lines->used);
	} while (end == NULL && lines->used > 0);
	if (end != NULL)
		lines->at = (size_t)(end - lines->buffer) + 1;
}

static bool
is_blank(const char *text, size_t length)
{
	while (length > 0 && memchr(" \t\r", text[length - 1], 3) != NULL)
		length--;
	return length == 0;
}

const char *
lines_next(struct lines *lines, size_t *length)
{
	const char *line, *end;

	do {
		end = find_end(lines);
		lines->number++;
		if (end == NULL && lines->used == 0)
			return NULL;
		if (end == NULL && errno != 0)
			return NULL;
		if (end == NULL) {
			skip_long(lines);
			*length = LINES_LONGEST + 1;
			return lines->buffer;
		}
		line = lines->buffer + lines->at;
		lines->start = lines->offset + lines->at;
		*length = (size_t)(end - line);
		lines->at += *length + (*end == '\n' ? 1 : 0);
	} while (is_blank(line, *length));
	return line;
}

/* --- in another order -------------------------------------------------- */

/* Eight bytes as a number of the same order; zeros behind a key's end. */
static uint64_t
read_key(const char *key, size_t length)
{
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < 8; i++)
		number =
			number << 8 | (i < length ? (unsigned char)key[i] : 0U);
	return number;
}

void
lines_keep(struct lines *lines, size_t length, const char *key)
{
	size_t size = strlen(key);
	struct line *line;

	if (lines->count == lines->room) {
		lines->room = lines->room == 0 ? 1024 : 2 * lines->room;
		lines->kept = mem_resize(
			lines->kept, lines->room * sizeof *lines->kept);
	}
	line = &lines->kept[lines->count++];
	line->key[0] = read_key(key, size);
	line->key[1] = size > 8 ? read_key(key + 8, size - 8) : 0;
	line->length = (uint32_t)length;
	line->number = lines->number;
	line->offset = lines->start;
}

static int
compare(const void *a, const void *b)
{
	const struct line *one = a, *other = b;

	if (one->key[0] != other->key[0])
		return one->key[0] < other->key[0] ? -1 : 1;
	if (one->key[1] != other->key[1])
		return one->key[1] < other->key[1] ? -1 : 1;
	return one->number < other->number ? -1 : 1;
}

void
lines_sort(struct lines *lines)
{
	if (lines->count > 0)
		qsort(lines->kept, lines->count, sizeof *lines->kept, compare);
}

const char *
lines_read(struct lines *lines, const struct line *line)
{
	ssize_t length = pread(
		lines->fd, lines->buffer, line->length, (off_t)line->offset);

	return length == (ssize_t)line->length ? lines->buffer : NULL;
}
