/* password.c - normal form, new hashes, and the memory they work in */
#include "config.h"

#include "password/password.h"
#include "password/scratch.h"
#include "unit.h"

#include <errno.h>
#include <sys/syscall.h>

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

#define H43 "XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0"
#define A65 "c2FsdHNhbHRzYWx0c2FsdA$lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E"
#define H53 "CCCCCCCCCCCCCCCCCCCCC.sJhkO71lytMb6qqzkMdnCqqDfhCBNrm"

static const struct {
	const char *name;
	struct password_scheme scheme;
	const char *hash;
	bool outdated;
} ages[] = {
	{"yescrypt at its cost", {"$y$", 5}, "$y$j9T$aaaa$" H43, false},
	{"yescrypt at less", {"$y$", 5}, "$y$j75$aaaa$" H43, true},
	{"yescrypt a little less", {"$y$", 5}, "$y$j8T$aaaa$" H43, true},
	{"yescrypt at more", {"$y$", 5}, "$y$jAT$aaaa$" H43, false},
	{"yescrypt at much more than asked", {"$y$", 1}, "$y$j9T$aaaa$" H43, false},
	{"yescrypt cut short", {"$y$", 5}, "$y$j", true},
	{"gost-yescrypt at its cost", {"$gy$", 5}, "$gy$j9T$aaaa$" H43, false},
	{"gost-yescrypt where yescrypt is asked", {"$y$", 5}, "$gy$j9T$aaaa$" H43, true},
	{"bcrypt where yescrypt is asked", {"$y$", 5}, "$2b$12$" H53, true},
	{"bcrypt at its cost", {"$2b$", 12}, "$2b$12$" H53, false},
	{"bcrypt at less", {"$2b$", 12}, "$2b$11$" H53, true},
	{"bcrypt at more", {"$2b$", 5}, "$2b$12$" H53, false},
	{"an older bcrypt", {"$2b$", 5}, "$2a$12$" H53, true},
	{"scrypt at its cost", {"$7$", 7}, "$7$DU..../....aaaa$" H43, false},
	{"scrypt at less", {"$7$", 7}, "$7$BU..../....aaaa$" H43, true},
	{"SHA-512 at its rounds", {"$6$", 100000}, "$6$rounds=100000$aaaa$" H43 H43, false},
	{"SHA-512 at less", {"$6$", 100000}, "$6$rounds=99999$aaaa$" H43 H43, true},
	{"SHA-512 at 5,000 by default", {"$6$", 100000}, "$6$aaaa$" H43 H43, true},
	{"SHA-512 with a salt of digits", {"$6$", 100000}, "$6$9999999aaaa$" H43 H43, true},
	{"SHA-256 with a salt of digits", {"$5$", 100000}, "$5$9999999aaaa$" H43, true},
	{"scrypt in fewer threads", {"$7$", 7}, "$7$DU...........aaaa$" H43, true},
	{"argon2id", {"$2b$", 10}, "$argon2id$v=19$m=65536,t=9,p=4$c2FsdHNhbHRzYWx0$lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E", true},
	{"argon2id at its cost", {"argon2id", 0}, "$argon2id$v=19$m=19456,t=2,p=1$" A65, false},
	{"argon2id at less", {"argon2id", 0}, "$argon2id$v=19$m=7168,t=5,p=1$" A65, true},
	{"argon2id at more than asked", {"$argon2id$v=19$m=7168,t=5,p=1$", 0}, "$argon2id$v=19$m=19456,t=2,p=1$" A65, false},
	{"argon2i where argon2id is asked", {"argon2id", 0}, "$argon2i$v=19$m=65536,t=9,p=1$" A65, true},
	{"PBKDF2", {"$2b$", 10}, "pbkdf2_sha1$4000000$wN3LcPjKq8Zt$jFQog5EFbfQDHo//+12rAOt9G78=", true},
	{"DES", {"$2b$", 10}, "abJnggxhB/yWI", true},
	{"none", {"$2b$", 10}, "", true},
};
/* clang-format on */

static void
test_forms(void)
{
	struct password password;
	size_t i;

	for (i = 0; i < sizeof forms / sizeof forms[0]; i++)
		ok(password_read(
			   &password, forms[i].text, strlen(forms[i].text)) &&
				strcmp(password.text, forms[i].nfc) == 0 &&
				strcmp(password.typed,
					strcmp(forms[i].text, forms[i].nfc) == 0
						? ""
						: forms[i].text) == 0 &&
				password.points == forms[i].points,
			"%s", forms[i].name);
	for (i = 0; i < sizeof refused / sizeof refused[0]; i++)
		ok(!password_read(
			   &password, refused[i].text, refused[i].length) &&
				password.text[0] == '\0' &&
				password.typed[0] == '\0' &&
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

/* Each scheme's hashes, whole and damaged, are in t/unit/password/hash-text.c.
 */
static void
test_check(void)
{
	struct password password = unit_password("secret");
	struct password other = unit_password("Secret");
	struct password empty = unit_password("");
	const struct password_scheme fast = unit_scheme();
	char hash[PASSWORD_HASH_SIZE];

	ok(password_hash(&fast, &password, hash) == STATUS_OK, "a hash");
	ok(password_test(&password, PASSWORD_NFC, hash) == STATUS_OK,
		"is its password's");
	ok(password_test(&other, PASSWORD_NFC, hash) == STATUS_BAD_CREDENTIALS,
		"and not another's");
	ok(password_test(&password, PASSWORD_NFC, "") == STATUS_BAD_CREDENTIALS,
		"no hash at all");
	ok(password_hash(&fast, &empty, hash) == STATUS_OK,
		"an empty password's hash");
	ok(password_test(&empty, PASSWORD_NFC, hash) == STATUS_BAD_CREDENTIALS,
		"lets nobody in");
	ok(password_decoy(&password, PASSWORD_NFC, "$nosuch$") ==
			STATUS_BAD_CREDENTIALS,
		"a decoy of no scheme");
}

static void
test_outdated(void)
{
	size_t i;

	for (i = 0; i < sizeof ages / sizeof ages[0]; i++)
		if (unit_knows(ages[i].scheme.prefix))
			ok(password_outdated(&ages[i].scheme, ages[i].hash) ==
					ages[i].outdated,
				"%s is %s", ages[i].name,
				ages[i].outdated ? "outdated" : "good");
}

/* What the process has in memory, in pages. */
static long
resident(void)
{
	long pages;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
		return -1;
	fclose(file);
	return pages;
}

/* What it has mapped, in bytes: not what an emulator has that runs it. */
static long long
mapped(void)
{
	FILE *file = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	long long bytes = 0;
	char line[512];

	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "%lx-%lx", &from, &to) == 2)
			bytes += (long long)(to - from);
	fclose(file);
	return bytes;
}

/* In 16 MiB: yescrypt's default, or as much of Argon2id. */
static struct password_scheme kept;
static char of_kept[PASSWORD_HASH_SIZE] =
	"$y$j9T$aaaaaaaaaaaaaaaaaaaaa/$JVnXAkVyhOfTuZ.4KtjZSDCAzrODalLqv.5HM7jU"
	"WP2";
/* In more and in less. */
static const char scrypt[] = "$7$CU..../....salt$IiPGhURWUC5qFXjcMSNIATvjSd4Ab"
			     "GlggGgKS/NTry.";
static const char *const others[] = {scrypt,
	"$argon2id$v=19$m=256,t=2,p=2$c2FsdHNhbHRzYWx0$"
	"lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E",
	"$y$jBT$aaaa$TR9VFkKmI2.G2vO9.DaOgoDwxcHROskIGXwGlVL5kiD",
	"$y$j85$aaaa$zHVyAhrxOhA9H0AhGMgH67mAInlHK0p2b6U8jC6vxp8"};

static void
choose_kept(void)
{
	const struct password_scheme yescrypt = {"$y$", 5};
	const struct password_scheme argon2id = {
		"$argon2id$v=19$m=16384,t=3,p=1$", 0};
	struct password password = unit_password("Correct Horse 9!");

	kept = unit_knows("$y$") ? yescrypt : argon2id;
	if (!unit_knows("$y$"))
		is_int(password_hash(&kept, &password, of_kept), STATUS_OK,
			"without yescrypt: a hash in as much");
}

static void
test_scratch(void)
{
	struct password password = unit_password("Correct Horse 9!");
	long before = resident();
	unsigned long hits;
	long long had;
	size_t i;

	ok(password_test(&password, PASSWORD_NFC, of_kept) == STATUS_OK,
		"without kept memory");
	had = mapped();
	password_keep_memory(&kept);
	ok(password_test(&password, PASSWORD_NFC, scrypt) == STATUS_OK,
		"another size first");
#ifndef SANITIZERS
	ok(resident() - before < 1000, "is not kept");
#endif
	ok(password_test(&password, PASSWORD_NFC, of_kept) == STATUS_OK,
		"with new memory to keep");
	hits = scratch_hits();
	ok(password_test(&password, PASSWORD_NFC, of_kept) == STATUS_OK,
		"with kept memory");
#ifndef SANITIZERS
	is_int((long long)(scratch_hits() - hits), 1, "that was given out");
	ok(resident() - before > 3000, "and stays: 16 MiB");
#endif
	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		if (unit_knows(others[i]))
			ok(password_test(&password, PASSWORD_NFC, others[i]) ==
					STATUS_OK,
				"%zu: another size", i);
	hits = scratch_hits();
	ok(password_test(&password, PASSWORD_NFC, of_kept) == STATUS_OK,
		"and back");
#ifndef SANITIZERS
	is_int((long long)(scratch_hits() - hits), 1, "in the same memory");
	ok(resident() - before < 6000, "nothing of the others is left");
#endif
	password_keep_memory(NULL);
	hits = scratch_hits();
	ok(password_test(&password, PASSWORD_NFC, of_kept) == STATUS_OK,
		"kept no longer");
	ok(password_test(&password, PASSWORD_NFC, of_kept) == STATUS_OK,
		"and once more");
#ifndef SANITIZERS
	ok(scratch_hits() - hits <= 1, "not given out again");
	ok(resident() - before < 1000, "it went back to the kernel");
	is_int(mapped(), had, "with all that was mapped for it");
#else
	(void)hits;
	(void)before;
	(void)had;
#endif
}

#ifndef SANITIZERS

/* The block that is kept: the mapping of that size. */
static const char *
kept_block(size_t size)
{
	FILE *file = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	const char *block = NULL;
	char line[512];

	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "%lx-%lx", &from, &to) == 2 &&
			to - from == size)
			block = (const char *)from;
	fclose(file);
	return block;
}

/* The first blocks are a quick hash of the password. */
static void
test_wiped(void)
{
	const char *block = kept_block(19456 * 1024);
	size_t i;

	if (!ok(block != NULL, "its memory is kept"))
		return;
	for (i = 0; i < 2048 && block[i] == 0; i++)
		;
	is_int((long long)i, 2048, "without its first blocks");
}

#else

static void
test_wiped(void)
{
}

#endif

static void
test_argon2id(void)
{
	static const struct password_scheme preset = {"argon2id", 0},
					    other = {"$argon2id$v=19$m=7168,t="
						     "5,p=1$",
						    0};
	static const char begin[] = "$argon2id$v=19$m=19456,t=2,p=1$";
	struct password password = unit_password("Correct Horse 9!");
	struct password wrong = unit_password("correct horse 9!");
	char hash[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE];
	struct hash_text class, read;
	unsigned long hits;

	is_int(password_hash(&preset, &password, hash), STATUS_OK, "argon2id");
	ok(strncmp(hash, begin, strlen(begin)) == 0, "at its preset cost");
	ok(password_class(&preset, &class) && hash_text_read(hash, &read) &&
			strcmp(class.class, read.class) == 0,
		"of the class of new hashes");
	ok(password_hash(&preset, &password, again) == STATUS_OK &&
			strcmp(again, hash) != 0,
		"and a salt of its own");
	is_int(password_hash(&other, &password, again), STATUS_OK,
		"at a cost of ours");
	ok(strncmp(again, other.prefix, strlen(other.prefix)) == 0,
		"is written so");
	is_int(password_test(&password, PASSWORD_NFC, again), STATUS_OK,
		"and is its password's");
	password_keep_memory(&preset);
	is_int(password_test(&password, PASSWORD_NFC, hash), STATUS_OK,
		"with new memory to keep");
	hits = scratch_hits();
	is_int(password_test(&wrong, PASSWORD_NFC, hash),
		STATUS_BAD_CREDENTIALS, "another password in kept memory");
	is_int(password_test(&password, PASSWORD_NFC, hash), STATUS_OK,
		"and the right one");
#ifndef SANITIZERS
	is_int((long long)(scratch_hits() - hits), 2, "given out twice");
#else
	(void)hits;
#endif
	test_wiped();
	password_keep_memory(NULL);
	is_int(password_test(&password, PASSWORD_NFC, hash), STATUS_OK,
		"kept no longer");
}

#ifndef SANITIZERS

/* As under `ulimit -v`: no large mapping can be had. scratch.c's calls of
 * syscall() come here (the linker's --wrap). */
static bool no_memory;

long __real_syscall(long number, ...);
long __wrap_syscall(
	long number, long a, long b, long c, long d, long e, long f);

long
__wrap_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	if (no_memory && number != SYS_munmap && b >= 1 << 20) {
		errno = ENOMEM;
		return -1;
	}
	return __real_syscall(number, a, b, c, d, e, f);
}

/* A password that cannot be compared is neither right nor wrong. */
static void
test_no_memory(void)
{
	const char *const hashes[] = {of_kept, scrypt,
		"$argon2id$v=19$m=65536,t=1,p=1$c2FsdHNhbHRzYWx0$"
		"lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E",
		"scrypt:16384:8:1$VenNiuCY0zdrk3Rn$5102524aa915d6b84bdfeb24ea79"
		"039ff1e1f3812dfda26317d48604890f416bd8a995517dc159c81a5b2d54ee"
		"56caebc7709a53ebc5b5159d44826f21d712e8"};
	static const struct password_scheme argon2id = {"argon2id", 0};
	struct password password = unit_password("Correct Horse 9!");
	char hash[PASSWORD_HASH_SIZE];
	struct hash_text class;
	size_t i;

	no_memory = true;
	for (i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
		unit_log();
		is_int(password_test(&password, PASSWORD_NFC, hashes[i]),
			STATUS_UNAVAILABLE,
			"no memory to look at it: no answer");
		ok(strstr(unit_log(), "password: no memory for a hash") != NULL,
			"which the log says");
		hash_text_read(hashes[i], &class);
		is_int(password_decoy(&password, PASSWORD_NFC, class.class),
			STATUS_UNAVAILABLE, "nor for a decoy");
	}
	is_int(password_hash(&kept, &password, hash), STATUS_UNAVAILABLE,
		"nor for a new one");
	is_int(password_hash(&argon2id, &password, hash), STATUS_UNAVAILABLE,
		"nor for one of argon2id");
	is_int(password_test(&password, PASSWORD_NFC,
		       "$6$rounds=1000$saltstring$"
		       "NnFtg9ryFmoccYLZpQBgK/IMtPgxOYmtAXT3g0DoQ1IWYc3hhjROtz"
		       "rEpDe4.pdRxSjFBky87XiXtcYaraGt8."),
		STATUS_OK, "one that needs none is right");
	no_memory = false;
	is_int(password_test(&password, PASSWORD_NFC, of_kept), STATUS_OK,
		"with memory it is right");
}

#else

static void
test_no_memory(void)
{
}

#endif

int
main(void)
{
	unit_begin();
	choose_kept();
	test_no_memory();
	test_forms();
	test_lengths();
	test_check();
	test_outdated();
	test_scratch();
	test_argon2id();
	return done();
}
