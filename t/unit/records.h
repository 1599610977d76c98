/* records.h - records with a number, as the store's tests write and read them
 */
#ifndef LATCHKEY_UNIT_RECORDS_H
#define LATCHKEY_UNIT_RECORDS_H

#include "store/store.h"

static struct store *store;

static inline struct json_object *
numbered(int number)
{
	struct json_object *record = json_object_new_object();

	json_object_object_add(record, "n", json_object_new_int(number));
	return record;
}

static inline enum status
put_inside(enum store_kind kind, const char *key, int number)
{
	struct json_object *record = numbered(number);
	enum status status = store_put(store, kind, key, record);

	json_object_put(record);
	return status;
}

/* A unit of work of one record. */
static inline enum status
put(enum store_kind kind, const char *key, int number)
{
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		put_inside(kind, key, number);
	return status == STATUS_OK ? store_commit(store, STORE_LAZY) : status;
}

/* The number inside a unit of work; -1 if it is not there. */
static inline int
get_inside(enum store_kind kind, const char *key)
{
	struct json_object *record;
	int number = -1;

	if (store_get(store, kind, key, &record) == STATUS_OK)
		number = json_object_get_int(
			json_object_object_get(record, "n"));
	json_object_put(record);
	return number;
}

static inline int
get(enum store_kind kind, const char *key)
{
	int number;

	store_begin(store, STORE_READ);
	number = get_inside(kind, key);
	store_abort(store);
	return number;
}

static inline enum status delete (enum store_kind kind, const char *key) {
	store_begin(store, STORE_WRITE); store_delete(store, kind, key);
	return store_commit(store, STORE_LAZY);
}

#endif
