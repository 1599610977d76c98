/* code.h - codes that let a person in once: to set a new password, to prove an
 * address, or to accept an invitation.
 *
 * A code is stored as an HMAC, and sealed under a key of its own, for
 * code_again(). It ends by its use, by a newer one, by any change of its
 * account's password, role or state, when its time is over, and by wrong tries:
 * five from one network close it to that network, fifty in all (digits: five)
 * end it. After `throttle.codes` wrong tries at an account's codes of digits
 * none of them is good. */
#ifndef LATCHKEY_CODE_H
#define LATCHKEY_CODE_H

#include "account/account.h"
#include "site/site.h"

enum code_purpose { CODE_RESET, CODE_VERIFY, CODE_INVITE, CODE_ADDRESS };

enum { CODE_SIZE = 16 };

/* The purpose of the code in a mail of that kind, and for how many seconds a
 * code of that purpose is good. */
enum code_purpose code_of_mail(enum mail_kind kind);
int64_t code_life(const struct conf *conf, enum code_purpose purpose);

/* The hash by which the record of that key leads to a code; NULL if it is a
 * code itself. */
const char *code_pointer_hash(const char *key);

/* Draws a code in the form of `code_form`; of symbols for an account with too
 * many wrong ones (throttle.h), and for an invitation, whose code alone names
 * its account. It is good for nothing yet. */
void code_draw(const struct site *site, char code[CODE_SIZE]);
void code_draw_for(const struct site *site, enum code_purpose purpose,
	const char *account, char code[CODE_SIZE]);

/* The mail which has a code. */
struct code_mail {
	const char *language;
	const char *address; /* another than the account's own, or "" */
};

/* Makes that code good for the account with that id, and ends the one before.
 * STATUS_NO_ACCOUNT (also for a disabled one). A code that was mailed proves
 * the address, too; NULL: it was not. */
enum status code_new(const struct site *site, enum code_purpose purpose,
	const char *account, int64_t now, const char *code,
	const struct code_mail *mail);

struct code_young {
	char code[CODE_SIZE];
	int64_t made;
	bool mailed; /* an operator's was handed over */
};

/* Gets the account's live code, if it is less than a minute old and for the
 * same address (struct code_mail), so that a client that asks again so soon has
 * the same code sent once more. The caller wipes it. False if there is none. */
bool code_again(const struct site *site, enum code_purpose purpose,
	const char *account, const char *address, int64_t now,
	struct code_young *young);

/* Whether the code is the live one of the account with that name.
 * STATUS_BAD_CODE, STATUS_THROTTLED; a wrong one counts as a try. Spends
 * nothing. */
enum status code_check(const struct site *site, enum code_purpose purpose,
	const char *name, const char *code, struct attempt *attempt);

/* Sets a new password in one commit: code checked and spent, hash written,
 * epoch raised. The account may sign in then, and a code that was mailed proves
 * its address. With `name` NULL the code alone names the account, which digits
 * cannot. Fills in the account. STATUS_BAD_CODE, STATUS_THROTTLED: nothing has
 * changed but the count of tries. STATUS_WEAK_PASSWORD: the code is
 * right, but the password is its account's name, or the one that it must change
 * (account_check_other()), and nothing has changed. */
enum status code_reset(const struct site *site, const char *name,
	const char *code, const struct password *password,
	struct attempt *attempt, struct account *account);

/* Sets the first password of an invited account, in the same way; with a
 * `full_name` of "" the account keeps its own. The owner is told of nothing by
 * mail. */
enum status code_accept(const struct site *site, const char *code,
	const struct password *password, const char *full_name,
	struct attempt *attempt, struct account *account);

/* The password of an account that is proved; NULL is none. */
struct code_proof {
	const struct password *password;    /* as it was registered with */
	const struct password *replacement; /* which is to replace it */
};

/* Proves the address of the account with that name, in one commit with spending
 * the code. STATUS_BAD_VERIFY_CODE, STATUS_THROTTLED.
 *
 * The owner of the mailbox may not be the person who has registered with it. So
 * that the password of the registration counts, it has to come with the code
 * (`proof = password`): STATUS_BAD_CREDENTIALS if it is another. A replacement
 * takes its place: STATUS_WEAK_PASSWORD, as in code_reset().
 * Without either the password is dropped, and a reset sets one. The password of
 * an account that nobody has to prove stays as it is. Fills in the account. */
enum status code_verify(const struct site *site, const char *name,
	const char *code, const struct code_proof *proof,
	struct attempt *attempt, struct account *account);

/* Has the account with that name go by the address that the code was mailed to,
 * in one commit with spending the code; ends all other codes of the account,
 * since they may lie in the mailbox before. Its sessions and tokens go on.
 * STATUS_BAD_VERIFY_CODE, also for a code that was mailed to another address,
 * and where another account has the address by now; STATUS_THROTTLED. Fills in
 * the account. */
enum status code_move(const struct site *site, const char *name,
	const char *code, const char *address, struct attempt *attempt,
	struct account *account);

#endif
