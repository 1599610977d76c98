/* address.c - another address for an account: what is mailed to whom, and how
 * often */
#include "config.h"

#include "account/address.h"
#include "account/code.h"
#include "unit.h"

#include <string.h>

enum { NOW = 1000000, DAY = 86400 };

static struct site site;
static struct account ann;

static enum status
ask(const char *address, const char *network, int64_t now, int64_t *wait)
{
	struct attempt *attempt = unit_attempt(network, now);
	enum status status =
		address_ask(&site, ann.id, ann.epoch, address, attempt);

	*wait = attempt->wait;
	return status;
}

/* The waiting mails of that kind; the last of them is in `mail`. */
static int
count(enum mail_kind kind, struct mail *mail)
{
	struct store_walk walk;
	struct mail each;
	int found = 0;

	mail_walk_begin(&walk, site.store, 0);
	while (mail_walk_next(&walk, &each)) {
		found += each.kind == kind;
		if (each.kind == kind)
			*mail = each;
	}
	store_walk_end(&walk);
	return found;
}

static void
test_mails(void)
{
	struct mail mail;
	int64_t wait;

	is_int(ask("new@example.com", "n", NOW, &wait), STATUS_OK, "asked");
	is_int(count(MAIL_ADDRESS, &mail), 1, "a code is mailed");
	is_str(mail.address, "new@example.com", "to the new address");
	is_int(mail.epoch, ann.epoch, "as long as the account stays as it is");
	is_int(count(MAIL_ADDRESS_NOTICE, &mail), 1, "and a notice");
	is_str(mail.address, "", "to the account's own");
	is_int(ask("bob@example.com", "n", NOW, &wait), STATUS_OK,
		"a taken one");
	is_int(wait, 0, "12: is not told");
	is_int(count(MAIL_ADDRESS, &mail), 1, "and gets no code");
	is_int(count(MAIL_TAKEN, &mail), 1, "but a notice");
	is_int(count(MAIL_ADDRESS_NOTICE, &mail), 2,
		"12: beside the one to the account's own");
	is_int(ask("x@", "n", NOW, &wait), STATUS_BAD_NAME, "no address");
}

/* The change of an administrator: another address, or none. */
static enum status
set_email(struct account *account, const void *email)
{
	strcpy(account->email, email);
	account->verified = false;
	return STATUS_OK;
}

static void
test_set(void)
{
	struct account eve;
	struct mail mail;
	bool no = false;

	unit_account(&site, "eve", "eve@example.com", false);
	unit_find(&site, "eve", &eve);
	is_int(account_update(&site, "eve", set_email, "Eve@example.com"),
		STATUS_OK, "the same address in capitals");
	is_int(count(MAIL_ADDRESS_SET, &mail), 0, "is nothing to tell");
	is_int(account_update(&site, "eve", set_email, "eva@example.com"),
		STATUS_OK, "another address");
	is_int(count(MAIL_ADDRESS_SET, &mail), 1, "is told");
	is_str(mail.address, "Eve@example.com", "to the one before");
	is_str(mail.account, eve.id, "of the account");
	is_int(count(MAIL_VERIFY, &mail), 1, "and to be proved");
	is_str(mail.address, "", "at the new one");
	is_int(account_update(&site, "eve", set_email, ""), STATUS_OK,
		"no address");
	is_int(count(MAIL_ADDRESS_SET, &mail), 2, "is told, too");
	is_int(count(MAIL_VERIFY, &mail), 1, "and nothing is to be proved");
	is_int(account_update(&site, "eve", set_email, "e@example.com"),
		STATUS_OK, "an address where there was none");
	is_int(count(MAIL_ADDRESS_SET, &mail), 2, "there is nobody to tell");
	is_int(count(MAIL_VERIFY, &mail), 2, "it is to be proved");
	account_update(&site, "eve", account_set_enabled, &no);
	is_int(account_update(&site, "eve", set_email, "f@example.com"),
		STATUS_OK, "of a disabled account");
	is_int(count(MAIL_VERIFY, &mail), 2, "no address is to be proved");
}

static void
test_most(void)
{
	struct mail mail;
	int64_t wait;
	int i;

	for (i = 0; i < 8; i++)
		is_int(ask("new@example.com", "n", NOW + 1, &wait), STATUS_OK,
			"asked once more");
	is_int(wait, 1, "24: one too many, as the audit knows");
	is_int(count(MAIL_ADDRESS, &mail), 4,
		"24: five an hour from a network");
	for (i = 0; i < 8; i++)
		ask("new@example.com", "m", NOW + 2, &wait);
	for (i = 0; i < 8; i++)
		ask("new@example.com", "o", NOW + 3, &wait);
	is_int(count(MAIL_ADDRESS, &mail), 9, "24: ten a day from all");
}

static enum status
take(const char *code, const char *address)
{
	struct account account;

	return code_move(
		&site, "ann", code, address, unit_attempt("p", NOW), &account);
}

static void
test_taken_by_then(void)
{
	const struct code_mail to = {"", "late@example.com"};
	char code[CODE_SIZE];
	struct code_young again;

	code_draw(&site, code);
	code_new(&site, CODE_ADDRESS, ann.id, NOW, code, &to);
	ok(!code_again(&site, CODE_ADDRESS, ann.id, "other@example.com", NOW,
		   &again),
		"21: a code is not sent to a second address");
	is_int(take(code, "other@example.com"), STATUS_BAD_VERIFY_CODE,
		"21: nor does it prove one");
	unit_account(&site, "late", "late@example.com", false);
	is_int(take(code, "late@example.com"), STATUS_BAD_VERIFY_CODE,
		"an address that is taken by then");
}

static void
test_epoch(void)
{
	int64_t wait;

	account_update(&site, ann.id, NULL, NULL);
	is_int(ask("new@example.com", "q", NOW + DAY, &wait), STATUS_BAD_TOKEN,
		"an account that has changed since");
}

int
main(void)
{
	unit_begin();
	unit_site(&site, UNIT_FAST "mail_command = /bin/true\n");
	unit_account(&site, "ann", "ann@example.com", false);
	unit_account(&site, "bob", "bob@example.com", false);
	unit_find(&site, "ann", &ann);
	test_mails();
	test_set();
	test_most();
	test_taken_by_then();
	test_epoch();
	site_close(&site);
	return done();
}
