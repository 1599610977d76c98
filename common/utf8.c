/* utf8.c - whether a text is UTF-8 */
#include "config.h"

#include "utf8.h"

#include <stdint.h>
#include <string.h>
#include <unistr.h>

/* What is ASCII, as nearly all is, goes by eight at a time: libunistring looks
 * at each byte, which is a thirtieth of an import. */
bool
utf8_valid(const char *text, size_t length)
{
	uint64_t eight;

	for (; length >= sizeof eight; length -= sizeof eight) {
		memcpy(&eight, text, sizeof eight);
		if ((eight & 0x8080808080808080) != 0)
			break;
		text += sizeof eight;
	}
	return u8_check((const uint8_t *)text, length) == NULL;
}

void
utf8_mend(char *text)
{
	size_t left = strlen(text);
	const uint8_t *bad;

	while ((bad = u8_check((const uint8_t *)text, left)) != NULL) {
		left -= (size_t)(bad - (const uint8_t *)text) + 1;
		text = (char *)(uintptr_t)bad;
		*text++ = '?';
	}
}
