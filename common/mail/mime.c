/* mime.c - any text in the seven bits and short lines of a mail */
#include "config.h"

#include "mail/mime.h"

#include "base/mem.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	LINE_MAX_BYTES = 76, /* RFC 2045, 6.7 */
	WORD_BYTES = 39      /* of an encoded word: its line has 76, too */
};

/* Whether it can stand in a header as it is. */
static bool
is_plain(const char *text)
{
	const char *at;

	for (at = text; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
			return false;
	return strstr(text, "=?") == NULL;
}

/* Up to WORD_BYTES, without cutting a character of UTF-8 in two. */
static size_t
word_length(const char *text)
{
	size_t length = strlen(text);

	if (length <= WORD_BYTES)
		return length;
	for (length = WORD_BYTES; length > 1; length--)
		if (((unsigned char)text[length] & 0xc0) != 0x80)
			break;
	return length;
}

/* A text as encoded words (RFC 2047): nothing in it can end the line. */
static char *
encode_words(const char *text)
{
	char word[2 * WORD_BYTES], *out;
	size_t length;

	for (out = mem_copy(""); *text != '\0'; text += length) {
		length = word_length(text);
		sodium_bin2base64(word, sizeof word,
			(const unsigned char *)text, length,
			sodium_base64_VARIANT_ORIGINAL);
		out = mem_append(out,
			"%s=?utf-8?B?%s?=", out[0] == '\0' ? "" : "\n ", word);
	}
	return out;
}

char *
mime_header(const char *text)
{
	return is_plain(text) ? mem_copy(text) : encode_words(text);
}

char *
mime_phrase(const char *name)
{
	return is_plain(name) && strpbrk(name, "\"\\") == NULL
		       ? mem_printf("\"%s\"", name)
		       : encode_words(name);
}

char *
mime_body(const char *text)
{
	char *out = mem_zero(4 * strlen(text) + 16);
	size_t used = 0, column = 0;

	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		bool last = text[1] == '\n' || text[1] == '\0';
		bool plain = (byte > 0x20 && byte < 0x7f && byte != '=') ||
			     (byte == ' ' && !last);

		if (byte == '\n') {
			out[used++] = '\n';
			column = 0;
			continue;
		}
		if (column + (plain ? 1U : 3U) > LINE_MAX_BYTES - 1) {
			memcpy(out + used, "=\n", 2);
			used += 2;
			column = 0;
		}
		if (plain)
			out[used] = (char)byte;
		else
			snprintf(out + used, 4, "=%02X", byte);
		used += plain ? 1 : 3;
		column += plain ? 1 : 3;
	}
	out[used] = '\0';
	return out;
}
