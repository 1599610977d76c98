/* secret.c - the one way to check a secret, with the throttle in it */
#include "config.h"

#include "account/secret.h"

static enum throttle_outcome
outcome_of(enum status status)
{
	if (status == STATUS_OK)
		return THROTTLE_RIGHT;
	return status == STATUS_UNAVAILABLE || status == STATUS_INTERNAL ||
			       status == STATUS_THROTTLED
		       ? THROTTLE_UNSEEN
		       : THROTTLE_WRONG;
}

/* Ends a unit of work in which all went well, or not; the first failure is
 * what counts. Never flushed: a count survives the process, and that it may
 * be lost with the power is worth nothing to anyone. */
static enum status
end_unit(struct store *store, enum status status)
{
	if (status == STATUS_OK)
		return store_commit(store, STORE_LAZY);
	store_abort(store);
	return status;
}

/* Notes what came of the try, inside a unit of work. */
static enum status
leave(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt, enum status tested)
{
	return throttle_leave(site, target, attempt, outcome_of(tested));
}

static void
leave_alone(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt, enum status tested)
{
	if (store_begin(site->store, STORE_WRITE_ELSE_READ) == STATUS_OK)
		end_unit(site->store, leave(site, target, attempt, tested));
}

static enum status
check_inside(const struct site *site, const struct secret *secret,
	void *context, struct attempt *attempt, struct throttle_target *target)
{
	enum status tested, status = store_begin(site->store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	status = secret->find(context, attempt, &target->name);
	if (status == STATUS_OK)
		status = throttle_enter(site, target, attempt);
	if (status != STATUS_OK)
		return end_unit(site->store, status);
	tested = secret->test(context);
	status = tested == STATUS_UNAVAILABLE
			 ? tested
			 : leave(site, target, attempt, tested);
	status = end_unit(site->store, status);
	return status == STATUS_OK ? tested : status;
}

/* A full disk keeps nobody out who comes from where he always does. */
static enum status
check_outside(const struct site *site, const struct secret *secret,
	void *context, struct attempt *attempt, struct throttle_target *target)
{
	enum status tested,
		status = store_begin(site->store, STORE_WRITE_ELSE_READ);

	if (status != STATUS_OK)
		return status;
	status = secret->find(context, attempt, &target->name);
	if (status == STATUS_OK)
		status = throttle_enter(site, target, attempt);
	status = end_unit(site->store, status);
	if (status != STATUS_OK)
		return status;
	tested = secret->test(context);
	/* Right is right and wrong is wrong, whether or not it was noted. */
	leave_alone(site, target, attempt, tested);
	return tested == STATUS_OK && attempt->wait > 0 ? STATUS_THROTTLED
							: tested;
}

/* One that was wrong: counted, unless its network has to wait. */
static enum status
count_wrong(const struct site *site, const struct throttle_target *target,
	struct attempt *attempt)
{
	enum status status = store_begin(site->store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	status = throttle_enter(site, target, attempt);
	if (status == STATUS_OK)
		status = throttle_leave(site, target, attempt, THROTTLE_WRONG);
	return end_unit(site->store, status);
}

static enum status
check_first(const struct site *site, const struct secret *secret, void *context,
	struct attempt *attempt, struct throttle_target *target)
{
	enum status tested, status = store_begin(site->store, STORE_READ);

	if (status != STATUS_OK)
		return status;
	tested = secret->find(context, attempt, &target->name);
	if (tested == STATUS_OK)
		tested = secret->test(context);
	if (outcome_of(tested) == THROTTLE_WRONG)
		status = throttle_look(site, target, attempt);
	store_abort(site->store);
	if (outcome_of(tested) != THROTTLE_WRONG)
		return tested;
	if (status == STATUS_OK)
		status = count_wrong(site, target, attempt);
	return status == STATUS_THROTTLED ? status : tested;
}

enum status
secret_check(const struct site *site, const struct secret *secret,
	void *context, struct attempt *attempt)
{
	struct throttle_target target = {secret->kind, ""};
	enum status status = site_keys(site, attempt->now);

	attempt->account[0] = '\0';
	attempt->wait = 0;
	attempt->no_digits = false;
	if (status != STATUS_OK)
		return status;
	switch (secret->when) {
	case SECRET_INSIDE:
		return check_inside(site, secret, context, attempt, &target);
	case SECRET_OUTSIDE:
		return check_outside(site, secret, context, attempt, &target);
	case SECRET_FIRST:
		return check_first(site, secret, context, attempt, &target);
	}
	return STATUS_INTERNAL;
}
