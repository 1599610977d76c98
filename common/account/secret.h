/* secret.h - the one door for secrets, with the throttle in it.
 *
 * Passwords, codes and access tokens all come through here, whichever program
 * and API they are sent to, so that none can be tried past the throttle:
 *
 *   status = secret_begin(site, STORE_WRITE, attempt);
 *   ... find what the secret will be held against ...
 *   status = secret_enter(site, &target, attempt);     counted, or throttled
 *   ... compare: secret_compare(attempt) ...
 *   status = secret_leave(site, &target, attempt, tested);
 *   status = secret_end(site, attempt, status);
 *
 * A password is hashed between two units of work, since no process may hold the
 * store meanwhile: secret_end() comes before the hash, and secret_leave_alone()
 * after it. A secret of 122 random bits or more is looked up before the
 * throttle is asked, because a right one is no guess. Only a wrong one may have
 * to wait, so that a service with an old token cannot shut out its
 * neighbours. */
#ifndef LATCHKEY_SECRET_H
#define LATCHKEY_SECRET_H

#include "account/throttle.h"

/* Begins a unit of work for a try whose account is not known yet. */
enum status secret_begin(
	const struct site *site, enum store_mode mode, struct attempt *attempt);

/* Inside it, once attempt->account is known, or known to be none: counts the
 * try, so that the secret may be compared. STATUS_THROTTLED: it may not. An
 * unknown name is tried, too, or the throttle would tell. */
enum status secret_enter(const struct site *site,
	const struct throttle_target *target, struct attempt *attempt);

/* Inside a unit of work that reads: a secret too long to be guessed may be
 * compared, and only secret_wrong() counts it. */
void secret_enter_long(struct attempt *attempt);

/* Called where a secret is compared: the process ends if no try is open. A
 * right one may be compared again, in the commit that spends it. */
void secret_compare(const struct attempt *attempt);

/* Inside a unit of work: tells the throttle the outcome. STATUS_OK: the secret
 * was right. STATUS_UNAVAILABLE, STATUS_INTERNAL and STATUS_THROTTLED: it could
 * not be compared. Anything else: it was wrong. */
enum status secret_leave(const struct site *site,
	const struct throttle_target *target, struct attempt *attempt,
	enum status tested);

/* The same in a unit of work of its own. A right secret is right and a wrong
 * one wrong, whether or not that can be noted. */
void secret_leave_alone(const struct site *site,
	const struct throttle_target *target, struct attempt *attempt,
	enum status tested);

/* Outside of any unit of work, after secret_enter_long(): counts a wrong
 * secret. STATUS_THROTTLED if its network has to wait: then it is not
 * counted. */
enum status secret_wrong(const struct site *site,
	const struct throttle_target *target, struct attempt *attempt);

/* Ends the unit of work and returns the first failure. Nothing is flushed: a
 * count survives the process, and an attacker gains nothing from its loss with
 * the power. */
enum status secret_end(
	const struct site *site, struct attempt *attempt, enum status status);

#endif
