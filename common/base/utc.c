/* utc.c - a time as people and programs write it */
#include "config.h"

#include "base/utc.h"

#include <string.h>
#include <time.h>

const char *
utc_text(int64_t seconds, char text[UTC_SIZE])
{
	time_t when = (time_t)seconds;
	struct tm utc;

	gmtime_r(&when, &utc);
	strftime(text, UTC_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
	return text;
}

bool
utc_read(const char *text, int64_t *seconds)
{
	enum { WHOLE = 19 }; /* 2026-11-30T09:05:00 */
	struct tm utc = {.tm_mday = 0};
	char again[UTC_SIZE];
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);

	if (end == NULL || end - text != WHOLE)
		return false;
	if (*end == '.' && end[1] != 'Z')
		end += 1 + strspn(end + 1, "0123456789");
	*seconds = timegm(&utc);
	/* strptime() takes blanks and the 31st of any month, too. */
	return strcmp(end, "Z") == 0 &&
	       strncmp(utc_text(*seconds, again), text, WHOLE) == 0;
}
