/* file.c - whether an open file is still the one at its path */
#include "config.h"

#include "file.h"

bool
file_is_at(const struct stat *file, const char *path)
{
	struct stat at_path;

	return stat(path, &at_path) == 0 && at_path.st_dev == file->st_dev &&
	       at_path.st_ino == file->st_ino;
}
