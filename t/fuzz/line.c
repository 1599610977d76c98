/* line.c - an account as an imported line of JSON. The input is the line. What
 * is taken can be an account: names that are names, a hash that can be read. */
#include "config.h"

#include "account/account-import.h"

#include "fuzz.h"
#include "password/hash-text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct account account;
	struct totp_secret totp;
	struct hash_text scheme;

	if (account_line_read((const char *)data, size, &account, &totp) !=
		NULL)
		return 0;
	assert(account.username[0] != '\0' || account.email[0] != '\0');
	assert(account.username[0] == '\0' ||
		name_is_username(account.username));
	assert(account.email[0] == '\0' || name_is_email(account.email));
	assert(account.hash[0] == '\0' ||
		hash_text_read(account.hash, &scheme));
	assert(account.epoch >= 1 && account.created >= 0);
	return 0;
}
