/* account.c - new accounts, and the switch that guards the API */
#include "config.h"

#include "account/account.h"
#include "account/token.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/tick.h"
#include "site/auth-enabled.h"
#include "web/app.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

/* The terms under which a caller may make an account. */
struct terms {
	enum account_condition condition;
	enum account_hiding hiding;
	bool admin; /* the new account is an administrator */
	bool proved;
};

/* The first account is made on the machine itself and without a token.
 * Otherwise the first stranger on the internet would be the administrator. */
static enum status
terms_without_token(struct call *call, struct terms *terms)
{
	const struct conf *conf = call->site->conf;

	switch ((enum conf_registration)conf->registration) {
	case REGISTRATION_OPEN:
		terms->hiding = conf->reveal_accounts ? ACCOUNT_HIDES_NONE
						      : ACCOUNT_HIDES_EMAIL;
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

/* Whether a caller who is no administrator is as good as nobody. A browser
 * sends its cookies along, whatever they are: with `browsers` its user is a
 * stranger, and no other token's is. */
static bool
is_nobody(const struct call *call, enum status status, bool browsers)
{
	return status == STATUS_NO_TOKEN ||
	       (browsers && call->token == TOKEN_FROM_COOKIE &&
		       !status_failed(status));
}

static enum status
find_terms(struct call *call, bool browsers, struct terms *terms)
{
	enum status status = app_guard_admin(call);

	memset(terms, 0, sizeof *terms);
	terms->proved = status == STATUS_OK;
	return !terms->proved && is_nobody(call, status, browsers)
		       ? terms_without_token(call, terms)
		       : status;
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
		app_about(call, account);
	else
		call->event = "account-exists";
}

/* Makes an ordinary account, or the first one, on those terms. */
static enum status
sign_up(struct call *call, const struct terms *terms, struct account *account)
{
	enum status status;

	set_text(account->email, sizeof account->email,
		app_string(call, "email"));
	status = app_new_password(call, "password", account);
	if (account->language[0] == '\0')
		strcpy(account->language, app_language(call));
	account->verified = terms->proved;
	account->unproved = !terms->proved;
	if (name_needs_smtputf8(account->email))
		status = app_bad_field(call,
			"email must be ASCII before its @: mails to other "
			"addresses cannot be sent");
	/* Only the operator's command and actian's endpoint make the account
	 * admin, also where it would be the first. */
	else if (!name_is_email(account->email) ||
		 account_is_admin_in_name_only(account))
		status = STATUS_BAD_NAME;
	else if (status == STATUS_WEAK_PASSWORD)
		status = STATUS_WEAK_AT_SIGN_UP;
	account->admin = terms->admin;
	if (status == STATUS_OK)
		status = account_add(call->site, account, &call->new_password,
			terms->condition, terms->hiding);
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
			by_admin ? ACCOUNT_ALWAYS : ACCOUNT_IF_NO_ADMIN,
			ACCOUNT_HIDES_NONE);
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
	static const struct terms terms = {
		ACCOUNT_IF_FIRST, ACCOUNT_HIDES_NONE, true, true};
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
	enum status status = find_terms(call, false, &terms);

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
	struct account_profile profile;
	struct terms terms;
	enum status status = find_terms(call, false, &terms);

	if (status != STATUS_OK)
		return status;
	if (!json_true(call->body, "privacyPolicy"))
		return app_bad_field(
			call, "The privacy policy must be accepted");
	set_text(account.username, sizeof account.username,
		app_string(call, "username"));
	status = app_profile(call, &profile);
	if (status != STATUS_OK)
		return status;
	account_take_profile(&account, &profile);
	status = sign_up(call, &terms, &account);
	if (status == STATUS_OK)
		json_add_string(call->data, "id", account.id);
	return status;
}

/* --- latchkey's own API ------------------------------------------------ */

static enum status
own_register(struct call *call)
{
	struct account account = {.admin = false};
	struct account_profile profile;
	struct terms terms;
	enum status status = find_terms(call, true, &terms);

	/* What is taken is told to nobody before the address is proved. */
	if (!terms.proved)
		terms.hiding = ACCOUNT_HIDES_ALL;
	if (status == STATUS_OK)
		status = app_profile(call, &profile);
	if (status != STATUS_OK)
		return status;
	set_text(account.username, sizeof account.username,
		app_string(call, "username"));
	account_take_profile(&account, &profile);
	status = sign_up(call, &terms, &account);
	if (status != STATUS_OK)
		return status;
	if (!call->dialect->is_page)
		app_add_header(call, "Location", "/account/api/session");
	return STATUS_CREATED;
}

static enum status
own_change(struct call *call)
{
	struct account_profile profile;
	struct account account;
	enum status status = app_profile(call, &profile);

	if (status == STATUS_OK)
		status = account_set_profile(
			call->site, call->caller.account, &profile, &account);
	if (status == STATUS_OK)
		app_add_account(call, &account);
	return status == STATUS_NO_ACCOUNT ? STATUS_BAD_TOKEN : status;
}

static enum status
guard_close(struct call *call)
{
	enum status status = app_guard_fresh(call);

	return status == STATUS_OK && !call->site->conf->self_delete
		       ? STATUS_FORBIDDEN
		       : status;
}

static enum status
own_close(struct call *call)
{
	struct account account;
	enum status status = token_delete_account(
		call->site, call->caller.account, &account);

	if (status != STATUS_OK)
		return status == STATUS_NO_ACCOUNT ? STATUS_BAD_TOKEN : status;
	app_clear_cookies(call, COOKIES);
	return STATUS_DONE;
}

/* --- pages ------------------------------------------------------------- */

/* The program that shows the account is another one: a refusal has a page of
 * its own. */
static enum status
page_profile_again(struct call *call)
{
	call->page = "error";
	return STATUS_OK;
}

static enum status
guard_profile(struct call *call)
{
	call->again = page_profile_again;
	return app_guard_user(call);
}

static enum status
page_profile(struct call *call)
{
	return app_then_go(call, own_change(call), "/account/");
}

static enum status
page_register(struct call *call)
{
	enum status status = app_guard_user(call);

	return status_failed(status) ? status
	       : call->site->conf->registration == REGISTRATION_OPEN ||
			       call->caller.admin
		       ? STATUS_OK
		       : STATUS_FORBIDDEN;
}

static enum status
page_register_posted(struct call *call)
{
	enum status status = own_register(call);

	if (status == STATUS_BAD_NAME &&
		name_is_email(app_string(call, "email")))
		call->field = "username";
	return app_then_show(call, status, "register-sent");
}

static enum status
page_close(struct call *call)
{
	enum status status = own_close(call);

	call->left = true;
	return app_then_show(call, status, "closed");
}

/* What runs here; and while there is no account, how the first one is made. */
static enum status
page_start(struct call *call)
{
	const struct conf *conf = call->site->conf;
	enum status status = account_none(call->site);
	bool first = status == STATUS_OK &&
		     conf->registration != REGISTRATION_CLOSED;

	if (status_failed(status))
		return status;
	app_guard_user(call);
	json_add_bool(call->data, "first", first);
	json_add_bool(call->data, "local",
		first && app_guard_local_alone(call) == STATUS_OK);
	return STATUS_OK;
}

static enum status
guard_start(struct call *call)
{
	call->again = page_start;
	return app_guard_local_alone(call);
}

/* The first administrator, from the machine itself. */
static enum status
page_start_posted(struct call *call)
{
	struct account account = {.admin = true};
	enum status status = STATUS_FORBIDDEN;

	if (call->site->conf->registration == REGISTRATION_CLOSED)
		return status;
	set_text(account.username, sizeof account.username,
		app_string(call, "username"));
	set_text(
		account.email, sizeof account.email, app_string(call, "email"));
	account.verified = account.email[0] != '\0';
	/* Its codes could not be sent, as in sign_up(). */
	if (name_needs_smtputf8(account.email))
		return STATUS_BAD_NAME;
	status = app_new_password(call, "password", &account);
	if (status == STATUS_WEAK_PASSWORD)
		return STATUS_WEAK_AT_SIGN_UP;
	if (status == STATUS_OK)
		status = account_add(call->site, &account, &call->new_password,
			ACCOUNT_IF_FIRST, ACCOUNT_HIDES_NONE);
	note_account(call, status, &account);
	if (status == STATUS_BAD_NAME && account.username[0] != '\0' &&
		(account.email[0] == '\0' || name_is_email(account.email)))
		call->field = "username";
	json_add_string(call->body, "name", account.username);
	return status == STATUS_OK
		       ? app_show(call, "sign-in", "notice.first-account")
		       : status;
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
	{"POST", "/account/api/account", NULL, own_register, "account-create",
		{{"email", FIELD_STRING, true},
			{"username", FIELD_STRING, false},
			{"name", FIELD_STRING, false},
			{"password", FIELD_STRING, true},
			{"language", FIELD_STRING, false}}},
	{"PATCH", "/account/api/account", app_guard_user, own_change,
		"account-change",
		{{"name", FIELD_STRING, false},
			{"language", FIELD_STRING, false}}},
	{"DELETE", "/account/api/account", guard_close, own_close,
		"account-delete", NO_BODY},
	{"POST", "/account/profile", guard_profile, page_profile,
		"account-change",
		{{"name", FIELD_STRING, false},
			{"language", FIELD_STRING, false}}},
	{"GET", "/account/register", NULL, page_register, NULL, NO_BODY},
	{"POST", "/account/register", NULL, page_register_posted,
		"account-create",
		{{"email", FIELD_STRING, true},
			{"username", FIELD_STRING, false},
			{"name", FIELD_STRING, false},
			{"password", FIELD_STRING, true}}},
	{"GET", "/account/close", guard_close, app_page_of_caller, NULL,
		NO_BODY},
	{"POST", "/account/close", guard_close, page_close, "account-delete",
		NO_BODY},
	{"GET", "/account/start", NULL, page_start, NULL, NO_BODY},
	{"POST", "/account/start", guard_start, page_start_posted,
		"account-create",
		{{"username", FIELD_STRING, true},
			{"email", FIELD_STRING, false},
			{"password", FIELD_STRING, true}}},
	{0},
};

const struct program app_program = {
	.name = "account", .routes = routes, .hashes = true};
