/* hash-form.h - a hash as another system writes it, in the form that is kept */
#ifndef LATCHKEY_HASH_FORM_H
#define LATCHKEY_HASH_FORM_H

#include "password/hash-text.h"

enum { HASH_FORM_LONGEST = 4096 };

/* Writes the hash as hash-text.h has it: without the prefix of a password
 * scheme ({CRYPT}, Django's), and from the forms that have the same parts in
 * another order (Keycloak's JSON of a credential, ASP.NET Identity's base64,
 * LDAP's {PBKDF2}, Django's scrypt). All else is copied as it is; it may be no
 * hash at all. Returns NULL, or what is wrong, in words for the operator. */
const char *hash_form(const char *text, char hash[HASH_TEXT_SIZE]);

#endif
