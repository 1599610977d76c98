/* log.c - lines for the operator, on standard error */
#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1000 };

static const char *program = "latchkey";
static char request[LINE_MAX_BYTES]; /* empty: none */

/* Appends `text`, with characters that could forge or break a line as \xNN. So
 * is a \ that could be taken for the beginning of one. */
static size_t
append_escaped(char *out, size_t size, size_t used, const char *text)
{
	for (; *text != '\0' && used + 5 < size; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte >= 0x20 && byte < 0x7f &&
			(byte != '\\' || text[1] != 'x'))
			out[used++] = (char)byte;
		else
			used += (size_t)snprintf(
				out + used, size - used, "\\x%02x", byte);
	}
	return used;
}

/* Each line is one write, so that lines of several processes never mix. If that
 * fails there is nowhere to say so. */
void
log_line(const char *line)
{
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		errno = 0;
}

static void __attribute__((format(printf, 2, 0)))
write_line(const char *level, const char *format, va_list args)
{
	int saved = errno;
	char text[LINE_MAX_BYTES];
	char line[4 * LINE_MAX_BYTES];
	size_t used;

	vsnprintf(text, sizeof text, format, args);
	used = (size_t)snprintf(
		line, 128, "latchkey %.32s: %s: ", program, level);
	if (request[0] != '\0') {
		line[used++] = '[';
		used = append_escaped(line, sizeof line / 2, used, request);
		line[used++] = ']';
		line[used++] = ' ';
	}
	used = append_escaped(line, sizeof line - 1, used, text);
	line[used++] = '\n';
	line[used] = '\0';
	log_line(line);
	errno = saved;
}

void
log_open(const char *name)
{
	program = name;
}

void
log_request(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(request, sizeof request, format, args);
	va_end(args);
}

void
log_request_done(void)
{
	request[0] = '\0';
}

void
log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line("error", format, args);
	va_end(args);
}

void
log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line("warning", format, args);
	va_end(args);
}

void
log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line("info", format, args);
	va_end(args);
}
