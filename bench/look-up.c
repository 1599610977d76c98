/* look-up.c - how long it takes to find an account by its name and read it,
 * as a sign-in does: bench/look-up CONF <NAMES, microseconds each */
#include "config.h"

#include "account/account.h"
#include "base/mem.h"
#include "site/site.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NAMES_MOST = 1000000 };

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* False if one of them is not there. */
static bool
look_up_all(const struct site *site, char **names, size_t count)
{
	struct account account;
	size_t i;

	for (i = 0; i < count; i++)
		if (account_look_up(site, names[i], &account) != STATUS_OK)
			return false;
	return true;
}

int
main(int argc, char **argv)
{
	char **names = mem_zero(NAMES_MOST * sizeof *names);
	char line[NAME_SIZE + 1];
	struct site site;
	size_t count = 0;
	double begun;

	while (count < NAMES_MOST && fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		names[count++] = mem_copy(line);
	}
	if (argc != 2 || count == 0 || !site_open(&site, argv[1]))
		return 2;
	/* Once to be warm. */
	if (!look_up_all(&site, names, count))
		return 1;
	begun = seconds();
	look_up_all(&site, names, count);
	printf("%.3f\n", (seconds() - begun) * 1e6 / (double)count);
	site_close(&site);
	return 0;
}
