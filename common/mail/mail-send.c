/* mail-send.c - sends the mails that are due */
#include "config.h"

#include "mail/mail-send.h"

#include "account/account.h"
#include "account/code.h"
#include "account/mail.h"
#include "base/counters.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "mail/mail-program.h"
#include "mail/mail-template.h"
#include "mail/retry.h"

#include <sodium.h>
#include <string.h>

enum {
	LEASE = 120, /* seconds that other senders keep off a mail meanwhile */
	FIRST_DELAY = 5,
	LONGEST_DELAY_CODE = 60,
	LONGEST_DELAY_NOTICE = 1800,
	ALL = 60,     /* seconds between two walks over all mails */
	OVERLAP = 10, /* seconds that two looks for new ones have in common */
	BATCH = 64,   /* that one look finds */
	SOON = 15,    /* seconds in which a code's mail answers more
		       * requests */
	PART = 4,     /* of a code: a match of so many characters is no
		       * chance */
	TURN_MS = 1000,
	LATER = 8 /* to strangers, before the next look for others */
};

struct sender {
	const struct site *site;
	struct mail_watch *watch;
	const volatile sig_atomic_t *stop;
	int64_t until; /* the end of its turn, by tick_now() */
	int64_t ahead; /* how far its own clock is ahead of the machine's,
			* seconds */
};

/* The sender's time, since mails take theirs. */
static int64_t
now_of(const struct sender *sender)
{
	return site_now() + sender->ahead;
}

static bool
is_due(const struct mail *mail, int64_t now)
{
	return retry_is_due(mail->next, now, LONGEST_DELAY_NOTICE);
}

/* --- one mail ---------------------------------------------------------- */

/* Leases the mail. STATUS_NOT_FOUND: another sender has it, or it is not
 * due. */
static enum status
lease(const struct sender *sender, const char *id, struct mail *mail,
	struct account *account)
{
	struct store *store = sender->site->store;
	int64_t now = now_of(sender);
	enum status status = store_begin(store, STORE_WRITE);
	enum status found = STATUS_NO_ACCOUNT;

	memset(account, 0, sizeof *account);
	if (status == STATUS_OK)
		status = mail_get(store, id, mail);
	if (status == STATUS_OK && (!is_due(mail, now) || mail->expires <= now))
		status = STATUS_NOT_FOUND;
	if (status == STATUS_OK && mail->account[0] != '\0')
		found = account_get(store, mail->account, account);
	if (status == STATUS_OK && found != STATUS_OK &&
		found != STATUS_NO_ACCOUNT)
		status = found;
	if (status == STATUS_OK) {
		mail->next = now + LEASE;
		status = mail_put(store, mail);
	}
	return store_finish(store, status);
}

static enum status
settle(const struct sender *sender, struct mail *mail, bool sent)
{
	struct store *store = sender->site->store;
	int64_t most = mail_is_code(mail->kind) ? LONGEST_DELAY_CODE
						: LONGEST_DELAY_NOTICE;
	struct mail stored;
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		status = sent ? mail_delete(store, mail->id)
			      : mail_get(store, mail->id, &stored);
	if (status == STATUS_OK && !sent) {
		mail->next = now_of(sender) +
			     retry_delay(FIRST_DELAY, mail->attempts++, most);
		status = mail_put(store, mail);
	}
	return store_finish(store, status);
}

static const char *
recipient(const struct mail *mail, const struct account *account)
{
	return mail->address[0] != '\0' ? mail->address : account->email;
}

/* Whether there is a recipient, and anything to say. */
static bool
is_wanted(const struct mail *mail, const struct account *account)
{
	if (recipient(mail, account)[0] == '\0' ||
		(mail->epoch != 0 && mail->epoch != account->epoch))
		return false;
	if (mail->kind == MAIL_RESET || mail->kind == MAIL_ADDRESS)
		return account->enabled;
	if (mail->kind == MAIL_INVITATION)
		return account->enabled && account->hash[0] == '\0';
	return mail->kind != MAIL_VERIFY ||
	       (account->enabled && !account->verified);
}

/* Whether the mail before has answered the request as well: a user who presses
 * the button three times wants one mail. A later request may be for a mail that
 * has not come. */
static bool
is_answered(const struct sender *sender, const struct mail *mail)
{
	struct code_young young;
	bool answered =
		mail_is_code(mail->kind) &&
		code_again(sender->site, code_of_mail(mail->kind),
			mail->account, mail->address, now_of(sender), &young) &&
		young.mailed && mail->made < young.made + SOON;

	sodium_memzero(&young, sizeof young);
	if (!answered)
		return false;
	log_info("mail: %s for account %s: the one before answers it",
		mail_kind_name(mail->kind), mail->account);
	return true;
}

static bool
deliver(const struct sender *sender, struct mail *mail,
	const struct mail_words *words, const char *language)
{
	const struct conf *conf = sender->site->conf;
	char *message =
		mail_template_message(conf, mail->kind, language, words);
	bool sent;

	if (message == NULL) {
		strcpy(mail->failure, "its text is missing or has a mistake; "
				      "latchkey config says where");
		return false;
	}
	mail->failure[0] = '\0';
	sent = mail_program_run(conf, message, sender->stop, mail->failure,
		sizeof mail->failure);
	sodium_memzero(message, strlen(message));
	mem_free(message);
	return sent;
}

/* A mail program that repeats its input repeats the code. */
static void
hide_code(char *failure, const char *code)
{
	char part[PART + 1];
	size_t i, step = PART + (code[PART] == '-' ? 1 : 0);

	for (i = 0; i + PART <= strlen(code); i += step) {
		snprintf(part, sizeof part, "%s", code + i);
		if (strstr(failure, part) != NULL)
			failure[strcspn(failure, ";")] = '\0';
	}
}

/* Draws the code now, and keeps it only once it is sent: a mail that cannot be
 * sent must not end a code that the user has got in another way. A code that
 * was sent less than a minute ago is sent once more: if a stranger's request
 * comes after the user's, the user's first mail is still good. */
static bool
deliver_code(const struct sender *sender, struct mail *mail,
	struct mail_words *words, const char *language)
{
	const struct site *site = sender->site;
	enum code_purpose purpose = code_of_mail(mail->kind);
	struct code_young young;
	const struct code_mail as = {language, mail->address};
	bool sent, again = code_again(site, purpose, mail->account,
			   mail->address, now_of(sender), &young);

	if (!again)
		code_draw_for(site, purpose, mail->account, young.code);
	words->code = young.code;
	sent = deliver(sender, mail, words, language);
	hide_code(mail->failure, young.code);
	if (sent && !again &&
		code_new(site, purpose, mail->account, now_of(sender),
			young.code, &as) != STATUS_OK) {
		strcpy(mail->failure, "its code could not be kept");
		sent = false;
	}
	sodium_memzero(young.code, sizeof young.code);
	return sent;
}

/* The account's own language comes before the browser's. */
static bool
compose_and_deliver(const struct sender *sender, struct mail *mail,
	const struct account *account)
{
	struct mail_words words = {.address = recipient(mail, account)};
	const char *language = account->language[0] != '\0' ? account->language
							    : mail->language;

	/* A user who has not proved the address may have given another
	 * person's. */
	if (!account->unproved && mail->address[0] == '\0') {
		if (account->full_name[0] != '\0')
			words.name = account->full_name;
		if (account->username[0] != '\0')
			words.username = account->username;
	}
	return mail_is_code(mail->kind)
		       ? deliver_code(sender, mail, &words, language)
		       : deliver(sender, mail, &words, language);
}

static enum status
send_one(const struct sender *sender, const char *id)
{
	struct account account;
	struct mail mail;
	bool sent;
	enum status status = lease(sender, id, &mail, &account);

	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	if (!is_wanted(&mail, &account) || is_answered(sender, &mail))
		return settle(sender, &mail, true);
	sent = compose_and_deliver(sender, &mail, &account);
	counters_add(sent ? COUNTER_MAILS_SENT : COUNTER_MAILS_FAILED, 1);
	status = settle(sender, &mail, sent);
	if (!sent && mail.next < sender->watch->next)
		sender->watch->next = mail.next;
	if (sent)
		log_info("mail: %s for account %s sent",
			mail_kind_name(mail.kind), mail.account);
	else
		log_warning("mail: %s for account %s not sent: %s; %s",
			mail_kind_name(mail.kind), mail.account, mail.failure,
			mail.next < mail.expires ? "to be tried again"
						 : "given up");
	return status;
}

/* --- all that are due -------------------------------------------------- */

/* Mails that are due. */
struct due {
	char ids[BATCH][UUID_SIZE];
	int count;
};

struct look {
	struct due first, later;
	bool more; /* than the two hold */
};

/* Mails to strangers wait for those to owners: a client can have any number of
 * accounts made, under other people's addresses, up to the settings' limits. */
static bool
comes_first(const struct mail *mail)
{
	return mail->account[0] != '\0' && mail->kind != MAIL_VERIFY &&
	       mail->kind != MAIL_ADDRESS && mail->kind != MAIL_TAKEN;
}

static void
note(const struct mail *mail, int64_t now, struct mail_watch *watch,
	struct look *look)
{
	struct due *due = comes_first(mail) ? &look->first : &look->later;

	if (mail->expires <= now)
		return;
	if (!is_due(mail, now)) {
		if (mail->next < watch->next)
			watch->next = mail->next;
	} else if (due->count < BATCH) {
		strcpy(due->ids[due->count++], mail->id);
	} else {
		look->more = true;
	}
}

/* Walks over all mails when one that it knows is due, when it is time for that,
 * or when the clock was set back, since new mails have smaller ids then.
 * Otherwise over the newest. */
static enum status
find_due(const struct sender *sender, struct look *look)
{
	struct mail_watch *watch = sender->watch;
	int64_t now = now_of(sender), since = watch->looked - OVERLAP;
	struct store_walk walk;
	struct mail mail;

	if (now >= watch->all || now >= watch->next || now < watch->looked) {
		watch->all = now + ALL;
		watch->next = INT64_MAX;
		since = 0;
	}
	watch->looked = now;
	memset(look, 0, sizeof *look);
	mail_walk_begin(&walk, sender->site->store, since);
	while (look->first.count < BATCH && mail_walk_next(&walk, &mail))
		note(&mail, now, watch, look);
	return store_walk_end(&walk);
}

/* Sends at most `most` of them; true if those are all. */
static bool
send_some(const struct sender *sender, const struct due *due, int most,
	enum status *status)
{
	int i;

	for (i = 0; i < due->count && i < most && *status == STATUS_OK &&
		    !*sender->stop && tick_now() < sender->until;
		i++)
		*status = send_one(sender, due->ids[i]);
	return i == due->count && *status == STATUS_OK;
}

enum status
mail_send_due(const struct site *site, struct mail_watch *watch, int64_t now,
	const volatile sig_atomic_t *stop)
{
	struct sender sender = {site, watch, stop, INT64_MAX, now - site_now()};
	enum status status = STATUS_OK, read = STATUS_OK;
	struct look look;
	bool all = false;

	if (!conf_mails(site->conf))
		return STATUS_OK;
	while (!all && status == STATUS_OK && !*stop &&
		tick_now() < sender.until) {
		read = find_due(&sender, &look); /* has found what it could, if
						  * not all */
		/* A look that takes a whole turn must not leave none. */
		if (sender.until == INT64_MAX)
			sender.until = tick_now() + TURN_MS;
		all = send_some(&sender, &look.first, BATCH, &status) &&
		      send_some(&sender, &look.later, LATER, &status) &&
		      look.first.count < BATCH && !look.more;
		if (!all || read != STATUS_OK)
			watch->next = 0;
	}
	watch->more =
		!all && status == STATUS_OK && read == STATUS_OK && !*stop;
	return status == STATUS_OK ? read : status;
}

bool
mail_send_test(const struct site *site, const char *address)
{
	struct mail_words words = {.address = address};
	char failure[MAIL_FAILURE_SIZE] = "";
	char *message;
	bool sent;

	if (!conf_mails(site->conf)) {
		log_error("mail: mail_command is empty");
		return false;
	}
	message = mail_template_message(site->conf, MAIL_TEST, "", &words);
	if (message == NULL)
		return false;
	sent = mail_program_run(
		site->conf, message, NULL, failure, sizeof failure);
	if (!sent)
		log_error("mail: %s", failure);
	mem_free(message);
	return sent;
}
