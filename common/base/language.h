/* language.h - which language a browser asks for (RFC 9110, 12.5.4) */
#ifndef LATCHKEY_LANGUAGE_H
#define LATCHKEY_LANGUAGE_H

#include "base/name.h"

#include <stdbool.h>

/* The language that Accept-Language wants most, by its first subtag, of those
 * that `has(language)` says there are; "" if there is none. NULL asks for
 * none. Of the header the first eight ranges count. */
void language_choose(const char *accept,
	bool (*has)(const void *context, const char *language),
	const void *context, char language[NAME_LANGUAGE_SIZE]);

#endif
