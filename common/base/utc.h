/* utc.h - a time as people and programs write it: RFC 3339, in UTC */
#ifndef LATCHKEY_UTC_H
#define LATCHKEY_UTC_H

#include <stdbool.h>
#include <stdint.h>

enum { UTC_SIZE = 32 };

/* Writes a time in seconds as 2026-11-30T09:05:00Z, and returns `text`. */
const char *utc_text(int64_t seconds, char text[UTC_SIZE]);

/* Reads such a time; fractions of a second do not count. False if it is none.
 */
bool utc_read(const char *text, int64_t *seconds);

#endif
