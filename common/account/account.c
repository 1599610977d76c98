/* account.c - who may sign in: one record an account, found by its names */
#include "config.h"

#include "account/account.h"

#include "account/hash-classes.h"
#include "account/mail.h"
#include "base/json.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

/* Each byte of a text may become six. */
enum { RECORD_SIZE = 6 * sizeof(struct account) + 256 };

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

bool
account_read(const struct json_object *record, struct account *account)
{
	memset(account, 0, sizeof *account);
	account->admin = json_true(record, "admin");
	account->verified = json_true(record, "verified");
	account->enabled = json_true(record, "enabled");
	account->unproved = json_true(record, "unproved");
	return json_copy(record, "id", account->id, sizeof account->id) &&
	       json_copy(record, "username", account->username,
		       sizeof account->username) &&
	       json_copy(record, "email", account->email,
		       sizeof account->email) &&
	       json_copy(record, "hash", account->hash, sizeof account->hash) &&
	       json_copy(record, "full_name", account->full_name,
		       sizeof account->full_name) &&
	       json_copy(record, "language", account->language,
		       sizeof account->language) &&
	       json_natural(record, "epoch", &account->epoch) &&
	       json_natural(record, "created", &account->created);
}

static struct json_object *
to_record(const struct account *account)
{
	struct json_object *record = json_new_object();

	json_add_string(record, "id", account->id);
	if (account->username[0] != '\0')
		json_add_string(record, "username", account->username);
	if (account->email[0] != '\0')
		json_add_string(record, "email", account->email);
	if (account->full_name[0] != '\0')
		json_add_string(record, "full_name", account->full_name);
	if (account->language[0] != '\0')
		json_add_string(record, "language", account->language);
	json_add_string(record, "hash", account->hash);
	json_add_bool(record, "admin", account->admin);
	json_add_bool(record, "verified", account->verified);
	json_add_bool(record, "enabled", account->enabled);
	if (account->unproved)
		json_add_bool(record, "unproved", true);
	json_add_int(record, "epoch", account->epoch);
	json_add_int(record, "created", account->created);
	return record;
}

enum status
account_get(struct store *store, const char *id, struct account *account)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_ACCOUNT, id, &record);

	if (status == STATUS_NOT_FOUND)
		return STATUS_NO_ACCOUNT;
	if (status == STATUS_OK && !account_read(record, account)) {
		log_error("account %s: its record cannot be read", id);
		status = STATUS_UNAVAILABLE;
	}
	json_object_put(record);
	return status;
}

enum status
account_put(struct store *store, const struct account *account)
{
	struct json_object *record = to_record(account);
	enum status status = hash_classes_note(store, account->hash);

	if (status == STATUS_OK)
		status = store_put(store, STORE_ACCOUNT, account->id, record);
	json_object_put(record);
	return status;
}

static char *
add_text(char *out, const char *name, const char *text)
{
	if (text[0] == '\0')
		return out;
	*out++ = ',';
	out = json_encode(name, out);
	*out++ = ':';
	return json_encode(text, out);
}

static char *
add_flag(char *out, const char *name, bool flag)
{
	return stpcpy(stpcpy(out, name), flag ? "true" : "false");
}

/* What to_record() makes, as a text, without the objects: they take longer
 * than all the rest of an import. */
static size_t
write_record(const struct account *account, char text[RECORD_SIZE])
{
	char *out = stpcpy(text, "{\"id\":");

	out = json_encode(account->id, out);

	out = add_text(out, "username", account->username);
	out = add_text(out, "email", account->email);
	out = add_text(out, "full_name", account->full_name);
	out = add_text(out, "language", account->language);
	out = stpcpy(out, ",\"hash\":");
	out = json_encode(account->hash, out);
	out = add_flag(out, ",\"admin\":", account->admin);
	out = add_flag(out, ",\"verified\":", account->verified);
	out = add_flag(out, ",\"enabled\":", account->enabled);
	if (account->unproved)
		out = add_flag(out, ",\"unproved\":", true);
	out += sprintf(out, ",\"epoch\":%lld,\"created\":%lld}",
		(long long)account->epoch, (long long)account->created);
	return (size_t)(out - text);
}

enum status
account_put_new(struct store *store, const struct account *account)
{
	char text[RECORD_SIZE];
	size_t length = write_record(account, text);
	bool there = false;
	enum status status = hash_classes_note(store, account->hash);

	if (status == STATUS_OK)
		status = store_add(store, STORE_ACCOUNT, account->id, text,
			length, &there);
	return status == STATUS_OK && there ? STATUS_NAME_TAKEN : status;
}

struct walk {
	account_visit *visit;
	void *context;
};

static bool
visit_record(void *context, const char *key, struct json_object *record)
{
	const struct walk *walk = context;
	struct account account;

	(void)key;
	return !account_read(record, &account) ||
	       walk->visit(walk->context, &account);
}

enum status
account_each(const struct site *site, account_visit *visit, void *context)
{
	struct walk walk = {visit, context};

	return store_each(site->store, STORE_ACCOUNT, visit_record, &walk);
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
