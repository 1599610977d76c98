/* secret.c - the one door for secrets, with the throttle in it */
#include "config.h"

#include "account/secret.h"

#include "base/counters.h"
#include "base/log.h"

#include <stdlib.h>

enum status
secret_begin(
	const struct site *site, enum store_mode mode, struct attempt *attempt)
{
	attempt->door = SECRET_SHUT;
	attempt->account[0] = '\0';
	attempt->name[0] = '\0';
	attempt->wait = 0;
	attempt->no_digits = false;
	return site_begin(site, mode, attempt->now);
}

/* A password that lacks the second factor was right. */
static void
count(enum status tested)
{
	if (status_failed(tested))
		return;
	counters_add(tested == STATUS_THROTTLED ? COUNTER_SECRETS_THROTTLED
		     : tested == STATUS_OK || tested == STATUS_CODE_REQUIRED
			     ? COUNTER_SECRETS_RIGHT
			     : COUNTER_SECRETS_WRONG,
		1);
}

enum status
secret_enter(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt)
{
	enum status status = throttle_enter(site, target, attempt);

	attempt->door = status == STATUS_OK ? SECRET_OPEN : SECRET_SHUT;
	if (status == STATUS_THROTTLED)
		count(status);
	return status;
}

void
secret_enter_long(struct attempt *attempt)
{
	attempt->door = SECRET_OPEN;
}

void
secret_compare(const struct attempt *attempt)
{
	if (attempt->door != SECRET_SHUT)
		return;
	log_error("a secret was compared before it was counted");
	abort();
}

enum status
secret_leave(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt, enum status tested)
{
	attempt->door = tested == STATUS_OK ? SECRET_PASSED : SECRET_SHUT;
	count(tested);
	return throttle_leave(site, target, attempt, tested);
}

void
secret_leave_alone(const struct site *site,
	const struct throttle_target *target, struct attempt *attempt,
	enum status tested)
{
	enum status status = store_begin(site->store, STORE_WRITE_ELSE_READ);

	if (status == STATUS_OK)
		status = secret_leave(site, target, attempt, tested);
	secret_end(site, attempt, status);
	/* A caller that goes on to spend a code compares it once more. */
	if (tested == STATUS_OK)
		attempt->door = SECRET_PASSED;
}

/* The throttle is asked before the try is counted: where many come with an old
 * token and have to wait, no process writes. */
enum status
secret_wrong(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt)
{
	enum status status = store_begin(site->store, STORE_READ);

	attempt->door = SECRET_SHUT;
	if (status == STATUS_OK)
		status = throttle_look(site, target, attempt);
	store_abort(site->store);
	if (status == STATUS_OK)
		status = store_begin(site->store, STORE_WRITE);
	if (status == STATUS_OK)
		status = throttle_enter(site, target, attempt);
	count(status == STATUS_OK ? STATUS_BAD_CREDENTIALS : status);
	if (status == STATUS_OK)
		status = throttle_leave(
			site, target, attempt, STATUS_BAD_CREDENTIALS);
	return secret_end(site, attempt, status);
}

enum status
secret_end(const struct site *site, struct attempt *attempt, enum status status)
{
	status = store_finish_lazily(site->store, status);
	if (status != STATUS_OK)
		attempt->door = SECRET_SHUT;
	return status;
}
