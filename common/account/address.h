/* address.h - another address for an account, by its own user.
 *
 * The new address gets a code (code_move()), and the one before a notice. */
#ifndef LATCHKEY_ADDRESS_H
#define LATCHKEY_ADDRESS_H

#include "account/account.h"

/* Has the mails sent for the account with that id, as it was at that epoch;
 * STATUS_BAD_TOKEN if it has changed since, or is gone. An address that another
 * account has gets no code, and its owner a notice: the answer and the work are
 * the same. So they are where the account has asked for too many, by
 * mail-limit.h and throttle.asks, and then no mail is sent.
 * `attempt->language` is of the mails. STATUS_BAD_NAME. */
enum status address_ask(const struct site *site, const char *id, int64_t epoch,
	const char *address, struct attempt *attempt);

#endif
