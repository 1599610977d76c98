/* file.c - files by their paths */
#include "config.h"

#include "file.h"

enum { OTHERS_WRITE = 022 };

bool
file_is_at(const struct stat *file, const char *path)
{
	struct stat at_path;

	return stat(path, &at_path) == 0 && at_path.st_dev == file->st_dev &&
	       at_path.st_ino == file->st_ino;
}

bool
file_is_roots(const struct stat *file)
{
	return file->st_uid == 0 && (file->st_mode & OTHERS_WRITE) == 0;
}
