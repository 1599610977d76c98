/* code-request.h - somebody asks for a code by mail */
#ifndef LATCHKEY_CODE_REQUEST_H
#define LATCHKEY_CODE_REQUEST_H

#include "account/code.h"

/* Has a code mailed to that address, if it is an account's; an address that
 * nobody has costs the same and looks the same. At most as mail-limit.h has it
 * for an account and a purpose, and throttle.asks from one network: what is
 * over that is STATUS_OK, too, and sends nothing. `language` as of
 * mail_language(). */
enum status code_request(const struct site *site, enum code_purpose purpose,
	const char *address, const char *language, struct attempt *attempt);

#endif
