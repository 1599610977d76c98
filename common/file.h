/* file.h - whether an open file is still the one at its path */
#ifndef LATCHKEY_FILE_H
#define LATCHKEY_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

/* Whether `file`, what fstat(2) says of ours, is what is at the path now: it
 * may have been moved away, or its directory, and another be in its place.
 * False, too, where nothing is. */
bool file_is_at(const struct stat *file, const char *path);

#endif
