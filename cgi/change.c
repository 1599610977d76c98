/* change.c - a user's own new password, for the current one */
#include "config.h"

#include "account/account.h"
#include "base/json.h"
#include "web/app.h"

/* Without the name of a member for the current password the caller has come by
 * a ticket, which only latchkey's own API takes. The policy comes first: a
 * password that cannot be set costs no look at the current one. */
static enum status
change(struct call *call, const char *current_name, const char *new_name)
{
	struct session *caller = &call->caller;
	const struct password *current = NULL;
	enum status status =
		app_new_password_of(call, new_name, caller->account);

	if (current_name != NULL) {
		app_password(call, current_name);
		current = &call->password;
	}
	app_language(call);
	if (status != STATUS_OK)
		return status;
	status = account_change_password(call->site, caller->account,
		&caller->epoch, caller->sid, current, &call->new_password,
		&call->attempt);
	if (status == STATUS_WEAK_PASSWORD)
		call->flaws = POLICY_SAME;
	return status;
}

static enum status
databrain_guard(struct call *call)
{
	if (!call->site->conf->self_hosted)
		return STATUS_NOT_SELF_HOSTED;
	return app_guard_admin(call);
}

static enum status
databrain(struct call *call)
{
	enum status status = change(call, "currentPassword", "password");

	json_add_bool(call->data, "success", true);
	return status;
}

static enum status
edge_impulse(struct call *call)
{
	return change(call, "currentPassword", "newPassword");
}

/* The caller by the current password, or by a ticket in its place. */
static enum status
identify(struct call *call)
{
	const char *ticket = app_string(call, "ticket");

	if (ticket[0] != '\0')
		return session_check_ticket(call->site, TICKET_CHANGE, ticket,
			&call->attempt, &call->caller);
	call->missing = "current";
	return app_string(call, "current")[0] == '\0' ? STATUS_MISSING_FIELD
						      : app_guard_user(call);
}

/* latchkey's own API: the caller's session goes on, and all others end. */
static enum status
account(struct call *call)
{
	bool ticket = app_string(call, "ticket")[0] != '\0';
	enum status status = identify(call);

	if (status == STATUS_OK)
		status = change(call, ticket ? NULL : "current", "new");
	if (status == STATUS_OK)
		status = app_renew_session(call);
	return status == STATUS_OK ? STATUS_DONE : status;
}

/* What a new password must be like, as a page shows it before one is typed. No
 * classes of characters are demanded. */
static enum status
show_policy(struct call *call)
{
	const struct site *site = call->site;
	struct policy policy =
		conf_policy_of(site->conf, call->dialect->policy);
	size_t most = policy_max_bytes(&policy);

	json_add_int(call->data, "min", (int64_t)policy.min);
	json_add_int(call->data, "max",
		most < PASSWORD_POINTS ? (int64_t)most : PASSWORD_POINTS);
	json_add(call->data, "classes", json_new_array());
	json_add_bool(call->data, "common", site->common != NULL);
	return STATUS_OK;
}

/* A ticket's page is another one. */
static enum status
page_again(struct call *call)
{
	enum status status;

	if (app_string(call, "ticket")[0] != '\0') {
		call->page = "must-change";
		return STATUS_OK;
	}
	status = app_guard_user(call);
	return status == STATUS_OK ? app_page_of_caller(call) : status;
}

static enum status
guard_form(struct call *call)
{
	call->again = page_again;
	return STATUS_OK;
}

/* After a ticket's page comes the sign-in. */
static enum status
page_password(struct call *call)
{
	bool ticket = app_string(call, "ticket")[0] != '\0';
	enum status status;

	/* For the sign-in, which the page leads to. */
	json_add_string(call->body, "name", app_string(call, "username"));
	status = account(call);
	if (ticket && status == STATUS_BAD_TOKEN)
		return app_too_late(call);
	if (status == STATUS_DONE)
		return ticket ? app_show(call, "sign-in",
					"notice.password-reset")
			      : app_show(call, "password-changed", NULL);
	return status;
}

static const struct route routes[] = {
	{"POST", "/api/v2/service-token/reset-password", databrain_guard,
		databrain, "password-change",
		{{"currentPassword", FIELD_STRING, true},
			{"password", FIELD_STRING, true}}},
	{"POST", "/v1/api/user/change-password", app_guard_user, edge_impulse,
		"password-change",
		{{"currentPassword", FIELD_STRING, true},
			{"newPassword", FIELD_STRING, true}}},
	{"PUT", "/account/api/password", NULL, account, "password-change",
		{{"current", FIELD_STRING, false},
			{"ticket", FIELD_STRING, false},
			{"new", FIELD_STRING, true}}},
	{"GET", "/account/api/policy", NULL, show_policy, NULL, NO_BODY},
	{"GET", "/account/password", app_guard_user, app_page_of_caller, NULL,
		NO_BODY},
	{"POST", "/account/password", guard_form, page_password,
		"password-change",
		{{"current", FIELD_STRING, false},
			{"ticket", FIELD_STRING, false},
			{"username", FIELD_STRING, false},
			{"next", FIELD_STRING, false},
			{"new", FIELD_STRING, true}}},
	{0},
};

const struct program app_program = {
	.name = "change", .routes = routes, .hashes = true};
