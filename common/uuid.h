/* uuid.h - UUIDs (RFC 9562) */
#ifndef LATCHKEY_UUID_H
#define LATCHKEY_UUID_H

#include <stdbool.h>
#include <stddef.h>

enum { UUID_SIZE = 37 };

/* Version 7: begins with the time, so that new records lie side by side in
 * the store. */
void uuid_ordered(char uuid[UUID_SIZE]);
void uuid_ordered_many(char uuids[][UUID_SIZE], size_t count);

/* Version 4: 122 bits that nobody can guess. */
void uuid_random(char uuid[UUID_SIZE]);

/* Whether the text is a UUID as ours are written, in lower case. */
bool uuid_valid(const char *text);

/* Whether the text is a UUID that somebody may have drawn at random: not nil,
 * and of some variety. */
bool uuid_is_random(const char *text);

#endif
