/* account.h - who may sign in: one record an account, found by its names */
#ifndef LATCHKEY_ACCOUNT_H
#define LATCHKEY_ACCOUNT_H

#include "account/mail.h"
#include "account/names.h"
#include "account/throttle.h"
#include "base/name.h"
#include "base/status.h"
#include "password/password.h"
#include "site/site.h"

enum { ACCOUNT_FULL_NAME = 120 }; /* bytes */

struct account {
	char id[NAME_ID_SIZE];         /* a UUID */
	char username[NAME_SIZE];      /* "" or without an @ */
	char email[NAME_SIZE];         /* "" or with exactly one @ */
	char hash[PASSWORD_HASH_SIZE]; /* hash-text.h's, "" for none */
	char full_name[ACCOUNT_FULL_NAME + 1];
	char language[NAME_LANGUAGE_SIZE]; /* of mails; "": any */
	bool admin;
	bool verified; /* the address was proved, or needs no proof */
	bool enabled;
	bool unproved;   /* he registered himself and has not proved his
			  * address: he may not sign in */
	int64_t epoch;   /* goes up with every change of password, role or
			  * state; older tokens and codes are dead */
	int64_t created; /* seconds since 1970 */
};

/* The one account that actian's endpoints act on. */
#define ACCOUNT_ADMIN_NAME "admin"

/* The username, else the email; and the other way round. */
const char *account_name(const struct account *account);
const char *account_address(const struct account *account);

/* An administrator who is enabled. */
bool account_is_admin(const struct account *account);

/* Whether it has that name and is no administrator: nobody makes such a one,
 * for actian's endpoints would find none. */
bool account_is_admin_in_name_only(const struct account *account);

/* Whether it is such a one all the same, from before nobody made them. One
 * that only reads like admin keeps its sign-in. */
bool account_is_kept_from_admin(const struct account *account);

/* Makes the account's names as they are kept: one of the two at least, or one
 * alone. NULL, or what is wrong with them. */
const char *account_accept_names(struct account *account);
const char *account_accept_username(struct account *account);
const char *account_accept_email(struct account *account);

/* A new hash by the site's settings. STATUS_UNAVAILABLE if it is not its turn
 * in time, or crypt(3) fails. */
enum status account_hash(const struct site *site,
	const struct password *password, char hash[PASSWORD_HASH_SIZE]);

/* An account out of its record; false if it is none. */
bool account_read(const struct json_object *record, struct account *account);

/* --- inside a unit of work --------------------------------------------- */

/* STATUS_OK or STATUS_NO_ACCOUNT. */
enum status account_get(
	struct store *store, const char *id, struct account *account);
enum status account_find(
	struct store *store, const char *name, struct account *account);

/* The same, where time must not tell: for a name that nobody has it does the
 * same with another account, which is good for nothing but more of the same
 * work and must be forgotten then. */
enum status account_find_alike(
	struct store *store, const char *name, struct account *account);

/* Whom the operator means. What is written as an account's id is never taken
 * for a name: an old account may have another's id for its own name. */
enum status account_find_whom(
	struct store *store, const char *whom, struct account *account);

/* Replaces the account's record. */
enum status account_put(struct store *store, const struct account *account);

/* Makes the account's record; STATUS_NAME_TAKEN if there is one of its id. */
enum status account_put_new(struct store *store, const struct account *account);

/* After site_keys(): deletes an account that is no administrator, its names,
 * and what is kept of it without an end. */
enum status account_forget(
	const struct site *site, const struct account *account);

/* Has a mail sent to the account's address, if it has one, in the account's own
 * language, else in that one. */
enum status account_tell(const struct site *site, const struct account *account,
	enum mail_kind kind, const char *language);

/* --- whole pieces of work ---------------------------------------------- */

/* account_find(), account_find_whom() in a unit of work of their own. */
enum status account_look_up(
	const struct site *site, const char *name, struct account *account);
enum status account_look_up_whom(
	const struct site *site, const char *whom, struct account *account);

/* What must be so, in the very commit that makes an account. */
enum account_condition {
	ACCOUNT_ALWAYS,
	ACCOUNT_IF_FIRST,   /* no account at all, else STATUS_FORBIDDEN */
	ACCOUNT_IF_NO_ADMIN /* no administrator, else STATUS_HAS_ADMIN */
};

/* Makes the account out of its names, which are then as they are kept, and
 * flags; fills in id, epoch, created and, from the password, the hash; with
 * NULL that is what it is. STATUS_BAD_NAME, STATUS_NAME_TAKEN. With
 * `hide_taken` an email that is taken looks as if all had gone well, but for an
 * epoch of 0, and its owner gets a mail; the username that came with it is
 * taken then, for as long as it would be: by an account without an email, which
 * nobody can prove. */
enum status account_add(const struct site *site, struct account *account,
	const struct password *password, enum account_condition condition,
	bool hide_taken);

/* Whoever has that name and password and may sign in; STATUS_NO_ACCOUNT or
 * STATUS_BAD_CREDENTIALS for everyone else, after the same work, and
 * STATUS_THROTTLED before any. A hash that is outdated is made anew. */
enum status account_sign_in(const struct site *site, const char *name,
	const struct password *password, struct attempt *attempt,
	struct account *account);

/* Whether it is the password of the account with that id, proved or not: a try
 * like a sign-in's. STATUS_NO_ACCOUNT, STATUS_BAD_CREDENTIALS,
 * STATUS_THROTTLED. */
enum status account_check_password(const struct site *site, const char *id,
	const struct password *password, struct attempt *attempt);

/* Changes one's own password. STATUS_WRONG_PASSWORD when `current` is not
 * it; STATUS_BAD_TOKEN when the account is not what it was at `epoch`;
 * STATUS_THROTTLED. */
enum status account_change_password(const struct site *site, const char *id,
	int64_t epoch, const struct password *current,
	const struct password *password, struct attempt *attempt);

/* Changes the account that the operator means by `whom`, as
 * account_find_whom() has it, in one transaction: `change` edits it and may
 * refuse by any status but STATUS_OK; one that changes a name comes after
 * names_settle(). Raises the epoch. STATUS_NO_ACCOUNT, STATUS_BAD_NAME,
 * STATUS_NAME_TAKEN, STATUS_LAST_ADMIN when no enabled administrator would be
 * left. */
typedef enum status account_change(
	struct account *account, const void *context);
enum status account_update(const struct site *site, const char *whom,
	account_change *change, const void *context);

/* Ready-made changes: the context is a hash, or a bool. */
enum status account_set_hash(struct account *account, const void *hash);
enum status account_set_enabled(struct account *account, const void *enabled);

/* Deletes account and names of whom the operator means; `account` is what it
 * was. STATUS_NO_ACCOUNT, STATUS_LAST_ADMIN. */
enum status account_delete(
	const struct site *site, const char *whom, struct account *account);

/* Calls `visit` for each account, until it returns false. */
typedef bool account_visit(void *context, const struct account *account);
enum status account_each(
	const struct site *site, account_visit *visit, void *context);

#endif
