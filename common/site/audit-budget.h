/* audit-budget.h - how many lines of the audit one account can cause.
 *
 * The files of the audit are bounded, so whoever can write lines without end
 * pushes all others out. Each account has so many lines an hour of each event
 * and outcome; what names no account is counted by its network, and by event in
 * all. What goes beyond is counted, and one line says how much it was.
 *
 * The counts are in a file that all processes share. None waits for another
 * there, so of N at the same moment each may let one line more through.
 *
 * For audit.c alone: apart, since that file has a format of its own. */
#ifndef LATCHKEY_AUDIT_BUDGET_H
#define LATCHKEY_AUDIT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

enum {
	AUDIT_BUDGET_SECONDS = 3600,
	AUDIT_BUDGET_IN_ALL = 10 /* times one account's, for what names none */
};

/* Lines of one sort; what was left out of them since `since`. */
struct audit_left {
	char event[24];
	char outcome[8];
	char account[40]; /* an id, or "" */
	char network[64]; /* where there is no account; "": from all */
	int64_t since;
	uint32_t count;
};

struct audit_budget;

/* Counts in that file, opened or made when it is first needed; `most` lines
 * each. Never fails; the caller frees. */
struct audit_budget *audit_budget_new(const char *path, uint64_t most);
void audit_budget_free(struct audit_budget *budget);

/* Is told what was left out, once its hour is over, or when another count has
 * to have its place. */
typedef void audit_tell(void *context, const struct audit_left *left);

/* Counts a line; false if it is to be left out. `account` "" counts it by
 * network. True, too, where nothing can be counted. */
bool audit_budget_take(struct audit_budget *budget,
	const struct audit_left *line, int64_t now, audit_tell *tell,
	void *context);

/* Tells of all hours that are over, and forgets them. Costs next to nothing but
 * once a minute, for all processes together. */
void audit_budget_settle(struct audit_budget *budget, int64_t now,
	audit_tell *tell, void *context);

#endif
