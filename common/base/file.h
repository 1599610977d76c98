/* file.h - files by their paths: which one is there, who can write it, and how
 * one takes another's place */
#ifndef LATCHKEY_FILE_H
#define LATCHKEY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Whether `file`, what fstat(2) says of ours, is what is at the path now: it
 * may have been moved away, or its directory, and another be in its place.
 * False, too, where nothing is. */
bool file_is_at(const struct stat *file, const char *path);

/* The first of these directories, a `:` between two, which are the rest then;
 * the caller frees. NULL if there is none. */
char *file_next_directory(const char **dirs);

/* The path of `name` in the first of these directories, a `:` between two, that
 * has it; the caller frees. NULL if none has. */
char *file_find(const char *dirs, const char *name);

/* Whether root alone can write it, a file or a directory. */
bool file_is_roots(const struct stat *file);

/* Puts a file with that text, mode and owner at the path, in the place of the
 * one there, if any: all of it or nothing, also if the machine stops; no link
 * is followed. False, with the reason in the log, if that fails. */
bool file_replace(const char *path, const char *text, size_t length,
	mode_t mode, uid_t owner, gid_t group);

/* Has the directory that the path is in written out. */
bool file_sync_directory(const char *path);

#endif
