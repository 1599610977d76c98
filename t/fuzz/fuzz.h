/* fuzz.h - what the harnesses share.
 *
 * A harness takes one input and asserts what must hold for all of them.
 * libFuzzer makes inputs up (bench/fuzz), replay.c takes those of seeds/. */
#ifndef LATCHKEY_FUZZ_H
#define LATCHKEY_FUZZ_H

#include "base/mem.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as a text, which ends at its first NUL byte. The caller frees. */
static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
	char *text = mem_zero(size + 1);

	memcpy(text, data, size);
	return text;
}

/* Takes the first line off the input, "" at its end. The caller frees. */
static inline char *
fuzz_line(const uint8_t **data, size_t *size)
{
	const uint8_t *end = memchr(*data, '\n', *size);
	size_t length = end == NULL ? *size : (size_t)(end - *data);
	char *line = fuzz_text(*data, length);

	length += end != NULL;
	*data += length;
	*size -= length;
	return line;
}

#endif
