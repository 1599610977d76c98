/* invitation.h - an account whose owner an administrator invites to choose the
 * first password, and how a code gets to the owner of an account */
#ifndef LATCHKEY_INVITATION_H
#define LATCHKEY_INVITATION_H

#include "account/code.h"

/* What the account's owner is sent. */
struct invitation {
	char code[CODE_SIZE]; /* to be handed over; "": it is mailed */
	int64_t expires;      /* mailed: if it is sent at once */
};

/* Makes an account without a password, as account_add() does, and what it needs
 * to get one: a mail in the same commit, or a code. */
enum status invitation_new(const struct site *site, struct account *account,
	int64_t now, struct invitation *invitation);

/* A code for the account of that id: an invitation where there is no password
 * yet, else one for a new password, which is mailed to a proved address only.
 * The code before is dead. Fills in the account. STATUS_NO_ACCOUNT,
 * STATUS_DISABLED. */
enum status invitation_again(const struct site *site, const char *id,
	int64_t now, struct account *account, struct invitation *invitation);

#endif
