/* store-ops.c - the store's functions: each checks the call, and has the
 * implementation do it */
#include "config.h"

#include "store/store-ops.h"

#include "base/json.h"
#include "base/log.h"

#include <assert.h>
#include <string.h>

/* clang-format off */
const struct store_fact store_facts[STORE_KINDS] = {
	[STORE_ACCOUNT] = {"account", STORE_WRITES},
	[STORE_NAME] = {"name", STORE_NOTHING},
	[STORE_CODE] = {"code", STORE_NOTHING},
	[STORE_TOKEN] = {"token", STORE_WRITES},
	[STORE_USE] = {"use", STORE_NOTHING},
	[STORE_SESSION] = {"session", STORE_DELETES},
	[STORE_FACTOR] = {"factor", STORE_NOTHING},
	[STORE_REVOKED] = {"revoked", STORE_WRITES},
	[STORE_THROTTLE] = {"throttle", STORE_NOTHING},
	[STORE_MAIL] = {"mail", STORE_NOTHING},
	[STORE_EVENT] = {"event", STORE_NOTHING},
	[STORE_UNPROVED] = {"unproved", STORE_NOTHING},
	[STORE_OLD_NAME] = {"old-name", STORE_NOTHING},
	[STORE_MACHINE] = {"machine", STORE_NOTHING},
	[STORE_PARAM] = {"param", STORE_WRITES},
	[STORE_SECRET] = {"secret", STORE_WRITES},
};
/* clang-format on */

/* --- the unit of work --------------------------------------------------- */

enum status
store_begin(struct store *store, enum store_mode mode)
{
	enum status status;

	assert(!store->inside);
	store->changed = false;
	status = store->ops->begin(store, mode);
	store->inside = status == STATUS_OK;
	store->failed = false;
	return status;
}

bool
store_writes(const struct store *store)
{
	return store->inside && !store->failed && store->mode == STORE_WRITE;
}

enum status
store_commit(struct store *store, enum store_durability how)
{
	if (!store->inside || store->failed) {
		store_abort(store);
		return STATUS_UNAVAILABLE;
	}
	store->inside = false;
	return store->ops->commit(store, how);
}

void
store_abort(struct store *store)
{
	if (!store->inside)
		return;
	store->inside = false;
	store->ops->abort(store);
}

/* --- records ------------------------------------------------------------ */

/* Whether the unit of work can be asked for that record. */
static bool
may_read(const struct store *store, const char *key)
{
	assert(strlen(key) < STORE_KEY_SIZE);
	return store->inside && !store->failed;
}

/* Whether it can change the record. */
static bool
may_write(const struct store *store, const char *key)
{
	bool may = may_read(store, key);

	assert(!may || store->mode == STORE_WRITE);
	return may;
}

enum status
store_get(struct store *store, enum store_kind kind, const char *key,
	struct json_object **record)
{
	*record = NULL;
	return may_read(store, key) ? store->ops->get(store, kind, key, record)
				    : STATUS_UNAVAILABLE;
}

enum status
store_put_text(struct store *store, enum store_kind kind, const char *key,
	const char *text, size_t length)
{
	if (!may_write(store, key))
		return STATUS_UNAVAILABLE;
	store->changed |= store_facts[kind].counts == STORE_WRITES;
	return store->ops->put(store, kind, key, text, length);
}

enum status
store_add(struct store *store, enum store_kind kind, const char *key,
	const char *text, size_t length, bool *there)
{
	*there = false;
	return may_write(store, key)
		       ? store->ops->add(store, kind, key, text, length, there)
		       : STATUS_UNAVAILABLE;
}

enum status
store_delete(struct store *store, enum store_kind kind, const char *key)
{
	if (!may_write(store, key))
		return STATUS_UNAVAILABLE;
	store->changed |= store_facts[kind].counts != STORE_NOTHING;
	return store->ops->remove(store, kind, key);
}

enum status
store_delete_under(struct store *store, enum store_kind kind,
	const char *prefix, const char *kept)
{
	if (!may_write(store, prefix))
		return STATUS_UNAVAILABLE;
	assert(prefix[0] != '\0' && prefix[strlen(prefix) - 1] == '/');
	store->changed |= store_facts[kind].counts != STORE_NOTHING;
	return store->ops->remove_under(store, kind, prefix, kept);
}

enum status
store_next(struct store *store, enum store_kind kind, char key[STORE_KEY_SIZE],
	struct json_object **record)
{
	*record = NULL;
	return may_read(store, key)
		       ? store->ops->next(store, kind, key, false, record)
		       : STATUS_UNAVAILABLE;
}

enum status
store_from(struct store *store, enum store_kind kind, char key[STORE_KEY_SIZE],
	struct json_object **record)
{
	*record = NULL;
	return may_read(store, key)
		       ? store->ops->next(store, kind, key, true, record)
		       : STATUS_UNAVAILABLE;
}

enum status
store_stray(struct store *store, char key[STORE_STRAY_SIZE])
{
	return may_read(store, "") ? store->ops->stray(store, key)
				   : STATUS_UNAVAILABLE;
}

void
store_want(struct store *store, enum store_kind kind, const char *key)
{
	if (may_read(store, key))
		store->ops->want(store, kind, key);
}

void
store_want_from(struct store *store, enum store_kind kind, const char *key,
	const char *member, enum store_kind named)
{
	if (may_read(store, key))
		store->ops->want_from(store, kind, key, member, named);
}

void
store_tell_odd(struct store *store, store_odd *tell, void *context)
{
	store->tell_odd = tell;
	store->odd_context = context;
}

enum status
store_parse(const char *name, const char *key, const char *text, size_t length,
	struct json_object **record)
{
	*record = json_parse_object(text, length, NULL, NULL);
	if (*record != NULL)
		return STATUS_OK;
	log_error("store: %s: the record %s is not JSON", name, key);
	return STATUS_UNAVAILABLE;
}

/* --- all else that the implementation knows ----------------------------- */

bool
store_is_shared(const struct store *store)
{
	return store->ops->is_shared;
}

void
store_allow_moved(struct store *store)
{
	store->moves = true;
}

void
store_say_moved(const char *name)
{
	log_error("store: %s: its records were copied to another store, and "
		  "nothing is written here any more; the setting store should "
		  "name that one",
		name);
}

uint64_t
store_changes(struct store *store)
{
	return store->ops->changes(store);
}

bool
store_due(struct store *store, enum store_task task, int64_t seconds)
{
	return store->ops->due(store, task, seconds);
}

int64_t
store_age(struct store *store)
{
	return store->ops->age(store);
}

enum status
store_poll(struct store *store)
{
	return store->ops->poll(store);
}

void
store_rest(struct store *store)
{
	store->ops->rest(store);
}

void
store_expect_bulk(struct store *store)
{
	store->ops->expect_bulk(store);
}

void
store_set_wait(struct store *store, int wait_ms)
{
	store->ops->set_wait(store, wait_ms);
}

uint64_t
store_held(const struct store *store)
{
	return store->ops->held(store);
}

bool
store_is_broken(const struct store *store)
{
	return store->ops->is_broken(store);
}

bool
store_is_outdated(const struct store *store)
{
	return store->ops->is_outdated(store);
}

bool
store_measure(const struct store *store, struct store_room *room)
{
	return store->ops->measure(store, room);
}

enum status
store_verify(struct store *store)
{
	return store->ops->verify(store);
}

enum status
store_copy(struct store *store, const char *to, struct store_copied *copied)
{
	return store->ops->copy(store, to, copied);
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	store_abort(store);
	store->ops->close(store);
}
