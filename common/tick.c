/* tick.c - a timer that interrupts what knows no time limit of its own */
#include "config.h"

#include "tick.h"

#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

/* Of what gives way: until the next tick, and interruptions until the last. */
static int giving_way_us;
static long interrupted;

static void
on_tick(int signal_number)
{
	(void)signal_number; /* its only use is to interrupt */
}

static void
set_interval(int us)
{
	struct itimerval ticks = {{0, us}, {0, us}};

	setitimer(ITIMER_REAL, &ticks, NULL);
}

/* How often others have had the processor when we wanted it. */
static long
interruptions(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
}

/* An interrupt costs some 15 us on a virtual machine, more than what it is
 * there for. */
static void
give_way(int signal_number)
{
	long count;
	int before = giving_way_us;

	(void)signal_number;
	sched_yield();
	count = interruptions();
	giving_way_us = count != interrupted ? GIVE_WAY_US : 2 * before;
	if (giving_way_us > GIVE_WAY_US_MOST)
		giving_way_us = GIVE_WAY_US_MOST;
	interrupted = count;
	if (giving_way_us != before)
		set_interval(giving_way_us);
}

static void
begin(void (*handler)(int), int flags, int us)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, NULL);
	set_interval(us);
}

void
tick_begin(void)
{
	begin(on_tick, 0, TICK_MS * 1000);
}

void
tick_give_way(void)
{
	giving_way_us = GIVE_WAY_US;
	interrupted = interruptions();
	begin(give_way, SA_RESTART, GIVE_WAY_US);
}

void
tick_end(void)
{
	set_interval(0);
}

int64_t
tick_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
