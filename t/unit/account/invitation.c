/* invitation.c - accounts without a password: the code that brings one, what
 * it proves, and what ends it */
#include "config.h"

#include "account/invitation.h"
#include "account/mail.h"
#include "unit.h"

enum { DAY = 86400 };

static struct site site;
static int64_t now;

static enum status
accept(const char *code, int64_t when, const char *full_name,
	struct account *account)
{
	struct password password = unit_password("Quiet-Harbour-42");

	return code_accept(&site, code, &password, full_name,
		unit_attempt("192.0.2.1", when), account);
}

static enum status
sign_in(const char *name, const char *typed)
{
	struct password password = unit_password(typed);
	struct account account;

	return account_sign_in(&site, name, &password,
		unit_attempt("192.0.2.1", now), &account);
}

static struct invitation
invite(const char *username, const char *email, struct account *account)
{
	struct invitation invitation = {.expires = 0};

	memset(account, 0, sizeof *account);
	snprintf(account->username, sizeof account->username, "%s", username);
	snprintf(account->email, sizeof account->email, "%s", email);
	is_int(invitation_new(&site, account, now, &invitation), STATUS_OK,
		username);
	return invitation;
}

static struct invitation
again(const char *id, enum status wanted, const char *name)
{
	struct invitation invitation = {.code = "none"};
	struct account account;

	is_int(invitation_again(&site, id, now, &account, &invitation), wanted,
		name);
	return invitation;
}

/* The kind of the only mail that waits, which is then deleted. */
static enum mail_kind
only_mail(void)
{
	struct mail mail = {.kind = MAIL_KINDS};
	struct store_walk walk;

	mail_walk_begin(&walk, site.store, 0);
	mail_walk_next(&walk, &mail);
	is_int(store_walk_end(&walk), STATUS_OK, "looked for a mail");
	if (mail.kind == MAIL_KINDS)
		return mail.kind;
	store_begin(site.store, STORE_WRITE);
	store_finish(site.store, mail_delete(site.store, mail.id));
	return mail.kind;
}

static void
test_by_hand(void)
{
	struct account account, found;
	struct invitation first = invite("ann", "", &account), second;

	is_int((long long)strlen(first.code), 14, "27: a code of 60 bits");
	is_int(first.expires, now + 7 * DAY, "27: which is good for a week");
	is_int(only_mail(), MAIL_KINDS, "nobody is sent a mail");
	is_int(sign_in("ann", ""), STATUS_BAD_CREDENTIALS,
		"27: an invited account signs in by no password");
	second = again(account.id, STATUS_OK, "another code");
	is_int(accept(first.code, now, "", &found), STATUS_BAD_CODE,
		"the one before is dead");
	is_int(code_check(&site, CODE_RESET, "ann", second.code,
		       unit_attempt("n", now)),
		STATUS_BAD_CODE, "it is none for a reset");
	is_int(accept(second.code, now + 7 * DAY, "", &found), STATUS_BAD_CODE,
		"27: after its end");
	is_int(accept(second.code, now + 7 * DAY - 1, "Ann A.", &found),
		STATUS_OK, "27: the second before");
	is_str(found.id, account.id, "the code alone names the account");
	is_str(found.full_name, "Ann A.", "which has a name now");
	ok(!found.verified, "a code that was handed over proves no address");
	is_int(found.epoch, account.epoch + 1, "the epoch is another");
	is_int(sign_in("ann", "Quiet-Harbour-42"), STATUS_OK, "she signs in");
	is_int(accept(second.code, now, "", &found), STATUS_BAD_CODE,
		"27: a code is good once");
	second = again(account.id, STATUS_OK, "with a password");
	is_int(accept(second.code, now, "", &found), STATUS_BAD_CODE,
		"it is no invitation any more");
	is_int(code_check(&site, CODE_RESET, "ann", second.code,
		       unit_attempt("n", now)),
		STATUS_OK, "but a code for a new password");
	is_int(second.expires, now + 600, "which is good for code_life");
}

static void
test_by_mail(void)
{
	struct account account, found;
	struct invitation invitation =
		invite("bob", "bob@example.org", &account);
	char code[CODE_SIZE];

	is_str(invitation.code, "", "27: nobody but the mailbox gets the code");
	is_int(only_mail(), MAIL_INVITATION, "a mail waits");
	code_draw_for(&site, CODE_INVITE, account.id, code);
	is_int(code_new(&site, CODE_INVITE, account.id, now, code,
		       &(struct code_mail){"de", ""}),
		STATUS_OK, "it is sent");
	is_int(accept(code, now, "", &found), STATUS_OK, "and accepted");
	ok(found.verified, "which proves the address");
	is_int(only_mail(), MAIL_KINDS, "there was no password to be changed");
	invitation = again(account.id, STATUS_OK, "a new password");
	is_str(invitation.code, "", "is for the mailbox, too");
	is_int(only_mail(), MAIL_RESET, "by a mail of another kind");
}

static void
test_ends(void)
{
	static const bool off = false;
	struct account account, found;
	struct invitation invitation = invite("cat", "", &account);

	is_int(account_update(&site, account.id, account_set_enabled, &off),
		STATUS_OK, "the account is disabled");
	is_int(accept(invitation.code, now, "", &found), STATUS_BAD_CODE,
		"so the code is dead");
	again(account.id, STATUS_DISABLED, "and there is no other");
	again("nobody", STATUS_NO_ACCOUNT, "nor for nobody");
	invitation = invite("dan", "", &account);
	is_int(account_delete(&site, account.id, &found), STATUS_OK,
		"the account is deleted");
	is_int(accept(invitation.code, now, "", &found), STATUS_BAD_CODE,
		"and the code with it");
	invite("eve", "eve@example.org", &account);
	is_int(only_mail(), MAIL_INVITATION, "one more");
	invitation = again(account.id, STATUS_OK, "is invited again");
	is_int(only_mail(), MAIL_INVITATION,
		"by mail: the address is hers to "
		"prove");
	is_int(invitation_new(&site, &account, now, &invitation),
		STATUS_NAME_TAKEN, "a name is given once");
}

static void
test_digits(void)
{
	struct site other;
	struct account account = {.username = "fay"};
	struct invitation invitation;
	struct password password = unit_password("Quiet-Harbour-42");

	site_close(&site);
	unit_site(&other,
		UNIT_FAST "code_form = digits:8\ninvitation_life = 86400\n");
	is_int(invitation_new(&other, &account, now, &invitation), STATUS_OK,
		"where codes are digits");
	is_int((long long)strlen(invitation.code), 14, "this one is not");
	is_int(invitation.expires, now + DAY, "the setting's life");
	is_int(code_accept(&other, invitation.code, &password, "",
		       unit_attempt("n", now), &account),
		STATUS_OK, "and names its account alone");
	site_close(&other);
}

int
main(void)
{
	unit_begin();
	now = site_now();
	unit_site(&site, UNIT_FAST "mail_command = /bin/true\n");
	unit_account(&site, "admin", "", true);
	test_by_hand();
	test_by_mail();
	test_ends();
	test_digits();
	return done();
}
