/* account-sign-in.c - a name and a password for an account
 *
 * A refused sign-in must not tell, by its answer or its time, whether an
 * account has that name. So every refusal does the same work in the same order.
 * The password is hashed once for each class of hash that any account has
 * (hash-classes.h): by the account's own hash for its class, by a decoy for
 * every other class, and by decoys alone for an unknown name. An account that
 * may not sign in is treated the same, even if the password is right. The order
 * is the same because a hash takes longer after one that had the caches for
 * itself. A password that is not in NFC is hashed in NFC and then as it was
 * typed, which doubles the work for every name alike; only its sender knows
 * that. Where there is no memory for a hash, the answer is 503 for every name.
 * A right password ends the round early, and that tells only its owner. */
#include "config.h"

#include "account/account.h"

#include "account/factor.h"
#include "account/hash-classes.h"
#include "account/secret.h"

#include <sodium.h>
#include <string.h>

/* Replaces an outdated hash by one of the same password. A sign-in does not
 * fail for it. If the power takes the new hash, the old one is still good. */
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
	hash_classes_want(site->store);
	if (account_get(site->store, account->id, &now) == STATUS_OK &&
		strcmp(now.hash, account->hash) == 0) {
		strcpy(now.hash, hash);
		if (account_put(site->store, &now) == STATUS_OK)
			store_commit(site->store, STORE_LAZY);
	}
	store_abort(site->store);
}

/* A try at an account's password. */
struct sign_in {
	const struct site *site;
	const struct password *password;
	struct account *account;
	struct attempt *attempt;
	bool known;
	bool proving; /* the password alone; accounts that are not proved may
		       * pass */
	char counted[NAME_SIZE];
	uint64_t crowd; /* the network's number, under which it waits for a
			 * slot */
	struct hash_classes classes;
	enum password_form form; /* the form that was right */
};

/* Inside a unit of work. A try is counted by the name as it is compared,
 * whichever account has it. A signed-in user types no name: that try counts at
 * the account's name, like a sign-in. */
static enum status
find(struct sign_in *sign_in, const char *name, const char *id)
{
	struct store *store = sign_in->site->store;
	enum status status =
		id == NULL ? account_find_alike(store, name, sign_in->account)
			   : account_get(store, id, sign_in->account);

	sign_in->known = status == STATUS_OK;
	if (sign_in->known) {
		strcpy(sign_in->attempt->account, sign_in->account->id);
		strcpy(sign_in->attempt->name, account_name(sign_in->account));
	} else {
		memset(sign_in->account, 0, sizeof *sign_in->account);
	}
	if (id != NULL)
		name = sign_in->known ? account_name(sign_in->account) : id;
	name_counted(name, sign_in->counted);
	return status == STATUS_NO_ACCOUNT ? STATUS_OK : status;
}

/* Why an account that may not sign in is refused, for the operator, who has to
 * say so; a client is not told. Of an account without a hash no password is
 * right. */
static void
note_why(const struct sign_in *sign_in, bool right)
{
	const struct account *account = sign_in->account;
	bool none = sign_in->known && account->hash[0] == '\0';

	if ((right || none) && !account->enabled)
		sign_in->attempt->reason = "disabled";
	else if (right)
		sign_in->attempt->reason = "unproved";
}

/* STATUS_OK if the password, in that form, is that of an account that may sign
 * in. The first hash for which there is no memory ends it. */
static enum status
match(const struct sign_in *sign_in, const struct hash_text *own, bool may)
{
	const char *hash = sign_in->account->hash;
	bool seen = own->class[0] == '\0';
	enum status done = STATUS_OK, tested = STATUS_BAD_CREDENTIALS;
	int i;

	for (i = 0; i < sign_in->classes.count && done != STATUS_UNAVAILABLE &&
		    !(tested == STATUS_OK && may);
		i++) {
		const char *class = sign_in->classes.class[i];

		if (strcmp(class, own->class) == 0) {
			done = tested = password_test(
				sign_in->password, sign_in->form, hash);
			seen = true;
		} else {
			done = password_decoy(
				sign_in->password, sign_in->form, class);
		}
	}
	/* The account's class is one too many for the list. */
	if (!seen && done != STATUS_UNAVAILABLE)
		done = tested =
			password_test(sign_in->password, sign_in->form, hash);
	if (done == STATUS_UNAVAILABLE)
		return done;
	if (!may)
		note_why(sign_in, tested == STATUS_OK);
	return may ? tested : STATUS_BAD_CREDENTIALS;
}

/* Hashes while no process holds the store. STATUS_OK if it is the password of
 * an account that may sign in; a refusal does the same work for every name, as
 * the top of this file says. */
static enum status
hash(struct sign_in *sign_in)
{
	const struct account *account = sign_in->account;
	struct hash_text own = {.class = ""};
	bool may = sign_in->known && hash_text_read(account->hash, &own) &&
		   account->enabled && (!account->unproved || sign_in->proving);
	enum status status = slots_take(sign_in->site->slots, sign_in->crowd);

	if (status == STATUS_THROTTLED)
		throttle_crowded(sign_in->attempt);
	if (status != STATUS_OK)
		return status;
	secret_compare(sign_in->attempt);
	sign_in->form = PASSWORD_NFC;
	status = match(sign_in, &own, may);
	if (status == STATUS_BAD_CREDENTIALS &&
		sign_in->password->typed[0] != '\0') {
		sign_in->form = PASSWORD_TYPED;
		status = match(sign_in, &own, may);
	}
	slots_give(sign_in->site->slots);
	return status == STATUS_BAD_CREDENTIALS && !sign_in->known
		       ? STATUS_NO_ACCOUNT
		       : status;
}

/* Finds the account and counts the try. */
static enum status
enter(struct sign_in *sign_in, const char *name, const char *id,
	const struct throttle_target *target)
{
	const struct site *site = sign_in->site;
	struct attempt *attempt = sign_in->attempt;
	enum status status = site_keys(site, attempt->now);

	if (status != STATUS_OK)
		return status;
	/* Before anything that costs: whether a request of that network
	 * waits. */
	sign_in->crowd = throttle_crowd(site, attempt);
	if (slots_awaited(site->slots, sign_in->crowd))
		return throttle_crowded(attempt);
	status = hash_classes_get(site, &sign_in->classes);
	if (status != STATUS_OK)
		return status;
	/* A full disk keeps no known network out. */
	status = secret_begin(site, STORE_WRITE_ELSE_READ, attempt);
	if (status == STATUS_OK)
		status = find(sign_in, name, id);
	if (status == STATUS_OK)
		status = secret_enter(site, target, attempt);
	return secret_end(site, attempt, status);
}

/* What the throttle is told of a right password, by the outcome of the second
 * factor. */
static enum status
half_of(enum status tested)
{
	return tested == STATUS_BAD_FACTOR || tested == STATUS_THROTTLED
		       ? STATUS_CODE_REQUIRED
		       : tested;
}

/* Ends the unit of work in which a code was right: the code is spent, unless
 * the account has to wait. */
static enum status
spend(const struct site *site, const struct attempt *attempt,
	enum factor_given given, enum status status)
{
	if (attempt->wait > 0) {
		store_abort(site->store);
		return status;
	}
	return given == FACTOR_RECOVERY
		       ? store_finish(site->store, status)
		       : store_finish_lazily(site->store, status);
}

/* After the right password, in the unit of work that notes it: the second
 * factor, of which nothing shows before. */
static enum status
leave_right(struct sign_in *sign_in, const struct throttle_target *target)
{
	const struct site *site = sign_in->site;
	struct attempt *attempt = sign_in->attempt;
	const char *code = attempt->code == NULL ? "" : attempt->code;
	enum factor_given given;
	int64_t wait;
	enum status tested,
		status = store_begin(site->store, STORE_WRITE_ELSE_READ);

	if (status != STATUS_OK)
		return status;
	throttle_want(site, target, attempt);
	tested = factor_try(site, sign_in->account, code, attempt, &given);
	wait = attempt->wait;
	status = secret_leave(site, target, attempt, half_of(tested));
	if (wait > attempt->wait)
		attempt->wait = wait;
	attempt->amr = JWT_AMR_PWD | (given != FACTOR_NONE ? JWT_AMR_OTP : 0U);
	status = given == FACTOR_NONE ? secret_end(site, attempt, status)
				      : spend(site, attempt, given, status);
	/* Of a wrong code that could not be counted nothing is said. */
	return tested == STATUS_OK || (tested == STATUS_BAD_FACTOR &&
					      status_failed(status))
		       ? status
		       : tested;
}

/* Notes how the password has done. */
static enum status
leave(struct sign_in *sign_in, const struct throttle_target *target,
	enum status tested)
{
	struct attempt *attempt = sign_in->attempt;
	enum status half;

	if (tested == STATUS_OK && !sign_in->proving)
		tested = leave_right(sign_in, target);
	else
		secret_leave_alone(sign_in->site, target, attempt, tested);
	half = half_of(tested);
	return attempt->wait > 0 && (half == STATUS_OK ||
					    half == STATUS_CODE_REQUIRED)
		       ? STATUS_THROTTLED
		       : tested;
}

/* Find, enter, hash, leave. */
static enum status
try_password(struct sign_in *sign_in, const char *name, const char *id)
{
	const struct throttle_target target = {
		THROTTLE_PASSWORD, sign_in->counted};
	enum status status = enter(sign_in, name, id, &target);

	if (status == STATUS_OK)
		status = leave(sign_in, &target, hash(sign_in));
	/* People type passwords where a name should be. */
	sodium_memzero(sign_in->counted, sizeof sign_in->counted);
	return status;
}

/* Whether an account whose secrets were right has something to do first. */
static enum status
check_duties(const struct site *site, const struct account *account,
	const struct attempt *attempt)
{
	if ((attempt->amr & JWT_AMR_OTP) == 0 &&
		conf_demands_factor(site->conf, account->admin))
		return STATUS_MUST_ENROL;
	return account->must_change ? STATUS_MUST_CHANGE : STATUS_OK;
}

enum status
account_sign_in(const struct site *site, const char *name,
	const struct password *password, struct attempt *attempt,
	struct account *account)
{
	struct password_scheme scheme = conf_scheme(site->conf);
	struct sign_in sign_in = {.site = site,
		.password = password,
		.account = account,
		.attempt = attempt};
	enum status status = try_password(&sign_in, name, NULL);

	if (status != STATUS_OK)
		return status;
	/* A hash of the typed form is of no use to another keyboard. */
	if (sign_in.form == PASSWORD_TYPED ||
		password_outdated(&scheme, account->hash))
		renew_hash(site, account, password);
	return check_duties(site, account, attempt);
}

/* The password was right a while ago, which a ticket has shown: it is counted
 * anew, and not hashed again. */
enum status
account_sign_in_by_code(const struct site *site, const char *id, int64_t epoch,
	struct attempt *attempt, struct account *account)
{
	struct sign_in sign_in = {
		.site = site, .account = account, .attempt = attempt};
	const struct throttle_target target = {
		THROTTLE_PASSWORD, sign_in.counted};
	enum status status = enter(&sign_in, NULL, id, &target);

	if (status == STATUS_OK && (!sign_in.known || !account->enabled ||
					   account->epoch != epoch)) {
		secret_leave_alone(site, &target, attempt, STATUS_UNAVAILABLE);
		return STATUS_BAD_TOKEN;
	}
	if (status == STATUS_OK)
		status = leave(&sign_in, &target, STATUS_OK);
	return status == STATUS_OK ? check_duties(site, account, attempt)
				   : status;
}

/* It is tried as it is kept, and as it was typed. */
enum status
account_check_other(const struct site *site, const struct account *account,
	const struct password *password, const struct attempt *attempt)
{
	enum status status;

	if (!account->must_change)
		return STATUS_OK;
	status = slots_take(site->slots, SLOTS_NOBODY);
	if (status != STATUS_OK)
		return status;
	secret_compare(attempt);
	status = password_test(password, PASSWORD_NFC, account->hash);
	if (status == STATUS_BAD_CREDENTIALS && password->typed[0] != '\0')
		status = password_test(password, PASSWORD_TYPED, account->hash);
	slots_give(site->slots);
	return status == STATUS_OK                ? STATUS_WEAK_PASSWORD
	       : status == STATUS_BAD_CREDENTIALS ? STATUS_OK
						  : status;
}

enum status
account_check_password(const struct site *site, const char *id,
	const struct password *password, struct attempt *attempt)
{
	struct account account;
	struct sign_in sign_in = {.site = site,
		.password = password,
		.account = &account,
		.attempt = attempt,
		.proving = true};

	return try_password(&sign_in, NULL, id);
}
