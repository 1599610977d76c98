/* names.h - which account a username or an email belongs to.
 *
 * Names from before the rules of name.h stay as they are, each under its old
 * key: the name with its ASCII letters in lower case. The owner goes on using
 * it by typing it as it was. */
#ifndef LATCHKEY_NAMES_H
#define LATCHKEY_NAMES_H

#include "base/name.h"
#include "base/status.h"
#include "site/site.h"
#include "store/store.h"

/* Inside a unit of work, as what follows: gets the id of the name's account, or
 * STATUS_NO_ACCOUNT. An old name's owner comes first. */
enum status names_find(
	struct store *store, const char *name, char id[NAME_ID_SIZE]);

/* Whether names_find() gets that id; for a caller that asks nothing more of the
 * account. names_want() says that it will be asked: store_want(). */
void names_want(struct store *store, const char *name);
bool names_lead_to(struct store *store, const char *name, const char *id);

/* Gives a name_key() to the account. STATUS_NAME_TAKEN: it is another's, or an
 * old name would have it today. After names_settle(). names_add() is for a
 * store without old names. */
enum status names_add(struct store *store, const char *key, const char *id);
enum status names_add_beside_old(
	struct store *store, const char *key, const char *id);

/* The same where time must not tell whether there is such a name. STATUS_OK
 * sets `found` if the id is that name's; otherwise the id is of an account
 * whose name comes after it, and the work is the same. STATUS_NO_ACCOUNT if
 * there are no accounts. */
enum status names_find_near(struct store *store, const char *name,
	char id[NAME_ID_SIZE], bool *found);

/* Gives `name` to the account, as names_add_beside_old() does, and frees the
 * account's name before. "" is no name. */
enum status names_claim(struct store *store, const char *name, const char *id);
enum status names_free(struct store *store, const char *name, const char *id);

/* The account for which names_claim() says STATUS_NAME_TAKEN: the owner of the
 * name, or of an old one that would be it today. */
enum status names_find_holder(
	struct store *store, const char *name, char id[NAME_ID_SIZE]);

/* --- which old names there are ----------------------------------------- */

/* Outside a unit of work, before one that makes a name: ensures that no new
 * name gets the key that an old name would have today. The first time in a
 * store, and with `again`, it looks at all names; otherwise at one record. */
enum status names_settle(struct store *store, bool again);

/* Whether that key of STORE_NAME is an old name's. Sets `today` to the key that
 * it would have today; "" for none. */
bool names_is_old(const char *key, char today[NAME_SIZE]);

/* Inside a unit of work, after names_settle(): whether any names would have
 * another key today. */
enum status names_any_old(struct store *store, bool *any);

/* Inside a unit of work: how many old names there are that would have this key
 * today. */
enum status names_count_old(
	struct store *store, const char *today, size_t *count);

/* --- what is to become of them ----------------------------------------- */

enum name_fate {
	NAME_FREE,    /* it can have today's key */
	NAME_INVALID, /* it has no key today: no account can be called that */
	NAME_TAKEN,   /* today's key belongs to `other`, another account's id */
	NAME_SHARED,  /* other old names would have the same key */
	NAME_RESERVED /* today's key is the administrator's */
};

struct old_name {
	char key[NAME_SIZE];
	char today[NAME_SIZE]; /* the key that it would have, or "" */
	char id[NAME_ID_SIZE];
	char other[NAME_ID_SIZE];
	enum name_fate fate;
};

/* The fate in words that follow the key. */
const char *names_fate_text(enum name_fate fate);

/* Inside a unit of work: fills in the rest for the old name under `key`.
 * STATUS_NO_ACCOUNT if it is not there, or is no old name. */
enum status names_judge(
	struct store *store, const char *key, struct old_name *name);

/* Calls `visit` for each old name until it returns false. Outside a unit of
 * work. */
typedef bool old_name_visit(void *context, const struct old_name *name);
enum status names_each_old(
	const struct site *site, old_name_visit *visit, void *context);

/* Moves the old name under `key` to today's key, in one transaction.
 * STATUS_NAME_TAKEN, and nothing is changed, if its fate is not NAME_FREE by
 * now. The account stays as it is. */
enum status names_mend(const struct site *site, const char *key);

#endif
