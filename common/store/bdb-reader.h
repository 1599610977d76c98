/* bdb-reader.h - reads a file of Berkeley DB's from some place on, by blocks.
 *
 * A file that cannot be opened or read seems to end there; the error says so.
 */
#ifndef LATCHKEY_BDB_READER_H
#define LATCHKEY_BDB_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { BDB_BLOCK = 64 << 10 }; /* the most that a page may have */

struct bdb_reader {
	int fd;
	int error;  /* errno's; 0: none so far */
	off_t next; /* where the block after this one begins */
	size_t at, length;
	unsigned char block[BDB_BLOCK];
};

/* The caller ends it with bdb_reader_close(), whatever came of it. */
void bdb_reader_open(
	struct bdb_reader *reader, const char *dir, const char *name);

/* Wipes what was read, since keys are in there. Returns the error, said in the
 * log. */
int bdb_reader_close(
	struct bdb_reader *reader, const char *dir, const char *name);

void bdb_reader_seek(struct bdb_reader *reader, uint32_t offset);

/* Has the next block; false at the end of the file. */
bool bdb_reader_next(struct bdb_reader *reader);

/* The next bytes, whole or not at all. */
bool bdb_reader_take(struct bdb_reader *reader, void *data, size_t length);

#endif
