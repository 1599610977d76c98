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

static const char *
role_of(bool admin)
{
	return admin ? "admin" : "user";
}

enum status
session_issue(const struct site *site, const struct account *account,
	const struct session *browser, int64_t now, char token[JWT_SIZE])
{
	struct jwt_claims claims = {.iat = now, .epoch = account->epoch};
	unsigned char id[16];
	enum status status = site_keys(site, now);

	if (status != STATUS_OK)
		return status;
	randombytes_buf(id, sizeof id);
	sodium_bin2hex(claims.jti, sizeof claims.jti, id, sizeof id);
	strcpy(claims.sub, account->id);
	strcpy(claims.role, role_of(account->admin));
	claims.exp = now + (int64_t)site->conf->token_life;
	if (browser != NULL) {
		strcpy(claims.sid, browser->sid);
		claims.exp = browser->expires;
		claims.auth_time = browser->confirmed;
		claims.amr = browser->amr;
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

/* Inside a unit of work: checks the claims against the account, and whether the
 * session has ended. */
static enum status
check_claims(const struct site *site, const struct jwt_claims *claims,
	int64_t now, struct session *session)
{
	struct account account;
	enum status status = account_get(site->store, claims->sub, &account);

	if (status == STATUS_NO_ACCOUNT ||
		(status == STATUS_OK && !holds(claims, &account, session)))
		return STATUS_BAD_TOKEN;
	return status == STATUS_OK ? check_ended(site, claims, now, session)
				   : status;
}

/* Inside a unit of work: gets the session of an access token. It comes without
 * a name, so the try counts for the network alone. */
static enum status
find_token(const struct site *site, const char *secret, struct attempt *attempt,
	struct session *session)
{
	struct token token;
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
		*session = slot->session;
		return STATUS_OK;
	}
	memset(session, 0, sizeof *session);
	status = strchr(token, '.') != NULL
			 ? look_jwt(site, token, length, attempt->now, session)
			 : look_token(site, token, attempt, session);
	if (status != STATUS_OK) {
		/* A refused token gives nothing of its account. */
		memset(session, 0, sizeof *session);
		return status;
	}
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
