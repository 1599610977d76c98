/* name.h - usernames and emails, and the accounts they lead to.
 *
 * Names are compared without regard to ASCII case and trimmed of nothing. */
#ifndef LATCHKEY_NAME_H
#define LATCHKEY_NAME_H

#include "status.h"
#include "store.h"

#include <json-c/json.h>
#include <stdbool.h>

enum {
	NAME_BYTES = 254, /* RFC 5321's limit for an address */
	NAME_SIZE = NAME_BYTES + 1,
	NAME_LANGUAGE_SIZE = 4,
	NAME_ID_SIZE = 37 /* of an account's id, a UUID */
};

/* Whether it can be one: an email has exactly one @, a username none; no
 * blanks around it, no control characters, valid UTF-8, not too long. */
bool name_is_email(const char *name);
bool name_is_username(const char *name);

/* A language as RFC 5646 has its first part: two or three lower-case letters.
 * It names a directory of templates, too. */
bool name_is_language(const char *language);

/* A name as it is compared and kept: ASCII lower case. False if none can be
 * that. */
bool name_key(const char *name, char key[NAME_SIZE]);

/* Inside a unit of work: whose it is, or STATUS_NO_ACCOUNT. */
enum status name_find(
	struct store *store, const char *name, char id[NAME_ID_SIZE]);

/* Inside a unit of work: makes a name_key() the account's, or
 * STATUS_NAME_TAKEN. */
enum status name_add(struct store *store, const char *key, const char *id);

/* Inside a unit of work, where time must not tell whether there is such a name:
 * STATUS_OK, with `found` whether the id is that name's, or that of somebody
 * whose name comes after it; the work is the same. STATUS_NO_ACCOUNT where
 * there is nobody at all. */
enum status name_find_near(struct store *store, const char *name,
	char id[NAME_ID_SIZE], bool *found);

/* An account's id in a record of whoever was named, or "" where that is nobody:
 * the record is as long then. */
void name_put_id(struct json_object *record, const char *id);
void name_get_id(const struct json_object *record, char id[NAME_ID_SIZE]);

/* Inside a unit of work: makes it the account's, or STATUS_NAME_TAKEN; makes
 * it nobody's. "" is nobody's name and stays so. */
enum status name_claim(struct store *store, const char *name, const char *id);
enum status name_free(struct store *store, const char *name);

#endif
