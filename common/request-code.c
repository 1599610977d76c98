/* request-code.c - somebody asks for a code by mail */
#include "config.h"

#include "request-code.h"

#include "cap.h"

enum status
request_code(const struct site *site, enum code_purpose purpose,
	const char *address, const char *language, struct attempt *attempt)
{
	struct store *store = site->store;
	char name[NAME_SIZE], *id = attempt->account;
	bool known, allowed = false;
	enum status status, asked;

	id[0] = '\0';
	if (!name_key(address, name))
		return STATUS_OK;
	status = site_keys(site, attempt->now);
	if (status == STATUS_OK)
		status = store_begin(store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	status = name_find_near(store, name, id, &known);
	if (status == STATUS_NO_ACCOUNT)
		status = STATUS_OK;
	if (!known)
		id[0] = '\0';
	/* By network first: one that may not ask must not use up what the
	 * owner may. Then by the account, which has more than one name. */
	asked = status == STATUS_OK ? throttle_ask(site, attempt) : status;
	if (asked != STATUS_THROTTLED)
		status = asked;
	if (asked == STATUS_OK)
		status = cap_count(site,
			purpose == CODE_RESET ? "reset" : "verify",
			id[0] == '\0' ? name : id, attempt->now, &allowed);
	/* A mail for nobody, which the sender drops: it takes the same time
	 * to write. */
	if (status == STATUS_OK && allowed)
		status = mail_queue(store, site->conf,
			purpose == CODE_RESET ? MAIL_RESET : MAIL_VERIFY, id,
			language, attempt->now);
	/* For the audit; nobody else is told. */
	if (status == STATUS_OK && !allowed)
		attempt->wait = 1;
	return store_finish(store, status);
}
