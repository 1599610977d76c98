/* code-request.h - a client asks for a code by mail */
#ifndef LATCHKEY_CODE_REQUEST_H
#define LATCHKEY_CODE_REQUEST_H

#include "account/code.h"

/* Has a code mailed to that address, if it is an account's. An unknown address
 * costs the same and looks the same. mail-limit.h limits the mails of an
 * account and purpose, throttle.asks those of a network; a request beyond is
 * STATUS_OK, too, and sends nothing. `language` is mail_language()'s. */
enum status code_request(const struct site *site, enum code_purpose purpose,
	const char *address, const char *language, struct attempt *attempt);

#endif
