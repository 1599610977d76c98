/* secret.c - the door: nothing is compared before it is counted */
#include "config.h"

#include "account/secret.h"
#include "unit.h"

enum { NOW = 1000000 };

static struct site site;
static struct attempt attempt;
static const struct throttle_target target = {THROTTLE_PASSWORD, "ann"};

static void
compare(void)
{
	secret_compare(&attempt);
}

/* Whether a secret may be compared now; a process that does so all the same
 * ends. */
static bool
may_compare(void)
{
	return unit_fork(compare) == 0;
}

static void
begin(void)
{
	snprintf(attempt.network, sizeof attempt.network, "192.0.2.1");
	attempt.now = NOW;
	is_int(secret_begin(&site, STORE_WRITE, &attempt), STATUS_OK, "begun");
}

static void
leave(enum status tested)
{
	is_int(secret_leave(&site, &target, &attempt, tested), STATUS_OK,
		"left");
	is_int(secret_end(&site, &attempt, STATUS_OK), STATUS_OK, "ended");
}

static void
test_door(void)
{
	ok(!may_compare(), "13: not before anything was begun");
	begin();
	ok(!may_compare(), "13: nor before it is counted");
	is_int(secret_enter(&site, &target, &attempt), STATUS_OK, "counted");
	ok(may_compare(), "then it may be");
	leave(STATUS_BAD_CREDENTIALS);
	ok(!may_compare(), "13: nor once more where it was wrong");
	begin();
	secret_enter(&site, &target, &attempt);
	leave(STATUS_OK);
	ok(may_compare(), "but where it was right: for who spends it");
	begin();
	ok(!may_compare(), "13: another begins at a door that is shut");
	secret_enter(&site, &target, &attempt);
	secret_end(&site, &attempt, STATUS_UNAVAILABLE);
	ok(!may_compare(), "13: nor where it could not be counted");
}

/* Counted, compared, and then the store cannot be had for a moment. */
static bool
may_compare_unnoted(enum status tested)
{
	struct store *store = site.store;

	begin();
	secret_enter(&site, &target, &attempt);
	secret_end(&site, &attempt, STATUS_OK);
	site.store = store_new("/dev/null/store", 0);
	secret_leave_alone(&site, &target, &attempt, tested);
	store_close(site.store);
	site.store = store;
	return may_compare();
}

static void
test_unnoted(void)
{
	ok(may_compare_unnoted(STATUS_OK),
		"a right one may be spent, though nobody could note it");
	ok(!may_compare_unnoted(STATUS_BAD_CREDENTIALS),
		"13: a wrong one may not");
}

static void
test_long(void)
{
	begin();
	secret_enter_long(&attempt);
	ok(may_compare(), "a long one: at once");
	store_abort(site.store);
	is_int(secret_wrong(&site, &target, &attempt), STATUS_OK,
		"and is counted if it was wrong");
	ok(!may_compare(), "13: then not again");
}

/* Five wrong ones, and then none that is right either. */
static void
test_throttled(void)
{
	enum status status = STATUS_OK;
	int i;

	for (i = 0; i < 20 && status == STATUS_OK; i++) {
		begin();
		status = secret_enter(&site, &target, &attempt);
		if (status == STATUS_OK)
			leave(STATUS_BAD_CREDENTIALS);
	}
	secret_end(&site, &attempt, status);
	is_int(status, STATUS_THROTTLED, "too many");
	ok(!may_compare(), "13: and what has to wait is not compared");
}

int
main(void)
{
	unit_begin();
	unit_site(&site, "hash_cost = 1\n");
	test_door();
	test_unnoted();
	test_long();
	test_throttled();
	site_close(&site);
	return done();
}
