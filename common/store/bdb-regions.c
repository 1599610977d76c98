/* bdb-regions.c - the files that libdb shares its memory in */
#include "config.h"

#include "store/bdb-regions.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where a file is mapped; size 0: nowhere. */
struct mapping {
	void *start;
	size_t size;
};

void
bdb_regions_open(struct bdb_regions *regions)
{
	regions->maps = fopen("/proc/self/maps", "re");
}

void
bdb_regions_close(struct bdb_regions *regions)
{
	if (regions->maps != NULL)
		fclose(regions->maps);
	regions->maps = NULL;
}

static char *
path_of(const char *dir, int i)
{
	return mem_printf("%s/__db.%03d", dir, i + 1);
}

void
bdb_regions_note(struct bdb_regions *regions, const char *dir)
{
	struct stat file;
	char *path;
	bool there = true;

	regions->count = 0;
	while (there && regions->count < BDB_REGIONS_MOST) {
		path = path_of(dir, regions->count);
		there = stat(path, &file) == 0;
		if (there)
			regions->files[regions->count++] = file.st_ino;
		mem_free(path);
	}
}

/* Parses one line of /proc/self/maps. Returns whether it is of a region. */
static bool
note_mapping(const struct bdb_regions *regions, const char *line,
	struct mapping mappings[BDB_REGIONS_MOST])
{
	unsigned long start, end;
	unsigned long long inode;
	int i;

	if (strstr(line, "/__db.") == NULL ||
		sscanf(line, "%lx-%lx %*s %*s %*s %llu", &start, &end,
			&inode) != 3)
		return false;
	for (i = 0; i < regions->count; i++)
		if (regions->files[i] == inode) {
			mappings[i] =
				(struct mapping){(void *)start, end - start};
			return true;
		}
	return false;
}

static bool
read_maps(const struct bdb_regions *regions, FILE *maps,
	struct mapping mappings[BDB_REGIONS_MOST])
{
	char *line = NULL; /* as long as the store's path makes it */
	size_t size = 0;
	bool found = false;

	while (getline(&line, &size, maps) > 0)
		found = note_mapping(regions, line, mappings) || found;
	free(line);
	return found;
}

/* Called rarely: reading all of a process's mappings takes about as long as
 * opening the store. */
static void
find_mappings(const struct bdb_regions *regions,
	struct mapping mappings[BDB_REGIONS_MOST])
{
	bool found = false;
	FILE *now;

	memset(mappings, 0, BDB_REGIONS_MOST * sizeof *mappings);
	if (regions->maps != NULL) {
		rewind(regions->maps);
		found = read_maps(regions, regions->maps, mappings);
	}
	/* In an emulator (qemu-user) the file shows what was mapped when it was
	 * opened. */
	if (!found && (now = fopen("/proc/self/maps", "re")) != NULL) {
		read_maps(regions, now, mappings);
		fclose(now);
	}
}

static int
fill(const char *dir, int i, size_t size)
{
	char *path = path_of(dir, i);
	int result, fd = open(path, O_RDWR | O_CLOEXEC);

	result = fd < 0 ? errno : posix_fallocate(fd, 0, (off_t)size);
	if (fd >= 0)
		close(fd);
	mem_free(path);
	return result;
}

int
bdb_regions_fill(const struct bdb_regions *regions, const char *dir)
{
	struct mapping mappings[BDB_REGIONS_MOST];
	int i, result = 0;

	find_mappings(regions, mappings);
	for (i = 0; i < regions->count && result == 0; i++)
		if (mappings[i].size > 0)
			result = fill(dir, i, mappings[i].size);
	return result;
}

void
bdb_regions_unmap(struct bdb_regions *regions)
{
	struct mapping mappings[BDB_REGIONS_MOST];
	int i;

	find_mappings(regions, mappings);
	for (i = 0; i < regions->count; i++)
		if (mappings[i].size > 0)
			munmap(mappings[i].start, mappings[i].size);
}
