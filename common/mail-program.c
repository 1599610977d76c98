/* mail-program.c - hands a message to the machine's mail program */
#include "config.h"

#include "mail-program.h"

#include "log.h"
#include "mem.h"
#include "tick.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ARGUMENTS_MAX = 32,
	PATIENCE_MS = 60000, /* that mail_command may take */
	STOPPING_MS = 5000   /* and when we are to end */
};

struct patience {
	int64_t end; /* of tick_now() */
	const volatile sig_atomic_t *stop;
};

static bool
is_over(struct patience *patience)
{
	int64_t now = tick_now();

	if (patience->stop != NULL && *patience->stop &&
		patience->end > now + STOPPING_MS)
		patience->end = now + STOPPING_MS;
	return now >= patience->end;
}

/* A clean environment: nothing of a request's or of our secrets'. */
static pid_t
start(const struct conf *conf, int *input)
{
	struct passwd *user = getpwuid(geteuid());
	char *words = mem_copy(conf->mail_command), *rest = words;
	char *home = mem_printf(
		"HOME=%s", user == NULL ? "/nonexistent" : user->pw_dir);
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *environment[] = {path, home, NULL};
	char *arguments[ARGUMENTS_MAX + 1] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t ignored; /* by us: not by the program, too */
	int i, error, ends[2];
	pid_t pid = -1;

	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	sigaddset(&ignored, SIGXFSZ);
	for (i = 0; i < ARGUMENTS_MAX; i++)
		if ((arguments[i] = strtok_r(rest, " \t", &rest)) == NULL)
			break;
	if (pipe2(ends, O_CLOEXEC) == 0) {
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
		posix_spawnattr_init(&attributes);
		posix_spawnattr_setsigdefault(&attributes, &ignored);
		posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
		error = posix_spawn(&pid, arguments[0], &actions, &attributes,
			arguments, environment);
		posix_spawnattr_destroy(&attributes);
		posix_spawn_file_actions_destroy(&actions);
		close(ends[0]);
		*input = ends[1];
		if (error != 0) {
			close(ends[1]);
			pid = -1;
			errno = error;
		}
	}
	mem_free(home);
	mem_free(words);
	return pid;
}

/* Writes all of it; a program that does not read it is not waited for longer
 * than it may take in all. */
static bool
write_all(int fd, const char *text, struct patience *patience)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	size_t length = strlen(text);
	ssize_t done;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (length > 0) {
		if (is_over(patience) ||
			(poll(&ready, 1, 1000) < 0 && errno != EINTR))
			return false;
		done = write(fd, text, length);
		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (done > 0) {
			text += done;
			length -= (size_t)done;
		}
	}
	return true;
}

/* Waits for the end; kills it when that is too long. */
static int
wait_for(pid_t pid, struct patience *patience)
{
	struct pollfd end = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	int status = 0;

	/* Without a descriptor (an old kernel, none left) it looks often. */
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (is_over(patience)) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
		poll(&end, 1, end.fd < 0 ? 20 : 1000);
	}
	if (end.fd >= 0)
		close(end.fd);
	return status;
}

bool
mail_program_check(const struct conf *conf)
{
	size_t length = strcspn(conf->mail_command, " \t");
	char *path = mem_printf("%.*s", (int)length, conf->mail_command);
	bool runs = access(path, X_OK) == 0;

	if (!runs)
		log_error("mail_command: %s: %s; install a mail program, or "
			  "write `mail_command =` for no mails",
			path, strerror(errno));
	mem_free(path);
	return runs;
}

bool
mail_program_run(const struct conf *conf, const char *message,
	const volatile sig_atomic_t *stop, char *failure, size_t size)
{
	struct patience patience = {tick_now() + PATIENCE_MS, stop};
	int status, input = -1;
	pid_t pid = start(conf, &input);
	bool written;

	if (pid < 0) {
		snprintf(failure, size, "%s: %s", conf->mail_command,
			strerror(errno));
		return false;
	}
	written = write_all(input, message, &patience);
	close(input);
	status = wait_for(pid, &patience);
	if (WIFSIGNALED(status))
		snprintf(failure, size, "mail_command was ended by signal %d",
			WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(failure, size, "mail_command ended with status %d",
			WEXITSTATUS(status));
	else if (!written)
		snprintf(failure, size, "mail_command did not read the mail");
	return written && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
