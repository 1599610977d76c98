/* utf8.c - whether a text is UTF-8, or ASCII */
#include "config.h"

#include "base/utf8.h"

#include <stdint.h>
#include <string.h>
#include <unistr.h>

/* How many bytes, by eight, come before the eight with the first that is not
 * ASCII. Nearly all are ASCII, and libunistring looks at each byte, which is a
 * thirtieth of an import. */
static size_t
skip_ascii(const char *text, size_t length)
{
	uint64_t eight;
	size_t at;

	for (at = 0; length - at >= sizeof eight; at += sizeof eight) {
		memcpy(&eight, text + at, sizeof eight);
		if ((eight & 0x8080808080808080) != 0)
			break;
	}
	return at;
}

bool
utf8_valid(const char *text, size_t length)
{
	size_t at = skip_ascii(text, length);

	return u8_check((const uint8_t *)text + at, length - at) == NULL;
}

bool
utf8_printable(const char *text, size_t length)
{
	size_t at;

	for (at = 0; at < length; at++)
		if ((unsigned char)text[at] < 0x20 || text[at] == 0x7f)
			return false;
	return utf8_valid(text, length);
}

bool
utf8_is_ascii(const char *text, size_t length)
{
	size_t at;

	for (at = skip_ascii(text, length); at < length; at++)
		if ((text[at] & 0x80) != 0)
			return false;
	return true;
}

void
utf8_lower_ascii(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
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
