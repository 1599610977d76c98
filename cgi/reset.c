/* reset.c - the administrator's new password, set on the machine itself */
#include "config.h"

#include "account/account.h"
#include "base/json.h"
#include "web/app.h"

#include <string.h>

/* Guard: from this machine, and through no proxy. No token is needed, since the
 * reset is for a forgotten password; a token that is sent must be good. */
static enum status
guard(struct call *call)
{
	unsigned mode = call->site->conf->admin_reset;
	enum status status = app_guard_local(call);

	if (mode == ADMIN_RESET_OFF)
		return STATUS_FORBIDDEN;
	if (status != STATUS_OK)
		return status;
	status = app_guard_admin_token(call);
	if (status == STATUS_NO_TOKEN && mode == ADMIN_RESET_LOCAL)
		return app_guard_local_alone(call);
	return status;
}

struct change {
	const char *hash;
	struct call *call;
};

/* The account `admin` with the role admin, and no other. */
static enum status
set_hash(struct account *account, const void *context)
{
	const struct change *change = context;

	if (!account->admin || !account->enabled)
		return STATUS_NO_ACCOUNT;
	app_about(change->call, account);
	return account_set_hash(account, change->hash);
}

static enum status
reset(struct call *call)
{
	char hash[PASSWORD_HASH_SIZE];
	const struct change change = {hash, call};
	enum status status =
		app_new_password_of(call, "password", ACCOUNT_ADMIN_NAME);

	if (status == STATUS_OK)
		status = account_hash(call->site, &call->new_password, hash);
	if (status == STATUS_OK)
		status = account_update(
			call->site, ACCOUNT_ADMIN_NAME, set_hash, &change);
	if (status != STATUS_OK)
		return status;
	json_add_string(call->data, "status", "success");
	json_add_string(call->data, "message", "Password reset successfully");
	return STATUS_OK;
}

static const struct route routes[] = {
	{"POST", "/auth/admin/reset-password", guard, reset, "password-reset",
		{{"password", FIELD_STRING, true}}},
	{0},
};

const struct program app_program = {
	.name = "reset", .routes = routes, .hashes = true};
