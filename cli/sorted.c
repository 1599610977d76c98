/* sorted.c - a file of lines, read once through and then in another order */
#include "config.h"

#include "sorted.h"

#include "base/mem.h"
#include "print.h"

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

/* Writes all of it, or returns false with errno. */
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

/* Makes a file that goes when it is closed: one without a name or, where the
 * file system has no such thing (NFS, FUSE), one whose name is deleted at
 * once. */
static int
open_aside(void)
{
	int fd = open(
		temporary_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	char *path;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	path = mem_printf("%s/latchkey.XXXXXX", temporary_dir());
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	mem_free(path);
	return fd;
}

/* Copies an input that can be read only once. */
static int
copy_aside(int from)
{
	int to = open_aside();

	if (to >= 0 && !copy(from, to)) {
		close(to);
		to = -1;
	}
	if (to < 0)
		print_line(stderr, "latchkey: a copy in %s: %s",
			temporary_dir(), strerror(errno));
	return to;
}

bool
sorted_open(struct sorted *sorted, const char *path)
{
	struct stat file;
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					: open(path, O_RDONLY | O_CLOEXEC);
	int plain = fd;

	memset(sorted, 0, sizeof *sorted);
	if (fd < 0 || fstat(fd, &file) != 0 || S_ISDIR(file.st_mode)) {
		print_line(stderr, "latchkey: %s: %s", path,
			strerror(fd < 0 ? errno : EISDIR));
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (!S_ISREG(file.st_mode)) {
		plain = copy_aside(fd);
		close(fd);
		if (plain < 0)
			return false;
		fstat(plain, &file);
	}
	sorted->size = (uint64_t)file.st_size;
	sorted->text = mem_zero(LINES_LONGEST + 1);
	/* From its beginning, wherever standard input stands. */
	lseek(plain, 0, SEEK_SET);
	lines_begin(&sorted->lines, mem_check(fdopen(plain, "r")));
	return true;
}

void
sorted_close(struct sorted *sorted)
{
	fclose(sorted->lines.file);
	lines_end(&sorted->lines);
	mem_free(sorted->text);
	mem_free(sorted->kept);
	memset(sorted, 0, sizeof *sorted);
}

/* Eight bytes of a key as a number of the same order; zeros behind its end. */
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
sorted_keep(struct sorted *sorted, const char *key)
{
	size_t size = strlen(key);
	struct sorted_line *line;

	if (sorted->count == sorted->room) {
		sorted->room = sorted->room == 0 ? 1024 : 2 * sorted->room;
		sorted->kept = mem_resize(
			sorted->kept, sorted->room * sizeof *sorted->kept);
	}
	line = &sorted->kept[sorted->count++];
	line->key[0] = read_key(key, size);
	line->key[1] = size > 8 ? read_key(key + 8, size - 8) : 0;
	line->length = (uint32_t)sorted->lines.length;
	line->number = (uint32_t)sorted->lines.number;
	line->start = sorted->lines.start;
}

static int
compare(const void *a, const void *b)
{
	const struct sorted_line *one = a, *other = b;

	if (one->key[0] != other->key[0])
		return one->key[0] < other->key[0] ? -1 : 1;
	if (one->key[1] != other->key[1])
		return one->key[1] < other->key[1] ? -1 : 1;
	return one->number < other->number ? -1 : 1;
}

void
sorted_sort(struct sorted *sorted)
{
	if (sorted->count > 0)
		qsort(sorted->kept, sorted->count, sizeof *sorted->kept,
			compare);
}

const char *
sorted_read(struct sorted *sorted, const struct sorted_line *line)
{
	ssize_t length = pread(fileno(sorted->lines.file), sorted->text,
		line->length, (off_t)line->start);

	return length == (ssize_t)line->length ? sorted->text : NULL;
}
