/* name-mend.c - what is to become of names from before there were rules */
#include "config.h"

#include "account/name-mend.h"

#include "base/json.h"

#include <string.h>

const char *
name_fate_text(enum name_fate fate)
{
	switch (fate) {
	case NAME_FREE:
		return "can be compared by today's rules";
	case NAME_INVALID:
		return "no name by today's rules";
	case NAME_TAKEN:
		return "reads like the name of another account";
	case NAME_SHARED:
		return "reads like another name from before the rules";
	case NAME_RESERVED:
		return "reads like admin, and is no administrator";
	}
	return "";
}

/* --- judging ----------------------------------------------------------- */

/* Whose the key is, or "". */
static enum status
owner_of(struct store *store, const char *key, char id[NAME_ID_SIZE])
{
	struct json_object *record;
	enum status status = store_get(store, STORE_NAME, key, &record);

	id[0] = '\0';
	json_copy(record, "account", id, NAME_ID_SIZE);
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* One whose account is not there is check's to report, and reserves nothing. */
static enum status
is_reserved(struct store *store, const struct old_name *name, bool *reserved)
{
	struct account account;
	enum status status = account_get(store, name->id, &account);

	*reserved = status == STATUS_OK &&
		    account_is_admin_in_name_only(&account) &&
		    strcmp(name->today, ACCOUNT_ADMIN_NAME) == 0;
	return status == STATUS_NO_ACCOUNT ? STATUS_OK : status;
}

enum status
name_judge(struct store *store, const char *key, struct old_name *name)
{
	enum status status = owner_of(store, key, name->id);
	bool reserved = false;
	size_t old = 0;

	strcpy(name->key, key);
	name->other[0] = '\0';
	if (status == STATUS_OK &&
		(name->id[0] == '\0' || !name_is_old(key, name->today)))
		return STATUS_NO_ACCOUNT;
	if (status == STATUS_OK && name->today[0] != '\0')
		status = owner_of(store, name->today, name->other);
	if (status == STATUS_OK && name->today[0] != '\0')
		status = name_count_old(store, name->today, &old);
	if (status == STATUS_OK)
		status = is_reserved(store, name, &reserved);
	name->fate = name->today[0] == '\0'   ? NAME_INVALID
		     : name->other[0] != '\0' ? NAME_TAKEN
		     : old > 1                ? NAME_SHARED
		     : reserved               ? NAME_RESERVED
					      : NAME_FREE;
	return status;
}

/* --- all of them -------------------------------------------------------- */

struct walk {
	const struct site *site;
	old_name_visit *visit;
	void *context;
	enum status status;
};

static bool
visit_key(void *context, const char *key, struct json_object *record)
{
	struct walk *walk = context;
	struct store *store = walk->site->store;
	struct old_name name;
	enum status status;

	(void)record;
	if (strlen(key) > NAME_BYTES || !name_is_old(key, name.today))
		return true;
	status = store_begin(store, STORE_READ);
	if (status == STATUS_OK)
		status = name_judge(store, key, &name);
	store_abort(store);
	/* It may have gone since. */
	if (status == STATUS_NO_ACCOUNT)
		return true;
	walk->status = status;
	return status == STATUS_OK && walk->visit(walk->context, &name);
}

enum status
old_name_each(const struct site *site, old_name_visit *visit, void *context)
{
	struct walk walk = {site, visit, context, STATUS_OK};
	enum status status =
		store_each(site->store, STORE_NAME, visit_key, &walk);

	return status == STATUS_OK ? walk.status : status;
}

/* --- mending ----------------------------------------------------------- */

/* Nothing keeps today's key from it any more but itself. */
static enum status
move(struct store *store, const struct old_name *name)
{
	enum status status = store_delete(store, STORE_NAME, name->key);

	if (status == STATUS_OK)
		status = store_delete(store, STORE_OLD_NAME, name->today);
	return status == STATUS_OK ? name_add(store, name->today, name->id)
				   : status;
}

enum status
name_mend(const struct site *site, const char *key)
{
	struct old_name name;
	enum status status = store_begin(site->store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	status = name_judge(site->store, key, &name);
	if (status == STATUS_OK)
		status = name.fate == NAME_FREE ? move(site->store, &name)
						: STATUS_NAME_TAKEN;
	return store_finish(site->store, status);
}
