/* keys.c - the secrets of an installation, kept in server_params.btr */
#include "config.h"

#include "site/keys.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "site/keyring.h"
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

/* The variable that systemd sets for a service with
 * LoadCredential=jwt_secret:FILE. */
static const char credentials[] = "CREDENTIALS_DIRECTORY";
static const char credential[] = "jwt_secret";

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
	const char *dir = getenv(credentials);
	char *path;
	bool good = true;

	if (dir == NULL || dir[0] == '\0')
		return true;
	path = mem_printf("%s/%s", dir, credential);
	/* Other credentials may have been loaded, and this one not. */
	if (access(path, F_OK) == 0 || errno != ENOENT)
		good = take_file(taking, "the credential jwt_secret", path);
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

static const char *const hmac_params[KEYS_USES] = {
	[KEYS_OF_CODES] = "code_key",
	[KEYS_OF_TOKENS] = "token_key",
	[KEYS_OF_COUNTS] = "count_key",
};

struct keys {
	struct keyring ring;
	unsigned char hmac[KEYS_USES][KEYS_HMAC_BYTES];
	struct jwt_key given; /* from the environment; length 0: none */
	bool adopted;         /* the keyring has made it the key that signs */
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

/* --- the records ------------------------------------------------------- */

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
		status = load_hmac_key(store, hmac_params[i], keys->hmac[i]);
		if (status == STATUS_NOT_FOUND && write)
			status = make_hmac_key(
				store, hmac_params[i], keys->hmac[i]);
	}
	return status;
}

static bool
wants_adoption(const struct keys *keys)
{
	return keys_given(keys) && !keys->adopted &&
	       !keyring_has_adopted(&keys->ring, &keys->given);
}

/* Reads all records. What is missing is made if `write` is set, and otherwise
 * reported as STATUS_NOT_FOUND. */
static enum status
load(struct keys *keys, struct store *store, bool write, int64_t overlap)
{
	enum status status = keyring_load(store, &keys->ring);
	int64_t until = keys->now + overlap;

	if (status == STATUS_NOT_FOUND || status == STATUS_OK) {
		if (wants_adoption(keys))
			keyring_adopt(
				&keys->ring, &keys->given, keys->now, until);
		else if (status == STATUS_NOT_FOUND)
			keyring_make(&keys->ring, keys->now, until);
		else
			return load_hmac_keys(keys, store, write);
		status = write ? keyring_save(store, &keys->ring)
			       : STATUS_NOT_FOUND;
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
	status = keyring_load(store, &keys->ring);
	if (status != STATUS_OK)
		store_abort(store);
	return status;
}

static enum status
end_change(struct keys *keys, struct store *store, enum keys_refusal refusal)
{
	if (refusal == KEYS_ALLOWED)
		return store_finish(store, keyring_save(store, &keys->ring));
	store_abort(store);
	return STATUS_OK;
}

enum status
keys_rotate(struct keys *keys, struct store *store, int64_t now,
	int64_t overlap, bool force, char kid[JWT_KID_SIZE],
	enum keys_refusal *refusal)
{
	struct keyring *ring = &keys->ring;
	enum status status = keys_refresh(keys, store, now, overlap);

	if (status == STATUS_OK)
		status = begin_change(keys, store);
	if (status != STATUS_OK)
		return status;
	*refusal = ring->entries[0].configured && !force ? KEYS_CONFIGURED
		   : keyring_is_full(ring, now)          ? KEYS_FULL
							 : KEYS_ALLOWED;
	if (*refusal == KEYS_ALLOWED) {
		keyring_make(ring, now, now + overlap);
		strcpy(kid, ring->entries[0].key.kid);
	}
	return end_change(keys, store, *refusal);
}

enum status
keys_retire(struct keys *keys, struct store *store, const char *kid,
	enum keys_refusal *refusal)
{
	const struct keyring_entry *entry;
	enum status status = begin_change(keys, store);

	if (status != STATUS_OK)
		return status;
	entry = keyring_find(&keys->ring, kid);
	*refusal = entry == NULL                     ? KEYS_UNKNOWN
		   : entry == &keys->ring.entries[0] ? KEYS_SIGNS
						     : KEYS_ALLOWED;
	if (*refusal == KEYS_ALLOWED)
		keyring_remove(&keys->ring, entry);
	return end_change(keys, store, *refusal);
}

/* --- what they are ------------------------------------------------------ */

bool
keys_entry(const struct keys *keys, size_t at, struct keys_entry *entry)
{
	const struct keyring_entry *found = &keys->ring.entries[at];

	if (at >= keys->ring.count)
		return false;
	*entry = (struct keys_entry){found->key.kid, found->created,
		found->until, found->configured};
	return true;
}

const struct jwt_key *
keys_signing(const struct keys *keys)
{
	return &keys->ring.entries[0].key;
}

const struct jwt_key *
keys_find(void *context, const char *kid)
{
	const struct keys *keys = context;

	return keyring_verifying(&keys->ring, kid, keys->now);
}

int64_t
keys_until(const struct keys *keys)
{
	return keyring_until(&keys->ring, keys->now);
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
