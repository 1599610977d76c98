/* keys.c - the secret from the environment, and the ring of those before */
#include "config.h"

#include "keys.h"
#include "unit.h"

enum {
	NOW = 1000000,
	LIFE = 3600,
	PROCESSES = 8,
	REPORT = 64 + 2 * KEYS_HMAC_BYTES
};

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
		memcpy(line + 64, keys_code(site.keys), KEYS_HMAC_BYTES);
		memcpy(line + 64 + KEYS_HMAC_BYTES, keys_token(site.keys),
			KEYS_HMAC_BYTES);
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
			0,
		"codes and access tokens have a key each");
}

static void
test_ring(void)
{
	char made[JWT_KID_SIZE], one[JWT_KID_SIZE], two[JWT_KID_SIZE],
		again[JWT_KID_SIZE];

	start(NULL, NOW, made);
	ok(start("one", NOW, one), "the environment's secret signs");
	ok(strcmp(one, made) != 0, "under a name of its own");
	start(NULL, NOW, again);
	is_str(again, one, "and is kept when the environment has none");
	ok(start("one", NOW, again), "the same once more");
	is_str(again, one, "keeps its name");
	ok(start("two", NOW + 10, two), "a new one signs");
	ok(verifies(one, NOW + 10 + LIFE - 1), "the one before verifies");
	ok(!verifies(one, NOW + 10 + LIFE), "until its time is over");
	ok(verifies(made, NOW + LIFE - 1), "so does the one before that");
	ok(!verifies(made, NOW + LIFE), "until its own time");
	ok(verifies(two, NOW + 100 * LIFE), "the new one goes on");
	ok(start("one", NOW + 20, again), "the one before comes back");
	is_str(again, one, "by its old name");
	ok(verifies(one, NOW + 100 * LIFE), "and goes on");
	ok(!verifies(two, NOW + 20 + LIFE), "but not the other");
}

static void
test_ring_full(void)
{
	char kids[2 * KEYS_RING][JWT_KID_SIZE], secret[32];
	int i, good = 0;

	for (i = 0; i < 2 * KEYS_RING; i++) {
		snprintf(secret, sizeof secret, "secret %d", i);
		start(secret, NOW, kids[i]);
	}
	for (i = 0; i < 2 * KEYS_RING; i++)
		good += verifies(kids[i], NOW + 1) ? 1 : 0;
	is_int(good, KEYS_RING, "the ring never has more");
	ok(verifies(kids[2 * KEYS_RING - 1], NOW) &&
			verifies(kids[KEYS_RING], NOW),
		"and they are the last ones");
}

static void
test_environment(void)
{
	char long_one[JWT_SECRET_MAX + 2];
	char kid[JWT_KID_SIZE];
	struct keys *keys;
	char *where;

	memset(long_one, 'a', sizeof long_one);
	long_one[JWT_SECRET_MAX + 1] = '\0';
	setenv(variables[0], long_one, 1);
	ok(keys_new(NULL) == NULL, "513 bytes are refused");
	long_one[JWT_SECRET_MAX] = '\0';
	ok(start(long_one, NOW, kid), "512 are taken");
	setenv(variables[0], "a", 1);
	setenv(variables[1], "b", 1);
	ok(keys_new(NULL) == NULL, "two that differ are refused");
	setenv(variables[0], "same", 1);
	setenv(variables[1], "same", 1);
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
	filter_key("Published", 9, key);
	filter_add(leaked, key);
	for (i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		setenv(variables[i], "Published", 1);
		unit_log();
		ok(keys_new(leaked) == NULL, "%s: a leaked secret is refused",
			variables[i]);
		log = unit_log();
		ok(strstr(log, variables[i]) != NULL &&
				strstr(log, variables[1 - i]) == NULL &&
				strstr(log, "Published") == NULL,
			"by the name of the variable alone");
		setenv(variables[i], "published", 1);
		keys_free(mem_check(keys_new(leaked)));
		ok(getenv(variables[i]) == NULL, "in another case it is taken");
	}
	filter_close(leaked);
}

/* Two running processes with different secrets do not fight over the ring. */
static void
test_two_secrets(void)
{
	struct site old, new;
	char kid[JWT_KID_SIZE];

	setenv(variables[1], "old", 1);
	unit_site(&old, UNIT_FAST);
	site_keys(&old, NOW);
	setenv(variables[1], "new", 1);
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

int
main(void)
{
	unit_begin();
	test_at_once();
	test_ring();
	test_ring_full();
	test_environment();
	test_leaked();
	test_two_secrets();
	return done();
}
