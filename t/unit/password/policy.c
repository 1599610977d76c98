/* policy.c - classes and lengths of new passwords */
#include "config.h"

#include "password/policy.h"
#include "tap.h"

#include <stdlib.h>

enum { ALL = POLICY_CLASSES | POLICY_NOSPACE };

/* clang-format off */
static const struct {
	const char *name;
	struct policy policy;
	const char *text;
	unsigned flaws;
} rows[] = {
	{"all classes", {8, ALL, 0}, "Passw0rd!", 0},
	{"no upper case", {8, ALL, 0}, "passw0rd!", POLICY_UPPER},
	{"no lower case", {8, ALL, 0}, "PASSW0RD!", POLICY_LOWER},
	{"no digit", {8, ALL, 0}, "Password!", POLICY_DIGIT},
	{"no sign", {8, ALL, 0}, "Passw0rds", POLICY_SPECIAL},
	{"a space", {8, ALL, 0}, "Passw0rd !", POLICY_NOSPACE},
	{"a space is no sign", {8, ALL, 0}, "Passw0rd s",
		POLICY_SPECIAL | POLICY_NOSPACE},
	{"a space that may be there", {8, POLICY_CLASSES, 0}, "Passw0rd !", 0},
	{"nothing asked", {8, 0, 0}, "        ", 0},
	{"only one asked", {8, POLICY_DIGIT, 0}, "aaaaaaaa", POLICY_DIGIT},
	{"nothing at all", {8, ALL, 0}, "", POLICY_CLASSES | POLICY_SHORT},
	{"one too few", {8, 0, 0}, "aaaaaaa", POLICY_SHORT},
	{"just enough", {8, 0, 0}, "aaaaaaaa", 0},
	{"short and without a digit", {12, POLICY_CLASSES, 0}, "Password!",
		POLICY_SHORT | POLICY_DIGIT},
	{"eight points of two bytes", {8, 0, 0}, "éééééééé", 0},
	{"seven points of four bytes", {8, 0, 0}, "😀😀😀😀😀😀😀", POLICY_SHORT},
	{"counted after NFC", {2, 0, 0}, "e\xcc\x81", POLICY_SHORT},
	{"beyond ASCII is a sign, not upper case", {1, POLICY_CLASSES, 0}, "É",
		POLICY_UPPER | POLICY_LOWER | POLICY_DIGIT},
	{"a full-width digit is no digit", {1, POLICY_DIGIT, 0}, "１",
		POLICY_DIGIT},
	{"more bytes than are hashed", {1, 0, 4}, "é123", POLICY_LONG},
	{"not UTF-8", {1, 0, 0}, "\xff", POLICY_LONG},
};
/* clang-format on */

/* A password of `count` times the piece. */
static unsigned
repeated(const char *piece, size_t count, struct password *password)
{
	static const struct policy any = {1, 0, 0};
	char text[1024] = "";
	size_t i;

	for (i = 0; i < count; i++)
		strcat(text, piece);
	return policy_read(&any, text, strlen(text), password);
}

static void
test_lengths(void)
{
	struct password password;

	is_int(repeated("a", 256, &password), 0, "256 points");
	is_int((long long)password.points, 256, "are counted");
	is_int(repeated("a", 257, &password), POLICY_LONG, "257 points");
	is_str(password.text, "", "leave nothing");
	is_int(repeated("é", 255, &password), 0, "255 points in 510 bytes");
	is_int(repeated("é", 256, &password), POLICY_LONG, "256 in 512");
	is_int(repeated("e\xcc\x81", 255, &password), 0,
		"765 bytes that become 510");
}

int
main(void)
{
	struct password password;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		is_int(policy_read(&rows[i].policy, rows[i].text,
			       strlen(rows[i].text), &password),
			rows[i].flaws, rows[i].name);
	test_lengths();
	return done();
}
