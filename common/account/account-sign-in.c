/* account-sign-in.c - a name and a password for an account */
#include "config.h"

#include "account/account.h"

#include "account/hash-classes.h"
#include "account/secret.h"

#include <sodium.h>
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
	uint64_t crowd; /* of slots.h */
	bool known;
	bool proving; /* it may be that of an account that is not proved */
	char counted[NAME_SIZE];
	struct hash_classes classes;
	enum password_form form; /* that was right */
};

/* It is counted by the name, whoever has it and however it was typed. */
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

	name_counted(try->name, try->counted);
	*name = try->counted;
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

	name_counted(try->known ? account_name(try->account) : try->name,
		try->counted);
	*name = try->counted;
	return status;
}

/* STATUS_OK if the password, in one form, is that of an account that may sign
 * in. The first hash for which there is no memory ends it. */
static enum status
match(const struct try *try, enum password_form form, const struct scheme *own,
	bool may)
{
	const char *hash = try->account->hash;
	bool seen = own->class[0] == '\0';
	enum status done = STATUS_OK, tested = STATUS_BAD_CREDENTIALS;
	int i;

	for (i = 0; i < try->classes.count && done != STATUS_UNAVAILABLE &&
		    !(tested == STATUS_OK && may);
		i++) {
		const char *class = try->classes.class[i];

		if (strcmp(class, own->class) == 0) {
			done = tested =
				password_test(try->password, form, hash);
			seen = true;
		} else {
			done = password_decoy(try->password, form, class);
		}
	}
	/* One kind too many for the list. */
	if (!seen && done != STATUS_UNAVAILABLE)
		done = tested = password_test(try->password, form, hash);
	if (done == STATUS_UNAVAILABLE)
		return done;
	/* For the operator, who is asked why; a client is not told. */
	if (tested == STATUS_OK && !may)
		try->attempt->reason =
			try->account->enabled ? "unproved" : "disabled";
	return may ? tested : STATUS_BAD_CREDENTIALS;
}

/* STATUS_OK if it is the password of an account that may sign in. A refusal has
 * hashed it once for each kind of hash that there is, one after the other: the
 * same work in the same order whether the account is not there, may not sign
 * in, or has another kind. (A hash takes longer after one that had the caches
 * for itself.) What is not in NFC is hashed so and then as it was typed, for
 * every name alike: only its sender, who knows it, can tell. Want of memory,
 * too, is the same for every name. */
static enum status
look(struct try *try)
{
	const struct account *account = try->account;
	struct scheme own = {.class = ""};
	bool may = try->known && scheme_read(account->hash, &own) &&
		   account->enabled && (!account->unproved || try->proving);
	enum status status;

	try->form = PASSWORD_NFC;
	status = match(try, PASSWORD_NFC, &own, may);
	if (status != STATUS_BAD_CREDENTIALS || try->password->typed[0] == '\0')
		return status;
	try->form = PASSWORD_TYPED;
	return match(try, PASSWORD_TYPED, &own, may);
}

static enum status
test(void *context)
{
	struct try *try = context;
	enum status status = slots_take(try->site->slots, try->crowd);

	if (status == STATUS_THROTTLED)
		throttle_crowded(try->attempt);
	if (status != STATUS_OK)
		return status;
	status = look(try);
	slots_give(try->site->slots);
	return status == STATUS_BAD_CREDENTIALS && !try->known
		       ? STATUS_NO_ACCOUNT
		       : status;
}

/* Before anything else that costs: whether somebody of that network waits for
 * a slot already. The classes before the unit of work that finds the account.
 */
static enum status
check(const struct secret *secret, struct try *try, struct attempt *attempt)
{
	enum status status = site_keys(try->site, attempt->now);

	try->attempt = attempt;
	if (status != STATUS_OK)
		return status;
	try->crowd = throttle_crowd(try->site, attempt);
	if (slots_awaited(try->site->slots, try->crowd))
		return throttle_crowded(attempt);
	status = hash_classes_get(try->site, &try->classes);
	if (status == STATUS_OK)
		status = secret_check(try->site, secret, try, attempt);
	/* People type passwords where a name should be. */
	sodium_memzero(try->counted, sizeof try->counted);
	return status;
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
		.account = &account,
		.proving = true};

	return check(&secret, &try, attempt);
}
