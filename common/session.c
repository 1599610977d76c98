/* session.c - signed-in accounts: a JWT each */
#include "config.h"

#include "session.h"

#include <sodium.h>
#include <string.h>

enum { REMEMBERED = 1024 };

/* A token that was good as of `changes`. Only a keyed hash of it is kept. */
struct remembered {
	unsigned char hash[32];
	uint64_t changes; /* 0: empty */
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
	int64_t now, char token[JWT_SIZE])
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
	jwt_sign(keys_signing(site->keys), site->conf->issuer, &claims, token);
	return STATUS_OK;
}

/* Where the token would be remembered, and its hash. */
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

/* Fills in what the claims say of an account that is still as it was. */
static bool
holds(const struct jwt_claims *claims, const struct account *account,
	struct session *session)
{
	if (!account->enabled || account->epoch != claims->epoch ||
		strcmp(claims->role, role_of(account->admin)) != 0)
		return false;
	strcpy(session->account, account->id);
	strcpy(session->name, account_name(account));
	session->admin = account->admin;
	session->epoch = account->epoch;
	session->expires = claims->exp;
	return true;
}

/* The long way: signature, then account. `changes` is what the answer holds
 * for. */
static enum status
look(const struct site *site, const char *token, size_t length, int64_t now,
	struct session *session, uint64_t *changes)
{
	struct jwt_claims claims;
	struct account account;
	enum status status = site_keys(site, now);

	if (status != STATUS_OK)
		return status;
	if (!jwt_verify(keys_find, site->keys, site->conf->issuer, now, token,
		    length, &claims))
		return STATUS_BAD_TOKEN;
	status = store_begin(site->store, STORE_READ);
	if (status != STATUS_OK)
		return status;
	*changes = store_changes(site->store);
	status = account_get(site->store, claims.sub, &account);
	store_abort(site->store);
	if (status == STATUS_OK && !holds(&claims, &account, session))
		status = STATUS_BAD_TOKEN;
	return status == STATUS_NO_ACCOUNT ? STATUS_BAD_TOKEN : status;
}

enum status
session_check(const struct site *site, const char *token, int64_t now,
	struct session *session)
{
	size_t length = strlen(token);
	unsigned char hash[32];
	struct remembered *slot = slot_of(token, length, hash);
	uint64_t changes = store_changes(site->store);
	enum status status;

	if (slot->changes != 0 && slot->changes == changes &&
		slot->session.expires > now &&
		sodium_memcmp(slot->hash, hash, sizeof hash) == 0) {
		*session = slot->session;
		return STATUS_OK;
	}
	memset(session, 0, sizeof *session);
	status = look(site, token, length, now, session, &changes);
	if (status != STATUS_OK)
		return status;
	memcpy(slot->hash, hash, sizeof slot->hash);
	slot->changes = changes;
	slot->session = *session;
	return STATUS_OK;
}
