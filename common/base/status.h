/* status.h - what can come of a call, in the domain's own words.
 *
 * Modules return these and know nothing of HTTP; the dialects alone turn them
 * into a status line and a body, each by a table with a row for every value
 * (t/unit/web/dialect holds them to that). */
#ifndef LATCHKEY_STATUS_H
#define LATCHKEY_STATUS_H

enum status {
	STATUS_OK,
	STATUS_CREATED, /* done, and something new is there */
	STATUS_DONE,    /* done, and there is nothing to say */

	/* The request is not one that we take. */
	STATUS_NO_ENDPOINT,   /* nothing answers at that path */
	STATUS_BAD_METHOD,    /* something does, to another method */
	STATUS_BAD_REQUEST,   /* the web server's words contradict each other */
	STATUS_BAD_TYPE,      /* a body that is not application/json */
	STATUS_BAD_ENCODING,  /* a body that is compressed */
	STATUS_NO_LENGTH,     /* a body of which nobody knows where it ends */
	STATUS_TOO_LARGE,     /* a body over max_body */
	STATUS_BAD_BODY,      /* not a JSON object, or a member of wrong type */
	STATUS_MISSING_FIELD, /* a required member missing or blank */
	STATUS_BAD_FIELD,     /* a member that says what cannot be */

	/* The caller is not who may do this. */
	STATUS_STRANGER,        /* not by the web server, which has the key */
	STATUS_NO_TOKEN,        /* a token is needed, none was sent */
	STATUS_BAD_TOKEN,       /* one was sent and is not valid */
	STATUS_FORBIDDEN,       /* valid, but may not do this */
	STATUS_NOT_LOCAL,       /* only from the machine itself */
	STATUS_NOT_SELF_HOSTED, /* switched off by `self_hosted = no` */

	/* What was asked for cannot be. */
	STATUS_BAD_CREDENTIALS, /* no such account, or not its password */
	STATUS_WRONG_PASSWORD,  /* the current password is another */
	STATUS_WEAK_PASSWORD,   /* the new password breaks the policy */
	STATUS_WEAK_AT_SIGN_UP, /* so does a new account's */
	STATUS_BAD_CODE,        /* wrong, expired, used or worn-out code */
	STATUS_BAD_VERIFY_CODE, /* the same of a code that proves an address */
	STATUS_VERIFIED,        /* the address has been proved already */
	STATUS_NO_ACCOUNT,      /* no account of that name */
	STATUS_NAME_TAKEN,      /* another account has that name */
	STATUS_BAD_NAME,        /* not a valid username or email */
	STATUS_LAST_ADMIN,      /* would leave no enabled administrator */
	STATUS_HAS_ADMIN,       /* there is an administrator already */
	STATUS_NO_ACCESS_TOKEN, /* no access token of that id */
	STATUS_EXPIRED_TOKEN,   /* an access token that is over */
	STATUS_TOKEN_TAKEN,     /* that service token exists */
	STATUS_AUTH_DISABLED,   /* needs auth_enabled */
	STATUS_BEYOND_TOKEN,    /* more than the access token that asks may */

	STATUS_THROTTLED, /* too many wrong tries at a secret; not looked at */

	/* The machine. */
	STATUS_NOT_FOUND,   /* no record under that key (store only) */
	STATUS_UNAVAILABLE, /* the store cannot be had now; nothing was done */
	STATUS_INTERNAL,    /* failed, outcome unknown; the log says why */

	STATUS_COUNT
};

#endif
