/* code-text.c - a code as it is drawn, and as people type it */
#include "config.h"

#include "account/code-text.h"

#include <sodium.h>
#include <string.h>

enum {
	SYMBOLS = 12, /* of 5 bits */
	GROUP = 4
};

/* Crockford's base 32: no I, L, O and U. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void
code_text_symbols(char code[CODE_SIZE])
{
	int i;

	for (i = 0; i < SYMBOLS; i++) {
		if (i > 0 && i % GROUP == 0)
			*code++ = '-';
		*code++ = alphabet[randombytes_uniform(sizeof alphabet - 1)];
	}
	*code = '\0';
}

void
code_text_digits(unsigned digits, char code[CODE_SIZE])
{
	unsigned i;

	for (i = 0; i < digits; i++)
		code[i] = (char)('0' + randombytes_uniform(10));
	code[digits] = '\0';
}

/* One symbol as people write it, or '\0'. */
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
code_text_read(const char *typed, char code[CODE_SIZE])
{
	size_t length = 0;

	for (; *typed != '\0'; typed++) {
		if (strchr(" -\t", *typed) != NULL)
			continue;
		if (length == SYMBOLS)
			return false;
		code[length] = read_symbol(*typed);
		if (code[length++] == '\0')
			return false;
	}
	code[length] = '\0';
	return length > 0;
}

bool
code_text_is_symbols(const char *typed)
{
	char code[CODE_SIZE];
	bool whole = code_text_read(typed, code) && strlen(code) == SYMBOLS;

	sodium_memzero(code, sizeof code);
	return whole;
}
