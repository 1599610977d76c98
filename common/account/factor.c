/* factor.c - an account's second factor */
#include "config.h"

#include "account/factor.h"

#include "account/secret.h"
#include "base/json.h"
#include "base/log.h"
#include "base/record.h"
#include "base/uuid.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* The tries at a factor are counted by the account, whichever name was
 * typed. */
static const struct throttle_target target = {THROTTLE_FACTOR, ""};

/* --- the record -------------------------------------------------------- */

/* The end of the year 9999. */
static const int64_t NEVER = 253402300799;

#define MEMBER(member) RECORD_MEMBER(struct factor, member)

const struct record_member factor_members[] = {
	{"account", false, MEMBER(account)},
	{"secret", true, MEMBER(secret)},
	{"since", true, MEMBER(since)},
	{"codes_since", true, MEMBER(codes_since)},
	{"pending_until", true, MEMBER(pending_until)},
	{"step", true, MEMBER(step)},
	{"pending", true, MEMBER(pending)},
	{"codes", true, MEMBER(codes)},
	{"restored", true, MEMBER(restored)},
	{"expires", false, MEMBER(expires)},
	{NULL, false, 0, 0, RECORD_TEXT},
};

bool
factor_is_on(const struct factor *factor)
{
	return factor->secret[0] != '\0';
}

int
factor_codes_left(const struct factor *factor)
{
	return (int)(strlen(factor->codes) / FACTOR_HASH);
}

const char *
factor_read(const struct json_object *record, struct factor *factor)
{
	const char *flaw;

	memset(factor, 0, sizeof *factor);
	flaw = record_read(factor_members, record, factor);
	if (flaw == NULL && !uuid_valid(factor->account))
		flaw = "its account's id is none";
	if (flaw == NULL && strlen(factor->codes) % FACTOR_HASH != 0)
		flaw = "its recovery codes are cut off";
	return flaw;
}

enum status
factor_get(struct store *store, const char *account, struct factor *factor)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_FACTOR, account, &record);

	memset(factor, 0, sizeof *factor);
	if (status == STATUS_OK && factor_read(record, factor) != NULL) {
		log_error("account %s: its second factor cannot be read",
			account);
		status = STATUS_UNAVAILABLE;
	}
	json_object_put(record);
	snprintf(factor->account, sizeof factor->account, "%s", account);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Only an app that has shown no code can expire. */
static enum status
put(struct store *store, struct factor *factor)
{
	char text[RECORD_SIZE];
	size_t length;

	factor->expires = factor_is_on(factor) ? NEVER : factor->pending_until;
	length = record_write(factor_members, factor, text);

	return store_put_text(
		store, STORE_FACTOR, factor->account, text, length);
}

enum status
factor_look_up(
	const struct site *site, const char *account, struct factor *factor)
{
	enum status status = store_begin(site->store, STORE_READ);

	if (status == STATUS_OK)
		status = factor_get(site->store, account, factor);
	store_abort(site->store);
	return status;
}

/* --- secrets and codes ------------------------------------------------- */

static const unsigned char *
key_of(const struct site *site)
{
	return keys_of(site->keys, KEYS_OF_FACTORS);
}

/* Opens one of the two sealed secrets. */
static bool
open_secret(const struct site *site, const struct factor *factor,
	const char *sealed, struct totp_secret *secret)
{
	memset(secret, 0, sizeof *secret);
	if (seal_open(key_of(site), factor->account, sealed, secret->bytes,
		    sizeof secret->bytes, &secret->length))
		return true;
	log_error("account %s: the secret of its second factor was sealed by "
		  "another key",
		factor->account);
	return false;
}

/* The hash of a recovery code as it was typed; "" for what cannot be one. */
static void
hash_code(const struct site *site, const char *typed, char hash[KEYS_HASH_SIZE])
{
	char code[SYMBOLS_SIZE];

	hash[0] = '\0';
	if (symbols_read(typed, FACTOR_SYMBOLS, code) &&
		strlen(code) == FACTOR_SYMBOLS)
		keys_hash(key_of(site), code, hash);
	sodium_memzero(code, sizeof code);
}

static void
draw_codes(const struct site *site, int64_t now, struct factor *factor,
	factor_codes codes)
{
	char hash[KEYS_HASH_SIZE];
	int i;

	factor->codes[0] = '\0';
	factor->codes_since = now;
	factor->restored = false;
	for (i = 0; i < FACTOR_CODES; i++) {
		symbols_draw(FACTOR_SYMBOLS, codes[i]);
		hash_code(site, codes[i], hash);
		strcat(factor->codes, hash);
	}
}

/* --- a try ------------------------------------------------------------- */

/* Whether it is a code of that secret, of a step that is later than the last
 * one; then this is the last one. */
static enum status
take_step(const struct site *site, struct factor *factor, const char *sealed,
	const char *code, const struct attempt *attempt)
{
	struct totp_secret secret;
	bool right;

	if (!open_secret(site, factor, sealed, &secret))
		return STATUS_UNAVAILABLE;
	secret_compare(attempt);
	right = totp_match(
		&secret, code, attempt->now, factor->step, &factor->step);
	sodium_memzero(&secret, sizeof secret);
	return right ? STATUS_OK : STATUS_BAD_FACTOR;
}

/* Whether it is one of the recovery codes; then it is no longer. */
static enum status
take_code(const struct site *site, struct factor *factor, const char *code,
	const struct attempt *attempt)
{
	char hash[KEYS_HASH_SIZE];
	int i, found = -1, count = factor_codes_left(factor);

	hash_code(site, code, hash);
	secret_compare(attempt);
	for (i = 0; i < count && hash[0] != '\0' && !factor->restored; i++)
		if (sodium_memcmp(factor->codes + i * FACTOR_HASH, hash,
			    FACTOR_HASH) == 0)
			found = i;
	if (found < 0)
		return STATUS_BAD_FACTOR;
	memmove(factor->codes + found * FACTOR_HASH,
		factor->codes + (found + 1) * FACTOR_HASH,
		(size_t)((count - found - 1) * FACTOR_HASH) + 1);
	return STATUS_OK;
}

/* A mail for a recovery code that was used, and where somebody has the password
 * and guesses: when the delay begins, and when no code of the app is good any
 * more. */
static enum status
tell(const struct site *site, const struct account *account,
	const struct factor *factor, bool recovery,
	const struct attempt *attempt, enum status tested)
{
	if (tested == STATUS_OK && recovery)
		return account_tell(site, account,
			factor_codes_left(factor) > 0 ? MAIL_RECOVERY_USED
						      : MAIL_RECOVERY_LAST,
			attempt->language);
	if (tested == STATUS_BAD_FACTOR &&
		(attempt->codes == (int64_t)site->conf->throttle_free ||
			attempt->codes == THROTTLE_FACTORS))
		return account_tell(
			site, account, MAIL_WRONG_CODES, attempt->language);
	return STATUS_OK;
}

/* For the counts, and for the audit. */
static void
name_attempt(struct attempt *attempt, const struct account *account)
{
	strcpy(attempt->account, account->id);
	strcpy(attempt->name, account_name(account));
}

/* Enter, compare, leave. A right code is noted in the record. */
static enum status
try_at(const struct site *site, const struct account *account,
	struct factor *factor, const char *code, struct attempt *attempt)
{
	bool recovery = !totp_is_code(code);
	enum status tested, status;

	if (!store_writes(site->store))
		return STATUS_UNAVAILABLE;
	name_attempt(attempt, account);
	status = secret_enter(site, &target, attempt);
	if (status != STATUS_OK)
		return status;
	if (recovery)
		tested = take_code(site, factor, code, attempt);
	else if (attempt->no_digits)
		tested = STATUS_BAD_FACTOR;
	else
		tested = take_step(site, factor, factor->secret, code, attempt);
	status = secret_leave(site, &target, attempt, tested);
	if (status == STATUS_OK && tested == STATUS_OK)
		status = put(site->store, factor);
	if (status == STATUS_OK)
		status = tell(site, account, factor, recovery, attempt, tested);
	return status == STATUS_OK ? tested : status;
}

enum status
factor_try(const struct site *site, const struct account *account,
	const char *code, struct attempt *attempt, enum factor_given *given)
{
	struct factor factor;
	enum status status = factor_get(site->store, account->id, &factor);

	*given = FACTOR_NONE;
	if (status != STATUS_OK || !factor_is_on(&factor))
		return status;
	if (code[0] == '\0')
		return STATUS_CODE_REQUIRED;
	status = try_at(site, account, &factor, code, attempt);
	if (status == STATUS_OK)
		*given = totp_is_code(code) ? FACTOR_APP : FACTOR_RECOVERY;
	return status;
}

/* Ends a unit of work with a try in it: a wrong one is counted, too, or nothing
 * is said of it. */
static enum status
finish(const struct site *site, enum status status)
{
	enum status counted;

	if (status != STATUS_BAD_FACTOR)
		return store_finish(site->store, status);
	counted = store_finish_lazily(site->store, STATUS_OK);
	return counted == STATUS_OK ? status : counted;
}

enum status
factor_try_alone(const struct site *site, const char *id, const char *code,
	struct attempt *attempt, enum factor_given *given)
{
	struct account account;
	enum status status = secret_begin(site, STORE_WRITE, attempt);

	*given = FACTOR_NONE;
	if (status == STATUS_OK)
		status = account_get(site->store, id, &account);
	if (status == STATUS_OK)
		status = factor_try(site, &account, code, attempt, given);
	return finish(site, status);
}

/* --- having one, and having none --------------------------------------- */

static void
seal(const struct site *site, const char *account,
	const struct totp_secret *secret, char *sealed)
{
	seal_close(
		key_of(site), account, secret->bytes, secret->length, sealed);
}

enum status
factor_take(struct store *store, struct factor *factor)
{
	return put(store, factor);
}

enum status
factor_import(const struct site *site, const char *account,
	const struct totp_secret *secret, int64_t now)
{
	struct factor factor = {.since = now};

	strcpy(factor.account, account);
	seal(site, account, secret, factor.secret);
	return put(site->store, &factor);
}

enum status
factor_begin(const struct site *site, const char *account, int64_t now,
	struct totp_secret *secret)
{
	struct factor factor;
	enum status status = site_begin(site, STORE_WRITE, now);

	totp_draw(secret);
	if (status == STATUS_OK)
		status = factor_get(site->store, account, &factor);
	if (status == STATUS_OK) {
		seal(site, account, secret, factor.pending);
		factor.pending_until = now + FACTOR_PENDING;
		status = put(site->store, &factor);
	}
	return store_finish_lazily(site->store, status);
}

enum status
factor_pending(const struct site *site, const char *account, int64_t now,
	struct totp_secret *secret)
{
	struct factor factor;
	enum status status = site_begin(site, STORE_READ, now);

	if (status == STATUS_OK)
		status = factor_get(site->store, account, &factor);
	store_abort(site->store);
	if (status != STATUS_OK)
		return status;
	return factor.pending_until > now && open_secret(site, &factor,
						     factor.pending, secret)
		       ? STATUS_OK
		       : STATUS_NOT_FOUND;
}

/* Enter, compare, leave: a code of the app that waits for one. */
static enum status
try_pending(const struct site *site, struct factor *factor, const char *code,
	struct attempt *attempt)
{
	enum status tested, status = secret_enter(site, &target, attempt);

	if (status != STATUS_OK)
		return status;
	tested = factor->pending_until > attempt->now
			 ? take_step(
				   site, factor, factor->pending, code, attempt)
			 : STATUS_BAD_FACTOR;
	status = secret_leave(site, &target, attempt, tested);
	return status == STATUS_OK ? tested : status;
}

/* Another app has other steps. */
static enum status
enrol(const struct site *site, struct account *account, const char *session,
	const char *code, struct attempt *attempt, factor_codes codes)
{
	struct factor factor;
	enum status status = factor_get(site->store, account->id, &factor);

	if (status != STATUS_OK)
		return status;
	factor.step = 0;
	name_attempt(attempt, account);
	status = try_pending(site, &factor, code, attempt);
	if (status != STATUS_OK)
		return status;
	strcpy(factor.secret, factor.pending);
	factor.since = attempt->now;
	factor.pending[0] = '\0';
	factor.pending_until = 0;
	draw_codes(site, attempt->now, &factor, codes);
	status = put(site->store, &factor);
	if (status == STATUS_OK)
		status = account_put_changed(site->store, account, session);
	if (status == STATUS_OK)
		status = account_event(site, "factor-add", account, NULL, NULL);
	return status == STATUS_OK
		       ? account_tell(site, account, MAIL_FACTOR_ADDED,
				 attempt->language)
		       : status;
}

enum status
factor_enrol(const struct site *site, const char *id, int64_t *epoch,
	const char *session, const char *code, struct attempt *attempt,
	factor_codes codes)
{
	struct account account;
	enum status status = secret_begin(site, STORE_WRITE, attempt);

	if (status == STATUS_OK)
		status = account_get_at(site->store, id, *epoch, &account);
	if (status == STATUS_OK)
		status = enrol(site, &account, session, code, attempt, codes);
	status = finish(site, status);
	if (status == STATUS_OK)
		*epoch = account.epoch;
	return status;
}

/* Inside a unit of work: the account's factor; STATUS_NOT_FOUND for one that is
 * off. */
static enum status
get_on(struct store *store, const char *account, struct factor *factor)
{
	enum status status = factor_get(store, account, factor);

	return status == STATUS_OK && !factor_is_on(factor) ? STATUS_NOT_FOUND
							    : status;
}

enum status
factor_renew_codes(const struct site *site, const char *id, int64_t epoch,
	int64_t now, factor_codes codes)
{
	struct factor factor;
	struct account account;
	enum status status = site_begin(site, STORE_WRITE, now);

	if (status == STATUS_OK)
		status = account_get_at(site->store, id, epoch, &account);
	if (status == STATUS_OK)
		status = get_on(site->store, id, &factor);
	if (status == STATUS_OK) {
		draw_codes(site, now, &factor, codes);
		status = put(site->store, &factor);
	}
	return store_finish(site->store, status);
}

bool
factor_suspend(struct json_object *record)
{
	if (json_string(record, "codes") == NULL)
		return false;
	json_add_bool(record, "restored", true);
	return true;
}

enum status
factor_confirm(const struct site *site, const char *id)
{
	struct factor factor;
	enum status status = store_begin(site->store, STORE_WRITE);

	if (status == STATUS_OK)
		status = get_on(site->store, id, &factor);
	factor.restored = false;
	if (status == STATUS_OK)
		status = put(site->store, &factor);
	return store_finish(site->store, status);
}

enum status
factor_remove(const struct site *site, const char *id, int64_t *epoch,
	const char *session, const char *language)
{
	struct factor factor;
	struct account account;
	enum status status = store_begin(site->store, STORE_WRITE);

	if (status == STATUS_OK)
		status = epoch == NULL ? account_get(site->store, id, &account)
				       : account_get_at(site->store, id, *epoch,
						 &account);
	if (status == STATUS_OK)
		status = get_on(site->store, id, &factor);
	if (status == STATUS_OK)
		status = store_delete(site->store, STORE_FACTOR, id);
	if (status == STATUS_OK)
		status = account_put_changed(site->store, &account, session);
	if (status == STATUS_OK)
		status = account_tell(
			site, &account, MAIL_FACTOR_REMOVED, language);
	if (status == STATUS_OK)
		status = account_event(
			site, "factor-remove", &account, NULL, NULL);
	status = store_finish(site->store, status);
	if (status == STATUS_OK && epoch != NULL)
		*epoch = account.epoch;
	return status;
}
