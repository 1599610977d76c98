/* program.h - another program that runs: with a clean environment, within a
 * time limit, and what it says is kept.
 *
 *	if (program_start(&program, arguments, input, ms, stop) == 0) {
 *		program_wait(&program);
 *		if (!program_succeeded(&program))
 *			program_say_why(&program, "the setting", text, size);
 *		program_end(&program);
 *	}
 */
#ifndef LATCHKEY_PROGRAM_H
#define LATCHKEY_PROGRAM_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROGRAM_WORDS = 32 };

struct program {
	pid_t pid; /* 0: it does not run */
	int ended; /* a descriptor that is readable when it has; -1: none */
	int said;  /* a file of what it says; -1: none */
	int status;
	int64_t end; /* of its time, of tick_now() */
	const volatile sig_atomic_t *stop;
};

/* Splits a command into its words, which it overwrites; a NULL comes after the
 * last. Returns how many there are. */
int program_words(char *command, char *words[PROGRAM_WORDS + 1]);

/* Whether the first word of a command, the value of that setting, is a program
 * that can be run. If not: false, with the reason in the log, and with what the
 * operator can do. */
bool program_check(
	const char *command, const char *setting, const char *remedy);

/* Starts it with `input` as its standard input. It may take so many
 * milliseconds, and five seconds more once `stop` (NULL: never) is true.
 * Returns 0, or why it does not start. */
int program_start(struct program *program, char *const arguments[], int input,
	int ms, const volatile sig_atomic_t *stop);

/* Whether its time is over. */
bool program_is_late(struct program *program);

/* Whether it has ended. One that is late is killed. */
bool program_has_ended(struct program *program);

/* Waits until it has ended, or for so many milliseconds, or for a signal. */
void program_await(const struct program *program, int ms);
void program_wait(struct program *program);

/* After its end. */
bool program_succeeded(const struct program *program);

/* Why it did not succeed, in printable ASCII; "" if it ended well. */
void program_say_why(const struct program *program, const char *setting,
	char *failure, size_t size);

/* Appends what it has said to the reason, on one line, as far as there is
 * room. */
void program_append_said(
	const struct program *program, char *failure, size_t size);

/* All of these, with nothing as its standard input, for up to so many
 * milliseconds. Returns its exit status, -1 if it did not start or end by
 * itself, and what it has said, as above. */
int program_run(const char *const arguments[], int ms, char *said, size_t size);

/* Forgets it, once it has ended. */
void program_end(struct program *program);

#endif
