/* names.h - whose a username or an email is.
 *
 * Names from before the rules of name.h stay as they are, each under its old
 * key: the name with its ASCII letters in lower case. Its owner goes on by
 * typing it as it was. */
#ifndef LATCHKEY_NAMES_H
#define LATCHKEY_NAMES_H

#include "base/name.h"
#include "base/status.h"
#include "site/site.h"
#include "store/store.h"

/* Inside a unit of work, as what follows: whose it is, or STATUS_NO_ACCOUNT;
 * the old name's owner comes first. */
enum status names_find(
	struct store *store, const char *name, char id[NAME_ID_SIZE]);

/* Makes a name_key() the account's, or STATUS_NAME_TAKEN: it is another's, or
 * an old name would have it today. After names_settle(). names_add() is for a
 * store without old names. */
enum status names_add(struct store *store, const char *key, const char *id);
enum status names_add_beside_old(
	struct store *store, const char *key, const char *id);

/* The same where time must not tell whether there is such a name:
 * STATUS_OK, with `found` whether the id is that name's, or that of somebody
 * whose name comes after it; the work is the same. STATUS_NO_ACCOUNT where
 * there is nobody at all. */
enum status names_find_near(struct store *store, const char *name,
	char id[NAME_ID_SIZE], bool *found);

/* Makes it the account's, as names_add_beside_old() does; makes the account's
 * nobody's. "" is nobody's name and stays so. */
enum status names_claim(struct store *store, const char *name, const char *id);
enum status names_free(struct store *store, const char *name, const char *id);

/* For whose sake names_claim() says STATUS_NAME_TAKEN: the owner of the name,
 * or of an old one that would be it today. */
enum status names_find_holder(
	struct store *store, const char *name, char id[NAME_ID_SIZE]);

/* --- which old names there are ----------------------------------------- */

/* Outside a unit of work, before one that makes a name: sees to it that nobody
 * gets what would be an old name's key today. The first time in a store, and
 * with `again`, it looks at all names; else at one record. */
enum status names_settle(struct store *store, bool again);

/* Whether that key of STORE_NAME is an old name's, and which key it would have
 * today; "" for none. */
bool names_is_old(const char *key, char today[NAME_SIZE]);

/* Inside a unit of work, after names_settle(): whether there are any that would
 * have another key. */
enum status names_any_old(struct store *store, bool *any);

/* Inside a unit of work: how many old names there are that would have this key
 * today. */
enum status names_count_old(
	struct store *store, const char *today, size_t *count);

/* --- what is to become of them ----------------------------------------- */

enum name_fate {
	NAME_FREE,    /* it can have today's key */
	NAME_INVALID, /* it has none: no account can be called that today */
	NAME_TAKEN,   /* that is another's, who has `other` for an id */
	NAME_SHARED,  /* other old names would have the same */
	NAME_RESERVED /* that is the administrator's */
};

struct old_name {
	char key[NAME_SIZE];
	char today[NAME_SIZE]; /* the key that it would have, or "" */
	char id[NAME_ID_SIZE];
	char other[NAME_ID_SIZE];
	enum name_fate fate;
};

/* In words, to follow the key. */
const char *names_fate_text(enum name_fate fate);

/* Inside a unit of work: fills in the rest for the old name under `key`.
 * STATUS_NO_ACCOUNT if it is not there, or no old name. */
enum status names_judge(
	struct store *store, const char *key, struct old_name *name);

/* Calls `visit` for each old name, inside no unit of work, until it returns
 * false. */
typedef bool old_name_visit(void *context, const struct old_name *name);
enum status names_each_old(
	const struct site *site, old_name_visit *visit, void *context);

/* Has the old name under `key` stand under today's from now on, in one
 * transaction. STATUS_NAME_TAKEN, and nothing is changed, unless its fate is
 * NAME_FREE by now. The account stays as it is. */
enum status names_mend(const struct site *site, const char *key);

#endif
