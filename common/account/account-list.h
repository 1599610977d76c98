/* account-list.h - accounts in the order of their names, a page at a time.
 *
 * The index of names leads there, so that a page of a million accounts takes
 * what one of a hundred takes. Usernames and emails are in one index, and a
 * page of one kind passes over names of the other. It is full where there are
 * as many, but for one that would have to pass over more than
 * ACCOUNT_LIST_LOOKS. */
#ifndef LATCHKEY_ACCOUNT_LIST_H
#define LATCHKEY_ACCOUNT_LIST_H

#include "account/account.h"

enum {
	ACCOUNT_LIST_MOST = 100,
	ACCOUNT_LIST_UNIT = 512, /* names that a unit of work looks at */
	ACCOUNT_LIST_LOOKS = 32 * ACCOUNT_LIST_UNIT /* and a page */
};

enum account_list_by {
	ACCOUNT_LIST_USERNAMES,
	ACCOUNT_LIST_EMAILS,
	ACCOUNT_LIST_NAMES /* of either kind: an account is there once, in the
			    * place of the first that begins so */
};

struct account_list {
	/* which are wanted: those with such a name, that begins so */
	enum account_list_by by;
	char prefix[NAME_SIZE];
	size_t limit; /* up to ACCOUNT_LIST_MOST */
	/* the name after which the page begins; then, where the next does */
	char after[NAME_SIZE];
	/* the page */
	struct account accounts[ACCOUNT_LIST_MOST];
	size_t count;
	bool more; /* there is another account, or there may be one */
};

/* Reads a page, in units of work of its own. */
enum status account_list_read(
	const struct site *site, struct account_list *list);

#endif
