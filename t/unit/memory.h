/* memory.h - what is left of a secret in a process's memory.
 *
 * Not under the sanitizers: they keep what was freed, and guard what is read
 * here. */
#ifndef LATCHKEY_UNIT_MEMORY_H
#define LATCHKEY_UNIT_MEMORY_H

#include "base/mem.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifndef SANITIZERS
static inline bool
lies_between(const char *at, unsigned long from, unsigned long to)
{
	return (uintptr_t)at >= from && (uintptr_t)at < to;
}

/* How often `needle` lies in the heap and on the stack: where a block and a
 * variable are. */
static inline int
count_in_memory(const unsigned char *needle, size_t length)
{
	char *block = mem_copy("");
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	char line[512];
	int count = 0;

	while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
		const unsigned char *at, *end;

		if (sscanf(line, "%lx-%lx", &from, &to) != 2 ||
			(!lies_between(block, from, to) &&
				!lies_between(line, from, to)))
			continue;
		at = (const unsigned char *)from;
		end = (const unsigned char *)to;
		while ((at = memmem(at, (size_t)(end - at), needle, length)) !=
			NULL) {
			count++;
			at++;
		}
	}
	if (maps != NULL)
		fclose(maps);
	mem_free(block);
	return count;
}

/* How much is left of a secret, as bytes and in base64; what is looked for lies
 * in locked memory, where it is not looked for. */
static inline int
copies_of(const unsigned char *secret, size_t length)
{
	enum { PART = 24 };
	unsigned char *bytes = sodium_malloc(PART);
	char *text = sodium_malloc(2 * PART);
	int count;

	memcpy(bytes, secret, length < PART ? length : PART);
	sodium_bin2base64(
		text, 2 * PART, bytes, PART, sodium_base64_VARIANT_ORIGINAL);
	count = count_in_memory(bytes, PART) +
		count_in_memory((unsigned char *)text, strlen(text));
	sodium_free(bytes);
	sodium_free(text);
	return count;
}
#endif

#endif
