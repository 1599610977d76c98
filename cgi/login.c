/* login.c - a name and a password for a token */
#include "config.h"

#include "account/account.h"
#include "base/json.h"
#include "base/mem.h"
#include "web/app.h"
#include "web/next.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* The password is right, but the account is no administrator's, where one is
 * asked for. */
static enum status
no_administrator(struct call *call)
{
	call->attempt.reason = "no-administrator";
	return STATUS_BAD_CREDENTIALS;
}

/* What only a client with the right password may hear. Only latchkey's own API
 * has words for all of it. edge-impulse, whose body has the code, has some for
 * one that is missing; the other three have a header. */
static enum status
hide_factor(struct call *call, enum status status)
{
	bool code =
		status == STATUS_CODE_REQUIRED || status == STATUS_BAD_FACTOR;
	bool member = call->dialect->code != NULL;

	if (call->dialect->tells_factor ||
		(member && status == STATUS_CODE_REQUIRED) ||
		!(code || status == STATUS_MUST_ENROL ||
			status == STATUS_MUST_CHANGE))
		return status;
	call->truth = status;
	if (code && !member)
		app_add_header(call, "X-OTP", "required");
	return STATUS_BAD_CREDENTIALS;
}

/* The second factor's code that came along; "" or NULL if none did. */
static const char *
code_of(const struct call *call)
{
	return call->dialect->code != NULL
		       ? app_string(call, call->dialect->code)
		       : request_param(call->request, "HTTP_X_OTP");
}

/* Checks name, password and second factor. */
static enum status
sign_in(struct call *call, const char *name, struct account *account)
{
	enum status status;

	app_password(call, "password");
	app_language(call);
	call->attempt.code = code_of(call);
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
	return hide_factor(call, status);
}

/* Issues a token, which is no browser's, as that member of the answer. */
static enum status
issue(struct call *call, const struct account *account, const char *member)
{
	const struct session shown = {.amr = call->attempt.amr};
	char token[JWT_SIZE];
	enum status status = session_issue(
		call->site, account, &shown, call->attempt.now, token);

	if (status == STATUS_OK)
		json_add_string(call->data, member, token);
	sodium_memzero(token, sizeof token);
	return status;
}

static enum status
actian(struct call *call)
{
	struct account account;
	enum status status = sign_in(call, ACCOUNT_ADMIN_NAME, &account);

	if (status == STATUS_OK)
		status = issue(call, &account, "token");
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
	status = sign_in(call, app_string(call, "email"), &account);
	if (status == STATUS_OK)
		status = issue(call, &account, "token");
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

/* Answers 204 in any case; only a good token has a session to end. */
static enum status
px0_sign_out(struct call *call)
{
	enum status status = app_end_sessions(call);

	if (status_failed(status))
		return status;
	/* Another site's page may ask for this. It ends no session, and the
	 * owner of the cookie may wonder. */
	if (call->token == TOKEN_FROM_STRANGER)
		call->truth = status;
	else if (status != STATUS_OK)
		call->event = NULL; /* no session has ended */
	if (call->token == TOKEN_FROM_COOKIE)
		app_clear_cookies(call, COOKIES);
	return STATUS_DONE;
}

/* Signs in administrators only. */
static enum status
databrain(struct call *call)
{
	struct account account;
	enum status status = sign_in(call, app_string(call, "email"), &account);

	if (status == STATUS_OK && !account.admin)
		status = no_administrator(call);
	return status == STATUS_OK ? issue(call, &account, "accessToken")
				   : status;
}

static enum status
edge_impulse(struct call *call)
{
	struct account account;
	enum status status =
		sign_in(call, app_string(call, "username"), &account);

	if (status == STATUS_OK)
		status = issue(call, &account, "token");
	if (status != STATUS_OK)
		return status;
	app_say_strange(call);
	app_set_cookie(call, COOKIE_JWT, json_string(call->data, "token"), 0);
	return STATUS_OK;
}

/* --- latchkey's own API: browsers' sessions ----------------------------- */

/* Begins a session in place of the one that the browser had. */
static enum status
begin_session(struct call *call, const struct account *account,
	struct session_record *record)
{
	const struct site *site = call->site;
	const char *agent = request_param(call->request, "HTTP_USER_AGENT");

	record->amr = call->attempt.amr;
	record->remember =
		site->conf->remember && json_true(call->body, "remember");
	snprintf(record->agent, sizeof record->agent, "%s",
		agent == NULL ? "" : agent);
	return session_begin(
		site, account, &call->caller, &call->attempt, record);
}

/* Answers with the new session, and sets its cookie. */
static enum status
answer_session(struct call *call, const struct account *account)
{
	struct session_record record = {.agent = ""};
	struct session *caller = &call->caller;
	char token[JWT_SIZE];
	enum status status = begin_session(call, account, &record);

	if (status != STATUS_OK)
		return status;
	memset(caller, 0, sizeof *caller);
	strcpy(caller->account, account->id);
	strcpy(caller->name, account_name(account));
	strcpy(caller->sid, record.id);
	caller->confirmed = call->attempt.now;
	caller->amr = record.amr;
	caller->expires = record.expires;
	status = session_issue(
		call->site, account, caller, call->attempt.now, token);
	if (status == STATUS_OK) {
		app_set_cookie(call, COOKIE_SESSION, token,
			record.remember ? record.expires - call->attempt.now
					: 0);
		app_clear_cookies(call, COOKIE_SESSION);
		app_add_session(call, &record);
	}
	sodium_memzero(token, sizeof token);
	return status;
}

/* Whether the client asks for a token alone, which is no browser's. */
static bool
wants_token(const struct call *call)
{
	struct json_object *cookie;

	return json_object_object_get_ex(call->body, "cookie", &cookie) &&
	       !json_object_get_boolean(cookie);
}

/* What is needed first comes with a ticket for it. */
static enum status
give_ticket(
	struct call *call, const struct account *account, enum status refusal)
{
	enum status status = STATUS_OK;

	if (refusal == STATUS_MUST_ENROL || refusal == STATUS_MUST_CHANGE)
		status = session_give_ticket(call->site,
			refusal == STATUS_MUST_ENROL ? TICKET_ENROL
						     : TICKET_CHANGE,
			account, call->attempt.now, call->ticket);
	return status == STATUS_OK ? refusal : status;
}

static enum status
session_new(struct call *call)
{
	struct account account;
	enum status status;

	/* The session that the browser has is the one that this replaces. */
	call->enrols = true;
	status = app_caller(call, "POST");
	if (status_failed(status))
		return status;
	if (status != STATUS_OK || call->token != TOKEN_FROM_COOKIE)
		memset(&call->caller, 0, sizeof call->caller);
	call->truth = STATUS_OK;
	status = sign_in(call, app_string(call, "name"), &account);
	if (status == STATUS_OK && wants_token(call)) {
		status = issue(call, &account, "token");
	} else if (status == STATUS_OK) {
		app_say_strange(call);
		status = answer_session(call, &account);
	}
	if (status == STATUS_OK)
		app_add_account(call, &account);
	return give_ticket(call, &account, status);
}

static enum status
session_show(struct call *call)
{
	struct store *store = call->site->store;
	struct session *caller = &call->caller;
	struct session_record record;
	struct account account;
	enum status status = store_begin(store, STORE_READ);

	if (status != STATUS_OK)
		return status;
	status = account_get(store, caller->account, &account);
	if (status == STATUS_OK && caller->sid[0] != '\0')
		status = session_record_get(store, caller->account, caller->sid,
			call->attempt.now, &record);
	store_abort(store);
	if (status == STATUS_NO_ACCOUNT || status == STATUS_NOT_FOUND)
		return STATUS_BAD_TOKEN;
	if (status != STATUS_OK)
		return status;
	app_add_account(call, &account);
	app_add_session(call, &record);
	return STATUS_OK;
}

/* Another site's page ends nothing and clears nothing. */
static enum status
session_end(struct call *call)
{
	enum status status = app_end_sessions(call);

	if (status_failed(status))
		return status;
	if (call->token == TOKEN_FROM_STRANGER)
		return STATUS_FORBIDDEN;
	if (status != STATUS_OK)
		call->event = NULL; /* nobody has signed out */
	app_clear_cookies(call, COOKIES);
	app_add_header(call, "Clear-Site-Data", "\"cache\"");
	return STATUS_DONE;
}

static enum status
session_renew(struct call *call)
{
	enum status status = app_renew_session(call);

	return status == STATUS_OK ? STATUS_DONE : status;
}

/* A caller without the second factor has to confirm before getting one. */
static enum status
guard_confirm(struct call *call)
{
	call->enrols = true;
	return app_guard_session(call);
}

/* In a session, what is wrong does not end it. */
static enum status
in_session(enum status status)
{
	return status == STATUS_NO_ACCOUNT        ? STATUS_BAD_TOKEN
	       : status == STATUS_BAD_CREDENTIALS ? STATUS_WRONG_PASSWORD
	       : status == STATUS_BAD_FACTOR      ? STATUS_WRONG_FACTOR
						  : status;
}

/* The password or the code; the code in any case where there is a factor. */
static enum status
session_confirm(struct call *call)
{
	struct session *caller = &call->caller;
	bool password = app_string(call, "password")[0] != '\0', given;
	enum status status = STATUS_OK;

	app_password(call, "password");
	app_language(call);
	if (password)
		status = account_check_password(call->site, caller->account,
			&call->password, &call->attempt);
	if (status == STATUS_OK)
		status = factor_try_alone(call->site, caller->account,
			app_string(call, "code"), &call->attempt, &given);
	if (status != STATUS_OK)
		return in_session(status);
	if (!password && !given) {
		call->missing = "password";
		return STATUS_MISSING_FIELD;
	}
	caller->confirmed = call->attempt.now;
	caller->amr |=
		(password ? JWT_AMR_PWD : 0U) | (given ? JWT_AMR_OTP : 0U);
	return session_renew(call);
}

static struct json_object *
to_object(const struct call *call, const struct session_record *record)
{
	struct json_object *object = json_new_object();

	json_add_string(object, "id", record->id);
	app_add_time(object, "created_at", record->created);
	app_add_time(object, "seen_at", record->seen);
	json_add_string(object, "network", record->network);
	json_add_string(object, "agent", record->agent);
	jwt_add_amr(object, "factors", record->amr);
	json_add_bool(
		object, "current", strcmp(record->id, call->caller.sid) == 0);
	return object;
}

static enum status
sessions_list(struct call *call)
{
	static struct session_record records[SESSIONS_MOST];
	struct json_object *sessions;
	struct store *store = call->site->store;
	enum status status = store_begin(store, STORE_READ);
	int i, count;

	if (status != STATUS_OK)
		return status;
	status = session_record_list(store, call->caller.account,
		call->attempt.now, records, &count);
	store_abort(store);
	if (status != STATUS_OK)
		return status;
	sessions = json_new_array();
	for (i = 0; i < count; i++)
		json_append(sessions, to_object(call, &records[i]));
	json_add(call->data, "sessions", sessions);
	return STATUS_OK;
}

/* Ends one of the caller's sessions. */
static enum status
sessions_end_one(struct call *call)
{
	static char target[sizeof "session:" + UUID_SIZE];
	struct store *store = call->site->store;
	struct session_record record;
	enum status status = store_begin(store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	status = session_record_get(store, call->caller.account, call->id,
		call->attempt.now, &record);
	if (status == STATUS_OK) {
		snprintf(target, sizeof target, "session:%s", record.id);
		call->target = target;
		status = session_record_end(
			store, call->caller.account, record.id);
	}
	status = store_finish(store, status);
	if (status == STATUS_OK && strcmp(call->id, call->caller.sid) == 0)
		app_clear_cookies(call, COOKIES);
	return status == STATUS_OK ? STATUS_DONE : status;
}

/* Ends all but the caller's, tokens without a record among them. */
static enum status
sessions_end_others(struct call *call)
{
	struct store *store = call->site->store;
	struct account account;
	enum status status = store_begin(store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	/* A copy's request may have waited while the owner ended it. */
	status = account_get_at(
		store, call->caller.account, call->caller.epoch, &account);
	if (status == STATUS_OK)
		status = account_put_changed(store, &account, call->caller.sid);
	status = store_finish(store, status);
	call->caller.epoch++;
	return status == STATUS_OK ? session_renew(call) : status;
}

/* --- latchkey's own pages ----------------------------------------------- */

/* Until there are pages: how a program does what the page is for. The address
 * to come back to is a program's own affair. */
static enum status
say(struct call *call, const char *what, const char *how)
{
	const struct conf *conf = call->site->conf;
	size_t origin = conf_origin_length(conf);

	call->text = mem_printf("%s\n\nThere is no page for it here yet. A "
				"program does it so:\n\n    curl "
				"%.*s/account/api/%s\n",
		what, (int)origin, conf->site_url, how);
	return STATUS_OK;
}

/* Renews the caller's session, and goes on to what is `next`; without a session
 * to the sign-in. */
static enum status
page_renew(struct call *call)
{
	const struct conf *conf = call->site->conf;
	enum status status = app_guard_session(call);
	char next[NEXT_SIZE], *link;

	next_read(call->request, conf, next);
	if (status == STATUS_OK)
		status = app_renew_session(call);
	if (status_failed(status))
		return status;
	if (status == STATUS_OK)
		return app_go_to(call, next);
	link = next_link(conf, "/account/sign-in", next);
	app_go_to(call, link);
	mem_free(link);
	return STATUS_SEE_OTHER;
}

/* A web server that cannot see where verify sends a browser sends it here in
 * any case. */
static enum status
page_sign_in(struct call *call)
{
	enum status status = app_guard_session(call);

	if (status_failed(status))
		return status;
	if (status == STATUS_OK && call->caller.renew <= call->attempt.now)
		return page_renew(call);
	return say(call,
		status == STATUS_OK ? "You are signed in. To sign in anew:"
				    : "You are not signed in.",
		"session -c cookies -H 'Content-Type: application/json' "
		"-d '{\"name\":\"NAME\",\"password\":\"PASSWORD\"}'");
}

static enum status
page_confirm(struct call *call)
{
	return say(call, "This takes your password once more.",
		"session/confirm -b cookies -c cookies -H 'Content-Type: "
		"application/json' -d '{\"password\":\"PASSWORD\"}'");
}

static enum status
page_two_factor(struct call *call)
{
	return say(call, "This takes a second factor, which you do not have.",
		"totp -b cookies -X POST");
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
			{"password", FIELD_STRING, true},
			{"totpToken", FIELD_STRING, false}}},
	{"POST", "/account/api/session", NULL, session_new, "sign-in",
		{{"name", FIELD_STRING, true}, {"password", FIELD_STRING, true},
			{"code", FIELD_STRING, false},
			{"remember", FIELD_BOOLEAN, false},
			{"cookie", FIELD_BOOLEAN, false}}},
	{"GET", "/account/api/session", app_guard_user, session_show, NULL,
		NO_BODY},
	{"DELETE", "/account/api/session", NULL, session_end, "sign-out",
		NO_BODY},
	{"POST", "/account/api/session/renew", app_guard_session, session_renew,
		NULL, NO_BODY},
	{"POST", "/account/api/session/confirm", guard_confirm, session_confirm,
		"confirm",
		{{"password", FIELD_STRING, false},
			{"code", FIELD_STRING, false}}},
	{"GET", "/account/api/sessions", app_guard_user, sessions_list, NULL,
		NO_BODY},
	{"DELETE", "/account/api/sessions", app_guard_user, sessions_end_others,
		"sessions-end", NO_BODY},
	{"DELETE", "/account/api/sessions/{id}", app_guard_user,
		sessions_end_one, "session-end", NO_BODY},
	{"GET", "/account/sign-in", NULL, page_sign_in, NULL, NO_BODY},
	{"GET", "/account/renew", NULL, page_renew, NULL, NO_BODY},
	{"GET", "/account/confirm", NULL, page_confirm, NULL, NO_BODY},
	{"GET", "/account/two-factor", NULL, page_two_factor, NULL, NO_BODY},
	{0},
};

const struct program app_program = {.name = "login",
	.routes = routes,
	.hashes = true,
	.keeps_memory = true};
