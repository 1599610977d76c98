/* store-bdb.h - what the two halves of the store in Berkeley DB share: the
 * units of work (store-bdb.c) and the records in them (store-records.c). */
#ifndef LATCHKEY_STORE_BDB_H
#define LATCHKEY_STORE_BDB_H

#include "store/bdb.h"
#include "store/gate.h"
#include "store/store.h"

struct store {
	uint64_t reserve;
	struct gate *gate;
	struct bdb bdb; /* good as of `recoveries` */
	uint64_t recoveries;
	bool opened; /* at least once */

	/* the unit of work */
	bool inside;
	bool failed;  /* libdb said no: only abort is left */
	bool misfit;  /* files of two times: nothing was opened */
	bool changed; /* it touched a kind that counts */
	bool wrote;   /* there is something of it in the log */
	enum store_mode mode;
	DB_TXN *txn;

	store_odd *tell_odd; /* whom, of keys that are none */
	void *odd_context;
};

/* libdb's many return codes become ours here: 0 and DB_NOTFOUND are answers,
 * anything else is the end of this unit of work, and of the handles. `what`
 * was tried: for the log. */
enum status store_fold(struct store *store, int result, const char *what);

#endif
