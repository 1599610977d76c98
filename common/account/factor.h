/* factor.h - an account's second factor: codes of an authenticator app (TOTP,
 * RFC 6238), and recovery codes for the day on which the app is lost.
 *
 * One record an account. It has the app's secret sealed (seal.h), and of
 * recovery codes a keyed hash. A code is tried through secret.h, where an
 * account has a count of its own for codes that come after the password, and
 * each of its sessions one for those that do not. A wrong one is told to be
 * wrong only where that could be counted. Each step's code is taken once, and
 * each recovery code, which is on disk before the answer. Of an app's code only
 * the power can take the note, and the code is over before a machine is back:
 * so a sign-in does not wait for the disk. Whatever adds a factor or takes one
 * away raises the account's epoch, as a new password does. */
#ifndef LATCHKEY_FACTOR_H
#define LATCHKEY_FACTOR_H

#include "account/account.h"
#include "base/symbols.h"
#include "base/totp.h"
#include "site/seal.h"

enum {
	FACTOR_CODES = 10,    /* recovery codes that an account gets */
	FACTOR_SYMBOLS = 13,  /* of one: 65 bits */
	FACTOR_PENDING = 600, /* seconds for the first code of a new app */
	FACTOR_HASH = KEYS_HASH_SIZE - 1
};

typedef char factor_codes[FACTOR_CODES][SYMBOLS_SIZE];

struct factor {
	char account[NAME_ID_SIZE];
	char secret[SEAL_SIZE(TOTP_SECRET_MAX)]; /* sealed; "": no factor */
	int64_t since; /* this and the next three: seconds since 1970 */
	int64_t codes_since;
	int64_t pending_until;
	int64_t expires; /* of a record without a factor: it is swept then */
	int64_t step;    /* the last one whose code was taken */
	char pending[SEAL_SIZE(TOTP_SECRET_MAX)]; /* of an app that has shown no
						   * code yet */
	/* of the recovery codes that are left, one after the other */
	char codes[FACTOR_CODES * FACTOR_HASH + 1];
	bool restored; /* the codes came out of a backup: refused until they are
			* confirmed */
};

/* The members of a factor's record. */
extern const struct record_member factor_members[];

bool factor_is_on(const struct factor *factor);
int factor_codes_left(const struct factor *factor);

/* A factor out of its record. NULL, or what is wrong with it. */
const char *factor_read(
	const struct json_object *record, struct factor *factor);

/* For a restore: has the recovery codes in a factor's record wait for
 * factor_confirm(). False if it has none. */
bool factor_suspend(struct json_object *record);

/* --- inside a unit of work, after site_keys() -------------------------- */

/* The account's factor; STATUS_OK and one that is off if it has none. */
enum status factor_get(
	struct store *store, const char *account, struct factor *factor);

/* Tries a code at the account's factor, in a unit that writes. STATUS_OK, and
 * what was given: the caller commits, and for a recovery code durably.
 * FACTOR_NONE is of an account without a factor. STATUS_CODE_REQUIRED for an
 * empty code; STATUS_BAD_FACTOR, STATUS_THROTTLED: the caller commits the
 * count. */
enum factor_given { FACTOR_NONE, FACTOR_APP, FACTOR_RECOVERY };
enum status factor_try(const struct site *site, const struct account *account,
	const char *code, struct attempt *attempt, enum factor_given *given);

/* Has an account without a factor have that one, as it was exported. */
enum status factor_take(struct store *store, struct factor *factor);

/* Gives a new account the factor that it had elsewhere. */
enum status factor_import(const struct site *site, const char *account,
	const struct totp_secret *secret, int64_t now);

/* --- whole pieces of work ---------------------------------------------- */

/* The same two in a unit of work of their own. */
enum status factor_look_up(
	const struct site *site, const char *account, struct factor *factor);
enum status factor_try_alone(const struct site *site, const char *account,
	const char *code, struct attempt *attempt, enum factor_given *given);

/* Draws the secret of an app that the account wants for its factor. It is good
 * for nothing before factor_enrol(). */
enum status factor_begin(const struct site *site, const char *account,
	int64_t now, struct totp_secret *secret);

/* The secret of an app that waits for its first code, once more.
 * STATUS_NOT_FOUND if none does. */
enum status factor_pending(const struct site *site, const char *account,
	int64_t now, struct totp_secret *secret);

/* Makes that app the account's factor, by a code of it, in place of any before;
 * with ten new recovery codes. All sessions end but that one (NULL: all).
 * STATUS_BAD_FACTOR for a wrong code, and where no app waits for one;
 * STATUS_BAD_TOKEN if the account has changed since `epoch`, which is then the
 * new one. */
enum status factor_enrol(const struct site *site, const char *account,
	int64_t *epoch, const char *session, const char *code,
	struct attempt *attempt, factor_codes codes);

/* Ten new recovery codes in the place of those before; STATUS_NOT_FOUND without
 * a factor, STATUS_BAD_TOKEN if the account has changed since `epoch`. */
enum status factor_renew_codes(const struct site *site, const char *account,
	int64_t epoch, int64_t now, factor_codes codes);

/* Has recovery codes that came out of a backup be good again.
 * STATUS_NOT_FOUND without a factor. */
enum status factor_confirm(const struct site *site, const char *account);

/* Takes the factor away, and the recovery codes. All sessions end but that one
 * (NULL: all). STATUS_NOT_FOUND without a factor; STATUS_BAD_TOKEN and `epoch`
 * as in factor_enrol(), with NULL whatever the account's is. */
enum status factor_remove(const struct site *site, const char *account,
	int64_t *epoch, const char *session, const char *language);

#endif
