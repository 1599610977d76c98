/* uuid.c - which UUIDs we make, and which we take for drawn at random */
#include "config.h"

#include "base/uuid.h"
#include "tap.h"

#include <sodium.h>
#include <time.h>

/* clang-format off */
static const struct {
	const char *name, *text;
	bool random;
} texts[] = {
	{"a random one", "7d444840-9dc0-41d1-b245-5ffdce74fad2", true},
	{"in capitals", "7D444840-9DC0-41D1-B245-5FFDCE74FAD2", true},
	{"of another version", "7d444840-9dc0-11d1-b245-5ffdce74fad2", true},
	{"RFC 9562's of version 1", "c232ab00-9414-11ec-b3c8-9f6bdeced846", true},
	{"counted, and again", "12345678-1234-1234-1234-123456789012", false},
	{"the same with a version", "12345678-1234-4234-8234-123456789012", false},
	{"counted through", "01234567-89ab-4def-8123-456789abcdef", false},
	{"counted down", "fedcba98-7654-4210-bedc-ba9876543210", false},
	{"counted by twos", "02468ace-1357-49bd-8246-8ace13579bdf", false},
	{"each digit twice", "00112233-4455-4677-8899-aabbccddeeff", false},
	{"letters and digits in turn", "a1b2c3d4-e5f6-4890-abcd-ef1234567890", false},
	{"a word again and again", "deadbeef-dead-4eef-8ead-beefdeadbeef", false},
	{"random digits again and again", "7d444840-7d44-4840-8d44-48407d444840", false},
	{"a number at the end", "00000000-0000-4000-8000-0000000a3f27", false},
	{"nil", "00000000-0000-0000-0000-000000000000", false},
	{"max", "ffffffff-ffff-ffff-ffff-ffffffffffff", false},
	{"nothing", "", false},
	{"a symbol too few", "7d444840-9dc0-41d1-b245-5ffdce74fad", false},
	{"a symbol too many", "7d444840-9dc0-41d1-b245-5ffdce74fad22", false},
	{"without dashes", "7d4448409dc041d1b2455ffdce74fad2", false},
	{"dashes elsewhere", "7d44484-09dc0-41d1-b245-5ffdce74fad2", false},
	{"a dash for a digit", "7d44484--9dc0-41d1-b245-5ffdce74fad2", false},
	{"a letter past f", "7d444840-9dc0-41d1-b245-5ffdce74fag2", false},
	{"a blank at the end", "7d444840-9dc0-41d1-b245-5ffdce74fad ", false},
	{"in braces", "{d444840-9dc0-41d1-b245-5ffdce74fad}", false},
	{"a byte over 127", "7d444840-9dc0-41d1-b245-5ffdce74fad\xb2", false},
};
/* clang-format on */

enum { MANY = 200, DRAWN = 20000 };

/* More than are drawn at a time. */
static void
test_many(void)
{
	char uuids[MANY][UUID_SIZE];
	int i, j, same = 0, bad = 0;

	uuid_ordered_many(uuids, MANY);
	for (i = 0; i < MANY; i++) {
		bad += !uuid_valid(uuids[i]) || uuids[i][14] != '7';
		for (j = 0; j < i; j++)
			same += strcmp(uuids[i], uuids[j]) == 0;
	}
	is_int(bad, 0, "many at once are of version 7");
	is_int(same, 0, "and no two of them the same");
}

static void
test_before(void)
{
	int64_t now = (int64_t)time(NULL);
	char uuid[UUID_SIZE], text[UUID_SIZE];

	uuid_ordered(uuid);
	uuid_before(now, text);
	ok(strcmp(text, uuid) < 0, "one made since then comes after it");
	uuid_before(now + 60, text);
	ok(strcmp(text, uuid) > 0, "one made before then before it");
	uuid_before(1645557742, text); /* RFC 9562's example, A.6 */
	is_str(text, "017f22e2-79b0", "the time is where it should be");
	uuid_before(0, text);
	is_str(text, "", "all come after 0");
	uuid_before(-10, text);
	is_str(text, "", "and what was before that");
}

int
main(void)
{
	struct timespec tick = {0, 2000000};
	char last[UUID_SIZE], uuid[UUID_SIZE];
	int i, sorted = 0, version = 0, random = 0, different = 0;
	size_t t;

	if (sodium_init() < 0)
		return 2;
	for (t = 0; t < sizeof texts / sizeof texts[0]; t++)
		ok(uuid_is_random(texts[t].text) == texts[t].random, "%s: %s",
			texts[t].random ? "random" : "not random",
			texts[t].name);
	uuid_ordered(last);
	for (i = 0; i < 20; i++) {
		nanosleep(&tick, NULL);
		uuid_ordered(uuid);
		sorted += strcmp(last, uuid) < 0 ? 1 : 0;
		version += uuid[14] == '7' ? 1 : 0;
		strcpy(last, uuid);
	}
	is_int(sorted, 20, "later ones sort after those before");
	is_int(version, 20, "and are of version 7");
	is_int((long long)strlen(uuid), UUID_SIZE - 1, "of that length");
	ok(strchr("89ab", uuid[19]) != NULL, "and of RFC 9562's variant");
	for (i = version = 0; i < DRAWN; i++) {
		uuid_random(uuid);
		random += uuid_is_random(uuid) ? 1 : 0;
		version += uuid[14] == '4' ? 1 : 0;
		different += strcmp(last, uuid) != 0 ? 1 : 0;
		strcpy(last, uuid);
	}
	/* One in 3,000,000 is not. */
	ok(random >= DRAWN - 1, "ours are taken for random");
	is_int(version, DRAWN, "and are of version 4");
	is_int(different, DRAWN, "each another");
	test_many();
	test_before();
	return done();
}
