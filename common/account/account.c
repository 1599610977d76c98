/* account.c - who may sign in: one record an account, found by its names */
#include "config.h"

#include "account/account.h"

#include "account/account-unproved.h"
#include "account/admins.h"
#include "account/hash-classes.h"
#include "account/mail-limit.h"
#include "account/mail.h"
#include "account/names.h"
#include "account/session-record.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "site/event.h"

#include <string.h>

const char *
account_name(const struct account *account)
{
	return account->username[0] != '\0' ? account->username
					    : account->email;
}

const char *
account_address(const struct account *account)
{
	return account->email[0] != '\0' ? account->email : account->username;
}

bool
account_is_admin(const struct account *account)
{
	return account->admin && account->enabled;
}

enum status
account_hash(const struct site *site, const struct password *password,
	char hash[PASSWORD_HASH_SIZE])
{
	struct password_scheme scheme = conf_scheme(site->conf);
	enum status status = slots_take(site->slots, SLOTS_NOBODY);

	if (status != STATUS_OK)
		return status;
	status = password_hash(&scheme, password, hash);
	slots_give(site->slots);
	return status;
}

/* --- records ----------------------------------------------------------- */

const struct record_member account_members[] = {
	{"id", false, RECORD_MEMBER(struct account, id)},
	{"username", true, RECORD_MEMBER(struct account, username)},
	{"email", true, RECORD_MEMBER(struct account, email)},
	{"full_name", true, RECORD_MEMBER(struct account, full_name)},
	{"language", true, RECORD_MEMBER(struct account, language)},
	{"groups", true, RECORD_MEMBER(struct account, groups)},
	{"hash", false, RECORD_MEMBER(struct account, hash)},
	{"admin", false, RECORD_MEMBER(struct account, admin)},
	{"verified", false, RECORD_MEMBER(struct account, verified)},
	{"enabled", false, RECORD_MEMBER(struct account, enabled)},
	{"must_change", true, RECORD_MEMBER(struct account, must_change)},
	{"unproved", true, RECORD_MEMBER(struct account, unproved)},
	{"epoch", false, RECORD_MEMBER(struct account, epoch)},
	{"created", false, RECORD_MEMBER(struct account, created)},
	{.name = NULL},
};

/* All epochs were earlier: they begin at a time, or go up with changes. */
bool
account_end_tokens(struct json_object *record, int64_t now)
{
	int64_t epoch;

	if (!json_natural(record, "epoch", &epoch))
		return false;
	json_add_int(record, "epoch", epoch < now ? now : epoch + 1);
	return true;
}

enum status
account_get(struct store *store, const char *id, struct account *account)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_ACCOUNT, id, &record);

	if (status == STATUS_NOT_FOUND)
		return STATUS_NO_ACCOUNT;
	if (status == STATUS_OK &&
		record_read(account_members, record, account) != NULL) {
		log_error("account %s: its record cannot be read", id);
		status = STATUS_UNAVAILABLE;
	}
	if (status == STATUS_OK)
		strcpy(account->stored_hash, account->hash);
	json_object_put(record);
	return status;
}

enum status
account_get_at(struct store *store, const char *id, int64_t epoch,
	struct account *account)
{
	enum status status = account_get(store, id, account);

	return status == STATUS_NO_ACCOUNT ||
			       (status == STATUS_OK && account->epoch != epoch)
		       ? STATUS_BAD_TOKEN
		       : status;
}

enum status
account_put(struct store *store, const struct account *account)
{
	char text[RECORD_SIZE];
	size_t length = record_write(account_members, account, text);
	enum status status =
		hash_classes_note(store, account->stored_hash, account->hash);

	return status == STATUS_OK ? store_put_text(store, STORE_ACCOUNT,
					     account->id, text, length)
				   : status;
}

enum status
account_put_changed(
	struct store *store, struct account *account, const char *session)
{
	enum status status =
		session_record_end_others(store, account->id, session);

	account->epoch++;
	return status == STATUS_OK ? account_put(store, account) : status;
}

enum status
account_put_new(struct store *store, const struct account *account)
{
	char text[RECORD_SIZE];
	size_t length = record_write(account_members, account, text);
	bool there = false;
	enum status status = hash_classes_note(store, "", account->hash);

	if (status == STATUS_OK)
		status = store_add(store, STORE_ACCOUNT, account->id, text,
			length, &there);
	return status == STATUS_OK && there ? STATUS_NAME_TAKEN : status;
}

enum status
account_each(const struct site *site, account_visit *visit, void *context)
{
	struct store_walk walk;
	struct account account;
	bool more = true;

	store_walk_begin(&walk, site->store, STORE_ACCOUNT, "");
	while (more && store_walk_next(&walk))
		more = record_read(account_members, walk.record, &account) !=
			       NULL ||
		       visit(context, &account);
	return store_walk_end(&walk);
}

enum status
account_tell(const struct site *site, const struct account *account,
	enum mail_kind kind, const char *language)
{
	if (account->email[0] == '\0')
		return STATUS_OK;
	return mail_queue(site->store, site->conf, kind, account->id, language,
		site_now());
}

/* --- events ------------------------------------------------------------ */

struct json_object *
account_json(const struct account *account)
{
	struct json_object *data = json_new_object();
	char created[UTC_SIZE];

	json_add_string(data, "id", account->id);
	json_add_string(data, "username", account->username);
	json_add_string(data, "email", account->email);
	json_add_string(data, "name", account->full_name);
	json_add_string(data, "language", account->language);
	json_add_string(data, "role", account->admin ? "admin" : "user");
	json_add(data, "groups", groups_array(account->groups));
	json_add_bool(data, "verified", account->verified);
	json_add_string(
		data, "created_at", utc_text(account->created, created));
	return data;
}

enum status
account_event(const struct site *site, const char *name,
	const struct account *account, const char *more,
	struct json_object *value)
{
	int64_t now = site_now();
	struct json_object *data, *json;

	if (!conf_events(site->conf) || account->unproved) {
		json_object_put(value);
		return STATUS_OK;
	}
	data = event_new(name, now);
	json = account_json(account);
	json_add_bool(json, "enabled", account->enabled);
	json_add_bool(json, "must_change", account->must_change);
	json_add(data, "account", json);
	if (more != NULL)
		json_add(data, more, value);
	return event_queue(site->store, site->conf, account->id, data, now);
}

/* Whether a member of the record is another. */
static bool
differs(const char *name, const struct account *was, const struct account *is)
{
	const struct record_member *member = record_find(account_members, name);
	const char *a = (const char *)was + member->offset;
	const char *b = (const char *)is + member->offset;

	return member->type == RECORD_TEXT ? strcmp(a, b) != 0
					   : memcmp(a, b, member->size) != 0;
}

/* The members of an event's `account` that are others; NULL: none. */
static struct json_object *
list_changed(const struct account *was, const struct account *is)
{
	static const char *const names[][2] = {{"username", "username"},
		{"email", "email"}, {"name", "full_name"},
		{"language", "language"}, {"role", "admin"},
		{"groups", "groups"}, {"verified", "verified"},
		{"enabled", "enabled"}, {"must_change", "must_change"}};
	struct json_object *list = NULL;
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!differs(names[i][1], was, is))
			continue;
		if (list == NULL)
			list = json_new_array();
		json_append(
			list, mem_check(json_object_new_string(names[i][0])));
	}
	return list;
}

enum status
account_changed(const struct site *site, const struct account *was,
	const struct account *is)
{
	struct json_object *changed;
	bool password = strcmp(was->hash, is->hash) != 0;
	enum status status = STATUS_OK;

	if (!conf_events(site->conf) || is->unproved)
		return STATUS_OK;
	if (was->unproved)
		return account_event(site, "account-create", is, NULL, NULL);
	changed = list_changed(was, is);
	if (password)
		status = account_event(site, "password-change", is, NULL, NULL);
	if (changed == NULL)
		return !password && was->epoch != is->epoch
			       ? account_event(site, "sign-out", is, NULL, NULL)
			       : status;
	if (status == STATUS_OK)
		return account_event(
			site, "account-change", is, "changed", changed);
	json_object_put(changed);
	return status;
}

/* --- what names it can have -------------------------------------------- */

const char *
account_accept_username(struct account *account)
{
	return account->username[0] == '\0'
		       ? NULL
		       : name_accept_username(account->username);
}

const char *
account_accept_email(struct account *account)
{
	return account->email[0] == '\0' ? NULL
					 : name_accept_email(account->email);
}

const char *
account_accept_names(struct account *account)
{
	const char *flaw = account_accept_username(account);

	if (account->username[0] == '\0' && account->email[0] == '\0')
		return "neither username nor email";
	return flaw != NULL ? flaw : account_accept_email(account);
}

bool
account_is_admin_in_name_only(const struct account *account)
{
	char key[NAME_SIZE];

	return !account->admin && name_key(account->username, key) &&
	       strcmp(key, ACCOUNT_ADMIN_NAME) == 0;
}

bool
account_is_kept_from_admin(const struct account *account)
{
	char key[NAME_SIZE];

	name_old_key(account->username, key);
	return !account->admin && strcmp(key, ACCOUNT_ADMIN_NAME) == 0;
}

/* --- found by its names ------------------------------------------------ */

enum status
account_find(struct store *store, const char *name, struct account *account)
{
	char id[NAME_ID_SIZE];
	enum status status = names_find(store, name, id);

	return status == STATUS_OK ? account_get(store, id, account) : status;
}

enum status
account_find_alike(
	struct store *store, const char *name, struct account *account)
{
	char id[NAME_ID_SIZE];
	bool found;
	enum status status = names_find_near(store, name, id, &found);

	if (status == STATUS_OK)
		status = account_get(store, id, account);
	return status == STATUS_OK && !found ? STATUS_NO_ACCOUNT : status;
}

/* Whether the operator means an id, in any case. */
static bool
is_id(const char *whom, char id[NAME_ID_SIZE])
{
	if (strlen(whom) >= NAME_ID_SIZE)
		return false;
	strcpy(id, whom);
	utf8_lower_ascii(id);
	return uuid_valid(id);
}

enum status
account_find_whom(
	struct store *store, const char *whom, struct account *account)
{
	char id[NAME_ID_SIZE];

	return is_id(whom, id) ? account_get(store, id, account)
			       : account_find(store, whom, account);
}

enum status
account_look_up(
	const struct site *site, const char *name, struct account *account)
{
	enum status status = store_begin(site->store, STORE_READ);

	if (status == STATUS_OK)
		status = account_find(site->store, name, account);
	store_abort(site->store);
	return status;
}

enum status
account_look_up_whom(
	const struct site *site, const char *whom, struct account *account)
{
	enum status status = store_begin(site->store, STORE_READ);

	if (status == STATUS_OK)
		status = account_find_whom(site->store, whom, account);
	store_abort(site->store);
	return status;
}

/* --- making one -------------------------------------------------------- */

/* STATUS_FORBIDDEN if there is an account already. */
static enum status
check_first(struct store *store)
{
	char key[STORE_KEY_SIZE] = "";
	struct json_object *record;
	enum status status = store_next(store, STORE_ACCOUNT, key, &record);

	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK
	       : status == STATUS_OK      ? STATUS_FORBIDDEN
					  : status;
}

enum status
account_none(const struct site *site)
{
	enum status status = store_begin(site->store, STORE_READ);

	if (status == STATUS_OK)
		status = check_first(site->store);
	store_abort(site->store);
	return status;
}

static enum status
check_no_admin(struct store *store)
{
	bool any;
	enum status status = admins_any(store, &any);

	return status == STATUS_OK && any ? STATUS_HAS_ADMIN : status;
}

/* A mail that a registration causes. Where it is one too many, the same work is
 * done for nobody. */
static enum status
send(const struct site *site, enum mail_kind kind, const char *account,
	int64_t now)
{
	struct mail_limit mail = {.sort = mail_kind_name(kind),
		.account = account,
		.network = ""};
	bool allowed;
	enum status status = mail_limit_count(site, &mail, now, &allowed);

	return status == STATUS_OK ? mail_queue(site->store, site->conf, kind,
					     allowed ? account : "", "", now)
				   : status;
}

/* The address is taken. The answer and the work are the same as for a free one,
 * also for a second registration: the username stays taken, by an account that
 * nobody can prove. The owner of the address gets a mail, though not for each
 * such try. */
static enum status
put_taken(const struct site *site, const struct account *account)
{
	struct account nobodys = *account;
	char owner[NAME_ID_SIZE];
	enum status status =
		names_find_holder(site->store, account->email, owner);

	nobodys.email[0] = '\0';
	if (status == STATUS_OK && nobodys.username[0] != '\0')
		status = account_put(site->store, &nobodys);
	if (status == STATUS_OK)
		status = account_unproved_add(
			site, account->id, account->created);
	return status == STATUS_OK
		       ? send(site, MAIL_TAKEN, owner, account->created)
		       : status;
}

static enum status
put_new(const struct site *site, const struct account *account,
	enum account_condition condition)
{
	struct store *store = site->store;
	enum status status = STATUS_OK;

	if (condition == ACCOUNT_IF_NO_ADMIN)
		status = check_no_admin(store);
	if (status == STATUS_OK)
		status = admins_note(
			store, account->id, false, account_is_admin(account));
	if (status == STATUS_OK)
		status = account_put(store, account);
	if (status == STATUS_OK && account->hash[0] == '\0')
		status = account_tell(site, account, MAIL_INVITATION, "");
	if (status == STATUS_OK)
		status = account_event(
			site, "account-create", account, NULL, NULL);
	if (status != STATUS_OK || !account->unproved)
		return status;
	status = account_unproved_add(site, account->id, account->created);
	/* This is the first of the mails that a client may ask for. */
	return status == STATUS_OK
		       ? send(site, MAIL_VERIFY, account->id, account->created)
		       : status;
}

static enum status
claim_username(struct store *store, struct account *account,
	enum account_hiding hiding)
{
	enum status status = names_claim(store, account->username, account->id);

	if (status != STATUS_NAME_TAKEN || hiding != ACCOUNT_HIDES_ALL)
		return status;
	account->username[0] = '\0';
	return STATUS_OK;
}

enum status
account_add(const struct site *site, struct account *account,
	const struct password *password, enum account_condition condition,
	enum account_hiding hiding)
{
	struct store *store = site->store;
	enum status status = STATUS_OK;

	if (account_accept_names(account) != NULL)
		return STATUS_BAD_NAME;
	if (password != NULL)
		status = account_hash(site, password, account->hash);
	if (status != STATUS_OK)
		return status;
	uuid_ordered(account->id);
	account->enabled = true;
	account->epoch = 1;
	account->stored_hash[0] = '\0';
	account->created = site_now();
	status = site_keys(site, account->created);
	if (status == STATUS_OK)
		status = names_settle(store, false);
	if (status == STATUS_OK)
		status = store_begin(store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	/* Before the names: a client that comes too late does not hear whether
	 * they are taken. */
	if (condition == ACCOUNT_IF_FIRST)
		status = check_first(store);
	/* The username first: otherwise one that is known to be taken would
	 * tell whether an email is. */
	if (status == STATUS_OK)
		status = claim_username(store, account, hiding);
	if (status != STATUS_OK)
		return store_finish(store, status);
	status = names_claim(store, account->email, account->id);
	if (status == STATUS_NAME_TAKEN && hiding != ACCOUNT_HIDES_NONE) {
		status = put_taken(site, account);
		account->epoch = 0;
	} else if (status == STATUS_OK) {
		status = put_new(site, account, condition);
	}
	return store_finish(store, status);
}

/* --- changing and deleting one ----------------------------------------- */

/* Before anything is changed: whether a user may have the new password for the
 * current one; NULL is not asked for. */
static enum status
check_change(const struct site *site, const char *id,
	const struct password *current, const struct password *password,
	struct attempt *attempt)
{
	struct account account;
	enum status status = STATUS_OK;

	if (current != NULL)
		status = account_check_password(site, id, current, attempt);
	if (status == STATUS_OK)
		status = account_look_up_whom(site, id, &account);
	if (status == STATUS_OK)
		status = account_check_other(site, &account, password, attempt);
	return status == STATUS_NO_ACCOUNT        ? STATUS_BAD_TOKEN
	       : status == STATUS_BAD_CREDENTIALS ? STATUS_WRONG_PASSWORD
						  : status;
}

enum status
account_change_password(const struct site *site, const char *id, int64_t *epoch,
	const char *session, const struct password *current,
	const struct password *password, struct attempt *attempt)
{
	struct store *store = site->store;
	struct account account, before;
	char hash[PASSWORD_HASH_SIZE];
	enum status status = check_change(site, id, current, password, attempt);

	if (status != STATUS_OK)
		return status;
	status = account_hash(site, password, hash);
	if (status == STATUS_OK)
		status = store_begin(store, STORE_WRITE);
	/* The account may have changed since; then this token is dead. */
	if (status == STATUS_OK)
		status = account_get_at(store, id, *epoch, &account);
	if (status == STATUS_OK) {
		before = account;
		account_set_hash(&account, hash);
		status = account_put_changed(store, &account, session);
	}
	if (status == STATUS_OK)
		status = account_tell(
			site, &account, MAIL_CHANGED, attempt->language);
	if (status == STATUS_OK)
		status = account_changed(site, &before, &account);
	status = store_finish(store, status);
	if (status == STATUS_OK)
		*epoch = account.epoch;
	return status;
}

/* Has the account go by another name. */
static enum status
rename_one(struct store *store, const char *was, const char *is, const char *id)
{
	enum status status = STATUS_OK;

	if (strcmp(was, is) == 0)
		return STATUS_OK;
	status = names_free(store, was, id);
	return status == STATUS_OK ? names_claim(store, is, id) : status;
}

enum status
account_rename(
	struct store *store, const struct account *was, struct account *is)
{
	enum status status;

	/* An account that is older than the rules may keep its names. */
	if (strcmp(was->username, is->username) != 0 &&
		account_accept_username(is) != NULL)
		return STATUS_BAD_NAME;
	if (strcmp(was->email, is->email) != 0 &&
		account_accept_email(is) != NULL)
		return STATUS_BAD_NAME;
	if (is->username[0] == '\0' && is->email[0] == '\0')
		return STATUS_BAD_NAME;
	status = rename_one(store, was->username, is->username, is->id);
	return status == STATUS_OK
		       ? rename_one(store, was->email, is->email, is->id)
		       : status;
}

/* Whether something has changed that tokens and codes rely on. */
static bool
is_other(const struct account *was, const struct account *is)
{
	return strcmp(was->username, is->username) != 0 ||
	       strcmp(was->email, is->email) != 0 ||
	       strcmp(was->hash, is->hash) != 0 || was->admin != is->admin ||
	       was->must_change != is->must_change ||
	       was->enabled != is->enabled || was->unproved != is->unproved;
}

/* The address before gets a notice: what comes by mail, codes for a new
 * password too, goes to another. The new one gets a code that proves it. */
static enum status
tell_of_address(const struct site *site, const struct account *was,
	const struct account *is)
{
	struct mail mail = {.kind = MAIL_ADDRESS_SET};
	enum status status = STATUS_OK;

	if (name_same(was->email, is->email))
		return STATUS_OK;
	strcpy(mail.account, is->id);
	strcpy(mail.address, was->email);
	if (was->email[0] != '\0')
		status = mail_queue_as(
			site->store, site->conf, &mail, site_now());
	if (status != STATUS_OK || is->verified || !is->enabled)
		return status;
	return account_tell(site, is,
		is->hash[0] == '\0' ? MAIL_INVITATION : MAIL_VERIFY, "");
}

static enum status
update(const struct site *site, const char *whom, const char *session,
	account_change *change, const void *context, bool always,
	struct account *account)
{
	struct store *store = site->store;
	struct account before;
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		status = account_find_whom(store, whom, account);
	if (status != STATUS_OK)
		return store_finish(store, status);
	before = *account;
	if (change != NULL)
		status = change(account, context);
	if (status == STATUS_OK)
		status = account_rename(store, &before, account);
	if (status == STATUS_OK)
		status = admins_note(store, account->id,
			account_is_admin(&before), account_is_admin(account));
	if (status == STATUS_OK && (always || is_other(&before, account)))
		status = account_put_changed(store, account, session);
	else if (status == STATUS_OK)
		status = account_put(store, account);
	if (status == STATUS_OK && strcmp(account->hash, before.hash) != 0)
		status = account_tell(site, account, MAIL_CHANGED, "");
	if (status == STATUS_OK)
		status = tell_of_address(site, &before, account);
	if (status == STATUS_OK)
		status = account_changed(site, &before, account);
	return store_finish(store, status);
}

enum status
account_update(const struct site *site, const char *whom,
	account_change *change, const void *context)
{
	struct account account;

	return update(site, whom, NULL, change, context, true, &account);
}

enum status
account_edit(const struct site *site, const char *whom, const char *session,
	account_change *change, const void *context, struct account *account)
{
	return update(site, whom, session, change, context, false, account);
}

const char *
account_profile_flaw(const struct account_profile *profile)
{
	const char *name = profile->full_name, *language = profile->language;

	if (name != NULL && strlen(name) > ACCOUNT_FULL_NAME)
		return "The name must be at most 120 bytes long";
	if (language != NULL && language[0] != '\0' &&
		!name_is_language(language))
		return "language must be two or three lower-case letters";
	return NULL;
}

void
account_take_profile(
	struct account *account, const struct account_profile *profile)
{
	if (profile->full_name != NULL)
		snprintf(account->full_name, sizeof account->full_name, "%s",
			profile->full_name);
	if (profile->language != NULL)
		snprintf(account->language, sizeof account->language, "%s",
			profile->language);
}

enum status
account_set_profile(const struct site *site, const char *id,
	const struct account_profile *profile, struct account *account)
{
	struct store *store = site->store;
	struct account before;
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		status = account_get(store, id, account);
	if (status != STATUS_OK)
		return store_finish(store, status);
	before = *account;
	account_take_profile(account, profile);
	status = account_put(store, account);
	if (status == STATUS_OK)
		status = account_changed(site, &before, account);
	return store_finish(store, status);
}

enum status
account_set_hash(struct account *account, const void *hash)
{
	snprintf(account->hash, sizeof account->hash, "%s", (const char *)hash);
	account->must_change = false;
	return STATUS_OK;
}

enum status
account_set_enabled(struct account *account, const void *enabled)
{
	account->enabled = *(const bool *)enabled;
	return STATUS_OK;
}

enum status
account_forget(const struct site *site, const struct account *account)
{
	struct store *store = site->store;
	enum status status = names_free(store, account->username, account->id);

	if (status == STATUS_OK)
		status = names_free(store, account->email, account->id);
	/* What no sweep deletes: counts of wrong codes, and its factor. */
	if (status == STATUS_OK)
		status = throttle_forget(site, account->id);
	if (status == STATUS_OK)
		status = store_delete(store, STORE_FACTOR, account->id);
	if (status == STATUS_OK)
		status = session_record_end_others(store, account->id, NULL);
	return status == STATUS_OK
		       ? store_delete(store, STORE_ACCOUNT, account->id)
		       : status;
}

/* The address is kept beside the mail, since the account goes. An address that
 * somebody has only registered with may be another person's. */
static enum status
tell_of_end(const struct site *site, const struct account *account)
{
	struct mail mail = {.kind = MAIL_CLOSED};

	if (account->email[0] == '\0' || account->unproved)
		return STATUS_OK;
	strcpy(mail.account, account->id);
	strcpy(mail.address, account->email);
	strcpy(mail.language, account->language);
	return mail_queue_as(site->store, site->conf, &mail, site_now());
}

enum status
account_delete(
	const struct site *site, const char *whom, struct account *account)
{
	struct store *store = site->store;
	enum status status = site_begin(site, STORE_WRITE, site_now());

	if (status == STATUS_OK)
		status = account_find_whom(store, whom, account);
	if (status == STATUS_OK)
		status = admins_note(
			store, account->id, account_is_admin(account), false);
	if (status == STATUS_OK)
		status = account_forget(site, account);
	if (status == STATUS_OK)
		status = account_event(
			site, "account-delete", account, NULL, NULL);
	if (status == STATUS_OK)
		status = tell_of_end(site, account);
	return store_finish(store, status);
}
