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
			list.by == ACCOUNT_LIST_EMAILS ||
					list.accounts[i].username[0] == '\0'
				? list.accounts[i].email
				: list.accounts[i].username);
	return names;
}

static void
begin(enum account_list_by by, const char *prefix, size_t limit)
{
	memset(&list, 0, sizeof list);
	list.by = by;
	list.limit = limit;
	strcpy(list.prefix, prefix);
}

static void
test_pages(void)
{
	begin(ACCOUNT_LIST_USERNAMES, "", 100);
	is_str(page(), "", "nobody is there");
	ok(!list.more, "no more");
	unit_account(&site, "bob", "x@example.org", false);
	unit_account(&site, "Ann", "", true);
	unit_account(&site, "", "amy@example.org", false);
	unit_account(&site, "\xc3\x84nne", "", false);
	unit_account(&site, "anna", "bob@example.org", false);
	begin(ACCOUNT_LIST_USERNAMES, "", 100);
	is_str(page(), "Ann anna bob \xc3\x84nne ", "by username");
	ok(!list.more, "no more");
	begin(ACCOUNT_LIST_EMAILS, "", 100);
	is_str(page(), "amy@example.org bob@example.org x@example.org ",
		"by email");
	begin(ACCOUNT_LIST_USERNAMES, "", 1);
	is_str(page(), "Ann ", "the first");
	ok(list.more, "more");
	is_str(page(), "anna ", "the second");
	is_str(page(), "bob ", "the third");
	is_str(page(), "\xc3\x84nne ", "the fourth");
	ok(!list.more, "no more");
	begin(ACCOUNT_LIST_USERNAMES, "AN", 100);
	is_str(page(), "Ann anna ", "a beginning, in capitals");
	begin(ACCOUNT_LIST_USERNAMES, "\xc3\x84", 100);
	is_str(page(), "\xc3\x84nne ", "a beginning that is not ASCII");
	begin(ACCOUNT_LIST_EMAILS, "bob@", 100);
	is_str(page(), "bob@example.org ", "a beginning of an address");
	begin(ACCOUNT_LIST_USERNAMES, "anna", 100);
	is_str(page(), "anna ", "the beginning is all of it");
	begin(ACCOUNT_LIST_USERNAMES, "annab", 100);
	is_str(page(), "", "a beginning that nobody has");
	begin(ACCOUNT_LIST_USERNAMES, "b", 100);
	strcpy(list.after, "a");
	is_str(page(), "bob ", "a cursor before the beginning");
	begin(ACCOUNT_LIST_USERNAMES, "a", 100);
	strcpy(list.after, "zebra");
	is_str(page(), "", "one after it");
}

/* Each account once, under the first of its names that begins so. */
static void
test_names(void)
{
	begin(ACCOUNT_LIST_NAMES, "", 100);
	is_str(page(), "amy@example.org Ann anna bob \xc3\x84nne ",
		"by either name");
	begin(ACCOUNT_LIST_NAMES, "bob", 100);
	is_str(page(), "bob anna ", "one by its username, one by its email");
	begin(ACCOUNT_LIST_NAMES, "x@", 100);
	is_str(page(), "bob ", "one by its email alone");
	unit_account(&site, "cleo", "cleo@example.org", false);
	begin(ACCOUNT_LIST_NAMES, "cleo", 1);
	is_str(page(), "cleo ", "one by both of its names");
	ok(!list.more, "once");
	unit_account(&site, "zoe", "dora@example.org", false);
	begin(ACCOUNT_LIST_NAMES, "d", 100);
	is_str(page(), "zoe ", "one whose email comes first");
	begin(ACCOUNT_LIST_NAMES, "z", 100);
	is_str(page(), "zoe ", "and by its username, too");
	begin(ACCOUNT_LIST_NAMES, "", 2);
	strcpy(list.after, "dora");
	is_str(page(), "zoe \xc3\x84nne ", "in the place of its email");
}

/* Makes so many emails of nobody, as fast as the store takes them. */
static void
add_emails(int from, int count)
{
	struct json_object *record;
	char email[64];
	int i;

	is_int(store_begin(site.store, STORE_WRITE), STATUS_OK, "more emails");
	for (i = from; i < from + count; i++) {
		record = json_object_new_object();
		json_object_object_add(record, "account",
			json_object_new_string(
				"01234567-89ab-7def-8123-456789abcdef"));
		snprintf(email, sizeof email, "many%05d@example.org", i);
		store_keep(site.store, STORE_NAME, email, record);
	}
	is_int(store_commit(site.store, STORE_LAZY), STATUS_OK, "are there");
}

/* Names of the other kind are passed over, up to so many a page. */
static void
test_bounds(void)
{
	int i;

	add_emails(0, 2 * ACCOUNT_LIST_UNIT);
	unit_account(&site, "many-zoe", "", false);
	unit_account(&site, "many9999", "", false);
	unit_account(&site, "man", "zoe@example.org", false);
	begin(ACCOUNT_LIST_USERNAMES, "many", 100);
	is_str(page(), "many-zoe many9999 ", "two among a thousand others");
	ok(!list.more, "no more");
	begin(ACCOUNT_LIST_USERNAMES, "many", 1);
	is_str(page(), "many-zoe ", "the first");
	ok(list.more, "more");
	is_str(page(), "many9999 ", "the second");
	ok(!list.more, "and no more than others");
	for (i = 2; i < ACCOUNT_LIST_LOOKS / ACCOUNT_LIST_UNIT; i++)
		add_emails(i * ACCOUNT_LIST_UNIT, ACCOUNT_LIST_UNIT);
	begin(ACCOUNT_LIST_USERNAMES, "many", 100);
	is_str(page(), "many-zoe ", "behind as many others as a page looks at");
	ok(list.more, "there may be more");
	is_str(page(), "many9999 ", "there is");
	ok(!list.more, "no more");
}

int
main(void)
{
	unit_begin();
	unit_site(&site, UNIT_FAST);
	test_pages();
	test_names();
	test_bounds();
	site_close(&site);
	return done();
}
