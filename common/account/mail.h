/* mail.h - mails that are to be sent: a record each, written in the commit of
 * the change that they tell of. Another process sends them
 * (mail/mail-send.h). */
#ifndef LATCHKEY_MAIL_H
#define LATCHKEY_MAIL_H

#include "base/name.h"
#include "base/status.h"
#include "base/uuid.h"
#include "site/conf.h"
#include "site/health.h"
#include "store/store.h"

enum mail_kind {
	MAIL_RESET,          /* a code for a new password */
	MAIL_VERIFY,         /* a code that proves the address */
	MAIL_INVITATION,     /* a code for the first password */
	MAIL_ADDRESS,        /* a code for another address, which it goes to */
	MAIL_ADDRESS_NOTICE, /* such a code was asked for: to the address before
			      */
	MAIL_ADDRESS_SET,    /* an administrator has set another address: to the
			      * address before */
	MAIL_TAKEN,          /* another account was to have this address */
	MAIL_TOKEN,          /* a personal access token was made */
	MAIL_CHANGED,        /* the password was changed */
	MAIL_FACTOR_ADDED,
	MAIL_FACTOR_REMOVED,
	MAIL_RECOVERY_USED, /* a recovery code */
	MAIL_RECOVERY_LAST, /* the last of them */
	MAIL_WRONG_CODES,   /* the password was right, again and again */
	MAIL_CLOSED,        /* the account is gone */
	MAIL_TEST,          /* the operator asked for it */
	MAIL_KINDS
};

enum { MAIL_FAILURE_SIZE = 400 };

/* A mail as it is kept. */
struct mail {
	char id[UUID_SIZE];
	enum mail_kind kind;
	char account[NAME_ID_SIZE]; /* whose; if it is gone, a mail to its
				     * address is dropped */
	char address[NAME_SIZE];    /* it goes to; "": the account's */
	int64_t epoch;              /* of the account: it is dropped when that
				     * goes up; 0: any */
	char language[NAME_LANGUAGE_SIZE];
	int64_t made;
	int64_t expires; /* not worth sending after that */
	int64_t next;    /* not to be tried before that */
	int64_t attempts;
	char failure[MAIL_FAILURE_SIZE]; /* of the last attempt, "": none */
};

/* The kind's name, which is its template's, too. */
const char *mail_kind_name(enum mail_kind kind);

/* Whether it carries a code. */
bool mail_is_code(enum mail_kind kind);

/* Inside a unit of work: has a mail sent to the account's address. Does nothing
 * without a mail_command. A code's mail is worth sending as long as a code
 * lives, a notice for a day. `language` "" is the account's own.
 *
 * `account` "" is nobody: the same work for a mail that no sender looks at,
 * where time must not tell whether there is an account. There is one such mail
 * at most, the last. */
enum status mail_queue(struct store *store, const struct conf *conf,
	enum mail_kind kind, const char *account, const char *language,
	int64_t now);

/* The same for a mail with more to it; fills in its id and its times. */
enum status mail_queue_as(struct store *store, const struct conf *conf,
	struct mail *mail, int64_t now);

/* Inside a unit of work: replaces a mail's record, or deletes it. */
enum status mail_put(struct store *store, const struct mail *mail);
enum status mail_delete(struct store *store, const char *id);

/* STATUS_OK or STATUS_NOT_FOUND. */
enum status mail_get(struct store *store, const char *id, struct mail *mail);

/* A walk over each mail but the one for nobody, oldest first: over those whose
 * ids were drawn at `since` (0: all) or later. store_walk_end() ends it. */
void mail_walk_begin(
	struct store_walk *walk, struct store *store, int64_t since);
bool mail_walk_next(struct store_walk *walk, struct mail *mail);

/* health.h's check of the mails: one is due for five minutes, and no sender has
 * tried it. It looks at the oldest MAIL_LOOK. */
enum { MAIL_LOOK = 4 * STORE_WALK_BATCH };
health_look_at mail_health;

/* Whether there are templates in that language. */
bool mail_has_language(const struct conf *conf, const char *language);

/* The language for a reader whose browser sends that Accept-Language (NULL:
 * none): the most wanted one that has templates, else "". */
void mail_language(const struct conf *conf, const char *accept,
	char language[NAME_LANGUAGE_SIZE]);

#endif
