/* account-import.h - accounts from lines of JSON, many in one commit.
 *
 * Only `latchkey import` uses it. It is in the library because its commit is
 * made of what the other modules do for one account, and because tests and
 * t/fuzz/line.c call it without the command. */
#ifndef LATCHKEY_ACCOUNT_IMPORT_H
#define LATCHKEY_ACCOUNT_IMPORT_H

#include "account/account.h"
#include "base/totp.h"

enum { IMPORT_MOST = 1000 }; /* accounts in one commit */

/* What has become of an account. */
enum import_outcome {
	IMPORT_MADE,
	IMPORT_THERE,   /* an account of those very names (and id) was there */
	IMPORT_CHANGED, /* the same, but it differs from the line by now */
	IMPORT_TAKEN,   /* a name, or the id, is another account's */
	IMPORT_OUTCOMES
};

/* How far an import has come that is fresh: the installation had made no token
 * when it began, so what comes to it comes as it was. The installation keeps
 * that until import_end(), since one that was interrupted goes on as it began.
 */
struct import_mark {
	int64_t size; /* of the file, bytes */
	int64_t done; /* its lines, in the order in which they are made */
};

/* Begins the import of a file of that size, or goes on with it. `done` is then
 * the first line at which it is fresh, 0 before the first import; INT64_MAX: at
 * none. */
enum status import_begin(const struct site *site, struct import_mark *mark);
enum status import_end(const struct site *site);

/* Whether the parameter of that name is that. */
bool import_is_mark(const char *name);

/* Makes those of the accounts that can be made, all in one commit. Gives an id
 * to those that have none, in the order in which they come, and `created` to
 * those without. An account that brings an id gets a new epoch, so that tokens
 * of a deleted account with that id stay dead, unless the import is fresh: then
 * `fresh` says where it stands after these, else it is NULL. `totps` are their
 * second factors, of length 0 for none (NULL: none at all). It is quick if they
 * come in the order of their names. STATUS_OK: `outcomes` says which are there
 * now. Anything else: none was made. */
enum status account_import(const struct site *site, struct account *accounts,
	const struct totp_secret *totps, size_t count,
	const struct import_mark *fresh, enum store_durability how,
	enum import_outcome outcomes[]);

/* Says what would become of them, and makes none. It cannot know of accounts
 * that earlier calls would have made. */
enum status account_import_try(const struct site *site,
	struct account *accounts, size_t count, enum import_outcome outcomes[]);

/* --- an account as a line of JSON -------------------------------------- */

/* Reads one account: `username`, `email` or both. Optional are `hash` (as
 * crypt(3) has it; without one the account needs a code first), `full_name` or
 * `name`, `language`, `admin`, `verified`, `enabled` (true unless it says
 * false), `unproved`, `must_change`, `totp` (the secret of an authenticator
 * app, in base32), `created` (seconds), `epoch` and `id` (a UUID). A member
 * that is null counts as missing. An unknown member is refused, so that nothing
 * is lost unseen. What is missing is 0 or "", the epoch 1.
 *
 * Returns NULL, or why the line is refused, in words that are good until the
 * next call. */
const char *account_line_read(const char *text, size_t length,
	struct account *account, struct totp_secret *totp);

/* --- what else `latchkey export` writes ---------------------------------- */

/* What a line is of: its member `kind`, which an account has not. */
enum import_kind {
	IMPORT_ACCOUNT,
	IMPORT_PARAM,  /* a secret of the installation */
	IMPORT_FACTOR, /* an account's second factor */
	IMPORT_TOKEN   /* an access token */
};
extern const char *const import_kind_names[]; /* NULL after the last */
enum import_kind import_line_kind(const char *text, size_t length);

/* Makes what the line is of, which is no account, in a commit. It has to come
 * after what it needs: the secrets first, then the accounts. STATUS_OK:
 * `outcome` says what has become of it, and `flaw` is NULL; or else the reason
 * why it is refused. Recovery codes wait to be confirmed unless the import is
 * `fresh`, as account_import() has it. */
enum status import_line(const struct site *site, const char *text,
	size_t length, const struct import_mark *fresh,
	enum store_durability how, enum import_outcome *outcome,
	const char **flaw);

#endif
