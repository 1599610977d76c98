/* audit-file.h - the file of audit lines, turned over by size */
#ifndef LATCHKEY_AUDIT_FILE_H
#define LATCHKEY_AUDIT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { AUDIT_FILES = 4 }; /* the file, and FILE.1 to FILE.3 before it */

struct audit_file;

/* The file `path`, opened or made when first written to, which becomes FILE.1
 * when it has `most` bytes; others write to it, too. Never fails; the caller
 * ends it with audit_file_close(). */
struct audit_file *audit_file_new(const char *path, off_t most);
void audit_file_close(struct audit_file *file);

const char *audit_file_path(const struct audit_file *file);

/* Adds a line, its end included, in one write: lines of several processes
 * never mix. False, said in the log, where it cannot, or not all of it: the
 * next line, whoever writes it, begins on one of its own. */
bool audit_file_write(struct audit_file *file, const char *line, size_t length);

#endif
