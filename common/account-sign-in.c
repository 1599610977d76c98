/* account-sign-in.c - a name and a password for an account */
#include "config.h"

#include "account.h"

#include "secret.h"

#include <string.h>

/* Replaces an outdated hash by one of the same password. A sign-in does not
 * fail for it, and loses nothing if the power does: the old one is good. */
static void
renew_hash(const struct site *site, const struct account *account,
	const struct password *password)
{
	struct account now;
	char hash[PASSWORD_HASH_SIZE];

	if (account_hash(site, password, hash) != STATUS_OK ||
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

/* A try at an account's password. */
struct
try {
	const struct site *site;
	const char *name; /* a name, or an id */
	const struct password *password;
	struct account *account;
	bool known;
};

/* Whoever it is that has not been found is counted by what was typed. */
static enum status
found(struct try *try, enum status status, struct attempt *attempt,
	const char **whose)
{
	try->known = status == STATUS_OK;
	if (try->known)
		strcpy(attempt->account, try->account->id);
	*whose = try->known ? attempt->account : try->name;
	return status == STATUS_NO_ACCOUNT ? STATUS_OK : status;
}

static enum status
find_by_name(void *context, struct attempt *attempt, const char **whose)
{
	struct try *try = context;

	return found(try,
		account_find(try->site->store, try->name, try->account),
		attempt, whose);
}

static enum status
find_by_id(void *context, struct attempt *attempt, const char **whose)
{
	struct try *try = context;

	return found(try,
		account_get(try->site->store, try->name, try->account), attempt,
		whose);
}

/* Everybody costs a hash, also who is not there. */
static enum status
test(void *context)
{
	const struct try *try = context;
	struct password_scheme scheme = conf_scheme(try->site->conf);
	enum status status = slots_take(try->site->slots);
	bool right;

	if (status != STATUS_OK)
		return status;
	right = password_check(
		&scheme, try->password, try->known ? try->account->hash : NULL);
	slots_give(try->site->slots);
	if (!try->known)
		return STATUS_NO_ACCOUNT;
	return right ? STATUS_OK : STATUS_BAD_CREDENTIALS;
}

/* Who may not sign in has no right password. */
static enum status
test_sign_in(void *context)
{
	const struct try *try = context;
	enum status status = test(context);

	if (status == STATUS_OK &&
		(!try->account->enabled || try->account->unproved))
		return STATUS_BAD_CREDENTIALS;
	return status;
}

enum status
account_sign_in(const struct site *site, const char *name,
	const struct password *password, struct attempt *attempt,
	struct account *account)
{
	static const struct secret secret = {
		THROTTLE_PASSWORD, SECRET_OUTSIDE, find_by_name, test_sign_in};
	struct password_scheme scheme = conf_scheme(site->conf);
	struct try try = {site, name, password, account, false};
	enum status status = secret_check(site, &secret, &try, attempt);

	if (status == STATUS_OK && password_outdated(&scheme, account->hash))
		renew_hash(site, account, password);
	return status;
}

enum status
account_check_password(const struct site *site, const char *id,
	const struct password *password, struct attempt *attempt)
{
	static const struct secret secret = {
		THROTTLE_PASSWORD, SECRET_OUTSIDE, find_by_id, test};
	struct account account;
	struct try try = {site, id, password, &account, false};

	return secret_check(site, &secret, &try, attempt);
}
