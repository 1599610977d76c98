/* program.c - another program that runs */
#include "config.h"

#include "base/program.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	STOPPING_MS = 5000, /* once this process is to end */
	LOOK_MS = 1000,
	SAID_MAX = 4096 /* bytes of what it says */
};

int
program_words(char *command, char *words[PROGRAM_WORDS + 1])
{
	char *rest = command;
	int i;

	for (i = 0; i < PROGRAM_WORDS; i++) {
		words[i] = strtok_r(rest, " \t", &rest);
		if (words[i] == NULL)
			return i;
	}
	words[i] = NULL;
	return i;
}

bool
program_check(const char *command, const char *setting, const char *remedy)
{
	char *path = mem_printf("%.*s", (int)strcspn(command, " \t"), command);
	bool runs = access(path, X_OK) == 0;

	if (!runs)
		log_error("%s: %s: %s; %s", setting, path, strerror(errno),
			remedy);
	mem_free(path);
	return runs;
}

/* A file in memory for its first lines, which cannot grow. A pipe could: the
 * program may leave a process behind that goes on to write. */
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
 * latchkey's secrets. It ignores no signal that this process ignores. */
static int
spawn(struct program *program, char *const arguments[], int input)
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
	if (program->said >= 0) {
		posix_spawn_file_actions_adddup2(
			&actions, program->said, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(
			&actions, program->said, STDERR_FILENO);
	}
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &ignored);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	error = posix_spawn(&program->pid, arguments[0], &actions, &attributes,
		arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	mem_free(home);
	return error;
}

int
program_start(struct program *program, char *const arguments[], int input,
	int ms, const volatile sig_atomic_t *stop)
{
	int error;

	*program = (struct program){.ended = -1,
		.said = open_said(),
		.end = tick_now() + ms,
		.stop = stop};
	error = spawn(program, arguments, input);
	if (error != 0)
		program_end(program);
	else
		program->ended = (int)syscall(SYS_pidfd_open, program->pid, 0);
	return error;
}

bool
program_is_late(struct program *program)
{
	int64_t now = tick_now();

	if (program->stop != NULL && *program->stop &&
		program->end > now + STOPPING_MS)
		program->end = now + STOPPING_MS;
	return now >= program->end;
}

bool
program_has_ended(struct program *program)
{
	if (waitpid(program->pid, &program->status, WNOHANG) != 0)
		return true;
	if (!program_is_late(program))
		return false;
	kill(program->pid, SIGKILL);
	waitpid(program->pid, &program->status, 0);
	return true;
}

/* Without a descriptor (an old kernel, or none free) it looks often. */
void
program_await(const struct program *program, int ms)
{
	struct pollfd end = {.fd = program->ended, .events = POLLIN};

	poll(&end, 1, end.fd < 0 && ms > 20 ? 20 : ms);
}

void
program_wait(struct program *program)
{
	while (!program_has_ended(program))
		program_await(program, LOOK_MS);
}

bool
program_succeeded(const struct program *program)
{
	return WIFEXITED(program->status) && WEXITSTATUS(program->status) == 0;
}

void
program_say_why(const struct program *program, const char *setting,
	char *failure, size_t size)
{
	int status = program->status;

	if (WIFSIGNALED(status))
		snprintf(failure, size, "%s was ended by signal %d", setting,
			WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(failure, size, "%s ended with status %d", setting,
			WEXITSTATUS(status));
	else
		failure[0] = '\0';
}

void
program_append_said(const struct program *program, char *failure, size_t size)
{
	char text[SAID_MAX + 1], *line, *rest = text;
	size_t used = strlen(failure);
	ssize_t length =
		program->said < 0 ? 0 : pread(program->said, text, SAID_MAX, 0);

	text[length > 0 ? length : 0] = '\0';
	while ((line = strtok_r(rest, "\r\n", &rest)) != NULL && used < size)
		used += (size_t)snprintf(
			failure + used, size - used, "; %s", line);
	for (line = failure; *line != '\0'; line++)
		if ((unsigned char)*line < 0x20 || *line == 0x7f ||
			(unsigned char)*line >= 0x80)
			*line = '?';
}

void
program_end(struct program *program)
{
	file_close(program->ended);
	file_close(program->said);
	*program = (struct program){.ended = -1, .said = -1};
}

int
program_run(const char *const arguments[], int ms, char *said, size_t size)
{
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC), result = -1;
	struct program program;

	said[0] = '\0';
	if (program_start(&program, (char *const *)(uintptr_t)arguments, input,
		    ms, NULL) == 0) {
		program_wait(&program);
		if (WIFEXITED(program.status))
			result = WEXITSTATUS(program.status);
		program_append_said(&program, said, size);
		program_end(&program);
	}
	file_close(input);
	return result;
}
