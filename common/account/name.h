/* name.h - usernames and emails, and the accounts they lead to.
 *
 * A username is one of RFC 8265: userparts of IdentifierClass with a single
 * blank between them. It is compared by its UsernameCaseMapped, in which
 * fullwidth letters, case and NFD make no difference, and kept as its
 * UsernameCasePreserved. It has no @, which is for emails, no :, which is for
 * what the programs say of themselves (token:5), and is not shaped like an
 * account's id.
 *
 * An email has exactly one @. What is before it is ASCII, since a mail to
 * anything else needs SMTPUTF8, and compared without regard to case; the domain
 * is compared as the DNS has it, and kept as its owner writes it.
 *
 * Names from before these rules stay as they are, each under its old key: the
 * name with its ASCII letters in lower case. Whoever types such a name as it
 * was is meant by it. */
#ifndef LATCHKEY_NAME_H
#define LATCHKEY_NAME_H

#include "base/status.h"
#include "store/store.h"

#include <json-c/json.h>
#include <stdbool.h>

enum {
	NAME_BYTES = 254, /* RFC 5321's limit for an address */
	NAME_SIZE = NAME_BYTES + 1,
	NAME_LANGUAGE_SIZE = 4,
	NAME_ID_SIZE = 37 /* of an account's id, a UUID */
};

/* --- what a name is (name-key.c) --------------------------------------- */

/* Makes the text the name of a new account, or of an old one from now on: it
 * is then as it is kept. NULL, or what is wrong with it, and it is as it was.
 * There are no blanks around it. */
const char *name_accept_username(char name[NAME_SIZE]);
const char *name_accept_email(char name[NAME_SIZE]);

/* Whether it would be accepted. */
bool name_is_email(const char *name);
bool name_is_username(const char *name);

/* Whether the text is an email but for what is before its @, which is not
 * ASCII. */
bool name_needs_smtputf8(const char *name);

/* The key of a name, however somebody has typed it: blanks around it do not
 * count. False if no account can have it. */
bool name_key(const char *typed, char key[NAME_SIZE]);

/* The key that it had before there were rules: "" where it had none. */
void name_old_key(const char *typed, char key[NAME_SIZE]);

/* Whether both lead to the same account, or are no names at all. */
bool name_same(const char *one, const char *other);

/* What the tries at a name that nobody has are counted by: all spellings of it
 * are one. False if nobody can have it. */
bool name_counted(const char *typed, char counted[NAME_SIZE]);

/* --- what else is said of names and accounts (name.c) ------------------ */

/* Whether the text has the form of an address that a mail's header can have:
 * one @, and nothing that could end it or make it two. */
bool name_is_address(const char *text);

/* A language as RFC 5646 has its first part: two or three lower-case letters.
 * It names a directory of templates, too. */
bool name_is_language(const char *language);

/* An account's id in a record of whoever was named, or "" where that is nobody:
 * the record is as long then. */
void name_put_id(struct json_object *record, const char *id);
void name_get_id(const struct json_object *record, char id[NAME_ID_SIZE]);

/* --- in the store (name-record.c), inside a unit of work --------------- */

/* Whose it is, or STATUS_NO_ACCOUNT: the old name's owner comes first. */
enum status name_find(
	struct store *store, const char *name, char id[NAME_ID_SIZE]);

/* Makes a name_key() the account's, or STATUS_NAME_TAKEN: it is another's, or
 * an old name would have it today. After name_settle(). name_add() is for a
 * store without old names. */
enum status name_add(struct store *store, const char *key, const char *id);
enum status name_add_beside_old(
	struct store *store, const char *key, const char *id);

/* The same where time must not tell whether there is such a name:
 * STATUS_OK, with `found` whether the id is that name's, or that of somebody
 * whose name comes after it; the work is the same. STATUS_NO_ACCOUNT where
 * there is nobody at all. */
enum status name_find_near(struct store *store, const char *name,
	char id[NAME_ID_SIZE], bool *found);

/* Makes it the account's, as name_add_beside_old() does; makes the account's
 * nobody's. "" is nobody's name and stays so. */
enum status name_claim(struct store *store, const char *name, const char *id);
enum status name_free(struct store *store, const char *name, const char *id);

/* --- names from before the rules (name-old.c) -------------------------- */

/* Outside a unit of work, before one that makes a name: sees to it that nobody
 * gets what would be an old name's key today. The first time in a store, and
 * with `again`, it looks at all names; else at one record. */
enum status name_settle(struct store *store, bool again);

/* Whether that key of STORE_NAME is an old name's, and which key it would have
 * today; "" for none. */
bool name_is_old(const char *key, char today[NAME_SIZE]);

/* Inside a unit of work, after name_settle(): whether there are any that would
 * have another key. */
enum status name_any_old(struct store *store, bool *any);

/* Inside a unit of work: how many old names there are that would have this key
 * today. */
enum status name_count_old(
	struct store *store, const char *today, size_t *count);

#endif
