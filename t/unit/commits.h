/* commits.h - records that say which commits a store has had: each commit
 * writes one of KEYS keys, a number that the test defines before, to two
 * files */
#ifndef LATCHKEY_UNIT_COMMITS_H
#define LATCHKEY_UNIT_COMMITS_H

#include "store/store.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { COMMITS_PAD = 3000, COMMITS_MIXED = -2 };

static inline int
commits_key(int commit)
{
	return (int)((uint32_t)commit * 2654435761U >> 8) % KEYS;
}

static inline enum status
commits_put(struct store *store, enum store_kind kind, int commit)
{
	static char pad[COMMITS_PAD];
	struct json_object *record = json_object_new_object();
	char key[16];

	memset(pad, 'x', sizeof pad - 1);
	snprintf(key, sizeof key, "k%d", commits_key(commit));
	json_object_object_add(record, "n", json_object_new_int(commit));
	json_object_object_add(record, "pad", json_object_new_string(pad));
	return store_keep(store, kind, key, record);
}

/* The unit of work of a commit, but for its end. */
static inline enum status
commits_begin(struct store *store, int commit)
{
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		status = commits_put(store, STORE_ACCOUNT, commit);
	return status == STATUS_OK ? commits_put(store, STORE_NAME, commit)
				   : status;
}

static inline int
commits_get(struct store *store, enum store_kind kind, int number)
{
	struct json_object *record = NULL;
	char key[16];
	int commit = 0;

	snprintf(key, sizeof key, "k%d", number);
	if (store_get(store, kind, key, &record) == STATUS_OK)
		commit = json_object_get_int(
			json_object_object_get(record, "n"));
	json_object_put(record);
	return commit;
}

/* Inside a unit of work: the last commit whose changes are there, if all are
 * that come before; else COMMITS_MIXED. */
static inline int
commits_last(struct store *store)
{
	int wanted[KEYS] = {0}, found[2][KEYS], i, last = 0;

	for (i = 0; i < KEYS; i++) {
		found[0][i] = commits_get(store, STORE_ACCOUNT, i);
		found[1][i] = commits_get(store, STORE_NAME, i);
		last = found[0][i] > last ? found[0][i] : last;
	}
	for (i = 1; i <= last; i++)
		wanted[commits_key(i)] = i;
	return memcmp(found[0], wanted, sizeof wanted) == 0 &&
			       memcmp(found[1], wanted, sizeof wanted) == 0
		       ? last
		       : COMMITS_MIXED;
}

#endif
