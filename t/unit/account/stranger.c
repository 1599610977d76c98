/* stranger.c - what an attacker with an IPv6 /48 can have kept in an hour, by a
 * simulated clock: so many requests of each sort a second, each from another
 * /64 and with another name. The argument, how many, is bench/stranger's. */
#include "config.h"

#include "unit.h"

#include "account/code-request.h"
#include "account/code.h"
#include "account/session.h"

#include <dirent.h>
#include <sys/stat.h>

enum { NOW = 1000000, HOUR = 3600, A_FEW = 1, MIB = 1 << 20 };

static struct site site;
static unsigned dice = 1;

/* The next of 65,536 networks, in no order that keys have. */
static struct attempt *
from_anywhere(int64_t now)
{
	char network[THROTTLE_NETWORK_SIZE];

	dice = dice * 1103515245 + 12345;
	snprintf(network, sizeof network, "2001:db8:1:%x::/64", dice >> 16);
	return unit_attempt(network, now);
}

static void
sign_in(const char *name, int64_t now)
{
	struct password password = unit_password("wrong");
	struct account account;

	account_sign_in(&site, name, &password, from_anywhere(now), &account);
}

static void
use_code(const char *name, int64_t now)
{
	code_check(
		&site, CODE_RESET, name, "0000-0000-0000", from_anywhere(now));
	code_check(
		&site, CODE_VERIFY, NULL, "0000-0000-0000", from_anywhere(now));
}

static void
use_token(int64_t now)
{
	struct session session;

	session_check(&site, "lk_wrong", from_anywhere(now), &session);
}

/* As anybody may with `registration = open`. */
static void
sign_up(const char *name, int64_t now)
{
	struct password password = unit_password("a password");
	struct account account = {.unproved = true};

	if (throttle_ask_alone(&site, from_anywhere(now)) != STATUS_OK)
		return;
	snprintf(account.email, sizeof account.email, "%s", name);
	account_add(&site, &account, &password, ACCOUNT_ALWAYS,
		ACCOUNT_HIDES_EMAIL);
}

static void
ask_all(int number, int64_t now)
{
	char name[64];

	snprintf(name, sizeof name, "stranger-%d@example.com", number);
	sign_in(name, now);
	use_code(name, now);
	use_token(now);
	code_request(&site, CODE_RESET, name, "", from_anywhere(now));
	code_request(&site, CODE_VERIFY, name, "", from_anywhere(now));
	sign_up(name, now);
}

/* Bytes of all files in the store's directory. */
static long long
bytes_of_store(void)
{
	char dir[300], path[600];
	struct dirent *entry;
	struct stat file;
	long long bytes = 0;
	DIR *files;

	snprintf(dir, sizeof dir, "%s/store", unit_dir);
	files = opendir(dir);
	while (files != NULL && (entry = readdir(files)) != NULL) {
		snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
		if (stat(path, &file) == 0 && S_ISREG(file.st_mode))
			bytes += file.st_size;
	}
	if (files != NULL)
		closedir(files);
	return bytes;
}

int
main(int argc, char **argv)
{
	int each = argc > 1 ? atoi(argv[1]) : A_FEW, second, i, number = 0;
	/* One a second spends all budgets, and is less than half of 64 MiB
	 * where there are none. */
	int most = each > A_FEW ? 64 : 8;
	long long before, grown;

	unit_begin();
	unit_site(&site, "hash_cost = 1\nmail_command = /bin/true\n"
			 "registration = open\ncode_form = digits:8\n");
	unit_account(&site, "alice", "alice@example.com", true);
	before = bytes_of_store();
	for (second = 0; second < HOUR; second++)
		for (i = 0; i < each; i++)
			ask_all(number++, NOW + second);
	grown = bytes_of_store() - before;
	printf("# %d requests of each sort: %.1f MiB, %d counts, %d mails\n",
		number, (double)grown / MIB, unit_count(&site, STORE_THROTTLE),
		unit_count(&site, STORE_MAIL));
	ok(before > 0 && grown <= (long long)most * MIB,
		each > A_FEW ? "an hour of a stranger's with a /48: 64 MiB"
			     : "an hour of a slow one's: 8 MiB");
	site_close(&site);
	return done();
}
