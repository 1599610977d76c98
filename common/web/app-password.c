/* app-password.c - what handlers have in common: a new password of the body */
#include "config.h"

#include "web/app.h"

#include "account/guess.h"

#include <string.h>

enum status
app_new_password(
	struct call *call, const char *name, const struct account *account)
{
	struct password *password = &call->new_password;
	const char *text = app_string(call, name);
	struct policy policy =
		conf_policy_of(call->site->conf, dialect_policy(call->dialect));

	call->flaws = policy_read(&policy, text, strlen(text), password);
	if (call->flaws == 0)
		call->flaws = guess_flaws(call->site, account, password);
	return call->flaws == 0 ? STATUS_OK : STATUS_WEAK_PASSWORD;
}

enum status
app_new_password_of(struct call *call, const char *name, const char *whose)
{
	struct account account;
	enum status status = app_new_password(call, name, NULL);

	if (status == STATUS_OK)
		status = account_look_up_whom(call->site, whose, &account);
	/* Who sets it will find that out, and has a word for it. */
	if (status == STATUS_NO_ACCOUNT)
		return STATUS_OK;
	if (status == STATUS_OK &&
		guess_is_name(&account, &call->new_password)) {
		call->flaws = POLICY_NAME;
		status = STATUS_WEAK_PASSWORD;
	}
	return status;
}
