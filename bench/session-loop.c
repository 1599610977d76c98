/* session-loop.c - how long it takes to find a browser's session among many by
 * its token, as verify does where it has not remembered it: bench/session-loop
 * MANY.conf COUNT FEW.conf COUNT ROUNDS, a line a round, of microseconds among
 * many and among few */
#include "config.h"

#include "account/session.h"
#include "base/mem.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 1000, LOOKS = 50000 };

/* A site, and its sessions, each of an account of its own. */
struct place {
	struct site site;
	size_t count;
	char (*accounts)[UUID_SIZE];
	char (*ids)[UUID_SIZE];
	char (*tokens)[JWT_SIZE]; /* of those that are looked up */
};

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Makes the sessions from `from` on, a batch at most. */
static bool
make_batch(struct place *place, size_t from)
{
	struct attempt attempt = {.now = site_now(), .network = "192.0.2.1"};
	struct session_record record = {.amr = JWT_AMR_PWD,
		.agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
			 "Gecko/20100101 Firefox/128.0"};
	enum status status = store_begin(place->site.store, STORE_WRITE);
	size_t i;

	for (i = from;
		status == STATUS_OK && i < from + BATCH && i < place->count;
		i++) {
		uuid_ordered(place->accounts[i]);
		status = session_record_new(
			&place->site, place->accounts[i], &attempt, &record);
		strcpy(place->ids[i], record.id);
	}
	return status == STATUS_OK &&
	       store_commit(place->site.store, STORE_LAZY) == STATUS_OK;
}

static bool
make(struct place *place, const char *conf, size_t count)
{
	size_t i;

	place->count = count;
	place->accounts = mem_zero(count * sizeof *place->accounts);
	place->ids = mem_zero(count * sizeof *place->ids);
	if (!site_open(&place->site, conf))
		return false;
	for (i = 0; i < count; i += BATCH)
		if (!make_batch(place, i))
			return false;
	return true;
}

/* Issues the tokens of sessions that are drawn. */
static bool
issue(struct place *place)
{
	struct account account = {.epoch = 1};
	struct session session = {.expires = site_now() + 3600};
	uint32_t which;
	int i;

	place->tokens = mem_zero(LOOKS * sizeof *place->tokens);
	for (i = 0; i < LOOKS; i++) {
		which = randombytes_uniform((uint32_t)place->count);
		strcpy(account.id, place->accounts[which]);
		strcpy(session.sid, place->ids[which]);
		if (session_issue(&place->site, &account, &session, site_now(),
			    place->tokens[i]) != STATUS_OK)
			return false;
	}
	return true;
}

static bool
find(const struct site *site, const char *token, int64_t now)
{
	struct session_record record;
	struct jwt_claims claims;
	enum status status;

	if (!jwt_verify(keys_find, site->keys, site->conf->issuer, now, token,
		    strlen(token), &claims) ||
		store_begin(site->store, STORE_READ) != STATUS_OK)
		return false;
	status = session_record_get(
		site->store, claims.sub, claims.sid, now, &record);
	store_abort(site->store);
	return status == STATUS_OK;
}

/* Microseconds a look-up; it gives up where one is not there. */
static double
look_up(const struct place *place)
{
	int64_t now = site_now();
	double begun = seconds();
	int i;

	for (i = 0; i < LOOKS; i++)
		if (!find(&place->site, place->tokens[i], now))
			exit(1);
	return (seconds() - begun) * 1e6 / LOOKS;
}

int
main(int argc, char **argv)
{
	static struct place many, few;
	double first;
	int round;

	if (argc != 6 || sodium_init() < 0 ||
		!make(&many, argv[1], strtoul(argv[2], NULL, 10)) ||
		!make(&few, argv[3], strtoul(argv[4], NULL, 10)) ||
		!issue(&many) || !issue(&few))
		return 2;
	/* Once to be warm. */
	look_up(&many);
	look_up(&few);
	for (round = 0; round < atoi(argv[5]); round++) {
		first = look_up(&many);
		printf("%.3f %.3f\n", first, look_up(&few));
	}
	site_close(&many.site);
	site_close(&few.site);
	return 0;
}
