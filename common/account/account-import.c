/* account-import.c - accounts from lines of JSON, many in one commit */
#include "config.h"

#include "account/account-import.h"

#include "account/admins.h"
#include "account/factor.h"
#include "account/hash-classes.h"
#include "account/names.h"
#include "account/token.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "password/hash-form.h"
#include "password/hash-text.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- an account as a line of JSON -------------------------------------- */

/* Why no library could verify a password by that hash, or NULL. */
static const char *
hash_flaw(const char *hash)
{
	static char flaw[128];
	struct hash_text scheme;

	if (hash_text_read(hash, &scheme))
		return NULL;
	snprintf(flaw, sizeof flaw, "hash: %s", hash_text_refusal(hash));
	return flaw;
}

/* Reads the scheme of a hash by its beginning. */
static bool
is_type(const struct json_member *member, enum record_type type)
{
	const char *begins = type == RECORD_TEXT   ? "\""
			     : type == RECORD_FLAG ? "tf"
						   : "-0123456789";

	return strchr(begins, member->value[0]) != NULL;
}

static const char *
complain(const char *name, const char *what)
{
	static char reason[256];

	snprintf(reason, sizeof reason, "%.64s: %s", name, what);
	return reason;
}

static const char *
read_number(const char *name, const struct json_member *member, int64_t *out)
{
	/* An epoch goes up by one with each change, for ever. */
	int64_t least = strcmp(name, "epoch") == 0 ? 1 : 0, most = 1LL << 53;
	char text[32];
	bool good;

	snprintf(text, sizeof text, "%.*s", (int)member->value_length,
		member->value);
	good = member->value_length < sizeof text && json_integer(text, out);
	if (!good && strpbrk(text, ".eE") != NULL)
		return complain(name, "not an integer");
	return !good || *out < least || *out > most
		       ? complain(name, "out of range")
		       : NULL;
}

/* An array, which the record has as a text. */
static const char *
read_groups(const struct json_member *member, char groups[GROUPS_SIZE])
{
	struct json_object *array = json_value(member);
	bool good = json_object_is_type(array, json_type_array) &&
		    groups_read(array, groups);

	json_object_put(array);
	return good ? NULL
		    : "groups: not an array of at most 32 words of [a-z0-9._-]";
}

/* In the form of any system. */
static const char *
read_hash(const struct json_member *member, char hash[PASSWORD_HASH_SIZE])
{
	char text[HASH_FORM_LONGEST + 1];
	const char *flaw;

	if (!json_decode(
		    member->value, member->value_length, text, sizeof text))
		return complain("hash", "too long");
	flaw = hash_form(text, hash);
	return flaw == NULL ? NULL : complain("hash", flaw);
}

/* The text is wiped: it is a secret. */
static const char *
read_totp(const struct json_member *member, struct totp_secret *totp)
{
	char text[2 * TOTP_BASE32_SIZE];
	bool good = is_type(member, RECORD_TEXT) &&
		    json_decode(member->value, member->value_length, text,
			    sizeof text) &&
		    totp_read(text, totp);

	sodium_memzero(text, sizeof text);
	return good ? NULL
		    : complain("totp", "no secret of 16 to 64 bytes in base32");
}

static const char *
read_member(const struct json_member *member, struct account *account,
	struct totp_secret *totp)
{
	char name[64], *out = (char *)account;
	const struct record_member *field;

	if (!json_decode(member->name, member->name_length, name, sizeof name))
		return "a member's name is longer than any of an account";
	if (strcmp(name, "totp") == 0)
		return member->value[0] == 'n' ? NULL : read_totp(member, totp);
	field = record_find(account_members,
		strcmp(name, "name") == 0 ? "full_name" : name);
	if (field == NULL)
		return complain(name, "no member of an account");
	if (member->value[0] == 'n')
		return NULL;
	if (field->offset == offsetof(struct account, groups))
		return read_groups(member, account->groups);
	if (!is_type(member, field->type))
		return complain(name, "of the wrong type");
	if (field->offset == offsetof(struct account, hash))
		return read_hash(member, account->hash);
	out += field->offset;
	if (field->type == RECORD_NUMBER)
		return read_number(name, member, (int64_t *)(void *)out);
	if (field->type == RECORD_FLAG)
		*(bool *)out = member->value[0] == 't';
	else if (out[0] != '\0') /* `name` and `full_name` at once, for
				  * example */
		return complain(name, "a second one");
	else if (!json_decode(
			 member->value, member->value_length, out, field->size))
		return complain(name, "too long");
	return NULL;
}

static const char *
check(struct account *account)
{
	const char *flaw;

	if (account->username[0] == '\0' && account->email[0] == '\0')
		return "neither username nor email";
	flaw = account_accept_username(account);
	if (flaw != NULL)
		return complain("username", flaw);
	flaw = account_accept_email(account);
	if (flaw != NULL)
		return complain("email", flaw);
	if (account_is_admin_in_name_only(account))
		return "username: only an administrator is called that";
	if (account->language[0] != '\0' &&
		!name_is_language(account->language))
		return "language: not two or three lower-case letters";
	if (account->id[0] != '\0' && !uuid_valid(account->id))
		return "id: not a UUID in lower case";
	return account->hash[0] == '\0' ? NULL : hash_flaw(account->hash);
}

/* What is wrong with a line that is no JSON object of an account. Often the
 * whole file is one value, as another program has written it. */
static const char *
why_not_read(const char *text, size_t length)
{
	size_t blanks = 0;

	while (blanks < length && strchr(" \t\r", text[blanks]) != NULL)
		blanks++;
	if (blanks < length && text[blanks] == '[')
		return "an array, where each line is an account of its own: "
		       "`jq -c '.[]' FILE` writes such lines";
	if (length - blanks == 1 && text[blanks] == '{')
		return "the beginning of an object, where each line is a whole "
		       "one: `jq -c . FILE` writes such lines";
	return "not a JSON object";
}

const char *
account_line_read(const char *text, size_t length, struct account *account,
	struct totp_secret *totp)
{
	struct json_member members[JSON_MEMBERS];
	const char *flaw = NULL;
	size_t i, count;

	memset(account, 0, sizeof *account);
	memset(totp, 0, sizeof *totp);
	account->enabled = true;
	account->epoch = 1;
	if (!json_read_members(text, length, members, &count))
		return why_not_read(text, length);
	if (!json_members_once(members, count))
		return "a member twice";
	for (i = 0; i < count && flaw == NULL; i++)
		flaw = read_member(&members[i], account, totp);
	return flaw == NULL ? check(account) : flaw;
}

/* --- where a fresh import stands ---------------------------------------- */

static const char mark_param[] = "import";

bool
import_is_mark(const char *name)
{
	return strcmp(name, mark_param) == 0;
}

/* Inside a unit of work. Does nothing for an import that is not fresh. */
static enum status
put_mark(struct store *store, const struct import_mark *fresh)
{
	struct json_object *record;

	if (fresh == NULL)
		return STATUS_OK;
	record = json_new_object();
	json_add_int(record, "size", fresh->size);
	json_add_int(record, "done", fresh->done);
	return store_keep(store, STORE_PARAM, mark_param, record);
}

/* Inside a unit of work: how far the import of a file of that size has come. */
static enum status
get_mark(struct store *store, struct import_mark *mark)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_PARAM, mark_param, &record);
	int64_t size;

	if (status != STATUS_OK || !json_natural(record, "size", &size) ||
		size != mark->size ||
		!json_natural(record, "done", &mark->done))
		mark->done = INT64_MAX;
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Inside a unit of work: the first line at which the import is fresh. The keys
 * come before the first token. */
static enum status
find_fresh(struct store *store, struct import_mark *mark)
{
	bool keys = true;
	enum status status = keys_there(store, &keys);

	mark->done = 0;
	return status == STATUS_OK && keys ? get_mark(store, mark) : status;
}

/* After an import of another file the one before is fresh no more. */
enum status
import_begin(const struct site *site, struct import_mark *mark)
{
	struct store *store = site->store;
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		status = find_fresh(store, mark);
	if (status == STATUS_OK)
		status = mark->done == INT64_MAX
				 ? store_delete(store, STORE_PARAM, mark_param)
				 : put_mark(store, mark);
	return store_finish(store, status);
}

enum status
import_end(const struct site *site)
{
	enum status status = store_begin(site->store, STORE_WRITE);

	if (status == STATUS_OK)
		status = store_delete(site->store, STORE_PARAM, mark_param);
	return store_finish(site->store, status);
}

/* --- many accounts: ids and dates -------------------------------------- */

enum { WANTED = 80 }; /* accounts at a time: three records each */

struct batch {
	const struct site *site;
	struct store *store;
	struct account *accounts;
	const struct totp_secret *totps;
	bool *drawn; /* whose ids were drawn here */
	size_t count;
	enum import_outcome *outcomes;
	bool old; /* there are names from before the rules */
	const struct import_mark *fresh;
};

static int
compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Draws ids that rise with the accounts: side by side in the store, they cost
 * it least. Ids drawn in the same millisecond would not rise. */
static void
give_ids(struct batch *batch)
{
	char(*ids)[UUID_SIZE] = mem_zero(batch->count * sizeof *ids);
	size_t i;

	uuid_ordered_many(ids, batch->count);
	qsort(ids, batch->count, sizeof *ids, compare_ids);
	for (i = 0; i < batch->count; i++) {
		batch->drawn[i] = batch->accounts[i].id[0] == '\0';
		if (batch->drawn[i])
			memcpy(batch->accounts[i].id, ids[i], sizeof ids[i]);
	}
	mem_free(ids);
}

static void
give_dates(struct batch *batch, int64_t now)
{
	size_t i;

	for (i = 0; i < batch->count; i++) {
		struct account *account = &batch->accounts[i];

		if (account->created == 0)
			account->created = now;
		/* Tokens of a deleted account with this id stay dead: its epoch
		 * was less. */
		if (batch->fresh == NULL && !batch->drawn[i] &&
			account->epoch < now)
			account->epoch = now;
	}
}

/* --- names and accounts ------------------------------------------------ */

static enum status
claim(struct batch *batch, const char *name, const char *id)
{
	char key[NAME_SIZE];

	if (name[0] == '\0' || !name_key(name, key))
		return STATUS_OK;
	return (batch->old ? names_add_beside_old : names_add)(
		batch->store, key, id);
}

/* STATUS_NAME_TAKEN, after freeing the names that were claimed by then. */
static enum status
give_back(struct batch *batch, const char *name, const char *id)
{
	enum status status = names_free(batch->store, name, id);

	return status == STATUS_OK ? STATUS_NAME_TAKEN : status;
}

static enum status
make_one(struct batch *batch, const struct account *account)
{
	enum status status = claim(batch, account->username, account->id);

	if (status != STATUS_OK)
		return status;
	status = claim(batch, account->email, account->id);
	if (status == STATUS_OK) {
		status = account_put_new(batch->store, account);
		if (status == STATUS_NAME_TAKEN)
			status = give_back(batch, account->email, account->id);
	}
	return status == STATUS_NAME_TAKEN
		       ? give_back(batch, account->username, account->id)
		       : status;
}

/* The factor that an account had elsewhere. */
static enum status
give_factor(const struct batch *batch, size_t i, int64_t now)
{
	if (batch->totps == NULL || batch->totps[i].length == 0)
		return STATUS_OK;
	return factor_import(
		batch->site, batch->accounts[i].id, &batch->totps[i], now);
}

static void
want_name(const struct batch *batch, const char *name)
{
	char key[NAME_SIZE];

	if (name[0] != '\0' && name_key(name, key))
		store_want(batch->store, STORE_NAME, key);
}

/* Says what the next accounts will ask for, in a few trips to a database. */
static void
want_accounts(const struct batch *batch, size_t first)
{
	size_t i;

	if (first % WANTED != 0 || !store_is_shared(batch->store))
		return;
	for (i = first; i < batch->count && i < first + WANTED; i++) {
		want_name(batch, batch->accounts[i].username);
		want_name(batch, batch->accounts[i].email);
		store_want(batch->store, STORE_ACCOUNT, batch->accounts[i].id);
	}
}

/* Claims the names of all accounts. One that misses a name, or its id, is
 * IMPORT_TAKEN for now. */
static enum status
make_accounts(struct batch *batch)
{
	enum status status = STATUS_OK;
	int64_t now = site_now();
	size_t i;

	for (i = 0; i < batch->count && status == STATUS_OK; i++) {
		want_accounts(batch, i);
		status = make_one(batch, &batch->accounts[i]);
		if (status == STATUS_OK)
			status = give_factor(batch, i, now);
		if (status == STATUS_NAME_TAKEN) {
			batch->outcomes[i] = IMPORT_TAKEN;
			status = STATUS_OK;
		}
	}
	return status;
}

static enum status
note_admins(struct batch *batch)
{
	const char **ids = mem_zero(batch->count * sizeof *ids);
	size_t i, count = 0;
	enum status status;

	for (i = 0; i < batch->count; i++)
		if (batch->outcomes[i] == IMPORT_MADE &&
			account_is_admin(&batch->accounts[i]))
			ids[count++] = batch->accounts[i].id;
	status = admins_add(batch->store, ids, count);
	mem_free(ids);
	return status;
}

/* --- what was there before --------------------------------------------- */

static bool
same_names(const struct account *wanted, const struct account *found)
{
	return strcmp(wanted->username, found->username) == 0 &&
	       strcmp(wanted->email, found->email) == 0;
}

static bool
same_state(const struct account *wanted, const struct account *found)
{
	return strcmp(wanted->hash, found->hash) == 0 &&
	       strcmp(wanted->full_name, found->full_name) == 0 &&
	       strcmp(wanted->language, found->language) == 0 &&
	       strcmp(wanted->groups, found->groups) == 0 &&
	       wanted->admin == found->admin &&
	       wanted->verified == found->verified &&
	       wanted->enabled == found->enabled &&
	       wanted->must_change == found->must_change &&
	       wanted->unproved == found->unproved;
}

/* An account has missed a name: an import that was interrupted may have made it
 * already. */
static enum status
look_again(struct batch *batch, size_t i)
{
	const struct account *wanted = &batch->accounts[i];
	struct account found;
	enum status status =
		account_find(batch->store, account_name(wanted), &found);

	if (status == STATUS_NO_ACCOUNT)
		return STATUS_OK;
	if (status == STATUS_OK && same_names(wanted, &found) &&
		(batch->drawn[i] || strcmp(wanted->id, found.id) == 0))
		batch->outcomes[i] = same_state(wanted, &found)
					     ? IMPORT_THERE
					     : IMPORT_CHANGED;
	return status;
}

static enum status
look_at_taken(struct batch *batch)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < batch->count && status == STATUS_OK; i++)
		if (batch->outcomes[i] == IMPORT_TAKEN)
			status = look_again(batch, i);
	return status;
}

/* --- all of it --------------------------------------------------------- */

static enum status
make_all(struct batch *batch)
{
	enum status status = names_any_old(batch->store, &batch->old);

	if (status == STATUS_OK)
		status = make_accounts(batch);
	if (status == STATUS_OK)
		status = note_admins(batch);
	if (status == STATUS_OK)
		status = put_mark(batch->store, batch->fresh);
	return status == STATUS_OK ? look_at_taken(batch) : status;
}

/* Does all but the end of the unit of work, which has begun unless the status
 * says otherwise. */
static enum status
make_batch(struct batch *batch, bool dry)
{
	const struct site *site = batch->site;
	struct hash_classes classes;
	enum status status;

	memset(batch->outcomes, 0, /* IMPORT_MADE */
		batch->count * sizeof *batch->outcomes);
	batch->drawn = mem_zero(batch->count * sizeof *batch->drawn);
	/* Whatever can be done outside the gate is done here, and the known
	 * classes are not looked up for each account. */
	give_ids(batch);
	give_dates(batch, site_now());
	status = hash_classes_get(site, &classes);
	/* Where nothing is made, no keys are: an export's may come yet. */
	if (status == STATUS_OK && !dry)
		status = site_keys(site, site_now());
	if (status == STATUS_OK)
		status = names_settle(site->store, false);
	if (status == STATUS_OK)
		status = store_begin(site->store, STORE_WRITE);
	if (status == STATUS_OK)
		status = make_all(batch);
	mem_free(batch->drawn);
	return status;
}

enum status
account_import(const struct site *site, struct account *accounts,
	const struct totp_secret *totps, size_t count,
	const struct import_mark *fresh, enum store_durability how,
	enum import_outcome outcomes[])
{
	struct batch batch = {.site = site,
		.store = site->store,
		.accounts = accounts,
		.totps = totps,
		.count = count,
		.fresh = fresh,
		.outcomes = outcomes};
	enum status status = make_batch(&batch, false);

	return how == STORE_LAZY ? store_finish_lazily(site->store, status)
				 : store_finish(site->store, status);
}

enum status
account_import_try(const struct site *site, struct account *accounts,
	size_t count, enum import_outcome outcomes[])
{
	struct batch batch = {.site = site,
		.store = site->store,
		.accounts = accounts,
		.count = count,
		.outcomes = outcomes};
	enum status status = make_batch(&batch, true);

	store_abort(site->store);
	return status;
}

/* --- what else is exported ---------------------------------------------- */

const char *const import_kind_names[] = {[IMPORT_ACCOUNT] = "account",
	[IMPORT_PARAM] = "param",
	[IMPORT_FACTOR] = "factor",
	[IMPORT_TOKEN] = "token",
	NULL};

/* The exporter writes the kind first. */
enum import_kind
import_line_kind(const char *text, size_t length)
{
	char begin[32];
	int kind;

	for (kind = IMPORT_PARAM; import_kind_names[kind] != NULL; kind++) {
		snprintf(begin, sizeof begin, "{\"kind\":\"%s\"",
			import_kind_names[kind]);
		if (length > strlen(begin) &&
			strncmp(text, begin, strlen(begin)) == 0)
			return (enum import_kind)kind;
	}
	return IMPORT_ACCOUNT;
}

static const char other_keys[] =
	"it is good under the secrets of another installation alone; export "
	"them, too (--secrets), and import them into an installation that has "
	"none";

/* What has become of a line, besides the status. */
struct made {
	const struct import_mark *fresh;
	enum import_outcome outcome;
	const char *flaw;
};

/* Says what is wrong with the line, and goes on. */
static enum status
refuse(struct made *made, const char *flaw)
{
	made->flaw = flaw;
	return STATUS_OK;
}

/* Whether two structs have the same record. */
static bool
is_same(const struct record_member *members, const void *one, const void *other)
{
	char text[RECORD_SIZE], other_text[RECORD_SIZE];

	record_write(members, one, text);
	record_write(members, other, other_text);
	return strcmp(text, other_text) == 0;
}

/* Inside a unit of work. */
static enum status
make_param(const struct site *site, struct json_object *line, struct made *made)
{
	const char *name = json_string(line, "name");
	struct json_object *record = json_object_object_get(line, "record");
	struct json_object *there = NULL;
	bool shared = false;
	enum status status = STATUS_OK;

	if (name == NULL || !keys_is_param(name) ||
		!json_object_is_type(record, json_type_object))
		return refuse(made, "no secret that is known here");
	if (store_is_shared(site->store))
		status = keys_there(site->store, &shared);
	if (status == STATUS_OK)
		status = store_get(site->store, STORE_SECRET, name, &there);
	if (status == STATUS_NOT_FOUND && shared)
		return refuse(made, "other machines have the keys already; "
				    "latchkey key import");
	if (status == STATUS_NOT_FOUND)
		return store_put(site->store, STORE_SECRET, name, record);
	if (status == STATUS_OK && json_object_equal(there, record))
		made->outcome = IMPORT_THERE;
	else if (status == STATUS_OK)
		made->flaw = "this installation has another secret";
	json_object_put(there);
	return status;
}

static enum status
make_factor(
	const struct site *site, struct json_object *line, struct made *made)
{
	struct account account;
	struct factor factor, there;
	enum status status;

	if (factor_read(line, &factor) != NULL)
		return refuse(made, "no second factor");
	status = account_get(site->store, factor.account, &account);
	if (status == STATUS_NO_ACCOUNT)
		return refuse(made, "its account is not there");
	if (status == STATUS_OK)
		status = factor_get(site->store, factor.account, &there);
	/* Good under our keys, so the export is our own, from before: a code of
	 * it may have been used since. */
	factor.restored = factor.codes[0] != '\0' &&
			  (factor.restored || made->fresh == NULL);
	if (status == STATUS_OK && there.expires == 0)
		return factor_take(site->store, &factor);
	factor.restored = there.restored;
	if (status == STATUS_OK)
		made->outcome = is_same(factor_members, &factor, &there)
					? IMPORT_THERE
					: IMPORT_CHANGED;
	return status;
}

static bool
is_token(const struct json_object *line, struct token *token)
{
	if (record_read(token_members, line, token) != NULL ||
		!uuid_valid(token->maker) || token->id < 1 ||
		strlen(token->hash) != KEYS_HASH_SIZE - 1)
		return false;
	if (!json_natural(line, "used", &token->used))
		token->used = 0;
	return true;
}

static enum status
make_token(const struct site *site, struct json_object *line, struct made *made)
{
	struct token token, there;
	enum status status;

	if (!is_token(line, &token))
		return refuse(made, "no access token");
	status = token_take(site->store, &token, &there);
	if (status == STATUS_TOKEN_TAKEN)
		return refuse(made, "another access token has its secret");
	if (status == STATUS_OK && there.id != 0)
		made->outcome = is_same(token_members, &token, &there)
					? IMPORT_THERE
					: IMPORT_CHANGED;
	return status;
}

/* Whether its keyed hashes are good here; a secret has none. */
static bool
is_under_our_keys(const struct site *site, const struct json_object *line)
{
	const char *mark = json_string(line, "keys");
	char ours[KEYS_MARK_SIZE];

	keys_mark(site->keys, ours);
	return mark != NULL && strcmp(mark, ours) == 0;
}

static enum status
make_other(const struct site *site, enum import_kind kind,
	struct json_object *line, enum store_durability how, struct made *made)
{
	static enum status (*const makers[])(
		const struct site *, struct json_object *, struct made *) = {
		[IMPORT_PARAM] = make_param,
		[IMPORT_FACTOR] = make_factor,
		[IMPORT_TOKEN] = make_token,
	};
	enum status status =
		kind == IMPORT_PARAM
			? store_begin(site->store, STORE_WRITE)
			: site_begin(site, STORE_WRITE, site_now());

	if (status == STATUS_OK && kind != IMPORT_PARAM &&
		!is_under_our_keys(site, line))
		made->flaw = other_keys;
	else if (status == STATUS_OK)
		status = makers[kind](site, line, made);
	if (status == STATUS_OK)
		status = put_mark(site->store, made->fresh);
	if (status == STATUS_OK && made->flaw == NULL)
		return store_commit(site->store, how);
	store_abort(site->store);
	return status;
}

enum status
import_line(const struct site *site, const char *text, size_t length,
	const struct import_mark *fresh, enum store_durability how,
	enum import_outcome *outcome, const char **flaw)
{
	struct json_object *line = json_parse_object(text, length, NULL, NULL);
	struct made made = {.fresh = fresh, .outcome = IMPORT_MADE};
	enum status status = STATUS_OK;

	if (line == NULL)
		made.flaw = why_not_read(text, length);
	else
		status = make_other(
			site, import_line_kind(text, length), line, how, &made);
	json_object_put(line);
	*outcome = made.outcome;
	*flaw = made.flaw;
	return status;
}
