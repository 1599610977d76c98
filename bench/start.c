/* start.c - how long it takes from the start of a CGI program to its whole
 * answer: bench/start ROUNDS PROGRAM..., in our own environment. A line for
 * each program: microseconds, the lower quartile of the rounds, in which they
 * take turns. Other work of the machine only ever adds, and adds
 * more to the program that takes longer. */
#include "config.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "bench/start: %s\n", what);
	exit(1);
}

static pid_t
spawn(char *program, int out)
{
	char *arguments[] = {program, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (posix_spawn(&pid, program, &actions, NULL, arguments, environ) != 0)
		fail(program);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* As a web server has it: the answer is whole when its pipe is at its end. */
static double
run(char *program)
{
	char answer[4096];
	size_t length = 0;
	double begun, took;
	ssize_t got;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		fail("pipe");
	begun = now();
	pid = spawn(program, ends[1]);
	close(ends[1]);
	while (length < sizeof answer - 1 &&
		(got = read(ends[0], answer + length,
			 sizeof answer - 1 - length)) > 0)
		length += (size_t)got;
	took = now() - begun;
	close(ends[0]);
	waitpid(pid, NULL, 0);
	answer[length] = '\0';
	if (strncmp(answer, "Status: 204", 11) != 0)
		fail("an answer that is not 204");
	return took;
}

static int
compare(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return one < other ? -1 : one > other;
}

int
main(int argc, char **argv)
{
	size_t rounds = argc > 1 ? (size_t)atoi(argv[1]) : 0, i;
	double *took;
	int program;

	took = calloc((size_t)argc * (rounds + 1), sizeof *took);
	if (argc < 3 || rounds == 0 || took == NULL)
		return 2;
	for (program = 2; program < argc; program++)
		run(argv[program]); /* to be warm */
	for (i = 0; i < rounds; i++)
		for (program = 2; program < argc; program++)
			took[(size_t)program * rounds + i] = run(argv[program]);
	for (program = 2; program < argc; program++) {
		qsort(&took[(size_t)program * rounds], rounds, sizeof *took,
			compare);
		printf("%.1f\n", took[(size_t)program * rounds + rounds / 4]);
	}
	free(took);
	return 0;
}
