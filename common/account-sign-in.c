/* account-sign-in.c - a name and a password for an account */
#include "config.h"

#include "account.h"

#include "hash-classes.h"
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

	if (strlen(password->text) > conf_password_bytes(site->conf) ||
		account_hash(site, password, hash) != STATUS_OK ||
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
	struct attempt *attempt;
	bool known;
	struct hash_classes classes;
	enum password_form form; /* that was right */
};

static enum status
found(struct try *try, enum status status, struct attempt *attempt)
{
	try->known = status == STATUS_OK;
	if (try->known)
		strcpy(attempt->account, try->account->id);
	else
		memset(try->account, 0, sizeof *try->account);
	return status == STATUS_NO_ACCOUNT ? STATUS_OK : status;
}

static enum status
find_by_name(void *context, struct attempt *attempt, const char **name)
{
	struct try *try = context;

	*name = try->name;
	return found(try,
		account_find_alike(try->site->store, try->name, try->account),
		attempt);
}

/* Who is signed in types no name: it is counted as one that signs in. */
static enum status
find_by_id(void *context, struct attempt *attempt, const char **name)
{
	struct try *try = context;
	enum status status = found(try,
		account_get(try->site->store, try->name, try->account),
		attempt);

	*name = try->known ? account_name(try->account) : try->name;
	return status;
}

/* Whether the password, in one form, is that of an account that may sign in. */
static bool
matches(const struct try *try, enum password_form form,
	const struct scheme *own, bool may)
{
	const char *hash = try->account->hash;
	bool seen = false, right = false;
	int i;

	for (i = 0; i < try->classes.count && !(right && may); i++) {
		const char *class = try->classes.class[i];

		if (strcmp(class, own->class) == 0) {
			right = password_check(try->password, form, hash);
			seen = true;
		} else {
			password_decoy(try->password, form, class);
		}
	}
	/* One kind too many for the list. */
	if (!seen && own->class[0] != '\0')
		right = password_check(try->password, form, hash);
	/* For the operator, who is asked why; a client is not told. */
	if (right && !may)
		try->attempt->reason =
			try->account->enabled ? "unproved" : "disabled";
	return right && may;
}

/* Whether it is the password of an account that may sign in. A refusal has
 * hashed it once for each kind of hash that there is, one after the other: the
 * same work in the same order whether the account is not there, may not sign
 * in, or has another kind. (A hash takes longer after one that had the caches
 * for itself.) What is not in NFC is hashed so and then as it was typed, for
 * every name alike: only its sender, who knows it, can tell. */
static bool
is_right(struct try *try)
{
	const struct account *account = try->account;
	struct scheme own = {.class = ""};
	bool may = try->known && scheme_read(account->hash, &own) &&
		   account->enabled && !account->unproved;

	try->form = PASSWORD_NFC;
	if (matches(try, PASSWORD_NFC, &own, may))
		return true;
	try->form = PASSWORD_TYPED;
	return try->password->typed[0] != '\0' &&
	       matches(try, PASSWORD_TYPED, &own, may);
}

static enum status
test(void *context)
{
	struct try *try = context;
	enum status status = slots_take(try->site->slots);
	bool right;

	if (status != STATUS_OK)
		return status;
	right = is_right(try);
	slots_give(try->site->slots);
	if (!try->known)
		return STATUS_NO_ACCOUNT;
	return right ? STATUS_OK : STATUS_BAD_CREDENTIALS;
}

/* The classes first: not inside the unit of work that finds the account. */
static enum status
check(const struct secret *secret, struct try *try, struct attempt *attempt)
{
	enum status status = hash_classes_get(try->site, &try->classes);

	try->attempt = attempt;
	return status == STATUS_OK
		       ? secret_check(try->site, secret, try, attempt)
		       : status;
}

enum status
account_sign_in(const struct site *site, const char *name,
	const struct password *password, struct attempt *attempt,
	struct account *account)
{
	static const struct secret secret = {
		THROTTLE_PASSWORD, SECRET_OUTSIDE, find_by_name, test};
	struct password_scheme scheme = conf_scheme(site->conf);
	struct try try = {.site = site,
		.name = name,
		.password = password,
		.account = account};
	enum status status = check(&secret, &try, attempt);

	/* One of what was typed is of no use to another keyboard. */
	if (status == STATUS_OK &&
		(try.form == PASSWORD_TYPED ||
			password_outdated(&scheme, account->hash)))
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
	struct try try = {.site = site,
		.name = id,
		.password = password,
		.account = &account};

	return check(&secret, &try, attempt);
}
