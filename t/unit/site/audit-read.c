/* audit-read.c - the audit from its newest line to its oldest: over all of its
 * files, in parts, with lines that are torn, too long or no JSON */
#include "config.h"

#include "site/audit-read.h"
#include "unit.h"

#include <sys/stat.h>

static char path[300];
static struct audit *audit;

struct seen {
	char numbers[4096]; /* "3 2 1 " */
	int count, most;    /* which it takes */
};

static bool
take(void *context, struct json_object *event)
{
	struct seen *seen = context;
	struct json_object *number = json_object_object_get(event, "n");

	if (seen->count == seen->most)
		return false;
	seen->count++;
	snprintf(seen->numbers + strlen(seen->numbers),
		sizeof seen->numbers - strlen(seen->numbers), "%s ",
		json_object_get_string(number));
	return true;
}

/* Reads `most` lines; the cursor is kept. */
static const char *
read_some(char cursor[AUDIT_CURSOR_SIZE], int most)
{
	static struct seen seen;

	memset(&seen, 0, sizeof seen);
	seen.most = most;
	if (audit_read(audit, cursor, take, &seen) != STATUS_OK)
		return "failed";
	return seen.numbers;
}

static void
put(const char *name, const char *text)
{
	unit_file(name, text, strlen(text));
}

static void
move_file(int number, int to)
{
	char from_name[320], to_name[320];

	snprintf(from_name, sizeof from_name, "%s%s%.0d", path,
		number == 0 ? "" : ".", number);
	snprintf(to_name, sizeof to_name, "%s.%d", path, to);
	rename(from_name, to_name);
}

static void
test_files(void)
{
	char cursor[AUDIT_CURSOR_SIZE] = "", kept[AUDIT_CURSOR_SIZE];
	char name[320];

	is_str(read_some(cursor, 9), "", "no file, no line");
	is_str(cursor, "", "and no more");
	put("audit", "{\"n\":5}\n{\"n\":6}\n");
	put("audit.1", "{\"n\":3}\n{\"n\":4}\n");
	put("audit.2", "{\"n\":1}\n{\"n\":2}\n");
	is_str(read_some(cursor, 9), "6 5 4 3 2 1 ", "all, the newest first");
	is_str(cursor, "", "no more");
	is_str(read_some(cursor, 1), "6 ", "one");
	is_str(read_some(cursor, 2), "5 4 ", "over the end of a file");
	strcpy(kept, cursor);
	move_file(2, 3);
	move_file(1, 2);
	move_file(0, 1);
	put("audit", "{\"n\":7}\n");
	is_str(read_some(cursor, 1), "3 ", "whatever the file is called");
	is_str(read_some(cursor, 9), "2 1 ", "and the one before it");
	is_str(cursor, "", "no more");
	snprintf(name, sizeof name, "%s.2", path);
	unlink(name);
	strcpy(cursor, kept);
	is_str(read_some(cursor, 9), "", "a file that is gone");
	is_str(cursor, "", "is the end");
}

static void
test_lines(void)
{
	static const char *const bad[] = {"x", "-", "1", "1-", "-1", "1-2-3",
		"01-2", "1-02", " 1-2", "1-2 ", "+1-2", "A-2",
		"1-8000000000000000", "0x1-2", "1-fffffffffffffffff"};
	char cursor[AUDIT_CURSOR_SIZE] = "", name[320], *large;
	size_t i;
	int number;

	for (number = 1; number < AUDIT_FILES; number++) {
		snprintf(name, sizeof name, "%s.%d", path, number);
		unlink(name);
	}
	put("audit", "{\"n\":1}\nno JSON\n\n[]\n{\"n\":2}\n{\"n\":3");
	is_str(read_some(cursor, 9), "2 1 ", "what is no event, or torn");
	put("audit", "torn\n{\"n\":1}\n\n");
	is_str(read_some(cursor, 9), "1 ", "an empty line at the end");
	large = mem_zero(3 * AUDIT_READ_BYTES);
	memset(large, ' ', 3 * AUDIT_READ_BYTES - 1);
	memcpy(large, "{\"n\":1}\n", 8);
	memcpy(large + 2 * AUDIT_READ_BYTES, "\n{\"n\":2}\n", 9);
	large[2 * AUDIT_READ_BYTES + 9] = '\0';
	put("audit", large);
	is_str(read_some(cursor, 9), "2 ",
		"a line that is too long: as far "
		"as one call looks");
	ok(cursor[0] != '\0', "there is more");
	is_str(read_some(cursor, 9), "", "within it");
	is_str(read_some(cursor, 9), "", "still within it");
	is_str(read_some(cursor, 9), "1 ", "and before it");
	is_str(cursor, "", "no more");
	mem_free(large);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(cursor, sizeof cursor, "%s", bad[i]);
		ok(audit_read(audit, cursor, take, NULL) == STATUS_BAD_QUERY,
			"no cursor: %s", bad[i]);
	}
}

/* Lines of 16 to 4,096 bytes, about 3 MiB of them. */
static void
test_many(void)
{
	enum { MANY = 1500 };
	char cursor[AUDIT_CURSOR_SIZE] = "";
	char *all = mem_copy(""), wanted[32];
	int i, calls, next = MANY;
	bool good = true;

	for (i = 1; i <= MANY; i++)
		all = mem_append(all, "{\"n\":%d,\"x\":\"%*s\"}\n", i,
			i * 7919 % 4096, "");
	put("audit", all);
	mem_free(all);
	for (calls = 0; calls < 5000; calls++) {
		const char *got = read_some(cursor, 3), *at;

		for (at = got; *at != '\0'; at += strlen(wanted)) {
			snprintf(wanted, sizeof wanted, "%d ", next--);
			good = good && strncmp(at, wanted, strlen(wanted)) == 0;
			if (!good)
				break;
		}
		if (cursor[0] == '\0' || !good)
			break;
	}
	ok(good, "each line once, in order");
	is_int(next, 0, "all of them");
	ok(calls + 1 >= MANY / 3 && calls <= MANY / 3 + 4, "in parts: %d",
		calls);
}

static void
test_elsewhere(void)
{
	struct conf conf = {.audit = (char[]){"syslog"}, .state_dir = unit_dir};
	struct audit *other = audit_new(&conf);
	char cursor[AUDIT_CURSOR_SIZE] = "";

	is_int(audit_read(other, cursor, take, NULL), STATUS_NOT_KEPT_HERE,
		"no file");
	audit_free(other);
}

int
main(void)
{
	struct conf conf = {.audit = path,
		.audit_size = 1 << 20,
		.audit_lines = 3,
		.state_dir = unit_dir};

	unit_begin();
	snprintf(path, sizeof path, "%s/audit", unit_dir);
	audit = audit_new(&conf);
	test_files();
	test_lines();
	test_many();
	test_elsewhere();
	audit_free(audit);
	return done();
}
