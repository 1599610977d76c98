/* account-line.h - an account as a line of JSON, to be imported */
#ifndef LATCHKEY_ACCOUNT_LINE_H
#define LATCHKEY_ACCOUNT_LINE_H

#include "account/account.h"

/* Reads one account: `username`, `email` or both, and as the operator likes
 * `hash` (as crypt(3) has it; none: a code is needed first), `full_name` or
 * `name`, `language`, `admin`, `verified`, `enabled` (true unless it says
 * false), `unproved`, `created` (seconds), `epoch` and `id` (a UUID). A member
 * that is null is none; one of another name is refused, lest something be lost
 * unseen. What is not said is 0 or "", the epoch 1.
 *
 * NULL, or why the line is refused, in words that are good until the next
 * call. */
const char *account_line_read(
	const char *text, size_t length, struct account *account);

/* Why a line is refused that begins an array. */
extern const char account_line_array[];

#endif
