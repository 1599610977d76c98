/* invitation.c - an account whose owner an administrator invites */
#include "config.h"

#include "account/invitation.h"

static bool
is_mailed(const struct site *site, const struct account *account)
{
	return conf_mails(site->conf) && account->email[0] != '\0' &&
	       (account->verified || account->hash[0] == '\0');
}

static enum code_purpose
purpose_of(const struct account *account)
{
	return account->hash[0] == '\0' ? CODE_INVITE : CODE_RESET;
}

/* Says when the code will be over, and makes one that is to be handed over. */
static enum status
hand_over(const struct site *site, const struct account *account, int64_t now,
	struct invitation *invitation)
{
	enum code_purpose purpose = purpose_of(account);

	invitation->code[0] = '\0';
	invitation->expires = now + code_life(site->conf, purpose);
	if (is_mailed(site, account))
		return STATUS_OK;
	code_draw_for(site, purpose, account->id, invitation->code);
	return code_new(
		site, purpose, account->id, now, invitation->code, NULL);
}

enum status
invitation_new(const struct site *site, struct account *account, int64_t now,
	struct invitation *invitation)
{
	enum status status;

	account->hash[0] = '\0';
	/* Which queues the mail. */
	status = account_add(
		site, account, NULL, ACCOUNT_ALWAYS, ACCOUNT_HIDES_NONE);
	return status == STATUS_OK ? hand_over(site, account, now, invitation)
				   : status;
}

enum status
invitation_again(const struct site *site, const char *id, int64_t now,
	struct account *account, struct invitation *invitation)
{
	struct store *store = site->store;
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		status = account_get(store, id, account);
	if (status == STATUS_OK && !account->enabled)
		status = STATUS_DISABLED;
	if (status == STATUS_OK && is_mailed(site, account))
		status = account_tell(site, account,
			purpose_of(account) == CODE_INVITE ? MAIL_INVITATION
							   : MAIL_RESET,
			"");
	status = store_finish(store, status);
	return status == STATUS_OK ? hand_over(site, account, now, invitation)
				   : status;
}
