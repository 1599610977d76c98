/* language.c - which language a browser asks for */
#include "config.h"

#include "base/language.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANGES_MOST = 8 };

/* Reads "de-AT;q=0.8" up to a comma: the first subtag and its weight. False if
 * it is no language. */
static bool
read_range(const char *text, char language[NAME_LANGUAGE_SIZE], double *wanted)
{
	size_t length = strcspn(text, "-;, \t"), end = strcspn(text, ",");
	const char *q = strstr(text, "q=");

	if (length >= NAME_LANGUAGE_SIZE)
		return false;
	snprintf(language, NAME_LANGUAGE_SIZE, "%.*s", (int)length, text);
	utf8_lower_ascii(language);
	*wanted = q != NULL && q < text + end ? strtod(q + 2, NULL) : 1;
	return name_is_language(language);
}

void
language_choose(const char *accept, bool (*has)(const void *, const char *),
	const void *context, char language[NAME_LANGUAGE_SIZE])
{
	char candidate[NAME_LANGUAGE_SIZE];
	double wanted, best = 0;
	int i;

	language[0] = '\0';
	for (i = 0; accept != NULL && accept[0] != '\0' && i < RANGES_MOST;
		i++) {
		accept += strspn(accept, ", \t");
		if (read_range(accept, candidate, &wanted) && wanted > best &&
			has(context, candidate)) {
			best = wanted;
			strcpy(language, candidate);
		}
		accept += strcspn(accept, ",");
	}
}
