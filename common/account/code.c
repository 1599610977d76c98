/* code.c - codes that let a person in once */
#include "config.h"

#include "account/code.h"

#include "account/blocklist.h"
#include "account/count.h"
#include "account/secret.h"
#include "base/json.h"

#include <assert.h>
#include <json-c/json.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
	CODE_SEALED_SIZE = 113, /* a nonce and a secretbox in hexadecimal */
	CODE_KEY_SIZE = 96
};

/* What the store keeps of a code. */
struct code_kept {
	char hash[KEYS_HASH_SIZE];
	char sealed[CODE_SEALED_SIZE];     /* the code, for a process with the
					    * key */
	bool mailed;                       /* then it proves the address, too */
	char language[NAME_LANGUAGE_SIZE]; /* of that mail */
};

/* The record that a code is tried against. */
struct code_match {
	char key[CODE_KEY_SIZE];
	struct json_object *record; /* the caller's to json_object_put() */
	struct account account;     /* filled in also where there is no code */
	const char *tried;          /* the name, or the hash without one */
};

/* --- as it is drawn, and as people type it ----------------------------- */

enum {
	SYMBOLS = 12, /* of 5 bits */
	GROUP = 4
};

/* Crockford's base 32: no I, L, O and U. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* XXXX-XXXX-XXXX */
static void
draw_symbols(char code[CODE_SIZE])
{
	int i;

	for (i = 0; i < SYMBOLS; i++) {
		if (i > 0 && i % GROUP == 0)
			*code++ = '-';
		*code++ = alphabet[randombytes_uniform(sizeof alphabet - 1)];
	}
	*code = '\0';
}

/* Ten digits at most. */
static void
draw_digits(unsigned digits, char code[CODE_SIZE])
{
	unsigned i;

	for (i = 0; i < digits; i++)
		code[i] = (char)('0' + randombytes_uniform(10));
	code[digits] = '\0';
}

/* Reads one symbol as people write it; '\0' if it is none. */
static char
read_symbol(char byte)
{
	if (byte >= 'a' && byte <= 'z')
		byte = (char)(byte - 'a' + 'A');
	if (byte == 'O')
		return '0';
	if (byte == 'I' || byte == 'L')
		return '1';
	return byte != '\0' && strchr(alphabet, byte) != NULL ? byte : '\0';
}

/* Reads a code as it was typed. Case, blanks and dashes do not matter; O is 0,
 * I and L are 1. False if it cannot be a code. */
static bool
read_typed(const char *typed, char code[CODE_SIZE])
{
	size_t length = 0;

	for (; *typed != '\0'; typed++) {
		if (strchr(" -\t", *typed) != NULL)
			continue;
		if (length == SYMBOLS)
			return false;
		code[length] = read_symbol(*typed);
		if (code[length++] == '\0')
			return false;
	}
	code[length] = '\0';
	return length > 0;
}

/* Whether it has the length of a code of symbols, which no code of digits
 * has. */
static bool
has_symbols(const char *typed)
{
	char code[CODE_SIZE];
	bool whole = read_typed(typed, code) && strlen(code) == SYMBOLS;

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
	return purpose == CODE_RESET ? "reset" : "verify";
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

static void
pointer_key(const char *hash, char key[CODE_KEY_SIZE])
{
	snprintf(key, CODE_KEY_SIZE, "hash:%s", hash);
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
	bool digits = conf_code_digits(site->conf) > 0;
	int64_t expires = now + (int64_t)site->conf->code_life;
	char key[CODE_KEY_SIZE];
	enum status status;

	record_key(purpose, account->id, key);
	status = delete_old(site->store, key);
	if (status == STATUS_OK)
		status = store_keep(site->store, STORE_CODE, key,
			make_record(account->id, account->epoch, kept, now,
				expires,
				digits ? TRIES_DIGITS : TRIES_SYMBOLS));
	return status == STATUS_OK && !digits
		       ? put_pointer(site->store, kept->hash, key, expires)
		       : status;
}

/* --- what a code is tried against -------------------------------------- */

/* Where the code's record must be: under the named account, or where the
 * hash points. STATUS_NOT_FOUND if nowhere. */
static enum status
find_key(struct store *store, enum code_purpose purpose, const char *name,
	const char *hash, struct code_match *match)
{
	struct json_object *pointer;
	const char *target;
	enum status status;

	if (name != NULL) {
		status = account_find_alike(store, name, &match->account);
		record_key(purpose, match->account.id, match->key);
		return status;
	}
	pointer_key(hash, match->key);
	status = store_get(store, STORE_CODE, match->key, &pointer);
	target = json_string(pointer, "for");
	snprintf(match->key, sizeof match->key, "%s",
		target == NULL ? "" : target);
	json_object_put(pointer);
	/* "reset:" and so on: a code is good for its purpose only. */
	if (status == STATUS_OK && strncmp(match->key, purpose_name(purpose),
					   strlen(purpose_name(purpose))) != 0)
		status = STATUS_NOT_FOUND;
	return status;
}

/* Finds the code of the account that has that name; with NULL, the one that has
 * that hash. STATUS_NOT_FOUND, STATUS_NO_ACCOUNT. */
static enum status
find_match(struct store *store, enum code_purpose purpose, const char *name,
	const char *hash, struct code_match *match)
{
	const struct code_match none = {.tried = name != NULL ? name : hash};
	const char *id;
	enum status got, status;

	*match = none;
	status = find_key(store, purpose, name, hash, match);
	if (status != STATUS_OK && status != STATUS_NO_ACCOUNT)
		return status;
	/* Looks for an unknown account's as well: time must not tell. */
	got = store_get(store, STORE_CODE, match->key, &match->record);
	if (status == STATUS_OK) {
		status = got;
	} else {
		json_object_put(match->record);
		*match = none;
	}
	if (status == STATUS_OK && name == NULL) {
		id = json_string(match->record, "account");
		status = id == NULL ? STATUS_NOT_FOUND
				    : account_get(store, id, &match->account);
	}
	return status;
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

/* Whether the code may still be tried from that network. */
static bool
is_live(const struct code_match *match, const char *network, int64_t now)
{
	int64_t expires, epoch, left;

	return json_natural(match->record, "expires", &expires) &&
	       json_natural(match->record, "epoch", &epoch) &&
	       json_natural(match->record, "tries_left", &left) &&
	       expires > now && left > 0 && match->account.enabled &&
	       epoch == match->account.epoch &&
	       tries_from(match->record, network) < TRIES_NETWORK;
}

/* Reads what a code's record keeps. */
static void
read_kept(const struct json_object *record, struct code_kept *kept)
{
	memset(kept, 0, sizeof *kept);
	json_copy(record, "hash", kept->hash, sizeof kept->hash);
	json_copy(record, "sealed", kept->sealed, sizeof kept->sealed);
	json_copy(record, "language", kept->language, sizeof kept->language);
	kept->mailed = json_true(record, "mailed");
}

/* Gets the record of the account's live code, if it is less than a minute old;
 * else STATUS_NOT_FOUND. */
static enum status
find_young(struct store *store, enum code_purpose purpose,
	const struct account *account, int64_t now, struct code_kept *kept)
{
	struct code_match match = {.account = *account};
	enum status status;
	int64_t made;

	record_key(purpose, account->id, match.key);
	status = store_get(store, STORE_CODE, match.key, &match.record);
	if (status == STATUS_OK &&
		(!is_live(&match, "", now) ||
			!json_natural(match.record, "made", &made) ||
			made > now || made + YOUNG <= now))
		status = STATUS_NOT_FOUND;
	read_kept(match.record, kept);
	json_object_put(match.record);
	return status;
}

static bool
is_right(const struct code_match *match, const char *hash)
{
	const char *stored = json_string(match->record, "hash");

	return stored != NULL && strlen(stored) == strlen(hash) &&
	       sodium_memcmp(stored, hash, strlen(hash)) == 0;
}

/* Counts a wrong try; the last one deletes the code. */
static enum status
count_try(struct store *store, struct code_match *match, const char *network)
{
	int64_t left;

	if (!json_natural(match->record, "tries_left", &left) || left <= 1)
		return delete_code(store, match->key, match->record);
	json_add_int(match->record, "tries_left", left - 1);
	count_network(match->record, network);
	return store_put(store, STORE_CODE, match->key, match->record);
}

/* STATUS_BAD_CODE after the same reading and writing, where there is no code to
 * be tried: time must not tell whether there is one. What is written is as long
 * as a code that was tried once. */
static enum status
try_nobodys(const struct site *site, const struct code_match *match,
	const char *hash, const struct attempt *attempt)
{
	struct code_kept kept = {.hash = ""};
	struct json_object *record;
	char key[COUNT_KEY_SIZE];
	enum status status;
	bool there;

	/* Strangers cause these records: their number and size are bounded like
	 * the others. */
	count_shared_key(site, "nobody", match->tried, key);
	status = store_has(site->store, STORE_THROTTLE, key, &there);
	if (status != STATUS_OK)
		return status;
	snprintf(kept.hash, sizeof kept.hash, "%s", hash);
	memset(kept.sealed, '0', sizeof kept.sealed - 1);
	record = make_record("", 1, &kept, attempt->now,
		attempt->now + NOBODYS_LIFE, TRIES_SYMBOLS);
	count_network(record, attempt->network);
	status = store_keep(site->store, STORE_THROTTLE, key, record);
	return status == STATUS_OK ? STATUS_BAD_CODE : status;
}

/* Whether the code is still good and has that hash. STATUS_BAD_CODE after
 * counting the try, if there is a code to count it at; the last try deletes
 * it. */
static enum status
try_match(const struct site *site, struct code_match *match, const char *hash,
	const struct attempt *attempt)
{
	enum status status;

	if (!is_live(match, attempt->network, attempt->now))
		return try_nobodys(site, match, hash, attempt);
	secret_compare(attempt);
	if (is_right(match, hash))
		return STATUS_OK;
	status = count_try(site->store, match, attempt->network);
	return status == STATUS_OK ? STATUS_BAD_CODE : status;
}

/* --- hashing and drawing ----------------------------------------------- */

/* The stored hash of a code. One that cannot be read as a code has "", which no
 * code has. */
static void
hash_code(const struct site *site, const char *typed, char hash[KEYS_HASH_SIZE])
{
	char code[CODE_SIZE];

	hash[0] = '\0';
	if (!read_typed(typed, code))
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
		draw_symbols(code);
}

/* If the count cannot be read, the account gets no digits. */
void
code_draw_for(const struct site *site, const char *id, char code[CODE_SIZE])
{
	bool no_digits = true;
	enum status status = site_begin(site, STORE_READ, site_now());

	if (status == STATUS_OK)
		throttle_no_digits(site, id, &no_digits);
	store_abort(site->store);
	if (no_digits)
		draw_symbols(code);
	else
		code_draw(site, code);
}

/* --- sealing ----------------------------------------------------------- */

enum {
	NONCE = crypto_secretbox_NONCEBYTES,
	BOX = CODE_SIZE + crypto_secretbox_MACBYTES
};
static_assert(2 * (NONCE + BOX) + 1 == CODE_SEALED_SIZE, "a sealed code");

static void
seal(const struct site *site, const char *code, char sealed[CODE_SEALED_SIZE])
{
	unsigned char key[KEYS_HMAC_BYTES], box[NONCE + BOX];
	unsigned char text[CODE_SIZE] = {0};

	memcpy(text, code, strlen(code));
	keys_hmac(keys_of(site->keys, KEYS_OF_CODES), "seal", key);
	randombytes_buf(box, NONCE);
	crypto_secretbox_easy(box + NONCE, text, sizeof text, box, key);
	sodium_bin2hex(sealed, CODE_SEALED_SIZE, box, sizeof box);
	sodium_memzero(text, sizeof text);
	sodium_memzero(key, sizeof key);
}

static bool
unseal(const struct site *site, const char *sealed, char code[CODE_SIZE])
{
	unsigned char key[KEYS_HMAC_BYTES], box[NONCE + BOX];
	size_t size;
	bool good;

	keys_hmac(keys_of(site->keys, KEYS_OF_CODES), "seal", key);
	good = sodium_hex2bin(box, sizeof box, sealed, strlen(sealed), NULL,
		       &size, NULL) == 0 &&
	       size == sizeof box &&
	       crypto_secretbox_open_easy((unsigned char *)code, box + NONCE,
		       BOX, box, key) == 0 &&
	       memchr(code, '\0', CODE_SIZE) != NULL;
	sodium_memzero(key, sizeof key);
	return good;
}

/* --- making one -------------------------------------------------------- */

static enum status
put_code(const struct site *site, enum code_purpose purpose, const char *id,
	int64_t now, const char *code, struct code_kept *kept)
{
	struct account account;
	enum status status = site_begin(site, STORE_WRITE, now);

	if (status != STATUS_OK)
		return status;
	hash_code(site, code, kept->hash);
	seal(site, code, kept->sealed);
	/* Otherwise every unreadable code would be the right one. */
	status = kept->hash[0] == '\0' ? STATUS_INTERNAL
				       : account_get(site->store, id, &account);
	if (status == STATUS_OK && !account.enabled)
		status = STATUS_NO_ACCOUNT;
	if (status == STATUS_OK)
		status = put_record(site, purpose, &account, kept, now);
	return store_finish(site->store, status);
}

enum status
code_new(const struct site *site, enum code_purpose purpose, const char *id,
	int64_t now, const char *code)
{
	struct code_kept kept = {.mailed = false};

	return put_code(site, purpose, id, now, code, &kept);
}

enum status
code_mailed(const struct site *site, enum code_purpose purpose, const char *id,
	int64_t now, const char *code, const char *language)
{
	struct code_kept kept = {.mailed = true};

	snprintf(kept.language, sizeof kept.language, "%s", language);
	return put_code(site, purpose, id, now, code, &kept);
}

bool
code_again(const struct site *site, enum code_purpose purpose, const char *id,
	int64_t now, char code[CODE_SIZE])
{
	struct account account;
	struct code_kept kept;
	enum status status = site_begin(site, STORE_READ, now);

	if (status == STATUS_OK)
		status = account_get(site->store, id, &account);
	if (status == STATUS_OK)
		status = find_young(site->store, purpose, &account, now, &kept);
	store_abort(site->store);
	return status == STATUS_OK && unseal(site, kept.sealed, code);
}

/* --- trying one -------------------------------------------------------- */

/* A try at a code, outside of the commit that spends it. */
struct check {
	const struct site *site;
	enum code_purpose purpose;
	const char *name;
	const char *hash;
	bool symbols; /* it has the length of a code of symbols */
	const struct attempt *attempt;
	struct code_match match;
	bool found;
	char counted[NAME_SIZE];
};

/* A code without a name is counted by network alone, the right one too: it must
 * not get past a delay. */
static enum status
find_check(struct check *check, struct attempt *attempt)
{
	enum status status = find_match(check->site->store, check->purpose,
		check->name, check->hash, &check->match);

	check->found = status == STATUS_OK;
	strcpy(attempt->account, check->match.account.id);
	if (check->name != NULL)
		name_counted(check->name, check->counted);
	return status == STATUS_NOT_FOUND || status == STATUS_NO_ACCOUNT
		       ? STATUS_OK
		       : status;
}

static enum status
test_check(struct check *check)
{
	if (check->found && (check->symbols || !check->attempt->no_digits))
		return try_match(check->site, &check->match, check->hash,
			check->attempt);
	return try_nobodys(
		check->site, &check->match, check->hash, check->attempt);
}

/* Find, enter, compare, leave: all in one unit of work. */
static enum status
try_code(struct check *check, struct attempt *attempt)
{
	const struct throttle_target target = {THROTTLE_CODE, check->counted};
	const struct site *site = check->site;
	enum status tested = STATUS_OK,
		    status = secret_begin(site, STORE_WRITE, attempt);

	if (status == STATUS_OK)
		status = find_check(check, attempt);
	if (status == STATUS_OK)
		status = secret_enter(site, &target, attempt);
	if (status == STATUS_OK) {
		tested = test_check(check);
		status = tested == STATUS_UNAVAILABLE
				 ? tested
				 : secret_leave(site, &target, attempt, tested);
	}
	status = secret_end(site, attempt, status);
	return status == STATUS_OK ? tested : status;
}

/* Why a code is not good, which no answer tells: for the audit. */
static const char *
why_not(const struct check *check)
{
	int64_t expires;

	if (!check->found)
		return NULL;
	if (!check->match.account.enabled)
		return "disabled";
	return json_natural(check->match.record, "expires", &expires) &&
			       expires <= check->attempt->now
		       ? "expired-code"
		       : NULL;
}

/* code_check(), and the account of the code. */
static enum status
check_whose(const struct site *site, enum code_purpose purpose,
	const char *name, const char *code, struct attempt *attempt,
	struct account *account)
{
	struct check check = {.site = site,
		.purpose = purpose,
		.name = name,
		.symbols = has_symbols(code),
		.attempt = attempt};
	char hash[KEYS_HASH_SIZE];
	enum status status = site_keys(site, attempt->now);

	if (status != STATUS_OK)
		return status;
	hash_code(site, code, hash);
	check.hash = hash;
	status = try_code(&check, attempt);
	sodium_memzero(check.counted, sizeof check.counted);
	if (status == STATUS_BAD_CODE)
		attempt->reason = why_not(&check);
	*account = check.match.account;
	json_object_put(check.match.record);
	return status;
}

enum status
code_check(const struct site *site, enum code_purpose purpose, const char *name,
	const char *code, struct attempt *attempt)
{
	struct account account;

	return check_whose(site, purpose, name, code, attempt, &account);
}

/* A code that was right and is being spent. */
struct taken {
	struct account account;
	struct code_kept kept;
};

/* Inside a unit of work that writes, after code_check(): deletes the code if it
 * is still right. */
static enum status
take_code(const struct site *site, enum code_purpose purpose, const char *name,
	const char *code, const struct attempt *attempt, struct taken *taken)
{
	char hash[KEYS_HASH_SIZE];
	struct code_match match;
	enum status status;

	hash_code(site, code, hash);
	status = find_match(site->store, purpose, name, hash, &match);
	if (status == STATUS_OK)
		status = try_match(site, &match, hash, attempt);
	else if (status == STATUS_NOT_FOUND || status == STATUS_NO_ACCOUNT)
		status = STATUS_BAD_CODE;
	if (status == STATUS_OK)
		status = delete_code(site->store, match.key, match.record);
	taken->account = match.account;
	read_kept(match.record, &taken->kept);
	json_object_put(match.record);
	return status;
}

/* Inside that unit of work: sets the new password, and what the code proves
 * besides. A user who has set a password by a code may sign in with it. */
static enum status
set_password(const struct site *site, struct taken *taken, const char *hash,
	const struct attempt *attempt)
{
	struct account *account = &taken->account;
	const char *language = taken->kept.language[0] != '\0'
				       ? taken->kept.language
				       : attempt->language;
	enum status status;

	account_set_hash(account, hash);
	account->epoch++;
	account->unproved = false;
	account->verified = account->verified || taken->kept.mailed;
	status = account_put(site->store, account);
	if (status == STATUS_OK)
		status = account_tell(site, account, MAIL_CHANGED, language);
	return status;
}

enum status
code_reset(const struct site *site, const char *name, const char *code,
	const struct password *password, struct attempt *attempt,
	struct account *account)
{
	char hash[PASSWORD_HASH_SIZE];
	struct taken taken;
	/* Checked before the expensive hash, and once more in the commit. */
	enum status status =
		check_whose(site, CODE_RESET, name, code, attempt, account);

	/* Only a right code may tell whose it is. It is not spent. */
	if (status == STATUS_OK && blocklist_is_name(account, password))
		status = STATUS_WEAK_PASSWORD;
	if (status != STATUS_OK)
		return status;
	status = account_hash(site, password, hash);
	if (status == STATUS_OK)
		status = store_begin(site->store, STORE_WRITE);
	if (status == STATUS_OK)
		status = take_code(
			site, CODE_RESET, name, code, attempt, &taken);
	if (status == STATUS_OK)
		status = set_password(site, &taken, hash, attempt);
	if (status == STATUS_OK)
		*account = taken.account;
	return store_finish(site->store, status);
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

enum status
code_verify(const struct site *site, const char *name, const char *code,
	const struct password *password, struct attempt *attempt)
{
	bool asks = site->conf->proof == PROOF_PASSWORD, drops;
	struct store *store = site->store;
	struct account account;
	struct taken taken;
	enum status status =
		check_whose(site, CODE_VERIFY, name, code, attempt, &account);

	if (status == STATUS_OK && asks && account.unproved && password != NULL)
		status = check_registered(site, &account, password, attempt);
	if (status == STATUS_OK)
		status = store_begin(store, STORE_WRITE);
	if (status != STATUS_OK)
		return status == STATUS_BAD_CODE ? STATUS_BAD_VERIFY_CODE
						 : status;
	status = take_code(site, CODE_VERIFY, name, code, attempt, &taken);
	drops = asks && taken.account.unproved && password == NULL;
	if (drops)
		account_set_hash(&taken.account, "");
	taken.account.epoch += drops ? 1 : 0;
	taken.account.verified = true;
	taken.account.unproved = false;
	if (status == STATUS_OK)
		status = account_put(store, &taken.account);
	status = store_finish(store, status);
	return status == STATUS_BAD_CODE ? STATUS_BAD_VERIFY_CODE : status;
}
