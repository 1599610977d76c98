/* web-key.c - whose requests are the web server's, and until when */
#include "config.h"

#include "site/web-key.h"

#include "unit.h"

#include <sodium.h>
#include <sys/stat.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum { NOW = 1000000000 };

/* clang-format off */
static const struct {
	const char *name, *text;
	bool good;
} texts[] = {
	{"a key", A "\n", true},
	{"a key and the one before", A "\n" B " 1000000000\n", true},
	{"nothing", "", false},
	{"an empty line", "\n", false},
	{"a key without its line's end", A, false},
	{"a digit less", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", false},
	{"a digit more", A "a\n", false},
	{"capitals", "ABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD\n", false},
	{"a blank after it", A " \n", false},
	{"a line's end of another system", A "\r\n", false},
	{"a comment", "# key\n" A "\n", false},
	{"the one before without its end", A "\n" B "\n", false},
	{"the one before with a blank alone", A "\n" B " \n", false},
	{"an end that is no number", A "\n" B " soon\n", false},
	{"an end before 1970", A "\n" B " -5\n", false},
	{"an end with more behind it", A "\n" B " 1000000000 x\n", false},
	{"an end beyond all time", A "\n" B " 99999999999999999999\n", false},
	{"a third line", A "\n" B " 1000000000\n" A "\n", false},
	{"half of a second", A "\n" "0123", false},
};

static const struct {
	const char *name, *proof;
	int64_t now;
	bool proves;
} proofs[] = {
	{"the key", A, NOW, true},
	{"the one before", B, NOW - 1, true},
	{"the one before, when its time is over", B, NOW, false},
	{"none", NULL, NOW, false},
	{"an empty one", "", NOW, false},
	{"another", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", NOW, false},
	{"another in its first digit", "baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NOW, false},
	{"the key but for its last digit", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NOW, false},
	{"the key and more", A "a", NOW, false},
	{"the key in capitals", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NOW, false},
};
/* clang-format on */

static char path[300];

/* Puts a file with that text in the place of the one there. */
static void
put(const char *text)
{
	char beside[310];

	snprintf(beside, sizeof beside, "%s.new",
		strcpy(path, unit_file("web-key", "", 0)));
	unit_file("web-key.new", text, strlen(text));
	chmod(beside, 0400);
	rename(beside, path);
}

static bool
reads(void)
{
	struct web_keys keys;

	return web_keys_read(path, geteuid(), &keys);
}

static bool
proves(struct web_key *key, const char *proof, int64_t now)
{
	char copy[128];
	bool result;

	if (proof == NULL)
		return web_key_proves(key, NULL, now);
	snprintf(copy, sizeof copy, "%s", proof);
	result = web_key_proves(key, copy, now);
	ok(copy[0] == '\0', "it is overwritten");
	return result;
}

static void
test_texts(void)
{
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		put(texts[i].text);
		ok(reads() == texts[i].good, "a file with %s", texts[i].name);
		ok((strlen(unit_log()) == 0) == texts[i].good,
			"of which the log has a line, or none");
	}
}

static void
test_files(void)
{
	static const mode_t modes[] = {0440, 0404, 0700, 0640, 0602, 04400};
	struct web_keys keys;
	char other[310];
	size_t i;

	put(A "\n");
	chmod(path, 0600);
	ok(reads(), "mode 0600");
	for (i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		chmod(path, modes[i]);
		ok(!reads(), "mode %04o", (unsigned)modes[i]);
	}
	chmod(path, 0400);
	ok(!web_keys_read(path, geteuid() + 1, &keys), "another's");
	snprintf(other, sizeof other, "%s.link", path);
	ok(link(path, other) == 0 && !reads(), "one with two names");
	unlink(other);
	ok(reads(), "one with one");
	ok(symlink(path, other) == 0 && !web_keys_read(other, geteuid(), &keys),
		"a link");
	unlink(other);
	ok(mkfifo(other, 0600) == 0 && !web_keys_read(other, geteuid(), &keys),
		"a pipe, which keeps nobody waiting");
	unlink(other);
	ok(!web_keys_read(other, geteuid(), &keys), "none");
	ok(strstr(unit_log(), A) == NULL, "none of that is in the log");
}

/* systemd 252 shows a credential to a service by an access control list, which
 * looks like a group's right, or gives it another owner. */
static void
test_credential(void)
{
	struct web_keys keys;
	struct web_key *key;
	char other[310];

	put(A "\n");
	chmod(path, 0440);
	ok(web_keys_read(path, WEB_KEY_CREDENTIAL, &keys) &&
			strcmp(keys.key, A) == 0,
		"a credential has any owner and mode");
	key = web_key_open(path, WEB_KEY_CREDENTIAL);
	ok(key != NULL && proves(key, A, NOW) && !proves(key, B, NOW),
		"and is the key");
	web_key_close(key);
	unit_log();
	put("nonsense\n");
	ok(web_key_open(path, WEB_KEY_CREDENTIAL) == NULL &&
			strstr(unit_log(), "the credential web_key: ") != NULL,
		"one that is not good opens nothing");
	snprintf(other, sizeof other, "%s.fifo", path);
	ok(mkfifo(other, 0600) == 0 &&
			!web_keys_read(other, WEB_KEY_CREDENTIAL, &keys),
		"a pipe is none");
	unlink(other);
}

static void
test_proofs(void)
{
	struct web_key *key;
	size_t i;

	put(A "\n" B " 1000000000\n");
	key = web_key_open(path, geteuid());
	for (i = 0; i < sizeof proofs / sizeof proofs[0]; i++)
		ok(proves(key, proofs[i].proof, proofs[i].now) ==
				proofs[i].proves,
			"%s", proofs[i].name);
	web_key_close(key);
}

/* What the file says holds with the next request. */
static void
test_changes(void)
{
	struct web_key *key;

	put(B "\n");
	key = web_key_open(path, geteuid());
	ok(proves(key, B, NOW), "a key");
	put(A "\n" B " 1000000060\n");
	ok(proves(key, A, NOW), "after a rotation: the new one at once");
	ok(proves(key, B, NOW), "and the one before");
	ok(!proves(key, B, NOW + 60), "until its time is over");
	put(A "\n");
	ok(!proves(key, B, NOW), "and not when it was dropped");
	ok(proves(key, A, NOW), "the new one goes on");
	unlink(path);
	ok(!proves(key, A, NOW), "without the file there is none");
	put("nonsense\n");
	ok(!proves(key, A, NOW + 1), "nor with one that is not good");
	put(A "\n");
	ok(proves(key, A, NOW + 2), "and it is good again by itself");
	web_key_close(key);
	put("nonsense\n");
	ok(web_key_open(path, geteuid()) == NULL,
		"one that is not good opens nothing");
}

static int
lines(const char *text)
{
	int count = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		count++;
	return count;
}

static void
test_log(void)
{
	struct web_key *key;
	const char *log;
	int i;

	put(A "\n");
	key = web_key_open(path, geteuid());
	unit_log();
	for (i = 0; i < 1000; i++)
		web_key_proves(key, NULL, NOW + i / 20);
	ok(lines(unit_log()) == 1, "a thousand in a minute have a line");
	proves(key, B, NOW + 60);
	log = unit_log();
	ok(lines(log) == 1 && strstr(log, " 1000 in all") != NULL,
		"and the next says how many");
	ok(strstr(log, B) == NULL, "but not what they had");
	web_key_close(key);
}

static void
test_rotation(void)
{
	struct web_keys keys = {.until = 0}, read;
	char text[WEB_KEY_TEXT_SIZE], first[WEB_KEY_SIZE];

	web_keys_rotate(&keys, NOW);
	web_keys_write(&keys, text);
	put(text);
	ok(web_keys_read(path, geteuid(), &read) &&
			strcmp(read.key, keys.key) == 0 &&
			read.before[0] == '\0',
		"the first has none before");
	strcpy(first, keys.key);
	web_keys_rotate(&keys, NOW);
	web_keys_write(&keys, text);
	put(text);
	ok(web_keys_read(path, geteuid(), &read) &&
			strcmp(read.key, keys.key) == 0 &&
			strcmp(read.before, first) == 0 && read.until == NOW,
		"the second has the first before it");
	ok(strcmp(read.key, read.before) != 0, "which is another");
}

int
main(void)
{
	unit_begin();
	if (sodium_init() < 0)
		return 2;
	test_texts();
	test_files();
	test_credential();
	test_proofs();
	test_changes();
	test_log();
	test_rotation();
	return done();
}
