/* guess.c - the passwords that are guessed first */
#include "config.h"

#include "guess.h"

#include <string.h>

static bool
has_text(const struct filter *filter, const struct password *password)
{
	unsigned char key[FILTER_KEY];

	filter_key(password->text, strlen(password->text), key);
	return password->points > 0 && filter_has(filter, key);
}

bool
guess_listed(const struct filter *filter, const struct password *password)
{
	struct password folded;
	bool listed =
		has_text(filter, password) ||
		(password_fold(password, &folded) && has_text(filter, &folded));

	password_wipe(&folded);
	return listed;
}
