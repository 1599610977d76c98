/* bdb-reader.h - reads a file of Berkeley DB's from a given place on, by
 * blocks.
 *
 * A file that cannot be opened or read seems to end there; `error` has the
 * reason. */
#ifndef LATCHKEY_BDB_READER_H
#define LATCHKEY_BDB_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { BDB_BLOCK = 64 << 10 }; /* no page is larger */

struct bdb_reader {
	int fd;
	int error;  /* an errno; 0: none so far */
	off_t next; /* where the block after this one begins */
	size_t at, length;
	unsigned char block[BDB_BLOCK];
};

/* The caller ends it with bdb_reader_close(), also after an error. */
void bdb_reader_open(
	struct bdb_reader *reader, const char *dir, const char *name);

/* Wipes what was read, since keys are in there. Returns the error, which it has
 * said in the log. */
int bdb_reader_close(
	struct bdb_reader *reader, const char *dir, const char *name);

void bdb_reader_seek(struct bdb_reader *reader, uint32_t offset);

/* Reads the next block; false at the end of the file. */
bool bdb_reader_next(struct bdb_reader *reader);

/* Takes the next bytes: all of them or none. */
bool bdb_reader_take(struct bdb_reader *reader, void *data, size_t length);

#endif
