/* tap.h - a unit test's lines: `ok(what, "name")` for each, `done()` last */
#ifndef LATCHKEY_TAP_H
#define LATCHKEY_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failures;

static inline bool __attribute__((format(printf, 2, 3)))
ok(bool good, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
	va_end(args);
	tap_failures += good ? 0 : 1;
	return good;
}

static inline bool
is_int(long long got, long long wanted, const char *name)
{
	if (ok(got == wanted, "%s", name))
		return true;
	printf("# got %lld, wanted %lld\n", got, wanted);
	return false;
}

static inline bool
is_str(const char *got, const char *wanted, const char *name)
{
	if (ok(got != NULL && strcmp(got, wanted) == 0, "%s", name))
		return true;
	printf("# got '%s', wanted '%s'\n", got == NULL ? "(null)" : got,
		wanted);
	return false;
}

static inline int
done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failures == 0 ? 0 : 1;
}

#endif
