/* mem.h - memory that is either there or ends the process.
 *
 * A program of a few megabytes that cannot get one more has no better answer
 * than to say so and end. Its supervisor starts it again. */
#ifndef LATCHKEY_MEM_H
#define LATCHKEY_MEM_H

#include <stdarg.h>
#include <stddef.h>

/* The caller frees what these return with mem_free(). */
void *mem_zero(size_t size);
void *mem_resize(void *block, size_t size);
char *mem_copy(const char *text);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *mem_vprintf(const char *format, va_list args)
	__attribute__((format(printf, 1, 0)));
void mem_free(void *block);

/* Gives pages of free memory back to the system, where libc can. */
void mem_rest(void);

/* Adds to the end of a text that one of these returned, and returns the new
 * text. The old one is wiped, since it may be a mail with a code. */
char *mem_append(char *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds a text of which all but RFC 3986's unreserved characters are
 * percent-encoded, as a part of a URI. */
char *mem_append_encoded(char *uri, const char *text);

/* Returns the pointer, or ends the process if it is NULL: for what other
 * libraries allocate. */
void *mem_check(void *block);

#endif
