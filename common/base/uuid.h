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

/* What comes, in the order of texts, before all of version 7 that are made at
 * `now` or later, and after those made before; "" for 0, and before that. */
void uuid_before(int64_t now, char text[UUID_SIZE]);

/* Version 4: 122 bits that nobody can guess. */
void uuid_random(char uuid[UUID_SIZE]);

/* Whether the text is a UUID as ours are written, in lower case. */
bool uuid_valid(const char *text);

/* Whether the text is a UUID that somebody may have drawn at random: not nil,
 * and of some variety. */
bool uuid_is_random(const char *text);

#endif
