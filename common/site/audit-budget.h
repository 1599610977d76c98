/* audit-budget.h - how many lines of the audit one account can cause.
 *
 * The files of the audit are bounded, so a client that could write lines
 * without end would push all others out. Each account has so many lines an hour
 * of each event and outcome. Requests that name no account are counted by their
 * network, and by event in all. Lines beyond that are counted and not written,
 * and one line says how many they were.
 *
 * The counts are in a file that all processes share. None waits for another
 * there, so each of N processes at the same moment may let one more line
 * through.
 *
 * For audit.c alone. It is apart because that file has a format of its own. */
#ifndef LATCHKEY_AUDIT_BUDGET_H
#define LATCHKEY_AUDIT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

enum {
	AUDIT_BUDGET_SECONDS = 3600,
	AUDIT_BUDGET_IN_ALL = 10 /* times one account's, for all that name
				  * none */
};

/* How many lines of one sort were left out since `since`. */
struct audit_left {
	char event[24];
	char outcome[8];
	char account[40]; /* an id, or "" */
	char network[64]; /* if there is no account; "": from all networks */
	int64_t since;
	uint32_t count;
};

struct audit_budget;

/* Makes a budget with its counts in that file, which is opened or made when it
 * is first needed; `most` lines each. Never fails; the caller frees. */
struct audit_budget *audit_budget_new(const char *path, uint64_t most);
void audit_budget_free(struct audit_budget *budget);

/* Called with what was left out, once its hour is over, or when another count
 * needs its place. */
typedef void audit_tell(void *context, const struct audit_left *left);

/* Counts a line; false if it is to be left out. With `account` "" the line
 * counts for its network. True if it cannot be counted. */
bool audit_budget_take(struct audit_budget *budget,
	const struct audit_left *line, int64_t now, audit_tell *tell,
	void *context);

/* Tells of all hours that are over, and forgets them. Costs next to nothing but
 * once a minute, for all processes together. */
void audit_budget_settle(struct audit_budget *budget, int64_t now,
	audit_tell *tell, void *context);

#endif
