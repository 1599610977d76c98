/* store-ops.h - what an implementation of the store gives to store-ops.c; for
 * that and the implementations alone.
 *
 * store-ops.c checks the calls and notes the state of the unit of work. So an
 * operation on records is called inside a unit that has not failed, and one
 * that changes records only where the unit may write. Its contract is
 * otherwise the one that store.h has for the function of its name. */
#ifndef LATCHKEY_STORE_OPS_H
#define LATCHKEY_STORE_OPS_H

#include "store/store.h"

struct store_ops {
	bool is_shared;

	/* Sets `mode` to what the unit may do. After a failure there is no
	 * unit. */
	enum status (*begin)(struct store *store, enum store_mode mode);
	enum status (*commit)(struct store *store, enum store_durability how);
	/* The unit may have failed. */
	void (*abort)(struct store *store);

	enum status (*get)(struct store *store, enum store_kind kind,
		const char *key, struct json_object **record);
	enum status (*put)(struct store *store, enum store_kind kind,
		const char *key, const char *text, size_t length);
	enum status (*add)(struct store *store, enum store_kind kind,
		const char *key, const char *text, size_t length, bool *there);
	enum status (*remove)(
		struct store *store, enum store_kind kind, const char *key);
	enum status (*remove_under)(struct store *store, enum store_kind kind,
		const char *prefix, const char *kept);
	/* store_next(), and with `from` store_from(). */
	enum status (*next)(struct store *store, enum store_kind kind,
		char key[STORE_KEY_SIZE], bool from,
		struct json_object **record);
	enum status (*stray)(struct store *store, char key[STORE_STRAY_SIZE]);
	void (*want)(
		struct store *store, enum store_kind kind, const char *key);
	void (*want_from)(struct store *store, enum store_kind kind,
		const char *key, const char *member, enum store_kind named);

	uint64_t (*changes)(struct store *store);
	bool (*due)(struct store *store, enum store_task task, int64_t seconds);
	int64_t (*age)(struct store *store);
	enum status (*poll)(struct store *store);
	void (*rest)(struct store *store);
	void (*expect_bulk)(struct store *store);
	void (*set_wait)(struct store *store, int wait_ms);
	uint64_t (*held)(const struct store *store);
	bool (*is_broken)(const struct store *store);
	bool (*is_outdated)(const struct store *store);
	bool (*measure)(const struct store *store, struct store_room *room);
	enum status (*verify)(struct store *store);
	enum status (*copy)(struct store *store, const char *to,
		struct store_copied *copied);
	/* No unit of work is open. Frees the store. */
	void (*close)(struct store *store);
};

/* The first member of an implementation's own struct. */
struct store {
	const struct store_ops *ops;

	/* the unit of work */
	bool inside;
	bool failed;  /* only abort is left; the implementation sets this */
	bool changed; /* it changed a kind that makes tokens bad */
	enum store_mode mode; /* STORE_READ or STORE_WRITE */

	bool moves; /* its records are moved to another store by this process,
		     * or there is no other store for them */

	store_odd *tell_odd; /* called for keys that are passed over */
	void *odd_context;
};

/* A kind's name, and whether a write to it can make a token invalid. */
struct store_fact {
	const char *name;
	enum { STORE_NOTHING, STORE_DELETES, STORE_WRITES } counts;
};
extern const struct store_fact store_facts[STORE_KINDS];

/* The record of kind STORE_PARAM that says that all records were moved to
 * another store, and that none may be changed here. */
#define STORE_MOVED "moved"

/* The log line of a store that refuses to write for that reason. */
void store_say_moved(const char *name);

/* Reads the text of a record. STATUS_UNAVAILABLE, said in the log with the
 * store's name, if it is not JSON. */
enum status store_parse(const char *name, const char *key, const char *text,
	size_t length, struct json_object **record);

#endif
