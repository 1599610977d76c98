/* account.c - new accounts, and the switch that guards the API */
#include "config.h"

#include "account/account.h"
#include "account/auth-enabled.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/tick.h"
#include "web/app.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

/* The terms under which a caller may make an account. */
struct terms {
	enum account_condition condition;
	bool by_admin;
	bool admin; /* the new account is an administrator */
	bool proved;
};

/* The first account is made on the machine itself and without a token.
 * Otherwise the first stranger on the internet would be the administrator. */
static enum status
find_terms(struct call *call, struct terms *terms)
{
	enum status status = app_guard_admin(call);

	memset(terms, 0, sizeof *terms);
	if (status == STATUS_OK) {
		terms->by_admin = terms->proved = true;
		return STATUS_OK;
	}
	if (status != STATUS_NO_TOKEN)
		return status;
	switch ((enum conf_registration)call->site->conf->registration) {
	case REGISTRATION_OPEN:
		return throttle_ask_alone(call->site, &call->attempt);
	case REGISTRATION_FIRST:
		terms->condition = ACCOUNT_IF_FIRST;
		terms->admin = terms->proved = true;
		return app_guard_local_alone(call) == STATUS_OK
			       ? STATUS_OK
			       : STATUS_FORBIDDEN;
	case REGISTRATION_CLOSED:
		break;
	}
	return STATUS_FORBIDDEN;
}

static void
set_text(char *out, size_t size, const char *text)
{
	/* A text that is too long becomes one that no name can be. */
	snprintf(out, size, "%s", strlen(text) < size ? text : " ");
}

/* Tells the audit what the caller is not told of a taken address. */
static void
note_account(
	struct call *call, enum status status, const struct account *account)
{
	if (status != STATUS_OK)
		return;
	if (account->epoch > 0)
		strcpy(call->account, account->id);
	else
		call->event = "account-exists";
}

/* Makes an ordinary account, or the first one, on those terms. */
static enum status
sign_up(struct call *call, const struct terms *terms, struct account *account)
{
	const struct conf *conf = call->site->conf;
	enum status status;

	set_text(account->email, sizeof account->email,
		app_string(call, "email"));
	status = app_new_password(call, "password", account);
	strcpy(account->language, app_language(call));
	account->admin = terms->admin;
	account->verified = terms->proved;
	account->unproved = !terms->proved;
	if (name_needs_smtputf8(account->email))
		status = app_bad_field(call,
			"email must be ASCII before its @: mails to other "
			"addresses cannot be sent");
	else if (!name_is_email(account->email))
		status = STATUS_BAD_NAME;
	else if (status == STATUS_WEAK_PASSWORD)
		status = STATUS_WEAK_AT_SIGN_UP;
	if (status == STATUS_OK)
		status = account_add(call->site, account, &call->new_password,
			terms->condition,
			!terms->by_admin && !conf->reveal_accounts &&
				conf->registration == REGISTRATION_OPEN);
	note_account(call, status, account);
	return status;
}

/* --- actian ------------------------------------------------------------ */

/* The frame around a result, and how long it took. */
static void
add_result(struct call *call, bool result)
{
	uint64_t us = tick_us() - call->start;
	char seconds[32];

	snprintf(seconds, sizeof seconds, "%llu.%06llu",
		(unsigned long long)(us / 1000000),
		(unsigned long long)(us % 1000000));
	json_add(call->data, "usage", json_new_object());
	json_add(call->data, "time",
		mem_check(json_object_new_double_s((double)us / 1e6, seconds)));
	json_add_string(call->data, "status", "ok");
	json_add_bool(call->data, "result", result);
}

static enum status
make_admin(struct call *call)
{
	struct account account = {.username = ACCOUNT_ADMIN_NAME,
		.admin = true,
		.verified = true};
	enum status status = app_guard_admin_token(call);
	bool by_admin = status == STATUS_OK;

	if (!by_admin && status != STATUS_NO_TOKEN)
		return status;
	if (!by_admin && call->site->conf->registration == REGISTRATION_CLOSED)
		return STATUS_FORBIDDEN;
	status = app_new_password(call, "password", &account);
	if (status == STATUS_OK)
		status = account_add(call->site, &account, &call->new_password,
			by_admin ? ACCOUNT_ALWAYS : ACCOUNT_IF_NO_ADMIN, false);
	note_account(call, status, &account);
	if (status != STATUS_OK)
		return status;
	json_add_string(call->data, "status", "success");
	json_add_string(call->data, "message", "User registered successfully");
	return STATUS_OK;
}

static enum status
admin_exists(struct call *call)
{
	struct account account;
	enum status status =
		account_look_up(call->site, ACCOUNT_ADMIN_NAME, &account);

	if (status != STATUS_OK && status != STATUS_NO_ACCOUNT)
		return status;
	add_result(call, status == STATUS_OK && account.admin);
	return STATUS_OK;
}

static enum status
set_enabled(struct call *call)
{
	bool enabled = json_true(call->body, "enabled");
	enum status status = auth_enabled_set(call->site, enabled);

	call->target = enabled ? "on" : "off";
	if (status == STATUS_OK)
		add_result(call, enabled);
	return status;
}

/* --- databrain --------------------------------------------------------- */

/* Makes the first account and no other. */
static enum status
guard_first(struct call *call)
{
	enum status status = account_none(call->site);

	if (status == STATUS_FORBIDDEN)
		return STATUS_HAS_ADMIN;
	if (status != STATUS_OK)
		return status;
	if (call->site->conf->registration == REGISTRATION_CLOSED)
		return STATUS_FORBIDDEN;
	return app_guard_local_alone(call);
}

static enum status
databrain(struct call *call)
{
	static const struct terms terms = {ACCOUNT_IF_FIRST, false, true, true};
	struct account account = {.admin = true};
	const char *name = app_string(call, "firstName");
	size_t points = u8_mbsnlen((const uint8_t *)name, strlen(name));
	char token[JWT_SIZE];
	enum status status;

	if (points < 3)
		return app_bad_field(call,
			"\"firstName\" length must be at least 3 characters "
			"long");
	if (points > 30)
		return app_bad_field(call,
			"\"firstName\" length must be less than or equal to "
			"30 characters long");
	strcpy(account.full_name, name); /* 30 characters at most */
	status = sign_up(call, &terms, &account);
	if (status == STATUS_FORBIDDEN) /* another request was faster */
		status = STATUS_HAS_ADMIN;
	if (status == STATUS_OK)
		status = session_issue(
			call->site, &account, NULL, call->attempt.now, token);
	if (status == STATUS_OK)
		json_add_string(call->data, "accessToken", token);
	sodium_memzero(token, sizeof token);
	return status;
}

/* --- px0 and edge-impulse ---------------------------------------------- */

static enum status
px0(struct call *call)
{
	struct account account = {.admin = false};
	struct terms terms;
	enum status status = find_terms(call, &terms);

	if (status == STATUS_OK)
		status = sign_up(call, &terms, &account);
	if (status != STATUS_OK)
		return status;
	app_add_user(call->data, &account);
	return STATUS_CREATED;
}

static enum status
edge_impulse(struct call *call)
{
	struct account account = {.admin = false};
	struct terms terms;
	enum status status = find_terms(call, &terms);

	if (status != STATUS_OK)
		return status;
	if (!json_true(call->body, "privacyPolicy"))
		return app_bad_field(
			call, "The privacy policy must be accepted");
	set_text(account.username, sizeof account.username,
		app_string(call, "username"));
	if (strlen(app_string(call, "name")) > ACCOUNT_FULL_NAME)
		return app_bad_field(
			call, "The name must be at most 120 bytes long");
	strcpy(account.full_name, app_string(call, "name"));
	/* Only the operator's command and actian's endpoint make that
	 * account. */
	if (account_is_admin_in_name_only(&account))
		return STATUS_BAD_NAME;
	status = sign_up(call, &terms, &account);
	if (status == STATUS_OK)
		json_add_string(call->data, "id", account.id);
	return status;
}

static const struct route routes[] = {
	{"POST", "/auth/admin", app_guard_local_alone, make_admin,
		"account-create", {{"password", FIELD_STRING, true}}},
	{"GET", "/auth/admin/exists", NULL, admin_exists, NULL, NO_BODY},
	{"PATCH", "/auth/enabled", app_guard_admin_token, set_enabled,
		"auth-enabled", {{"enabled", FIELD_BOOLEAN, true}}},
	{"POST", "/api/v2/admin-account", guard_first, databrain,
		"account-create",
		{{"firstName", FIELD_STRING, true},
			{"email", FIELD_STRING, true},
			{"password", FIELD_STRING, true},
			{"companyName", FIELD_STRING, true}}},
	{"POST", "/v1/auth/register", NULL, px0, "account-create",
		{{"email", FIELD_STRING, true},
			{"password", FIELD_STRING, true}}},
	{"POST", "/v1/api-user-create", NULL, edge_impulse, "account-create",
		{{"name", FIELD_STRING, true}, {"username", FIELD_STRING, true},
			{"email", FIELD_STRING, true},
			{"password", FIELD_STRING, true},
			{"privacyPolicy", FIELD_BOOLEAN, true}}},
	{0},
};

const struct program app_program = {
	.name = "account", .routes = routes, .hashes = true};
