/* code.c - codes that are late, wrong, used, worn out or another's */
#include "config.h"

#include "account/code.h"
#include "unit.h"

enum { NOW = 1000000, LIFE = 600 };

static struct site site;
static struct account account;

static enum status
new_code(const char *name, char code[CODE_SIZE])
{
	struct account owner;

	if (unit_find(&site, name, &owner) != STATUS_OK)
		strcpy(owner.id, "nobody");
	code_draw(&site, code);
	return code_new(&site, CODE_RESET, owner.id, NOW, code, NULL);
}

static enum status
check(const char *name, const char *code, const char *network)
{
	return code_check(
		&site, CODE_RESET, name, code, unit_attempt(network, NOW));
}

static enum status
reset(const char *name, const char *code, int64_t now)
{
	struct password password = unit_password("another");

	return code_reset(
		&site, name, code, &password, unit_attempt("n", now), &account);
}

/* The code as a person might type it. */
static void
retype(const char *code, char typed[64])
{
	size_t used = 0;

	for (; *code != '\0'; code++) {
		char byte = *code;

		if (byte == '-')
			continue;
		typed[used++] = ' ';
		if (byte == '0')
			typed[used++] = 'o';
		else if (byte == '1')
			typed[used++] = 'l';
		else
			typed[used++] =
				(char)(byte >= 'A' ? byte | 0x20 : byte);
	}
	typed[used] = '\0';
}

/* Another code: its last symbol is not that one. */
static void
spoil(const char *code, char wrong[CODE_SIZE])
{
	size_t last = strlen(code) - 1;

	strcpy(wrong, code);
	wrong[last] = wrong[last] == '7' ? '8' : '7';
}

static void
test_form(void)
{
	char code[CODE_SIZE], typed[64];

	is_int(new_code("alice", code), STATUS_OK, "a code");
	is_int((long long)strlen(code), 14, "of 12 symbols and two dashes");
	ok(code[4] == '-' && code[9] == '-', "XXXX-XXXX-XXXX");
	ok(strspn(code, "-0123456789ABCDEFGHJKMNPQRSTVWXYZ") == 14,
		"none that could be mistaken");
	retype(code, typed);
	is_int(check("alice", typed, "n"), STATUS_OK, "typed otherwise");
	is_int(check(NULL, typed, "n"), STATUS_OK, "without a name");
	is_int(check("ALICE@example.com", code, "n"), STATUS_OK, "by email");
	is_int(check("bob", code, "n"), STATUS_BAD_CODE, "another's name");
	is_int(check("nobody", code, "n"), STATUS_BAD_CODE, "nobody's");
	is_int(check(NULL, "", "n"), STATUS_BAD_CODE, "no code");
	is_int(check("alice", "UUUU-UUUU-UUUU", "x"), STATUS_BAD_CODE, "no U");
	is_int(code_check(&site, CODE_VERIFY, "alice", code,
		       unit_attempt("n", NOW)),
		STATUS_BAD_CODE, "not for another purpose");
	is_int(code_check(
		       &site, CODE_VERIFY, NULL, code, unit_attempt("n", NOW)),
		STATUS_BAD_CODE, "nor without a name");
}

static void
test_life(void)
{
	char old[CODE_SIZE], code[CODE_SIZE];

	new_code("alice", old);
	new_code("alice", code);
	is_int(check(NULL, old, "n"), STATUS_BAD_CODE, "a newer one is there");
	is_int(reset(NULL, code, NOW + LIFE), STATUS_BAD_CODE, "17: its end");
	is_int(reset(NULL, code, NOW + LIFE - 1), STATUS_OK, "a second less");
	is_str(account.username, "alice", "the account is filled in");
	is_int(account.epoch, 2, "its epoch is raised");
	is_int(reset(NULL, code, NOW), STATUS_BAD_CODE, "used twice");
	is_int(reset("alice", code, NOW), STATUS_BAD_CODE, "with the name");
	is_int(new_code("nobody", code), STATUS_NO_ACCOUNT, "nobody's");
}

static void
test_disabled(void)
{
	char code[CODE_SIZE];
	bool no = false, yes = true;

	new_code("bob", code);
	account_update(&site, "bob", account_set_enabled, &no);
	is_int(check("bob", code, "n"), STATUS_BAD_CODE, "disabled since");
	is_int(new_code("bob", code), STATUS_NO_ACCOUNT, "gets no code");
	account_update(&site, "bob", account_set_enabled, &yes);
	is_int(check("bob", code, "n"), STATUS_BAD_CODE, "nor by coming back");
}

/* How many wrong tries from networks of `each` tries it takes to kill a
 * code, or 100. */
static int
tries_to_kill(const char *name, int each)
{
	char code[CODE_SIZE], wrong[CODE_SIZE], network[32];
	int i;

	new_code(name, code);
	spoil(code, wrong);
	for (i = 0; i < 100; i++) {
		snprintf(network, sizeof network, "n%d", i / each);
		check(name, wrong, network);
		if (check(name, code, "fresh") != STATUS_OK)
			break;
	}
	return i + 1;
}

static void
test_tries(void)
{
	char code[CODE_SIZE], wrong[CODE_SIZE];
	int i;

	new_code("alice", code);
	spoil(code, wrong);
	for (i = 0; i < 4; i++)
		check("alice", wrong, "bad");
	is_int(check("alice", code, "bad"), STATUS_OK, "after four tries");
	check("alice", wrong, "bad");
	is_int(check("alice", code, "bad"), STATUS_BAD_CODE,
		"five close it to a network");
	is_int(reset("alice", wrong, NOW), STATUS_BAD_CODE, "a wrong reset");
	for (i = 0; i < 100; i++)
		check("alice", wrong, "bad");
	is_int(check("alice", code, "good"), STATUS_OK,
		"that network can do no more");
	is_int(tries_to_kill("alice", 5), 50, "fifty close it to all");
}

static void
test_digits(void)
{
	char code[CODE_SIZE], wrong[CODE_SIZE];

	mem_free(site.conf->code_form);
	site.conf->code_form = mem_copy("digits:8");
	is_int(new_code("alice", code), STATUS_OK, "a code of digits");
	is_int((long long)strlen(code), 8, "eight of them");
	is_int((long long)strspn(code, "0123456789"), 8, "and no others");
	is_int(check("alice", code, "n"), STATUS_OK, "is good with the name");
	is_int(check(NULL, code, "n"), STATUS_BAD_CODE, "not without");
	spoil(code, wrong);
	is_int(reset("alice", wrong, NOW), STATUS_BAD_CODE, "a wrong one");
	is_int(reset("alice", code, NOW), STATUS_OK, "the right one");
	is_int(tries_to_kill("alice", 1), 5, "five tries close it to all");
}

static int
count_nobodys(void)
{
	struct store_walk walk;
	int count = 0;

	store_walk_begin(&walk, site.store, STORE_THROTTLE, "");
	while (store_walk_next(&walk))
		count += strncmp(walk.key, "nobody:", 7) == 0;
	store_walk_end(&walk);
	return count;
}

/* In one place, which is written again and again, they would be quicker than
 * the codes of accounts. */
static void
test_nobodys(void)
{
	int before = count_nobodys();

	is_int(check("carol", "0000-0000-0000", "same"), STATUS_BAD_CODE,
		"a code of a name that is nobody's");
	is_int(check("dave", "0000-0000-0000", "same"), STATUS_BAD_CODE,
		"and of another, from the same network");
	is_int(count_nobodys() - before, 2, "are written in a place each");
}

/* Another code form, or an older code, leaves nothing behind. */
static void
test_clean(void)
{
	struct json_object *record;
	char key[64], code[CODE_SIZE];

	snprintf(key, sizeof key, "reset:%s", account.id);
	new_code("alice", code);
	reset("alice", code, NOW);
	store_begin(site.store, STORE_READ);
	is_int(store_get(site.store, STORE_CODE, key, &record),
		STATUS_NOT_FOUND, "18: a used code's record is gone");
	store_abort(site.store);
}

int
main(void)
{
	unit_begin();
	unit_site(&site, UNIT_FAST);
	unit_account(&site, "alice", "alice@example.com", false);
	unit_account(&site, "bob", "", false);
	test_form();
	test_life();
	test_disabled();
	test_tries();
	test_digits();
	test_clean();
	test_nobodys();
	site_close(&site);
	return done();
}
