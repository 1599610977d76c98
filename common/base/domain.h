/* domain.h - the domain of an address, as the DNS has it and as people write it
 * (RFC 5890, by UTS 46 without its transition) */
#ifndef LATCHKEY_DOMAIN_H
#define LATCHKEY_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

enum { DOMAIN_SIZE = 254 /* of its text in the DNS, the end included */ };

/* The domain in A-labels and lower case. False if it is no domain: a label has
 * letters, digits and hyphens, or IDNA makes such a label of it. */
bool domain_to_ascii(const char *domain, char out[DOMAIN_SIZE]);

/* The domain as its owner writes it, U-labels in lower case, in `size` bytes;
 * unchanged if it is ASCII. False if it is no domain, or does not fit. */
bool domain_to_unicode(const char *domain, char *out, size_t size);

#endif
