/* mail-program.c - hands a message to the machine's mail program */
#include "config.h"

#include "mail/mail-program.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sender.h"
#include "base/tick.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ARGUMENTS_MAX = 32,
	PATIENCE_MS = 60000, /* that mail_command may take */
	STOPPING_MS = 5000,  /* once the sender is to end */
	SAID_MAX = 4096      /* bytes of what it says */
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

/* A mail program that runs. */
struct child {
	pid_t pid;
	int input;
	int said; /* a file of what it says; -1 for none */
};

/* Whether an argument names the sender of the envelope already. */
static bool
names_sender(const char *argument)
{
	static const char *const options[] = {
		"-f", "-r", "--from", "--read-envelope-from"};
	size_t i;

	for (i = 0; i < sizeof options / sizeof options[0]; i++)
		if (strncmp(argument, options[i], strlen(options[i])) == 0)
			return true;
	return false;
}

/* The words of mail_command, and mail_from's address as the sender of the
 * envelope: mail that cannot be delivered comes back to it. */
static void
make_arguments(
	char *words, struct sender *sender, char *arguments[ARGUMENTS_MAX + 3])
{
	static char option[] = "-f";
	bool named = sender->address[0] == '\0';
	char *rest = words;
	int i;

	for (i = 0; i < ARGUMENTS_MAX; i++) {
		arguments[i] = strtok_r(rest, " \t", &rest);
		if (arguments[i] == NULL)
			break;
		named = named || names_sender(arguments[i]);
	}
	if (!named) {
		arguments[i++] = option;
		arguments[i++] = sender->address;
	}
	arguments[i] = NULL;
}

/* A file in memory for its first lines, which cannot grow. A pipe could: the
 * mail program may leave a process behind that goes on to write. */
static int
open_said(void)
{
	int fd = memfd_create("said", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && (ftruncate(fd, SAID_MAX) != 0 ||
			       fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) != 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Starts it with a clean environment, without anything of a request's or
 * latchkey's secrets. It ignores the signals that this process ignores. */
static int
spawn(char *arguments[], int input, struct child *child)
{
	struct passwd *user = getpwuid(geteuid());
	char *home = mem_printf(
		"HOME=%s", user == NULL ? "/nonexistent" : user->pw_dir);
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *environment[] = {path, home, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t ignored;
	int error;

	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	sigaddset(&ignored, SIGXFSZ);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (child->said >= 0) {
		posix_spawn_file_actions_adddup2(
			&actions, child->said, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(
			&actions, child->said, STDERR_FILENO);
	}
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &ignored);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	error = posix_spawn(&child->pid, arguments[0], &actions, &attributes,
		arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	mem_free(home);
	return error;
}

/* Returns 0, or why it does not start. */
static int
start(const struct conf *conf, struct child *child)
{
	char *arguments[ARGUMENTS_MAX + 3];
	char *words = mem_copy(conf->mail_command);
	struct sender sender;
	int error, ends[2];

	if (!sender_read(conf->mail_from, &sender))
		sender.address[0] = '\0';
	make_arguments(words, &sender, arguments);
	child->said = open_said();
	if (pipe2(ends, O_CLOEXEC) == 0) {
		error = spawn(arguments, ends[0], child);
		close(ends[0]);
		child->input = ends[1];
		if (error != 0)
			close(ends[1]);
	} else {
		error = errno;
	}
	if (error != 0 && child->said >= 0)
		close(child->said);
	mem_free(words);
	return error;
}

/* Writes all of it. A program that does not read is given no longer than it may
 * take in all. */
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

/* Waits for the program's end, and kills it when that takes too long. */
static int
wait_for(pid_t pid, struct patience *patience)
{
	struct pollfd end = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	int status = 0;

	/* Without a descriptor (an old kernel, or none free) it looks often. */
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (is_over(patience)) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
		poll(&end, 1, end.fd < 0 ? 20 : 1000);
	}
	file_close(end.fd);
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

/* Appends what the program has said to the reason, on one line, as far as there
 * is room. */
static void
append_said(int fd, char *failure, size_t size)
{
	char text[SAID_MAX + 1], *line, *rest = text;
	size_t used = strlen(failure);
	ssize_t length = fd < 0 ? 0 : pread(fd, text, SAID_MAX, 0);

	text[length > 0 ? length : 0] = '\0';
	while ((line = strtok_r(rest, "\r\n", &rest)) != NULL && used < size)
		used += (size_t)snprintf(
			failure + used, size - used, "; %s", line);
	for (line = failure; *line != '\0'; line++)
		if ((unsigned char)*line < 0x20 || *line == 0x7f ||
			(unsigned char)*line >= 0x80)
			*line = '?';
}

static void
say_why(const struct child *child, int status, bool written, char *failure,
	size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(failure, size, "mail_command was ended by signal %d",
			WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(failure, size, "mail_command ended with status %d",
			WEXITSTATUS(status));
	else if (!written)
		snprintf(failure, size, "mail_command did not read the mail");
	append_said(child->said, failure, size);
}

bool
mail_program_run(const struct conf *conf, const char *message,
	const volatile sig_atomic_t *stop, char *failure, size_t size)
{
	struct patience patience = {tick_now() + PATIENCE_MS, stop};
	struct child child;
	int status, error = start(conf, &child);
	bool written, good;

	if (error != 0) {
		snprintf(failure, size, "%s: %s", conf->mail_command,
			strerror(error));
		return false;
	}
	written = write_all(child.input, message, &patience);
	close(child.input);
	status = wait_for(child.pid, &patience);
	good = written && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (!good)
		say_why(&child, status, written, failure, size);
	file_close(child.said);
	return good;
}
