/* account.h - who may sign in: one record an account, found by its names */
#ifndef LATCHKEY_ACCOUNT_H
#define LATCHKEY_ACCOUNT_H

#include "account/mail.h"
#include "account/names.h"
#include "account/throttle.h"
#include "base/groups.h"
#include "base/name.h"
#include "base/record.h"
#include "base/status.h"
#include "password/password.h"
#include "site/site.h"

enum { ACCOUNT_FULL_NAME = 120 }; /* bytes */

struct account {
	char id[NAME_ID_SIZE];         /* a UUID */
	char username[NAME_SIZE];      /* "" or without an @ */
	char email[NAME_SIZE];         /* "" or with exactly one @ */
	char hash[PASSWORD_HASH_SIZE]; /* as hash-text.h reads it, "" for
					* none */
	char stored_hash[PASSWORD_HASH_SIZE]; /* as account_get() has read it;
					       * "" for a new account */
	char full_name[ACCOUNT_FULL_NAME + 1];
	char language[NAME_LANGUAGE_SIZE]; /* of mails; "": any */
	char groups[GROUPS_SIZE];          /* as groups.h has them */
	bool admin;
	bool verified; /* the address was proved, or needs no proof */
	bool enabled;
	bool must_change; /* its user must set another password first */
	bool unproved;    /* its user registered it and has not proved the
			   * address: it may not sign in */
	int64_t epoch;    /* goes up with every change of password, role or
			   * state; older tokens and codes are dead */
	int64_t created;  /* seconds since 1970 */
};

/* The only account that actian's endpoints act on. */
#define ACCOUNT_ADMIN_NAME "admin"

/* account_name(): the username, else the email. The other: the email first. */
const char *account_name(const struct account *account);
const char *account_address(const struct account *account);

/* Whether it is an enabled administrator. */
bool account_is_admin(const struct account *account);

/* Whether it has that name and is no administrator. Such an account is not
 * made, since actian's endpoints would find no administrator in it. */
bool account_is_admin_in_name_only(const struct account *account);

/* Whether it is such an account from before they were refused. An account whose
 * name only reads like admin keeps its sign-in. */
bool account_is_kept_from_admin(const struct account *account);

/* Brings the account's names into the form in which they are kept: one of the
 * two at least. Returns NULL, or what is wrong with them. */
const char *account_accept_names(struct account *account);
const char *account_accept_username(struct account *account);
const char *account_accept_email(struct account *account);

/* Makes a new hash by the site's settings. STATUS_UNAVAILABLE if no slot is
 * free in time, or crypt(3) fails. */
enum status account_hash(const struct site *site,
	const struct password *password, char hash[PASSWORD_HASH_SIZE]);

/* The members of an account's record. */
extern const struct record_member account_members[];

/* For a restore: raises the epoch in an account's record above all that the
 * account had until now, so that its tokens are dead, those of changes since
 * the backup, too. False if the record has none. */
bool account_end_tokens(struct json_object *record, int64_t now);

/* --- inside a unit of work --------------------------------------------- */

/* STATUS_OK or STATUS_NO_ACCOUNT. */
enum status account_get(
	struct store *store, const char *id, struct account *account);
/* The same for an account as a caller's token has it: STATUS_BAD_TOKEN if it is
 * gone, or has changed since that epoch. A request that was checked before may
 * wait for the store until after a change. */
enum status account_get_at(struct store *store, const char *id, int64_t epoch,
	struct account *account);
enum status account_find(
	struct store *store, const char *name, struct account *account);

/* The same, where time must not tell. For an unknown name it does the same work
 * with another account, which the caller must forget afterwards. */
enum status account_find_alike(
	struct store *store, const char *name, struct account *account);

/* Finds the account that the operator means. A text of the form of an id is
 * never taken for a name, since an old account may have another's id for its
 * own name. */
enum status account_find_whom(
	struct store *store, const char *whom, struct account *account);

/* Replaces the record of an account of which something has changed that others
 * may rely on: raises its epoch, so that all its tokens and codes are dead, and
 * deletes the records of its browsers' sessions but for that one (NULL: all).
 */
enum status account_put_changed(
	struct store *store, struct account *account, const char *session);

/* Replaces the account's record. */
enum status account_put(struct store *store, const struct account *account);

/* Has the names of an account go from the one to the other, whose record is for
 * the caller to put; after names_settle(). STATUS_BAD_NAME, STATUS_NAME_TAKEN.
 */
enum status account_rename(
	struct store *store, const struct account *was, struct account *is);

/* Makes the account's record; STATUS_NAME_TAKEN if there is one of its id. */
enum status account_put_new(struct store *store, const struct account *account);

/* After site_keys(): deletes an account that is no administrator, its names,
 * and the counts of it that never expire. */
enum status account_forget(
	const struct site *site, const struct account *account);

/* Has a mail sent to the account's address, if it has one, in the account's own
 * language, else in `language`. */
enum status account_tell(const struct site *site, const struct account *account,
	enum mail_kind kind, const char *language);

/* What an account says of itself to its owner and to administrators, as the API
 * has it. The caller puts it. */
struct json_object *account_json(const struct account *account);

/* Has event_command get an event of that account, if there is one: of a change
 * from what it was, or of another kind, with one more member (NULL: none), the
 * value of which is then its. Of an account that is not proved yet there are
 * none, and when it is proved it is made. */
enum status account_changed(const struct site *site, const struct account *was,
	const struct account *is);
enum status account_event(const struct site *site, const char *name,
	const struct account *account, const char *more,
	struct json_object *value);

/* --- whole pieces of work ---------------------------------------------- */

/* account_find(), account_find_whom() in a unit of work of their own. */
enum status account_look_up(
	const struct site *site, const char *name, struct account *account);
enum status account_look_up_whom(
	const struct site *site, const char *whom, struct account *account);

/* STATUS_OK if there is no account at all, else STATUS_FORBIDDEN. */
enum status account_none(const struct site *site);

/* What must hold in the very commit that makes an account. */
enum account_condition {
	ACCOUNT_ALWAYS,
	ACCOUNT_IF_FIRST,   /* no account at all, else STATUS_FORBIDDEN */
	ACCOUNT_IF_NO_ADMIN /* no administrator, else STATUS_HAS_ADMIN */
};

/* Which names may not be told to be taken. */
enum account_hiding {
	ACCOUNT_HIDES_NONE,
	ACCOUNT_HIDES_EMAIL,
	ACCOUNT_HIDES_ALL
};

/* Makes the account from its names and flags. The names are then in the form in
 * which they are kept. Fills in id, epoch and created, and the hash from the
 * password; with NULL the hash stays as it is. STATUS_BAD_NAME,
 * STATUS_NAME_TAKEN.
 *
 * An email that is taken and hidden looks as if all had gone well, but for an
 * epoch of 0, and its owner gets a mail. The username that came with it is then
 * taken for as long as it would be otherwise, by an account without an email,
 * which nobody can prove. A username that is taken and hidden is left out. */
enum status account_add(const struct site *site, struct account *account,
	const struct password *password, enum account_condition condition,
	enum account_hiding hiding);

/* Signs in the account with that name, if the password is right and it may.
 * STATUS_NO_ACCOUNT or STATUS_BAD_CREDENTIALS for all others, after the same
 * work, and STATUS_THROTTLED before any. An outdated hash is made anew.
 *
 * Only after the right password: STATUS_CODE_REQUIRED, STATUS_BAD_FACTOR, or
 * STATUS_THROTTLED by the second factor, if the account has one; its code is
 * the attempt's. STATUS_MUST_ENROL, then STATUS_MUST_CHANGE, for an account
 * that must first have a second factor or another password; it is filled in
 * then, too. The attempt's `amr` says what was shown. */
enum status account_sign_in(const struct site *site, const char *name,
	const struct password *password, struct attempt *attempt,
	struct account *account);

/* Goes on with a sign-in that took a code (STATUS_CODE_REQUIRED) and has it
 * now, as the attempt's: the account of that id, whose password was right at
 * that epoch. The outcomes are those of a sign-in with the right password.
 * STATUS_BAD_TOKEN if the account has changed since. */
enum status account_sign_in_by_code(const struct site *site, const char *id,
	int64_t epoch, struct attempt *attempt, struct account *account);

/* Whether it is the password of the account with that id, proved or not. The
 * try counts like a sign-in's. STATUS_NO_ACCOUNT, STATUS_BAD_CREDENTIALS,
 * STATUS_THROTTLED. */
enum status account_check_password(const struct site *site, const char *id,
	const struct password *password, struct attempt *attempt);

/* After a secret of the account was right, before its password becomes this
 * one: STATUS_WEAK_PASSWORD, by POLICY_SAME, if it must have another
 * (`must_change`) and this is the one it has. */
enum status account_check_other(const struct site *site,
	const struct account *account, const struct password *password,
	const struct attempt *attempt);

/* Changes a user's own password. STATUS_WRONG_PASSWORD if `current` is wrong,
 * which is not asked for with NULL, where the user has shown it otherwise;
 * STATUS_WEAK_PASSWORD as account_check_other() has it; STATUS_BAD_TOKEN if the
 * account has changed since `epoch`, which is then the new one;
 * STATUS_THROTTLED. */
enum status account_change_password(const struct site *site, const char *id,
	int64_t *epoch, const char *session, const struct password *current,
	const struct password *password, struct attempt *attempt);

/* Changes the account that the operator means by `whom`, as account_find_whom()
 * has it, in one transaction. `change` edits it, and refuses by any status but
 * STATUS_OK; NULL raises the epoch, as all do, and changes nothing else. A
 * change of a name comes after names_settle().
 * Another email is told to the one before, and gets a code that proves it.
 * STATUS_NO_ACCOUNT, STATUS_BAD_NAME, STATUS_NAME_TAKEN, STATUS_LAST_ADMIN if
 * no enabled administrator would be left. */
typedef enum status account_change(
	struct account *account, const void *context);
enum status account_update(const struct site *site, const char *whom,
	account_change *change, const void *context);

/* The same for a change after which people may stay signed in: the epoch goes
 * up only where a name, the password, the role or the state is another, and
 * then the browser's session of that id goes on (NULL: none). Fills in the
 * account as it is then. */
enum status account_edit(const struct site *site, const char *whom,
	const char *session, account_change *change, const void *context,
	struct account *account);

/* Ready-made changes. The context is a hash, or a bool. */
enum status account_set_hash(struct account *account, const void *hash);
enum status account_set_enabled(struct account *account, const void *enabled);

/* What an account says of its owner; NULL stays as it is. Nothing relies on it,
 * so tokens and codes go on. */
struct account_profile {
	const char *full_name; /* of ACCOUNT_FULL_NAME bytes at most */
	const char *language;  /* as name.h has it, or "" */
};

/* What is wrong with it, in words for its sender; NULL: nothing. */
const char *account_profile_flaw(const struct account_profile *profile);

/* Has the account say that. */
void account_take_profile(
	struct account *account, const struct account_profile *profile);

/* The same in a unit of work of its own, and fills in the account.
 * STATUS_NO_ACCOUNT. */
enum status account_set_profile(const struct site *site, const char *id,
	const struct account_profile *profile, struct account *account);

/* Deletes the account that the operator means, and its names; fills in
 * `account` with what it was. STATUS_NO_ACCOUNT, STATUS_LAST_ADMIN. */
enum status account_delete(
	const struct site *site, const char *whom, struct account *account);

/* Calls `visit` for each account, until it returns false. */
typedef bool account_visit(void *context, const struct account *account);
enum status account_each(
	const struct site *site, account_visit *visit, void *context);

#endif
