/* tap.h - a unit test's lines: `ok(what, "name")` for each, `done()` last
 *
 * What fails is said on standard error, too: prove shows no more than that. */
#ifndef LATCHKEY_TAP_H
#define LATCHKEY_TAP_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int tap_count, tap_failures;
static int tap_said; /* standard error, wherever unit_begin() sends it */

static void __attribute__((constructor)) tap_begin(void)
{
	tap_said = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
}

/* A line about what fails. */
static inline void __attribute__((format(printf, 1, 2)))
diag(const char *format, ...)
{
	char line[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	dprintf(tap_said, "# %s\n", line);
}

static inline bool __attribute__((format(printf, 2, 3)))
ok(bool good, const char *format, ...)
{
	char name[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(name, sizeof name, format, args);
	va_end(args);
	printf("%sok %d - %s\n", good ? "" : "not ", ++tap_count, name);
	fflush(stdout);
	if (!good)
		diag("%s: test %d fails: %s", program_invocation_short_name,
			tap_count, name);
	tap_failures += good ? 0 : 1;
	return good;
}

static inline bool
is_int(long long got, long long wanted, const char *name)
{
	if (ok(got == wanted, "%s", name))
		return true;
	diag("got %lld, wanted %lld", got, wanted);
	return false;
}

static inline bool
is_str(const char *got, const char *wanted, const char *name)
{
	if (ok(got != NULL && strcmp(got, wanted) == 0, "%s", name))
		return true;
	diag("got '%s', wanted '%s'", got == NULL ? "(null)" : got, wanted);
	return false;
}

static inline int
done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failures == 0 ? 0 : 1;
}

#endif
