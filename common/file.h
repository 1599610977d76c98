/* file.h - files by their paths: which one is there, and who can write it */
#ifndef LATCHKEY_FILE_H
#define LATCHKEY_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

/* Whether `file`, what fstat(2) says of ours, is what is at the path now: it
 * may have been moved away, or its directory, and another be in its place.
 * False, too, where nothing is. */
bool file_is_at(const struct stat *file, const char *path);

/* Whether root alone can write it, a file or a directory. */
bool file_is_roots(const struct stat *file);

#endif
