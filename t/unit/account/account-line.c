/* account-line.c - lines to be imported: each member, and each way to be bad */
#include "config.h"

#include "account/account-import.h"
#include "tap.h"

#include <string.h>

#define HASH                                                                   \
	"$6$rounds=1000$saltsalt$"                                             \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"                 \
	"abcdefghijklmnopqrstuvwxyz12345678"

static struct totp_secret totp;

static const struct {
	const char *line;
	const char *flaw; /* how it begins; NULL: it is good */
} lines[] = {
	{"{\"username\":\"ann\"}", NULL},
	{"{\"email\":\"ann@example.org\"}", NULL},
	{" {\"username\":\"ann\",\"email\":\"ann@example.org\"} \r", NULL},
	{"{\"username\":\"ann\",\"hash\":\"" HASH "\"}", NULL},
	{"{\"username\":\"ann\",\"hash\":\"{CRYPT}" HASH "\"}", NULL},
	{"{\"username\":\"ann\",\"hash\":\"{SSHA}E8dLNs3ZuFIbO32RJhWFdZr+"
	 "CILvCbcv\"}",
		NULL},
	{"{\"username\":\"ann\",\"hash\":\"{\\\"type\\\":1}\"}",
		"hash: a credential of Keycloak's"},
	{"{\"username\":\"ann\",\"hash\":null,\"id\":null}", NULL},
	{"{\"username\":\"ann\",\"hash\":\"\"}", NULL},
	{"{\"user\\u006eame\":\"ann\"}", NULL},
	{"{\"username\":\"ann\",\"id\":"
	 "\"01234567-89ab-4def-8123-456789abcdef\"}",
		NULL},
	{"", "not a JSON object"},
	{"[]", "an array, where each line is an account of its own: `jq"},
	{" [{\"username\":\"ann\"},", "an array"},
	{"{", "the beginning of an object"},
	{"{\"username\":\"ann\"", "not a JSON object"},
	{"{\"username\":'ann'}", "not a JSON object"},
	{"{\"username\":\"ann\"}{}", "not a JSON object"},
	{"{\"username\":\"ann\",\"username\":\"bob\"}", "a member twice"},
	{"{\"username\":\"ann\",\"user\\u006eame\":\"bob\"}", "a member twice"},
	{"{\"username\":\"\xff\"}", "not a JSON object"},
	{"{\"username\":\"a\\u0000b\"}", "not a JSON object"},
	{"{}", "neither username nor email"},
	{"{\"username\":null}", "neither username nor email"},
	{"{\"username\":\"\"}", "neither username nor email"},
	{"{\"username\":\"ann@example.org\"}", "username: "},
	{"{\"username\":\" ann\"}", "username: "},
	{"{\"username\":\"a\\nb\"}", "username: "},
	{"{\"email\":\"ann\"}", "email: "},
	{"{\"email\":\"a@b@c\"}", "email: "},
	{"{\"username\":7}", "username: of the wrong type"},
	{"{\"username\":\"ann\",\"admin\":1}", "admin: of the wrong type"},
	{"{\"username\":\"ann\",\"admin\":\"true\"}", "admin: of the wrong"},
	{"{\"username\":\"ann\",\"created\":1.5}", "created: not an integer"},
	{"{\"username\":\"ann\",\"created\":\"1\"}", "created: of the wrong"},
	{"{\"username\":\"ann\",\"created\":15e2,\"epoch\":2.0}", NULL},
	{"{\"username\":\"ann\",\"created\":-1}", "created: out of range"},
	{"{\"username\":\"ann\",\"created\":99999999999999999999}",
		"created: out of range"},
	{"{\"username\":\"ann\",\"epoch\":0}", "epoch: out of range"},
	{"{\"username\":\"ann\",\"epoch\":9223372036854775806}",
		"epoch: out of range"},
	{"{\"username\":\"ann\",\"hash\":\"!locked\"}", "hash: "},
	{"{\"username\":\"ann\",\"hash\":\"$9$salt$abc\"}", "hash: "},
	{"{\"username\":\"ann\",\"language\":\"DE\"}", "language: "},
	{"{\"username\":\"ann\",\"language\":\"deut\"}", "language: too long"},
	{"{\"username\":\"ann\",\"name\":\"A\",\"full_name\":\"B\"}",
		"full_name: a second one"},
	{"{\"username\":\"ann\",\"groups\":[]}", NULL},
	{"{\"username\":\"ann\",\"groups\":null}", NULL},
	{"{\"username\":\"ann\",\"groups\":[\"b\",\"a\",\"b\"]}", NULL},
	{"{\"username\":\"ann\",\"groups\":\"a\"}", "groups: not an array"},
	{"{\"username\":\"ann\",\"groups\":{\"a\":1}}", "groups: not an array"},
	{"{\"username\":\"ann\",\"groups\":[\"a,b\"]}", "groups: not an array"},
	{"{\"username\":\"ann\",\"groups\":[\"A\"]}", "groups: not an array"},
	{"{\"username\":\"ann\",\"groups\":[\"\"]}", "groups: not an array"},
	{"{\"username\":\"ann\",\"groups\":[1]}", "groups: not an array"},
	{"{\"username\":\"ann\",\"totp\":null}", NULL},
	{"{\"username\":\"ann\",\"totp\":\"GEZDGNBVGY3TQOJQ\"}", "totp: "},
	{"{\"username\":\"ann\",\"totp\":\"not base32, but long enough for "
	 "it\"}",
		"totp: "},
	{"{\"username\":\"ann\",\"totp\":7}", "totp: "},
	{"{\"username\":\"ann\",\"id\":\"7\"}", "id: "},
	{"{\"username\":\"ann\",\"id\":"
	 "\"01234567-89AB-4def-8123-456789abcdef\"}",
		"id: "},
	{"{\"username\":\"ann\",\"disabled\":true}",
		"disabled: no member of an account"},
	{"{\"username\":\"ann\","
	 "\"abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij1234\":"
	 "true}",
		"a member's name is longer than any of an account"},
};

static void
test_lines(void)
{
	struct account account;
	size_t i;

	for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		const char *flaw = account_line_read(
			lines[i].line, strlen(lines[i].line), &account, &totp);

		if (lines[i].flaw == NULL)
			ok(flaw == NULL, "good: %zu", i);
		else
			ok(flaw != NULL && strncmp(flaw, lines[i].flaw,
						   strlen(lines[i].flaw)) == 0,
				"bad: %zu: %s", i, lines[i].flaw);
	}
}

static void
test_members(void)
{
	static const char all[] =
		"{\"username\":\"Ann\",\"email\":\"Ann@Example.org\","
		"\"hash\":\"" HASH "\",\"name\":\"Ann \\u00c4\","
		"\"language\":\"de\",\"admin\":true,\"verified\":true,"
		"\"enabled\":false,\"unproved\":true,\"created\":5,"
		"\"groups\":[\"b\",\"a\"],"
		"\"epoch\":7,\"must_change\":true,"
		"\"totp\":\"gezd gnbv gy3t qojq gezd gnbv gy3t qojq\","
		"\"id\":\"01234567-89ab-4def-8123-456789abcdef\"}";
	static const char least[] = "{\"username\":\"ann\"}";
	struct account account;

	ok(account_line_read(all, sizeof all - 1, &account, &totp) == NULL,
		"all");
	is_str(account.username, "Ann", "username, as it is");
	is_str(account.email, "Ann@Example.org", "email, as it is");
	is_str(account.hash, HASH, "hash, as it is");
	is_str(account.full_name, "Ann \xc3\x84", "name");
	is_str(account.language, "de", "language");
	is_str(account.groups, "a,b", "groups");
	is_str(account.id, "01234567-89ab-4def-8123-456789abcdef", "id");
	ok(account.admin && account.verified && account.unproved, "flags");
	ok(!account.enabled, "not enabled, if it says so");
	is_int(account.created, 5, "created");
	is_int(account.epoch, 7, "epoch");
	ok(account.must_change, "must_change");
	is_int((long long)totp.length, 20, "totp");
	ok(account_line_read(least, sizeof least - 1, &account, &totp) == NULL,
		"a name alone");
	ok(account.enabled && !account.admin && !account.verified &&
			!account.unproved,
		"enabled, and nothing else");
	is_str(account.hash, "", "no hash");
	is_str(account.id, "", "no id yet");
	is_int(account.epoch, 1, "the first epoch");
}

static void
test_lengths(void)
{
	char line[600], name[400];
	struct account account;
	int length;

	memset(name, 'x', sizeof name);
	for (length = NAME_BYTES; length <= NAME_BYTES + 1; length++) {
		snprintf(line, sizeof line, "{\"username\":\"%.*s\"}", length,
			name);
		ok((account_line_read(line, strlen(line), &account, &totp) ==
			   NULL) == (length == NAME_BYTES),
			"a username of %d bytes", length);
	}
	for (length = ACCOUNT_FULL_NAME; length <= ACCOUNT_FULL_NAME + 1;
		length++) {
		snprintf(line, sizeof line,
			"{\"username\":\"a\",\"full_name\":\"%.*s\"}", length,
			name);
		ok((account_line_read(line, strlen(line), &account, &totp) ==
			   NULL) == (length == ACCOUNT_FULL_NAME),
			"a full name of %d bytes", length);
	}
}

int
main(void)
{
	test_lines();
	test_members();
	test_lengths();
	return done();
}
