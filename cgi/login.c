/* login.c - a name and a password for a token */
#include "config.h"

#include "account/account.h"
#include "base/json.h"
#include "base/mem.h"
#include "web/app.h"

#include <sodium.h>
#include <string.h>

/* The token is also sent as a cookie. `__Host-` has the browser insist on https
 * and on this very host. "" deletes the cookie. */
static char *
make_cookie(const struct conf *conf, const char *token)
{
	return mem_printf("%s=%s; HttpOnly; SameSite=Strict; Path=/%s%s",
		conf_https(conf) ? "__Host-jwt" : "jwt", token,
		conf_https(conf) ? "; Secure" : "",
		token[0] == '\0' ? "; Max-Age=0" : "");
}

/* The password is right, but the account is no administrator's, where one is
 * asked for. */
static enum status
no_administrator(struct call *call)
{
	call->attempt.reason = "no-administrator";
	return STATUS_BAD_CREDENTIALS;
}

/* Checks name and password. Issues a token as that member of the answer. */
static enum status
sign_in(struct call *call, const char *name, const char *member,
	struct account *account)
{
	char token[JWT_SIZE];
	enum status status;

	app_password(call, "password");
	status = account_sign_in(
		call->site, name, &call->password, &call->attempt, account);
	/* Only databrain has words for an unknown name. */
	if (status == STATUS_NO_ACCOUNT &&
		!(call->site->conf->reveal_accounts &&
			call->dialect->tells_unknown))
		status = STATUS_BAD_CREDENTIALS;
	/* The name belongs to the administrator alone. */
	if (status == STATUS_OK && account_is_kept_from_admin(account))
		status = no_administrator(call);
	if (status == STATUS_OK)
		status = session_issue(
			call->site, account, call->attempt.now, token);
	if (status == STATUS_OK)
		json_add_string(call->data, member, token);
	sodium_memzero(token, sizeof token);
	return status;
}

static enum status
actian(struct call *call)
{
	struct account account;
	enum status status =
		sign_in(call, ACCOUNT_ADMIN_NAME, "token", &account);

	if (status != STATUS_OK)
		return status;
	json_add_string(call->data, "message", "Login successful");
	json_add_int(call->data, "expires_in",
		(int64_t)call->site->conf->token_life);
	return STATUS_OK;
}

static enum status
px0(struct call *call)
{
	struct account account;
	enum status status;

	/* px0 has no other words here for a missing field. */
	if (app_string(call, "email")[0] == '\0' ||
		app_string(call, "password")[0] == '\0')
		return STATUS_BAD_BODY;
	status = sign_in(call, app_string(call, "email"), "token", &account);
	if (status != STATUS_OK)
		return status;
	app_add_time(call->data, "expires_at",
		call->attempt.now + (int64_t)call->site->conf->token_life);
	app_add_user(call->data, &account);
	return STATUS_OK;
}

static enum status
px0_me(struct call *call)
{
	struct account account;
	enum status status = account_look_up_whom(
		call->site, call->caller.account, &account);

	if (status == STATUS_OK)
		app_add_user(call->data, &account);
	return status == STATUS_NO_ACCOUNT ? STATUS_BAD_TOKEN : status;
}

/* Ends the session, and with several cookies the session of each. The caller,
 * for the audit, is the one whose session was ended last. */
static enum status
end_sessions(struct call *call)
{
	struct session caller = {.account = ""};
	enum status status = app_guard_user(call);
	int i;

	for (i = 0; status == STATUS_OK && i < REQUEST_TOKENS; i++) {
		caller = call->caller;
		status = session_revoke(call->site, &caller);
		if (status != STATUS_OK || call->token != TOKEN_FROM_COOKIE)
			break;
		status = app_guard_user(call);
	}
	if (status == STATUS_UNAVAILABLE || status == STATUS_INTERNAL)
		return status;
	call->caller = caller;
	return caller.account[0] != '\0' ? STATUS_OK : status;
}

/* Answers 204 in any case; only a good token has a session to end. */
static enum status
px0_sign_out(struct call *call)
{
	enum status status = end_sessions(call);

	if (status == STATUS_UNAVAILABLE || status == STATUS_INTERNAL)
		return status;
	/* Another site's page may ask for this. It ends no session, and the
	 * owner of the cookie may wonder. */
	if (call->token == TOKEN_FROM_STRANGER)
		call->truth = status;
	else if (status != STATUS_OK)
		call->event = NULL; /* no session has ended */
	if (call->token == TOKEN_FROM_COOKIE)
		call->cookie = make_cookie(call->site->conf, "");
	return STATUS_DONE;
}

/* Signs in administrators only. */
static enum status
databrain(struct call *call)
{
	struct account account;
	enum status status = sign_in(
		call, app_string(call, "email"), "accessToken", &account);

	return status == STATUS_OK && !account.admin ? no_administrator(call)
						     : status;
}

static enum status
edge_impulse(struct call *call)
{
	struct account account;
	enum status status =
		sign_in(call, app_string(call, "username"), "token", &account);

	if (status != STATUS_OK)
		return status;
	app_say_strange(call);
	call->cookie =
		make_cookie(call->site->conf, json_string(call->data, "token"));
	return STATUS_OK;
}

static const struct route routes[] = {
	{"POST", "/auth/admin/login", NULL, actian, "sign-in",
		{{"password", FIELD_STRING, true}}},
	{"POST", "/api/v2/admin-account/jwt", NULL, databrain, "sign-in",
		{{"email", FIELD_STRING, true},
			{"password", FIELD_STRING, true}}},
	{"POST", "/v1/auth/login", NULL, px0, "sign-in",
		{{"email", FIELD_STRING, false},
			{"password", FIELD_STRING, false}}},
	{"GET", "/v1/auth/me", app_guard_user, px0_me, NULL, NO_BODY},
	{"DELETE", "/v1/auth/session", NULL, px0_sign_out, "sign-out", NO_BODY},
	{"POST", "/v1/api-login", NULL, edge_impulse, "sign-in",
		{{"username", FIELD_STRING, true},
			{"password", FIELD_STRING, true}}},
	{0},
};

const struct program app_program = {.name = "login",
	.routes = routes,
	.hashes = true,
	.keeps_memory = true};
