/* account-list.c - accounts in the order of their names, a page at a time */
#include "config.h"

#include "account/account-list.h"

#include "base/json.h"
#include "base/utf8.h"

#include <string.h>

/* The beginning of a name as names are kept; one that is not ASCII may be no
 * name by itself. */
static void
to_key(const char *prefix, char key[NAME_SIZE])
{
	if (utf8_is_ascii(prefix, strlen(prefix)) || !name_key(prefix, key))
		name_old_key(prefix, key);
}

/* Adds the account that the name leads to; a name that leads nowhere is what
 * `latchkey check` reports. */
static enum status
add(struct store *store, const struct json_object *name,
	struct account_list *list)
{
	char id[NAME_ID_SIZE];
	enum status status;

	json_copy(name, "account", id, sizeof id);
	status = account_get(store, id, &list->accounts[list->count]);
	if (status == STATUS_OK)
		list->count++;
	return status == STATUS_NO_ACCOUNT ? STATUS_OK : status;
}

/* Takes the name, or passes over it. STATUS_DONE: the page is full, and ends
 * before it. */
static enum status
take(struct store *store, const char *key, const struct json_object *name,
	struct account_list *list)
{
	bool wanted = (strchr(key, '@') != NULL) == list->emails;

	if (strlen(key) > NAME_BYTES)
		return STATUS_OK;
	if (wanted && list->count == list->limit)
		return STATUS_DONE;
	strcpy(list->after, key);
	return wanted ? add(store, name, list) : STATUS_OK;
}

/* Inside a unit of work. STATUS_OK: there may be more names; STATUS_NOT_FOUND:
 * there are no more. */
static enum status
read_names(struct store *store, struct account_list *list, const char *prefix)
{
	char key[STORE_KEY_SIZE];
	bool begins = strcmp(list->after, prefix) < 0;
	enum status status = STATUS_OK;
	struct json_object *name;
	int looks;

	strcpy(key, begins ? prefix : list->after);
	for (looks = 0; status == STATUS_OK && looks < ACCOUNT_LIST_UNIT;
		looks++) {
		status = (looks == 0 && begins ? store_from : store_next)(
			store, STORE_NAME, key, &name);
		if (status == STATUS_OK &&
			strncmp(key, prefix, strlen(prefix)) != 0)
			status = STATUS_NOT_FOUND;
		if (status == STATUS_OK)
			status = take(store, key, name, list);
		json_object_put(name);
	}
	return status;
}

/* Other processes come in between two units. */
enum status
account_list_read(const struct site *site, struct account_list *list)
{
	struct store *store = site->store;
	enum status status = STATUS_OK;
	char prefix[NAME_SIZE];
	int looks;

	to_key(list->prefix, prefix);
	list->count = 0;
	for (looks = 0; status == STATUS_OK && looks < ACCOUNT_LIST_LOOKS;
		looks += ACCOUNT_LIST_UNIT) {
		status = store_begin(store, STORE_READ);
		if (status == STATUS_OK)
			status = read_names(store, list, prefix);
		store_abort(store);
	}
	list->more = status == STATUS_OK || status == STATUS_DONE;
	return list->more || status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
