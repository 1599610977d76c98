/* code-reset.c - a new password, for a code */
#include "config.h"

#include "account/account.h"
#include "account/code.h"
#include "base/json.h"
#include "web/app.h"

/* Fields, then policy, then code: a bad new password costs the code nothing.
 * That it is a name of its account shows last, since the code tells the
 * account. */
static enum status
reset(struct call *call, const char *email, const char *new_name,
	struct account *account)
{
	enum status status = app_new_password(call, new_name, NULL);

	app_language(call);
	if (status == STATUS_OK) {
		status = code_reset(call->site, email, app_string(call, "code"),
			&call->new_password, &call->attempt, account);
		if (status == STATUS_WEAK_PASSWORD)
			app_weak_for(call, account);
	}
	return status;
}

/* The code alone names the account. */
static enum status
px0(struct call *call)
{
	struct account account;
	enum status status = reset(call, NULL, "new_password", &account);

	if (status != STATUS_OK)
		return status;
	json_add_string(call->data, "message", "password reset successfully");
	json_add_string(call->data, "email", account_address(&account));
	return STATUS_OK;
}

/* latchkey's own API. The code alone names the account, unless it is of
 * digits. */
static enum status
account(struct call *call)
{
	const char *email = json_string(call->body, "email");
	struct account account;
	enum status status = reset(call, email, "new", &account);

	if (status == STATUS_OK)
		json_add_string(call->data, "email", account_address(&account));
	return status;
}

static enum status
edge_impulse(struct call *call)
{
	struct account account;

	return reset(call, app_string(call, "email"), "newPassword", &account);
}

static enum status
edge_impulse_verify(struct call *call)
{
	return code_check(call->site, CODE_RESET, app_string(call, "email"),
		app_string(call, "code"), &call->attempt);
}

/* latchkey's own API: the first password of an account that an administrator
 * has made. */
static enum status
invited(struct call *call)
{
	struct account account = {.full_name = ""};
	struct account_profile profile;
	enum status status = app_profile(call, &profile);

	if (status != STATUS_OK)
		return status;
	account_take_profile(&account, &profile);
	status = app_new_password(call, "password", &account);
	if (status == STATUS_OK)
		status = code_accept(call->site, app_string(call, "code"),
			&call->new_password, app_string(call, "name"),
			&call->attempt, &account);
	if (status == STATUS_WEAK_PASSWORD && call->flaws == 0)
		app_weak_for(call, &account);
	if (status == STATUS_OK)
		app_add_account(call, &account);
	return status == STATUS_WEAK_PASSWORD ? STATUS_WEAK_AT_SIGN_UP : status;
}

/* --- pages ------------------------------------------------------------- */

/* The code has come by the account's mail, so its owner may see the username.
 * The form has the address from the link, also in a browser where a password
 * manager keeps the password under the username. */
static enum status
page_reset(struct call *call)
{
	struct account account;
	enum status status;

	/* A form sends a field that is empty, too. */
	if (app_string(call, "email")[0] == '\0')
		json_object_object_del(call->body, "email");
	status = reset(call, json_string(call->body, "email"), "new", &account);
	if (status != STATUS_OK)
		return status;
	app_add_known(call, &account);
	return app_sign_in_next(call, "known", "notice.password-reset");
}

/* The form's username is for a password manager, and comes with the mailed
 * link. The code alone names the account. */
static enum status
page_invitation(struct call *call)
{
	enum status status = invited(call);

	return status == STATUS_OK
		       ? app_sign_in_next(call, "username", "notice.invited")
		       : status;
}

static const struct route routes[] = {
	{"POST", "/v1/auth/password-reset/reset", NULL, px0, "code-reset",
		{{"code", FIELD_STRING, true},
			{"new_password", FIELD_STRING, true}}},
	{"POST", "/account/api/password/reset", NULL, account, "code-reset",
		{{"code", FIELD_STRING, true}, {"email", FIELD_STRING, false},
			{"new", FIELD_STRING, true}}},
	{"POST", "/v1/api-user-reset-password", NULL, edge_impulse,
		"code-reset",
		{{"email", FIELD_STRING, true}, {"code", FIELD_STRING, true},
			{"newPassword", FIELD_STRING, true}}},
	{"POST", "/account/api/invitation", NULL, invited, "invitation-accept",
		{{"code", FIELD_STRING, true}, {"password", FIELD_STRING, true},
			{"name", FIELD_STRING, false}}},
	{"POST", "/v1/api-user-verify-reset-password-code", NULL,
		edge_impulse_verify, "code-check",
		{{"email", FIELD_STRING, true}, {"code", FIELD_STRING, true}}},
	{"GET", "/account/reset-password", NULL, app_page_form, NULL, NO_BODY},
	{"POST", "/account/reset-password", NULL, page_reset, "code-reset",
		{{"code", FIELD_STRING, true}, {"email", FIELD_STRING, false},
			{"new", FIELD_STRING, true}}},
	{"GET", "/account/invitation", NULL, app_page_form, NULL, NO_BODY},
	{"POST", "/account/invitation", NULL, page_invitation,
		"invitation-accept",
		{{"code", FIELD_STRING, true}, {"password", FIELD_STRING, true},
			{"name", FIELD_STRING, false},
			{"username", FIELD_STRING, false}}},
	{0},
};

const struct program app_program = {
	.name = "code-reset", .routes = routes, .hashes = true};
