/* mail.c - mails that are to be sent */
#include "config.h"

#include "account/mail.h"

#include "account/code.h"
#include "base/file.h"
#include "base/json.h"
#include "base/language.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum {
	NOTICE_LIFE = 86400,
	FAILED_LIFE = 7 * 86400 /* for the operator to see */
};

static const char *const kind_names[MAIL_KINDS] = {
	[MAIL_RESET] = "reset",
	[MAIL_VERIFY] = "verify",
	[MAIL_INVITATION] = "invitation",
	[MAIL_ADDRESS] = "address",
	[MAIL_ADDRESS_NOTICE] = "address-notice",
	[MAIL_ADDRESS_SET] = "address-set",
	[MAIL_TAKEN] = "taken",
	[MAIL_TOKEN] = "token",
	[MAIL_CHANGED] = "changed",
	[MAIL_FACTOR_ADDED] = "factor-added",
	[MAIL_FACTOR_REMOVED] = "factor-removed",
	[MAIL_RECOVERY_USED] = "recovery-used",
	[MAIL_RECOVERY_LAST] = "recovery-last",
	[MAIL_WRONG_CODES] = "wrong-codes",
	[MAIL_CLOSED] = "closed",
	[MAIL_TEST] = "test",
};

/* The id of the one mail for nobody. It is no UUID, and as long as one: time
 * must not tell. */
static const char nobodys[UUID_SIZE] = "nobody------------------------------";

/* Earlier versions had a shorter one, which lies there until it expires. */
static bool
is_nobodys(const char *id)
{
	return strncmp(id, nobodys, strlen("nobody")) == 0;
}

const char *
mail_kind_name(enum mail_kind kind)
{
	return kind_names[kind];
}

bool
mail_is_code(enum mail_kind kind)
{
	return kind == MAIL_RESET || kind == MAIL_VERIFY ||
	       kind == MAIL_INVITATION || kind == MAIL_ADDRESS;
}

/* --- records ----------------------------------------------------------- */

static bool
from_record(const struct json_object *record, const char *id, struct mail *mail)
{
	char kind[16];
	int i;

	memset(mail, 0, sizeof *mail);
	snprintf(mail->id, sizeof mail->id, "%s", id);
	json_copy(record, "mail", kind, sizeof kind);
	name_get_id(record, mail->account);
	json_copy(record, "address", mail->address, sizeof mail->address);
	if (!json_natural(record, "epoch", &mail->epoch))
		mail->epoch = 0;
	json_copy(record, "language", mail->language, sizeof mail->language);
	json_copy(record, "failure", mail->failure, sizeof mail->failure);
	for (i = 0; i < MAIL_KINDS; i++)
		if (strcmp(kind, kind_names[i]) == 0)
			break;
	mail->kind = (enum mail_kind)i;
	return i < MAIL_KINDS && json_natural(record, "made", &mail->made) &&
	       json_natural(record, "worth_until", &mail->expires) &&
	       json_natural(record, "next", &mail->next) &&
	       json_natural(record, "attempts", &mail->attempts);
}

enum status
mail_put(struct store *store, const struct mail *mail)
{
	struct json_object *record = json_new_object();

	json_add_string(record, "mail", kind_names[mail->kind]);
	name_put_id(record, mail->account);
	if (mail->address[0] != '\0')
		json_add_string(record, "address", mail->address);
	if (mail->epoch != 0)
		json_add_int(record, "epoch", mail->epoch);
	json_add_string(record, "language", mail->language);
	json_add_int(record, "made", mail->made);
	json_add_int(record, "worth_until", mail->expires);
	json_add_int(record, "next", mail->next);
	json_add_int(record, "attempts", mail->attempts);
	json_add_string(record, "failure", mail->failure);
	json_add_int(record, "expires",
		mail->expires + (mail->account[0] != '\0' ? FAILED_LIFE : 0));
	return store_keep(store, STORE_MAIL, mail->id, record);
}

enum status
mail_queue_as(struct store *store, const struct conf *conf, struct mail *mail,
	int64_t now)
{
	enum status status;

	if (!conf_mails(conf))
		return STATUS_OK;
	uuid_ordered(mail->id);
	if (mail->account[0] == '\0')
		strcpy(mail->id, nobodys);
	mail->made = mail->next = now;
	mail->expires =
		now +
		(mail_is_code(mail->kind)
				? code_life(conf, code_of_mail(mail->kind))
				: NOTICE_LIFE);
	/* The same work for every mail: one record less and one more. */
	status = mail_delete(store, nobodys);
	return status == STATUS_OK ? mail_put(store, mail) : status;
}

enum status
mail_queue(struct store *store, const struct conf *conf, enum mail_kind kind,
	const char *account, const char *language, int64_t now)
{
	struct mail mail = {.kind = kind};

	snprintf(mail.account, sizeof mail.account, "%s", account);
	snprintf(mail.language, sizeof mail.language, "%s", language);
	return mail_queue_as(store, conf, &mail, now);
}

enum status
mail_delete(struct store *store, const char *id)
{
	return store_delete(store, STORE_MAIL, id);
}

enum status
mail_get(struct store *store, const char *id, struct mail *mail)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_MAIL, id, &record);

	if (status == STATUS_OK && !from_record(record, id, mail))
		status = STATUS_NOT_FOUND;
	json_object_put(record);
	return status;
}

void
mail_walk_begin(struct store_walk *walk, struct store *store, int64_t since)
{
	char before[UUID_SIZE];

	uuid_before(since, before);
	store_walk_begin(walk, store, STORE_MAIL, before);
}

bool
mail_walk_next(struct store_walk *walk, struct mail *mail)
{
	while (store_walk_next(walk))
		if (!is_nobodys(walk->key) &&
			from_record(walk->record, walk->key, mail))
			return true;
	return false;
}

/* --- whether they move ------------------------------------------------- */

static void
look_at(struct health *health, const struct mail *mail, int64_t now)
{
	if (mail->expires <= now) {
		health->failed_mails++;
		return;
	}
	health->waiting++;
	if (health->made == 0 || mail->made < health->made)
		health->made = mail->made;
	if (mail->next <= now && (health->due == 0 || mail->next < health->due))
		health->due = mail->next;
}

/* A sender looks each second. */
void
mail_health(const struct site *site, int64_t now, struct health *health)
{
	enum { DUE_SECONDS = 300 };
	struct store_walk walk;
	struct mail mail;
	int seen = 0;

	if (!conf_mails(site->conf))
		return;
	mail_walk_begin(&walk, site->store, 0);
	for (; seen < MAIL_LOOK && mail_walk_next(&walk, &mail); seen++)
		look_at(health, &mail, now);
	if (store_walk_end(&walk) != STATUS_OK)
		health_fail(health, HEALTH_MAIL, "what waits cannot be read");
	else if (health->due > 0 && now - health->due > DUE_SECONDS)
		health_fail(health, HEALTH_MAIL,
			"one is due for %lld s; does `latchkey mail send` run?",
			(long long)(now - health->due));
}

/* --- the reader's language --------------------------------------------- */

bool
mail_has_language(const struct conf *conf, const char *language)
{
	char *path = file_find(conf->mail_templates, language);
	bool found = path != NULL;

	mem_free(path);
	return found;
}

static bool
has_language(const void *conf, const char *language)
{
	return mail_has_language(conf, language);
}

void
mail_language(const struct conf *conf, const char *accept,
	char language[NAME_LANGUAGE_SIZE])
{
	language_choose(accept, has_language, conf, language);
}
