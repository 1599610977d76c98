/* code-request.c - a client asks for a code by mail */
#include "config.h"

#include "account/code-request.h"
#include "account/names.h"

#include "account/mail-limit.h"

/* Whether this is not one too many for its network and its account. The network
 * comes first, since one that may not ask must not use up what the owner may. A
 * network in which the account is known does not depend on other networks'
 * requests. */
static enum status
count(const struct site *site, const char *sort, const char *name,
	struct attempt *attempt, bool *allowed)
{
	struct mail_limit mail = {.sort = sort,
		.account = attempt->account,
		.name = name,
		.network = attempt->network};
	enum status asked,
		status = throttle_known(site, name, attempt, &mail.known);

	*allowed = false;
	if (status != STATUS_OK)
		return status;
	asked = throttle_ask(site, attempt);
	if (asked == STATUS_THROTTLED && !mail.known)
		return STATUS_OK;
	if (asked != STATUS_OK && asked != STATUS_THROTTLED)
		return asked;
	return mail_limit_count(site, &mail, attempt->now, allowed);
}

enum status
code_request(const struct site *site, enum code_purpose purpose,
	const char *address, const char *language, struct attempt *attempt)
{
	bool reset = purpose == CODE_RESET, known, allowed = false;
	struct store *store = site->store;
	char name[NAME_SIZE], *id = attempt->account;
	enum status status;

	id[0] = '\0';
	if (!name_counted(address, name))
		return STATUS_OK;
	status = site_begin(site, STORE_WRITE, attempt->now);
	if (status != STATUS_OK)
		return status;
	status = names_find_near(store, address, id, &known);
	if (status == STATUS_NO_ACCOUNT)
		status = STATUS_OK;
	if (!known)
		id[0] = '\0';
	if (status == STATUS_OK)
		status = count(site, reset ? "reset" : "verify", name, attempt,
			&allowed);
	/* A mail for nobody takes the same time to write, and so does one too
	 * many: otherwise the sixth would tell whether there is an account. */
	if (status == STATUS_OK && (allowed || attempt->wait == 0))
		status = mail_queue(store, site->conf,
			reset ? MAIL_RESET : MAIL_VERIFY, allowed ? id : "",
			language, attempt->now);
	/* For the audit; the client is not told. */
	attempt->wait = allowed ? 0 : 1;
	return store_finish(store, status);
}
