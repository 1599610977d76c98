/* integrity.c - whether all records are what they should be, and lead to each
 * other */
#include "config.h"

#include "account/integrity.h"

#include "account/account.h"
#include "account/admins.h"
#include "account/code.h"
#include "account/factor.h"
#include "account/mail.h"
#include "account/names.h"
#include "account/session-record.h"
#include "account/session.h"
#include "account/token.h"
#include "base/json.h"
#include "base/name.h"
#include "base/uuid.h"
#include "site/event.h"

#include <stdio.h>
#include <string.h>

/* Inside a unit of work: what is wrong with the record or with what it leads
 * to; NULL: nothing. A store that fails meanwhile looks like a problem, too.
 *
 * A rehearsal comes before, which only wants what the record leads to: all is
 * well with that then. Else each look-up would be a round trip to a database.
 */
typedef const char *check_record(struct integrity *check, const char *key,
	const struct json_object *record);

/* A damaged record may name what no key can be. */
static bool
is_key(const char *text)
{
	return strlen(text) < STORE_KEY_SIZE;
}

/* --- accounts and names ------------------------------------------------ */

/* Whether the name is permitted, or could be made before there were rules. */
static bool
is_username(const char *name)
{
	char old[NAME_SIZE];

	name_old_key(name, old);
	return name_is_username(name) ||
	       (strlen(old) == strlen(name) && strchr(name, '@') == NULL);
}

static bool
is_email(const char *name)
{
	return name_is_email(name) || name_is_address(name);
}

static const char *
account_flaw(const struct account *account, const char *key)
{
	if (strcmp(account->id, key) != 0)
		return "its id is not its key";
	if (!uuid_valid(account->id))
		return "its id is no UUID";
	if (account->username[0] == '\0' && account->email[0] == '\0')
		return "it has no name";
	if (account->username[0] != '\0' && !is_username(account->username))
		return "its username is none";
	if (account->email[0] != '\0' && !is_email(account->email))
		return "its email is none";
	if (account->language[0] != '\0' &&
		!name_is_language(account->language))
		return "its language is none";
	if (!groups_is_kept(account->groups))
		return "its groups are none";
	return account->epoch < 1 ? "its epoch is 0" : NULL;
}

/* Whether a name leads to that account. */
static bool
leads_to(struct integrity *check, const char *name, const char *id)
{
	struct store *store = check->site->store;

	if (!check->rehearses)
		return names_lead_to(store, name, id);
	names_want(store, name);
	return true;
}

/* How often the list of administrators has an id. */
static size_t
times_in(const struct json_object *ids, const char *id)
{
	size_t i, times = 0;

	for (i = 0; i < json_object_array_length(ids); i++)
		if (strcmp(json_string_at(ids, i), id) == 0)
			times++;
	return times;
}

static bool
is_listed(struct integrity *check, const char *id)
{
	struct store *store = check->site->store;
	struct json_object *ids;
	bool listed;

	if (check->rehearses)
		return true;
	listed = admins_list(store, &ids) == STATUS_OK && times_in(ids, id) > 0;
	json_object_put(ids);
	return listed;
}

/* "$6$", "$2b$" and so on; "none" and "other". */
static void
count_scheme(struct integrity *check, const char *hash)
{
	const char *end = hash[0] == '$' ? strchr(hash + 1, '$') : NULL;
	char prefix[INTEGRITY_SCHEME_SIZE];
	int i;

	if (end != NULL && end - hash + 1 < INTEGRITY_SCHEME_SIZE)
		snprintf(prefix, sizeof prefix, "%.*s", (int)(end - hash + 1),
			hash);
	else
		strcpy(prefix, hash[0] == '\0' ? "none" : "other");
	for (i = 0; i < INTEGRITY_SCHEMES - 1; i++)
		if (check->schemes[i].count == 0 ||
			strcmp(check->schemes[i].prefix, prefix) == 0)
			break;
	strcpy(check->schemes[i].prefix, prefix);
	check->schemes[i].count++;
}

static const char *
check_account(struct integrity *check, const char *key,
	const struct json_object *record)
{
	struct account account;
	const char *flaw = record_read(account_members, record, &account);

	if (flaw != NULL)
		return flaw;
	if (!check->rehearses) {
		count_scheme(check, account.hash);
		hash_classes_see(&check->classes, account.hash);
	}
	flaw = account_flaw(&account, key);
	if (flaw != NULL)
		return flaw;
	if (account.username[0] != '\0' &&
		!leads_to(check, account.username, key))
		return "its username does not lead to it";
	if (account.email[0] != '\0' && !leads_to(check, account.email, key))
		return "its email does not lead to it";
	if (account_is_admin(&account) && !is_listed(check, key))
		return "an administrator who is not on their list";
	return NULL;
}

/* Whether there is an account with that id. If its record cannot be read, that
 * is reported under the account, and `readable` is false. */
static bool
look_at(struct integrity *check, const char *id, struct account *account,
	bool *readable)
{
	struct store *store = check->site->store;
	struct json_object *record;
	enum status status;

	*readable = false;
	if (!is_key(id))
		return false;
	if (check->rehearses) {
		store_want(store, STORE_ACCOUNT, id);
		return true;
	}
	status = store_get(store, STORE_ACCOUNT, id, &record);
	*readable = status == STATUS_OK &&
		    record_read(account_members, record, account) == NULL;
	json_object_put(record);
	return status != STATUS_NOT_FOUND;
}

/* Whether the account's name stands, or may stand, under that key. */
static bool
is_key_of(const char *name, const char *key)
{
	char own[NAME_SIZE];

	name_old_key(name, own);
	return strcmp(key, own) == 0 ||
	       (name_key(name, own) && strcmp(key, own) == 0);
}

/* What to say of an old name, which is as good as any. */
static const char *
see_old_name(struct integrity *check, const char *key, const char *today)
{
	struct old_name name;
	size_t kept = 0;

	if (names_judge(check->site->store, key, &name) != STATUS_OK)
		return NULL;
	if (name.fate == NAME_FREE) {
		check->old_names++;
	} else {
		check->stranded_names++;
		check->report(check->context, "name", key,
			names_fate_text(name.fate));
	}
	if (today[0] == '\0' ||
		names_count_old(check->site->store, today, &kept) != STATUS_OK)
		return NULL;
	return kept == 0 ? "what it would be today is not kept for it" : NULL;
}

static const char *
check_name(struct integrity *check, const char *key,
	const struct json_object *record)
{
	struct account account;
	char old[NAME_SIZE], today[NAME_SIZE];
	const char *id = json_string(record, "account");
	bool readable;

	if (id == NULL)
		return "it names no account";
	name_old_key(key, old);
	if (strcmp(key, old) != 0)
		return "no name as names are kept";
	if (!look_at(check, id, &account, &readable))
		return "its account is not there";
	if (!readable)
		return NULL;
	if (!is_key_of(account.username, key) && !is_key_of(account.email, key))
		return "its account has another name";
	return names_is_old(key, today) ? see_old_name(check, key, today)
					: NULL;
}

/* What is wrong with one entry. */
static const char *
admin_flaw(
	struct integrity *check, const struct json_object *ids, const char *id)
{
	struct account account;
	bool readable;

	if (id[0] == '\0')
		return "it has what is no id";
	if (times_in(ids, id) != 1)
		return "it has an account twice";
	if (!look_at(check, id, &account, &readable))
		return "it has an account that is not there";
	return readable && !account_is_admin(&account)
		       ? "it has an account that is no administrator"
		       : NULL;
}

/* Inside a unit of work: what is wrong with the list of administrators. */
static const char *
check_admins(struct integrity *check)
{
	struct json_object *record;
	enum status status = store_get(
		check->site->store, STORE_PARAM, ADMINS_PARAM, &record);
	size_t i, count;
	const struct json_object *ids = json_array(record, "ids", &count);
	const char *flaw =
		status == STATUS_UNAVAILABLE ? "it cannot be read" : NULL;

	for (i = 0; i < count && flaw == NULL; i++)
		flaw = admin_flaw(check, ids, json_string_at(ids, i));
	json_object_put(record);
	return flaw;
}

/* --- codes and access tokens ------------------------------------------- */

/* Whether the member `name` of that record is this value; puts the value. */
static bool
has(struct integrity *check, enum store_kind kind, const char *key,
	const char *name, struct json_object *value)
{
	struct store *store = check->site->store;
	struct json_object *record = NULL;
	bool equal = is_key(key);

	if (equal && check->rehearses)
		store_want(store, kind, key);
	else if (equal)
		equal = store_get(store, kind, key, &record) == STATUS_OK &&
			json_object_equal(
				json_object_object_get(record, name), value);
	json_object_put(record);
	json_object_put(value);
	return equal;
}

static bool
has_text(struct integrity *check, enum store_kind kind, const char *key,
	const char *name, const char *text)
{
	return has(check, kind, key, name, json_object_new_string(text));
}

static const char *
check_expiring(struct integrity *check, const char *key,
	const struct json_object *record)
{
	int64_t expires;

	(void)check;
	(void)key;
	return json_natural(record, "expires", &expires)
		       ? NULL
		       : "it does not say when it expires";
}

static bool
is_code_key(const char *key, const char *account)
{
	const char *colon = strchr(key, ':');

	return colon != NULL && account != NULL &&
	       strcmp(colon + 1, account) == 0 &&
	       (strncmp(key, "reset:", 6) == 0 ||
		       strncmp(key, "verify:", 7) == 0 ||
		       strncmp(key, "invite:", 7) == 0 ||
		       strncmp(key, "address:", 8) == 0);
}

/* From a code to its hash. A code of digits has no pointer, and a code with few
 * tries left may be of digits. Its account may be gone: then the code is good
 * for nothing, until it is swept. */
static const char *
check_code_itself(struct integrity *check, const char *key,
	const struct json_object *record)
{
	enum { TRIES_DIGITS = 5 };
	const char *hash = json_string(record, "hash");
	const char *account = json_string(record, "account");
	int64_t left, epoch;
	char pointer[STORE_KEY_SIZE];

	if (hash == NULL || !json_natural(record, "epoch", &epoch))
		return "a member is missing";
	if (account != NULL && session_is_ticket(key, account))
		return NULL;
	if (!json_natural(record, "tries_left", &left))
		return "a member is missing";
	if (!is_code_key(key, account))
		return "its key is another's";
	snprintf(pointer, sizeof pointer, "hash:%.256s", hash);
	if (left > TRIES_DIGITS &&
		!has_text(check, STORE_CODE, pointer, "for", key))
		return "its hash does not lead to it";
	return NULL;
}

static const char *
check_code(struct integrity *check, const char *key,
	const struct json_object *record)
{
	const char *target = json_string(record, "for");
	const char *hash = code_pointer_hash(key);
	int64_t expires;

	if (!json_natural(record, "expires", &expires))
		return "it does not say when it expires";
	/* The sweep deletes the two one after the other. */
	if (expires <= check->now)
		return NULL;
	if (hash == NULL)
		return check_code_itself(check, key, record);
	return target != NULL &&
			       has_text(check, STORE_CODE, target, "hash", hash)
		       ? NULL
		       : "it leads to no code of that hash";
}

static void
token_key(int64_t id, char key[STORE_KEY_SIZE])
{
	snprintf(key, STORE_KEY_SIZE, "%019lld", (long long)id);
}

/* From a secret's hash to the token that has the secret now, or had it before
 * the last rotation. */
static const char *
check_token_pointer(struct integrity *check, const char *hash,
	const struct json_object *record)
{
	char key[STORE_KEY_SIZE];
	int64_t id;

	if (!json_natural(record, "token", &id))
		return "it names no access token";
	token_key(id, key);
	return has_text(check, STORE_TOKEN, key, "hash", hash) ||
			       has_text(check, STORE_TOKEN, key, "old_hash",
				       hash)
		       ? NULL
		       : "it leads to no access token of that hash";
}

static bool
hash_leads_to(struct integrity *check, const char *hash, int64_t token)
{
	char key[STORE_KEY_SIZE];

	snprintf(key, sizeof key, "hash:%s", hash);
	return has(
		check, STORE_TOKEN, key, "token", json_object_new_int64(token));
}

static bool
owner_leads_to(struct integrity *check, const char *owner, int64_t token)
{
	char key[STORE_KEY_SIZE];

	snprintf(key, sizeof key, "of:%s/%019lld", owner, (long long)token);
	return has(
		check, STORE_TOKEN, key, "token", json_object_new_int64(token));
}

/* From an account to a token of its own. */
static const char *
check_token_owner(struct integrity *check, const char *owner,
	const struct json_object *record)
{
	char key[STORE_KEY_SIZE], account[NAME_ID_SIZE];
	int64_t id;

	if (strlen(owner) < NAME_ID_SIZE || !json_natural(record, "token", &id))
		return "it names no access token";
	snprintf(account, sizeof account, "%s", owner);
	token_key(id, key);
	return has_text(check, STORE_TOKEN, key, "maker", account)
		       ? NULL
		       : "it leads to no access token of that account";
}

/* From an access token to its last use. */
static const char *
check_use(struct integrity *check, const char *key,
	const struct json_object *record)
{
	bool there = false;
	int64_t used;

	if (!json_natural(record, "used", &used))
		return "it has no time";
	if (check->rehearses) {
		store_want(check->site->store, STORE_TOKEN, key);
		return NULL;
	}
	store_has(check->site->store, STORE_TOKEN, key, &there);
	return there ? NULL : "there is no such access token";
}

static const char *
check_token(struct integrity *check, const char *key,
	const struct json_object *record)
{
	char its_key[STORE_KEY_SIZE];
	struct token token;
	const char *flaw;

	if (strncmp(key, "hash:", 5) == 0)
		return check_token_pointer(check, key + 5, record);
	if (strncmp(key, "of:", 3) == 0)
		return check_token_owner(check, key + 3, record);
	flaw = record_read(token_members, record, &token);
	if (flaw != NULL)
		return flaw;
	token_key(token.id, its_key);
	if (strcmp(its_key, key) != 0)
		return "its id is not its key";
	/* The maker may be gone; then the token is dead, and still listed. */
	if (!uuid_valid(token.maker))
		return "its maker is no account's id";
	if (!hash_leads_to(check, token.hash, token.id) ||
		(token.old_hash[0] != '\0' &&
			!hash_leads_to(check, token.old_hash, token.id)))
		return "its hash does not lead to it";
	if (token.personal && !owner_leads_to(check, token.maker, token.id))
		return "its owner does not lead to it";
	return NULL;
}

/* --- sessions ---------------------------------------------------------- */

/* Its account may be gone: then the session is good for nothing, until it is
 * swept. */
static const char *
check_session(struct integrity *check, const char *key,
	const struct json_object *record)
{
	struct session_record session;
	const char *flaw;
	size_t length;

	(void)check;
	flaw = session_record_read(record, &session);
	if (flaw != NULL)
		return flaw;
	length = strlen(session.account);
	if (strncmp(key, session.account, length) != 0 || key[length] != '/' ||
		strcmp(key + length + 1, session.id) != 0)
		return "its key is not that of its account and id";
	return session.expires > session.ends ? "it expires after its end"
					      : NULL;
}

/* A factor goes with its account. */
static const char *
check_factor(struct integrity *check, const char *key,
	const struct json_object *record)
{
	struct factor factor;
	struct account account;
	const char *flaw = factor_read(record, &factor);
	bool readable;

	if (flaw != NULL)
		return flaw;
	if (strcmp(factor.account, key) != 0)
		return "its account is not its key";
	return look_at(check, key, &account, &readable)
		       ? NULL
		       : "its account is not there";
}

/* --- events ------------------------------------------------------------ */

static const char *
check_event(struct integrity *check, const char *key,
	const struct json_object *record)
{
	(void)check;
	return event_flaw(key, record);
}

/* --- machines ---------------------------------------------------------- */

static const char *
check_machine(struct integrity *check, const char *key,
	const struct json_object *record)
{
	struct machine machine;

	(void)check;
	return machine_read(key, record, &machine);
}

/* --- mails ------------------------------------------------------------- */

static const char *
check_mail(struct integrity *check, const char *key,
	const struct json_object *record)
{
	struct mail mail;

	if (check->rehearses) {
		store_want(check->site->store, STORE_MAIL, key);
		return NULL;
	}
	if (mail_get(check->site->store, key, &mail) != STATUS_OK)
		return "a member is missing, or its kind is none";
	return check_expiring(check, key, record);
}

/* --- all records ------------------------------------------------------- */

enum { BATCH = 256, TOGETHER = 64 };

static const struct {
	const char *name;
	check_record *check; /* NULL: it must be JSON, and nothing more */
} kinds[STORE_KINDS] = {
	[STORE_ACCOUNT] = {"account", check_account},
	[STORE_NAME] = {"name", check_name},
	[STORE_CODE] = {"code", check_code},
	[STORE_TOKEN] = {"token", check_token},
	[STORE_USE] = {"use", check_use},
	[STORE_SESSION] = {"session", check_session},
	[STORE_FACTOR] = {"factor", check_factor},
	[STORE_REVOKED] = {"revoked", check_expiring},
	[STORE_THROTTLE] = {"throttle", check_expiring},
	[STORE_MAIL] = {"mail", check_mail},
	[STORE_EVENT] = {"event", check_event},
	[STORE_UNPROVED] = {"unproved", check_expiring},
	[STORE_OLD_NAME] = {"old name", NULL},
	[STORE_MACHINE] = {"machine", check_machine},
	[STORE_PARAM] = {"param", NULL},
	[STORE_SECRET] = {"secret", NULL},
};

/* Reports what is wrong, unless the store itself has failed. */
static enum status
report(struct integrity *check, const char *kind, const char *key,
	const char *problem)
{
	struct json_object *none;
	enum status status;

	if (problem == NULL)
		return STATUS_OK;
	status = store_get(check->site->store, STORE_PARAM, "", &none);
	json_object_put(none);
	if (status == STATUS_UNAVAILABLE)
		return status;
	check->problems++;
	check->report(check->context, kind, key, problem);
	return STATUS_OK;
}

/* Records that are looked at together. What they lead to comes together, too: a
 * store remembers 256 wants, and a record leads to four others at the most, as
 * each of an account's names has an old key and one of today. */
struct look {
	char keys[TOGETHER][STORE_KEY_SIZE];
	struct json_object *records[TOGETHER]; /* NULL: not JSON */
	int count;
};

/* Takes the record after `key`. STATUS_NOT_FOUND after the last. */
static enum status
take_next(struct store *store, enum store_kind kind, char key[STORE_KEY_SIZE],
	struct look *look)
{
	char before[STORE_KEY_SIZE];
	enum status status;

	strcpy(before, key);
	status = store_next(store, kind, key, &look->records[look->count]);
	/* The record is there and cannot be parsed. */
	if (status == STATUS_UNAVAILABLE && strcmp(before, key) != 0)
		status = STATUS_OK;
	if (status == STATUS_OK)
		strcpy(look->keys[look->count++], key);
	return status;
}

static const char *
problem_of(struct integrity *check, enum store_kind kind,
	const struct look *look, int at)
{
	if (look->records[at] == NULL)
		return "not JSON";
	return kinds[kind].check == NULL
		       ? NULL
		       : kinds[kind].check(
				 check, look->keys[at], look->records[at]);
}

static void
rehearse(struct integrity *check, enum store_kind kind, const struct look *look)
{
	int i;

	check->rehearses = store_is_shared(check->site->store);
	for (i = 0; i < look->count && check->rehearses; i++)
		problem_of(check, kind, look, i);
	check->rehearses = false;
}

/* Looks at the records after `key`. STATUS_NOT_FOUND after the last. */
static enum status
check_next(
	struct integrity *check, enum store_kind kind, char key[STORE_KEY_SIZE])
{
	struct look look = {.count = 0};
	enum status taken = STATUS_OK, status = STATUS_OK;
	int i;

	while (look.count < TOGETHER && taken == STATUS_OK)
		taken = take_next(check->site->store, kind, key, &look);
	rehearse(check, kind, &look);
	for (i = 0; i < look.count; i++) {
		if (status == STATUS_OK)
			status = report(check, kinds[kind].name, look.keys[i],
				problem_of(check, kind, &look, i));
		check->records += status == STATUS_OK;
		json_object_put(look.records[i]);
	}
	return status == STATUS_OK ? taken : status;
}

static enum status
check_kind(struct integrity *check, enum store_kind kind)
{
	struct store *store = check->site->store;
	char key[STORE_KEY_SIZE] = "";
	enum status status = STATUS_OK;
	int i;

	while (status == STATUS_OK) {
		status = store_begin(store, STORE_READ);
		for (i = 0; i < BATCH && status == STATUS_OK; i += TOGETHER)
			status = check_next(check, kind, key);
		store_abort(store);
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Compares the list of administrators with the accounts, and reports what is of
 * no kind. */
static enum status
check_rest(struct integrity *check)
{
	char key[STORE_STRAY_SIZE] = "";
	struct store *store = check->site->store;
	enum status status = store_begin(store, STORE_READ);

	if (status == STATUS_OK)
		status = report(check, kinds[STORE_PARAM].name, ADMINS_PARAM,
			check_admins(check));
	while (status == STATUS_OK) {
		status = store_stray(store, key);
		if (status != STATUS_OK)
			break;
		check->records++;
		status = report(check, "stray", key, "of no kind that we know");
	}
	store_abort(store);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void
report_odd(
	void *context, enum store_kind kind, const char *key, const char *flaw)
{
	struct integrity *check = context;

	check->records++;
	check->problems++;
	check->report(check->context,
		kind == STORE_KINDS ? "stray" : kinds[kind].name, key, flaw);
}

enum status
integrity_check(struct integrity *check)
{
	enum status status = names_settle(check->site->store, false);
	int kind;

	if (status == STATUS_OK)
		status = hash_classes_begin(check->site, &check->classes);
	check->now = site_now();
	store_tell_odd(check->site->store, report_odd, check);
	for (kind = 0; kind < STORE_KINDS && status == STATUS_OK; kind++)
		status = check_kind(check, (enum store_kind)kind);
	if (status == STATUS_OK)
		status = check_rest(check);
	store_tell_odd(check->site->store, NULL, NULL);
	return status == STATUS_OK
		       ? hash_classes_end(check->site, &check->classes)
		       : status;
}
