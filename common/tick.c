/* tick.c - a timer that interrupts what knows no time limit of its own */
#include "config.h"

#include "tick.h"

#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

static void
on_tick(int signal_number)
{
	(void)signal_number; /* its only use is to interrupt */
}

static void
set_interval(int ms)
{
	struct itimerval ticks = {{0, ms * 1000}, {0, ms * 1000}};

	setitimer(ITIMER_REAL, &ticks, NULL);
}

void
tick_begin(void)
{
	/* Without SA_RESTART. */
	struct sigaction action = {.sa_handler = on_tick};

	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, NULL);
	set_interval(TICK_MS);
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
