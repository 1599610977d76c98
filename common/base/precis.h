/* precis.h - identifiers that people type in any script: the string class
 * IdentifierClass of RFC 8264, with the rules of RFC 8265, 3.3 and 3.4 */
#ifndef LATCHKEY_PRECIS_H
#define LATCHKEY_PRECIS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	PRECIS_SIZE = 255 /* of a text that goes in or out, its end included */
};

/* Names are compared as UsernameCaseMapped, and kept and shown as
 * UsernameCasePreserved. */
enum precis_case { PRECIS_MAPPED, PRECIS_PRESERVED };

/* Replaces fullwidth and halfwidth forms in UTF-8 by the usual characters.
 * `out` takes the same number of bytes, since none gets longer. False if the
 * text does not fit. */
bool precis_widths(const char *text, size_t length, char out[PRECIS_SIZE]);

/* A userpart of RFC 8265 by that profile: width, case and NFC are mapped, then
 * each code point is checked, the rules of its context (RFC 5892, A), and the
 * bidi rule (RFC 5893, 2). False if the text, which is UTF-8, is no userpart,
 * or does not fit. Out of memory ends the process. */
bool precis_userpart(const char *text, size_t length, enum precis_case how,
	char out[PRECIS_SIZE]);

#endif
