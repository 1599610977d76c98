/* account-sign-in.c - a name and a password for an account */
#include "config.h"

#include "account.h"

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
account_sign_in(const struct site *site, const char *name,
	const struct password *password, struct account *account)
{
	struct password_scheme scheme = conf_scheme(site->conf);
	enum status status = account_look_up(site, name, account);
	bool known, right;

	if (status != STATUS_OK && status != STATUS_NO_ACCOUNT)
		return status;
	/* An account that is not there costs a hash, too. */
	known = status == STATUS_OK;
	right = password_check(&scheme, password, known ? account->hash : NULL);
	if (!known)
		return STATUS_NO_ACCOUNT;
	if (!right || !account->enabled || account->unproved)
		return STATUS_BAD_CREDENTIALS;
	if (password_outdated(&scheme, account->hash))
		renew_hash(site, account, password);
	return STATUS_OK;
}
