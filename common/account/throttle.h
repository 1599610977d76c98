/* throttle.h - how often a secret may be tried, and from where.
 *
 * Every try is counted in advance, three times: for the pair of the name that
 * was typed and its network, whose delay grows; for the name, over all
 * networks; for the network and those around it, over all names. A network from
 * which the account has signed in lately has a budget of its own, so that no
 * stranger can shut its owner out. Nothing here tells whether there is such an
 * account, or that two names are of one.
 *
 * Counts are records of kind throttle, written without a flush, and swept. */
#ifndef LATCHKEY_THROTTLE_H
#define LATCHKEY_THROTTLE_H

#include "base/name.h"
#include "site/site.h"

enum {
	THROTTLE_NETWORK_SIZE = 64,
	THROTTLE_LEVELS = 3,  /* of IPv6: /64, /56 and /48 */
	THROTTLE_FACTORS = 50 /* wrong ones, before digits are refused */
};

enum throttle_secret {
	THROTTLE_PASSWORD,
	THROTTLE_CODE,
	THROTTLE_TOKEN,
	THROTTLE_FACTOR /* of a known account, after its password or in a
			 * session of its own */
};

/* Whether the secret of a try may be compared: secret.h opens and shuts. */
enum secret_door { SECRET_SHUT, SECRET_OPEN, SECRET_PASSED };

/* One try at a secret: from where and when it comes. secret.h, and the module
 * that checks the secret, fill in the members after the code. */
struct attempt {
	char network[THROTTLE_NETWORK_SIZE]; /* an IPv4 address, an IPv6 /64 */
	int64_t now;                         /* seconds since 1970 */
	char language[NAME_LANGUAGE_SIZE];   /* of the client's browser; "":
					      * any */
	const char *code;    /* of a second factor, sent along with a password;
			      * NULL: none */
	const char *session; /* for THROTTLE_FACTOR: the browser's session that
			      * has sent a code without the password; NULL, "":
			      * none */
	char account[NAME_ID_SIZE]; /* whose secret; "": no known account's */
	char name[NAME_SIZE];       /* that account's, for the audit; "":
				     * not known */
	int64_t wait; /* STATUS_THROTTLED: seconds until the next one counts */
	/* why it was refused, where the answer may not tell: for the audit
	 * alone. NULL: as the answer says */
	const char *reason;
	enum secret_door door;
	unsigned amr;   /* after a sign-in: jwt.h's bits */
	bool no_digits; /* too many wrong codes for a code of digits */
	int64_t codes;  /* tries at its second factor since the last right one,
			 * this one with them */
};

/* What is tried, and at which name: name_counted()'s, or "" for a secret that
 * comes without a name. */
struct throttle_target {
	enum throttle_secret secret;
	const char *name;
};

/* Inside a unit of work: says that the records of such a try will be asked for,
 * so that they come along with what is read before. */
void throttle_want(const struct site *site,
	const struct throttle_target *target, const struct attempt *attempt);

/* Both inside a unit of work that writes, after site_keys(). In a unit that
 * cannot write (a full disk) only tries from a known network are let in, and
 * the others get STATUS_UNAVAILABLE.
 *
 * Counts the try as a wrong one. STATUS_THROTTLED, with the attempt's `wait`:
 * the secret must not be compared, and nothing was counted. Always STATUS_OK
 * with `throttle = off`. */
enum status throttle_enter(const struct site *site,
	const struct throttle_target *target, struct attempt *attempt);

/* The outcome of a try that was let in. STATUS_OK, a right secret, takes its
 * count back, and after a sign-in its network is known. STATUS_UNAVAILABLE,
 * STATUS_INTERNAL and STATUS_THROTTLED undo the try: the secret could not be
 * compared. Anything else was wrong, and begins the delay. A right secret
 * without a name takes back its own count and no other. A right password beyond
 * `throttle.right` an hour has to wait, too: the attempt's `wait` says so.
 * STATUS_CODE_REQUIRED is of a right password without the account's second
 * factor: it was not wrong, and clears nothing.
 *
 * THROTTLE_FACTOR has an account's own count, of wrong ones since the last
 * right one, which no time forgets: the first `throttle.free` cost nothing,
 * then the delay grows. Beyond THROTTLE_FACTORS the attempt has `no_digits`. A
 * code without the password is counted in the same way by its session alone,
 * until no session can be left: a stolen cookie must not spend the owner's
 * count. Two sessions may share one of an account's 256. */
enum status throttle_leave(const struct site *site,
	const struct throttle_target *target, struct attempt *attempt,
	enum status tested);

/* In any unit of work: STATUS_THROTTLED if throttle_enter() would say so. */
enum status throttle_look(const struct site *site,
	const struct throttle_target *target, struct attempt *attempt);

/* A number for the widest network that the try comes from, for slots.h, after
 * site_keys(). A client cannot choose which networks have the same number. With
 * `throttle = off` the number is no network's. */
uint64_t throttle_crowd(const struct site *site, const struct attempt *attempt);

/* For a try that has to wait for another of its network: STATUS_THROTTLED. */
enum status throttle_crowded(struct attempt *attempt);

/* In any unit of work, after site_keys(): whether the attempt's account has
 * signed in from there lately. The work is the same for no account, which is
 * looked up by `name`, name_counted()'s. */
enum status throttle_known(const struct site *site, const char *name,
	const struct attempt *attempt, bool *known);

/* Counts what any client may have done for the asking, a mail or an account, by
 * network and for all together. STATUS_THROTTLED beyond `throttle.asks` an
 * hour, for all 256 times as many, with the attempt's `wait`. The first in a
 * unit of work that writes, the second in one of its own. */
enum status throttle_ask(const struct site *site, struct attempt *attempt);
enum status throttle_ask_alone(
	const struct site *site, struct attempt *attempt);

/* An attacker could guess codes of digits in time. So an account's wrong ones
 * are counted without an end, to `throttle.codes`: then the account gets codes
 * of symbols, until it signs in. Both inside a unit of work, after site_keys():
 * whether it has come to that, and the operator's word that it may have digits
 * again. */
enum status throttle_no_digits(
	const struct site *site, const char *account, bool *no_digits);
enum status throttle_allow_digits(const struct site *site, const char *account);

/* Inside a unit of work, after site_keys(): deletes the account's counts that
 * never expire. */
enum status throttle_forget(const struct site *site, const char *account);

/* --- for the operator -------------------------------------------------- */

/* A count, as it is shown to the operator. */
struct throttle_count {
	const char *sort;   /* "pair", "name", "network", "asks", "codes",
			     * "factor", "session" or "right" */
	const char *secret; /* "password", "code" or "token"; "" for networks */
	const char *account; /* an id; "" where no account has that name */
	const char *network; /* "" where it is counted over all */
	int64_t failures;    /* of a pair: since the last right one */
	int64_t until;       /* no try before that: by its delay, its budget */
	int64_t known;       /* of a pair: the last sign-in; 0 for none */
	bool no_digits; /* of codes and factors: there have been too many */
};
typedef bool throttle_visit(void *context, const struct throttle_count *count);
enum status throttle_each(
	const struct site *site, throttle_visit *visit, void *context);

/* Whose counts are meant: an account's, by its id and its names, or a network's
 * and those around it. The rest is NULL. */
struct throttle_whom {
	const char *account, *names[2], *network;
};

/* Forgets the counts that are meant, with NULL all; STATUS_NOT_FOUND if there
 * are none. Known networks stay known. */
enum status throttle_clear(
	const struct site *site, const struct throttle_whom *whom);

/* What an address counts as: an IPv4 address itself, also one inside an IPv6
 * address by a mapping or a tunnel; the /64 of any other IPv6 address. False,
 * and "unknown", for a text that is no address. */
bool throttle_network(const char *address, char network[THROTTLE_NETWORK_SIZE]);

/* Whether all clients may seem to come from there, through a proxy that does
 * not name them. True for "unknown", loopback and private addresses. */
bool throttle_may_be_proxy(const char *network);

/* The network, and in IPv6 the wider ones around it. Returns how many. */
int throttle_levels(const char *network,
	char levels[THROTTLE_LEVELS][THROTTLE_NETWORK_SIZE]);

#endif
