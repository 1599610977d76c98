/* utf8.h - whether a text is UTF-8, or ASCII */
#ifndef LATCHKEY_UTF8_H
#define LATCHKEY_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Whether these bytes are UTF-8 (RFC 3629). */
bool utf8_valid(const char *text, size_t length);

/* The same, and without control characters of ASCII's. */
bool utf8_printable(const char *text, size_t length);

/* Puts a ? in the place of each byte that is not UTF-8. */
void utf8_mend(char *text);

/* Whether these bytes are ASCII. */
bool utf8_is_ascii(const char *text, size_t length);

/* Puts the ASCII letters of a text into lower case, and leaves all other
 * characters. */
void utf8_lower_ascii(char *text);

#endif
