/* request-code.c - how often a code is mailed, and that nobody can tell whose
 * address it was */
#include "config.h"

#include "mail.h"
#include "request-code.h"
#include "unit.h"

enum { NOW = 1000000, MINUTE = 60, HOUR = 3600 };

/* clang-format off */
static const struct {
	const char *name;
	enum code_purpose purpose;
	const char *address;
	int64_t now;
	int mails; /* how many more */
} steps[] = {
	{"the first", CODE_RESET, "alice@example.com", NOW, 1},
	{"at once again", CODE_RESET, "alice@example.com", NOW, 0},
	{"a second too early", CODE_RESET, "alice@example.com", NOW + MINUTE - 1, 0},
	{"in another case", CODE_RESET, "Alice@Example.com", NOW + MINUTE - 1, 0},
	{"to prove the address", CODE_VERIFY, "alice@example.com", NOW, 1},
	{"another address", CODE_RESET, "bob@example.com", NOW, 1},
	{"the second", CODE_RESET, "alice@example.com", NOW + MINUTE, 1},
	{"the third", CODE_RESET, "alice@example.com", NOW + 2 * MINUTE, 1},
	{"the fourth", CODE_RESET, "alice@example.com", NOW + 3 * MINUTE, 1},
	{"the fifth", CODE_RESET, "alice@example.com", NOW + 4 * MINUTE, 1},
	{"the sixth of an hour", CODE_RESET, "alice@example.com", NOW + 5 * MINUTE, 0},
	{"the hour's last second", CODE_RESET, "alice@example.com", NOW + HOUR - 1, 0},
	{"the first is an hour old", CODE_RESET, "alice@example.com", NOW + HOUR, 1},
	{"the second is not", CODE_RESET, "alice@example.com", NOW + HOUR + MINUTE - 1, 0},
	{"now it is", CODE_RESET, "alice@example.com", NOW + HOUR + MINUTE, 1},
	{"nobody's address", CODE_RESET, "nobody@example.com", NOW, 1},
	{"nobody's too early", CODE_RESET, "nobody@example.com", NOW + 1, 0},
	{"nobody's a minute later", CODE_RESET, "nobody@example.com", NOW + MINUTE, 1},
	{"what is no name", CODE_RESET, " ", NOW, 0},
	{"nothing", CODE_RESET, "", NOW, 0},
	{"with a control character", CODE_RESET, "a\r\n@example.com", NOW, 0},
};
/* clang-format on */

static struct site site;

/* Those for somebody, and the one for nobody, if it was made then. */
static int
count_mails(int64_t now)
{
	struct mail mail = {.made = -1};
	int count = unit_count(&site, STORE_MAIL);

	store_begin(site.store, STORE_READ);
	if (mail_get(site.store, "nobody", &mail) == STATUS_OK)
		count -= mail.made == now ? 0 : 1;
	store_abort(site.store);
	return count;
}

static int
mails_of(enum code_purpose purpose, const char *address, int64_t now)
{
	int before = count_mails(now);

	is_int(request_code(
		       &site, purpose, address, "", unit_attempt("n", now)),
		STATUS_OK, "asked for");
	return count_mails(now) - before;
}

static void
test_caps(void)
{
	size_t i;

	for (i = 0; i < sizeof steps / sizeof steps[0]; i++)
		is_int(mails_of(steps[i].purpose, steps[i].address,
			       steps[i].now),
			steps[i].mails, steps[i].name);
}

/* Times that lie ahead count for nothing, or a clock that was wrong would
 * close an address until then. */
static void
test_clock(void)
{
	const char *address = "alice@example.com";
	int i;

	for (i = 0; i < 6; i++)
		mails_of(CODE_RESET, address, NOW + 1000 * HOUR + i * MINUTE);
	is_int(mails_of(CODE_RESET, address, NOW + 1000 * HOUR + 6 * MINUTE), 0,
		"no more in that hour");
	is_int(mails_of(CODE_RESET, address, NOW), 1, "the clock goes back");
	is_int(mails_of(CODE_RESET, address, NOW + 1), 0, "and counts anew");
}

/* --- what can be seen of it --------------------------------------------- */

struct seen {
	size_t key, record;
	int count;
	bool telling; /* of an address */
};

static bool
look(void *context, const char *key, struct json_object *record)
{
	struct seen *seen = context;
	const char *text = json_object_to_json_string(record);

	seen->count++;
	seen->key = strlen(key);
	seen->record = strlen(text);
	seen->telling = seen->telling || strchr(key, '@') != NULL ||
			strchr(text, '@') != NULL;
	return true;
}

/* What a request leaves in an empty store with that kind of record. */
static struct seen
leave(const char *address, enum store_kind kind)
{
	struct seen seen = {0, 0, 0, false};
	struct site own;
	char *settings = mem_printf(UNIT_FAST "store = bdb:%s-%d\n",
		address[0] == 'a' ? "known" : "unknown", (int)kind);

	unit_site(&own, settings);
	mem_free(settings);
	if (address[0] == 'a')
		unit_account(&own, "", address, false);
	request_code(&own, CODE_RESET, address, "de", unit_attempt("n", NOW));
	store_each(own.store, kind, look, &seen);
	site_close(&own);
	return seen;
}

static void
test_same(void)
{
	struct seen known = leave("alice@example.com", STORE_THROTTLE);
	struct seen unknown = leave("nobody-with-a-long@x.org", STORE_THROTTLE);

	is_int(known.count, 1, "a count for an account's address");
	is_int(unknown.count, 1, "and one for nobody's");
	is_int((long long)unknown.key, (long long)known.key,
		"under keys of one length");
	is_int((long long)unknown.record, (long long)known.record,
		"of one size");
	ok(!known.telling && !unknown.telling, "that do not tell an address");
	known = leave("alice@example.com", STORE_MAIL);
	unknown = leave("nobody@example.com", STORE_MAIL);
	is_int(known.count, 1, "a mail for an account's address");
	is_int(unknown.count, 1, "and one for nobody's");
	is_int((long long)unknown.record, (long long)known.record,
		"of one size");
	ok(!known.telling && !unknown.telling, "that do not tell it either");
}

static void
test_codes(void)
{
	is_int(unit_count(&site, STORE_CODE), 0,
		"no code is drawn before its mail is sent");
}

int
main(void)
{
	unit_begin();
	unit_site(&site, UNIT_FAST "mail_command = /bin/true\n");
	unit_account(&site, "", "alice@example.com", false);
	unit_account(&site, "", "bob@example.com", false);
	test_caps();
	test_clock();
	test_same();
	test_codes();
	site_close(&site);
	return done();
}
