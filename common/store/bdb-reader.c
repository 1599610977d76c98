/* bdb-reader.c - reads a file of Berkeley DB's from a given place on, by
 * blocks */
#include "config.h"

#include "store/bdb-reader.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

void
bdb_reader_open(struct bdb_reader *reader, const char *dir, const char *name)
{
	char *path = mem_printf("%s/%s", dir, name);

	reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	reader->error = reader->fd < 0 ? errno : 0;
	mem_free(path);
	bdb_reader_seek(reader, 0);
}

int
bdb_reader_close(struct bdb_reader *reader, const char *dir, const char *name)
{
	sodium_memzero(reader->block, sizeof reader->block);
	if (reader->fd >= 0)
		close(reader->fd);
	if (reader->error != 0)
		log_error("store: %s/%s: cannot read: %s", dir, name,
			strerror(reader->error));
	return reader->error;
}

void
bdb_reader_seek(struct bdb_reader *reader, uint32_t offset)
{
	reader->next = offset;
	reader->at = reader->length = 0;
}

bool
bdb_reader_next(struct bdb_reader *reader)
{
	ssize_t length = -1;

	if (reader->error == 0) {
		length = pread(reader->fd, reader->block, sizeof reader->block,
			reader->next);
		reader->error = length < 0 ? errno : 0;
	}
	reader->at = 0;
	reader->length = length > 0 ? (size_t)length : 0;
	reader->next += (off_t)reader->length;
	return length > 0;
}

bool
bdb_reader_take(struct bdb_reader *reader, void *data, size_t length)
{
	unsigned char *bytes = data;
	size_t part;

	while (length > 0) {
		if (reader->at == reader->length && !bdb_reader_next(reader))
			return false;
		part = reader->length - reader->at;
		part = part < length ? part : length;
		memcpy(bytes, reader->block + reader->at, part);
		reader->at += part;
		bytes += part;
		length -= part;
	}
	return true;
}
