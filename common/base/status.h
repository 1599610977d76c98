/* status.h - the outcomes of a call, in the domain's own words.
 *
 * Modules return these and know nothing of HTTP. The dialects alone turn them
 * into a status line and a body, by one table with a row for every value, and
 * by one for each dialect of what it says otherwise (t/unit/web/dialect). */
#ifndef LATCHKEY_STATUS_H
#define LATCHKEY_STATUS_H

#include <stdbool.h>

enum status {
	STATUS_OK,
	STATUS_CREATED,   /* done, and something new is there */
	STATUS_ACCEPTED,  /* what was asked for will happen later, if at all */
	STATUS_SEE_OTHER, /* done, and the browser goes on to another page */
	STATUS_DONE,      /* done, and the answer has no content */

	/* The request itself is wrong. */
	STATUS_NO_ENDPOINT,   /* nothing answers at that path */
	STATUS_BAD_METHOD,    /* the path has other methods */
	STATUS_BAD_REQUEST,   /* the web server's words contradict each other */
	STATUS_BAD_TYPE,      /* a body that is not application/json */
	STATUS_BAD_ENCODING,  /* a body that is compressed */
	STATUS_NO_LENGTH,     /* a body without a declared length */
	STATUS_TOO_LARGE,     /* a body over max_body */
	STATUS_BAD_BODY,      /* not a JSON object, or a member of wrong type */
	STATUS_MISSING_FIELD, /* a required member missing or blank */
	STATUS_BAD_FIELD,     /* a member with an impossible value */
	STATUS_BAD_QUERY,     /* the same in the query */

	/* The caller may not do this. */
	STATUS_STRANGER,        /* not from the web server, by its key */
	STATUS_FOREIGN,         /* a form that another site's page has sent */
	STATUS_NO_COOKIES,      /* a browser that keeps no cookie of ours */
	STATUS_NO_TOKEN,        /* a token is needed, none was sent */
	STATUS_BAD_TOKEN,       /* a token was sent and is not valid */
	STATUS_FORBIDDEN,       /* the token is valid, but may not do this */
	STATUS_NO_SESSION,      /* the token is valid, and no browser's */
	STATUS_NOT_FRESH,       /* no secret was given lately */
	STATUS_NOT_LOCAL,       /* only from the machine itself */
	STATUS_NOT_SELF_HOSTED, /* switched off by `self_hosted = no` */

	/* What was asked for cannot be done. */
	STATUS_BAD_CREDENTIALS, /* no such account, or not its password */
	STATUS_CODE_REQUIRED,   /* right, but a second factor is needed */
	STATUS_BAD_FACTOR,      /* not a code of the second factor */
	STATUS_WRONG_FACTOR,    /* the same of a signed-in caller */
	STATUS_MUST_ENROL,      /* right, but needs a second factor first */
	STATUS_MUST_CHANGE,     /* right, but needs another password first */
	STATUS_WRONG_PASSWORD,  /* the current password is wrong */
	STATUS_WEAK_PASSWORD,   /* the new password breaks the policy */
	STATUS_WEAK_AT_SIGN_UP, /* the same of a new account's password */
	STATUS_BAD_CODE,        /* wrong, expired, used or worn-out code */
	STATUS_BAD_VERIFY_CODE, /* the same of a code that proves an address */
	STATUS_VERIFIED,        /* the address has been proved already */
	STATUS_NO_ACCOUNT,      /* no account of that name */
	STATUS_DISABLED,        /* the account is disabled */
	STATUS_NAME_TAKEN,      /* another account has that name */
	STATUS_BAD_NAME,        /* not a valid username or email */
	STATUS_LAST_ADMIN,      /* would leave no enabled administrator */
	STATUS_HAS_ADMIN,       /* there is an administrator already */
	STATUS_NOT_KEPT_HERE,   /* the audit is not in a file */
	STATUS_NO_ACCESS_TOKEN, /* no access token of that id */
	STATUS_EXPIRED_TOKEN,   /* an access token that has expired */
	STATUS_TOKEN_TAKEN,     /* that service token exists */
	STATUS_AUTH_DISABLED,   /* needs auth_enabled */
	STATUS_BEYOND_TOKEN,    /* more than the asking access token may do */

	STATUS_THROTTLED, /* too many wrong tries at a secret; not compared */

	/* The machine. */
	STATUS_NOT_FOUND,   /* no record under that key (store only) */
	STATUS_UNAVAILABLE, /* the store cannot be had now; nothing was done */
	STATUS_INTERNAL,    /* failed, outcome unknown; the log says why */

	STATUS_COUNT
};

/* Whether latchkey itself has failed, so that the outcome says nothing of what
 * was asked. */
static inline bool
status_failed(enum status status)
{
	return status == STATUS_UNAVAILABLE || status == STATUS_INTERNAL;
}

#endif
