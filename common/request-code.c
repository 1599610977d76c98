/* request-code.c - somebody asks for a code by mail */
#include "config.h"

#include "request-code.h"

#include "cap.h"

enum status
request_code(const struct site *site, enum code_purpose purpose,
	const char *address, const char *language, int64_t now)
{
	struct store *store = site->store;
	char id[NAME_ID_SIZE] = "", name[NAME_SIZE];
	bool allowed = false;
	enum status status, counted = STATUS_OK;

	if (!name_key(address, name))
		return STATUS_OK;
	status = site_keys(site, now);
	if (status == STATUS_OK)
		status = store_begin(store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	status = name_find(store, name, id);
	/* By the account, which has more than one name. */
	if (status == STATUS_OK || status == STATUS_NO_ACCOUNT)
		counted = cap_count(site,
			purpose == CODE_RESET ? "reset" : "verify",
			id[0] == '\0' ? name : id, now, &allowed);
	if (counted != STATUS_OK)
		status = counted;
	/* A mail for nobody, which the sender drops: it takes the same time
	 * to write. */
	if ((status == STATUS_OK || status == STATUS_NO_ACCOUNT) && allowed)
		status = mail_queue(store, site->conf,
			purpose == CODE_RESET ? MAIL_RESET : MAIL_VERIFY, id,
			language, now);
	return store_finish(
		store, status == STATUS_NO_ACCOUNT ? STATUS_OK : status);
}
