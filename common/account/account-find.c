/* account-find.c - accounts by their names, and what names they can have */
#include "config.h"

#include "account/account.h"
#include "account/names.h"

#include "base/utf8.h"
#include "base/uuid.h"

#include <string.h>

/* --- what names they can have ------------------------------------------- */

const char *
account_accept_username(struct account *account)
{
	return account->username[0] == '\0'
		       ? NULL
		       : name_accept_username(account->username);
}

const char *
account_accept_email(struct account *account)
{
	return account->email[0] == '\0' ? NULL
					 : name_accept_email(account->email);
}

const char *
account_accept_names(struct account *account)
{
	const char *flaw = account_accept_username(account);

	if (account->username[0] == '\0' && account->email[0] == '\0')
		return "neither username nor email";
	return flaw != NULL ? flaw : account_accept_email(account);
}

bool
account_is_admin_in_name_only(const struct account *account)
{
	char key[NAME_SIZE];

	return !account->admin && name_key(account->username, key) &&
	       strcmp(key, ACCOUNT_ADMIN_NAME) == 0;
}

bool
account_is_kept_from_admin(const struct account *account)
{
	char key[NAME_SIZE];

	name_old_key(account->username, key);
	return !account->admin && strcmp(key, ACCOUNT_ADMIN_NAME) == 0;
}

/* --- by their names ----------------------------------------------------- */

enum status
account_find(struct store *store, const char *name, struct account *account)
{
	char id[NAME_ID_SIZE];
	enum status status = names_find(store, name, id);

	return status == STATUS_OK ? account_get(store, id, account) : status;
}

enum status
account_find_alike(
	struct store *store, const char *name, struct account *account)
{
	char id[NAME_ID_SIZE];
	bool found;
	enum status status = names_find_near(store, name, id, &found);

	if (status == STATUS_OK)
		status = account_get(store, id, account);
	return status == STATUS_OK && !found ? STATUS_NO_ACCOUNT : status;
}

/* Whether the operator means an id, whatever its case. */
static bool
is_id(const char *whom, char id[NAME_ID_SIZE])
{
	if (strlen(whom) >= NAME_ID_SIZE)
		return false;
	strcpy(id, whom);
	utf8_lower_ascii(id);
	return uuid_valid(id);
}

enum status
account_find_whom(
	struct store *store, const char *whom, struct account *account)
{
	char id[NAME_ID_SIZE];

	return is_id(whom, id) ? account_get(store, id, account)
			       : account_find(store, whom, account);
}

typedef enum status account_finder(
	struct store *store, const char *whom, struct account *account);

static enum status
look_up(const struct site *site, account_finder *find, const char *whom,
	struct account *account)
{
	enum status status = store_begin(site->store, STORE_READ);

	if (status != STATUS_OK)
		return status;
	status = find(site->store, whom, account);
	store_abort(site->store);
	return status;
}

enum status
account_look_up(
	const struct site *site, const char *name, struct account *account)
{
	return look_up(site, account_find, name, account);
}

enum status
account_look_up_whom(
	const struct site *site, const char *whom, struct account *account)
{
	return look_up(site, account_find_whom, whom, account);
}
