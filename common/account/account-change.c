/* account-change.c - changing and deleting an account */
#include "config.h"

#include "account/account.h"
#include "account/names.h"

#include "account/admins.h"

#include <stdio.h>
#include <string.h>

enum status
account_change_password(const struct site *site, const char *id, int64_t epoch,
	const struct password *current, const struct password *password,
	struct attempt *attempt)
{
	struct store *store = site->store;
	struct account account;
	char hash[PASSWORD_HASH_SIZE];
	enum status status = account_check_password(site, id, current, attempt);

	if (status == STATUS_NO_ACCOUNT)
		return STATUS_BAD_TOKEN;
	if (status != STATUS_OK)
		return status == STATUS_BAD_CREDENTIALS ? STATUS_WRONG_PASSWORD
							: status;
	status = account_hash(site, password, hash);
	if (status == STATUS_OK)
		status = store_begin(store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	/* Someone may have changed it since; then this token is dead. */
	status = account_get(store, id, &account);
	if (status == STATUS_NO_ACCOUNT ||
		(status == STATUS_OK && account.epoch != epoch))
		status = STATUS_BAD_TOKEN;
	if (status == STATUS_OK) {
		strcpy(account.hash, hash);
		account.epoch++;
		status = account_put(store, &account);
	}
	if (status == STATUS_OK)
		status = account_tell(
			site, &account, MAIL_CHANGED, attempt->language);
	return store_finish(store, status);
}

/* Has the account go by another name. */
static enum status
rename_one(struct store *store, const char *was, const char *is, const char *id)
{
	enum status status = STATUS_OK;

	if (strcmp(was, is) == 0)
		return STATUS_OK;
	status = names_free(store, was, id);
	return status == STATUS_OK ? names_claim(store, is, id) : status;
}

static enum status
rename_account(
	struct store *store, const struct account *was, struct account *is)
{
	enum status status;

	/* One that is as old as rules were others may keep its names. */
	if (strcmp(was->username, is->username) != 0 &&
		account_accept_username(is) != NULL)
		return STATUS_BAD_NAME;
	if (strcmp(was->email, is->email) != 0 &&
		account_accept_email(is) != NULL)
		return STATUS_BAD_NAME;
	if (is->username[0] == '\0' && is->email[0] == '\0')
		return STATUS_BAD_NAME;
	status = rename_one(store, was->username, is->username, is->id);
	return status == STATUS_OK
		       ? rename_one(store, was->email, is->email, is->id)
		       : status;
}

enum status
account_update(const struct site *site, const char *whom,
	account_change *change, const void *context)
{
	struct store *store = site->store;
	struct account account, before;
	enum status status = store_begin(store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	status = account_find_whom(store, whom, &account);
	if (status != STATUS_OK)
		return store_finish(store, status);
	before = account;
	status = change(&account, context);
	if (status == STATUS_OK)
		status = rename_account(store, &before, &account);
	if (status == STATUS_OK)
		status = admins_note(store, account.id,
			account_is_admin(&before), account_is_admin(&account));
	account.epoch++;
	if (status == STATUS_OK)
		status = account_put(store, &account);
	if (status == STATUS_OK && strcmp(account.hash, before.hash) != 0)
		status = account_tell(site, &account, MAIL_CHANGED, "");
	return store_finish(store, status);
}

enum status
account_set_hash(struct account *account, const void *hash)
{
	snprintf(account->hash, sizeof account->hash, "%s", (const char *)hash);
	return STATUS_OK;
}

enum status
account_set_enabled(struct account *account, const void *enabled)
{
	account->enabled = *(const bool *)enabled;
	return STATUS_OK;
}

enum status
account_forget(struct store *store, const struct account *account)
{
	enum status status = names_free(store, account->username, account->id);

	if (status == STATUS_OK)
		status = names_free(store, account->email, account->id);
	return status == STATUS_OK
		       ? store_delete(store, STORE_ACCOUNT, account->id)
		       : status;
}

enum status
account_delete(
	const struct site *site, const char *whom, struct account *account)
{
	struct store *store = site->store;
	enum status status = store_begin(store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	status = account_find_whom(store, whom, account);
	if (status == STATUS_OK)
		status = admins_note(
			store, account->id, account_is_admin(account), false);
	if (status == STATUS_OK)
		status = account_forget(store, account);
	return store_finish(store, status);
}
