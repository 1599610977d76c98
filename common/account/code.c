/* code.c - codes that let a person in once */
#include "config.h"

#include "account/code.h"

#include "account/blocklist.h"
#include "account/count.h"
#include "account/names.h"
#include "account/secret.h"
#include "base/json.h"
#include "base/symbols.h"
#include "site/seal.h"

#include <assert.h>
#include <json-c/json.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { CODE_SEALED_SIZE = SEAL_SIZE(CODE_SIZE), CODE_KEY_SIZE = 96 };

/* What the store keeps of a code. */
struct code_kept {
	char hash[KEYS_HASH_SIZE];
	char sealed[CODE_SEALED_SIZE];     /* the code, for a process with the
					    * key */
	bool symbols;                      /* then it is found by its hash */
	bool mailed;                       /* then it proves the address, too */
	char language[NAME_LANGUAGE_SIZE]; /* of that mail */
	char address[NAME_SIZE]; /* where it went, "": to the account's own */
};

/* A try at a code, and what the code is tried against. */
struct trial {
	const struct site *site;
	enum code_purpose purpose;
	const char *name; /* NULL: the code alone names its account */
	struct attempt *attempt;
	char hash[KEYS_HASH_SIZE];
	bool symbols; /* it has the length of a code of symbols */
	char key[CODE_KEY_SIZE];
	struct json_object *record; /* for json_object_put() in the end */
	struct account account;     /* filled in also where there is no code */
	bool found;
};

/* --- as it is drawn, and as people type it ----------------------------- */

enum { SYMBOLS = 12 };

/* Ten digits at most. */
static void
draw_digits(unsigned digits, char code[CODE_SIZE])
{
	unsigned i;

	for (i = 0; i < digits; i++)
		code[i] = (char)('0' + randombytes_uniform(10));
	code[digits] = '\0';
}

/* Whether it has the length of a code of symbols, which no code of digits
 * has. */
static bool
has_symbols(const char *typed)
{
	char code[SYMBOLS_SIZE];
	bool whole =
		symbols_read(typed, SYMBOLS, code) && strlen(code) == SYMBOLS;

	sodium_memzero(code, sizeof code);
	return whole;
}

/* --- its records ------------------------------------------------------- */

enum {
	TRIES_NETWORK = 5,
	TRIES_SYMBOLS = 50,
	TRIES_DIGITS = 5,
	NOBODYS_LIFE = 3600,
	YOUNG = 60 /* seconds */
};

static const char *
purpose_name(enum code_purpose purpose)
{
	static const char *const names[] = {
		[CODE_RESET] = "reset",
		[CODE_VERIFY] = "verify",
		[CODE_INVITE] = "invite",
		[CODE_ADDRESS] = "address",
	};

	return names[purpose];
}

enum code_purpose
code_of_mail(enum mail_kind kind)
{
	return kind == MAIL_INVITATION ? CODE_INVITE
	       : kind == MAIL_ADDRESS  ? CODE_ADDRESS
	       : kind == MAIL_VERIFY   ? CODE_VERIFY
				       : CODE_RESET;
}

int64_t
code_life(const struct conf *conf, enum code_purpose purpose)
{
	return (int64_t)(purpose == CODE_INVITE ? conf->invitation_life
						: conf->code_life);
}

/* All that follows is inside a unit of work. A code's record lies under what
 * the code is for. A code of symbols has a second record under its hash, which
 * points there. */
static void
record_key(
	enum code_purpose purpose, const char *account, char key[CODE_KEY_SIZE])
{
	snprintf(key, CODE_KEY_SIZE, "%s:%s", purpose_name(purpose), account);
}

static const char pointer_prefix[] = "hash:";

static void
pointer_key(const char *hash, char key[CODE_KEY_SIZE])
{
	snprintf(key, CODE_KEY_SIZE, "%s%s", pointer_prefix, hash);
}

const char *
code_pointer_hash(const char *key)
{
	size_t length = strlen(pointer_prefix);

	return strncmp(key, pointer_prefix, length) == 0 ? key + length : NULL;
}

/* Deletes a code and the record that points to it. */
static enum status
delete_code(struct store *store, const char *key, struct json_object *record)
{
	const char *hash = json_string(record, "hash");
	char pointer[CODE_KEY_SIZE];
	enum status status = store_delete(store, STORE_CODE, key);

	if (hash == NULL || status != STATUS_OK)
		return status;
	pointer_key(hash, pointer);
	return store_delete(store, STORE_CODE, pointer);
}

static enum status
delete_old(struct store *store, const char *key)
{
	struct json_object *old;
	enum status status = store_get(store, STORE_CODE, key, &old);

	if (status == STATUS_OK)
		status = delete_code(store, key, old);
	json_object_put(old);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
put_pointer(
	struct store *store, const char *hash, const char *key, int64_t expires)
{
	struct json_object *record = json_new_object();
	char pointer[CODE_KEY_SIZE];

	pointer_key(hash, pointer);
	json_add_string(record, "for", key);
	json_add_int(record, "expires", expires);
	return store_keep(store, STORE_CODE, pointer, record);
}

static struct json_object *
make_record(const char *account, int64_t epoch, const struct code_kept *kept,
	int64_t now, int64_t expires, int64_t tries)
{
	struct json_object *record = json_new_object();

	name_put_id(record, account);
	json_add_string(record, "hash", kept->hash);
	json_add_string(record, "sealed", kept->sealed);
	json_add_bool(record, "mailed", kept->mailed);
	json_add_string(record, "language", kept->language);
	if (kept->address[0] != '\0')
		json_add_string(record, "address", kept->address);
	json_add_int(record, "made", now);
	json_add_int(record, "epoch", epoch);
	json_add_int(record, "expires", expires);
	json_add_int(record, "tries_left", tries);
	json_add(record, "tries", json_new_object());
	return record;
}

/* Makes that code the account's, in place of the one before. */
static enum status
put_record(const struct site *site, enum code_purpose purpose,
	const struct account *account, const struct code_kept *kept,
	int64_t now)
{
	int64_t expires = now + code_life(site->conf, purpose);
	char key[CODE_KEY_SIZE];
	enum status status;

	record_key(purpose, account->id, key);
	status = delete_old(site->store, key);
	if (status == STATUS_OK)
		status = store_keep(site->store, STORE_CODE, key,
			make_record(account->id, account->epoch, kept, now,
				expires,
				kept->symbols ? TRIES_SYMBOLS : TRIES_DIGITS));
	return status == STATUS_OK && kept->symbols
		       ? put_pointer(site->store, kept->hash, key, expires)
		       : status;
}

/* --- what a code is tried against -------------------------------------- */

/* Where the code's record must be: under the named account, or where the
 * hash points. STATUS_NOT_FOUND if nowhere. */
static enum status
find_key(struct trial *trial)
{
	struct store *store = trial->site->store;
	const char *purpose = purpose_name(trial->purpose), *target;
	struct json_object *pointer;
	enum status status;

	if (trial->name != NULL) {
		status =
			account_find_alike(store, trial->name, &trial->account);
		record_key(trial->purpose, trial->account.id, trial->key);
		return status;
	}
	pointer_key(trial->hash, trial->key);
	status = store_get(store, STORE_CODE, trial->key, &pointer);
	target = json_string(pointer, "for");
	snprintf(trial->key, sizeof trial->key, "%s",
		target == NULL ? "" : target);
	json_object_put(pointer);
	/* "reset:" and so on: a code is good for its purpose only. */
	if (status == STATUS_OK &&
		strncmp(trial->key, purpose, strlen(purpose)) != 0)
		status = STATUS_NOT_FOUND;
	return status;
}

static void
forget(struct trial *trial)
{
	json_object_put(trial->record);
	trial->record = NULL;
	memset(&trial->account, 0, sizeof trial->account);
}

/* Finds the code of the account that has that name; with NULL, the one that has
 * that hash. */
static enum status
find(struct trial *trial)
{
	struct store *store = trial->site->store;
	enum status got = STATUS_OK, status;
	const char *id;

	forget(trial);
	status = find_key(trial);
	/* Looks for an unknown account's as well: time must not tell. */
	if (status == STATUS_OK || status == STATUS_NO_ACCOUNT)
		got = store_get(store, STORE_CODE, trial->key, &trial->record);
	if (status == STATUS_OK)
		status = got;
	else
		forget(trial);
	if (status == STATUS_OK && trial->name == NULL) {
		id = json_string(trial->record, "account");
		status = id == NULL ? STATUS_NOT_FOUND
				    : account_get(store, id, &trial->account);
	}
	trial->found = status == STATUS_OK;
	return status == STATUS_NOT_FOUND || status == STATUS_NO_ACCOUNT
		       ? STATUS_OK
		       : status;
}

static int64_t
tries_from(const struct json_object *record, const char *network)
{
	struct json_object *tries = json_object_object_get(record, "tries");
	int64_t count;

	return json_natural(tries, network, &count) ? count : 0;
}

static void
count_network(struct json_object *record, const char *network)
{
	struct json_object *tries = json_object_object_get(record, "tries");

	if (tries != NULL)
		json_add_int(tries, network, tries_from(record, network) + 1);
}

/* Whether the account's code may still be tried from that network. */
static bool
is_live(const struct json_object *record, const struct account *account,
	const char *network, int64_t now)
{
	int64_t expires, epoch, left;

	return json_natural(record, "expires", &expires) &&
	       json_natural(record, "epoch", &epoch) &&
	       json_natural(record, "tries_left", &left) && expires > now &&
	       left > 0 && account->enabled && epoch == account->epoch &&
	       tries_from(record, network) < TRIES_NETWORK;
}

static bool
is_right(const struct trial *trial)
{
	const char *stored = json_string(trial->record, "hash");

	return stored != NULL && strlen(stored) == strlen(trial->hash) &&
	       sodium_memcmp(stored, trial->hash, strlen(stored)) == 0;
}

/* Counts a wrong try; the last one deletes the code. */
static enum status
count_try(struct trial *trial)
{
	struct store *store = trial->site->store;
	int64_t left;

	if (!json_natural(trial->record, "tries_left", &left) || left <= 1)
		return delete_code(store, trial->key, trial->record);
	json_add_int(trial->record, "tries_left", left - 1);
	count_network(trial->record, trial->attempt->network);
	return store_put(store, STORE_CODE, trial->key, trial->record);
}

/* STATUS_BAD_CODE after the same reading and writing, where there is no code to
 * be tried: time must not tell whether there is one. What is written is as long
 * as a code that was tried once. */
static enum status
try_nobodys(const struct trial *trial)
{
	const struct site *site = trial->site;
	const struct attempt *attempt = trial->attempt;
	struct code_kept kept = {.hash = ""};
	struct json_object *record;
	char key[COUNT_KEY_SIZE];
	enum status status;
	bool there;

	/* Strangers cause these records: their number and size are bounded like
	 * the others. */
	count_shared_key(site, "nobody",
		trial->name != NULL ? trial->name : trial->hash, key);
	status = store_has(site->store, STORE_THROTTLE, key, &there);
	if (status != STATUS_OK)
		return status;
	strcpy(kept.hash, trial->hash);
	memset(kept.sealed, '0', sizeof kept.sealed - 1);
	record = make_record("", 1, &kept, attempt->now,
		attempt->now + NOBODYS_LIFE, TRIES_SYMBOLS);
	count_network(record, attempt->network);
	status = store_keep(site->store, STORE_THROTTLE, key, record);
	return status == STATUS_OK ? STATUS_BAD_CODE : status;
}

/* Whether the code is still good and right. STATUS_BAD_CODE after counting the
 * try, if there is a code to count it at. */
static enum status
test(struct trial *trial)
{
	const struct attempt *attempt = trial->attempt;
	enum status status;

	if (!trial->found || (attempt->no_digits && !trial->symbols) ||
		!is_live(trial->record, &trial->account, attempt->network,
			attempt->now))
		return try_nobodys(trial);
	secret_compare(attempt);
	if (is_right(trial))
		return STATUS_OK;
	status = count_try(trial);
	return status == STATUS_OK ? STATUS_BAD_CODE : status;
}

/* --- hashing and drawing ----------------------------------------------- */

/* The stored hash of a code. One that cannot be read as a code has "", which no
 * code has. */
static void
hash_code(const struct site *site, const char *typed, char hash[KEYS_HASH_SIZE])
{
	char code[SYMBOLS_SIZE];

	hash[0] = '\0';
	if (!symbols_read(typed, SYMBOLS, code))
		return;
	keys_hash(keys_of(site->keys, KEYS_OF_CODES), code, hash);
	sodium_memzero(code, sizeof code);
}

void
code_draw(const struct site *site, char code[CODE_SIZE])
{
	unsigned digits = conf_code_digits(site->conf);

	if (digits > 0)
		draw_digits(digits, code);
	else
		symbols_draw(SYMBOLS, code);
}

/* If the count cannot be read, the account gets no digits. */
void
code_draw_for(const struct site *site, enum code_purpose purpose,
	const char *id, char code[CODE_SIZE])
{
	bool no_digits = true;
	enum status status = site_begin(site, STORE_READ, site_now());

	if (status == STATUS_OK)
		throttle_no_digits(site, id, &no_digits);
	store_abort(site->store);
	if (no_digits || purpose == CODE_INVITE)
		symbols_draw(SYMBOLS, code);
	else
		code_draw(site, code);
}

/* Seals as many bytes for every code. */
static void
seal(const struct site *site, const char *id, const char *code,
	char sealed[CODE_SEALED_SIZE])
{
	char text[CODE_SIZE] = "";

	strcpy(text, code);
	seal_close(keys_of(site->keys, KEYS_OF_CODES), id, text, sizeof text,
		sealed);
	sodium_memzero(text, sizeof text);
}

/* The code that was sealed for that account. */
static bool
unseal(const struct site *site, const char *id, const char *sealed,
	char code[CODE_SIZE])
{
	size_t length;

	return seal_open(keys_of(site->keys, KEYS_OF_CODES), id, sealed, code,
		       CODE_SIZE, &length) &&
	       length == CODE_SIZE && memchr(code, '\0', CODE_SIZE) != NULL;
}

/* --- making one -------------------------------------------------------- */

enum status
code_new(const struct site *site, enum code_purpose purpose, const char *id,
	int64_t now, const char *code, const struct code_mail *mail)
{
	struct code_kept kept = {.mailed = mail != NULL};
	struct account account;
	enum status status = site_begin(site, STORE_WRITE, now);

	if (status != STATUS_OK)
		return status;
	if (mail != NULL) {
		snprintf(kept.language, sizeof kept.language, "%s",
			mail->language);
		snprintf(
			kept.address, sizeof kept.address, "%s", mail->address);
	}
	hash_code(site, code, kept.hash);
	kept.symbols = has_symbols(code);
	seal(site, id, code, kept.sealed);
	/* Otherwise every unreadable code would be the right one. */
	status = kept.hash[0] == '\0' ? STATUS_INTERNAL
				      : account_get(site->store, id, &account);
	if (status == STATUS_OK && !account.enabled)
		status = STATUS_NO_ACCOUNT;
	if (status == STATUS_OK)
		status = put_record(site, purpose, &account, &kept, now);
	return store_finish(site->store, status);
}

/* Inside a unit of work: gets the account's live code, if it is less than a
 * minute old; else STATUS_NOT_FOUND. */
static enum status
get_young(const struct site *site, enum code_purpose purpose, const char *id,
	const char *address, int64_t now, struct code_young *young)
{
	char key[CODE_KEY_SIZE], sealed[CODE_SEALED_SIZE], to[NAME_SIZE];
	struct json_object *record;
	struct account account;
	enum status status = account_get(site->store, id, &account);

	if (status != STATUS_OK)
		return status;
	record_key(purpose, id, key);
	status = store_get(site->store, STORE_CODE, key, &record);
	json_copy(record, "sealed", sealed, sizeof sealed);
	json_copy(record, "address", to, sizeof to);
	if (status == STATUS_OK &&
		(strcmp(to, address) != 0 ||
			!is_live(record, &account, "", now) ||
			!json_natural(record, "made", &young->made) ||
			young->made > now || young->made + YOUNG <= now ||
			!unseal(site, id, sealed, young->code)))
		status = STATUS_NOT_FOUND;
	young->mailed = json_true(record, "mailed");
	json_object_put(record);
	return status;
}

bool
code_again(const struct site *site, enum code_purpose purpose, const char *id,
	const char *address, int64_t now, struct code_young *young)
{
	enum status status = site_begin(site, STORE_READ, now);

	if (status == STATUS_OK)
		status = get_young(site, purpose, id, address, now, young);
	store_abort(site->store);
	return status == STATUS_OK;
}

/* --- trying one -------------------------------------------------------- */

/* Find, enter, compare, leave: all in one unit of work. A code without a name
 * is counted by network alone. The right one has to wait, too: it must not get
 * past a delay. */
static enum status
try_code(struct trial *trial)
{
	char counted[NAME_SIZE] = "";
	const struct throttle_target target = {THROTTLE_CODE, counted};
	const struct site *site = trial->site;
	struct attempt *attempt = trial->attempt;
	enum status tested = STATUS_OK,
		    status = secret_begin(site, STORE_WRITE, attempt);

	if (trial->name != NULL)
		name_counted(trial->name, counted);
	if (status == STATUS_OK)
		status = find(trial);
	strcpy(attempt->account, trial->account.id);
	strcpy(attempt->name, account_name(&trial->account));
	if (status == STATUS_OK)
		status = secret_enter(site, &target, attempt);
	if (status == STATUS_OK) {
		tested = test(trial);
		status = tested == STATUS_UNAVAILABLE
				 ? tested
				 : secret_leave(site, &target, attempt, tested);
	}
	status = secret_end(site, attempt, status);
	/* People type passwords where a name should be. */
	sodium_memzero(counted, sizeof counted);
	return status == STATUS_OK ? tested : status;
}

/* Why a code is not good, which no answer tells: for the audit. */
static const char *
why_not(const struct trial *trial)
{
	int64_t expires;

	if (!trial->found)
		return NULL;
	if (!trial->account.enabled)
		return "disabled";
	return json_natural(trial->record, "expires", &expires) &&
			       expires <= trial->attempt->now
		       ? "expired-code"
		       : NULL;
}

/* code_check(), for a trial that goes on. */
static enum status
check(struct trial *trial, const char *code)
{
	enum status status = site_keys(trial->site, trial->attempt->now);

	if (status != STATUS_OK)
		return status;
	trial->symbols = has_symbols(code);
	hash_code(trial->site, code, trial->hash);
	status = try_code(trial);
	if (status == STATUS_BAD_CODE)
		trial->attempt->reason = why_not(trial);
	return status;
}

enum status
code_check(const struct site *site, enum code_purpose purpose, const char *name,
	const char *code, struct attempt *attempt)
{
	struct trial trial = {site, purpose, name, attempt, .found = false};
	enum status status = check(&trial, code);

	json_object_put(trial.record);
	return status;
}

/* Begins a unit of work that writes, after check(): deletes the code if it is
 * still right. */
static enum status
take(struct trial *trial)
{
	struct store *store = trial->site->store;
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		status = find(trial);
	if (status == STATUS_OK)
		status = test(trial);
	return status == STATUS_OK
		       ? delete_code(store, trial->key, trial->record)
		       : status;
}

/* Inside that unit of work: sets the new password, and what the code proves
 * besides. A user who has set a password by a code may sign in with it. The
 * owner is told of a password that has changed, and there was none before an
 * invitation. */
static enum status
set_password(
	struct trial *trial, const struct account *before, const char *hash)
{
	struct account *account = &trial->account;
	char language[NAME_LANGUAGE_SIZE]; /* of the code's mail */
	enum status status;

	json_copy(trial->record, "language", language, sizeof language);
	account_set_hash(account, hash);
	account->unproved = false;
	account->verified =
		account->verified || json_true(trial->record, "mailed");
	status = account_put_changed(trial->site->store, account, NULL);
	if (status == STATUS_OK)
		status = account_changed(trial->site, before, account);
	if (status != STATUS_OK || trial->purpose == CODE_INVITE)
		return status;
	return account_tell(trial->site, account, MAIL_CHANGED,
		language[0] != '\0' ? language : trial->attempt->language);
}

/* After check(): whether the account may have the new password. Only a right
 * code may tell whose it is. It is not spent. */
static enum status
check_new(const struct trial *trial, const struct password *password)
{
	return blocklist_is_name(&trial->account, password)
		       ? STATUS_WEAK_PASSWORD
		       : account_check_other(trial->site, &trial->account,
				 password, trial->attempt);
}

/* Puts the password in the place of the code. */
static enum status
spend(struct trial *trial, const char *code, const struct password *password,
	const char *full_name, struct account *account)
{
	const struct site *site = trial->site;
	struct account before;
	char hash[PASSWORD_HASH_SIZE];
	/* Checked before the expensive hash, and once more in the commit. */
	enum status status = check(trial, code);

	if (status == STATUS_OK)
		status = check_new(trial, password);
	if (status == STATUS_OK)
		status = account_hash(site, password, hash);
	if (status == STATUS_OK)
		status = take(trial);
	before = trial->account;
	if (full_name[0] != '\0')
		snprintf(trial->account.full_name,
			sizeof trial->account.full_name, "%s", full_name);
	if (status == STATUS_OK)
		status = set_password(trial, &before, hash);
	*account = trial->account;
	json_object_put(trial->record);
	return store_finish(site->store, status);
}

enum status
code_reset(const struct site *site, const char *name, const char *code,
	const struct password *password, struct attempt *attempt,
	struct account *account)
{
	struct trial trial = {site, CODE_RESET, name, attempt, .found = false};

	return spend(&trial, code, password, "", account);
}

enum status
code_accept(const struct site *site, const char *code,
	const struct password *password, const char *full_name,
	struct attempt *attempt, struct account *account)
{
	struct trial trial = {site, CODE_INVITE, NULL, attempt, .found = false};

	return spend(&trial, code, password, full_name, account);
}

/* Whether it is the password that the account was registered with. */
static enum status
check_registered(const struct site *site, const struct account *account,
	const struct password *password, struct attempt *attempt)
{
	enum status status =
		account_check_password(site, account->id, password, attempt);

	return status == STATUS_NO_ACCOUNT ? STATUS_BAD_CREDENTIALS : status;
}

/* Before the code is spent: whether the account may be proved by that. Fills in
 * the hash that it has then. */
static enum status
check_proof(const struct trial *trial, const struct code_proof *proof,
	char hash[PASSWORD_HASH_SIZE])
{
	const struct site *site = trial->site;
	const struct account *account = &trial->account;
	enum status status;

	strcpy(hash, account->hash);
	if (!account->unproved)
		return STATUS_OK;
	if (proof->replacement != NULL) {
		status = check_new(trial, proof->replacement);
		return status == STATUS_OK
			       ? account_hash(site, proof->replacement, hash)
			       : status;
	}
	if (site->conf->proof != PROOF_PASSWORD)
		return STATUS_OK;
	if (proof->password != NULL)
		return check_registered(
			site, account, proof->password, trial->attempt);
	hash[0] = '\0';
	return STATUS_OK;
}

enum status
code_verify(const struct site *site, const char *name, const char *code,
	const struct code_proof *proof, struct attempt *attempt,
	struct account *account)
{
	struct trial trial = {site, CODE_VERIFY, name, attempt, .found = false};
	char hash[PASSWORD_HASH_SIZE];
	bool changes = false;
	enum status status = check(&trial, code);

	if (status == STATUS_OK)
		status = check_proof(&trial, proof, hash);
	if (status == STATUS_OK)
		status = take(&trial);
	*account = trial.account;
	if (status == STATUS_OK && account->unproved)
		changes = strcmp(account->hash, hash) != 0;
	/* The same password still has to be changed, if it had to be. */
	if (changes)
		account_set_hash(account, hash);
	account->verified = true;
	account->unproved = false;
	if (status == STATUS_OK)
		status = changes ? account_put_changed(
					   site->store, account, NULL)
				 : account_put(site->store, account);
	if (status == STATUS_OK)
		status = account_changed(site, &trial.account, account);
	json_object_put(trial.record);
	status = store_finish(site->store, status);
	return status == STATUS_BAD_CODE ? STATUS_BAD_VERIFY_CODE : status;
}

/* Inside the unit of work that has taken the code: deletes all that are left of
 * the account. */
static enum status
delete_others(struct store *store, const char *id)
{
	char key[CODE_KEY_SIZE];
	enum status status = STATUS_OK;
	int i;

	for (i = CODE_RESET; i <= CODE_ADDRESS && status == STATUS_OK; i++) {
		record_key((enum code_purpose)i, id, key);
		status = delete_old(store, key);
	}
	return status;
}

/* In that unit of work: has the account go by the address, which must be the
 * code's. */
static enum status
move(const struct trial *trial, const char *address, struct account *account)
{
	struct store *store = trial->site->store;
	char to[NAME_SIZE];
	enum status status;

	*account = trial->account;
	json_copy(trial->record, "address", to, sizeof to);
	snprintf(account->email, sizeof account->email, "%s",
		strlen(address) < NAME_SIZE ? address : "");
	if (account_accept_email(account) != NULL ||
		strcmp(account->email, to) != 0)
		return STATUS_BAD_CODE;
	status = account_rename(store, &trial->account, account);
	account->verified = true;
	account->unproved = false;
	if (status == STATUS_OK)
		status = account_put(store, account);
	if (status == STATUS_OK)
		status = account_changed(trial->site, &trial->account, account);
	return status == STATUS_OK ? delete_others(store, account->id) : status;
}

enum status
code_move(const struct site *site, const char *name, const char *code,
	const char *address, struct attempt *attempt, struct account *account)
{
	struct trial trial = {
		site, CODE_ADDRESS, name, attempt, .found = false};
	enum status status = names_settle(site->store, false);

	if (status == STATUS_OK)
		status = check(&trial, code);
	if (status == STATUS_OK)
		status = take(&trial);
	if (status == STATUS_OK)
		status = move(&trial, address, account);
	json_object_put(trial.record);
	status = store_finish(site->store, status);
	return status == STATUS_BAD_CODE || status == STATUS_NAME_TAKEN ||
			       status == STATUS_BAD_NAME
		       ? STATUS_BAD_VERIFY_CODE
		       : status;
}
