/* password.c - normal form, known hashes, and the memory they work in */
#include "config.h"

#include "password.h"
#include "scratch.h"
#include "unit.h"

#include <crypt.h>

/* clang-format off */
static const struct {
	const char *name, *text, *nfc;
	size_t points;
} forms[] = {
	{"ASCII", "secret", "secret", 6},
	{"e and an acute accent", "e\xcc\x81", "é", 1},
	{"what is composed already", "é", "é", 1},
	{"two accents in the wrong order", "a\xcc\x82\xcc\xa3", "ậ", 1},
	{"Hangul in three letters", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "한", 1},
	{"the Kelvin sign", "\xe2\x84\xaa", "K", 1},
	{"a ligature, which NFKC would split", "ﬁ", "ﬁ", 1},
	{"a composition that is excluded", "\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc", 2},
	{"a lone accent", "\xcc\x81", "\xcc\x81", 1},
	{"four bytes", "😀", "😀", 1},
};

/* Of `length` bytes; refused. */
static const struct {
	const char *name, *text;
	size_t length;
} refused[] = {
	{"U+0000 inside", "sec\0ret", 7},
	{"U+0000 at the end", "secret\0", 7},
	{"U+0000 alone", "\0", 1},
	{"0xff", "sec\xffret", 7},
	{"an overlong form", "\xc0\xaf", 2},
	{"a surrogate", "\xed\xa0\x80", 3},
	{"half a character", "secret\xc3", 7},
	{"beyond U+10FFFF", "\xf4\x90\x80\x80", 4},
};

/* Known answers. Bytes from..to say what it costs, and are not flipped: the
 * hash of a flipped one could take gigabytes. */
static const struct {
	const char *password, *hash;
	size_t from, to;
} known[] = {
	{"Correct Horse 9!", "$y$j75$aaaaaaaaaaaaaaaaaaaaa/$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0", 3, 7},
	{"p\xc3\xa4ssword \xc3\xa9\xed\x95\x9c", "$y$j75$aaaaaaaaaaaaaaaaaaaaa/$Fm5zermAlxvXiiYQ3oeZuWouivuh94vEolxHIgGp67D", 3, 7},
	{"Correct Horse 9!", "$gy$j75$aaaaaaaaaaaaaaaaaaaaa/$3XSiXbOKF5mrH8HYxgnigFk1fpMmo2vYNH5nlyGNz0A", 4, 8},
	{"Correct Horse 9!", "$7$66..../....SodiumChloride$1HocET3QqQsZOM1IlhLHkI4p.bz3xw6Tde4gyJEsMp3", 3, 14},
	{"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", 2, 7},
	{"Correct Horse 9!", "$2b$04$CCCCCCCCCCCCCCCCCCCCC.sJhkO71lytMb6qqzkMdnCqqDfhCBNrm", 2, 7},
	{"Hello world!", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1", 0, 0},
	{"Correct Horse 9!", "$6$rounds=1000$saltstring$NnFtg9ryFmoccYLZpQBgK/IMtPgxOYmtAXT3g0DoQ1IWYc3hhjROtzrEpDe4.pdRxSjFBky87XiXtcYaraGt8.", 10, 15},
	{"Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", 0, 0},
	{"Correct Horse 9!", "$5$rounds=1000$saltstring$6uJWNS8JE8ExlW7sKa.5Z4ereatngEa/IpmvQc6n554", 10, 15},
};

static const char *const malformed[] = {"*0", "*1", "", "$", "$$", "$y$",
	"$y$$", "$y$j9T$", "$y$j9T", "$2b$", "$2b$05$", "$2b$99$", "$6$", "$6$$",
	"$6$rounds=$", "$6$rounds=1000", "$7$", "$7$C", "$nosuch$abc", "!", "x",
	"secret", "$y$\xff\xff\xff$", "$y$j75$aaaaaaaaaaaaaaaaaaaaa/"};

static const struct {
	const char *name;
	struct password_scheme scheme;
	const char *hash;
	bool outdated;
} ages[] = {
	{"yescrypt at its cost", {"$y$", 5}, "$y$j9T$salt$x", false},
	{"yescrypt at less", {"$y$", 5}, "$y$j75$salt$x", true},
	{"yescrypt a little less", {"$y$", 5}, "$y$j8T$salt$x", true},
	{"yescrypt at more", {"$y$", 5}, "$y$jAT$salt$x", false},
	{"yescrypt at much more than asked", {"$y$", 1}, "$y$j9T$salt$x", false},
	{"yescrypt cut short", {"$y$", 5}, "$y$j", true},
	{"gost-yescrypt at its cost", {"$gy$", 5}, "$gy$j9T$salt$x", false},
	{"gost-yescrypt where yescrypt is asked", {"$y$", 5}, "$gy$j9T$salt$x", true},
	{"bcrypt where yescrypt is asked", {"$y$", 5}, "$2b$12$salt", true},
	{"bcrypt at its cost", {"$2b$", 12}, "$2b$12$salt", false},
	{"bcrypt at less", {"$2b$", 12}, "$2b$11$salt", true},
	{"bcrypt at more", {"$2b$", 5}, "$2b$12$salt", false},
	{"an older bcrypt", {"$2b$", 5}, "$2a$12$salt", true},
	{"scrypt at its cost", {"$7$", 7}, "$7$DU..../....salt$x", false},
	{"scrypt at less", {"$7$", 7}, "$7$BU..../....salt$x", true},
	{"SHA-512 at its rounds", {"$6$", 100000}, "$6$rounds=100000$salt$x", false},
	{"SHA-512 at less", {"$6$", 100000}, "$6$rounds=99999$salt$x", true},
	{"SHA-512 at 5,000 by default", {"$6$", 100000}, "$6$salt$x", true},
	{"SHA-512 with a salt of digits", {"$6$", 100000}, "$6$9999999salt$x", true},
	{"SHA-256 with a salt of digits", {"$5$", 100000}, "$5$9999999salt$x", true},
	{"DES", {"$y$", 5}, "abJnggxhB/yWI", true},
	{"none", {"$y$", 5}, "", true},
};
/* clang-format on */

static const struct password_scheme fast = {"$y$", 1};

static void
test_forms(void)
{
	struct password password;
	size_t i;

	for (i = 0; i < sizeof forms / sizeof forms[0]; i++)
		ok(password_read(
			   &password, forms[i].text, strlen(forms[i].text)) &&
				strcmp(password.text, forms[i].nfc) == 0 &&
				password.points == forms[i].points,
			"%s", forms[i].name);
	for (i = 0; i < sizeof refused / sizeof refused[0]; i++)
		ok(!password_read(
			   &password, refused[i].text, refused[i].length) &&
				password.text[0] == '\0' &&
				password.points == 0,
			"refused: %s", refused[i].name);
}

/* Whether `count` times the piece is taken, as `bytes` bytes. */
static bool
reads(const char *piece, size_t count, size_t bytes)
{
	size_t length = strlen(piece);
	char *text = mem_zero(count * length);
	struct password password;
	bool taken;
	size_t i;

	for (i = 0; i < count; i++)
		memcpy(text + i * length, piece, length);
	taken = password_read(&password, text, count * length);
	mem_free(text);
	return taken && strlen(password.text) == bytes;
}

static void
test_lengths(void)
{
	struct password password;

	ok(password_read(&password, "", 0), "an empty one is read");
	ok(reads("a", 511, 511), "511 bytes");
	ok(!reads("a", 512, 512), "512 are too long");
	ok(reads("e\xcc\x81", 255, 510), "765 bytes whose NFC is 510");
	ok(!reads("e\xcc\x81", 256, 512), "768 whose NFC is 512");
	ok(reads("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", 170, 510),
		"1,530 of Hangul letters whose NFC is 510");
	ok(!reads("\xe2\x84\xaa\xe0\xa5\x98", 80, 0),
		"480 bytes whose NFC is longer than 511");
	ok(!reads("a", 100000, 100000), "100,000 bytes");
}

static void
test_known(void)
{
	struct password password, other = unit_password("correct horse 9!");
	size_t i;

	for (i = 0; i < sizeof known / sizeof known[0]; i++) {
		password = unit_password(known[i].password);
		ok(password_check(&fast, &password, known[i].hash),
			"%.6s: its password", known[i].hash);
		ok(!password_check(&fast, &other, known[i].hash),
			"%.6s: another", known[i].hash);
	}
}

/* How many damaged forms of a hash its password still fits. */
static int
damaged_fit(size_t index)
{
	struct password password = unit_password(known[index].password);
	char hash[PASSWORD_HASH_SIZE];
	size_t i, length = strlen(known[index].hash);
	int fit = 0;

	for (i = 0; i < length; i++) {
		strcpy(hash, known[index].hash);
		hash[i] = '\0';
		fit += password_check(&fast, &password, hash) ? 1 : 0;
		strcpy(hash, known[index].hash);
		hash[i] ^= 1;
		if (i < known[index].from || i >= known[index].to)
			fit += password_check(&fast, &password, hash) ? 1 : 0;
	}
	return fit;
}

static void
test_malformed(void)
{
	struct password password = unit_password("secret");
	struct password empty = unit_password("");
	char hash[PASSWORD_HASH_SIZE];
	size_t i;

	for (i = 0; i < sizeof known / sizeof known[0]; i++)
		ok(damaged_fit(i) == 0, "%.6s: cut and flipped at each byte",
			known[i].hash);
	for (i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
		ok(!password_check(&fast, &password, malformed[i]),
			"malformed: '%zu'", i);
	ok(!password_check(&fast, &password, NULL), "no hash at all");
	ok(password_hash(&fast, &empty, hash), "an empty password's hash");
	ok(!password_check(&fast, &empty, hash), "lets nobody in");
}

static void
test_outdated(void)
{
	size_t i;

	for (i = 0; i < sizeof ages / sizeof ages[0]; i++)
		ok(password_outdated(&ages[i].scheme, ages[i].hash) ==
				ages[i].outdated,
			"%s is %s", ages[i].name,
			ages[i].outdated ? "outdated" : "good");
}

/* What the process holds, in pages. */
static long
resident(void)
{
	long size = 0, pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file == NULL || fscanf(file, "%ld %ld", &size, &pages) != 2)
		return -1;
	fclose(file);
	return pages;
}

static void
test_scratch(void)
{
	static const char hash[] = "$y$j9T$aaaaaaaaaaaaaaaaaaaaa/$JVnXAkVyhOfTu"
				   "Z.4KtjZSDCAzrODalLqv.5HM7jUWP2";
	struct password password = unit_password("Correct Horse 9!");
	long before = resident();
	unsigned long hits;

	ok(password_check(&fast, &password, hash), "without kept memory");
	password_keep_memory(true);
	ok(password_check(&fast, &password, hash), "with new memory to keep");
	hits = scratch_hits();
	ok(password_check(&fast, &password, hash), "with kept memory");
#ifndef SANITIZERS
	is_int((long long)(scratch_hits() - hits), 1, "that was given out");
	ok(resident() - before > 3000, "and stays: 16 MiB");
#endif
	ok(password_check(&fast, &password, known[0].hash), "another length");
	ok(password_check(&fast, &password, hash), "and back");
	password_keep_memory(false);
	hits = scratch_hits();
	ok(password_check(&fast, &password, hash), "kept no longer");
	ok(password_check(&fast, &password, hash), "and once more");
#ifndef SANITIZERS
	ok(scratch_hits() - hits <= 1, "not given out again");
	ok(resident() - before < 1000, "it went back to the kernel");
#else
	(void)hits;
	(void)before;
#endif
}

int
main(void)
{
	unit_begin();
	test_forms();
	test_lengths();
	test_known();
	test_malformed();
	test_outdated();
	test_scratch();
	return done();
}
