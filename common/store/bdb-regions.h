/* bdb-regions.h - the files that libdb shares its memory in, and where they are
 * mapped.
 *
 * libdb gives them no room on the disk (see bdb_regions_fill), and leaves them
 * mapped when their environment has died.
 *
 * For bdb.c. This module has what Linux knows of these files, and nothing of
 * libdb's. */
#ifndef LATCHKEY_BDB_REGIONS_H
#define LATCHKEY_BDB_REGIONS_H

#include <stdio.h>
#include <sys/types.h>

enum { BDB_REGIONS_MOST = 8 };

struct bdb_regions {
	FILE *maps; /* /proc/self/maps, open since before the sandbox; NULL
		     * where it cannot be read */
	/* Inode numbers, since old files of the same names may still be
	 * mapped. */
	ino_t files[BDB_REGIONS_MOST];
	int count;
};

/* Opens /proc/self/maps, before the sandbox. `regions` is all zero at first. */
void bdb_regions_open(struct bdb_regions *regions);
void bdb_regions_close(struct bdb_regions *regions);

/* Notes which files libdb has just mapped. */
void bdb_regions_note(struct bdb_regions *regions, const char *dir);

/* Gives the files all their room on the disk. libdb maps them in full but lets
 * them grow as it goes, which leaves holes, and on a full disk a hole is a
 * SIGBUS. Returns an errno, or 0. */
int bdb_regions_fill(const struct bdb_regions *regions, const char *dir);

/* Unmaps them. */
void bdb_regions_unmap(struct bdb_regions *regions);

#endif
