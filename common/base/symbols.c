/* symbols.c - codes that people read and type */
#include "config.h"

#include "base/symbols.h"

#include <sodium.h>
#include <string.h>

enum { GROUP = 4 };

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void
symbols_draw(int count, char *code)
{
	int i;

	for (i = 0; i < count; i++) {
		if (i > 0 && i % GROUP == 0 && count - i >= GROUP)
			*code++ = '-';
		*code++ = alphabet[randombytes_uniform(sizeof alphabet - 1)];
	}
	*code = '\0';
}

/* Reads one symbol as people write it; '\0' if it is none. */
static char
read_symbol(char byte)
{
	if (byte >= 'a' && byte <= 'z')
		byte = (char)(byte - 'a' + 'A');
	if (byte == 'O')
		return '0';
	if (byte == 'I' || byte == 'L')
		return '1';
	return byte != '\0' && strchr(alphabet, byte) != NULL ? byte : '\0';
}

bool
symbols_read(const char *typed, int most, char *code)
{
	int length = 0;

	for (; *typed != '\0'; typed++) {
		if (strchr(" -\t", *typed) != NULL)
			continue;
		if (length == most)
			return false;
		code[length] = read_symbol(*typed);
		if (code[length++] == '\0')
			return false;
	}
	code[length] = '\0';
	return length > 0;
}
