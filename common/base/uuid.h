/* uuid.h - UUIDs (RFC 9562) */
#ifndef LATCHKEY_UUID_H
#define LATCHKEY_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UUID_SIZE = 37 };

/* Version 7: begins with the time, so that new records lie side by side in
 * the store. */
void uuid_ordered(char uuid[UUID_SIZE]);
void uuid_ordered_many(char uuids[][UUID_SIZE], size_t count);

/* A text that comes, in the order of texts, before all UUIDs of version 7 made
 * at `now` or later, and after those made before. For 0 it is "", which comes
 * before all. */
void uuid_before(int64_t now, char text[UUID_SIZE]);

/* Version 4: 122 random bits. */
void uuid_random(char uuid[UUID_SIZE]);

/* Whether the text is a UUID in the form written here, in lower case. */
bool uuid_valid(const char *text);

/* Whether the text is a UUID that may have been drawn at random: not nil, and
 * neither counted nor repeated. */
bool uuid_is_random(const char *text);

#endif
