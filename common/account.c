/* account.c - who may sign in: one record an account, found by its names */
#include "config.h"

#include "account.h"

#include "admins.h"
#include "json.h"
#include "log.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

/* --- records ----------------------------------------------------------- */

static bool
copy_member(const struct json_object *record, const char *name, char *out,
	size_t size)
{
	const char *text = json_string(record, name);

	if (text == NULL)
		text = "";
	snprintf(out, size, "%s", text);
	return strlen(text) < size;
}

static bool
from_record(const struct json_object *record, struct account *account)
{
	memset(account, 0, sizeof *account);
	account->admin = json_true(record, "admin");
	account->verified = json_true(record, "verified");
	account->enabled = json_true(record, "enabled");
	return copy_member(record, "id", account->id, sizeof account->id) &&
	       copy_member(record, "username", account->username,
		       sizeof account->username) &&
	       copy_member(record, "email", account->email,
		       sizeof account->email) &&
	       copy_member(
		       record, "hash", account->hash, sizeof account->hash) &&
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
	json_add_string(record, "hash", account->hash);
	json_add_bool(record, "admin", account->admin);
	json_add_bool(record, "verified", account->verified);
	json_add_bool(record, "enabled", account->enabled);
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
	if (status == STATUS_OK && !from_record(record, account)) {
		log_error("account %s: its record cannot be read", id);
		status = STATUS_UNAVAILABLE;
	}
	json_object_put(record);
	return status;
}

enum status
account_find(struct store *store, const char *name, struct account *account)
{
	char id[NAME_ID_SIZE];
	enum status status = name_find(store, name, id);

	return status == STATUS_OK ? account_get(store, id, account) : status;
}

enum status
account_put(struct store *store, const struct account *account)
{
	struct json_object *record = to_record(account);
	enum status status =
		store_put(store, STORE_ACCOUNT, account->id, record);

	json_object_put(record);
	return status;
}

static bool
is_admin(const struct account *account)
{
	return account->admin && account->enabled;
}

/* --- making one -------------------------------------------------------- */

/* UUIDv7 (RFC 9562, 5.7): new records lie side by side in the store. */
static void
make_id(char id[37])
{
	unsigned char bytes[16];
	struct timespec now;
	uint64_t ms;
	char hex[33];
	int i;

	clock_gettime(CLOCK_REALTIME, &now);
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	randombytes_buf(bytes, sizeof bytes);
	for (i = 0; i < 6; i++)
		bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
	bytes[6] = (unsigned char)(0x70 | (bytes[6] & 0x0f));
	bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f));
	sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
	snprintf(id, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
		hex + 16, hex + 20);
}

static bool
names_valid(const struct account *account)
{
	if (account->username[0] == '\0' && account->email[0] == '\0')
		return false;
	return (account->username[0] == '\0' ||
		       name_is_username(account->username)) &&
	       (account->email[0] == '\0' || name_is_email(account->email));
}

/* Commits if all went well, else leaves everything as it was. */
static enum status
finish(struct store *store, enum status status)
{
	if (status == STATUS_OK)
		return store_commit(store, STORE_DURABLE);
	store_abort(store);
	return status;
}

static bool
make_hash(const struct site *site, const struct password *password,
	char hash[PASSWORD_HASH_SIZE])
{
	struct password_scheme scheme = conf_scheme(site->conf);

	return password_hash(&scheme, password, hash);
}

enum status
account_add(const struct site *site, struct account *account,
	const struct password *password)
{
	struct store *store = site->store;
	enum status status;

	if (!names_valid(account))
		return STATUS_BAD_NAME;
	if (!make_hash(site, password, account->hash))
		return STATUS_INTERNAL;
	make_id(account->id);
	account->enabled = true;
	account->epoch = 1;
	account->created = site_now();
	status = store_begin(store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	status = name_claim(store, account->username, account->id);
	if (status == STATUS_OK)
		status = name_claim(store, account->email, account->id);
	if (status == STATUS_OK)
		status = admins_note(
			store, account->id, false, is_admin(account));
	if (status == STATUS_OK)
		status = account_put(store, account);
	return finish(store, status);
}

/* --- signing in -------------------------------------------------------- */

/* Looks the name up; an account that is not there becomes an empty one. */
static enum status
look_up(struct store *store, const char *name, struct account *account)
{
	enum status status = store_begin(store, STORE_READ);

	if (status != STATUS_OK)
		return status;
	status = account_find(store, name, account);
	store_abort(store);
	if (status != STATUS_NO_ACCOUNT)
		return status;
	memset(account, 0, sizeof *account);
	return STATUS_OK;
}

/* Replaces an outdated hash by one of the same password. A sign-in does not
 * fail for it, and loses nothing if the power does: the old one is good. */
static void
renew_hash(const struct site *site, const struct account *account,
	const struct password *password)
{
	struct account now;
	char hash[PASSWORD_HASH_SIZE];

	if (!make_hash(site, password, hash) ||
		store_begin(site->store, STORE_WRITE) != STATUS_OK)
		return;
	if (account_get(site->store, account->id, &now) == STATUS_OK &&
		strcmp(now.hash, account->hash) == 0) {
		strcpy(now.hash, hash);
		if (account_put(site->store, &now) == STATUS_OK)
			store_commit(site->store, STORE_LAZY);
	}
	store_abort(site->store);
}

enum status
account_sign_in(const struct site *site, const char *name,
	const struct password *password, struct account *account)
{
	struct password_scheme scheme = conf_scheme(site->conf);
	enum status status = look_up(site->store, name, account);

	if (status != STATUS_OK)
		return status;
	/* An account that is not there has no hash, and costs one. */
	if (!password_check(&scheme, password, account->hash) ||
		!account->enabled)
		return STATUS_BAD_CREDENTIALS;
	if (password_outdated(&scheme, account->hash))
		renew_hash(site, account, password);
	return STATUS_OK;
}

/* --- changing one ------------------------------------------------------ */

enum status
account_change_password(const struct site *site, const char *id, int64_t epoch,
	const struct password *current, const struct password *password)
{
	struct password_scheme scheme = conf_scheme(site->conf);
	struct store *store = site->store;
	struct account account;
	char hash[PASSWORD_HASH_SIZE];
	enum status status = store_begin(store, STORE_READ);

	if (status != STATUS_OK)
		return status;
	status = account_get(store, id, &account);
	store_abort(store);
	if (status != STATUS_OK)
		return status == STATUS_NO_ACCOUNT ? STATUS_BAD_TOKEN : status;
	if (!password_check(&scheme, current, account.hash))
		return STATUS_WRONG_PASSWORD;
	if (!make_hash(site, password, hash))
		return STATUS_INTERNAL;
	status = store_begin(store, STORE_WRITE);
	if (status != STATUS_OK)
		return status;
	/* Someone may have changed it since; then this token is dead. */
	status = account_get(store, id, &account);
	if (status == STATUS_NO_ACCOUNT ||
		(status == STATUS_OK && account.epoch != epoch))
		status = STATUS_BAD_TOKEN;
	if (status == STATUS_OK) {
		strcpy(account.hash, hash);
		account.epoch++;
		status = account_put(store, &account);
	}
	return finish(store, status);
}

enum status
account_update(const struct site *site, const char *name,
	account_change *change, const void *context)
{
	struct store *store = site->store;
	struct account account;
	enum status status = store_begin(store, STORE_WRITE);
	bool was;

	if (status != STATUS_OK)
		return status;
	status = account_find(store, name, &account);
	if (status != STATUS_OK)
		return finish(store, status);
	was = is_admin(&account);
	status = change(&account, context);
	if (status == STATUS_OK)
		status =
			admins_note(store, account.id, was, is_admin(&account));
	account.epoch++;
	if (status == STATUS_OK)
		status = account_put(store, &account);
	return finish(store, status);
}

enum status
account_set_hash(struct account *account, const void *hash)
{
	snprintf(account->hash, sizeof account->hash, "%s", (const char *)hash);
	return STATUS_OK;
}

enum status
account_set_enabled(struct account *account, const void *enabled)
{
	account->enabled = *(const bool *)enabled;
	return STATUS_OK;
}

enum status
account_delete(const struct site *site, const char *name)
{
	struct store *store = site->store;
	struct account account;
	enum status status = store_begin(store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	status = account_find(store, name, &account);
	if (status == STATUS_OK)
		status = admins_note(
			store, account.id, is_admin(&account), false);
	if (status == STATUS_OK)
		status = name_free(store, account.username);
	if (status == STATUS_OK)
		status = name_free(store, account.email);
	if (status == STATUS_OK)
		status = store_delete(store, STORE_ACCOUNT, account.id);
	return finish(store, status);
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
	return !from_record(record, &account) ||
	       walk->visit(walk->context, &account);
}

enum status
account_each(const struct site *site, account_visit *visit, void *context)
{
	struct walk walk = {visit, context};

	return store_each(site->store, STORE_ACCOUNT, visit_record, &walk);
}
