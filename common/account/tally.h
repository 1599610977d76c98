/* tally.h - all that one try is counted by; for throttle.c, which decides by
 * it, and throttle-homes.c */
#ifndef LATCHKEY_TALLY_H
#define LATCHKEY_TALLY_H

#include "account/count.h"

struct tally {
	bool named;         /* the secret comes with a name */
	bool known;         /* the name's account has signed in from there
			     * lately */
	struct count home;  /* if known: the account in that network, */
	struct count right; /* and its right passwords, from all networks */
	struct count name;  /* else: the name, over all networks, */
	struct count networks[THROTTLE_LEVELS]; /* and those networks, over all
						 * names */
	int levels;
	bool digits;        /* a code that may be of digits: */
	struct count codes; /* the account's wrong ones since it signed in */
	struct count_pairs pairs; /* of the narrowest network */
	struct count *pair;       /* of the name and that network */
};

/* Inside a unit of work: reads what is recorded, and whether the account is
 * known in that network. The tally points into itself: do not copy it. */
enum status tally_load(const struct site *site,
	const struct throttle_target *target, const struct attempt *attempt,
	struct tally *tally);
enum status tally_known(
	const struct site *site, const struct attempt *attempt, bool *known);
enum status tally_save(
	const struct site *site, const struct tally *tally, int64_t now);

/* tally_wait(): seconds until the next try; 0: now. Then: whether the wait is
 * the network's own; what a try takes of the budgets in force; and giving it
 * back. */
int64_t tally_wait(const struct conf *conf, struct tally *tally, int64_t now);
bool tally_network_waits(
	const struct conf *conf, const struct tally *tally, int64_t now);
void tally_spend(const struct conf *conf, struct tally *tally, int64_t now);
void tally_take_back(const struct conf *conf, struct tally *tally);

/* The same for a right password of the account, which is known by now. */
enum status tally_load_right(const struct site *site,
	const struct attempt *attempt, struct tally *tally);
int64_t tally_right_wait(
	const struct conf *conf, const struct tally *tally, int64_t now);
enum status tally_save_right(
	const struct site *site, struct tally *tally, int64_t now);

/* Notes that the account has signed in at the home of that key. Beyond
 * `throttle.homes`, the homes without a sign-in for longest are forgotten
 * (throttle-homes.c). */
enum status tally_note_home(const struct site *site, const char *account,
	const char *home, int64_t now);

/* The counts of a network and of those around it, of any sort: each may have
 * four times as many as the one before. */
int tally_networks(const struct site *site, const char *sort,
	const char *network, struct count networks[THROTTLE_LEVELS]);
struct budget tally_network_budget(unsigned long most, int level);

/* Names the count of an account's wrong codes, "" for no account. */
void tally_codes(const struct site *site, const char *account, const char *name,
	struct count *codes);

/* The key under which tries at a name's secret are counted. */
void tally_name_key(const struct site *site, enum throttle_secret secret,
	const char *name, char key[COUNT_KEY_SIZE]);

#endif
