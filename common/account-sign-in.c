/* account-sign-in.c - a name and a password for an account */
#include "config.h"

#include "account.h"

#include "hash-classes.h"

#include <string.h>

/* Replaces an outdated hash by one of the same password. A sign-in does not
 * fail for it, and loses nothing if the power does: the old one is good. */
static void
renew_hash(const struct site *site, const struct account *account,
	const struct password *password)
{
	struct account now;
	char hash[PASSWORD_HASH_SIZE];

	if (!account_hash(site, password, hash) ||
		store_begin(site->store, STORE_WRITE) != STATUS_OK)
		return;
	if (account_get(site->store, account->id, &now) == STATUS_OK &&
		strcmp(now.hash, account->hash) == 0) {
		strcpy(now.hash, hash);
		if (account_put(site->store, &now) == STATUS_OK)
			store_commit(site->store, STORE_LAZY);
	}
	store_abort(site->store);
}

enum status
account_check_password(const struct site *site, const struct account *account,
	const struct password *password)
{
	struct hash_classes classes;
	struct scheme own = {.class = ""};
	enum status status = hash_classes_get(site, &classes);
	int i;

	if (status != STATUS_OK)
		return status;
	if (account != NULL && scheme_read(account->hash, &own) &&
		password_check(password, account->hash) && account->enabled &&
		!account->unproved)
		return STATUS_OK;
	/* His own kind has been hashed above, in place of a decoy. */
	for (i = 0; i < classes.count; i++)
		if (strcmp(classes.class[i], own.class) != 0)
			password_decoy(password, classes.class[i]);
	return STATUS_BAD_CREDENTIALS;
}

enum status
account_sign_in(const struct site *site, const char *name,
	const struct password *password, struct account *account)
{
	struct password_scheme scheme = conf_scheme(site->conf);
	enum status found = account_look_up(site, name, account);
	enum status status;

	if (found != STATUS_OK && found != STATUS_NO_ACCOUNT)
		return found;
	status = account_check_password(
		site, found == STATUS_OK ? account : NULL, password);
	if (status == STATUS_BAD_CREDENTIALS && found == STATUS_NO_ACCOUNT)
		return STATUS_NO_ACCOUNT;
	if (status == STATUS_OK && password_outdated(&scheme, account->hash))
		renew_hash(site, account, password);
	return status;
}
