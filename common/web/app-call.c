/* app-call.c - what handlers ask of a call: its body, its caller, what a new
 * password must be like, and parts of answers that several programs give */
#include "config.h"

#include "web/app.h"

#include "account/blocklist.h"
#include "account/token.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "base/utc.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

const char *
app_string(const struct call *call, const char *name)
{
	const char *text = json_string(call->body, name);

	return text == NULL ? "" : text;
}

void
app_password(struct call *call, const char *name)
{
	const char *text = app_string(call, name);

	password_read(&call->password, text, strlen(text));
}

const char *
app_language(struct call *call)
{
	mail_language(call->site->conf,
		request_param(call->request, "HTTP_ACCEPT_LANGUAGE"),
		call->attempt.language);
	return call->attempt.language;
}

void
app_about(struct call *call, const struct account *account)
{
	strcpy(call->account, account->id);
	strcpy(call->name, account_name(account));
}

enum status
app_bad_field(struct call *call, const char *reason)
{
	call->reason = reason;
	return STATUS_BAD_FIELD;
}

enum status
app_too_long(struct call *call, const char *name, const char *reason)
{
	call->field = name;
	return app_bad_field(call, reason);
}

enum status
app_bad_query(struct call *call, const char *reason)
{
	call->reason = reason;
	return STATUS_BAD_QUERY;
}

enum status
app_profile(struct call *call, struct account_profile *profile)
{
	const char *flaw;

	profile->full_name = json_string(call->body, "name");
	profile->language = json_string(call->body, "language");
	flaw = account_profile_flaw(profile);
	if (flaw == NULL)
		return STATUS_OK;
	return profile->full_name != NULL &&
			       strlen(profile->full_name) > ACCOUNT_FULL_NAME
		       ? app_too_long(call, "name", flaw)
		       : app_bad_field(call, flaw);
}

enum { PARAMETERS = 8 };

enum status
app_query(struct call *call, const struct app_parameter parameters[])
{
	const char *names[PARAMETERS + 1] = {NULL};
	int i;

	for (i = 0; parameters[i].name != NULL; i++) {
		assert(i < PARAMETERS);
		names[i] = parameters[i].name;
		parameters[i].out[0] = '\0';
		if (request_query(call->request, names[i], parameters[i].out,
			    parameters[i].size) == QUERY_BAD)
			return app_bad_query(call,
				"A member of the query is there twice, too "
				"long, or no text.");
	}
	return request_query_has_only(call->request, names)
		       ? STATUS_OK
		       : app_bad_query(call,
				 "The query has a member that means nothing "
				 "here.");
}

enum status
app_limit(struct call *call, const char *text, size_t *limit)
{
	*limit = text[0] == '\0' ? APP_PAGE : strtoul(text, NULL, 10);
	return strspn(text, "0123456789") == strlen(text) && *limit >= 1 &&
			       *limit <= APP_PAGE_MOST
		       ? STATUS_OK
		       : app_bad_query(
				 call, "limit is a number from 1 to 100.");
}

static bool
is_same(const struct session *a, const struct session *b)
{
	return strcmp(a->account, b->account) == 0 && a->token == b->token;
}

/* Whether a cookie has no token that is worth a look: what has no token's form,
 * and access tokens beyond the first few. Each of those that is wrong is a
 * guess at a secret, and counts; a JWT is none. */
static bool
is_planted(struct call *call, const char *token)
{
	enum { GUESSES = 4 };

	return call->token == TOKEN_FROM_COOKIE && strchr(token, '.') == NULL &&
	       (!token_is_one(token) || call->guesses++ >= GUESSES);
}

/* Checks one of the tokens. */
static enum status
check_token(struct call *call, const char *token, struct session *session)
{
	enum status status;

	if (is_planted(call, token))
		return STATUS_BAD_TOKEN;
	status = session_check(call->site, token, &call->attempt, session);
	if (status == STATUS_MUST_ENROL && call->enrols)
		status = STATUS_OK;
	/* A wrong access token is a guess at a secret, whatever it was sent
	 * for. A JWT is no guess. */
	if (status != STATUS_OK && call->event == NULL &&
		strchr(token, '.') == NULL) {
		call->event = "access-token";
		/* It stays so, whatever the next cookie is. */
		call->truth = status;
	}
	/* Its user has not sent it on purpose, and has nothing to wait for. */
	if (status == STATUS_THROTTLED && call->token == TOKEN_FROM_COOKIE) {
		call->attempt.wait = 0;
		status = STATUS_BAD_TOKEN;
	}
	return status;
}

/* Whether an hour has passed since any process said so. A process asks the
 * others once an hour at most: it may not have entered the store yet. */
static bool
may_say(const struct site *site)
{
	enum { HOUR = 3600 };
	static int64_t asked;
	int64_t now = tick_now() / 1000;

	if (asked > 0 && now - asked < HOUR)
		return false;
	asked = now;
	if (store_begin(site->store, STORE_READ) != STATUS_OK)
		return true;
	store_abort(site->store);
	return store_due(site->store, STORE_COOKIE, HOUR);
}

void
app_say_strange(const struct call *call)
{
	char *why = request_strange(call->request, call->site->conf);

	if (why != NULL && may_say(call->site))
		log_warning("cookie not counted: %s", why);
	mem_free(why);
}

/* Whether a cookie with that outcome says more of the caller than those before
 * it: one that is not good shadows none. */
static bool
says_more(enum status status, enum status found)
{
	return status == STATUS_OK || status_failed(status) ||
	       found == STATUS_NO_TOKEN ||
	       (found == STATUS_BAD_TOKEN && status != STATUS_NO_TOKEN);
}

/* Finds the caller by the tokens that came in one way. STATUS_NO_TOKEN if there
 * is none; `differ` where they are good for several callers. */
static enum status
try_tokens(struct call *call, enum cookie cookie, bool *differ)
{
	enum status status, found = STATUS_NO_TOKEN;
	struct request_tokens tokens = request_tokens(
		call->request, call->site->conf, call->token, cookie);
	struct session session;
	const char *token;

	while (!status_failed(found) &&
		(token = request_next_token(&tokens)) != NULL) {
		status = check_token(call, token, &session);
		*differ = status == STATUS_OK && found == STATUS_OK &&
			  !is_same(&session, &call->caller);
		if (*differ)
			return STATUS_BAD_TOKEN;
		/* Of two cookies of one account the one that lasts longer is
		 * newer: by the other a browser would renew again and again. */
		if (status == STATUS_OK &&
			(found != STATUS_OK ||
				session.expires > call->caller.expires))
			call->caller = session;
		/* A cookie that could not be checked may be another
		 * caller's. */
		if (says_more(status, found))
			found = status;
	}
	return found;
}

static void
find_token(struct call *call, const char *method)
{
	memset(&call->caller, 0, sizeof call->caller);
	call->token =
		request_token_from(call->request, call->site->conf, method);
	if (call->token == TOKEN_FROM_STRANGER)
		app_say_strange(call);
}

enum status
app_caller(struct call *call, const char *method)
{
	enum status status, found = STATUS_NO_TOKEN;
	bool differ = false;
	int cookie;

	find_token(call, method);
	for (cookie = 0; cookie < COOKIES && found != STATUS_OK &&
			 !status_failed(found) && !differ;
		cookie++) {
		status = try_tokens(call, (enum cookie)cookie, &differ);
		if (differ || says_more(status, found))
			found = status;
	}
	if (found != STATUS_OK)
		memset(&call->caller, 0, sizeof call->caller);
	else
		call->attempt.reason = NULL; /* another cookie's */
	return found;
}

/* Ends the session of one of the tokens, if that is an account's. */
static enum status
end_one(struct call *call, const char *token)
{
	struct session session;
	enum status status = check_token(call, token, &session);

	if (status != STATUS_OK || session.token != 0)
		return status;
	call->caller = session;
	return session_revoke(call->site, &session);
}

enum status
app_end_sessions(struct call *call)
{
	enum status status;
	struct request_tokens tokens;
	const char *token;
	int cookie;

	call->enrols = true;
	find_token(call, request_method(call->request));
	for (cookie = 0; cookie < COOKIES; cookie++) {
		tokens = request_tokens(call->request, call->site->conf,
			call->token, (enum cookie)cookie);
		while ((token = request_next_token(&tokens)) != NULL) {
			status = end_one(call, token);
			if (status_failed(status))
				return status;
		}
	}
	return call->caller.account[0] != '\0' ? STATUS_OK : STATUS_NO_TOKEN;
}

enum status
app_guard_user(struct call *call)
{
	enum status status = app_caller(call, request_method(call->request));

	/* An access token speaks for a service, not for a person. */
	if (status == STATUS_OK && call->caller.token != 0)
		return STATUS_BAD_TOKEN;
	return status;
}

enum status
app_guard_session(struct call *call)
{
	enum status status = app_guard_user(call);

	return status == STATUS_OK && call->caller.sid[0] == '\0'
		       ? STATUS_NO_SESSION
		       : status;
}

enum status
app_guard_admin(struct call *call)
{
	enum status status = app_guard_user(call);

	if (status == STATUS_OK && !call->caller.admin)
		return STATUS_FORBIDDEN;
	return status;
}

/* Whether a secret was given lately. Only a session knows when. */
static enum status
check_fresh(const struct call *call)
{
	const struct session *caller = &call->caller;
	int64_t life = (int64_t)call->site->conf->fresh_life;

	return caller->sid[0] != '\0' &&
			       caller->confirmed + life > call->attempt.now
		       ? STATUS_OK
		       : STATUS_NOT_FRESH;
}

enum status
app_guard_fresh(struct call *call)
{
	enum status status = app_guard_user(call);

	return status == STATUS_OK ? check_fresh(call) : status;
}

enum status
app_guard_fresh_admin(struct call *call)
{
	enum status status = app_guard_admin(call);

	return status == STATUS_OK ? check_fresh(call) : status;
}

enum status
app_guard_admin_token(struct call *call)
{
	enum status status = app_guard_admin(call);

	return status == STATUS_FORBIDDEN ? STATUS_BAD_TOKEN : status;
}

enum status
app_guard_local(struct call *call)
{
	return request_is_local(call->request, call->site->conf)
		       ? STATUS_OK
		       : STATUS_NOT_LOCAL;
}

enum status
app_guard_local_alone(struct call *call)
{
	const struct site *site = call->site;
	enum status status = app_guard_local(call);

	if (status != STATUS_OK || !site->shares_user ||
		site->conf->same_user_is_trusted)
		return status;
	log_warning("not taken for local: any process of this program's user "
		    "could have sent it, the web server's pages among them; "
		    "see same_user_is_trusted");
	return STATUS_FORBIDDEN;
}

/* --- a new password ---------------------------------------------------- */

enum status
app_new_password(
	struct call *call, const char *name, const struct account *account)
{
	struct password *password = &call->new_password;
	const char *text = app_string(call, name);
	struct policy policy =
		conf_policy_of(call->site->conf, call->dialect->policy);

	call->flaws = policy_read(&policy, text, strlen(text), password);
	if (call->flaws == 0)
		call->flaws = blocklist_flaws(call->site, account, password);
	return call->flaws == 0 ? STATUS_OK : STATUS_WEAK_PASSWORD;
}

enum status
app_new_password_of(struct call *call, const char *name, const char *whose)
{
	struct account account;
	enum status status = app_new_password(call, name, NULL);

	if (status == STATUS_OK)
		status = account_look_up_whom(call->site, whose, &account);
	/* The handler will find that out, and has a status for it. */
	if (status == STATUS_NO_ACCOUNT)
		return STATUS_OK;
	if (status == STATUS_OK &&
		blocklist_is_name(&account, &call->new_password)) {
		call->flaws = POLICY_NAME;
		status = STATUS_WEAK_PASSWORD;
	}
	return status;
}

void
app_weak_for(struct call *call, const struct account *account)
{
	call->flaws = blocklist_is_name(account, &call->new_password)
			      ? POLICY_NAME
			      : POLICY_SAME;
}

/* --- parts of answers -------------------------------------------------- */

enum status
app_renew_session(struct call *call)
{
	struct session *caller = &call->caller;
	struct session_record record = {.remember = false};
	char token[JWT_SIZE];
	enum status status;

	if (caller->sid[0] == '\0')
		return STATUS_OK;
	status = session_go_on(
		call->site, caller, call->attempt.now, &record, token);
	if (status == STATUS_OK)
		app_set_cookie(call, COOKIE_SESSION, token,
			record.remember ? record.expires - call->attempt.now
					: 0);
	sodium_memzero(token, sizeof token);
	return status;
}

void
app_add_header(struct call *call, const char *name, const char *value)
{
	if (call->headers == NULL)
		call->headers = mem_copy("");
	call->headers = mem_append(call->headers, "%s: %s\r\n", name, value);
}

enum status
app_go_to(struct call *call, const char *address)
{
	app_add_header(call, "Location", address);
	return STATUS_SEE_OTHER;
}

/* Sets a cookie under that form of its name; `domain` is "" for one of the host
 * alone. A life of 0 lasts as long as the browser, a negative one ends it. */
static void
write_cookie(struct call *call, enum cookie cookie, enum cookie_form form,
	const char *domain, const char *value, int64_t seconds)
{
	bool secure = conf_https(call->site->conf);
	char *line = mem_printf("%s=%s; HttpOnly; SameSite=%s; Path=/%s%s%s",
		request_cookie_name(cookie, form), value,
		cookie == COOKIE_JWT ? "Strict" : "Lax",
		secure ? "; Secure" : "", domain[0] != '\0' ? "; Domain=" : "",
		domain);

	if (seconds != 0)
		line = mem_append(line, "; Max-Age=%lld",
			(long long)(seconds > 0 ? seconds : 0));
	app_add_header(call, "Set-Cookie", line);
	sodium_memzero(line, strlen(line));
	mem_free(line);
}

void
app_set_cookie(struct call *call, enum cookie cookie, const char *value,
	int64_t seconds)
{
	const struct conf *conf = call->site->conf;
	enum cookie_form form = request_cookie_form(conf, cookie);

	write_cookie(call, cookie, form,
		form == COOKIE_DOMAIN ? conf->cookie_domain : "", value,
		seconds);
}

/* Nothing tells what cookie_domain was before: it can only have been the host
 * of site_url, or a domain that this is in. Of a host with very many labels
 * only the last domains are cleared, so that the answer's headers have room. */
static void
clear_domains(struct call *call, enum cookie cookie)
{
	enum { DOMAINS = 8 };
	size_t length;
	const char *host = conf_host(call->site->conf, &length);
	char *copy = mem_printf("%.*s", (int)length, host), *at;
	int dots = 0;

	for (at = strchr(copy, '.'); at != NULL; at = strchr(at + 1, '.'))
		dots++;
	for (at = copy; dots > 0; at = strchr(at, '.') + 1)
		if (dots-- <= DOMAINS)
			write_cookie(call, cookie, COOKIE_DOMAIN, at, "", -1);
	mem_free(copy);
}

/* Takes away a cookie under one form of its name. Without https a browser lets
 * nobody do so but for the plain one. */
static void
clear_cookie(struct call *call, enum cookie cookie, enum cookie_form form)
{
	if (request_cookie_name(cookie, form) == NULL ||
		(form != COOKIE_PLAIN && !conf_https(call->site->conf)))
		return;
	if (form == COOKIE_DOMAIN)
		clear_domains(call, cookie);
	else
		write_cookie(call, cookie, form, "", "", -1);
}

void
app_clear_cookies(struct call *call, enum cookie kept)
{
	const struct conf *conf = call->site->conf;
	int cookie, form;

	for (cookie = COOKIES - 1; cookie >= 0; cookie--)
		for (form = 0; form < COOKIE_FORMS; form++)
			if ((enum cookie)cookie != kept ||
				form != (int)request_cookie_form(conf, kept))
				clear_cookie(call, (enum cookie)cookie,
					(enum cookie_form)form);
}

void
app_add_time(struct json_object *object, const char *name, int64_t seconds)
{
	char text[UTC_SIZE];

	json_add_string(object, name, utc_text(seconds, text));
}

void
app_add_time_or_null(
	struct json_object *object, const char *name, int64_t seconds)
{
	if (seconds != 0)
		app_add_time(object, name, seconds);
	else
		json_add(object, name, NULL);
}

/* null where they cannot be read now. */
static struct json_object *
factors_of(const struct site *site, const char *account)
{
	struct json_object *factors;
	struct factor factor;

	if (factor_look_up(site, account, &factor) != STATUS_OK)
		return NULL;
	factors = json_new_object();
	json_add_bool(factors, "totp", factor_is_on(&factor));
	json_add_int(
		factors, "recovery_codes_left", factor_codes_left(&factor));
	return factors;
}

struct json_object *
app_account(const struct site *site, const struct account *account)
{
	struct json_object *data = account_json(account);

	json_add(data, "factors", factors_of(site, account->id));
	return data;
}

void
app_add_account(struct call *call, const struct account *account)
{
	json_add(call->data, "account", app_account(call->site, account));
}

void
app_add_session(struct call *call, const struct session_record *record)
{
	const struct session *caller = &call->caller;
	struct json_object *data;

	if (caller->sid[0] == '\0') {
		json_add(call->data, "session", NULL);
		return;
	}
	data = json_new_object();
	json_add_string(data, "id", record->id);
	app_add_time(data, "created_at", record->created);
	app_add_time(data, "expires_at", record->expires);
	app_add_time(data, "fresh_until",
		caller->confirmed + (int64_t)call->site->conf->fresh_life);
	json_add_bool(data, "remember", record->remember);
	jwt_add_amr(data, "amr", caller->amr);
	json_add(call->data, "session", data);
}

void
app_add_user(struct json_object *object, const struct account *account)
{
	struct json_object *user = json_new_object();

	json_add_string(user, "id", account->id);
	json_add_string(user, "email", account_address(account));
	json_add_bool(user, "is_verified", account->verified);
	json_add_bool(user, "is_admin", account->admin);
	app_add_time(user, "created_at", account->created);
	json_add(object, "user", user);
}
