/* address.c - another address for an account, by its own user */
#include "config.h"

#include "account/address.h"

#include "account/mail-limit.h"
#include "account/names.h"

#include <string.h>

/* An account, and the address that it is to go by. */
struct move {
	const struct site *site;
	struct attempt *attempt;
	struct account account;
	struct account moved;      /* the same at the new address */
	char holder[NAME_ID_SIZE]; /* the account with that address, or "" */
};

/* Inside a unit of work, as what follows: whether this is not one too many for
 * the account and its network. */
static enum status
count(const struct move *move, bool *allowed)
{
	struct mail_limit mail = {.sort = "address",
		.account = move->account.id,
		.network = move->attempt->network};
	enum status asked = throttle_ask(move->site, move->attempt);

	*allowed = false;
	if (asked != STATUS_OK)
		return asked == STATUS_THROTTLED ? STATUS_OK : asked;
	return mail_limit_count(move->site, &mail, move->attempt->now, allowed);
}

static enum status
find_holder(struct move *move)
{
	enum status status = names_find_holder(
		move->site->store, move->moved.email, move->holder);

	if (status != STATUS_NO_ACCOUNT)
		return status;
	move->holder[0] = '\0';
	return STATUS_OK;
}

/* The code to the new address; or the notice to its owner, though not for each
 * such request. */
static enum status
tell_new(const struct move *move, bool allowed)
{
	bool taken = move->holder[0] != '\0' &&
		     strcmp(move->holder, move->account.id) != 0;
	struct mail_limit notice = {.sort = mail_kind_name(MAIL_TAKEN),
		.account = taken ? move->holder : "",
		.name = move->moved.email,
		.network = ""};
	struct mail mail = {.kind = taken ? MAIL_TAKEN : MAIL_ADDRESS,
		.epoch = taken ? 0 : move->account.epoch};
	bool seldom;
	enum status status = mail_limit_count(
		move->site, &notice, move->attempt->now, &seldom);

	if (allowed && !(taken && !seldom))
		strcpy(mail.account, taken ? move->holder : move->account.id);
	strcpy(mail.address, taken ? "" : move->moved.email);
	strcpy(mail.language, move->attempt->language);
	return status == STATUS_OK
		       ? mail_queue_as(move->site->store, move->site->conf,
				 &mail, move->attempt->now)
		       : status;
}

static enum status
tell_old(const struct move *move, bool allowed)
{
	return allowed ? account_tell(move->site, &move->account,
				 MAIL_ADDRESS_NOTICE, move->attempt->language)
		       : STATUS_OK;
}

enum status
address_ask(const struct site *site, const char *id, int64_t epoch,
	const char *address, struct attempt *attempt)
{
	struct store *store = site->store;
	struct move move = {.site = site, .attempt = attempt};
	bool allowed = false;
	enum status status = names_settle(store, false);

	if (status == STATUS_OK)
		status = site_begin(site, STORE_WRITE, attempt->now);
	if (status == STATUS_OK)
		status = account_get_at(store, id, epoch, &move.account);
	move.moved = move.account;
	snprintf(move.moved.email, sizeof move.moved.email, "%s",
		strlen(address) < NAME_SIZE ? address : " ");
	if (status == STATUS_OK && account_accept_email(&move.moved) != NULL)
		status = STATUS_BAD_NAME;
	if (status == STATUS_OK)
		status = find_holder(&move);
	if (status == STATUS_OK)
		status = count(&move, &allowed);
	if (status == STATUS_OK)
		status = tell_new(&move, allowed);
	if (status == STATUS_OK)
		status = tell_old(&move, allowed);
	/* For the audit; the client is not told. */
	attempt->wait = allowed ? 0 : 1;
	return store_finish(store, status);
}
