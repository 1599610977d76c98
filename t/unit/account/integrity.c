/* integrity.c - the look over all records: it finds nothing in a good store,
 * what leads nowhere in a bad one, and does not wait for a database at each */
#include "config.h"

#include "account/integrity.h"
#include "base/counters.h"
#include "unit.h"

enum { ACCOUNTS = 200 };

static struct site site;
static struct integrity check;
static char found[4096]; /* the problems, a line each */

static void
note(void *context, const char *kind, const char *key, const char *problem)
{
	(void)context;
	snprintf(found + strlen(found), sizeof found - strlen(found),
		"%s %s: %s\n", kind, strcmp(kind, "name") == 0 ? key : "ID",
		problem);
}

/* How often it has waited for the database. */
static int
look(void)
{
	uint64_t before = counters_get(COUNTER_DATABASE_TRIPS);

	check = (struct integrity){.site = &site, .report = note};
	found[0] = '\0';
	is_int(integrity_check(&check), STATUS_OK, "a look over all records");
	return (int)(counters_get(COUNTER_DATABASE_TRIPS) - before);
}

static void
fill(void)
{
	char username[32], email[64];
	int i;

	for (i = 0; i < ACCOUNTS; i++) {
		snprintf(username, sizeof username, "user%d", i);
		snprintf(email, sizeof email, "%d@example.org", i);
		unit_account(&site, username, email, i == 0);
	}
}

static void
delete_name(const char *key)
{
	store_begin(site.store, STORE_WRITE);
	store_delete(site.store, STORE_NAME, key);
	is_int(store_commit(site.store, STORE_DURABLE), STATUS_OK,
		"a name is gone");
}

/* An account has two names, and each name an account: 800 ways. */
static void
test_good(void)
{
	int trips = look();

	is_str(found, "", "nothing is wrong");
	is_int((int)check.schemes[0].count, ACCOUNTS, "each hash counts once");
	ok(check.records >= 3 * ACCOUNTS, "all are looked at");
	ok(trips <= ACCOUNTS / 2, "it waits for the database %d times", trips);
}

static void
test_bad(void)
{
	delete_name("user7");
	delete_name("150@example.org");
	look();
	is_str(found,
		"account ID: its username does not lead to it\n"
		"account ID: its email does not lead to it\n",
		"two names that are gone");
	is_int((int)check.problems, 2, "and no more");
}

static void
put(enum store_kind kind, const char *key, const char *text)
{
	store_begin(site.store, STORE_WRITE);
	store_put_text(site.store, kind, key, text, strlen(text));
	is_int(store_commit(site.store, STORE_DURABLE), STATUS_OK,
		"a record that is bad");
}

/* A record may name what no key can be. */
static void
test_long(void)
{
	char text[1024];

	snprintf(
		text, sizeof text, "{\"account\":\"%0*d\"}", STORE_KEY_SIZE, 0);
	put(STORE_NAME, "nobody", text);
	snprintf(text, sizeof text, "{\"expires\":%lld,\"for\":\"%0*d\"}",
		(long long)site_now() + 600, STORE_KEY_SIZE, 0);
	put(STORE_CODE, "hash:00", text);
	look();
	ok(strstr(found, "name nobody: its account is not there\n") != NULL,
		"a name of an account whose id is too long");
	ok(strstr(found, "code ID: it leads to no code of that hash\n") != NULL,
		"a way to a code whose key is too long");
}

int
main(void)
{
	unit_begin();
	unit_site(&site, UNIT_FAST);
	site_count(&site, NULL);
	fill();
	test_good();
	test_bad();
	test_long();
	site_close(&site);
	return done();
}
