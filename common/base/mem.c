/* mem.c - memory that is either there or ends the process */
#include "config.h"

#include "base/mem.h"

#include "base/log.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
mem_check(void *block)
{
	if (block == NULL) {
		log_error("out of memory");
		exit(1);
	}
	return block;
}

void *
mem_zero(size_t size)
{
	return mem_check(calloc(1, size));
}

void *
mem_resize(void *block, size_t size)
{
	return mem_check(realloc(block, size));
}

char *
mem_copy(const char *text)
{
	return mem_check(strdup(text));
}

char *
mem_vprintf(const char *format, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	return mem_check(text);
}

char *
mem_printf(const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	text = mem_vprintf(format, args);
	va_end(args);
	return text;
}

void
mem_rest(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

void
mem_free(void *block)
{
	free(block);
}

char *
mem_append(char *text, const char *format, ...)
{
	size_t length = strlen(text);
	char *longer;
	va_list args, again;
	int more;

	/* The length is measured first: vasprintf(3) leaves copies behind as it
	 * grows. */
	va_start(args, format);
	va_copy(again, args);
	more = vsnprintf(NULL, 0, format, args);
	va_end(args);
	longer = mem_zero(length + (size_t)more + 1);
	memcpy(longer, text, length);
	vsnprintf(longer + length, (size_t)more + 1, format, again);
	va_end(again);
	explicit_bzero(text, length);
	free(text);
	return longer;
}

char *
mem_append_encoded(char *uri, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text != '\0'; text++)
		uri = mem_append(uri,
			strchr(plain, *text) != NULL ? "%c" : "%%%02X",
			(unsigned char)*text);
	return uri;
}
