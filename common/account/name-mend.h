/* name-mend.h - what is to become of names from before there were rules */
#ifndef LATCHKEY_NAME_MEND_H
#define LATCHKEY_NAME_MEND_H

#include "account/account.h"

enum name_fate {
	NAME_FREE,    /* it can have today's key */
	NAME_INVALID, /* it has none: no account can be called that today */
	NAME_TAKEN,   /* that is another's, who has `other` for an id */
	NAME_SHARED,  /* other old names would have the same */
	NAME_RESERVED /* that is the administrator's */
};

struct old_name {
	char key[NAME_SIZE];
	char today[NAME_SIZE]; /* the key that it would have, or "" */
	char id[NAME_ID_SIZE];
	char other[NAME_ID_SIZE];
	enum name_fate fate;
};

/* In words, to follow the key. */
const char *name_fate_text(enum name_fate fate);

/* Inside a unit of work: fills in the rest for the old name under `key`.
 * STATUS_NO_ACCOUNT if it is not there, or no old name. */
enum status name_judge(
	struct store *store, const char *key, struct old_name *name);

/* Calls `visit` for each old name, inside no unit of work, until it returns
 * false. */
typedef bool old_name_visit(void *context, const struct old_name *name);
enum status old_name_each(
	const struct site *site, old_name_visit *visit, void *context);

/* Has the old name under `key` stand under today's from now on, in one
 * transaction. STATUS_NAME_TAKEN, and nothing is changed, unless its fate is
 * NAME_FREE by now. The account stays as it is. */
enum status name_mend(const struct site *site, const char *key);

#endif
