/* inherited.c - what a process gets from the process that has started it
 *
 * exec() keeps all of this, so cron, a supervisor or a careless script decides
 * it. With SIGCHLD ignored the kernel reaps a child before waitpid() can say
 * how it ended. With SIGALRM blocked the wait at the gate has no end. With
 * descriptor 2 closed the next file that is opened gets the lines of the
 * log. */
#include "config.h"

#include "base/inherited.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4U
#endif

/* The files of the state are made with modes of their own. */
enum { UMASK = 022 };

/* No handler survives exec(): a signal without the default action is
 * ignored. */
static void
reset_signals(void)
{
	struct sigaction action;
	sigset_t none;
	int number;

	for (number = 1; number < NSIG; number++)
		if (number != SIGHUP && sigaction(number, NULL, &action) == 0 &&
			action.sa_handler == SIG_IGN)
			signal(number, SIG_DFL);
	/* A file that may not grow is an error like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A blocked signal of one of these timers may be waiting; ignoring it drops
 * it. */
static void
stop_timers(void)
{
	static const struct itimerval never;

	setitimer(ITIMER_REAL, &never, NULL);
	setitimer(ITIMER_VIRTUAL, &never, NULL);
	setitimer(ITIMER_PROF, &never, NULL);
	signal(SIGALRM, SIG_IGN);
	signal(SIGVTALRM, SIG_IGN);
	signal(SIGPROF, SIG_IGN);
}

/* A soft limit is one that a process may change itself; an operator who means a
 * limit sets the hard one. RLIMIT_NOFILE stays: libfcgi's select() takes no
 * more than 1,024. */
static void
raise_limits(void)
{
	static const int limits[] = {RLIMIT_AS, RLIMIT_CPU, RLIMIT_DATA,
		RLIMIT_FSIZE, RLIMIT_MEMLOCK};
	struct rlimit limit;
	size_t i;

	for (i = 0; i < sizeof limits / sizeof limits[0]; i++)
		if (getrlimit(limits[i], &limit) == 0 &&
			limit.rlim_cur != limit.rlim_max) {
			limit.rlim_cur = limit.rlim_max;
			setrlimit(limits[i], &limit);
		}
}

/* Descriptors above the first three stay open, since one may be a file to
 * import (/dev/fd/63), but no program that latchkey starts gets them. */
static void
settle_descriptors(void)
{
	int fd;

	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(1);
	/* Not each C library has a function of it. */
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

void
inherited_reset(void)
{
	settle_descriptors();
	stop_timers();
	reset_signals();
	raise_limits();
	umask(UMASK);
}

char *
inherited_credential(const char *name)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char *path;

	if (dir == NULL || dir[0] == '\0')
		return NULL;
	path = mem_printf("%s/%s", dir, name);
	/* Other credentials may have been loaded, and this one not. */
	if (access(path, F_OK) == 0 || errno != ENOENT)
		return path;
	mem_free(path);
	return NULL;
}
