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

static bool
is_email(const char *key)
{
	return strchr(key, '@') != NULL;
}

/* Whether the account is in the place of its other name, which comes before. */
static bool
is_listed_before(
	const struct account *account, const char *key, const char *prefix)
{
	char other[NAME_SIZE];

	name_counted(is_email(key) ? account->username : account->email, other);
	return other[0] != '\0' &&
	       strncmp(other, prefix, strlen(prefix)) == 0 &&
	       strcmp(other, key) < 0;
}

/* The account that the name leads to, if it belongs into the list there.
 * STATUS_NO_ACCOUNT: not, or it leads nowhere, which is what `latchkey check`
 * reports. */
static enum status
find(struct store *store, const char *key, const struct json_object *name,
	const struct account_list *list, const char *prefix,
	struct account *account)
{
	bool any = list->by == ACCOUNT_LIST_NAMES;
	char id[NAME_ID_SIZE];
	enum status status;

	if (!any && is_email(key) != (list->by == ACCOUNT_LIST_EMAILS))
		return STATUS_NO_ACCOUNT;
	json_copy(name, "account", id, sizeof id);
	status = account_get(store, id, account);
	return status == STATUS_OK && any &&
			       is_listed_before(account, key, prefix)
		       ? STATUS_NO_ACCOUNT
		       : status;
}

/* Takes the name, or passes over it. STATUS_DONE: the page is full, and ends
 * before it. */
static enum status
take(struct store *store, const char *key, const struct json_object *name,
	struct account_list *list, const char *prefix)
{
	struct account account;
	enum status status;

	if (strlen(key) > NAME_BYTES)
		return STATUS_OK;
	status = find(store, key, name, list, prefix, &account);
	if (status == STATUS_OK && list->count == list->limit)
		return STATUS_DONE;
	if (status == STATUS_OK)
		list->accounts[list->count++] = account;
	if (status == STATUS_OK || status == STATUS_NO_ACCOUNT)
		strcpy(list->after, key);
	return status == STATUS_NO_ACCOUNT ? STATUS_OK : status;
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
			status = take(store, key, name, list, prefix);
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
