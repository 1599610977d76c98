/* regions.h - the files that libdb shares its memory in, and where they are
 * mapped.
 *
 * libdb gives them no room on the disk (see regions_fill), and leaves them
 * mapped when their environment has died. */
#ifndef LATCHKEY_REGIONS_H
#define LATCHKEY_REGIONS_H

#include <stdio.h>
#include <sys/types.h>

enum { REGIONS_MOST = 8 };

struct regions {
	FILE *maps; /* /proc/self/maps, open since before the sandbox; NULL
		     * where it cannot be read */
	/* By their numbers: old ones of the same name may be mapped still. */
	ino_t files[REGIONS_MOST];
	int count;
};

/* Opens what is found in /proc. All zero is one to begin with. */
void regions_open(struct regions *regions);
void regions_close(struct regions *regions);

/* Notes which files libdb has just mapped. */
void regions_note(struct regions *regions, const char *dir);

/* Gives them all their room: libdb maps them in full but lets them grow as it
 * goes, which leaves holes, and on a full disk a hole is a SIGBUS. An errno,
 * or 0. */
int regions_fill(const struct regions *regions, const char *dir);

/* Unmaps them. */
void regions_unmap(struct regions *regions);

#endif
