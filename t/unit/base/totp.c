/* totp.c - one-time codes by the clock: the RFCs' vectors, what is taken when,
 * and the secret as a text.
 *
 * With arguments, `totp CODES SECRET...`: a line for each secret, in base32,
 * with the codes of that many steps from 0 on, for t/totp.t to hold against
 * others' programs. */
#include "config.h"

#include "base/mem.h"
#include "base/totp.h"
#include "tap.h"

#include <stdlib.h>

/* RFC 4226, appendix D, and RFC 6238, appendix B, of SHA-1. */
static struct totp_secret secret = {"12345678901234567890", 20};

static void
test_vectors(void)
{
	static const char *const by_count[] = {"755224", "287082", "359152",
		"969429", "338314", "254676", "287922", "162583", "399871",
		"520489"};
	static const struct {
		int64_t time;
		const char *code; /* the last six of eight digits */
	} by_time[] = {{59, "287082"}, {1111111109, "081804"},
		{1111111111, "050471"}, {1234567890, "005924"},
		{2000000000, "279037"}, {20000000000, "353130"}};
	char code[TOTP_DIGITS + 1];
	size_t i;

	for (i = 0; i < sizeof by_count / sizeof by_count[0]; i++) {
		totp_code(&secret, (int64_t)i, code);
		ok(strcmp(code, by_count[i]) == 0, "RFC 4226, count %zu", i);
	}
	for (i = 0; i < sizeof by_time / sizeof by_time[0]; i++) {
		totp_code(&secret, by_time[i].time / TOTP_SECONDS, code);
		ok(strcmp(code, by_time[i].code) == 0, "RFC 6238, %lld",
			(long long)by_time[i].time);
	}
}

/* Whether the code of that step is taken in step 1000. */
static bool
takes(int64_t of, int64_t last, int64_t *step)
{
	char code[TOTP_DIGITS + 1];

	*step = -1;
	totp_code(&secret, of, code);
	return totp_match(&secret, code, 1000 * TOTP_SECONDS + 29, last, step);
}

static void
test_window(void)
{
	int64_t step, of;

	for (of = 997; of <= 1003; of++)
		ok(takes(of, 0, &step) == (of >= 999 && of <= 1001),
			"28: a code of step %lld", (long long)of);
	ok(takes(999, 0, &step) && step == 999, "which is told");
	ok(!takes(1000, 1000, &step) && step == -1, "not the same once more");
	ok(!takes(999, 1000, &step), "nor an older one");
	ok(takes(1001, 1000, &step), "but the next one");
}

static void
test_typed(void)
{
	static const struct {
		const char *typed, *what;
		bool taken;
	} typed[] = {
		{"755 224", "with a blank", true},
		{" 755224 ", "with blanks around", true},
		{"75522", "one digit too few", false},
		{"7552240", "one too many", false},
		{"75522a", "a letter", false},
		{"-55224", "a sign", false},
		{"", "nothing", false},
		{"\xd9\xa7\xd9\xa5\xd9\xa5\xd9\xa2\xd9\xa2\xd9\xa4",
			"digits that are not ASCII's", false},
	};
	int64_t step;
	size_t i;

	for (i = 0; i < sizeof typed / sizeof typed[0]; i++) {
		is_int(totp_match(&secret, typed[i].typed, 0, -2, &step),
			typed[i].taken, typed[i].what);
		is_int(totp_is_code(typed[i].typed), typed[i].taken,
			"and whether it looks like a code");
	}
}

static void
test_text(void)
{
	static const char *const bad[] = {"", "GEZDGNBV", "0ZDGNBVGY3TQOJQ",
		"GEZDGNBVGY3TQOJQGEZDGNBV", /* too short */
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3=TQOJQ",
		"GEZDGNBVGY3TQOJQGEZDGNBVGZ",
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQO"
		"JQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQA"};
	char text[TOTP_BASE32_SIZE + 1];
	struct totp_secret again, drawn;
	size_t length, i;
	int different = 0;

	totp_write(&secret, text);
	is_str(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "in base32");
	ok(totp_read("gezd gnbv-gy3t qojq gezd gnbv gy3t qojq", &again) &&
			memcmp(&again, &secret, sizeof secret) == 0,
		"is read however it is typed");
	for (length = TOTP_SECRET_MIN; length <= TOTP_SECRET_MAX; length++) {
		totp_draw(&drawn);
		memset(drawn.bytes + TOTP_SECRET, 0xa5,
			TOTP_SECRET_MAX - TOTP_SECRET);
		memset(drawn.bytes + length, 0, TOTP_SECRET_MAX - length);
		drawn.length = length;
		totp_write(&drawn, text);
		strcat(text, "=");
		different += !totp_read(text, &again) ||
			     memcmp(&again, &drawn, sizeof drawn) != 0;
	}
	is_int(different, 0, "each length, there and back");
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(!totp_read(bad[i], &again), "'%s' is none", bad[i]);
}

static void
test_uri(void)
{
	char *uri = totp_uri(&secret, "My Site & Co", "ann@example.com");

	is_str(uri,
		"otpauth://totp/My%20Site%20%26%20Co:ann%40example.com"
		"?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		"&issuer=My%20Site%20%26%20Co&algorithm=SHA1&digits=6&period="
		"30",
		"the address for an authenticator");
	mem_free(uri);
}

static int
print_codes(long count, char **secrets)
{
	char code[TOTP_DIGITS + 1];
	struct totp_secret one;
	long step;

	for (; *secrets != NULL; secrets++) {
		if (!totp_read(*secrets, &one))
			return 1;
		for (step = 0; step < count; step++) {
			totp_code(&one, step, code);
			printf("%s\n", code);
		}
	}
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 2)
		return print_codes(atol(argv[1]), argv + 2);
	test_vectors();
	test_window();
	test_typed();
	test_text();
	test_uri();
	return done();
}
