/* keys.c - the secrets of an installation, kept in server_params.btr */
#include "config.h"

#include "site/keys.h"

#include "base/file.h"
#include "base/inherited.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "site/secret-text.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the secret that the operator has set ------------------------------- */

static const char *const variables[] = {
	"ACTIAN_VECTORAI_JWT_SECRET", "LATCHKEY_JWT_SECRET"};

/* What is being taken. In memory that is locked and wiped. */
struct taking {
	struct jwt_key *given;
	char *given_by; /* the source of that; NULL: nothing yet */
	const struct filter *leaked;
	size_t length; /* of the secret at hand */
	/* With a byte order mark, the end of a line, and one byte too many. */
	unsigned char text[JWT_SECRET_MAX + 3 + 2 + 1];
};

/* Takes the secret at hand, which came from `name`. Refuses it if it may not
 * sign, or if another came from elsewhere. */
static bool
take(struct taking *taking, const char *name)
{
	struct jwt_key *given = taking->given;
	unsigned char key[FILTER_KEY];

	if (taking->length > JWT_SECRET_MAX) {
		log_error("%s: longer than %d bytes", name, JWT_SECRET_MAX);
		return false;
	}
	if (taking->length < JWT_SECRET_MIN) {
		log_error("%s: shorter than %d bytes", name, JWT_SECRET_MIN);
		return false;
	}
	/* With a secret that anyone can read somewhere, anyone can sign. */
	filter_key(taking->text, taking->length, key);
	if (taking->leaked != NULL && filter_has(taking->leaked, key)) {
		log_error(
			"%s: its value is on the list of leaked secrets", name);
		return false;
	}
	if (given->length > 0 &&
		(given->length != taking->length ||
			sodium_memcmp(given->secret, taking->text,
				given->length) != 0)) {
		log_error("%s and %s are both set and differ", taking->given_by,
			name);
		return false;
	}
	if (given->length == 0) {
		memcpy(given->secret, taking->text, taking->length);
		given->length = taking->length;
		mem_free(taking->given_by);
		taking->given_by = mem_copy(name);
	}
	return true;
}

/* --- the variables ------------------------------------------------------ */

/* Whether the value is a path in place of a secret: how it shows, or NULL. Of
 * 64 secrets in base64 one begins with a slash. It is refused as well, since a
 * path is no secret, and yet would sign. */
static const char *
as_path(const char *value)
{
	static const char *const beginnings[] = {
		"/", "./", "../", "~/", "file:"};
	struct stat file;
	size_t i;

	for (i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
		if (strncasecmp(value, beginnings[i], strlen(beginnings[i])) ==
			0)
			return "begins like a path";
	return stat(value, &file) == 0 ? "is the name of a file" : NULL;
}

/* Copies the value and overwrites it where it stood. */
static bool
take_variable(struct taking *taking, const char *name)
{
	char *value = getenv(name);
	size_t length = value == NULL ? 0 : strlen(value);
	const char *path = length > 0 ? as_path(value) : NULL;

	taking->length = length;
	if (length <= JWT_SECRET_MAX && length > 0)
		memcpy(taking->text, value, length);
	if (value != NULL) {
		sodium_memzero(value, length);
		unsetenv(name);
	}
	if (path != NULL)
		log_error("%s: %s: set %s_FILE to the path of a file that "
			  "holds the secret",
			name, path, name);
	return length == 0 || (path == NULL && take(taking, name));
}

/* --- files -------------------------------------------------------------- */

/* Removes what editors add to a text of one line: a byte order mark, and the
 * one end of the line, "\r\n" from Windows. */
static void
trim(struct taking *taking)
{
	static const char mark[] = "\xef\xbb\xbf";
	const size_t skip = sizeof mark - 1;
	unsigned char *text = taking->text;

	if (taking->length >= skip && memcmp(text, mark, skip) == 0) {
		taking->length -= skip;
		memmove(text, text + skip, taking->length);
	}
	if (taking->length == 0 || text[taking->length - 1] != '\n')
		return;
	taking->length--;
	if (taking->length > 0 && text[taking->length - 1] == '\r')
		taking->length--;
}

static bool
read_secret(struct taking *taking, int fd)
{
	ssize_t got = 1;

	taking->length = 0;
	while (taking->length < sizeof taking->text && got != 0) {
		got = read(fd, taking->text + taking->length,
			sizeof taking->text - taking->length);
		if (got < 0 && errno != EINTR)
			return false;
		if (got > 0)
			taking->length += (size_t)got;
	}
	trim(taking);
	return true;
}

static bool
take_file(struct taking *taking, const char *name, const char *path)
{
	/* Opening a pipe would wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *flaw = NULL;
	struct stat file;

	if (fd >= 0 && fstat(fd, &file) == 0 && !S_ISREG(file.st_mode))
		flaw = "no regular file";
	else if (fd < 0 || !read_secret(taking, fd))
		flaw = strerror(errno);
	if (flaw != NULL)
		log_error("%s: %s: %s", name, path, flaw);
	file_close(fd);
	return flaw == NULL && take(taking, name);
}

static bool
take_named_file(struct taking *taking, const char *variable)
{
	char *name = mem_printf("%s_FILE", variable);
	const char *path = getenv(name);
	bool good = path == NULL || path[0] == '\0' ||
		    take_file(taking, name, path);

	mem_free(name);
	return good;
}

static bool
take_credential(struct taking *taking)
{
	char *path = inherited_credential("jwt_secret");
	bool good = path == NULL ||
		    take_file(taking, "the credential jwt_secret", path);

	mem_free(path);
	return good;
}

/* Takes all of them, so that the variables are overwritten even if one is
 * wrong. */
static bool
take_all(struct taking *taking)
{
	bool good = true;
	size_t i;

	for (i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		good = take_variable(taking, variables[i]) && good;
		good = take_named_file(taking, variables[i]) && good;
	}
	return take_credential(taking) && good;
}

bool
keys_from_environment(struct jwt_key *given, const struct filter *leaked)
{
	struct taking *taking = mem_check(sodium_malloc(sizeof *taking));
	bool good;

	memset(given, 0, sizeof *given);
	memset(taking, 0, sizeof *taking);
	taking->given = given;
	taking->leaked = leaked;
	good = take_all(taking);
	mem_free(taking->given_by);
	sodium_free(taking);
	return good;
}

/* --- what a process has of them ---------------------------------------- */

enum { NEW_SECRET_BYTES = 32 };

static const char jwt_param[] = "jwt_keys";

/* Those of HMACs in the order of enum keys_use, then that of JWTs. */
static const char *const params[] = {
	[KEYS_OF_CODES] = "code_key",
	[KEYS_OF_TOKENS] = "token_key",
	[KEYS_OF_COUNTS] = "count_key",
	[KEYS_OF_FACTORS] = "factor_key",
	[KEYS_USES] = jwt_param,
};

bool
keys_is_param(const char *name)
{
	int i = 0;

	while (i <= KEYS_USES && strcmp(params[i], name) != 0)
		i++;
	return i <= KEYS_USES;
}

struct keys {
	/* The JWT keys: the first signs, those before it verify for a time. */
	struct keys_entry entries[KEYS_MOST];
	size_t count;
	unsigned char hmac[KEYS_USES][KEYS_HMAC_BYTES];
	struct jwt_key given; /* from the environment; length 0: none */
	bool adopted;         /* and has been made the key that signs */
	bool loaded;
	uint64_t changes; /* the store's, when the keys were loaded */
	int64_t now;
};

struct keys *
keys_new(const struct filter *leaked)
{
	struct keys *keys = mem_check(sodium_malloc(sizeof *keys));

	memset(keys, 0, sizeof *keys);
	if (keys_from_environment(&keys->given, leaked))
		return keys;
	keys_free(keys);
	return NULL;
}

bool
keys_given(const struct keys *keys)
{
	return keys->given.length > 0;
}

void
keys_free(struct keys *keys)
{
	sodium_free(keys);
}

/* --- the record of the JWT keys ---------------------------------------- */

/* Moves the secret out of the record, whether the rest is right or not. */
static bool
read_entry(struct json_object *record, struct keys_entry *entry)
{
	struct jwt_key *key = &entry->key;
	bool good = secret_text_take(record, "secret", key->secret,
		sizeof key->secret, &key->length);

	entry->configured = json_true(record, "configured");
	/* Keys from before that was noted have none. */
	if (!json_natural(record, "created", &entry->created))
		entry->created = 0;
	return json_copy(record, "kid", key->kid, sizeof key->kid) &&
	       key->kid[0] != '\0' &&
	       json_natural(record, "until", &entry->until) && good &&
	       key->length > 0;
}

/* False if one of the keys cannot be read: without it fewer would be saved. */
static bool
read_entries(struct json_object *record, struct keys *keys)
{
	size_t i, count;
	const struct json_object *list = json_array(record, "keys", &count);
	bool good = count > 0;

	/* Reads all of them: reading a secret wipes it in the record. */
	for (i = 0; i < count && keys->count < KEYS_MOST; i++)
		good = read_entry(json_object_array_get_idx(list, i),
			       &keys->entries[keys->count++]) &&
		       good;
	return good;
}

static void
empty(struct keys *keys)
{
	sodium_memzero(keys->entries, sizeof keys->entries);
	keys->count = 0;
}

/* STATUS_NOT_FOUND if there are no JWT keys yet. */
static enum status
load_entries(struct keys *keys, struct store *store)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_PARAM, jwt_param, &record);

	empty(keys);
	if (status == STATUS_OK && !read_entries(record, keys)) {
		empty(keys);
		log_error("keys: the record of the JWT secrets cannot be read");
		status = STATUS_UNAVAILABLE;
	}
	json_object_put(record);
	return status;
}

static enum status
save_entries(const struct keys *keys, struct store *store)
{
	struct json_object *record = json_new_object(), *item;
	struct json_object *list = json_new_array();
	struct secret_text secrets[KEYS_MOST];
	size_t i;

	for (i = 0; i < keys->count; i++) {
		const struct keys_entry *entry = &keys->entries[i];

		item = json_new_object();
		json_add_string(item, "kid", entry->key.kid);
		json_add_int(item, "created", entry->created);
		json_add_int(item, "until", entry->until);
		json_add_bool(item, "configured", entry->configured);
		json_append(list, item);
		secrets[i] = (struct secret_text){
			item, "secret", entry->key.secret, entry->key.length};
	}
	json_add(record, "keys", list);
	return secret_text_put(store, jwt_param, record, secrets, keys->count);
}

/* --- which JWT key signs ----------------------------------------------- */

static bool
is_over(const struct keys *keys, const struct keys_entry *entry)
{
	return entry->until != 0 && entry->until <= keys->now;
}

/* Whether all places are taken by keys that are good now. */
static bool
is_full(const struct keys *keys)
{
	size_t i, good = 0;

	for (i = 0; i < keys->count; i++)
		good += is_over(keys, &keys->entries[i]) ? 0 : 1;
	return good == KEYS_MOST;
}

static void
remove_entry(struct keys *keys, const struct keys_entry *entry)
{
	size_t at = (size_t)(entry - keys->entries);

	keys->count--;
	memmove(&keys->entries[at], &keys->entries[at + 1],
		(keys->count - at) * sizeof keys->entries[0]);
	sodium_memzero(&keys->entries[keys->count], sizeof keys->entries[0]);
}

static void
prune(struct keys *keys)
{
	size_t i = 0;

	while (i < keys->count)
		if (is_over(keys, &keys->entries[i]))
			remove_entry(keys, &keys->entries[i]);
		else
			i++;
}

static void
draw_kid(struct jwt_key *key)
{
	unsigned char bytes[(JWT_KID_SIZE - 1) / 2];

	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(key->kid, sizeof key->kid, bytes, sizeof bytes);
}

/* Makes room at the beginning, for a key whose secret the caller puts there.
 * The key that signed until now verifies until `until`. Expired keys go; if
 * there is still no room, so does the oldest. */
static struct keys_entry *
begin_entry(struct keys *keys, int64_t until)
{
	struct keys_entry *first = &keys->entries[0];

	if (keys->count > 0 && first->until == 0)
		first->until = until;
	prune(keys);
	if (keys->count == KEYS_MOST) {
		log_warning("keys: over %d secrets at once: the tokens of %s "
			    "are dead",
			KEYS_MOST, keys->entries[KEYS_MOST - 1].key.kid);
		keys->count--;
	}
	memmove(first + 1, first, keys->count * sizeof *first);
	keys->count++;
	sodium_memzero(first, sizeof *first);
	first->created = keys->now;
	draw_kid(&first->key);
	return first;
}

static void
make_entry(struct keys *keys, int64_t until)
{
	struct keys_entry *first = begin_entry(keys, until);

	first->key.length = NEW_SECRET_BYTES;
	randombytes_buf(first->key.secret, first->key.length);
}

static bool
is_given(const struct keys *keys, const struct keys_entry *entry)
{
	const struct jwt_key *key = &entry->key, *given = &keys->given;

	return key->length == given->length &&
	       sodium_memcmp(key->secret, given->secret, given->length) == 0;
}

/* Puts the environment's secret first. One that comes back into use keeps the
 * name by which tokens refer to it. */
static void
adopt_given(struct keys *keys, int64_t until)
{
	struct keys_entry *first = &keys->entries[0];
	char kid[JWT_KID_SIZE] = "";
	int64_t created = keys->now;
	size_t i = 0;

	while (i < keys->count && !is_given(keys, &keys->entries[i]))
		i++;
	if (i > 0 && i < keys->count) {
		strcpy(kid, keys->entries[i].key.kid);
		created = keys->entries[i].created;
		remove_entry(keys, &keys->entries[i]);
	}
	if (i > 0 || keys->count == 0) {
		begin_entry(keys, until);
		first->created = created;
		if (kid[0] != '\0')
			strcpy(first->key.kid, kid);
		first->key.length = keys->given.length;
		memcpy(first->key.secret, keys->given.secret,
			keys->given.length);
	}
	first->configured = true;
}

/* Whether the environment's secret does not sign, or is not noted as such. */
static bool
wants_adoption(const struct keys *keys)
{
	const struct keys_entry *first = &keys->entries[0];

	return keys_given(keys) && !keys->adopted &&
	       !(keys->count > 0 && first->configured && is_given(keys, first));
}

static const struct keys_entry *
find_entry(const struct keys *keys, const char *kid)
{
	size_t i;

	for (i = 0; i < keys->count; i++)
		if (strcmp(keys->entries[i].key.kid, kid) == 0)
			return &keys->entries[i];
	return NULL;
}

/* --- all records ------------------------------------------------------- */

static enum status
load_hmac_key(struct store *store, const char *param, unsigned char *key)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_PARAM, param, &record);
	size_t length = 0;

	if (status != STATUS_OK)
		return status;
	if (!secret_text_take(record, "key", key, KEYS_HMAC_BYTES, &length) ||
		length != KEYS_HMAC_BYTES) {
		log_error("keys: the record %s cannot be read", param);
		status = STATUS_UNAVAILABLE;
	}
	json_object_put(record);
	return status;
}

static enum status
make_hmac_key(struct store *store, const char *param, unsigned char *key)
{
	const struct secret_text secret = {
		json_new_object(), "key", key, KEYS_HMAC_BYTES};

	randombytes_buf(key, KEYS_HMAC_BYTES);
	return secret_text_put(store, param, secret.object, &secret, 1);
}

static enum status
load_hmac_keys(struct keys *keys, struct store *store, bool write)
{
	enum status status = STATUS_OK;
	int i;

	for (i = 0; i < KEYS_USES && status == STATUS_OK; i++) {
		status = load_hmac_key(store, params[i], keys->hmac[i]);
		if (status == STATUS_NOT_FOUND && write)
			status = make_hmac_key(store, params[i], keys->hmac[i]);
	}
	return status;
}

/* Reads all records. What is missing is made if `write` is set, and otherwise
 * reported as STATUS_NOT_FOUND. */
static enum status
load(struct keys *keys, struct store *store, bool write, int64_t overlap)
{
	enum status status = load_entries(keys, store);
	int64_t until = keys->now + overlap;

	if (status == STATUS_NOT_FOUND || status == STATUS_OK) {
		if (wants_adoption(keys))
			adopt_given(keys, until);
		else if (status == STATUS_NOT_FOUND)
			make_entry(keys, until);
		else
			return load_hmac_keys(keys, store, write);
		status = write ? save_entries(keys, store) : STATUS_NOT_FOUND;
	}
	return status == STATUS_OK ? load_hmac_keys(keys, store, write)
				   : status;
}

static enum status
load_in(struct keys *keys, struct store *store, enum store_mode mode,
	int64_t overlap)
{
	enum status status = store_begin(store, mode);
	uint64_t changes;

	if (status != STATUS_OK)
		return status;
	changes = store_changes(store);
	status = load(keys, store, mode == STORE_WRITE, overlap);
	status = store_finish(store, status);
	if (status == STATUS_OK) {
		keys->loaded = true;
		keys->adopted = true;
		keys->changes = changes;
	}
	return status;
}

enum status
keys_refresh(
	struct keys *keys, struct store *store, int64_t now, int64_t overlap)
{
	enum status status;

	keys->now = now;
	if (keys->loaded && keys->changes == store_changes(store))
		return STATUS_OK;
	keys->loaded = false;
	status = load_in(keys, store, STORE_READ, overlap);
	if (status == STATUS_NOT_FOUND)
		status = load_in(keys, store, STORE_WRITE, overlap);
	return status == STATUS_NOT_FOUND ? STATUS_UNAVAILABLE : status;
}

enum status
keys_there(struct store *store, bool *there)
{
	return store_has(store, STORE_PARAM, jwt_param, there);
}

void
keys_mark(const struct keys *keys, char mark[KEYS_MARK_SIZE])
{
	char all[KEYS_USES * KEYS_HASH_SIZE], *end = all;
	char hash[KEYS_HASH_SIZE];
	int i;

	for (i = 0; i < KEYS_USES; i++) {
		keys_hash(keys->hmac[i], "which keys", hash);
		end = stpcpy(end, hash);
	}
	keys_hash(keys->hmac[0], all, hash);
	snprintf(mark, KEYS_MARK_SIZE, "%.*s", KEYS_MARK_SIZE - 1, hash);
}

/* --- the operator's changes -------------------------------------------- */

/* Changes the records as they are in the store, whatever this process has read
 * before. */
static enum status
begin_change(struct keys *keys, struct store *store)
{
	enum status status = store_begin(store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	keys->loaded = false;
	status = load_entries(keys, store);
	if (status != STATUS_OK)
		store_abort(store);
	return status;
}

static enum status
end_change(struct keys *keys, struct store *store, enum keys_refusal refusal)
{
	if (refusal == KEYS_ALLOWED)
		return store_finish(store, save_entries(keys, store));
	store_abort(store);
	return STATUS_OK;
}

enum status
keys_rotate(struct keys *keys, struct store *store, int64_t now,
	int64_t overlap, bool force, char kid[JWT_KID_SIZE],
	enum keys_refusal *refusal)
{
	enum status status = keys_refresh(keys, store, now, overlap);

	if (status == STATUS_OK)
		status = begin_change(keys, store);
	if (status != STATUS_OK)
		return status;
	*refusal = keys->entries[0].configured && !force ? KEYS_CONFIGURED
		   : is_full(keys)                       ? KEYS_FULL
							 : KEYS_ALLOWED;
	if (*refusal == KEYS_ALLOWED) {
		make_entry(keys, now + overlap);
		strcpy(kid, keys->entries[0].key.kid);
	}
	return end_change(keys, store, *refusal);
}

enum status
keys_retire(struct keys *keys, struct store *store, const char *kid,
	enum keys_refusal *refusal)
{
	const struct keys_entry *entry;
	enum status status = begin_change(keys, store);

	if (status != STATUS_OK)
		return status;
	entry = find_entry(keys, kid);
	*refusal = entry == NULL                ? KEYS_UNKNOWN
		   : entry == &keys->entries[0] ? KEYS_SIGNS
						: KEYS_ALLOWED;
	if (*refusal == KEYS_ALLOWED)
		remove_entry(keys, entry);
	return end_change(keys, store, *refusal);
}

/* --- what they are ------------------------------------------------------ */

const struct keys_entry *
keys_entry(const struct keys *keys, size_t at)
{
	return at < keys->count ? &keys->entries[at] : NULL;
}

const struct jwt_key *
keys_signing(const struct keys *keys)
{
	return &keys->entries[0].key;
}

const struct jwt_key *
keys_find(void *context, const char *kid)
{
	const struct keys *keys = context;
	const struct keys_entry *entry = find_entry(keys, kid);

	return entry == NULL || is_over(keys, entry) ? NULL : &entry->key;
}

int64_t
keys_until(const struct keys *keys)
{
	int64_t first = INT64_MAX, until;
	size_t i;

	for (i = 0; i < keys->count; i++) {
		until = keys->entries[i].until;
		if (until > keys->now && until < first)
			first = until;
	}
	return first;
}

const unsigned char *
keys_of(const struct keys *keys, enum keys_use use)
{
	return keys->hmac[use];
}

void
keys_hmac(const unsigned char key[KEYS_HMAC_BYTES], const char *text,
	unsigned char hmac[KEYS_HMAC_BYTES])
{
	crypto_auth_hmacsha256(
		hmac, (const unsigned char *)text, strlen(text), key);
}

void
keys_hash(const unsigned char key[KEYS_HMAC_BYTES], const char *text,
	char hash[KEYS_HASH_SIZE])
{
	unsigned char hmac[KEYS_HMAC_BYTES];

	keys_hmac(key, text, hmac);
	sodium_bin2hex(hash, KEYS_HASH_SIZE, hmac, sizeof hmac);
}
