/* mail-program.c - hands a message to the machine's mail program */
#include "config.h"

#include "mail/mail-program.h"

#include "base/mem.h"
#include "base/program.h"
#include "base/sender.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 }; /* that mail_command may take */

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
	char *words, struct sender *sender, char *arguments[PROGRAM_WORDS + 3])
{
	static char option[] = "-f";
	bool named = sender->address[0] == '\0';
	int i, count = program_words(words, arguments);

	for (i = 0; i < count; i++)
		named = named || names_sender(arguments[i]);
	if (!named) {
		arguments[count++] = option;
		arguments[count++] = sender->address;
	}
	arguments[count] = NULL;
}

/* Starts it with a pipe as its standard input, the other end of which is then
 * `to`. Returns 0, or why it does not start. */
static int
start(const struct conf *conf, const volatile sig_atomic_t *stop,
	struct program *program, int *to)
{
	char *arguments[PROGRAM_WORDS + 3];
	char *words = mem_copy(conf->mail_command);
	struct sender sender;
	int error, ends[2];

	if (!sender_read(conf->mail_from, &sender))
		sender.address[0] = '\0';
	make_arguments(words, &sender, arguments);
	if (pipe2(ends, O_CLOEXEC) == 0) {
		error = program_start(
			program, arguments, ends[0], PATIENCE_MS, stop);
		close(ends[0]);
		*to = ends[1];
		if (error != 0)
			close(ends[1]);
	} else {
		error = errno;
	}
	mem_free(words);
	return error;
}

/* Writes all of it. A program that does not read is given no longer than it may
 * take in all. */
static bool
write_all(int fd, const char *text, struct program *program)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	size_t length = strlen(text);
	ssize_t done;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (length > 0) {
		if (program_is_late(program) ||
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

bool
mail_program_check(const struct conf *conf)
{
	return program_check(conf->mail_command, "mail_command",
		"install a mail program, or write `mail_command =` for no "
		"mails");
}

bool
mail_program_run(const struct conf *conf, const char *message,
	const volatile sig_atomic_t *stop, char *failure, size_t size)
{
	struct program program;
	int to, error = start(conf, stop, &program, &to);
	bool written, good;

	if (error != 0) {
		snprintf(failure, size, "%s: %s", conf->mail_command,
			strerror(error));
		return false;
	}
	written = write_all(to, message, &program);
	close(to);
	program_wait(&program);
	good = written && program_succeeded(&program);
	if (!good) {
		program_say_why(&program, "mail_command", failure, size);
		if (failure[0] == '\0')
			snprintf(failure, size,
				"mail_command did not read the mail");
		program_append_said(&program, failure, size);
	}
	program_end(&program);
	return good;
}
