/* account-list.h - accounts in the order of their names, a page at a time.
 *
 * The index of names leads there, so that a page of a million accounts takes
 * what one of a hundred takes. Usernames and emails are in one index: a page
 * looks at so many names, and may have fewer accounts than were asked for, even
 * none, where most are of the other kind. */
#ifndef LATCHKEY_ACCOUNT_LIST_H
#define LATCHKEY_ACCOUNT_LIST_H

#include "account/account.h"

enum {
	ACCOUNT_LIST_MOST = 100,
	ACCOUNT_LIST_LOOKS = 512 /* names that a page looks at */
};

struct account_list {
	/* which are wanted */
	bool emails; /* those with an email; else with a username */
	char prefix[NAME_SIZE];
	size_t limit; /* up to ACCOUNT_LIST_MOST */
	/* the name after which the page begins; then, where the next does */
	char after[NAME_SIZE];
	/* the page */
	struct account accounts[ACCOUNT_LIST_MOST];
	size_t count;
	bool more;
};

/* Reads a page, in a unit of work of its own. */
enum status account_list_read(
	const struct site *site, struct account_list *list);

#endif
