/* manifest.h - what a backup says of itself: its file `manifest`, a JSON object
 *
 * It is written last, and has each file's size and SHA-256. A backup that was
 * cut, changed, or mixed with another one does not fit it. */
#ifndef LATCHKEY_MANIFEST_H
#define LATCHKEY_MANIFEST_H

#include "base/uuid.h"
#include "site/site.h"
#include "store/store.h"

#define MANIFEST_FILE "manifest"

enum {
	MANIFEST_SHA256_SIZE = 65,
	MANIFEST_FILES = 256,
	MANIFEST_SIZE = 64 << 10 /* the most bytes of its text */
};

struct manifest {
	char version[32]; /* of the latchkey that has made it */
	char format[64];  /* store_format() */
	char installation[UUID_SIZE];
	int64_t made; /* seconds since 1970 */
	bool secrets; /* these alone: the records are in a database */
	struct manifest_file {
		char name[STORE_FILE_SIZE];
		int64_t size;
		char sha256[MANIFEST_SHA256_SIZE];
	} files[MANIFEST_FILES];
	size_t count;
};

/* Which installation this is: a UUID in the file `installation` of state_dir,
 * which outlives the store. It is made where `make` says so; else it is "" if
 * there is none. False, said in the log, if it cannot be had. */
bool manifest_installation(
	const struct site *site, bool make, char id[UUID_SIZE]);

/* Fills in all that a new manifest says but for its files. */
bool manifest_begin(const struct site *site, struct manifest *manifest);

/* The size and SHA-256 of a file. False with errno. */
bool manifest_measure(int fd, struct manifest_file *file);

/* Takes in all files of a directory, and writes the manifest there. False, said
 * in the log. */
bool manifest_write(struct manifest *manifest, const char *dir);

/* Reads that of a directory. NULL, or what is wrong with it: it is cut, or of a
 * kind that is not known here. Nothing is said of its files. */
const char *manifest_read(int dir, struct manifest *manifest);

#endif
