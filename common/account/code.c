/* code.c - codes that let a person in once */
#include "config.h"

#include "account/code.h"

#include "account/code-record.h"
#include "account/code-text.h"
#include "account/guess.h"
#include "account/secret.h"
#include "base/json.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* What is stored of a code. An unreadable one becomes "", which none is. */
static void
hash_code(const struct site *site, const char *typed, char hash[CODE_HASH_SIZE])
{
	unsigned char tag[crypto_auth_hmacsha256_BYTES];
	char code[CODE_SIZE];

	hash[0] = '\0';
	if (!code_text_read(typed, code))
		return;
	crypto_auth_hmacsha256(tag, (const unsigned char *)code, strlen(code),
		keys_code(site->keys));
	sodium_bin2hex(hash, CODE_HASH_SIZE, tag, sizeof tag);
	sodium_memzero(code, sizeof code);
}

void
code_draw(const struct site *site, char code[CODE_SIZE])
{
	unsigned digits = conf_code_digits(site->conf);

	if (digits > 0)
		code_text_digits(digits, code);
	else
		code_text_symbols(code);
}

/* What cannot be found out gets no digits. */
void
code_draw_for(const struct site *site, const char *id, char code[CODE_SIZE])
{
	bool no_digits = true;
	enum status status = site_keys(site, site_now());

	if (status == STATUS_OK)
		status = store_begin(site->store, STORE_READ);
	if (status == STATUS_OK)
		throttle_no_digits(site, id, &no_digits);
	store_abort(site->store);
	if (no_digits)
		code_text_symbols(code);
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
seal_key(const struct site *site,
	unsigned char key[crypto_auth_hmacsha256_BYTES])
{
	static const char use[] = "seal";

	crypto_auth_hmacsha256(key, (const unsigned char *)use, sizeof use - 1,
		keys_code(site->keys));
}

static void
seal(const struct site *site, const char *code, char sealed[CODE_SEALED_SIZE])
{
	unsigned char key[crypto_auth_hmacsha256_BYTES], box[NONCE + BOX];
	unsigned char text[CODE_SIZE] = {0};

	memcpy(text, code, strlen(code));
	seal_key(site, key);
	randombytes_buf(box, NONCE);
	crypto_secretbox_easy(box + NONCE, text, sizeof text, box, key);
	sodium_bin2hex(sealed, CODE_SEALED_SIZE, box, sizeof box);
	sodium_memzero(text, sizeof text);
	sodium_memzero(key, sizeof key);
}

static bool
unseal(const struct site *site, const char *sealed, char code[CODE_SIZE])
{
	unsigned char key[crypto_auth_hmacsha256_BYTES], box[NONCE + BOX];
	size_t size;
	bool good;

	seal_key(site, key);
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
	enum status status = site_keys(site, now);

	if (status == STATUS_OK)
		status = store_begin(site->store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	hash_code(site, code, kept->hash);
	seal(site, code, kept->sealed);
	/* Or every unreadable code would be the right one. */
	status = kept->hash[0] == '\0' ? STATUS_INTERNAL
				       : account_get(site->store, id, &account);
	if (status == STATUS_OK && !account.enabled)
		status = STATUS_NO_ACCOUNT;
	if (status == STATUS_OK)
		status = code_record_put(site, purpose, &account, kept, now);
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
	enum status status = site_keys(site, now);

	if (status == STATUS_OK)
		status = store_begin(site->store, STORE_READ);
	if (status != STATUS_OK)
		return false;
	status = account_get(site->store, id, &account);
	if (status == STATUS_OK)
		status = code_record_young(
			site->store, purpose, &account, now, &kept);
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
	bool symbols; /* as many as a code of symbols has */
	const struct attempt *attempt;
	struct code_match match;
	bool found;
	char counted[NAME_SIZE];
};

/* A code that comes without a name is counted by network alone, the right one
 * too: it must not get past a delay. */
static enum status
find_check(void *context, struct attempt *attempt, const char **name)
{
	struct check *check = context;
	enum status status = code_record_find(check->site->store,
		check->purpose, check->name, check->hash, &check->match);

	check->found = status == STATUS_OK;
	strcpy(attempt->account, check->match.account.id);
	if (check->name != NULL)
		name_counted(check->name, check->counted);
	*name = check->counted;
	return status == STATUS_NOT_FOUND || status == STATUS_NO_ACCOUNT
		       ? STATUS_OK
		       : status;
}

static enum status
test_check(void *context)
{
	struct check *check = context;

	if (check->found && (check->symbols || !check->attempt->no_digits))
		return code_record_try(check->site, &check->match, check->hash,
			check->attempt);
	return code_record_try_nobody(check->site, check->hash, check->attempt);
}

/* What no answer tells of a code that is not good: for the audit. */
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

/* code_check(), and whose code it is. */
static enum status
check_whose(const struct site *site, enum code_purpose purpose,
	const char *name, const char *code, struct attempt *attempt,
	struct account *account)
{
	static const struct secret secret = {
		THROTTLE_CODE, SECRET_INSIDE, find_check, test_check};
	struct check check = {.site = site,
		.purpose = purpose,
		.name = name,
		.symbols = code_text_is_symbols(code),
		.attempt = attempt};
	char hash[CODE_HASH_SIZE];
	enum status status = site_keys(site, attempt->now);

	if (status != STATUS_OK)
		return status;
	hash_code(site, code, hash);
	check.hash = hash;
	status = secret_check(site, &secret, &check, attempt);
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

/* A code that was right and is spent. */
struct taken {
	struct account account;
	struct code_kept kept;
};

/* Inside a unit of work that writes, after code_check(): deletes the code if
 * it is still right. */
static enum status
take_code(const struct site *site, enum code_purpose purpose, const char *name,
	const char *code, const struct attempt *attempt, struct taken *taken)
{
	char hash[CODE_HASH_SIZE];
	struct code_match match;
	enum status status;

	hash_code(site, code, hash);
	status = code_record_find(site->store, purpose, name, hash, &match);
	if (status == STATUS_OK)
		status = code_record_try(site, &match, hash, attempt);
	else if (status == STATUS_NOT_FOUND || status == STATUS_NO_ACCOUNT)
		status = STATUS_BAD_CODE;
	if (status == STATUS_OK)
		status = code_record_spend(site->store, &match);
	taken->account = match.account;
	code_record_kept(match.record, &taken->kept);
	json_object_put(match.record);
	return status;
}

/* Inside that unit of work: the new password, and what the code proves besides.
 * Who has set a password by a code may sign in with it. */
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
	/* Tried before the expensive hash, and once more in the commit. */
	enum status status =
		check_whose(site, CODE_RESET, name, code, attempt, account);

	/* Only a right code may tell whose it is; and it is not spent. */
	if (status == STATUS_OK && guess_is_name(account, password))
		status = STATUS_WEAK_PASSWORD;
	if (status != STATUS_OK)
		return status;
	status = account_hash(site, password, hash);
	if (status == STATUS_OK)
		status = store_begin(site->store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	status = take_code(site, CODE_RESET, name, code, attempt, &taken);
	if (status == STATUS_OK)
		status = set_password(site, &taken, hash, attempt);
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
