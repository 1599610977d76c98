/* secret.h - the one way to check a secret, with the throttle in it.
 *
 * Passwords, codes and access tokens all come through here, whichever program
 * and API they are sent to, so that none can be tried past the throttle. */
#ifndef LATCHKEY_SECRET_H
#define LATCHKEY_SECRET_H

#include "account/throttle.h"

/* When a secret is looked at. */
enum secret_when {
	/* in the unit of work that counts the try: what is quick to compare */
	SECRET_INSIDE,
	/* between two: a hash, during which the store is nobody's */
	SECRET_OUTSIDE,
	/* before the throttle is asked: 122 random bits or more, of which a
	 * right one is no guess. Only what was wrong may have to wait, so
	 * that a service with an old token cannot shut out its neighbours. */
	SECRET_FIRST
};

/* A sort of secret. The steps get the caller's context. */
struct secret {
	enum throttle_secret kind;
	enum secret_when when;
	/* Inside a unit of work (for SECRET_FIRST one that reads): finds what
	 * the secret will be held against. Sets the name that is tried
	 * (throttle.h), and attempt->account where it is known. STATUS_OK also
	 * if there is nothing: what is not there is tried, too. */
	enum status (*find)(
		void *context, struct attempt *attempt, const char **name);
	/* STATUS_OK if it is right; STATUS_UNAVAILABLE, STATUS_INTERNAL or
	 * STATUS_THROTTLED if it could not be looked at; else how it is
	 * wrong. */
	enum status (*test)(void *context);
};

/* Outside of any unit of work: what `test` says, or STATUS_THROTTLED without
 * asking it. What `test` writes is committed with the count, not flushed. */
enum status secret_check(const struct site *site, const struct secret *secret,
	void *context, struct attempt *attempt);

#endif
