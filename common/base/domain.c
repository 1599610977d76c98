/* domain.c - the domain of an address, as the DNS has it and as people write
 * it */
#include "config.h"

#include "base/domain.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <idn2.h>
#include <string.h>

enum { LABEL_BYTES = 63 /* RFC 1035, 2.3.4 */ };

/* Whether the text consists of RFC 5321's sub-domains. */
static bool
is_domain(const char *domain)
{
	static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t length;

	for (;; domain += length + 1) {
		length = strspn(domain, signs);
		if (length == 0 || length > LABEL_BYTES || domain[0] == '-' ||
			domain[length - 1] == '-')
			return false;
		if (domain[length] != '.')
			return domain[length] == '\0';
	}
}

/* Takes over what libidn2 has made; NULL if it has made nothing. Out of memory
 * ends the process. */
static char *
take(int result, char *made)
{
	if (result == IDN2_MALLOC)
		mem_check(NULL);
	return result == IDN2_OK ? made : NULL;
}

static bool
copy(const char *text, char *out, size_t size)
{
	if (text == NULL || strlen(text) >= size)
		return false;
	strcpy(out, text);
	return true;
}

bool
domain_to_ascii(const char *domain, char out[DOMAIN_SIZE])
{
	const char *ascii = domain;
	char *made = NULL;
	bool good;
	int result;

	if (!utf8_is_ascii(domain, strlen(domain))) {
		/* IDN2_USE_STD3_ASCII_RULES would drop the characters that no
		 * label may have, and make ab.example of a_b.example. */
		result = idn2_to_ascii_8z(
			domain, &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
		ascii = take(result, made);
	}
	good = ascii != NULL && is_domain(ascii) &&
	       copy(ascii, out, DOMAIN_SIZE);
	if (good)
		utf8_lower_ascii(out);
	idn2_free(made);
	return good;
}

bool
domain_to_unicode(const char *domain, char *out, size_t size)
{
	char ascii[DOMAIN_SIZE], *made = NULL;
	bool good;
	int result;

	if (!domain_to_ascii(domain, ascii))
		return false;
	if (utf8_is_ascii(domain, strlen(domain)))
		return copy(domain, out, size);
	result = idn2_to_unicode_8z8z(ascii, &made, 0);
	made = take(result, made);
	good = copy(made, out, size);
	idn2_free(made);
	return good;
}
