/* session.h - whom a token speaks for: a signed-in account by a JWT, which is
 * dead as soon as the account's epoch moves, or a service by an access token */
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
	char groups[GROUPS_SIZE];
	bool admin;
	unsigned permission; /* token.h's bits */
	int64_t token;       /* the access token's id; 0: a JWT */
	bool personal;       /* an access token that acts as the account */
	int64_t epoch;       /* the account's, or the access token's */
	int64_t expires;     /* seconds since 1970; INT64_MAX: never */
	char jti[JWT_JTI_SIZE];
	/* of a browser's session, which has a record; "" else */
	char sid[JWT_JTI_SIZE];
	int64_t confirmed; /* when a secret of the account was last given */
	int64_t renew;     /* from when on it is worth renewing */
	unsigned amr;      /* jwt.h's bits */
};

/* Makes a token for the account, good from `now`: of that browser's session,
 * with its `sid`, `expires`, `confirmed` and `amr`, or with NULL for
 * token_life. */
enum status session_issue(const struct site *site,
	const struct account *account, const struct session *browser,
	int64_t now, char token[JWT_SIZE]);

/* STATUS_OK and the session, STATUS_BAD_TOKEN, or STATUS_THROTTLED after too
 * many wrong access tokens from that network. The process remembers good
 * tokens, and checks one again as soon as anything in the store has changed
 * that could make it bad. */
enum status session_check(const struct site *site, const char *token,
	struct attempt *attempt, struct session *session);

/* Ends this one session: its token is dead from now on, for every program. Does
 * nothing for an access token. */
enum status session_revoke(
	const struct site *site, const struct session *session);

#endif
