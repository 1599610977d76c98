/* blocklist.c - the passwords that an attacker guesses first */
#include "config.h"

#include "account/blocklist.h"

#include "base/precis.h"

#include <sodium.h>
#include <string.h>

enum { LABEL_LETTERS = 3 /* the least length of a part of the site's name */ };

/* --- the list ---------------------------------------------------------- */

static bool
has_text(const struct filter *filter, const struct password *password)
{
	unsigned char key[FILTER_KEY];

	filter_key(password->text, strlen(password->text), key);
	return password->points > 0 && filter_has(filter, key);
}

bool
blocklist_has(const struct filter *filter, const struct password *password)
{
	struct password folded;
	bool listed =
		has_text(filter, password) ||
		(password_fold(password, &folded) && has_text(filter, &folded));

	password_wipe(&folded);
	return listed;
}

/* --- names ------------------------------------------------------------- */

/* A character beyond ASCII counts as a letter. */
static size_t
count_letters(const char *text, size_t length)
{
	size_t i, count = 0;

	for (i = 0; i < length; i++)
		if ((text[i] & 0x80) != 0 ||
			((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z'))
			count++;
	return count;
}

/* Whether the folded password is that word with no letters after it. */
static bool
is_word(const struct password *password, const char *word, size_t length)
{
	struct password read, folded;
	size_t size;

	if (!password_read(&read, word, length) ||
		!password_fold(&read, &folded))
		return false;
	size = strlen(folded.text);
	return strncmp(password->text, folded.text, size) == 0 &&
	       count_letters(password->text + size,
		       strlen(password->text + size)) == 0;
}

/* Compares names as they are kept and as they are compared: an old name may be
 * written in letters of another width. */
static bool
is_account(const struct password *password, const struct account *account)
{
	const char *email = account->email;
	char key[NAME_SIZE];

	if (!name_key(account->username, key))
		strcpy(key, account->username);
	return is_word(password, account->username,
		       strlen(account->username)) ||
	       is_word(password, key, strlen(key)) ||
	       is_word(password, email, strlen(email)) ||
	       is_word(password, email, strcspn(email, "@"));
}

/* The password in the form in which it would be compared if it were a name. */
static bool
is_account_in_any_width(
	const struct password *password, const struct account *account)
{
	struct password narrow;
	char text[PRECIS_SIZE];
	bool named =
		precis_widths(password->text, strlen(password->text), text) &&
		password_read(&narrow, text, strlen(text)) &&
		is_account(&narrow, account);

	sodium_memzero(text, sizeof text);
	password_wipe(&narrow);
	return named || is_account(password, account);
}

/* Whether it is a part of the host's name, but not the last: `example` of
 * example.org. */
static bool
is_label(const struct password *password, const char *host, size_t length)
{
	const char *end = host + length, *dot;

	for (; (dot = memchr(host, '.', (size_t)(end - host))) != NULL;
		host = dot + 1)
		if (count_letters(host, (size_t)(dot - host)) >=
				LABEL_LETTERS &&
			is_word(password, host, (size_t)(dot - host)))
			return true;
	return false;
}

static bool
is_site(const struct password *password, const struct conf *conf)
{
	size_t length;
	const char *host = conf_host(conf, &length);

	if (is_word(password, conf->issuer, strlen(conf->issuer)))
		return true;
	return host != NULL && (is_word(password, host, length) ||
				       is_label(password, host, length));
}

bool
blocklist_is_name(
	const struct account *account, const struct password *password)
{
	struct password folded;
	bool named = password_fold(password, &folded) &&
		     is_account_in_any_width(&folded, account);

	password_wipe(&folded);
	return named;
}

unsigned
blocklist_flaws(const struct site *site, const struct account *account,
	const struct password *password)
{
	struct password folded;
	unsigned flaws = 0;

	if (site->common != NULL && blocklist_has(site->common, password))
		return POLICY_COMMON;
	if (password_fold(password, &folded) && is_site(&folded, site->conf))
		flaws = POLICY_NAME;
	password_wipe(&folded);
	if (account != NULL && blocklist_is_name(account, password))
		flaws = POLICY_NAME;
	return flaws;
}
