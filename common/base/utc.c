/* utc.c - a time as people and programs write it */
#include "config.h"

#include "base/utc.h"

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
