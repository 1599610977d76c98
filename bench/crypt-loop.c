/* crypt-loop.c - plain crypt_ra(3) in a loop: crypt-loop PROCESSES SECONDS
 * [kept] prints hashes a second, of yescrypt at latchkey's default cost.
 * kept: in memory that is kept, as login does, and nothing else with it: no
 * sign-in can be quicker */
#include "config.h"

#include "password/scratch.h"

#include <crypt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* One process: counts into the pipe what it has done in time. */
static void __attribute__((noreturn)) loop(int out, double end, bool kept)
{
	char *setting = crypt_gensalt_ra("$y$", 5, NULL, 0);
	void *data = NULL;
	int size = 0;
	unsigned count = 0;

	while (now() < end) {
		if (kept)
			scratch_begin();
		if (crypt_ra("Quiet-Harbour-42", setting, &data, &size) != NULL)
			count++;
		if (kept)
			scratch_end(true);
	}
	_exit(write(out, &count, sizeof count) == sizeof count ? 0 : 1);
}

int
main(int argc, char **argv)
{
	int processes = argc > 1 ? atoi(argv[1]) : 1;
	double start = now(), end = start + (argc > 2 ? atof(argv[2]) : 3);
	unsigned count, sum = 0;
	bool kept = argc > 3 && strcmp(argv[3], "kept") == 0;
	int i, ends[2];

	if (pipe(ends) != 0)
		return 1;
	for (i = 0; i < processes; i++)
		if (fork() == 0)
			loop(ends[1], end, kept);
	close(ends[1]);
	while (read(ends[0], &count, sizeof count) == sizeof count)
		sum += count;
	printf("%.2f\n", sum / (now() - start));
	while (wait(NULL) > 0)
		continue;
	return 0;
}
