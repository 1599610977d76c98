/* yield.c - whether a hash gives way, and to whom */
#include "config.h"

#include "base/tick.h"
#include "password/password.h"
#include "password/yield.h"
#include "unit.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int pauses;
static long pause_ms; /* what others make of it */
static long interrupted;

/* In place of libc's: a pause. */
int
nanosleep(const struct timespec *time, struct timespec *left)
{
	struct timespec longer = {0, pause_ms * 1000000};

	pauses++;
	return -clock_nanosleep(
		CLOCK_REALTIME, 0, pause_ms > 0 ? &longer : time, left);
}

int
getrusage(__rusage_who_t who, struct rusage *usage)
{
	(void)who;
	memset(usage, 0, sizeof *usage);
	usage->ru_nivcsw = interrupted;
	return 0;
}

/* Works until it has paused so often, or for so long. */
static int
work(int most, int ms)
{
	int64_t end;

	pauses = 0;
	yield_begin();
	for (end = tick_now() + ms; tick_now() < end && pauses < most;)
		;
	yield_end();
	return pauses;
}

static bool
timer_is_off(void)
{
	struct itimerval left;

	return getitimer(ITIMER_REAL, &left) == 0 &&
	       left.it_value.tv_sec == 0 && left.it_value.tv_usec == 0;
}

static void
test_hash(struct password_scheme scheme)
{
	struct password password = unit_password("Correct Horse 9!");
	char hash[PASSWORD_HASH_SIZE];

	yield_begin();
	interrupted += 100;
	yield_end();
	pauses = 0;
	ok(password_hash(&scheme, &password, hash) == STATUS_OK,
		"a password is hashed by %s", scheme.prefix);
	ok(pauses > 0, "and gives way: after many interruptions of the last");
	pauses = 0;
	ok(password_test(&password, PASSWORD_NFC, hash) == STATUS_OK,
		"it is checked");
	is_int(pauses, 0, "and does not: after none");
}

int
main(void)
{
	unit_begin();
	is_int(work(1, 20), 0, "while nobody interrupts, none gives way");

	yield_begin();
	interrupted += 100;
	yield_end();
	ok(work(1, 5000) > 0, "after interruptions the next does");
	ok(timer_is_off(), "and no timer is left");
	is_int(work(1, 20), 0, "and then none again");

	yield_begin();
	interrupted += 100;
	yield_end();
	pause_ms = 10;
	is_int(work(9, 50), 1, "who keeps the processor is not asked again");
	ok(timer_is_off(), "and no timer is left");
	pause_ms = 0;

	if (unit_knows("$y$"))
		test_hash((struct password_scheme){"$y$", 5});
	test_hash((struct password_scheme){"argon2id", 0});
	return done();
}
