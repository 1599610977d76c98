/* tick.c - a timer that interrupts calls without a time limit of their own */
#include "config.h"

#include "base/tick.h"

#include <errno.h>
#include <fcntl.h>
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
set_interval(int us)
{
	struct itimerval ticks = {{0, us}, {0, us}};

	setitimer(ITIMER_REAL, &ticks, NULL);
}

static void
begin(void (*each)(int), int flags, int us)
{
	struct sigaction action = {.sa_handler = each, .sa_flags = flags};

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
tick_call(void (*each)(int), int us)
{
	begin(each, SA_RESTART, us);
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

uint64_t
tick_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool
tick_lock(int fd, off_t byte, short type, int wait_ms)
{
	struct flock range = {.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1};
	int64_t deadline = tick_now() + wait_ms;
	int result = fcntl(fd, F_OFD_SETLK, &range);

	if (result == 0 || wait_ms == 0 || (errno != EAGAIN && errno != EACCES))
		return result == 0;
	tick_begin();
	do
		result = fcntl(fd, F_OFD_SETLKW, &range);
	while (result != 0 && errno == EINTR && tick_now() < deadline);
	tick_end();
	return result == 0;
}
