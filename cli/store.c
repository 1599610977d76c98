/* store.c - latchkey store ... */
#include "config.h"

#include "cli.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "print.h"
#include "store-copy.h"
#include "store/store-pq.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* --- watch: what other machines have changed ------------------------------ */

enum { LOOK_MS = 500 };

static volatile sig_atomic_t stopping;

static void
on_terminate(int signal_number)
{
	(void)signal_number;
	stopping = 1;
}

/* multiwatch sends QUIT on TERM, and passes USR2 on. */
static void
take_signals(void)
{
	static const int ending[] = {SIGTERM, SIGINT, SIGQUIT, SIGUSR2};
	struct sigaction action = {.sa_handler = on_terminate};
	size_t i;

	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof ending / sizeof ending[0]; i++)
		sigaction(ending[i], &action, NULL);
}

/* The kernel frees the lock with the process. Two would do no harm but twice
 * the work, so a machine that has two has made a mistake somewhere. */
static bool
is_only_one(const struct site *site)
{
	char *path = conf_in_state(site->conf, "store-watch");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool only = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;

	if (!only && fd >= 0 && errno == EWOULDBLOCK)
		log_error("store: another process watches it on this machine");
	else if (!only)
		log_error("store: %s: %s", path, strerror(errno));
	mem_free(path);
	return only;
}

/* Half a second from the last look, or at once where that took longer. A signal
 * ends it. */
static void
await_next(int64_t looked)
{
	int64_t left = looked + LOOK_MS - tick_now();
	struct timespec pause = {.tv_nsec = left * 1000000};

	if (left > 0 && !stopping)
		nanosleep(&pause, NULL);
}

/* If the store cannot be had it goes on, since the store will be there again.
 * The programs then find the page too old, and ask the store themselves. */
static void
watch_on(const struct site *site)
{
	int64_t looked;

	while (!stopping) {
		looked = tick_now();
		/* Other machines' keys wait for this one where it has not said
		 * that it is there, and which keys it has. */
		if (store_poll(site->store) == STATUS_OK)
			site_register(site, site_now());
		await_next(looked);
	}
}

static int
watch(struct cli *cli)
{
	log_open("store");
	take_signals();
	if (!cli_open(cli)) {
		sleep(1); /* the supervisor starts it again at once */
		return CLI_REFUSED;
	}
	if (!store_is_shared(cli->site.store)) {
		print_line(stdout,
			"nothing to watch: no other machine uses the store");
		return CLI_OK;
	}
	site_count(&cli->site, NULL);
	if (!is_only_one(&cli->site)) {
		sleep(1);
		return CLI_REFUSED;
	}
	watch_on(&cli->site);
	return CLI_OK;
}

/* --- init: the tables --------------------------------------------------- */

static int
make(struct cli *cli)
{
	struct store_pq_place place;
	enum status status;

	if (!cli_open_parent(cli))
		return CLI_REFUSED;
	if (!store_is_shared(cli->site.store)) {
		print_line(stdout, "nothing to make: this store is made by the "
				   "first program that writes");
		return CLI_OK;
	}
	site_database(cli->site.conf, &place);
	status = store_pq_init(&place, cli_option(cli, "--owner"));
	mem_free((void *)(uintptr_t)place.passfile);
	if (status == STATUS_OK)
		print_line(stdout, "the tables are there, and the lock keeps "
				   "others out");
	return cli_result(cli, "init", status);
}

const struct cli_command cli_store_commands[] = {
	{"store", "init", "[--owner URI]",
		"On a store in PostgreSQL: makes its tables. With --owner as "
		"the user of that URI, and permits\n      the store's own user "
		"what the programs need.",
		make, NULL, NULL},
	{"store", "copy", "[--give-up] FROM TO",
		"Copies all records to another store, and compares. FROM and "
		"TO are as the setting store is.\n      Nothing is written to "
		"FROM from then on; --give-up ends that.",
		store_copy_run, NULL, NULL},
	{"store", "watch", "",
		"On a store in PostgreSQL: sees what other machines have "
		"changed, until it is ended.\n      One on each machine.",
		watch, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
