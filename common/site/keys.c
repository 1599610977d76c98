/* keys.c - the secrets of an installation, kept in server_params.btr */
#include "config.h"

#include "site/keys.h"

#include "base/file.h"
#include "base/inherited.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "site/machine.h"
#include "site/secret-text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
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
	ssize_t length = file_read(fd, taking->text, sizeof taking->text);

	if (length < 0)
		return false;
	taking->length = (size_t)length;
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

const char *
keys_param(size_t at)
{
	return at <= KEYS_USES ? params[at] : NULL;
}

bool
keys_is_param(const char *name)
{
	size_t i = 0;

	while (i <= KEYS_USES && strcmp(params[i], name) != 0)
		i++;
	return i <= KEYS_USES;
}

/* The record that machines share; of parameters. */
static const char facts_param[] = "keys";

struct keys {
	/* The JWT keys, the newest first. The first that does not wait signs,
	 * and those after it verify for a time. */
	struct keys_entry entries[KEYS_MOST];
	size_t count;
	unsigned char hmac[KEYS_USES][KEYS_HMAC_BYTES];
	bool has[KEYS_USES];  /* whether its bytes are here */
	struct jwt_key given; /* from the environment; length 0: none */
	bool adopted;         /* and has been made the key that signs */
	bool loaded;
	uint64_t changes; /* the store's, when the keys were loaded */
	int64_t now, overlap;
	/* What is to be written: */
	bool changed; /* what the keys are */
	bool gained;  /* the bytes of a JWT key */
	bool fresh[KEYS_USES];
	/* Where machines share the store: */
	bool shared;
	bool listed;  /* the store names the keys */
	bool stale;   /* the local record is not as the store has it */
	bool foreign; /* the local records are of another site */
	char checks[KEYS_USES][KEYS_HASH_SIZE]; /* as the store has them */
	char machine[MACHINE_NAME_SIZE];
	int64_t noted;           /* when the machine's record was as it
				  * should be, */
	uint64_t noted_changes;  /* and at which count */
	int64_t said;            /* when the log last had what is missing */
	struct keys_entry taken; /* of the local record, for a moment */
};

struct keys *
keys_new(const struct filter *leaked)
{
	struct keys *keys = mem_check(sodium_malloc(sizeof *keys));

	memset(keys, 0, sizeof *keys);
	machine_name(keys->machine);
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

/* --- what a ring is ------------------------------------------------------- */

static bool
is_over(const struct keys *keys, const struct keys_entry *entry)
{
	return !entry->waits && entry->until != 0 && entry->until <= keys->now;
}

static bool
is_here(const struct keys_entry *entry)
{
	return entry->key.length > 0;
}

/* The place of the key that signs; `count` if none does yet. */
static size_t
signing(const struct keys *keys)
{
	size_t i = 0;

	while (i < keys->count && keys->entries[i].waits)
		i++;
	return i;
}

static struct keys_entry *
find_entry(struct keys *keys, const char *kid)
{
	size_t i;

	for (i = 0; i < keys->count; i++)
		if (strcmp(keys->entries[i].key.kid, kid) == 0)
			return &keys->entries[i];
	return NULL;
}

static void
empty(struct keys *keys)
{
	sodium_memzero(keys->entries, sizeof keys->entries);
	keys->count = 0;
}

/* What the store has in place of a key, so that other bytes under its name are
 * found. No token, code or other text that is hashed under a key is this one.
 */
static void
write_check(const void *bytes, size_t length, const char *name,
	char check[KEYS_HASH_SIZE])
{
	static const char label[] = "latchkey: the check value of the key ";
	unsigned char hmac[KEYS_HMAC_BYTES];
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, bytes, length);
	crypto_auth_hmacsha256_update(
		&state, (const unsigned char *)label, sizeof label - 1);
	crypto_auth_hmacsha256_update(
		&state, (const unsigned char *)name, strlen(name));
	crypto_auth_hmacsha256_final(&state, hmac);
	sodium_bin2hex(check, KEYS_HASH_SIZE, hmac, sizeof hmac);
	sodium_memzero(&state, sizeof state);
}

static bool
has_check(const void *bytes, size_t length, const char *name, const char *check)
{
	char own[KEYS_HASH_SIZE];

	write_check(bytes, length, name, own);
	return strcmp(own, check) == 0;
}

/* Takes the bytes if they are those of the entry, by its check value. */
static bool
take_bytes(struct keys_entry *entry, const unsigned char *bytes, size_t length)
{
	if (length == 0 ||
		!has_check(bytes, length, entry->key.kid, entry->check))
		return false;
	memcpy(entry->key.secret, bytes, length);
	entry->key.length = length;
	return true;
}

/* --- the record of the bytes ---------------------------------------------- */

static bool
read_state(const struct json_object *record, struct keys_entry *entry)
{
	entry->configured = json_true(record, "configured");
	entry->waits = json_true(record, "waits");
	/* Keys from before that was noted have none. */
	if (!json_natural(record, "created", &entry->created))
		entry->created = 0;
	return json_copy(
		       record, "kid", entry->key.kid, sizeof entry->key.kid) &&
	       entry->key.kid[0] != '\0' &&
	       json_natural(record, "until", &entry->until);
}

/* Moves the secret out of the record, whether the rest is right or not. */
static bool
read_entry(struct json_object *record, struct keys_entry *entry)
{
	struct jwt_key *key = &entry->key;
	bool good = secret_text_take(record, "secret", key->secret,
		sizeof key->secret, &key->length);

	return read_state(record, entry) && good && key->length > 0;
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

/* STATUS_NOT_FOUND if there are no JWT keys yet. */
static enum status
load_entries(struct keys *keys, struct store *store)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_SECRET, jwt_param, &record);

	if (status == STATUS_OK && !read_entries(record, keys)) {
		empty(keys);
		log_error("keys: the record of the JWT secrets cannot be read");
		status = STATUS_UNAVAILABLE;
	}
	json_object_put(record);
	return status;
}

static struct json_object *
state_of(const struct keys_entry *entry)
{
	struct json_object *item = json_new_object();

	json_add_string(item, "kid", entry->key.kid);
	json_add_int(item, "created", entry->created);
	json_add_int(item, "until", entry->until);
	json_add_bool(item, "configured", entry->configured);
	if (entry->waits)
		json_add_bool(item, "waits", true);
	return item;
}

static enum status
save_entries(const struct keys *keys, struct store *store)
{
	struct json_object *record = json_new_object(), *item;
	struct json_object *list = json_new_array();
	struct secret_text secrets[KEYS_MOST];
	size_t i, count = 0;

	for (i = 0; i < keys->count; i++) {
		const struct keys_entry *entry = &keys->entries[i];

		if (!is_here(entry))
			continue;
		item = state_of(entry);
		json_append(list, item);
		secrets[count++] = (struct secret_text){
			item, "secret", entry->key.secret, entry->key.length};
	}
	json_add(record, "keys", list);
	return secret_text_put(store, jwt_param, record, secrets, count);
}

/* --- the record that machines share --------------------------------------- */

/* Its keys are those there are. Their bytes are local, in the record above. */

static bool
read_fact(const struct json_object *item, struct keys_entry *entry)
{
	return read_state(item, entry) &&
	       json_copy(item, "check", entry->check, sizeof entry->check) &&
	       strlen(entry->check) == KEYS_HASH_SIZE - 1;
}

static bool
read_facts(const struct json_object *record, struct keys *keys)
{
	size_t i, count;
	const struct json_object *list = json_array(record, jwt_param, &count);
	bool good = count > 0 && count <= KEYS_MOST;

	for (i = 0; i < count && good; i++)
		good = read_fact(json_object_array_get_idx(list, i),
			&keys->entries[keys->count++]);
	for (i = 0; i < KEYS_USES; i++)
		good = json_copy(record, params[i], keys->checks[i],
			       sizeof keys->checks[i]) &&
		       good;
	return good;
}

static enum status
load_facts(struct keys *keys, struct store *store)
{
	struct json_object *record;
	enum status status =
		store_get(store, STORE_PARAM, facts_param, &record);

	if (status == STATUS_OK && !read_facts(record, keys)) {
		empty(keys);
		log_error("keys: the record of which keys there are cannot be "
			  "read");
		status = STATUS_UNAVAILABLE;
	}
	json_object_put(record);
	return status;
}

static enum status
save_facts(struct keys *keys, struct store *store)
{
	struct json_object *record = json_new_object(), *item;
	struct json_object *list = json_new_array();
	size_t i;

	for (i = 0; i < keys->count; i++) {
		item = state_of(&keys->entries[i]);
		json_add_string(item, "check", keys->entries[i].check);
		json_append(list, item);
	}
	json_add(record, jwt_param, list);
	for (i = 0; i < KEYS_USES; i++)
		json_add_string(record, params[i], keys->checks[i]);
	return store_keep(store, STORE_PARAM, facts_param, record);
}

static bool
is_as_stored(const struct keys_entry *one, const struct keys_entry *other)
{
	return one->created == other->created && one->until == other->until &&
	       one->configured == other->configured &&
	       one->waits == other->waits;
}

/* Takes the bytes of the key that the item is of. */
static void
fill_entry(struct keys *keys, struct json_object *item)
{
	struct keys_entry *taken = &keys->taken, *entry = NULL;

	if (read_entry(item, taken))
		entry = find_entry(keys, taken->key.kid);
	if (entry == NULL ||
		!take_bytes(entry, taken->key.secret, taken->key.length) ||
		!is_as_stored(entry, taken))
		keys->stale = true;
	sodium_memzero(taken, sizeof *taken);
}

/* The local record may lack keys, and may have some that are over. */
static enum status
fill_entries(struct keys *keys, struct store *store)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_SECRET, jwt_param, &record);
	size_t i, count;
	const struct json_object *list = json_array(record, "keys", &count);

	for (i = 0; i < count; i++)
		fill_entry(keys, json_object_array_get_idx(list, i));
	json_object_put(record);
	for (i = 0; i < keys->count; i++)
		if (!is_here(&keys->entries[i]) && keys_given(keys) &&
			take_bytes(&keys->entries[i], keys->given.secret,
				keys->given.length))
			keys->gained = true;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* STATUS_NOT_FOUND if there are no JWT keys yet. The shared record comes first:
 * a unit of work has the store's lock before this machine's own. */
static enum status
load_ring(struct keys *keys, struct store *store)
{
	enum status status = STATUS_NOT_FOUND;

	empty(keys);
	keys->shared = store_is_shared(store);
	keys->changed = keys->gained = keys->stale = keys->foreign = false;
	memset(keys->checks, 0, sizeof keys->checks);
	if (keys->shared)
		status = load_facts(keys, store);
	keys->listed = status == STATUS_OK;
	if (status == STATUS_NOT_FOUND)
		return load_entries(keys, store);
	return keys->listed ? fill_entries(keys, store) : status;
}

/* --- the keys of HMACs -----------------------------------------------------
 */

static enum status
load_hmac_key(struct keys *keys, struct store *store, int use)
{
	struct json_object *record;
	enum status status =
		store_get(store, STORE_SECRET, params[use], &record);
	size_t length = 0;

	keys->has[use] = status == STATUS_OK;
	if (status == STATUS_OK &&
		(!secret_text_take(record, "key", keys->hmac[use],
			 KEYS_HMAC_BYTES, &length) ||
			length != KEYS_HMAC_BYTES)) {
		log_error("keys: the record %s cannot be read", params[use]);
		status = keys->listed ? STATUS_OK : STATUS_UNAVAILABLE;
		keys->has[use] = false;
	}
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Other bytes than the store's are another site's, and are not touched. */
static void
compare_hmac_key(struct keys *keys, int use)
{
	if (!keys->has[use] || keys->checks[use][0] == '\0' ||
		has_check(keys->hmac[use], KEYS_HMAC_BYTES, params[use],
			keys->checks[use]))
		return;
	keys->has[use] = false;
	keys->foreign = true;
}

static enum status
load_hmac_keys(struct keys *keys, struct store *store)
{
	enum status status = STATUS_OK;
	int i;

	for (i = 0; i < KEYS_USES && status == STATUS_OK; i++) {
		keys->fresh[i] = false;
		status = load_hmac_key(keys, store, i);
		compare_hmac_key(keys, i);
	}
	return status;
}

static void
make_hmac_keys(struct keys *keys)
{
	int i;

	for (i = 0; i < KEYS_USES; i++)
		if (!keys->has[i]) {
			randombytes_buf(keys->hmac[i], KEYS_HMAC_BYTES);
			keys->has[i] = keys->fresh[i] = keys->changed = true;
		}
}

static enum status
save_hmac_keys(struct keys *keys, struct store *store)
{
	enum status status = STATUS_OK;
	int i;

	for (i = 0; i < KEYS_USES && status == STATUS_OK; i++)
		if (keys->fresh[i]) {
			const struct secret_text secret = {json_new_object(),
				"key", keys->hmac[i], KEYS_HMAC_BYTES};

			status = secret_text_put(
				store, params[i], secret.object, &secret, 1);
			keys->fresh[i] = false;
		}
	return status;
}

/* --- what is missing here ------------------------------------------------- */

/* A key that waits is not in use yet. */
static bool
lacks_entry(const struct keys *keys, const struct keys_entry *entry)
{
	return !is_here(entry) && !entry->waits && !is_over(keys, entry);
}

static bool
lacks_hmac_key(const struct keys *keys, size_t use)
{
	return keys->checks[use][0] != '\0' && !keys->has[use];
}

bool
keys_lack(const struct keys *keys)
{
	size_t i;

	for (i = 0; i < keys->count && keys->listed; i++)
		if (lacks_entry(keys, &keys->entries[i]))
			return true;
	for (i = 0; i < KEYS_USES && keys->listed; i++)
		if (lacks_hmac_key(keys, i))
			return true;
	return false;
}

/* Names the keys in a line of the log, once a minute. */
static enum status
refuse_lacking(struct keys *keys)
{
	enum { SAY_SECONDS = 60 };
	char *names;
	size_t i;

	if (keys->said != 0 && keys->now >= keys->said &&
		keys->now - keys->said < SAY_SECONDS)
		return STATUS_UNAVAILABLE;
	names = mem_copy("");
	for (i = 0; i < keys->count; i++)
		if (lacks_entry(keys, &keys->entries[i]))
			names = mem_append(
				names, " %s", keys->entries[i].key.kid);
	for (i = 0; i < KEYS_USES; i++)
		if (lacks_hmac_key(keys, i))
			names = mem_append(names, " %s", params[i]);
	log_error("keys: this machine lacks%s%s: take them along from a "
		  "machine that has them, by `latchkey key export` there and "
		  "`latchkey key import` here",
		names, keys->foreign ? ", and has keys of another site" : "");
	mem_free(names);
	keys->said = keys->now;
	return STATUS_UNAVAILABLE;
}

/* --- which JWT key signs ----------------------------------------------- */

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
drop_oldest(struct keys *keys)
{
	size_t last = keys->count - 1;

	if (last == signing(keys))
		last--;
	log_warning("keys: over %d secrets at once: the tokens of %s are dead",
		KEYS_MOST, keys->entries[last].key.kid);
	remove_entry(keys, &keys->entries[last]);
}

static void
draw_kid(struct jwt_key *key)
{
	unsigned char bytes[(JWT_KID_SIZE - 1) / 2];

	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(key->kid, sizeof key->kid, bytes, sizeof bytes);
}

/* Makes room at the beginning, for a key whose secret the caller puts there. It
 * waits until settle() has it sign. Expired keys go; if there is still no room,
 * so does the oldest. */
static struct keys_entry *
begin_entry(struct keys *keys)
{
	struct keys_entry *first = &keys->entries[0];

	prune(keys);
	if (keys->count == KEYS_MOST)
		drop_oldest(keys);
	memmove(first + 1, first, keys->count * sizeof *first);
	keys->count++;
	sodium_memzero(first, sizeof *first);
	first->created = keys->now;
	first->waits = true;
	draw_kid(&first->key);
	keys->changed = keys->gained = true;
	return first;
}

static void
make_entry(struct keys *keys)
{
	struct keys_entry *first = begin_entry(keys);

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

/* The place of the environment's secret; `count` if it is no key yet. */
static size_t
given_at(const struct keys *keys)
{
	size_t i = 0;

	while (i < keys->count && !is_given(keys, &keys->entries[i]))
		i++;
	return i;
}

/* Puts the environment's secret first, which is not the one that signs. One
 * that comes back into use keeps the name by which tokens refer to it. */
static void
put_given_first(struct keys *keys, size_t at)
{
	struct keys_entry *first = &keys->entries[0];
	char kid[JWT_KID_SIZE] = "";
	int64_t created = keys->now;

	if (at < keys->count) {
		strcpy(kid, keys->entries[at].key.kid);
		created = keys->entries[at].created;
		remove_entry(keys, &keys->entries[at]);
	}
	begin_entry(keys);
	first->created = created;
	if (kid[0] != '\0')
		strcpy(first->key.kid, kid);
	first->key.length = keys->given.length;
	memcpy(first->key.secret, keys->given.secret, keys->given.length);
}

/* Whether the environment's secret neither signs nor waits to, or is not noted
 * as such. */
static bool
wants_adoption(const struct keys *keys)
{
	size_t at = given_at(keys);

	return keys_given(keys) && !keys->adopted &&
	       !(at < keys->count && at <= signing(keys) &&
		       keys->entries[at].configured);
}

static void
adopt_given(struct keys *keys)
{
	size_t at = given_at(keys);

	if (at == keys->count || at > signing(keys)) {
		put_given_first(keys, at);
		at = 0;
	}
	keys->entries[at].configured = keys->changed = true;
}

/* Has the newest key that no machine lacks sign. Those after it verify for a
 * time. The first key of all signs at once. */
static void
promote(struct keys *keys)
{
	size_t i = 0, now = signing(keys);

	while (i < now && keys->entries[i].lacking > 0 && now < keys->count)
		i++;
	if (i == now)
		return;
	keys->changed = true;
	keys->entries[i].waits = false;
	keys->entries[i].until = 0;
	for (i++; i < keys->count; i++) {
		keys->entries[i].waits = false;
		if (keys->entries[i].until == 0)
			keys->entries[i].until = keys->now + keys->overlap;
	}
}

/* --- which machines have them ----------------------------------------------
 */

const char *
keys_name(const struct keys *keys, size_t at)
{
	if (at < keys->count)
		return is_over(keys, &keys->entries[at])
			       ? ""
			       : keys->entries[at].key.kid;
	return at - keys->count < KEYS_USES ? params[at - keys->count] : NULL;
}

static void
describe_machine(const struct keys *keys, struct machine *machine)
{
	size_t i;

	static_assert((int)KEYS_MOST + (int)KEYS_USES <= (int)MACHINE_KEYS,
		"a place for each");
	strcpy(machine->name, keys->machine);
	machine->seen = keys->now;
	machine->count = 0;
	for (i = 0; i < keys->count; i++)
		if (is_here(&keys->entries[i]))
			machine_add(machine, keys->entries[i].key.kid);
	for (i = 0; i < KEYS_USES; i++)
		if (keys->has[i])
			machine_add(machine, params[i]);
}

static bool
is_noted(const struct machine *now, const struct machine *before)
{
	size_t i = 0;

	while (i < now->count && machine_has(before, now->keys[i]))
		i++;
	return i == now->count && now->count == before->count &&
	       strcmp(now->name, before->name) == 0 &&
	       now->seen >= before->seen &&
	       now->seen - before->seen < MACHINE_FRESH;
}

/* Inside a unit of work: this machine's record as it should be, and whether it
 * is so. */
static enum status
look_at_machine(const struct keys *keys, struct store *store,
	struct machine *machine, bool *noted)
{
	struct machine before;
	enum status status;

	memset(machine, 0, sizeof *machine);
	*noted = false;
	status = machine_own(store, keys->machine, machine->id);
	if (status != STATUS_OK || machine->id[0] == '\0')
		return status;
	describe_machine(keys, machine);
	status = machine_get(store, machine->id, &before);
	*noted = status == STATUS_OK && is_noted(machine, &before);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void
count_lacking(struct keys *keys, const struct machine *machine)
{
	size_t i;

	for (i = 0; i < keys->count; i++)
		if (!machine_has(machine, keys->entries[i].key.kid))
			keys->entries[i].lacking++;
}

/* Writes what this machine has, and counts the machines that lack a key. */
static enum status
note_machine(struct keys *keys, struct store *store)
{
	struct machine machine;
	char id[STORE_KEY_SIZE] = "";
	bool noted;
	size_t i;
	enum status status = look_at_machine(keys, store, &machine, &noted);

	if (status == STATUS_OK && !noted)
		status = machine_put(store, &machine);
	for (i = 0; i < keys->count; i++)
		keys->entries[i].lacking = 0;
	while (status == STATUS_OK) {
		status = machine_next(store, id, &machine);
		if (status == STATUS_OK)
			count_lacking(keys, &machine);
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* --- all records ------------------------------------------------------- */

static void
write_checks(struct keys *keys)
{
	size_t i;

	for (i = 0; i < keys->count; i++)
		if (keys->entries[i].check[0] == '\0')
			write_check(keys->entries[i].key.secret,
				keys->entries[i].key.length,
				keys->entries[i].key.kid,
				keys->entries[i].check);
	for (i = 0; i < KEYS_USES; i++)
		if (keys->checks[i][0] == '\0')
			write_check(keys->hmac[i], KEYS_HMAC_BYTES, params[i],
				keys->checks[i]);
}

/* Whether the local record is to be written. Its commit comes first, and the
 * shared one's may fail. So what the shared record names before and after the
 * unit of work is kept, and what it does not name any more goes in another
 * unit. */
static bool
wants_entries(const struct keys *keys)
{
	if (!keys->shared)
		return keys->changed;
	return !keys->foreign &&
	       (keys->gained || (keys->stale && !keys->changed));
}

/* Inside a unit of work that has loaded the keys, and maybe changed them: has
 * the key sign that can, and writes what is not as it should be. */
static enum status
settle(struct keys *keys, struct store *store)
{
	enum status status =
		keys->shared ? note_machine(keys, store) : STATUS_OK;

	promote(keys);
	if (status == STATUS_OK && keys->shared && keys->changed) {
		write_checks(keys);
		status = save_facts(keys, store);
	}
	if (status == STATUS_OK && wants_entries(keys))
		status = save_entries(keys, store);
	if (status == STATUS_OK)
		status = save_hmac_keys(keys, store);
	keys->changed = keys->gained = false;
	return status;
}

static bool
has_all(const struct keys *keys)
{
	int i = 0;

	while (i < KEYS_USES && keys->has[i])
		i++;
	return i == KEYS_USES;
}

/* Reads all records. What is missing is made if `write` is set, and otherwise
 * reported as STATUS_NOT_FOUND. On a machine that lacks a key nothing is
 * made. */
static enum status
load(struct keys *keys, struct store *store, bool write)
{
	enum status status = load_ring(keys, store);
	bool there = status == STATUS_OK;

	if (there || status == STATUS_NOT_FOUND)
		status = load_hmac_keys(keys, store);
	if (status != STATUS_OK || keys_lack(keys))
		return status;
	if (there && keys->shared == keys->listed && has_all(keys) &&
		!keys->gained && !wants_adoption(keys) &&
		(keys->shared || signing(keys) == 0))
		return STATUS_OK;
	if (!write)
		return STATUS_NOT_FOUND;
	keys->changed = keys->changed || keys->shared != keys->listed;
	if (wants_adoption(keys))
		adopt_given(keys);
	else if (!there)
		make_entry(keys);
	make_hmac_keys(keys);
	return settle(keys, store);
}

static enum status
load_in(struct keys *keys, struct store *store, enum store_mode mode)
{
	enum status status = store_begin(store, mode);
	uint64_t changes;

	if (status != STATUS_OK)
		return status;
	changes = store_changes(store);
	status = load(keys, store, mode == STORE_WRITE);
	status = store_finish(store, status);
	if (status == STATUS_OK) {
		keys->loaded = true;
		keys->adopted = keys->adopted || !keys_lack(keys);
		keys->changes = changes;
	}
	return status;
}

enum status
keys_look(struct keys *keys, struct store *store, int64_t now, int64_t overlap)
{
	enum status status;

	keys->now = now;
	keys->overlap = overlap;
	if (keys->loaded && keys->changes == store_changes(store))
		return STATUS_OK;
	keys->loaded = false;
	status = load_in(keys, store, STORE_READ);
	if (status == STATUS_NOT_FOUND)
		status = load_in(keys, store, STORE_WRITE);
	return status == STATUS_NOT_FOUND ? STATUS_UNAVAILABLE : status;
}

enum status
keys_refresh(
	struct keys *keys, struct store *store, int64_t now, int64_t overlap)
{
	enum status status = keys_look(keys, store, now, overlap);

	return status == STATUS_OK && keys_lack(keys) ? refuse_lacking(keys)
						      : status;
}

enum status
keys_there(struct store *store, bool *there)
{
	return store_is_shared(store)
		       ? store_has(store, STORE_PARAM, facts_param, there)
		       : store_has(store, STORE_SECRET, jwt_param, there);
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
	status = load(keys, store, true);
	if (status != STATUS_OK)
		store_abort(store);
	return status;
}

static enum status
end_change(struct keys *keys, struct store *store, enum keys_refusal refusal)
{
	if (refusal == KEYS_ALLOWED)
		return store_finish(store, settle(keys, store));
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
	if (keys_lack(keys)) {
		store_abort(store);
		return refuse_lacking(keys);
	}
	*refusal = keys->entries[signing(keys)].configured && !force
			   ? KEYS_CONFIGURED
		   : is_full(keys) ? KEYS_FULL
				   : KEYS_ALLOWED;
	if (*refusal == KEYS_ALLOWED) {
		make_entry(keys);
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
	*refusal = entry == NULL                            ? KEYS_UNKNOWN
		   : entry == &keys->entries[signing(keys)] ? KEYS_SIGNS
							    : KEYS_ALLOWED;
	if (*refusal == KEYS_ALLOWED) {
		remove_entry(keys, entry);
		keys->changed = true;
	}
	return end_change(keys, store, *refusal);
}

/* --- machines ---------------------------------------------------------------
 */

enum status
keys_register(
	struct keys *keys, struct store *store, int64_t now, int64_t overlap)
{
	struct machine machine;
	bool noted = false;
	enum status status = keys_look(keys, store, now, overlap);

	if (status != STATUS_OK || !keys->shared)
		return status;
	if (keys->noted_changes == keys->changes && now >= keys->noted &&
		now - keys->noted < MACHINE_FRESH)
		return STATUS_OK;
	status = store_begin(store, STORE_READ);
	if (status == STATUS_OK)
		status = look_at_machine(keys, store, &machine, &noted);
	store_abort(store);
	if (status == STATUS_OK && (!noted || keys->stale)) {
		status = begin_change(keys, store);
		if (status == STATUS_OK)
			status = end_change(keys, store, KEYS_ALLOWED);
	}
	if (status == STATUS_OK) {
		keys->noted = now;
		keys->noted_changes = keys->changes;
	}
	return status;
}

/* Finds the machine of that id, or the one of that name. */
static enum status
find_machine(struct store *store, const char *whom, struct machine *machine,
	enum keys_refusal *refusal)
{
	char id[STORE_KEY_SIZE] = "";
	struct machine each;
	enum status status;

	*refusal = KEYS_NO_MACHINE;
	while ((status = machine_next(store, id, &each)) == STATUS_OK) {
		bool is_id = strcmp(each.id, whom) == 0;

		if (!is_id && strcmp(each.name, whom) != 0)
			continue;
		*refusal = *refusal == KEYS_NO_MACHINE || is_id
				   ? KEYS_ALLOWED
				   : KEYS_AMBIGUOUS;
		*machine = each;
		if (is_id)
			break;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
keys_forget(struct keys *keys, struct store *store, const char *whom,
	struct machine *machine, enum keys_refusal *refusal)
{
	char own[UUID_SIZE] = "";
	enum status status = begin_change(keys, store);

	if (status != STATUS_OK)
		return status;
	status = find_machine(store, whom, machine, refusal);
	if (status == STATUS_OK)
		status = machine_own(store, keys->machine, own);
	if (*refusal == KEYS_ALLOWED && strcmp(own, machine->id) == 0)
		*refusal = KEYS_OWN;
	if (status == STATUS_OK && *refusal == KEYS_ALLOWED)
		status = store_delete(store, STORE_MACHINE, machine->id);
	if (status == STATUS_OK)
		return end_change(keys, store, *refusal);
	store_abort(store);
	return status;
}

/* --- all keys as a text ------------------------------------------------------
 */

enum { LINE_BEGIN = 80 /* the most bytes before those of the key */ };
static_assert(KEYS_MOST * (LINE_BEGIN + 2 * JWT_SECRET_MAX + 1) +
			      KEYS_USES * (LINE_BEGIN + KEYS_HASH_SIZE) <=
		      KEYS_TEXT_SIZE,
	"room for all keys");

/* A line of the text: a name, four numbers, and the bytes in hexadecimal
 * digits. */
static char *
write_line(char *at, const char *name, const struct keys_entry *entry,
	const unsigned char *bytes, size_t length)
{
	at += snprintf(at, LINE_BEGIN, "%s %" PRId64 " %" PRId64 " %d %d ",
		name, entry->created, entry->until, entry->configured,
		entry->waits);
	sodium_bin2hex(at, 2 * length + 1, bytes, length);
	at += 2 * length;
	*at++ = '\n';
	return at;
}

size_t
keys_write(const struct keys *keys, char text[KEYS_TEXT_SIZE])
{
	static const struct keys_entry none;
	char *at = text;
	size_t i;

	for (i = 0; i < keys->count; i++)
		if (is_here(&keys->entries[i]) &&
			!is_over(keys, &keys->entries[i]))
			at = write_line(at, keys->entries[i].key.kid,
				&keys->entries[i], keys->entries[i].key.secret,
				keys->entries[i].key.length);
	for (i = 0; i < KEYS_USES; i++)
		at = write_line(
			at, params[i], &none, keys->hmac[i], KEYS_HMAC_BYTES);
	return (size_t)(at - text);
}

static bool
read_number(char **line, int64_t *number)
{
	const char *word = strsep(line, " ");

	return word != NULL && *line != NULL && json_integer(word, number) &&
	       *number >= 0;
}

/* Reads the bytes, which end the line. */
static bool
read_bytes(
	const char *digits, unsigned char *bytes, size_t size, size_t *length)
{
	const char *end;

	return digits != NULL &&
	       sodium_hex2bin(bytes, size, digits, strlen(digits), NULL, length,
		       &end) == 0 &&
	       *end == '\0' && *length > 0;
}

static bool
read_hmac_line(struct keys *keys, const char *name, const char *digits)
{
	size_t i = 0, length;

	while (i < KEYS_USES && strcmp(params[i], name) != 0)
		i++;
	if (i == KEYS_USES ||
		!read_bytes(digits, keys->hmac[i], KEYS_HMAC_BYTES, &length) ||
		length != KEYS_HMAC_BYTES)
		return false;
	keys->has[i] = true;
	return true;
}

static bool
read_line(struct keys *keys, char *line)
{
	struct keys_entry *entry = &keys->taken;
	const char *name = strsep(&line, " ");
	int64_t configured, waits;

	if (line == NULL || !read_number(&line, &entry->created) ||
		!read_number(&line, &entry->until) ||
		!read_number(&line, &configured) || !read_number(&line, &waits))
		return false;
	if (strlen(name) != JWT_KID_SIZE - 1)
		return read_hmac_line(keys, name, line);
	if (keys->count == KEYS_MOST ||
		!read_bytes(line, entry->key.secret, sizeof entry->key.secret,
			&entry->key.length))
		return false;
	strcpy(entry->key.kid, name);
	entry->configured = configured != 0;
	entry->waits = waits != 0;
	keys->entries[keys->count++] = *entry;
	return true;
}

/* Reads what keys_write() has written. False if there is anything else, or not
 * all of it. */
static bool
read_text(struct keys *keys, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL)
		if (line[0] != '\0' && !read_line(keys, line))
			return false;
	return keys->count > 0 && has_all(keys);
}

/* Whether the keys of HMACs are the same in both: those that are here, or that
 * the store names. */
static bool
is_same_site(const struct keys *keys, const struct keys *offered)
{
	int i;

	for (i = 0; i < KEYS_USES; i++) {
		const unsigned char *bytes = offered->hmac[i];

		if (keys->checks[i][0] != '\0'
				? !has_check(bytes, KEYS_HMAC_BYTES, params[i],
					  keys->checks[i])
				: keys->has[i] &&
					  sodium_memcmp(keys->hmac[i], bytes,
						  KEYS_HMAC_BYTES) != 0)
			return false;
	}
	return true;
}

/* Takes what this machine lacks of the keys that the store names. */
static void
take_lacking(struct keys *keys, struct keys *offered, size_t *taken)
{
	struct keys_entry *entry, *other;
	size_t i;

	for (i = 0; i < keys->count; i++) {
		entry = &keys->entries[i];
		other = is_here(entry) ? NULL
				       : find_entry(offered, entry->key.kid);
		if (other != NULL && take_bytes(entry, other->key.secret,
					     other->key.length)) {
			keys->gained = true;
			++*taken;
		}
	}
	for (i = 0; i < KEYS_USES; i++)
		if (!keys->has[i]) {
			memcpy(keys->hmac[i], offered->hmac[i],
				KEYS_HMAC_BYTES);
			keys->has[i] = keys->fresh[i] = true;
			++*taken;
		}
}

/* Takes all: the store names no keys yet, and there are none here. */
static void
take_all_of(struct keys *keys, const struct keys *offered, size_t *taken)
{
	memcpy(keys->entries, offered->entries, sizeof keys->entries);
	memcpy(keys->hmac, offered->hmac, sizeof keys->hmac);
	memcpy(keys->has, offered->has, sizeof keys->has);
	memcpy(keys->fresh, offered->has, sizeof keys->fresh);
	keys->count = offered->count;
	keys->changed = keys->gained = true;
	*taken = keys->count + KEYS_USES;
}

static enum keys_refusal
refuse_offered(const struct keys *keys, const struct keys *offered, bool force)
{
	if (!is_same_site(keys, offered))
		return keys->listed ? KEYS_OTHERS : KEYS_FOREIGN;
	return keys->foreign && !force ? KEYS_FOREIGN : KEYS_ALLOWED;
}

/* In a unit of work: as the keys are, without making any. */
static enum status
take_offered(struct keys *keys, struct store *store, struct keys *offered,
	bool force, size_t *taken, enum keys_refusal *refusal)
{
	enum status status = load_ring(keys, store);
	bool there = status == STATUS_OK;

	if (there || status == STATUS_NOT_FOUND)
		status = load_hmac_keys(keys, store);
	if (status != STATUS_OK)
		return status;
	*refusal = refuse_offered(keys, offered, force);
	if (*refusal != KEYS_ALLOWED)
		return STATUS_OK;
	keys->foreign = false;
	if (there)
		take_lacking(keys, offered, taken);
	else
		take_all_of(keys, offered, taken);
	keys->changed = keys->changed || keys->shared != keys->listed;
	return STATUS_OK;
}

enum status
keys_take(struct keys *keys, struct store *store, int64_t now, int64_t overlap,
	char *text, bool force, size_t *taken, enum keys_refusal *refusal)
{
	struct keys *offered = mem_check(sodium_malloc(sizeof *offered));
	enum status status = STATUS_OK;

	memset(offered, 0, sizeof *offered);
	keys->now = now;
	keys->overlap = overlap;
	keys->loaded = false;
	*taken = 0;
	*refusal = KEYS_UNREADABLE;
	if (read_text(offered, text)) {
		status = store_begin(store, STORE_WRITE);
		if (status == STATUS_OK)
			status = take_offered(
				keys, store, offered, force, taken, refusal);
		if (status == STATUS_OK)
			status = end_change(keys, store, *refusal);
		store_abort(store);
	}
	sodium_free(offered);
	return status;
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
	return &keys->entries[signing(keys)].key;
}

const struct jwt_key *
keys_find(void *context, const char *kid)
{
	struct keys *keys = context;
	const struct keys_entry *entry = find_entry(keys, kid);

	return entry != NULL && is_here(entry) && !is_over(keys, entry)
		       ? &entry->key
		       : NULL;
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
