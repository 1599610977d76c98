/* app-handler.c - what handlers have in common: strings of the body, who calls,
 * from where */
#include "config.h"

#include "web/app.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "web/request-caller.h"

#include <string.h>
#include <unistr.h>

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

size_t
app_points(const char *text)
{
	return u8_mbsnlen((const uint8_t *)text, strlen(text));
}

int64_t
app_microseconds(const struct call *call)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)(now.tv_sec - call->start.tv_sec) * 1000000 +
	       (now.tv_nsec - call->start.tv_nsec) / 1000;
}

static bool
is_same(const struct session *a, const struct session *b)
{
	return strcmp(a->account, b->account) == 0 && a->token == b->token;
}

static bool
is_unseen(enum status status)
{
	return status == STATUS_UNAVAILABLE || status == STATUS_INTERNAL;
}

/* Looks at one of the tokens. */
static enum status
check_token(struct call *call, const char *token, struct session *session)
{
	enum status status =
		session_check(call->site, token, &call->attempt, session);

	/* A guess at a secret, whatever it was sent for. A JWT is none. */
	if (status != STATUS_OK && call->event == NULL &&
		strchr(token, '.') == NULL)
		call->event = "access-token";
	return status;
}

/* Whether an hour has passed since somebody said so. A process asks the others
 * once an hour at the most: it may not have been at the store yet. */
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

enum status
app_caller(struct call *call, const char *method)
{
	enum status status, found = STATUS_NO_TOKEN;
	struct session session;
	const char *token;
	int at;

	memset(&call->caller, 0, sizeof call->caller);
	call->token =
		request_token_from(call->request, call->site->conf, method);
	if (call->token == TOKEN_FROM_STRANGER)
		app_say_strange(call);
	for (at = 0; !is_unseen(found); at++) {
		token = request_token(
			call->request, call->site->conf, method, at);
		if (token == NULL)
			break;
		status = check_token(call, token, &session);
		if (status == STATUS_OK && found == STATUS_OK &&
			!is_same(&session, &call->caller)) {
			found = STATUS_BAD_TOKEN;
			break;
		}
		if (status == STATUS_OK)
			call->caller = session;
		/* One that could not be looked at may be another caller's. */
		if (at == 0 || status == STATUS_OK || is_unseen(status))
			found = status;
	}
	if (found != STATUS_OK)
		memset(&call->caller, 0, sizeof call->caller);
	else
		call->attempt.reason = NULL; /* that of another cookie */
	return found;
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
app_guard_admin(struct call *call)
{
	enum status status = app_guard_user(call);

	if (status == STATUS_OK && !call->caller.admin)
		return STATUS_FORBIDDEN;
	return status;
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
