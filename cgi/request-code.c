/* request-code.c - a code by mail: for a new password, or to prove an
 * address */
#include "config.h"

#include "account/address.h"
#include "account/code-request.h"
#include "base/json.h"
#include "web/app.h"

#include <string.h>

/* What may be told of the address when accounts are revealed; otherwise
 * STATUS_OK for every address. */
static enum status
reveal(struct call *call, const char *address, enum code_purpose purpose)
{
	struct account account;
	enum status status;

	if (!call->site->conf->reveal_accounts)
		return STATUS_OK;
	status = account_look_up(call->site, address, &account);
	if (status == STATUS_OK && purpose == CODE_VERIFY && account.verified)
		return STATUS_VERIFIED;
	return status;
}

static enum status
ask(struct call *call, const char *address, enum code_purpose purpose)
{
	enum status status = reveal(call, address, purpose);

	if (status != STATUS_OK)
		return status;
	return code_request(call->site, purpose, address, app_language(call),
		&call->attempt);
}

static enum status
say(struct call *call, enum status status, const char *message)
{
	if (status == STATUS_OK)
		json_add_string(call->data, "message", message);
	return status;
}

static enum status
px0_reset(struct call *call)
{
	return say(call, ask(call, app_string(call, "email"), CODE_RESET),
		"password reset email sent successfully");
}

static enum status
edge_impulse_reset(struct call *call)
{
	return ask(call, app_string(call, "email"), CODE_RESET);
}

/* A GET that acts, as px0 has it. It is capped like the others. */
static enum status
px0_ask_verify(struct call *call)
{
	char address[NAME_SIZE];

	if (request_query(call->request, "email", address, sizeof address) !=
		QUERY_GOOD)
		return app_bad_field(call, "email is required");
	return say(call, ask(call, address, CODE_VERIFY),
		"verification email sent successfully");
}

/* Proves the address by the code, with the passwords that came along. */
static enum status
verify(struct call *call, const char *address, bool replaces,
	struct account *account)
{
	const char *password = json_string(call->body, "password");
	struct code_proof proof = {.password = NULL};

	app_password(call, "password");
	if (password != NULL)
		proof.password = &call->password;
	if (replaces)
		proof.replacement = &call->new_password;
	return code_verify(call->site, address, app_string(call, "code"),
		&proof, &call->attempt, account);
}

static enum status
px0_verify(struct call *call)
{
	const char *address = app_string(call, "email");
	enum status status = reveal(call, address, CODE_VERIFY);
	struct account account;

	if (status == STATUS_VERIFIED)
		return say(call, STATUS_OK, "user is already verified");
	if (status == STATUS_NO_ACCOUNT)
		return STATUS_BAD_CREDENTIALS;
	if (status != STATUS_OK)
		return status;
	return say(call, verify(call, address, false, &account),
		"email verified successfully");
}

/* --- latchkey's own API ------------------------------------------------ */

/* Reveals nothing, whatever reveal_accounts is. */
static enum status
account_ask(struct call *call, enum code_purpose purpose)
{
	enum status status = code_request(call->site, purpose,
		app_string(call, "email"), app_language(call), &call->attempt);

	return status == STATUS_OK ? STATUS_ACCEPTED : status;
}

static enum status
account_reset(struct call *call)
{
	return account_ask(call, CODE_RESET);
}

static enum status
account_ask_verify(struct call *call)
{
	return account_ask(call, CODE_VERIFY);
}

/* Another address for the caller. */
static enum status
account_move(struct call *call)
{
	const struct session *caller = &call->caller;
	const char *address = app_string(call, "email");
	enum status status;

	if (name_needs_smtputf8(address))
		return app_bad_field(call,
			"email must be ASCII before its @: mails to other "
			"addresses cannot be sent");
	app_language(call);
	status = address_ask(call->site, caller->account, caller->epoch,
		address, &call->attempt);
	return status == STATUS_OK ? STATUS_ACCEPTED : status;
}

/* For a caller who is signed in and sends no password: whether the address is
 * another than the account's own. */
static enum status
is_moving(struct call *call, bool *moving)
{
	char own[NAME_SIZE] = "", other[NAME_SIZE] = "";
	struct account account;
	enum status status = app_guard_user(call);

	*moving = false;
	if (status == STATUS_OK)
		status = account_look_up_whom(
			call->site, call->caller.account, &account);
	if (status != STATUS_OK)
		return status;
	name_key(account.email, own);
	name_key(app_string(call, "email"), other);
	*moving = strcmp(own, other) != 0;
	return STATUS_OK;
}

/* The password of the registration, or a new one: without either the owner of
 * the address could not sign in. The answer shows whether the account has got
 * the username that it was registered with. */
static enum status
prove(struct call *call, struct account *account)
{
	bool replaces = app_string(call, "new")[0] != '\0';
	enum status status = STATUS_OK;

	if (replaces)
		status = app_new_password(call, "new", NULL);
	if (status == STATUS_OK)
		status = verify(
			call, app_string(call, "email"), replaces, account);
	if (status == STATUS_WEAK_PASSWORD && call->flaws == 0)
		app_weak_for(call, account);
	return status;
}

/* A code without a password is for a caller who is signed in: for the account's
 * own address, or for another that it is to go by. */
static enum status
account_verify(struct call *call)
{
	bool alone = app_string(call, "password")[0] == '\0' &&
		     app_string(call, "new")[0] == '\0';
	struct account account;
	bool moving = false;
	enum status status = alone ? is_moving(call, &moving) : STATUS_OK;

	if (status_failed(status))
		return status;
	if (status != STATUS_OK && call->site->conf->proof == PROOF_PASSWORD)
		return app_bad_field(call, "password or new is required");
	status = moving ? code_move(call->site, call->caller.name,
				  app_string(call, "code"),
				  app_string(call, "email"), &call->attempt,
				  &account)
			: prove(call, &account);
	if (status == STATUS_OK)
		app_add_account(call, &account);
	return status;
}

/* --- pages ------------------------------------------------------------- */

/* For a caller who is signed in, with the account's own address. */
static enum status
page_verify_form(struct call *call)
{
	return app_guard_user(call) == STATUS_OK ? app_page_of_caller(call)
						 : STATUS_OK;
}

static enum status
guard_verify(struct call *call)
{
	call->again = page_verify_form;
	return STATUS_OK;
}

static enum status
page_forgot(struct call *call)
{
	return app_then_show(call, account_reset(call), "forgot-sent");
}

static enum status
page_ask_verify(struct call *call)
{
	enum status status = account_ask_verify(call);

	return status == STATUS_ACCEPTED
		       ? app_show(call, "verify-email", "notice.verify-sent")
		       : status;
}

static enum status
page_verify(struct call *call)
{
	bool alone = app_string(call, "new")[0] == '\0';
	enum status status = account_verify(call);

	if (status == STATUS_OK)
		return alone && call->caller.account[0] != '\0'
			       ? app_go_to(call, "/account/")
			       : app_sign_in_next(call, "email",
					 "notice.verified-sign-in");
	if (status == STATUS_BAD_FIELD && alone) {
		call->missing = "new";
		return STATUS_MISSING_FIELD;
	}
	return status;
}

/* The page asks for another address where a secret was given lately; a code
 * that came by mail can be used in any case. */
static enum status
page_email(struct call *call)
{
	const struct session *caller = &call->caller;
	int64_t life = (int64_t)call->site->conf->fresh_life;

	json_add_bool(call->data, "stale",
		caller->confirmed + life <= call->attempt.now);
	return app_page_of_caller(call);
}

static enum status
guard_email(struct call *call)
{
	call->again = page_email;
	return app_guard_fresh(call);
}

static enum status
page_move(struct call *call)
{
	return app_then_show(call, account_move(call), "email-sent");
}

static enum status
page_sent_again(struct call *call)
{
	call->page = "email-sent";
	return STATUS_OK;
}

static enum status
guard_sent(struct call *call)
{
	call->again = page_sent_again;
	return app_guard_user(call);
}

static enum status
page_moved(struct call *call)
{
	return app_then_go(call, account_verify(call), "/account/");
}

static const struct route routes[] = {
	{"POST", "/v1/auth/password-reset/trigger", NULL, px0_reset,
		"code-request", {{"email", FIELD_STRING, true}}},
	{"POST", "/v1/api-user-request-reset-password", NULL,
		edge_impulse_reset, "code-request",
		{{"email", FIELD_STRING, true}}},
	{"GET", "/v1/auth/verify-email", NULL, px0_ask_verify, "code-request",
		NO_BODY},
	{"POST", "/v1/auth/verify-email", NULL, px0_verify, "email-verify",
		{{"email", FIELD_STRING, true}, {"code", FIELD_STRING, true},
			{"password", FIELD_STRING, false}}},
	{"POST", "/account/api/password/request", NULL, account_reset,
		"code-request", {{"email", FIELD_STRING, true}}},
	{"POST", "/account/api/email/request", NULL, account_ask_verify,
		"code-request", {{"email", FIELD_STRING, true}}},
	{"POST", "/account/api/email/verify", NULL, account_verify,
		"email-verify",
		{{"email", FIELD_STRING, true}, {"code", FIELD_STRING, true},
			{"password", FIELD_STRING, false},
			{"new", FIELD_STRING, false}}},
	{"PUT", "/account/api/email", app_guard_fresh, account_move,
		"email-change", {{"email", FIELD_STRING, true}}},
	{"GET", "/account/forgot", NULL, app_page_form, NULL, NO_BODY},
	{"POST", "/account/forgot", NULL, page_forgot, "code-request",
		{{"email", FIELD_STRING, true}}},
	{"GET", "/account/verify-email", NULL, page_verify_form, NULL, NO_BODY},
	{"POST", "/account/verify-email", guard_verify, page_verify,
		"email-verify",
		{{"email", FIELD_STRING, true}, {"code", FIELD_STRING, true},
			{"new", FIELD_STRING, false}}},
	{"POST", "/account/verify-email/request", guard_verify, page_ask_verify,
		"code-request", {{"email", FIELD_STRING, true}}},
	{"GET", "/account/email", app_guard_user, page_email, NULL, NO_BODY},
	{"POST", "/account/email", guard_email, page_move, "email-change",
		{{"email", FIELD_STRING, true}}},
	{"POST", "/account/email/verify", guard_sent, page_moved,
		"email-verify",
		{{"email", FIELD_STRING, true}, {"code", FIELD_STRING, true}}},
	{0},
};

const struct program app_program = {
	.name = "request-code", .routes = routes, .hashes = true};
