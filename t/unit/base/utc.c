/* utc.c - a time as people and programs read it */
#include "config.h"

#include "base/utc.h"
#include "tap.h"

#include <stdlib.h>

static void
test_read(void)
{
	static const char *const bad[] = {"", "2022-02-22", "tomorrow",
		"2022-02-22T19:22:22", "2022-02-22T19:22:22+00:00",
		"2022-02-30T00:00:00Z", " 2022-02-22T19:22:22Z",
		"2022-2-22T19:22:22Z", "2022-02-22 19:22:22Z",
		"2022-02-22T19:22:22.Z", "2022-02-22T19:22:22.5",
		"2022-02-22T19:22:22Zx", "2022-02-22T24:00:00Z"};
	int64_t seconds;
	size_t i;

	ok(utc_read("2022-02-22T19:22:22Z", &seconds) && seconds == 1645557742,
		"a time is read");
	ok(utc_read("2022-02-22T19:22:22.999Z", &seconds) &&
			seconds == 1645557742,
		"without the fractions of its second");
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(!utc_read(bad[i], &seconds), "no time: '%s'", bad[i]);
}

int
main(void)
{
	char text[UTC_SIZE];

	/* RFC 3339 has no time zone but Z here, whatever the process has. */
	setenv("TZ", "Asia/Kathmandu", 1);
	is_str(utc_text(0, text), "1970-01-01T00:00:00Z", "the first second");
	is_str(utc_text(1645557742, text), "2022-02-22T19:22:22Z",
		"a time of RFC 9562's");
	is_str(utc_text(951782399, text), "2000-02-28T23:59:59Z",
		"before a leap day");
	is_str(utc_text(INT64_C(4294967296), text), "2106-02-07T06:28:16Z",
		"more than 32 bits");
	test_read();
	return done();
}
