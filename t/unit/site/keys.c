/* keys.c - the secret from the environment, and the keyring of those before */
#include "config.h"

#include "site/keys.h"

#include "memory.h"
#include "unit.h"

#include <sodium.h>

enum {
	NOW = 1000000,
	LIFE = 3600,
	PROCESSES = 8,
	REPORT = 64 + 3 * KEYS_HMAC_BYTES
};

/* Secrets as long as they must be. */
#define LONG(word) word " is a secret of 32 bytes or more"

static const char *const variables[] = {
	"ACTIAN_VECTORAI_JWT_SECRET", "LATCHKEY_JWT_SECRET"};

/* Opens a site as a new process would, with that secret in its environment;
 * true if it signs with it. Writes the kid. */
static bool
start(const char *secret, int64_t now, char kid[JWT_KID_SIZE])
{
	const struct jwt_key *key;
	struct site site;
	bool same;

	if (secret != NULL)
		setenv(variables[1], secret, 1);
	unit_site(&site, UNIT_FAST);
	is_int(site_keys(&site, now), STATUS_OK, "starts");
	key = keys_signing(site.keys);
	strcpy(kid, key->kid);
	same = secret != NULL && key->length == strlen(secret) &&
	       memcmp(key->secret, secret, key->length) == 0;
	site_close(&site);
	return same;
}

/* Whether that kid still verifies. */
static bool
verifies(const char *kid, int64_t now)
{
	struct site site;
	bool found;

	unit_site(&site, UNIT_FAST);
	found = site_keys(&site, now) == STATUS_OK &&
		keys_find(site.keys, kid) != NULL;
	site_close(&site);
	return found;
}

/* Writes what a process of its own gets: kid, secret and the keys of codes and
 * access tokens. */
static void
report(int fd)
{
	struct site site;
	char line[REPORT] = "";
	const struct jwt_key *key;
	enum status status = STATUS_UNAVAILABLE;
	int tries = 20;

	unit_site(&site, UNIT_FAST);
	/* On a slow machine those before may take longer than the wait. */
	while (tries-- > 0 && status == STATUS_UNAVAILABLE)
		status = site_keys(&site, NOW);
	if (status == STATUS_OK) {
		key = keys_signing(site.keys);
		snprintf(line, 20, "%s", key->kid);
		memcpy(line + 20, key->secret, 32);
		memcpy(line + 64, keys_of(site.keys, KEYS_OF_CODES),
			KEYS_HMAC_BYTES);
		memcpy(line + 64 + KEYS_HMAC_BYTES,
			keys_of(site.keys, KEYS_OF_TOKENS), KEYS_HMAC_BYTES);
		memcpy(line + 64 + 2 * KEYS_HMAC_BYTES,
			keys_of(site.keys, KEYS_OF_COUNTS), KEYS_HMAC_BYTES);
	}
	if (write(fd, line, sizeof line) != sizeof line)
		_exit(1);
	site_close(&site);
}

static void
test_at_once(void)
{
	char first[REPORT] = "", line[REPORT];
	int i, fds[2], same = 0;

	if (pipe(fds) != 0)
		return;
	for (i = 0; i < PROCESSES; i++)
		if (fork() == 0) {
			report(fds[1]);
			_exit(0);
		}
	close(fds[1]);
	for (i = 0; i < PROCESSES; i++)
		if (read(fds[0], line, sizeof line) == sizeof line) {
			if (i == 0)
				memcpy(first, line, sizeof first);
			same += memcmp(line, first, sizeof line) == 0 ? 1 : 0;
		}
	while (wait(NULL) > 0)
		;
	close(fds[0]);
	ok(first[0] != '\0' && strlen(first) == JWT_KID_SIZE - 1, "a kid");
	is_int(same, PROCESSES, "started at once, all have the same keys");
	ok(memcmp(first + 64, first + 64 + KEYS_HMAC_BYTES, KEYS_HMAC_BYTES) !=
				0 &&
			memcmp(first + 64, first + 64 + 2 * KEYS_HMAC_BYTES,
				KEYS_HMAC_BYTES) != 0 &&
			memcmp(first + 64 + KEYS_HMAC_BYTES,
				first + 64 + 2 * KEYS_HMAC_BYTES,
				KEYS_HMAC_BYTES) != 0 &&
			memcmp(first + 20, first + 64, KEYS_HMAC_BYTES) != 0,
		"34: tokens, codes, access tokens and counts have a key each");
}

static void
test_ring(void)
{
	char made[JWT_KID_SIZE], one[JWT_KID_SIZE], two[JWT_KID_SIZE],
		again[JWT_KID_SIZE];

	start(NULL, NOW, made);
	ok(start(LONG("one"), NOW, one), "the environment's secret signs");
	ok(strcmp(one, made) != 0, "under a name of its own");
	start(NULL, NOW, again);
	is_str(again, one, "and is kept when the environment has none");
	ok(start(LONG("one"), NOW, again), "the same once more");
	is_str(again, one, "keeps its name");
	ok(start(LONG("two"), NOW + 10, two), "a new one signs");
	ok(verifies(one, NOW + 10 + LIFE - 1), "the one before verifies");
	ok(!verifies(one, NOW + 10 + LIFE), "until its time is over");
	ok(verifies(made, NOW + LIFE - 1), "so does the one before that");
	ok(!verifies(made, NOW + LIFE), "until its own time");
	ok(verifies(two, NOW + 100 * LIFE), "the new one goes on");
	ok(start(LONG("one"), NOW + 20, again), "the one before comes back");
	is_str(again, one, "by its old name");
	ok(verifies(one, NOW + 100 * LIFE), "and goes on");
	ok(!verifies(two, NOW + 20 + LIFE), "but not the other");
}

/* How many keys there are, expired ones too. */
static int
ring_count(int64_t now)
{
	struct site site;
	size_t count = 0;

	unit_site(&site, UNIT_FAST);
	if (site_keys(&site, now) == STATUS_OK)
		while (keys_entry(site.keys, count) != NULL)
			count++;
	site_close(&site);
	return (int)count;
}

static void
test_ring_full(void)
{
	char kids[2 * KEYS_MOST][JWT_KID_SIZE], secret[64];
	int i, good = 0;

	for (i = 0; i < 2 * KEYS_MOST; i++) {
		snprintf(secret, sizeof secret, LONG("number %d"), i);
		start(secret, NOW, kids[i]);
	}
	for (i = 0; i < 2 * KEYS_MOST; i++)
		good += verifies(kids[i], NOW + 1) ? 1 : 0;
	is_int(good, KEYS_MOST, "the keyring never has more");
	ok(verifies(kids[2 * KEYS_MOST - 1], NOW) &&
			verifies(kids[KEYS_MOST], NOW),
		"and they are the last ones");
	ok(strstr(unit_log(), "are dead") != NULL, "the log says so");
	start(LONG("after all is over"), NOW + LIFE, secret);
	is_int(ring_count(NOW + LIFE), 2, "what has expired makes room first");
}

/* Whether a secret of so many bytes is taken. */
static bool
takes(size_t length)
{
	char secret[JWT_SECRET_MAX + 2];
	struct keys *keys;

	memset(secret, 'a', sizeof secret);
	secret[length] = '\0';
	setenv(variables[0], secret, 1);
	unit_log();
	keys = keys_new(NULL);
	keys_free(keys);
	return keys != NULL;
}

static void
test_lengths(void)
{
	const char *log;

	ok(!takes(JWT_SECRET_MAX + 1), "513 bytes are refused");
	ok(takes(JWT_SECRET_MAX), "512 are taken");
	ok(takes(JWT_SECRET_MIN), "34: 32 bytes are taken");
	ok(!takes(JWT_SECRET_MIN - 1), "34: 31 are refused");
	log = unit_log();
	ok(strstr(log, "ACTIAN_VECTORAI_JWT_SECRET: shorter than 32") != NULL,
		"34: the log names the variable");
	ok(strstr(log, "aaa") == NULL, "and not its value");
	ok(!takes(1), "34: nor is one");
}

static void
test_environment(void)
{
	char kid[JWT_KID_SIZE];
	struct keys *keys;
	char *where;

	setenv(variables[0], LONG("a"), 1);
	setenv(variables[1], LONG("b"), 1);
	ok(keys_new(NULL) == NULL, "two that differ are refused");
	setenv(variables[0], LONG("same"), 1);
	setenv(variables[1], LONG("same"), 1);
	where = getenv(variables[1]);
	keys = keys_new(NULL);
	ok(keys != NULL, "two that are the same are taken");
	ok(getenv(variables[0]) == NULL && getenv(variables[1]) == NULL,
		"they leave the environment");
	ok(memcmp(where, "\0\0\0\0", 4) == 0, "and are overwritten there");
	keys_free(keys);
	setenv(variables[0], "", 1);
	start(NULL, NOW, kid);
	ok(kid[0] != 0, "an empty one is none");
}

/* Whether what stands in the environment now is taken, as `wanted` (NULL:
 * refused); `log` must then be in the log, and no secret. */
static void
check_taken(const char *name, const char *wanted, const char *log)
{
	struct jwt_key *given = mem_check(sodium_malloc(sizeof *given));
	const char *said;
	bool good;
	size_t i;

	unit_log();
	good = keys_from_environment(given, NULL);
	said = unit_log();
	ok(wanted == NULL ? !good
			  : good && given->length == strlen(wanted) &&
				    memcmp(given->secret, wanted,
					    given->length) == 0,
		"%s: %s", name, wanted == NULL ? "refused" : "taken");
	ok(strstr(said, log) != NULL && strstr(said, "is a secret") == NULL,
		"%s: what the log says: %s", name, said);
	sodium_free(given);
	for (i = 0; i < sizeof variables / sizeof variables[0]; i++)
		unsetenv(variables[i]);
	unsetenv("LATCHKEY_JWT_SECRET_FILE");
	unsetenv("ACTIAN_VECTORAI_JWT_SECRET_FILE");
	unsetenv("CREDENTIALS_DIRECTORY");
}

/* A path signs as well as a secret, and everybody knows it. */
static void
test_paths(void)
{
	static const char *const paths[] = {
		"/run/secrets/latchkey_jwt_secret",
		"./secrets/latchkey/jwt/secret.txt",
		"../secrets/latchkey/jwt/secret.txt",
		"~/secrets/latchkey/jwt/secret.txt",
		"file:///run/secrets/latchkey/secret",
		"FILE:/run/secrets/latchkey_jwt_secret",
	};
	char here[] = "a-file-that-is-right-here-in-this-directory";
	size_t i;

	for (i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		setenv(variables[i % 2], paths[i], 1);
		check_taken(paths[i], NULL,
			i % 2 ? "LATCHKEY_JWT_SECRET: begins like a path: "
				"set LATCHKEY_JWT_SECRET_FILE"
			      : "ACTIAN_VECTORAI_JWT_SECRET_FILE");
	}
	setenv(variables[1], here, 1);
	check_taken("the same where there is no such file", here, "");
	unit_file(here, "", 0);
	if (chdir(unit_dir) != 0)
		exit(2);
	setenv(variables[1], here, 1);
	check_taken("the name of a file", NULL,
		"is the name of a file: set LATCHKEY_JWT_SECRET_FILE");
	setenv(variables[1], "k/9f+Zp0QyV3mS7cT1xWbN4hR8dJ2gL6uAeFoIs5Ky0=", 1);
	check_taken("base64 with a slash in it",
		"k/9f+Zp0QyV3mS7cT1xWbN4hR8dJ2gL6uAeFoIs5Ky0=", "");
}

static void
test_files(void)
{
	static const struct {
		const char *name, *text, *wanted, *log;
	} rows[] = {
		{"a file", LONG("one"), LONG("one"), ""},
		{"its newline", LONG("one") "\n", LONG("one"), ""},
		{"but one", LONG("one") "\n\n", LONG("one") "\n", ""},
		{"a Windows one", LONG("one") "\r\n", LONG("one"), ""},
		{"but one, too", LONG("one") "\r\n\r\n", LONG("one") "\r\n",
			""},
		{"a lone CR is the secret's", LONG("one") "\r",
			LONG("one") "\r", ""},
		{"a byte order mark", "\xef\xbb\xbf" LONG("one"), LONG("one"),
			""},
		{"that, and a Windows line's end",
			"\xef\xbb\xbf" LONG("one") "\r\n", LONG("one"), ""},
		{"short", "thirty-one-bytes-are-one-to-few\n", NULL,
			"LATCHKEY_JWT_SECRET_FILE: shorter than 32 bytes"},
		{"an empty one", "", NULL, "LATCHKEY_JWT_SECRET_FILE: shorter"},
		{"nothing but a newline", "\n", NULL,
			"LATCHKEY_JWT_SECRET_FILE: shorter"},
	};
	char text[JWT_SECRET_MAX + 6];
	const char *path;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		path = unit_file("secret", rows[i].text, strlen(rows[i].text));
		setenv("LATCHKEY_JWT_SECRET_FILE", path, 1);
		check_taken(rows[i].name, rows[i].wanted, rows[i].log);
	}
	memset(text, 'a', sizeof text);
	text[JWT_SECRET_MAX] = '\n';
	setenv("LATCHKEY_JWT_SECRET_FILE",
		unit_file("secret", text, JWT_SECRET_MAX + 1), 1);
	text[JWT_SECRET_MAX] = '\0';
	check_taken("512 bytes and a newline", text, "");
	memcpy(text, "\xef\xbb\xbf", 3);
	memset(text + 3, 'a', JWT_SECRET_MAX);
	memcpy(text + 3 + JWT_SECRET_MAX, "\r\n", 2);
	setenv("LATCHKEY_JWT_SECRET_FILE",
		unit_file("secret", text, JWT_SECRET_MAX + 5), 1);
	text[JWT_SECRET_MAX + 3] = '\0';
	check_taken("the same in a text of Windows", text + 3, "");
	memset(text, 'a', sizeof text);
	text[JWT_SECRET_MAX] = 'a';
	setenv("LATCHKEY_JWT_SECRET_FILE",
		unit_file("secret", text, JWT_SECRET_MAX + 1), 1);
	check_taken("513 bytes", NULL, "_FILE: longer than 512 bytes");
	setenv("LATCHKEY_JWT_SECRET_FILE", "/nowhere/secret", 1);
	check_taken("no file", NULL,
		"LATCHKEY_JWT_SECRET_FILE: /nowhere/secret: No such file");
	setenv("ACTIAN_VECTORAI_JWT_SECRET_FILE", unit_dir, 1);
	check_taken("a directory", NULL, ": no regular file");
	setenv("LATCHKEY_JWT_SECRET_FILE", "", 1);
	check_taken("an empty name", "", "");
}

/* Where more than one is set. */
static void
test_sources(void)
{
	const char *path =
		unit_file("jwt_secret", LONG("one"), strlen(LONG("one")));

	setenv("CREDENTIALS_DIRECTORY", unit_dir, 1);
	check_taken("systemd's credential", LONG("one"), "");
	setenv("CREDENTIALS_DIRECTORY", "/nowhere", 1);
	check_taken("a credential that was not loaded", "", "");
	setenv("CREDENTIALS_DIRECTORY", unit_dir, 1);
	setenv("LATCHKEY_JWT_SECRET_FILE", path, 1);
	setenv("ACTIAN_VECTORAI_JWT_SECRET_FILE", path, 1);
	setenv(variables[0], LONG("one"), 1);
	setenv(variables[1], LONG("one"), 1);
	check_taken("all five the same", LONG("one"), "");
	setenv("LATCHKEY_JWT_SECRET_FILE", path, 1);
	setenv(variables[1], LONG("two"), 1);
	check_taken("a variable and its file that differ", NULL,
		"LATCHKEY_JWT_SECRET and LATCHKEY_JWT_SECRET_FILE are both set "
		"and differ");
	setenv("CREDENTIALS_DIRECTORY", unit_dir, 1);
	setenv(variables[0], LONG("two"), 1);
	check_taken("a variable and a credential that differ", NULL,
		"ACTIAN_VECTORAI_JWT_SECRET and the credential jwt_secret are");
}

static void
test_leaked(void)
{
	struct filter *leaked;
	unsigned char key[FILTER_KEY];
	char path[300];
	const char *log;
	size_t i;

	snprintf(path, sizeof path, "%s/leaked.filter", unit_dir);
	leaked = filter_create(path, 1);
	filter_key(LONG("Published"), strlen(LONG("Published")), key);
	filter_add(leaked, key);
	for (i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		setenv(variables[i], LONG("Published"), 1);
		unit_log();
		ok(keys_new(leaked) == NULL, "%s: a leaked secret is refused",
			variables[i]);
		log = unit_log();
		ok(strstr(log, variables[i]) != NULL &&
				strstr(log, variables[1 - i]) == NULL &&
				strstr(log, "Published") == NULL,
			"by the name of the variable alone");
		setenv(variables[i], LONG("published"), 1);
		keys_free(mem_check(keys_new(leaked)));
		ok(getenv(variables[i]) == NULL, "in another case it is taken");
	}
	filter_close(leaked);
}

/* Two running processes with different secrets do not fight over the keyring.
 */
static void
test_two_secrets(void)
{
	struct site old, new;
	char kid[JWT_KID_SIZE];

	setenv(variables[1], LONG("old"), 1);
	unit_site(&old, UNIT_FAST);
	site_keys(&old, NOW);
	setenv(variables[1], LONG("new"), 1);
	unit_site(&new, UNIT_FAST);
	site_keys(&new, NOW);
	strcpy(kid, keys_signing(new.keys)->kid);
	site_keys(&old, NOW);
	is_str(keys_signing(old.keys)->kid, kid, "the last to start wins");
	site_keys(&new, NOW);
	is_str(keys_signing(new.keys)->kid, kid, "and goes on winning");
	site_close(&old);
	site_close(&new);
}

/* --- the operator's changes -------------------------------------------- */

/* As `latchkey key rotate` does it; the kid is "" if it was refused. */
static enum keys_refusal
rotate(int64_t now, char kid[JWT_KID_SIZE])
{
	enum keys_refusal refusal = KEYS_ALLOWED;
	struct site site;

	kid[0] = '\0';
	unit_site(&site, UNIT_FAST);
	is_int(keys_rotate(
		       site.keys, site.store, now, LIFE, false, kid, &refusal),
		STATUS_OK, "rotate");
	site_close(&site);
	return refusal;
}

static enum keys_refusal
retire(const char *kid)
{
	enum keys_refusal refusal = KEYS_ALLOWED;
	struct site site;

	unit_site(&site, UNIT_FAST);
	is_int(keys_retire(site.keys, site.store, kid, &refusal), STATUS_OK,
		"retire");
	site_close(&site);
	return refusal;
}

/* All keys gone: the keyring is that of a new installation. */
static void
forget(void)
{
	struct site site;

	unit_site(&site, UNIT_FAST);
	store_begin(site.store, STORE_WRITE);
	store_delete(site.store, STORE_PARAM, "jwt_keys");
	store_finish(site.store, STATUS_OK);
	site_close(&site);
}

/* A process that runs all the while. */
static void
test_rotate(void)
{
	char old[JWT_KID_SIZE], kid[JWT_KID_SIZE], next[JWT_KID_SIZE];
	const struct keys_entry *entry;
	struct site running;

	forget();
	unit_site(&running, UNIT_FAST);
	site_keys(&running, NOW);
	strcpy(old, keys_signing(running.keys)->kid);
	is_int(rotate(NOW + 10, kid), KEYS_ALLOWED, "a rotation");
	site_keys(&running, NOW + 10);
	is_str(keys_signing(running.keys)->kid, kid,
		"the new one signs in a running process");
	is_int((long long)keys_signing(running.keys)->length, 32,
		"34: it has 32 bytes");
	ok(keys_find(running.keys, old) != NULL, "the one before verifies");
	is_int(keys_until(running.keys), NOW + 10 + LIFE, "and until when");
	entry = keys_entry(running.keys, 0);
	ok(entry != NULL && entry->until == 0 && entry->created == NOW + 10 &&
			!entry->configured,
		"what is known of the new one");
	entry = keys_entry(running.keys, 1);
	ok(entry != NULL && entry->until == NOW + 10 + LIFE &&
			entry->created == NOW,
		"and of the one before");
	ok(keys_entry(running.keys, 2) == NULL, "there are two");
	is_int(rotate(NOW + 20, next), KEYS_ALLOWED, "a second rotation");
	site_keys(&running, NOW + 10 + LIFE - 1);
	ok(keys_find(running.keys, old) != NULL, "35: good to the last second");
	site_keys(&running, NOW + 10 + LIFE);
	ok(keys_find(running.keys, old) == NULL, "35: over, without a restart");
	ok(keys_find(running.keys, kid) != NULL, "but not the one between");
	is_int(keys_until(running.keys), NOW + 20 + LIFE, "which is next");
	is_int(rotate(NOW + 10 + LIFE, kid), KEYS_ALLOWED, "a third rotation");
	is_int(ring_count(NOW), 3, "it sweeps out what has expired");
	site_close(&running);
}

static void
test_retire(void)
{
	char old[JWT_KID_SIZE], kid[JWT_KID_SIZE];
	struct site running;

	forget();
	unit_site(&running, UNIT_FAST);
	site_keys(&running, NOW);
	strcpy(old, keys_signing(running.keys)->kid);
	rotate(NOW, kid);
	site_keys(&running, NOW);
	is_int(retire(kid), KEYS_SIGNS, "the one that signs stays");
	is_int(retire("0123456789abcdef"), KEYS_UNKNOWN, "nobody's name");
	is_int(retire(LONG("too long a name")), KEYS_UNKNOWN, "a long one");
	is_int(retire(""), KEYS_UNKNOWN, "an empty one");
	ok(keys_find(running.keys, old) != NULL, "nothing has happened");
	is_int(retire(old), KEYS_ALLOWED, "the one before goes");
	site_keys(&running, NOW);
	ok(keys_find(running.keys, old) == NULL, "at once, without a restart");
	ok(keys_find(running.keys, kid) != NULL, "and no other");
	is_int(retire(old), KEYS_UNKNOWN, "and only once");
	site_close(&running);
}

/* Changes a member of one of the keys in the record; NULL takes it away. */
static void
change_entry(size_t at, const char *name, struct json_object *value)
{
	struct json_object *record, *entry;
	struct site site;

	unit_site(&site, UNIT_FAST);
	store_begin(site.store, STORE_WRITE);
	store_get(site.store, STORE_PARAM, "jwt_keys", &record);
	entry = json_object_array_get_idx(
		json_object_object_get(record, "keys"), at);
	json_object_object_del(entry, name);
	if (value != NULL)
		json_object_object_add(entry, name, value);
	store_put(site.store, STORE_PARAM, "jwt_keys", record);
	store_finish(site.store, STATUS_OK);
	json_object_put(record);
	site_close(&site);
}

/* One key of two in the record is damaged: not a keyring of one. */
static void
test_damaged(void)
{
	char kid[JWT_KID_SIZE];
	struct site site;

	forget();
	start(NULL, NOW, kid);
	rotate(NOW, kid);
	change_entry(1, "until", NULL);
	unit_site(&site, UNIT_FAST);
	unit_log();
	is_int(site_keys(&site, NOW), STATUS_UNAVAILABLE,
		"a key that cannot be read is not one that is not there");
	ok(strstr(unit_log(), "JWT secrets cannot be read") != NULL,
		"which the log says");
	site_close(&site);
	forget();
}

static void
test_refusals(void)
{
	char first[JWT_KID_SIZE], kid[JWT_KID_SIZE];
	int i, refused = 0;

	forget();
	start(NULL, NOW, first);
	for (i = 1; i < KEYS_MOST; i++)
		refused += rotate(NOW, kid) == KEYS_ALLOWED ? 0 : 1;
	is_int(refused, 0, "15 rotations in a moment");
	is_int(rotate(NOW, kid), KEYS_FULL, "not one more");
	ok(verifies(first, NOW), "so that nobody is signed out");
	is_int(rotate(NOW + LIFE - 1, kid), KEYS_FULL, "nor a second too soon");
	is_int(retire(first), KEYS_ALLOWED, "one is retired");
	is_int(rotate(NOW, kid), KEYS_ALLOWED, "which makes room");
	is_int(rotate(NOW + LIFE, kid), KEYS_ALLOWED, "and so does time");
	start(LONG("configured"), NOW, first);
	is_int(rotate(NOW, kid), KEYS_CONFIGURED,
		"the environment's is not for us to change");
	start(NULL, NOW, kid);
	is_str(kid, first, "it signs on");
}

/* A secret that was stored before it was noted where it came from, and is then
 * configured, is known to be so. */
static void
test_made_then_configured(void)
{
	char before[JWT_KID_SIZE], made[JWT_KID_SIZE], again[JWT_KID_SIZE];
	const struct keys_entry *entry;
	struct site site;

	forget();
	start(NULL, NOW, before);
	ok(start(LONG("made once"), NOW, made), "a secret signs");
	change_entry(0, "configured", NULL);
	unit_site(&site, UNIT_FAST);
	is_int(site_keys(&site, NOW), STATUS_OK, "starts without it");
	entry = keys_entry(site.keys, 0);
	ok(entry != NULL && !entry->configured, "not known to be configured");
	ok(start(LONG("made once"), NOW + 1, again), "the same once more");
	is_str(again, made, "by its name");
	is_int(site_keys(&site, NOW + 1), STATUS_OK, "the others see it");
	entry = keys_entry(site.keys, 0);
	ok(entry != NULL && entry->configured, "known from now on");
	ok(entry != NULL && entry->until == 0, "it goes on signing");
	entry = keys_entry(site.keys, 1);
	ok(entry != NULL && entry->until == NOW + LIFE &&
			strcmp(entry->key.kid, before) == 0,
		"the other as it was");
	ok(keys_entry(site.keys, 2) == NULL, "and not twice");
	site_close(&site);
}

/* Eight at once: each gets a key of its own, and all verify. */
static void
test_rotate_at_once(void)
{
	char old[JWT_KID_SIZE], kid[JWT_KID_SIZE];
	int i, how, done_well = 0;

	forget();
	start(NULL, NOW, old);
	for (i = 0; i < PROCESSES; i++)
		if (fork() == 0) {
			struct site site;
			enum keys_refusal refusal = KEYS_FULL;
			enum status status = STATUS_UNAVAILABLE;
			int tries = 20;

			unit_site(&site, UNIT_FAST);
			while (tries-- > 0 && status == STATUS_UNAVAILABLE)
				status = keys_rotate(site.keys, site.store, NOW,
					LIFE, false, kid, &refusal);
			site_close(&site);
			_exit(status == STATUS_OK && refusal == KEYS_ALLOWED
					? 0
					: 1);
		}
	while (wait(&how) > 0)
		done_well += how == 0 ? 1 : 0;
	is_int(done_well, PROCESSES, "rotations at once");
	is_int(ring_count(NOW), PROCESSES + 1, "a key for each");
	ok(verifies(old, NOW + LIFE - 1), "the one before them verifies");
}

/* --- what stays in memory ---------------------------------------------- */

#ifndef SANITIZERS
static void
test_memory(void)
{
	struct site site;
	char kid[JWT_KID_SIZE];
	enum keys_refusal refusal;
	const char *control;

	forget();
	unit_site(&site, UNIT_FAST);
	site_keys(&site, NOW);
	is_int(copies_of(keys_signing(site.keys)->secret, 32), 0,
		"a secret that was made is in locked memory alone");
	is_int(copies_of(keys_of(site.keys, KEYS_OF_CODES), 32), 0,
		"so is a key");
	keys_rotate(site.keys, site.store, NOW, LIFE, false, kid, &refusal);
	keys_rotate(site.keys, site.store, NOW, LIFE, false, kid, &refusal);
	site_keys(&site, NOW);
	is_int(copies_of(keys_signing(site.keys)->secret, 32), 0,
		"so is a rotated one");
	is_int(copies_of(keys_find(site.keys, kid)->secret, 32), 0,
		"and one that was read");
	site_close(&site);
	control = mem_copy(LONG("in plain sight"));
	is_int(copies_of((const unsigned char *)control, 32) > 0, 1,
		"a copy would be found");
}
#endif

int
main(void)
{
	unit_begin();
	test_at_once();
	test_ring();
	test_ring_full();
	test_lengths();
	test_environment();
	test_paths();
	test_files();
	test_sources();
	test_leaked();
	test_two_secrets();
	test_rotate();
	test_retire();
	test_damaged();
	test_refusals();
	test_made_then_configured();
	test_rotate_at_once();
#ifndef SANITIZERS
	test_memory();
#endif
	return done();
}
