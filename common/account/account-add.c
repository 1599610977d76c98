/* account-add.c - making an account */
#include "config.h"

#include "account/account-unproved.h"
#include "account/account.h"
#include "account/names.h"

#include "account/admins.h"
#include "account/cap.h"
#include "account/mail.h"
#include "base/uuid.h"

/* STATUS_FORBIDDEN if there is an account already. */
static enum status
check_first(struct store *store)
{
	char key[STORE_KEY_SIZE] = "";
	struct json_object *record;
	enum status status = store_next(store, STORE_ACCOUNT, key, &record);

	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK
	       : status == STATUS_OK      ? STATUS_FORBIDDEN
					  : status;
}

static enum status
check_no_admin(struct store *store)
{
	bool any;
	enum status status = admins_any(store, &any);

	return status == STATUS_OK && any ? STATUS_HAS_ADMIN : status;
}

/* A mail that a registration causes: where it is too many, the same work for
 * nobody's. */
static enum status
send(const struct site *site, enum mail_kind kind, const char *account,
	int64_t now)
{
	struct cap_mail mail = {.sort = mail_kind_name(kind),
		.account = account,
		.network = ""};
	bool allowed;
	enum status status = cap_count(site, &mail, now, &allowed);

	return status == STATUS_OK ? mail_queue(site->store, site->conf, kind,
					     allowed ? account : "", "", now)
				   : status;
}

/* The address is taken: the same as for one that is free, as far as anybody can
 * see, then or by a second registration. The username stays taken, by an
 * account that nobody can prove, and the owner of the address is told, though
 * not each time that somebody tries. */
static enum status
put_taken(const struct site *site, const struct account *account)
{
	struct account nobodys = *account;
	char owner[NAME_ID_SIZE];
	enum status status = names_find(site->store, account->email, owner);

	nobodys.email[0] = '\0';
	if (status == STATUS_OK && nobodys.username[0] != '\0')
		status = account_put(site->store, &nobodys);
	if (status == STATUS_OK)
		status = account_unproved_add(
			site, account->id, account->created);
	return status == STATUS_OK
		       ? send(site, MAIL_TAKEN, owner, account->created)
		       : status;
}

static enum status
put_new(const struct site *site, const struct account *account,
	enum account_condition condition)
{
	struct store *store = site->store;
	enum status status = STATUS_OK;

	if (condition == ACCOUNT_IF_NO_ADMIN)
		status = check_no_admin(store);
	if (status == STATUS_OK)
		status = admins_note(
			store, account->id, false, account_is_admin(account));
	if (status == STATUS_OK)
		status = account_put(store, account);
	if (status != STATUS_OK || !account->unproved)
		return status;
	status = account_unproved_add(site, account->id, account->created);
	/* The first of the mails that may be asked for. */
	return status == STATUS_OK
		       ? send(site, MAIL_VERIFY, account->id, account->created)
		       : status;
}

enum status
account_add(const struct site *site, struct account *account,
	const struct password *password, enum account_condition condition,
	bool hide_taken)
{
	struct store *store = site->store;
	enum status status = STATUS_OK;

	if (account_accept_names(account) != NULL)
		return STATUS_BAD_NAME;
	if (password != NULL)
		status = account_hash(site, password, account->hash);
	if (status != STATUS_OK)
		return status;
	uuid_ordered(account->id);
	account->enabled = true;
	account->epoch = 1;
	account->created = site_now();
	status = site_keys(site, account->created);
	if (status == STATUS_OK)
		status = names_settle(store, false);
	if (status == STATUS_OK)
		status = store_begin(store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	/* Before the names: who comes too late does not hear whose they are. */
	if (condition == ACCOUNT_IF_FIRST)
		status = check_first(store);
	/* The username first: one that is known to be taken would tell else
	 * whether an email is. */
	if (status == STATUS_OK)
		status = names_claim(store, account->username, account->id);
	if (status != STATUS_OK)
		return store_finish(store, status);
	status = names_claim(store, account->email, account->id);
	if (status == STATUS_NAME_TAKEN && hide_taken) {
		status = put_taken(site, account);
		account->epoch = 0;
	} else if (status == STATUS_OK) {
		status = put_new(site, account, condition);
	}
	return store_finish(store, status);
}
