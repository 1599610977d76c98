/* uuid.c - what counts as drawn at random has a UUID's form */
#include "config.h"

#include "base/uuid.h"

#include "fuzz.h"

#include <stdio.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	unsigned long long parts[5];
	int used = 0;

	if (uuid_is_random(text)) {
		assert(sscanf(text, "%8llx-%4llx-%4llx-%4llx-%12llx%n",
			       &parts[0], &parts[1], &parts[2], &parts[3],
			       &parts[4], &used) == 5);
		assert(used == UUID_SIZE - 1 && text[used] == '\0');
		assert((parts[0] | parts[1] | parts[2] | parts[3] | parts[4]) !=
			0);
	}
	mem_free(text);
	return 0;
}
