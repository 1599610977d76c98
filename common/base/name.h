/* name.h - usernames and emails: what they are, and when two are the same.
 *
 * A username follows RFC 8265: userparts of IdentifierClass with a single blank
 * between them. It is compared by its UsernameCaseMapped, in which fullwidth
 * letters, case and NFD make no difference, and kept as its
 * UsernameCasePreserved. It has no @, which is for emails, and no :, which is
 * for what the programs say of tokens (token:5). It does not have the form of
 * an account's id.
 *
 * An email has exactly one @. The part before it is ASCII, since a mail to any
 * other needs SMTPUTF8, and is compared without regard to case. The domain is
 * compared as the DNS has it, and kept as its owner writes it. */
#ifndef LATCHKEY_NAME_H
#define LATCHKEY_NAME_H

#include <json-c/json.h>
#include <stdbool.h>

enum {
	NAME_BYTES = 254, /* RFC 5321's limit for an address */
	NAME_SIZE = NAME_BYTES + 1,
	NAME_LANGUAGE_SIZE = 4,
	NAME_ID_SIZE = 37 /* of an account's id, a UUID */
};

/* Brings a name for an account into the form in which it is kept. Returns NULL;
 * or what is wrong with it, and the name is unchanged. There are no blanks
 * around it. */
const char *name_accept_username(char name[NAME_SIZE]);
const char *name_accept_email(char name[NAME_SIZE]);

/* Whether it would be accepted as an email. */
bool name_is_email(const char *name);
bool name_is_username(const char *name);

/* Whether the text is an email but for the part before its @, which is not
 * ASCII. */
bool name_needs_smtputf8(const char *name);

/* The key of a name as it was typed: blanks around it do not count. False if no
 * account can have it. */
bool name_key(const char *typed, char key[NAME_SIZE]);

/* The key that the name had before there were rules; "" if it had none. */
void name_old_key(const char *typed, char key[NAME_SIZE]);

/* Whether both lead to the same account, or are no names at all. */
bool name_same(const char *one, const char *other);

/* What the tries at an unknown name are counted by: all its spellings are one.
 * False if no account can have it. */
bool name_counted(const char *typed, char counted[NAME_SIZE]);

/* --- addresses, languages, ids ----------------------------------------- */

/* Whether the text has the form of an address that a mail's header can have:
 * one @, and nothing that could end the address or make it two. */
bool name_is_address(const char *text);

/* Whether it is a language in the first part of RFC 5646: two or three
 * lower-case letters. It names a directory of templates, too. */
bool name_is_language(const char *language);

/* Puts an account's id into a record that any name can have. "" for a name
 * without an account: the record is as long then. */
void name_put_id(struct json_object *record, const char *id);
void name_get_id(const struct json_object *record, char id[NAME_ID_SIZE]);

#endif
