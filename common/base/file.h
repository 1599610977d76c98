/* file.h - files by their paths: which file is at a path, who can write it, and
 * how one takes another's place */
#ifndef LATCHKEY_FILE_H
#define LATCHKEY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Whether `file`, from fstat(2) on an open file, is what is at the path now.
 * The file may have been moved away, or its directory, and another be in its
 * place. False, too, if there is no file. */
bool file_is_at(const struct stat *file, const char *path);

/* Takes the first of these directories, a `:` between two; `dirs` is then the
 * rest. The caller frees. NULL if there is none. */
char *file_next_directory(const char **dirs);

/* The path of `name` in the first of these directories, a `:` between two, that
 * has it. The caller frees. NULL if none has it. */
char *file_find(const char *dirs, const char *name);

/* Whether users other than its owner can write the file or directory; whether
 * root alone can. */
bool file_others_write(const struct stat *file);
bool file_is_roots(const struct stat *file);

/* Writes all of the text. False, with errno, if that fails. */
bool file_write(int fd, const char *text, size_t length);

/* Reads what comes after the place where `fd` stands, up to `size` bytes. The
 * number of bytes; -1, with errno, if that fails. */
ssize_t file_read(int fd, void *bytes, size_t size);

/* Copies what comes after the place where `from` stands, and wipes what it went
 * through. False, with errno, if that fails. */
bool file_copy(int from, int to);

/* Puts a file with that text, mode and owner at the path, in place of the one
 * there, if any. It puts all of it or nothing, also if the machine stops, and
 * follows no link. If that fails: false, with the reason in the log. */
bool file_replace(const char *path, const char *text, size_t length,
	mode_t mode, uid_t owner, gid_t group);

/* Flushes a directory, and the one that a path is in, so that the files made
 * there stay. False, with errno, if that fails. */
bool file_sync_dir(const char *dir);
bool file_sync_dir_of(const char *path);

/* Closes the descriptor; -1 is none. */
void file_close(int fd);

#endif
