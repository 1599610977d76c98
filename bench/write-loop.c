/* write-loop.c - new passwords for accounts, each on disk before the next:
 * bench/write-loop CONF WRITERS SECONDS, records a second */
#include "config.h"

#include "account/account.h"

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

/* Made at most once: later runs find it there. */
static bool
have_account(const struct site *site, const char *name)
{
	struct account account = {.enabled = true};
	enum status status;

	strcpy(account.username, name);
	status = account_add(
		site, &account, NULL, ACCOUNT_ALWAYS, ACCOUNT_HIDES_NONE);
	return status == STATUS_OK || status == STATUS_CREATED ||
	       status == STATUS_NAME_TAKEN;
}

/* One process: counts into the pipe what it has done in time. */
static void __attribute__((noreturn))
loop(const char *conf, int writer, int out, double end)
{
	char name[32], hash[PASSWORD_HASH_SIZE];
	struct site site;
	unsigned count = 0;
	bool good = site_open(&site, conf);

	snprintf(name, sizeof name, "writer%d", writer);
	good = good && have_account(&site, name);
	while (good && now() < end) {
		/* As long as one of yescrypt. */
		snprintf(hash, sizeof hash, "$y$j9T$%022u$%043u", count, count);
		good = account_update(&site, name, account_set_hash, hash) ==
		       STATUS_OK;
		count++;
	}
	if (good)
		good = write(out, &count, sizeof count) == sizeof count;
	_exit(good ? 0 : 1);
}

int
main(int argc, char **argv)
{
	int writers = argc > 2 ? atoi(argv[2]) : 1;
	double start = now(), end = start + (argc > 3 ? atof(argv[3]) : 3);
	unsigned count, sum = 0;
	int i, status, ends[2], failed = argc < 2;

	if (failed || pipe(ends) != 0)
		return 2;
	for (i = 0; i < writers; i++)
		if (fork() == 0)
			loop(argv[1], i, ends[1], end);
	close(ends[1]);
	while (read(ends[0], &count, sizeof count) == sizeof count)
		sum += count;
	printf("%.2f\n", sum / (now() - start));
	while (wait(&status) > 0)
		failed |= status != 0;
	return failed;
}
