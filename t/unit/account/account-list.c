/* account-list.c - pages of accounts: in order, each once, of one kind of name,
 * with a beginning, and never more names looked at than a page may */
#include "config.h"

#include "account/account-list.h"
#include "unit.h"

static struct site site;
static struct account_list list;

/* The names of the page. */
static const char *
page(void)
{
	static char names[8192];
	size_t i;

	names[0] = '\0';
	is_int(account_list_read(&site, &list), STATUS_OK, "a page");
	for (i = 0; i < list.count; i++)
		snprintf(names + strlen(names), sizeof names - strlen(names),
			"%s ",
			list.emails ? list.accounts[i].email
				    : list.accounts[i].username);
	return names;
}

static void
begin(bool emails, const char *prefix, size_t limit)
{
	memset(&list, 0, sizeof list);
	list.emails = emails;
	list.limit = limit;
	strcpy(list.prefix, prefix);
}

static void
test_pages(void)
{
	begin(false, "", 100);
	is_str(page(), "", "nobody is there");
	ok(!list.more, "no more");
	unit_account(&site, "bob", "x@example.org", false);
	unit_account(&site, "Ann", "", true);
	unit_account(&site, "", "amy@example.org", false);
	unit_account(&site, "\xc3\x84nne", "", false);
	unit_account(&site, "anna", "bob@example.org", false);
	begin(false, "", 100);
	is_str(page(), "Ann anna bob \xc3\x84nne ", "by username");
	ok(!list.more, "no more");
	begin(true, "", 100);
	is_str(page(), "amy@example.org bob@example.org x@example.org ",
		"by email");
	begin(false, "", 1);
	is_str(page(), "Ann ", "the first");
	ok(list.more, "more");
	is_str(page(), "anna ", "the second");
	is_str(page(), "bob ", "the third");
	is_str(page(), "\xc3\x84nne ", "the fourth");
	ok(!list.more, "no more");
	begin(false, "AN", 100);
	is_str(page(), "Ann anna ", "a beginning, in capitals");
	begin(false, "\xc3\x84", 100);
	is_str(page(), "\xc3\x84nne ", "a beginning that is not ASCII");
	begin(true, "bob@", 100);
	is_str(page(), "bob@example.org ", "a beginning of an address");
	begin(false, "anna", 100);
	is_str(page(), "anna ", "the beginning is all of it");
	begin(false, "annab", 100);
	is_str(page(), "", "a beginning that nobody has");
	begin(false, "b", 100);
	strcpy(list.after, "a");
	is_str(page(), "bob ", "a cursor before the beginning");
	begin(false, "a", 100);
	strcpy(list.after, "zebra");
	is_str(page(), "", "one after it");
}

/* Names of the other kind are looked at, too, up to so many a page. */
static void
test_bounds(void)
{
	char email[64];
	int i, pages = 0;

	for (i = 0; i < 2 * ACCOUNT_LIST_LOOKS; i++) {
		struct account account = {.hash = "$6$x$x"};

		snprintf(account.email, sizeof account.email,
			"many%04d@example.org", i);
		account_add(&site, &account, NULL, ACCOUNT_ALWAYS, false);
	}
	unit_account(&site, "many-zoe", "", false);
	unit_account(&site, "many9999", "", false);
	begin(false, "many", 100);
	do {
		snprintf(email, sizeof email, "%s", page());
		pages++;
		ok(email[0] == '\0' || pages == 1 || !list.more, "page %d: %s",
			pages, email);
	} while (list.more && pages < 9);
	is_int(pages, 3, "three pages for two names among a thousand others");
	begin(true, "many", ACCOUNT_LIST_MOST);
	for (i = 0, pages = 0; pages == 0 || (list.more && pages < 20);
		pages++) {
		page();
		i += (int)list.count;
	}
	is_int(i, 2 * ACCOUNT_LIST_LOOKS, "all of the others");
	is_int(pages, 11, "in pages of a hundred");
}

int
main(void)
{
	unit_begin();
	unit_site(&site, UNIT_FAST);
	test_pages();
	test_bounds();
	site_close(&site);
	return done();
}
