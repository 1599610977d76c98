/* yield.c - lets others have the processor while a password is hashed */
#include "config.h"

#include "password/yield.h"

#include "base/tick.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

enum {
	NICENESS = 10,
	OFTEN = 20, /* interruptions of one hash */
	EVERY_US = 200,
	/* A shorter one is over before the kernel has found the next
	 * process. */
	PAUSE_US = 30,
	/* After a pause this long another process has used up a turn of its
	 * own. */
	LONG_US = 4000
};

static struct {
	long before; /* interruptions before this hash */
	long last;   /* of the last hash */
	volatile sig_atomic_t gives;
} turn;

void
yield_always(void)
{
	setpriority(PRIO_PROCESS, 0, NICENESS);
	/* Otherwise a pause takes 50 us longer, by which the kernel saves a
	 * timer. */
	prctl(PR_SET_TIMERSLACK, 1);
}

static long
interruptions(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
}

/* A process that sleeps keeps its share of the processor. sched_yield() gives
 * up the rest of the turn, too, and beside a process that never sleeps a hash
 * then takes seconds. */
static void
pause_for_others(int signal_number)
{
	static const struct timespec pause = {0, PAUSE_US * 1000};
	int saved = errno;
	uint64_t before = tick_us();

	(void)signal_number;
	if (turn.gives)
		nanosleep(&pause, NULL);
	if (tick_us() - before > LONG_US) {
		turn.gives = false;
		tick_end();
	}
	errno = saved;
}

void
yield_begin(void)
{
	turn.before = interruptions();
	turn.gives = turn.last >= OFTEN;
	if (turn.gives)
		tick_call(pause_for_others, EVERY_US);
}

void
yield_end(void)
{
	if (turn.gives) {
		turn.gives = false;
		tick_end();
	}
	turn.last = interruptions() - turn.before;
}
