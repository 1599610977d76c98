/* throttle.h - how often a secret may be tried, and from where.
 *
 * Every try is counted in advance and for three: the pair of the name that was
 * typed and the network that it comes from, whose delay grows; the name, over
 * all networks; the network, and those that it is in, over all names. A network
 * from which the account has signed in lately has a budget of its own, so that
 * no stranger can shut its owner out. Nothing here tells whether there is such
 * an account, or that two names are of one.
 *
 * Counts are records of kind throttle, written without a flush, and swept. */
#ifndef LATCHKEY_THROTTLE_H
#define LATCHKEY_THROTTLE_H

#include "base/name.h"
#include "site/site.h"

enum {
	THROTTLE_NETWORK_SIZE = 64,
	THROTTLE_LEVELS = 3 /* of IPv6: /64, /56 and /48 */
};

enum throttle_secret { THROTTLE_PASSWORD, THROTTLE_CODE, THROTTLE_TOKEN };

/* Whether the secret of a try may be compared: secret.h opens and shuts. */
enum secret_door { SECRET_SHUT, SECRET_OPEN, SECRET_PASSED };

/* One try at a secret: from where and when it comes. What follows the language
 * is filled in by secret.h, and by who checks the secret. */
struct attempt {
	char network[THROTTLE_NETWORK_SIZE]; /* an IPv4 address, an IPv6 /64 */
	int64_t now;                         /* seconds since 1970 */
	char language[NAME_LANGUAGE_SIZE];   /* of its browser; "": any */
	char account[NAME_ID_SIZE]; /* whose secret; "": nobody's known */
	int64_t wait; /* STATUS_THROTTLED: seconds until the next one counts */
	/* why it was refused, where the answer may not tell: for the audit
	 * alone. NULL: as the answer says */
	const char *reason;
	enum secret_door door;
	bool no_digits; /* too many wrong codes for any that is of digits */
};

/* What is tried, and at which name: as name_counted() has it, "" for secrets
 * that name nobody. */
struct throttle_target {
	enum throttle_secret secret;
	const char *name;
};

/* Both inside a unit of work that writes, after site_keys(); in one that cannot
 * (a full disk), only those are let in who come from a known network, and the
 * others get STATUS_UNAVAILABLE.
 *
 * Counts the try as a wrong one. STATUS_THROTTLED, with the attempt's `wait`:
 * it must not be looked at, and nothing was counted. Always STATUS_OK with
 * `throttle = off`. */
enum status throttle_enter(const struct site *site,
	const struct throttle_target *target, struct attempt *attempt);

/* What came of a try that was let in. A right one takes its count back, and
 * after a sign-in its network is known; after a wrong one the delay begins;
 * one that nobody could look at was none. A right one of a secret that names
 * nobody takes back its own count and no other. A right password beyond
 * `throttle.right` an hour has to wait, too: the attempt's `wait` says so. */
enum throttle_outcome { THROTTLE_RIGHT, THROTTLE_WRONG, THROTTLE_UNSEEN };
enum status throttle_leave(const struct site *site,
	const struct throttle_target *target, struct attempt *attempt,
	enum throttle_outcome outcome);

/* In any unit of work: STATUS_THROTTLED if throttle_enter() would say so. */
enum status throttle_look(const struct site *site,
	const struct throttle_target *target, struct attempt *attempt);

/* A number for the widest network that the try comes from, for slots.h, after
 * site_keys(): nobody can choose who has the same. With `throttle = off` it is
 * nobody's. */
uint64_t throttle_crowd(const struct site *site, const struct attempt *attempt);

/* The try has to wait for another of its network: STATUS_THROTTLED. */
enum status throttle_crowded(struct attempt *attempt);

/* In any unit of work, after site_keys(): whether the attempt's account has
 * signed in from there lately. The work is the same for nobody's. */
enum status throttle_known(
	const struct site *site, const struct attempt *attempt, bool *known);

/* What anyone may have done for the asking, a mail or an account: counted by
 * network, and by all together. STATUS_THROTTLED beyond `throttle.asks` an
 * hour, and for all 256 times as many, with the attempt's `wait`. In a unit of
 * work that writes; in one of its own. */
enum status throttle_ask(const struct site *site, struct attempt *attempt);
enum status throttle_ask_alone(
	const struct site *site, struct attempt *attempt);

/* Codes of digits can be guessed in time, so wrong ones are counted by account
 * without an end, to `throttle.codes`: then it has codes of symbols, until it
 * signs in. Both inside a unit of work, after site_keys(): whether it has come
 * to that, and the operator's word that it may have digits again. */
enum status throttle_no_digits(
	const struct site *site, const char *account, bool *no_digits);
enum status throttle_allow_digits(const struct site *site, const char *account);

/* --- for the operator -------------------------------------------------- */

/* A count, as the operator sees it. */
struct throttle_count {
	const char *sort;   /* "pair", "name", "network", "asks", "codes" or
			     * "right" */
	const char *secret; /* "password", "code" or "token"; "" for networks */
	const char *account; /* an id; "" where no account has that name */
	const char *network; /* "" where it is counted over all */
	int64_t failures;    /* of a pair: since the last right one */
	int64_t until;       /* no try before that: its delay, its budget */
	int64_t known;       /* of a pair: the last sign-in; 0 for none */
	bool no_digits;      /* of codes: there have been too many */
};
typedef bool throttle_visit(void *context, const struct throttle_count *count);
enum status throttle_each(
	const struct site *site, throttle_visit *visit, void *context);

/* Whose counts are meant: an account's, by its id and its names, or a network's
 * and those that it is in. What is not meant is NULL. */
struct throttle_whom {
	const char *account, *names[2], *network;
};

/* Forgets what is counted of those, with NULL of everybody; STATUS_NOT_FOUND if
 * that is nothing. Known networks stay known. */
enum status throttle_clear(
	const struct site *site, const struct throttle_whom *whom);

/* What an address counts as: itself, or its /64 in IPv6; the IPv4 address that
 * is wrapped in it by a mapping or a tunnel. False, and "unknown", for what is
 * no address. */
bool throttle_network(const char *address, char network[THROTTLE_NETWORK_SIZE]);

/* Whether all the world may come from there: a proxy that says of nobody where
 * he comes from. So it is for "unknown", loopback and private addresses. */
bool throttle_may_be_proxy(const char *network);

/* The network, and in IPv6 the wider ones that it is in. How many. */
int throttle_levels(const char *network,
	char levels[THROTTLE_LEVELS][THROTTLE_NETWORK_SIZE]);

#endif
