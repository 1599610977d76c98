/* login.c - signing in: a name and a password for a token or a session, and the
 * sessions of one account */
#include "config.h"

#include "account/account.h"
#include "base/json.h"
#include "base/mem.h"
#include "web/app.h"
#include "web/page.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
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

/* What is needed first comes with a ticket for it. A page asks for the code
 * after the password. */
static enum status
give_ticket(
	struct call *call, const struct account *account, enum status refusal)
{
	enum session_ticket purpose =
		refusal == STATUS_MUST_ENROL    ? TICKET_ENROL
		: refusal == STATUS_MUST_CHANGE ? TICKET_CHANGE
		: refusal == STATUS_CODE_REQUIRED && call->dialect->is_page
			? TICKET_CODE
			: TICKETS;
	enum status status = STATUS_OK;

	if (purpose != TICKETS)
		status = session_give_ticket(call->site, purpose, account,
			call->attempt.now, call->ticket);
	return status == STATUS_OK ? refusal : status;
}

/* Finds the session that the browser has: the one that a new one replaces. */
static enum status
find_old(struct call *call)
{
	enum status status;

	call->enrols = true;
	status = app_caller(call, "POST");
	if (status_failed(status))
		return status;
	if (status != STATUS_OK || call->token != TOKEN_FROM_COOKIE)
		memset(&call->caller, 0, sizeof call->caller);
	call->truth = STATUS_OK;
	return STATUS_OK;
}

static enum status
session_new(struct call *call)
{
	struct account account;
	enum status status;

	/* Another site's page would have its visitor act in the name of an
	 * account of its own choice. */
	if (!wants_token(call) &&
		request_is_strange(call->request, call->site->conf)) {
		app_say_strange(call);
		return STATUS_FORBIDDEN;
	}
	status = find_old(call);
	if (status != STATUS_OK)
		return status;
	status = sign_in(call, app_string(call, "name"), &account);
	if (status == STATUS_OK)
		status = wants_token(call) ? issue(call, &account, "token")
					   : answer_session(call, &account);
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

/* The password or the code; the code in any case where there is a factor. A
 * code alone may be a guess with a stolen cookie. */
static enum status
session_confirm(struct call *call)
{
	struct session *caller = &call->caller;
	bool password = app_string(call, "password")[0] != '\0';
	enum factor_given given = FACTOR_NONE;
	enum status status = STATUS_OK;

	app_password(call, "password");
	app_language(call);
	if (password)
		status = account_check_password(call->site, caller->account,
			&call->password, &call->attempt);
	call->attempt.session = password ? NULL : caller->sid;
	if (status == STATUS_OK)
		status = factor_try_alone(call->site, caller->account,
			app_string(call, "code"), &call->attempt, &given);
	if (status != STATUS_OK)
		return in_session(status);
	if (!password && given == FACTOR_NONE) {
		call->missing = "password";
		return STATUS_MISSING_FIELD;
	}
	caller->confirmed = call->attempt.now;
	caller->amr |= (password ? JWT_AMR_PWD : 0U) |
		       (given != FACTOR_NONE ? JWT_AMR_OTP : 0U);
	return session_renew(call);
}

static const char *
find_name(const char *const names[][2], const char *agent)
{
	for (; names[0][0] != NULL; names++)
		if (strstr(agent, names[0][0]) != NULL)
			return names[0][1];
	return NULL;
}

/* A browser and its system, as people call them, where a User-Agent names
 * them. The first that fits counts: most say that they are others, too. */
static void
add_browser(struct json_object *object, const char *agent)
{
	static const char *const browsers[][2] = {{"Edg/", "Edge"},
		{"OPR/", "Opera"}, {"Firefox/", "Firefox"},
		{"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"Lynx/", "Lynx"},
		{"w3m/", "w3m"}, {"curl/", "curl"}, {NULL, NULL}};
	static const char *const systems[][2] = {{"Android", "Android"},
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"},
		{"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
		{NULL, NULL}};
	const char *browser = find_name(browsers, agent);
	const char *system = find_name(systems, agent);
	char *both = mem_printf("%s%s%s", browser == NULL ? "" : browser,
		browser == NULL || system == NULL ? "" : ", ",
		system == NULL ? "" : system);

	json_add_string(object, "browser", both);
	mem_free(both);
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
	if (call->dialect->is_page)
		add_browser(object, record->agent);
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
	if (status == STATUS_OK)
		status = account_event(
			call->site, "sign-out", &account, NULL, NULL);
	status = store_finish(store, status);
	if (status != STATUS_OK)
		return status;
	call->caller.epoch = account.epoch;
	return session_renew(call);
}

/* --- pages: the way in ---------------------------------------------------- */

/* Renews the caller's session, and goes on to what is `next`; without a session
 * to the sign-in. */
static enum status
page_renew(struct call *call)
{
	enum status status = app_guard_session(call);
	char next[NEXT_SIZE];

	app_next(call, "/", next);
	if (status == STATUS_OK)
		status = app_renew_session(call);
	if (status_failed(status))
		return status;
	return status == STATUS_OK ? app_go_to(call, next)
				   : app_go_on(call, "/account/sign-in", next);
}

/* The page for what the place demands that is `next`, by a web server that
 * cannot see where verify sends the browser; NULL where nothing is lacking. */
static const char *
page_for_need(struct call *call)
{
	const struct session *caller = &call->caller;
	char need[256] = "";
	const char *age;

	request_query(call->request, "need", need, sizeof need);
	if (strstr(need, "factor=2") != NULL &&
		(caller->amr & JWT_AMR_OTP) == 0)
		return app_factor_page(call);
	age = strstr(need, "age=");
	if (age != NULL && call->attempt.now - caller->confirmed >
				   strtoll(age + 4, NULL, 10))
		return "/account/confirm";
	return NULL;
}

/* A browser that is signed in goes back to where it came from. If it returns at
 * once, that place does not take its session: then a page says so. */
static enum status
go_back(struct call *call)
{
	const char *page = page_for_need(call);
	char next[NEXT_SIZE];

	if (call->caller.renew <= call->attempt.now)
		return page_renew(call);
	app_next(call, "/account/", next);
	if (page != NULL)
		return app_go_on(call, page, next);
	if (app_is_marked(call, "back"))
		return app_show(call, "signed-in", NULL);
	app_mark(call, "back", 10);
	return app_go_to(call, next);
}

static enum status
page_sign_in(struct call *call)
{
	enum status status = app_guard_session(call);

	if (status_failed(status))
		return status;
	return status == STATUS_OK ? go_back(call) : STATUS_OK;
}

/* Puts the next step's ticket into the form, in the place of the last one's. */
static void
hand_on(struct call *call)
{
	struct json_object *last =
		json_object_get(json_object_object_get(call->body, "ticket"));

	json_add_string(call->body, "ticket", call->ticket);
	body_free(last);
}

/* Goes on where a sign-in has led: the next page, or the next step. */
static enum status
step_on(struct call *call, enum status status)
{
	const char *page = status == STATUS_CODE_REQUIRED ? "second-factor"
			   : status == STATUS_MUST_ENROL  ? "must-enrol"
			   : status == STATUS_MUST_CHANGE ? "must-change"
							  : NULL;
	char next[NEXT_SIZE];

	app_next(call, "/", next);
	if (status == STATUS_OK)
		return app_go_to(call, next);
	if (page == NULL)
		return status;
	call->truth = status;
	hand_on(call);
	return app_show(call, page, NULL);
}

/* A password manager keeps a password under the name that was typed. Pages that
 * ask for it later name the account in the same way. */
static void
mark_name(struct call *call)
{
	const struct conf *conf = call->site->conf;
	bool username = strchr(app_string(call, "name"), '@') == NULL;

	if (username != app_is_marked(call, APP_BY_USERNAME))
		app_mark(call, APP_BY_USERNAME,
			!username        ? -1
			: conf->remember ? (int64_t)conf->remember_life
					 : 0);
}

static enum status
page_sign_in_posted(struct call *call)
{
	enum status status;

	if (!app_is_marked(call, "kept"))
		return STATUS_NO_COOKIES;
	status = session_new(call);
	if (status == STATUS_OK || call->ticket[0] != '\0')
		mark_name(call);
	return step_on(call, status);
}

/* The account by the ticket that the right password has given, and the code. */
static enum status
sign_in_by_code(struct call *call, struct account *account)
{
	struct session step;
	enum status status = session_check_ticket(call->site, TICKET_CODE,
		app_string(call, "ticket"), &call->attempt, &step);

	app_language(call);
	call->attempt.code = app_string(call, "code");
	if (status == STATUS_OK)
		status = account_sign_in_by_code(call->site, step.account,
			step.epoch, &call->attempt, account);
	if (status == STATUS_OK || status == STATUS_MUST_CHANGE)
		session_end_ticket(call->site, TICKET_CODE, step.account);
	return status;
}

static enum status
page_second_factor(struct call *call)
{
	struct account account;
	enum status status = find_old(call);

	if (status == STATUS_OK)
		status = sign_in_by_code(call, &account);
	if (status == STATUS_BAD_TOKEN)
		return app_too_late(call);
	if (status == STATUS_OK)
		status = answer_session(call, &account);
	/* An empty code is a wrong one here, and its ticket goes on. */
	if (status == STATUS_CODE_REQUIRED)
		return STATUS_BAD_FACTOR;
	return step_on(call, give_ticket(call, &account, status));
}

static enum status
page_sign_out(struct call *call)
{
	enum status status;

	call->enrols = true;
	status = app_guard_session(call);
	return status_failed(status) ? status : STATUS_OK;
}

static enum status
page_sign_out_posted(struct call *call)
{
	enum status status = session_end(call);

	call->left = true;
	return app_then_show(call, status, "signed-out");
}

static enum status
guard_confirm_form(struct call *call)
{
	call->again = app_page_of_caller;
	return guard_confirm(call);
}

static enum status
page_confirm_posted(struct call *call)
{
	enum status status = session_confirm(call);
	char next[NEXT_SIZE];

	call->field = status == STATUS_WRONG_PASSWORD ? "password" : NULL;
	app_next(call, "/account/", next);
	return app_then_go(call, status, next);
}

/* The administrators' page is the admin program's, with a slash at its end. */
static enum status
page_admin(struct call *call)
{
	return app_go_to(call, "/account/admin/");
}

/* A protected page that the caller may not see: the web server shows this in
 * its place. */
static enum status
page_forbidden(struct call *call)
{
	enum status status = app_guard_user(call);

	call->page = "forbidden";
	return status_failed(status) ? status : STATUS_FORBIDDEN;
}

/* --- pages: one's own account ----------------------------------------------
 */

/* The languages that there are, and which one the account has. */
static void
add_languages(struct call *call)
{
	struct json_object *languages = page_languages(call->site->conf);
	struct json_object *account =
		json_object_object_get(call->data, "account");
	const char *own = json_string(account, "language");
	size_t i;

	for (i = 0; i < json_object_array_length(languages); i++) {
		struct json_object *language =
			json_object_array_get_idx(languages, i);

		json_add_bool(language, "current",
			own != NULL && strcmp(own, json_string(language,
							   "code")) == 0);
	}
	json_add(call->data, "languages", languages);
}

/* What a form has done is said once, on the page that it leads to. */
enum { SAID_SECONDS = 10 }; /* or never */
static void
say_what_ended(struct call *call)
{
	static const char *const marks[][2] = {
		{"session-ended", "notice.session-ended"},
		{"sessions-ended", "notice.sessions-ended"}};
	size_t i;

	for (i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (app_is_marked(call, marks[i][0])) {
			call->notice = marks[i][1];
			app_mark(call, marks[i][0], -1);
		}
}

static enum status
page_account(struct call *call)
{
	enum status status = session_show(call);

	if (status == STATUS_OK)
		status = sessions_list(call);
	if (status == STATUS_OK) {
		add_languages(call);
		say_what_ended(call);
	}
	return status;
}

/* Shows the account once more, which says what was done. */
static enum status
then_say(struct call *call, enum status status, const char *mark)
{
	if (status <= STATUS_DONE)
		app_mark(call, mark, SAID_SECONDS);
	return app_then_go(call, status, "/account/");
}

/* A session that has ended meanwhile needs no end. */
static enum status
page_session_end(struct call *call)
{
	enum status status = sessions_end_one(call);

	if (status == STATUS_NOT_FOUND)
		status = STATUS_DONE;
	return then_say(call, status, "session-ended");
}

static enum status
page_sessions_end(struct call *call)
{
	return then_say(call, sessions_end_others(call), "sessions-ended");
}

static enum status
page_problems(struct call *call)
{
	app_add_problems(call);
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
	{"POST", "/account/sign-in", NULL, page_sign_in_posted, "sign-in",
		{{"name", FIELD_STRING, true}, {"password", FIELD_STRING, true},
			{"remember", FIELD_BOOLEAN, false},
			{"next", FIELD_STRING, false}}},
	{"POST", "/account/second-factor", NULL, page_second_factor, "sign-in",
		{{"ticket", FIELD_STRING, true}, {"code", FIELD_STRING, true},
			{"recovery", FIELD_STRING, false},
			{"remember", FIELD_BOOLEAN, false},
			{"next", FIELD_STRING, false}}},
	{"GET", "/account/renew", NULL, page_renew, NULL, NO_BODY},
	{"GET", "/account/sign-out", NULL, page_sign_out, NULL, NO_BODY},
	{"POST", "/account/sign-out", NULL, page_sign_out_posted, "sign-out",
		NO_BODY},
	{"GET", "/account/confirm", guard_confirm, app_page_of_caller, NULL,
		NO_BODY},
	{"POST", "/account/confirm", guard_confirm_form, page_confirm_posted,
		"confirm",
		{{"password", FIELD_STRING, false},
			{"code", FIELD_STRING, false},
			{"recovery", FIELD_STRING, false},
			{"next", FIELD_STRING, false}}},
	{"GET", "/account/admin", NULL, page_admin, NULL, NO_BODY},
	{"GET", "/account/forbidden", NULL, page_forbidden, NULL, NO_BODY},
	{"GET", "/account/", app_guard_user, page_account, NULL, NO_BODY},
	{"POST", "/account/sessions/end", app_guard_user, page_sessions_end,
		"sessions-end", NO_BODY},
	{"POST", "/account/sessions/{id}/end", app_guard_user, page_session_end,
		"session-end", NO_BODY},
	{"GET", "/account/problems", NULL, page_problems, NULL, NO_BODY},
	{0},
};

const struct program app_program = {.name = "login",
	.routes = routes,
	.hashes = true,
	.keeps_memory = true};
