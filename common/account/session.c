/* session.c - whom a token speaks for */
#include "config.h"

#include "account/session.h"

#include "account/secret.h"
#include "account/token.h"
#include "base/json.h"
#include "site/audit.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { REMEMBERED = 1024 };

/* A token that was good, as a keyed hash. `changes` was read before anything
 * that the answer was derived from, the keys included: a change that comes
 * while the token is checked makes the answer old. */
struct remembered {
	unsigned char hash[32];
	uint64_t changes; /* 0: empty */
	int64_t until;    /* a key stops being good then */
	struct session session;
};

static struct remembered remembered[REMEMBERED];
static bool remembers;

void
session_remember(void)
{
	remembers = true;
}

static const char *
role_of(bool admin)
{
	return admin ? "admin" : "user";
}

enum status
session_issue(const struct site *site, const struct account *account,
	const struct session *browser, int64_t now, char token[JWT_SIZE])
{
	struct jwt_claims claims = {.iat = now,
		.epoch = account->epoch,
		.amr = browser == NULL ? JWT_AMR_PWD : browser->amr};
	unsigned char id[16];
	enum status status = site_keys(site, now);

	if (status != STATUS_OK)
		return status;
	randombytes_buf(id, sizeof id);
	sodium_bin2hex(claims.jti, sizeof claims.jti, id, sizeof id);
	strcpy(claims.sub, account->id);
	strcpy(claims.role, role_of(account->admin));
	claims.exp = now + (int64_t)site->conf->token_life;
	if (browser != NULL && browser->sid[0] != '\0') {
		strcpy(claims.sid, browser->sid);
		claims.exp = browser->expires;
		claims.auth_time = browser->confirmed;
	}
	jwt_sign(keys_signing(site->keys), site->conf->issuer, &claims, token);
	return STATUS_OK;
}

/* The place where the token would be remembered, and its hash. */
static struct remembered *
slot_of(const char *token, size_t length, unsigned char hash[32])
{
	static unsigned char key[crypto_generichash_KEYBYTES];
	static bool ready;
	size_t index;

	if (!ready)
		randombytes_buf(key, sizeof key);
	ready = true;
	crypto_generichash(hash, 32, (const unsigned char *)token, length, key,
		sizeof key);
	memcpy(&index, hash, sizeof index);
	return &remembered[index % REMEMBERED];
}

/* Has the session speak for the account. */
static void
name_account(struct session *session, const struct account *account)
{
	strcpy(session->account, account->id);
	strcpy(session->name, account_name(account));
	if (account->verified)
		strcpy(session->email, account->email);
	strcpy(session->full_name, account->full_name);
	strcpy(session->language, account->language);
	strcpy(session->groups, account->groups);
}

/* Fills in the session from the claims, if the account has not changed
 * since. */
static bool
holds(const struct jwt_claims *claims, const struct account *account,
	struct session *session)
{
	if (!account->enabled || account->epoch != claims->epoch ||
		strcmp(claims->role, role_of(account->admin)) != 0)
		return false;
	name_account(session, account);
	strcpy(session->jti, claims->jti);
	strcpy(session->sid, claims->sid);
	strcpy(session->kid, claims->kid);
	session->confirmed = claims->auth_time;
	session->amr = claims->amr;
	session->admin = account->admin;
	session->permission =
		TOKEN_READ | TOKEN_WRITE | (account->admin ? TOKEN_ADMIN : 0U);
	session->epoch = account->epoch;
	session->expires = claims->exp;
	return true;
}

/* Inside a unit of work: whether the session has ended: a browser's has no
 * record then, and any other one has a record of that. */
static enum status
check_ended(const struct site *site, const struct jwt_claims *claims,
	int64_t now, struct session *session)
{
	struct store *store = site->store;
	struct session_record record;
	bool revoked;
	enum status status;

	if (claims->sid[0] == '\0') {
		status = store_has(store, STORE_REVOKED, claims->jti, &revoked);
		return revoked ? STATUS_BAD_TOKEN : status;
	}
	status = session_record_get(
		store, claims->sub, claims->sid, now, &record);
	if (status == STATUS_OK)
		session->renew =
			session_record_due(site->conf, &record, claims->exp);
	return status == STATUS_NOT_FOUND ? STATUS_BAD_TOKEN : status;
}

/* Inside a unit of work: checks the claims against the account, whether the
 * session has ended, and whether it has the factors that it must have. */
static enum status
check_claims(const struct site *site, const struct jwt_claims *claims,
	int64_t now, struct session *session)
{
	struct account account;
	enum status status = account_get(site->store, claims->sub, &account);

	if (status == STATUS_NO_ACCOUNT ||
		(status == STATUS_OK && !holds(claims, &account, session)))
		return STATUS_BAD_TOKEN;
	if (status == STATUS_OK)
		status = check_ended(site, claims, now, session);
	return status == STATUS_OK && (claims->amr & JWT_AMR_OTP) == 0 &&
			       conf_demands_factor(site->conf, account.admin)
		       ? STATUS_MUST_ENROL
		       : status;
}

/* Inside a unit of work: gets the session of an access token. It comes without
 * a name, so the try counts for the network alone. */
static enum status
find_token(const struct site *site, const char *secret, struct attempt *attempt,
	struct session *session)
{
	struct token token = {.restored = false};
	struct account maker;
	enum status status;

	secret_compare(attempt);
	status = token_find(
		site, secret, attempt->now, &token, &session->expires);
	/* The answer is the same, so that it does not tell that the guess hit a
	 * token. */
	if (status == STATUS_EXPIRED_TOKEN) {
		attempt->reason = audit_reason(status);
		return STATUS_BAD_TOKEN;
	}
	if (status == STATUS_BAD_TOKEN && token.restored)
		attempt->reason = "restored-token";
	if (status != STATUS_OK)
		return status;
	strcpy(attempt->account, token.maker);
	strcpy(session->account, token.maker);
	snprintf(session->name, sizeof session->name, "token:%lld",
		(long long)token.id);
	if (token.personal)
		status = account_get(site->store, token.maker, &maker);
	if (token.personal && status == STATUS_OK)
		name_account(session, &maker);
	session->token = token.id;
	session->personal = token.personal;
	session->used = token.used;
	session->epoch = token.epoch;
	session->permission = token.permission;
	session->admin = (token.permission & TOKEN_ADMIN) != 0;
	return status;
}

/* The long way with an access token. */
static enum status
look_token(const struct site *site, const char *text, struct attempt *attempt,
	struct session *session)
{
	const struct throttle_target target = {THROTTLE_TOKEN, ""};
	enum status tested, status = secret_begin(site, STORE_READ, attempt);

	if (status != STATUS_OK)
		return status;
	secret_enter_long(attempt);
	tested = find_token(site, text, attempt, session);
	store_abort(site->store);
	if (tested == STATUS_BAD_TOKEN)
		status = secret_wrong(site, &target, attempt);
	return status == STATUS_THROTTLED ? status : tested;
}

/* The long way with a JWT. */
static enum status
look_jwt(const struct site *site, const char *text, size_t length, int64_t now,
	struct session *session)
{
	struct jwt_claims claims;
	enum status status = site_keys(site, now);

	if (status != STATUS_OK)
		return status;
	if (!jwt_verify(keys_find, site->keys, site->conf->issuer, now, text,
		    length, &claims))
		return STATUS_BAD_TOKEN;
	status = store_begin(site->store, STORE_READ);
	if (status == STATUS_OK)
		status = check_claims(site, &claims, now, session);
	store_abort(site->store);
	return status;
}

/* Has the use of an access token noted. A process that cannot, asks again when
 * the next one is due: a use is not worth a wait at each request. */
static void
note_use(const struct site *site, struct session *session, int64_t now)
{
	if (session->token == 0 || !token_use_is_due(session->used, now))
		return;
	session->used = now;
	token_note_use(site, session->token, now);
}

enum status
session_check(const struct site *site, const char *token,
	struct attempt *attempt, struct session *session)
{
	size_t length = strlen(token);
	unsigned char hash[32];
	struct remembered *slot = slot_of(token, length, hash);
	uint64_t changes = store_changes(site->store);
	enum status status;

	if (slot->changes != 0 && slot->changes == changes &&
		slot->session.expires > attempt->now &&
		slot->until > attempt->now &&
		sodium_memcmp(slot->hash, hash, sizeof hash) == 0) {
		note_use(site, &slot->session, attempt->now);
		*session = slot->session;
		return STATUS_OK;
	}
	memset(session, 0, sizeof *session);
	status = strchr(token, '.') != NULL
			 ? look_jwt(site, token, length, attempt->now, session)
			 : look_token(site, token, attempt, session);
	if (status != STATUS_OK) {
		/* A refused token gives nothing of its account. */
		if (status != STATUS_MUST_ENROL)
			memset(session, 0, sizeof *session);
		return status;
	}
	note_use(site, session, attempt->now);
	if (!remembers)
		return STATUS_OK;
	memcpy(slot->hash, hash, sizeof slot->hash);
	slot->changes = changes;
	slot->until = keys_until(site->keys);
	slot->session = *session;
	return STATUS_OK;
}

enum status
session_revoke(const struct site *site, const struct session *session)
{
	struct store *store = site->store;
	struct json_object *record;
	enum status status;

	if (session->jti[0] == '\0')
		return STATUS_OK;
	status = store_begin(store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	if (session->sid[0] != '\0')
		return store_finish(
			store, session_record_end(
				       store, session->account, session->sid));
	record = json_new_object();
	json_add_int(record, "expires", session->expires);
	status = store_keep(store, STORE_REVOKED, session->jti, record);
	return store_finish(store, status);
}

/* --- browsers' sessions -------------------------------------------------- */

enum status
session_begin(const struct site *site, const struct account *account,
	const struct session *old, const struct attempt *attempt,
	struct session_record *record)
{
	struct store *store = site->store;
	bool replaces = old->sid[0] != '\0';
	struct account now;
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		status = account_get_at(
			store, account->id, account->epoch, &now);
	if (status == STATUS_BAD_TOKEN)
		status = STATUS_BAD_CREDENTIALS;
	if (status == STATUS_OK && replaces)
		status = session_record_end(store, old->account, old->sid);
	if (status == STATUS_OK)
		status = session_record_new(site, account->id, attempt, record);
	return replaces ? store_finish(store, status)
			: store_finish_lazily(store, status);
}

enum status
session_go_on(const struct site *site, struct session *session, int64_t now,
	struct session_record *record, char token[JWT_SIZE])
{
	struct store *store = site->store;
	struct account account;
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		status = account_get_at(
			store, session->account, session->epoch, &account);
	if (status == STATUS_OK)
		status = session_record_get(
			store, session->account, session->sid, now, record);
	if (status == STATUS_NOT_FOUND)
		status = STATUS_BAD_TOKEN;
	if (status == STATUS_OK) {
		record->amr = session->amr;
		status = session_record_renew(site, record, now);
	}
	status = store_finish_lazily(store, status);
	session->expires = record->expires;
	return status == STATUS_OK
		       ? session_issue(site, &account, session, now, token)
		       : status;
}

/* --- what a refused sign-in gives along ---------------------------------- */

enum { TICKET_KEY_SIZE = NAME_ID_SIZE + 16 };

static const struct {
	const char *prefix; /* of its key */
	int64_t life;       /* seconds */
} tickets[TICKETS] = {[TICKET_ENROL] = {"enrol:", 600},
	[TICKET_CHANGE] = {"change:", 600},
	[TICKET_CODE] = {"step:", 300}};

static void
ticket_key(enum session_ticket purpose, const char *account,
	char key[TICKET_KEY_SIZE])
{
	snprintf(
		key, TICKET_KEY_SIZE, "%s%s", tickets[purpose].prefix, account);
}

bool
session_is_ticket(const char *key, const char *account)
{
	char one[TICKET_KEY_SIZE];
	int purpose;

	for (purpose = 0; purpose < TICKETS; purpose++) {
		ticket_key((enum session_ticket)purpose, account, one);
		if (strcmp(key, one) == 0)
			return true;
	}
	return false;
}

static void
hash_ticket(
	const struct site *site, const char *ticket, char hash[KEYS_HASH_SIZE])
{
	keys_hash(keys_of(site->keys, KEYS_OF_CODES), ticket, hash);
}

/* It begins with the account's id, by which it is found. */
enum status
session_give_ticket(const struct site *site, enum session_ticket purpose,
	const struct account *account, int64_t now, char ticket[TICKET_SIZE])
{
	struct json_object *record;
	unsigned char secret[16];
	char key[TICKET_KEY_SIZE], hash[KEYS_HASH_SIZE], digits[33];
	enum status status = site_begin(site, STORE_WRITE, now);

	if (status != STATUS_OK)
		return status;
	randombytes_buf(secret, sizeof secret);
	sodium_bin2hex(digits, sizeof digits, secret, sizeof secret);
	snprintf(ticket, TICKET_SIZE, "%s.%s", account->id, digits);
	sodium_memzero(secret, sizeof secret);
	sodium_memzero(digits, sizeof digits);
	hash_ticket(site, ticket, hash);
	ticket_key(purpose, account->id, key);
	record = json_new_object();
	name_put_id(record, account->id);
	json_add_string(record, "hash", hash);
	json_add_int(record, "epoch", account->epoch);
	json_add_int(record, "expires", now + tickets[purpose].life);
	status = store_keep(site->store, STORE_CODE, key, record);
	return store_finish_lazily(site->store, status);
}

static bool
ticket_is_live(const struct json_object *record, const struct account *account,
	int64_t now)
{
	int64_t epoch, expires;

	return account->enabled && json_natural(record, "epoch", &epoch) &&
	       epoch == account->epoch &&
	       json_natural(record, "expires", &expires) && expires > now;
}

/* Inside a unit of work: whether the record is of that ticket. */
static enum status
compare_ticket(const struct site *site, const struct json_object *record,
	const char *ticket, const struct attempt *attempt)
{
	const char *kept = json_string(record, "hash");
	char hash[KEYS_HASH_SIZE];

	hash_ticket(site, ticket, hash);
	secret_compare(attempt);
	return kept != NULL && strlen(kept) == sizeof hash - 1 &&
			       sodium_memcmp(kept, hash, sizeof hash - 1) == 0
		       ? STATUS_OK
		       : STATUS_BAD_TOKEN;
}

static enum status
find_ticket(const struct site *site, enum session_ticket purpose,
	const char *ticket, struct attempt *attempt, struct account *account)
{
	struct json_object *record;
	char key[TICKET_KEY_SIZE], id[NAME_ID_SIZE];
	enum status status;

	snprintf(id, sizeof id, "%.*s", (int)strcspn(ticket, "."), ticket);
	ticket_key(purpose, id, key);
	status = store_get(site->store, STORE_CODE, key, &record);
	if (status == STATUS_OK)
		status = account_get(site->store, id, account);
	if (status == STATUS_OK)
		status = ticket_is_live(record, account, attempt->now)
				 ? compare_ticket(site, record, ticket, attempt)
				 : STATUS_BAD_TOKEN;
	json_object_put(record);
	return status == STATUS_NOT_FOUND || status == STATUS_NO_ACCOUNT
		       ? STATUS_BAD_TOKEN
		       : status;
}

enum status
session_check_ticket(const struct site *site, enum session_ticket purpose,
	const char *ticket, struct attempt *attempt, struct session *session)
{
	const struct throttle_target target = {THROTTLE_TOKEN, ""};
	struct account account;
	enum status tested, status = secret_begin(site, STORE_READ, attempt);

	memset(session, 0, sizeof *session);
	if (status != STATUS_OK)
		return status;
	secret_enter_long(attempt);
	tested = find_ticket(site, purpose, ticket, attempt, &account);
	store_abort(site->store);
	if (tested == STATUS_BAD_TOKEN)
		status = secret_wrong(site, &target, attempt);
	if (status != STATUS_OK || tested != STATUS_OK)
		return status != STATUS_OK ? status : tested;
	strcpy(session->account, account.id);
	strcpy(session->name, account_name(&account));
	session->admin = account.admin;
	session->epoch = account.epoch;
	session->amr = JWT_AMR_PWD;
	return STATUS_OK;
}

enum status
session_end_ticket(const struct site *site, enum session_ticket purpose,
	const char *account)
{
	char key[TICKET_KEY_SIZE];
	enum status status = store_begin(site->store, STORE_WRITE);

	ticket_key(purpose, account, key);
	if (status == STATUS_OK)
		status = store_delete(site->store, STORE_CODE, key);
	return store_finish_lazily(site->store, status);
}
