/* token.c - access tokens: secrets that services hold, not people */
#include "config.h"

#include "account/token.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* --- permissions as a text --------------------------------------------- */

/* In the order of their bits. */
static const char *const permission_names[] = {
	"read", "write", "admin", "metrics:read"};
enum { PERMISSIONS = sizeof permission_names / sizeof permission_names[0] };

unsigned
token_read_permission(const char *list)
{
	unsigned permission = 0;
	size_t i, length;

	for (;; list += length + 1) {
		list += strspn(list, " ");
		length = strcspn(list, ", ");
		for (i = 0; i < PERMISSIONS; i++)
			if (strlen(permission_names[i]) == length &&
				strncmp(permission_names[i], list, length) == 0)
				break;
		if (i == PERMISSIONS)
			return 0;
		permission |= 1U << i;
		length += strspn(list + length, " ");
		if (list[length] == '\0')
			return permission;
		if (list[length] != ',')
			return 0;
	}
}

void
token_write_permission(unsigned permission, char list[TOKEN_PERMISSION_SIZE])
{
	size_t i, used = 0;

	list[0] = '\0';
	for (i = 0; i < PERMISSIONS; i++)
		if ((permission & 1U << i) != 0)
			used += (size_t)snprintf(list + used,
				TOKEN_PERMISSION_SIZE - used, "%s%s",
				used > 0 ? "," : "", permission_names[i]);
}

/* --- records ----------------------------------------------------------- */

struct key {
	char text[96];
};

static const char serial_param[] = "token_serial";

/* In the order of their numbers. */
static struct key
id_key(int64_t id)
{
	struct key key;

	snprintf(key.text, sizeof key.text, "%019lld", (long long)id);
	return key;
}

bool
token_is_record(const char *key)
{
	return key[0] >= '0' && key[0] <= '9';
}

static struct key
hash_key(const char *hash)
{
	struct key key;

	snprintf(key.text, sizeof key.text, "hash:%s", hash);
	return key;
}

/* Leads from an account to its personal tokens, in the order of their numbers.
 */
static struct key
owner_key(const char *owner, int64_t id)
{
	struct key key;

	snprintf(key.text, sizeof key.text, "of:%s/%019lld", owner,
		(long long)id);
	return key;
}

/* Records from before there were parents lack the last ones. */
const struct record_member token_members[] = {
	{"id", false, RECORD_MEMBER(struct token, id)},
	{"name", false, RECORD_MEMBER(struct token, name)},
	{"description", false, RECORD_MEMBER(struct token, description)},
	{"permission", false, RECORD_MEMBER(struct token, permission)},
	{"service", false, RECORD_MEMBER(struct token, service)},
	{"personal", true, RECORD_MEMBER(struct token, personal)},
	{"created", false, RECORD_MEMBER(struct token, created)},
	{"expires_at", false, RECORD_MEMBER(struct token, expires)},
	{"maker", false, RECORD_MEMBER(struct token, maker)},
	{"hash", false, RECORD_MEMBER(struct token, hash)},
	{"old_hash", false, RECORD_MEMBER(struct token, old_hash)},
	{"old_until", false, RECORD_MEMBER(struct token, old_until)},
	{"epoch", true, RECORD_MEMBER(struct token, epoch)},
	{"parent", true, RECORD_MEMBER(struct token, parent)},
	{"parent_epoch", true, RECORD_MEMBER(struct token, parent_epoch)},
	{"generation", true, RECORD_MEMBER(struct token, generation)},
	{"has_children", true, RECORD_MEMBER(struct token, has_children)},
	{"restored", true, RECORD_MEMBER(struct token, restored)},
	{.name = NULL},
};

static enum status
put_token(struct store *store, const struct token *token)
{
	char text[RECORD_SIZE];
	size_t length = record_write(token_members, token, text);

	return store_put_text(
		store, STORE_TOKEN, id_key(token->id).text, text, length);
}

/* Inside a unit of work, as what follows: gets a token by its id, or
 * STATUS_NO_ACCESS_TOKEN. */
static enum status
get_token(struct store *store, int64_t id, struct token *token)
{
	struct json_object *record;
	enum status status =
		store_get(store, STORE_TOKEN, id_key(id).text, &record);

	if (status == STATUS_OK &&
		record_read(token_members, record, token) != NULL) {
		log_error("access token %lld: its record cannot be read",
			(long long)id);
		status = STATUS_UNAVAILABLE;
	}
	json_object_put(record);
	token->used = 0;
	return status == STATUS_NOT_FOUND ? STATUS_NO_ACCESS_TOKEN : status;
}

/* Gets the id of the token that a secret's hash leads to, 0 for none. */
static enum status
find_hash(struct store *store, const char *hash, int64_t *id)
{
	struct json_object *record;
	enum status status =
		store_get(store, STORE_TOKEN, hash_key(hash).text, &record);

	if (!json_natural(record, "token", id))
		*id = 0;
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Makes the hash lead to that token. */
static enum status
put_hash(struct store *store, const char *hash, int64_t id)
{
	struct json_object *record = json_new_object();

	json_add_int(record, "token", id);
	return store_keep(store, STORE_TOKEN, hash_key(hash).text, record);
}

static enum status
put_owner(struct store *store, const struct token *token)
{
	struct json_object *record = json_new_object();

	json_add_int(record, "token", token->id);
	return store_keep(store, STORE_TOKEN,
		owner_key(token->maker, token->id).text, record);
}

/* Makes the hash lead nowhere; "" leads nowhere already. */
static enum status
delete_hash(struct store *store, const char *hash)
{
	return hash[0] == '\0'
		       ? STATUS_OK
		       : store_delete(store, STORE_TOKEN, hash_key(hash).text);
}

/* The last number given to a token, 0 if none. It has a record of its own, so
 * that a deleted token's number is not used again. */
static enum status
last_id(struct store *store, int64_t *id)
{
	struct json_object *record;
	enum status status =
		store_get(store, STORE_PARAM, serial_param, &record);

	*id = 0;
	if (status == STATUS_OK && !json_natural(record, "last", id)) {
		log_error("access tokens: the record of their last number "
			  "cannot be read");
		status = STATUS_UNAVAILABLE;
	}
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Draws a number that no token has had. */
static enum status
next_id(struct store *store, int64_t *id)
{
	struct json_object *record;
	enum status status = last_id(store, id);

	if (status != STATUS_OK)
		return status;
	++*id;
	record = json_new_object();
	json_add_int(record, "last", *id);
	return store_keep(store, STORE_PARAM, serial_param, record);
}

/* Deletes the token and the records that lead to it. */
static enum status
delete_records(struct store *store, const struct token *token)
{
	enum status status = delete_hash(store, token->hash);

	if (status == STATUS_OK)
		status = delete_hash(store, token->old_hash);
	if (status == STATUS_OK && token->personal)
		status = store_delete(store, STORE_TOKEN,
			owner_key(token->maker, token->id).text);
	if (status == STATUS_OK)
		status = store_delete(store, STORE_USE, id_key(token->id).text);
	return status == STATUS_OK ? store_delete(store, STORE_TOKEN,
					     id_key(token->id).text)
				   : status;
}

/* Inside a unit of work: has event_command get an event of the token. That an
 * account is deleted tells of all its tokens. */
static enum status
tell(const struct site *site, const char *event, const struct token *token)
{
	char permission[TOKEN_PERMISSION_SIZE];
	struct json_object *data;
	struct account maker;
	enum status status;

	if (!conf_events(site->conf))
		return STATUS_OK;
	status = account_get(site->store, token->maker, &maker);
	if (status != STATUS_OK)
		return status == STATUS_NO_ACCOUNT ? STATUS_OK : status;
	token_write_permission(token->permission, permission);
	data = json_new_object();
	json_add_int(data, "id", token->id);
	json_add_string(data, "name", token->name);
	json_add_string(data, "permission", permission);
	json_add_string(data, "kind",
		token->service    ? "service"
		: token->personal ? "personal"
				  : "access");
	return account_event(site, event, &maker, "token", data);
}

/* Outside a unit of work: begins a walk over the tokens after `id`, by id. */
static void
begin_walk(struct store_walk *walk, struct store *store, int64_t id)
{
	store_walk_begin(walk, store, STORE_TOKEN, id_key(id).text);
}

/* After the numbers come the hashes, and the owners. */
static bool
next_token(struct store_walk *walk, struct token *token)
{
	while (store_walk_next(walk) && token_is_record(walk->key))
		if (record_read(token_members, walk->record, token) == NULL)
			return true;
	return false;
}

/* --- when they are used ------------------------------------------------- */

/* Inside a unit of work. A record of the token itself would have each process
 * check all tokens again (store_changes()). */
static enum status
get_use(struct store *store, int64_t id, int64_t *used)
{
	struct json_object *record;
	enum status status =
		store_get(store, STORE_USE, id_key(id).text, &record);

	if (!json_natural(record, "used", used))
		*used = 0;
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The same, for a token that may have been deleted meanwhile. */
static enum status
put_use(struct store *store, int64_t id, int64_t now)
{
	struct json_object *record;
	int64_t used = 0;
	bool there;
	enum status status =
		store_has(store, STORE_TOKEN, id_key(id).text, &there);

	if (status == STATUS_OK && there)
		status = get_use(store, id, &used);
	if (status != STATUS_OK || !there || !token_use_is_due(used, now))
		return status;
	record = json_new_object();
	json_add_int(record, "used", now);
	return store_keep(store, STORE_USE, id_key(id).text, record);
}

bool
token_use_is_due(int64_t used, int64_t now)
{
	return used > now + TOKEN_USE_SECONDS ||
	       now >= used + TOKEN_USE_SECONDS;
}

enum status
token_get_use(const struct site *site, int64_t id, int64_t *used)
{
	enum status status = store_begin(site->store, STORE_READ);

	*used = 0;
	if (status == STATUS_OK)
		status = get_use(site->store, id, used);
	store_abort(site->store);
	return status;
}

void
token_note_use(const struct site *site, int64_t id, int64_t now)
{
	struct store *store = site->store;
	enum status status = store_begin(store, STORE_WRITE_ELSE_READ);

	if (status == STATUS_OK)
		status = store_writes(store) ? put_use(store, id, now)
					     : STATUS_UNAVAILABLE;
	store_finish_lazily(store, status);
}

/* --- secrets ----------------------------------------------------------- */

enum { SECRET_BYTES = 32, TRIES = 8 };

static const char prefix[] = "lk_";

static void
draw_secret(char secret[TOKEN_SECRET_SIZE])
{
	unsigned char bytes[SECRET_BYTES];

	randombytes_buf(bytes, sizeof bytes);
	strcpy(secret, prefix);
	sodium_bin2base64(secret + sizeof prefix - 1,
		TOKEN_SECRET_SIZE - (sizeof prefix - 1), bytes, sizeof bytes,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(bytes, sizeof bytes);
}

bool
token_is_one(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789-_";
	size_t before = sizeof prefix - 1;
	size_t drawn = before +
		       sodium_base64_ENCODED_LEN(SECRET_BYTES,
			       sodium_base64_VARIANT_URLSAFE_NO_PADDING) -
		       1;

	return uuid_is_random(text) ||
	       (strlen(text) == drawn && strncmp(text, prefix, before) == 0 &&
		       strspn(text + before, letters) == drawn - before);
}

static void
hash_secret(
	const struct site *site, const char *secret, char hash[KEYS_HASH_SIZE])
{
	keys_hash(keys_of(site->keys, KEYS_OF_TOKENS), secret, hash);
}

/* --- whose they are ---------------------------------------------------- */

static bool
is_whose(const struct token *token, const struct token_caller *by)
{
	if (by == NULL || by->owner == NULL)
		return !token->personal;
	return token->personal && strcmp(token->maker, by->owner) == 0;
}

/* Whether the account may have such a token. */
static bool
may_have(const struct conf *conf, const struct account *account,
	const struct token *token)
{
	if (account_is_admin(account))
		return true;
	return token->personal && account->enabled &&
	       conf->tokens == TOKENS_ALL &&
	       (token->permission & (TOKEN_ADMIN | TOKEN_METRICS)) == 0;
}

/* Inside a unit of work: the owner's next token after `key`, which moves along;
 * STATUS_NOT_FOUND after the last. */
static enum status
next_own(struct store *store, const char *under, char key[STORE_KEY_SIZE],
	struct token *token)
{
	struct json_object *record;
	enum status status =
		store_next_under(store, STORE_TOKEN, under, key, &record);
	int64_t id = 0;

	if (status == STATUS_OK && !json_natural(record, "token", &id))
		status = STATUS_NOT_FOUND;
	json_object_put(record);
	return status == STATUS_OK ? get_token(store, id, token) : status;
}

/* Inside a unit of work. `tokens` may be NULL. */
static enum status
list_own(struct store *store, const char *owner, struct token *tokens,
	int *count)
{
	char under[STORE_KEY_SIZE], key[STORE_KEY_SIZE];
	struct token token;
	enum status status = STATUS_OK;

	snprintf(under, sizeof under, "of:%s/", owner);
	strcpy(key, under);
	for (*count = 0; *count < TOKENS_OWN && status == STATUS_OK;) {
		status = next_own(store, under, key, &token);
		if (status == STATUS_OK)
			status = get_use(store, token.id, &token.used);
		if (status == STATUS_OK && tokens != NULL)
			tokens[*count] = token;
		*count += status == STATUS_OK;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* --- parents and what descends from them ------------------------------- */

/* Deletes a token in a unit of work of its own; `token` gets what it was. With
 * an owner it must be a personal one of that account. */
static enum status
delete_one(const struct site *site, const char *owner, int64_t id,
	struct token *token)
{
	const struct token_caller by = {.owner = owner};
	struct store *store = site->store;
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		status = get_token(store, id, token);
	if (status == STATUS_OK && owner != NULL && !is_whose(token, &by))
		status = STATUS_NO_ACCESS_TOKEN;
	if (status == STATUS_OK)
		status = delete_records(store, token);
	if (status == STATUS_OK)
		status = tell(site, "token-delete", token);
	return store_finish(store, status);
}

/* Another process may have deleted it meanwhile. */
static enum status
delete_if_there(const struct site *site, int64_t id)
{
	struct token token;
	enum status status = delete_one(site, NULL, id, &token);

	return status == STATUS_NO_ACCESS_TOKEN ? STATUS_OK : status;
}

static bool
has_expired(const struct token *token, int64_t now)
{
	return token->expires != 0 && token->expires <= now;
}

/* Inside a unit of work: whether all tokens above this one are as they were
 * when they made the next; cuts `until` to the first end among them. */
static enum status
check_line(struct store *store, const struct token *token, int64_t now,
	int64_t *until)
{
	struct token child = *token, parent;
	enum status status;
	int i;

	for (i = 0; child.parent != 0; i++, child = parent) {
		status = i <= TOKEN_GENERATIONS
				 ? get_token(store, child.parent, &parent)
				 : STATUS_NO_ACCESS_TOKEN;
		if (status == STATUS_NO_ACCESS_TOKEN ||
			(status == STATUS_OK &&
				(parent.epoch != child.parent_epoch ||
					parent.restored ||
					has_expired(&parent, now))))
			return STATUS_BAD_TOKEN;
		if (status != STATUS_OK)
			return status;
		if (parent.expires != 0 && parent.expires < *until)
			*until = parent.expires;
	}
	return STATUS_OK;
}

/* Inside a unit of work: whether the access token that asks is as it was, as if
 * it had a child since. */
static enum status
check_caller(struct store *store, const struct token_caller *by, int64_t now)
{
	struct token child = {.parent = by->token, .parent_epoch = by->epoch};
	int64_t until = INT64_MAX;

	return check_line(store, &child, now, &until);
}

static enum status
beyond(struct token_caller *by, const char *reason)
{
	by->reason = reason;
	return STATUS_BEYOND_TOKEN;
}

/* Inside a unit of work: makes the token a child of the one that asks. */
static enum status
adopt(struct store *store, struct token_caller *by, struct token *token,
	int64_t now)
{
	struct token parent;
	enum status status;

	if (by == NULL || by->token == 0)
		return STATUS_OK;
	status = check_caller(store, by, now);
	if (status == STATUS_OK)
		status = get_token(store, by->token, &parent);
	if (status != STATUS_OK)
		return status;
	if ((token->permission & ~parent.permission) != 0)
		return beyond(by, "An access token makes none with more "
				  "permissions than its own");
	if (parent.expires != 0 &&
		(token->expires == 0 || token->expires > parent.expires))
		return beyond(by, "An access token makes none that ends later "
				  "than itself");
	if (parent.generation >= TOKEN_GENERATIONS)
		return beyond(by, "An access token makes none in the ninth "
				  "generation");
	token->parent = parent.id;
	token->parent_epoch = parent.epoch;
	token->generation = parent.generation + 1;
	if (parent.has_children)
		return STATUS_OK;
	parent.has_children = true;
	return put_token(store, &parent);
}

/* Inside a unit of work: whether the token that asks may rotate this one:
 * itself, or one that descends from it. */
static enum status
check_descent(struct store *store, struct token_caller *by,
	const struct token *token, int64_t now)
{
	struct token ancestor = *token;
	enum status status;
	int i;

	if (by == NULL || by->token == 0)
		return STATUS_OK;
	status = check_caller(store, by, now);
	for (i = 0; status == STATUS_OK && ancestor.id != by->token; i++)
		status = ancestor.parent == 0 || i == TOKEN_GENERATIONS
				 ? STATUS_NO_ACCESS_TOKEN
				 : get_token(store, ancestor.parent, &ancestor);
	return status == STATUS_NO_ACCESS_TOKEN
		       ? beyond(by, "An access token rotates itself and what "
				    "it has made, and no other")
		       : status;
}

/* The descendants of a token that is gone, or of its old secret. They are dead
 * already, and are deleted to shorten the list. Children come after their
 * parents. */
struct line {
	int64_t root;
	int64_t epoch; /* of the root; what was made before it is dead */
	int64_t *gone;
	size_t count;
};

static bool
is_gone(const struct line *line, const struct token *token)
{
	size_t i;

	if (token->parent == line->root)
		return token->parent_epoch < line->epoch;
	for (i = 0; i < line->count; i++)
		if (line->gone[i] == token->parent)
			return true;
	return false;
}

static void
delete_line(const struct site *site, const struct token *root, int64_t epoch)
{
	struct line line = {.root = root->id, .epoch = epoch};
	enum status walked, status = STATUS_OK;
	struct store_walk walk;
	struct token token;

	if (!root->has_children)
		return;
	begin_walk(&walk, site->store, root->id);
	while (status == STATUS_OK && next_token(&walk, &token)) {
		if (!is_gone(&line, &token))
			continue;
		line.gone = mem_resize(
			line.gone, (line.count + 1) * sizeof *line.gone);
		line.gone[line.count++] = token.id;
		status = delete_if_there(site, token.id);
	}
	walked = store_walk_end(&walk);
	if (status != STATUS_OK || walked != STATUS_OK)
		log_warning("access token %lld: what it has made is dead, but "
			    "still listed",
			(long long)root->id);
	mem_free(line.gone);
}

/* --- making and rotating ----------------------------------------------- */

static enum status
put_new(struct store *store, struct token *token)
{
	int64_t taken;
	enum status status = find_hash(store, token->hash, &taken);

	if (status == STATUS_OK && taken != 0)
		status = STATUS_TOKEN_TAKEN;
	if (status == STATUS_OK)
		status = next_id(store, &token->id);
	if (status == STATUS_OK)
		status = put_token(store, token);
	if (status == STATUS_OK)
		status = put_hash(store, token->hash, token->id);
	return status == STATUS_OK && token->personal ? put_owner(store, token)
						      : status;
}

/* Inside a unit of work: makes the token the owner's, and tells the
 * owner. */
static enum status
own(const struct site *site, struct token_caller *by, struct token *token)
{
	struct account owner;
	int count;
	enum status status =
		account_get_at(site->store, by->owner, by->epoch, &owner);

	token->personal = true;
	strcpy(token->maker, by->owner);
	if (status == STATUS_OK && !may_have(site->conf, &owner, token))
		return beyond(by, "You may have no access token with that "
				  "permission");
	if (status == STATUS_OK)
		status = list_own(site->store, by->owner, NULL, &count);
	if (status == STATUS_OK && count == TOKENS_OWN)
		return beyond(by, "You have a hundred access tokens already");
	return status == STATUS_OK
		       ? account_tell(site, &owner, MAIL_TOKEN, by->language)
		       : status;
}

enum status
token_create(const struct site *site, struct token_caller *by,
	struct token *token, int64_t now, char secret[TOKEN_SECRET_SIZE])
{
	struct store *store = site->store;
	enum status status = site_keys(site, now);

	if (status != STATUS_OK)
		return status;
	if (secret[0] == '\0')
		draw_secret(secret);
	hash_secret(site, secret, token->hash);
	token->created = now;
	status = store_begin(store, STORE_WRITE);
	if (status == STATUS_OK)
		status = by != NULL && by->owner != NULL
				 ? own(site, by, token)
				 : adopt(store, by, token, now);
	if (status == STATUS_OK)
		status = put_new(store, token);
	if (status == STATUS_OK)
		status = tell(site, "token-create", token);
	return store_finish(store, status);
}

/* Gives the token a new secret. */
static enum status
replace(struct store *store, struct token *token, const char *hash,
	int64_t until)
{
	enum status status = delete_hash(store, token->old_hash);

	if (token->restored)
		until = 0;
	token->restored = false;
	if (status == STATUS_OK && until == 0)
		status = delete_hash(store, token->hash);
	strcpy(token->old_hash, until == 0 ? "" : token->hash);
	token->old_until = until;
	strcpy(token->hash, hash);
	token->epoch++;
	if (status == STATUS_OK)
		status = put_hash(store, token->hash, token->id);
	return status == STATUS_OK ? put_token(store, token) : status;
}

/* Inside a unit of work: whether the owner is still as when the request was
 * checked. A copy's request may have waited while the owner ended it. */
static enum status
check_owner(struct store *store, const struct token_caller *by)
{
	struct account owner;

	return by == NULL || by->owner == NULL
		       ? STATUS_OK
		       : account_get_at(store, by->owner, by->epoch, &owner);
}

enum status
token_rotate(const struct site *site, struct token_caller *by, int64_t id,
	int64_t grace, int64_t now, struct token *token,
	char secret[TOKEN_SECRET_SIZE])
{
	struct store *store = site->store;
	enum status status = site_keys(site, now);
	char hash[KEYS_HASH_SIZE];

	if (status != STATUS_OK)
		return status;
	if (secret[0] == '\0')
		draw_secret(secret);
	hash_secret(site, secret, hash);
	status = store_begin(store, STORE_WRITE);
	if (status == STATUS_OK)
		status = check_owner(store, by);
	if (status == STATUS_OK)
		status = get_token(store, id, token);
	if (status == STATUS_OK && !is_whose(token, by))
		status = STATUS_NO_ACCESS_TOKEN;
	if (status == STATUS_OK)
		status = get_use(store, id, &token->used);
	if (status == STATUS_OK)
		status = check_descent(store, by, token, now);
	if (status == STATUS_OK && has_expired(token, now))
		status = STATUS_EXPIRED_TOKEN;
	if (status == STATUS_OK)
		status = replace(
			store, token, hash, grace == 0 ? 0 : now + grace);
	if (status == STATUS_OK)
		status = tell(site, "token-rotate", token);
	status = store_finish(store, status);
	if (status == STATUS_OK)
		delete_line(site, token, token->epoch);
	return status;
}

/* The same, with all that descend from it. */
static enum status
delete_with_line(const struct site *site, const char *owner, int64_t id)
{
	struct token token;
	enum status status = delete_one(site, owner, id, &token);

	if (status == STATUS_OK)
		delete_line(site, &token, INT64_MAX);
	return status;
}

enum status
token_delete(const struct site *site, int64_t id)
{
	return delete_with_line(site, NULL, id);
}

enum status
token_list_own(const struct site *site, const char *owner,
	struct token tokens[TOKENS_OWN], int *count)
{
	enum status status = store_begin(site->store, STORE_READ);

	if (status == STATUS_OK)
		status = list_own(site->store, owner, tokens, count);
	store_abort(site->store);
	return status;
}

enum status
token_delete_own(const struct site *site, const char *owner, int64_t id)
{
	return delete_with_line(site, owner, id);
}

/* --- finding ----------------------------------------------------------- */

/* Until when the secret with that hash is good; 0 if it is not. */
static int64_t
good_until(const struct token *token, const char *hash, int64_t now)
{
	int64_t until = token->expires == 0 ? INT64_MAX : token->expires;

	if (strcmp(token->hash, hash) != 0) {
		if (strcmp(token->old_hash, hash) != 0)
			return 0;
		if (token->old_until < until)
			until = token->old_until;
	}
	return until > now ? until : 0;
}

enum status
token_find(const struct site *site, const char *secret, int64_t now,
	struct token *token, int64_t *until)
{
	struct account maker;
	char hash[KEYS_HASH_SIZE];
	enum status status;
	int64_t id;

	hash_secret(site, secret, hash);
	status = find_hash(site->store, hash, &id);
	if (status == STATUS_OK && id == 0)
		return STATUS_BAD_TOKEN;
	if (status == STATUS_OK)
		status = get_token(site->store, id, token);
	if (status == STATUS_OK)
		status = get_use(site->store, id, &token->used);
	if (status == STATUS_OK)
		status = account_get(site->store, token->maker, &maker);
	if (status == STATUS_NO_ACCESS_TOKEN || status == STATUS_NO_ACCOUNT)
		return STATUS_BAD_TOKEN;
	if (status != STATUS_OK)
		return status;
	if (token->restored)
		return STATUS_BAD_TOKEN;
	*until = good_until(token, hash, now);
	if (*until == 0)
		return STATUS_EXPIRED_TOKEN;
	return may_have(site->conf, &maker, token)
		       ? check_line(site->store, token, now, until)
		       : STATUS_BAD_TOKEN;
}

/* Inside a unit of work: adds what a page says of a token. */
static enum status
add_to_page(
	struct store *store, const struct token *token, struct token_page *page)
{
	struct token *added = &page->tokens[page->count];
	char *name = page->makers[page->count];
	struct account maker;
	enum status status = account_get(store, token->maker, &maker);

	*added = *token;
	strcpy(name, status == STATUS_OK ? account_name(&maker) : "");
	if (status == STATUS_OK || status == STATUS_NO_ACCOUNT)
		status = get_use(store, token->id, &added->used);
	page->count += status == STATUS_OK;
	page->after = token->id;
	return status;
}

/* Inside a unit of work: takes the next record, or passes over it.
 * STATUS_DONE: the page is full; STATUS_NOT_FOUND: there are no more. */
static enum status
take_next(
	struct store *store, struct token_page *page, char key[STORE_KEY_SIZE])
{
	char before[STORE_KEY_SIZE];
	struct json_object *record;
	struct token token;
	enum status status;
	bool good;

	strcpy(before, key);
	status = store_next(store, STORE_TOKEN, key, &record);
	good = status == STATUS_OK &&
	       record_read(token_members, record, &token) == NULL;
	json_object_put(record);
	/* One that is not JSON is in the log. */
	if (status == STATUS_UNAVAILABLE && strcmp(before, key) != 0) {
		page->odd = true;
		return STATUS_OK;
	}
	if (status == STATUS_OK && key[0] == 'h')
		return STATUS_NOT_FOUND;
	if (!good)
		return status;
	return page->count == page->limit ? STATUS_DONE
					  : add_to_page(store, &token, page);
}

enum status
token_list(const struct site *site, struct token_page *page)
{
	char key[STORE_KEY_SIZE];
	enum status status = store_begin(site->store, STORE_READ);

	page->count = 0;
	page->odd = false;
	strcpy(key, id_key(page->after).text);
	while (status == STATUS_OK)
		status = take_next(site->store, page, key);
	store_abort(site->store);
	page->more = status == STATUS_DONE;
	return page->more || status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* A number that was used here is never given again. */
static enum status
note_id(struct store *store, int64_t id)
{
	struct json_object *record;
	int64_t last;
	enum status status = last_id(store, &last);

	if (status != STATUS_OK || last >= id)
		return status;
	record = json_new_object();
	json_add_int(record, "last", id);
	return store_keep(store, STORE_PARAM, serial_param, record);
}

/* Makes a hash lead to the token; "" and another's lead nowhere. */
static enum status
take_hash(struct store *store, const char *hash, int64_t id)
{
	int64_t taken = 0;
	enum status status =
		hash[0] == '\0' ? STATUS_OK : find_hash(store, hash, &taken);

	if (status == STATUS_OK && taken != 0)
		return STATUS_TOKEN_TAKEN;
	return status != STATUS_OK || hash[0] == '\0'
		       ? status
		       : put_hash(store, hash, id);
}

/* Whether a token that is not there was, and has been deleted: its number had
 * been given here before this process took the first. */
static enum status
was_here(struct store *store, int64_t id, bool *was)
{
	static int64_t given = -1;
	enum status status = given < 0 ? last_id(store, &given) : STATUS_OK;

	if (status != STATUS_OK)
		given = -1;
	*was = id <= given;
	return status;
}

enum status
token_take(struct store *store, const struct token *token, struct token *there)
{
	struct json_object *record;
	struct token taken = *token;
	bool was = false;
	enum status status = get_token(store, token->id, there);

	if (status == STATUS_OK)
		return get_use(store, token->id, &there->used);
	there->id = 0;
	if (status == STATUS_NO_ACCESS_TOKEN)
		status = was_here(store, token->id, &was);
	taken.restored = token->restored || was;
	if (status == STATUS_OK)
		status = take_hash(store, token->hash, token->id);
	if (status == STATUS_OK)
		status = take_hash(store, token->old_hash, token->id);
	if (status == STATUS_OK)
		status = put_token(store, &taken);
	if (status == STATUS_OK && token->personal)
		status = put_owner(store, token);
	if (status == STATUS_OK)
		status = note_id(store, token->id);
	if (status != STATUS_OK || token->used == 0)
		return status;
	record = json_new_object();
	json_add_int(record, "used", token->used);
	return store_keep(store, STORE_USE, id_key(token->id).text, record);
}

bool
token_suspend(const char *key, struct json_object *record)
{
	if (!token_is_record(key))
		return false;
	json_add_bool(record, "restored", true);
	return true;
}

enum status
token_confirm(const struct site *site, int64_t id)
{
	struct store *store = site->store;
	struct token token;
	enum status status = store_begin(store, STORE_WRITE);

	if (status == STATUS_OK)
		status = get_token(store, id, &token);
	token.restored = false;
	if (status == STATUS_OK)
		status = put_token(store, &token);
	return store_finish(store, status);
}

enum status
token_each(const struct site *site, token_visit *visit, void *context)
{
	struct store_walk walk;
	struct token token;

	begin_walk(&walk, site->store, 0);
	while (next_token(&walk, &token) && visit(context, &token))
		;
	return store_walk_end(&walk);
}

static enum status
delete_all_of(const struct site *site, const char *maker)
{
	enum status walked, status = STATUS_OK;
	struct store_walk walk;
	struct token token;

	begin_walk(&walk, site->store, 0);
	while (status == STATUS_OK && next_token(&walk, &token))
		if (strcmp(token.maker, maker) == 0)
			status = delete_if_there(site, token.id);
	walked = store_walk_end(&walk);
	return status == STATUS_OK ? walked : status;
}

enum status
token_delete_account(
	const struct site *site, const char *whom, struct account *account)
{
	enum status status = account_delete(site, whom, account);

	if (status == STATUS_OK &&
		delete_all_of(site, account->id) != STATUS_OK)
		log_warning("account %s: its access tokens are dead, but still "
			    "listed",
			account->id);
	return status;
}

/* Outside a unit of work: gets the id of the newest one, 0 if there is none. */
static enum status
find_newest(const struct site *site, int64_t now, int64_t *id)
{
	struct store_walk walk;
	struct token token;

	*id = 0;
	begin_walk(&walk, site->store, 0);
	while (next_token(&walk, &token))
		if (token.service && !has_expired(&token, now))
			*id = token.id;
	return store_walk_end(&walk);
}

enum status
token_find_service(
	const struct site *site, const char *secret, int64_t now, int64_t *id)
{
	struct token token = {.id = 0};
	enum status status;
	int64_t until;

	if (secret == NULL) {
		status = find_newest(site, now, id);
		return status == STATUS_OK && *id == 0 ? STATUS_NO_ACCESS_TOKEN
						       : status;
	}
	status = site_begin(site, STORE_READ, now);
	if (status == STATUS_OK)
		status = token_find(site, secret, now, &token, &until);
	store_abort(site->store);
	*id = token.id;
	return status == STATUS_BAD_TOKEN || status == STATUS_EXPIRED_TOKEN ||
			       (status == STATUS_OK && !token.service)
		       ? STATUS_NO_ACCESS_TOKEN
		       : status;
}

/* Inside a unit of work: gives the secret to the token `id`, which may have it
 * already; makes a token if `id` is 0. */
static enum status
put_service(struct store *store, int64_t id, struct token *token)
{
	struct token now;
	int64_t taken;
	enum status status;

	if (id == 0)
		return put_new(store, token);
	status = find_hash(store, token->hash, &taken);
	if (status == STATUS_OK && taken != 0 && taken != id)
		status = STATUS_TOKEN_TAKEN;
	if (status == STATUS_OK)
		status = get_token(store, id, &now);
	if (status != STATUS_OK)
		return status;
	/* Otherwise it would still die with its first maker. */
	strcpy(now.maker, token->maker);
	status = replace(store, &now, token->hash, 0);
	*token = now;
	return status;
}

/* The newest token cannot be looked for inside the unit of work that replaces
 * it. STATUS_NO_ACCESS_TOKEN: another process was quicker, and the newest may
 * be another now. */
static enum status
try_to_set_service(const struct site *site, struct token *token, int64_t now)
{
	struct store *store = site->store;
	int64_t last = 0, last_now, id;
	enum status status = store_begin(store, STORE_READ);

	if (status == STATUS_OK)
		status = last_id(store, &last);
	store_abort(store);
	if (status == STATUS_OK)
		status = find_newest(site, now, &id);
	if (status == STATUS_OK)
		status = store_begin(store, STORE_WRITE);
	if (status == STATUS_OK)
		status = last_id(store, &last_now);
	if (status == STATUS_OK)
		status = last_now == last ? put_service(store, id, token)
					  : STATUS_NO_ACCESS_TOKEN;
	if (status == STATUS_OK)
		status = tell(
			site, id == 0 ? "token-create" : "token-rotate", token);
	return store_finish(store, status);
}

enum status
token_set_service(const struct site *site, struct token *token, int64_t now,
	char secret[TOKEN_SECRET_SIZE])
{
	enum status status = site_keys(site, now);
	int i;

	if (status != STATUS_OK)
		return status;
	hash_secret(site, secret, token->hash);
	token->created = now;
	token->service = true;
	status = STATUS_NO_ACCESS_TOKEN;
	for (i = 0; i < TRIES && status == STATUS_NO_ACCESS_TOKEN; i++)
		status = try_to_set_service(site, token, now);
	if (status != STATUS_NO_ACCESS_TOKEN)
		return status;
	log_error("service token: %d others were made at once", TRIES);
	return STATUS_UNAVAILABLE;
}
