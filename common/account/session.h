/* session.h - whom a token speaks for: a signed-in account by a JWT, which is
 * dead as soon as the account's epoch moves; a service by an access token; and
 * for one purpose an account by a ticket */
#ifndef LATCHKEY_SESSION_H
#define LATCHKEY_SESSION_H

#include "account/account.h"
#include "account/session-record.h"
#include "account/throttle.h"
#include "site/jwt.h"
#include "site/site.h"

/* Whom a token speaks for. */
struct session {
	char account[NAME_ID_SIZE]; /* the account's id; an access token's
				     * maker's */
	char name[NAME_SIZE];
	/* the account's; "" of an access token */
	char email[NAME_SIZE]; /* that is proved, else "" */
	char full_name[ACCOUNT_FULL_NAME + 1];
	char language[NAME_LANGUAGE_SIZE]; /* "": not chosen */
	char groups[GROUPS_SIZE];
	bool admin;
	unsigned permission; /* token.h's bits */
	int64_t token;       /* the access token's id; 0: a JWT */
	bool personal;       /* an access token that acts as the account */
	int64_t used;        /* an access token's last use, as it is noted */
	int64_t epoch;       /* the account's, or the access token's */
	int64_t expires;     /* seconds since 1970; INT64_MAX: never */
	char jti[JWT_JTI_SIZE];
	/* of a browser's session, which has a record; "" else */
	char sid[JWT_JTI_SIZE];
	int64_t confirmed; /* when a secret of the account was last given */
	int64_t renew;     /* from when on it is worth renewing */
	unsigned amr;      /* jwt.h's bits */
	char kid[JWT_KID_SIZE]; /* of the key that has signed the JWT */
};

/* Makes a token for the account, good from `now`: of that browser's session,
 * with its `sid`, `expires`, `confirmed` and `amr`. Without a `sid`, and with
 * NULL, for token_life; NULL has shown a password. */
enum status session_issue(const struct site *site,
	const struct account *account, const struct session *browser,
	int64_t now, char token[JWT_SIZE]);

/* STATUS_OK and the session, STATUS_BAD_TOKEN, or STATUS_THROTTLED after too
 * many wrong access tokens from that network. STATUS_MUST_ENROL and the session
 * of an account that must have a second factor (`factor`) and has shown none:
 * it is good for getting one, and for nothing else. A process that remembers
 * good tokens checks one again as soon as anything in the store has changed
 * that could make it bad. */
enum status session_check(const struct site *site, const char *token,
	struct attempt *attempt, struct session *session);

/* From now on the process remembers good tokens, up to 1,024 of them in 2 MiB:
 * worth it where each token is checked again and again. */
void session_remember(void);

/* Ends this one session: its token is dead from now on, for every program. Does
 * nothing for an access token. */
enum status session_revoke(
	const struct site *site, const struct session *session);

/* --- browsers' sessions --------------------------------------------------- */

/* Begins one for the account, in place of `old` if that has a record, whose end
 * is then on disk; that of one that makes room may not be. Fills in the record
 * but for `amr`, `remember` and `agent`, which are the caller's.
 * STATUS_BAD_CREDENTIALS if the account has changed since it was read: what was
 * right may be so no longer, and its token would be dead from the start. */
enum status session_begin(const struct site *site,
	const struct account *account, const struct session *old,
	const struct attempt *attempt, struct session_record *record);

/* Begins its idle time anew, and makes another token for it. STATUS_BAD_TOKEN
 * if it has ended since it was checked, or the account is not at the session's
 * epoch. A request of a copied cookie may be under way while the owner changes
 * the password, and the owner's own session goes on: the copy must not. */
enum status session_go_on(const struct site *site, struct session *session,
	int64_t now, struct session_record *record, char token[JWT_SIZE]);

/* --- tickets -------------------------------------------------------------- */

/* What a refused sign-in gives along, so that its user can do what is needed
 * first: get a second factor, set another password, or give a code on a page of
 * its own. The store has a keyed hash of it, a record an account and purpose
 * beside its codes: a newer one ends the one before. A ticket is good for ten
 * minutes, for a code five, and for as long as the account's epoch is what it
 * was. What the first two are for raises the epoch, so they are good once. */
enum session_ticket { TICKET_ENROL, TICKET_CHANGE, TICKET_CODE, TICKETS };
enum { TICKET_SIZE = NAME_ID_SIZE + 33 };

/* Makes one for the account, in a unit of work of its own. */
enum status session_give_ticket(const struct site *site,
	enum session_ticket purpose, const struct account *account, int64_t now,
	char ticket[TICKET_SIZE]);

/* Whom a ticket speaks for: fills in the session with its account, epoch and
 * name. STATUS_BAD_TOKEN if it is not good; STATUS_THROTTLED after too many of
 * those from that network. */
enum status session_check_ticket(const struct site *site,
	enum session_ticket purpose, const char *ticket,
	struct attempt *attempt, struct session *session);

/* Ends the account's ticket of that purpose, if it has one. */
enum status session_end_ticket(const struct site *site,
	enum session_ticket purpose, const char *account);

/* Whether a key of kind code is a ticket's, of that account. */
bool session_is_ticket(const char *key, const char *account);

#endif
