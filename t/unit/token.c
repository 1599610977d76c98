/* token.c - access tokens that are late, replaced, deleted, taken, or whose
 * maker is gone */
#include "config.h"

#include "token.h"
#include "unit.h"

enum { NOW = 1000000 };

/* clang-format off */
static const struct {
	const char *list;
	unsigned permission;
	const char *written;
} lists[] = {
	{"read", TOKEN_READ, "read"},
	{"write", TOKEN_WRITE, "write"},
	{"admin", TOKEN_ADMIN, "admin"},
	{"read,write", TOKEN_READ | TOKEN_WRITE, "read,write"},
	{"write,read", TOKEN_READ | TOKEN_WRITE, "read,write"},
	{" read , write ", TOKEN_READ | TOKEN_WRITE, "read,write"},
	{"read,write,admin", TOKEN_READ | TOKEN_WRITE | TOKEN_ADMIN, "read,write,admin"},
	{"read,read", TOKEN_READ, "read"},
	{"", 0, ""},
	{" ", 0, ""},
	{",", 0, ""},
	{"read,", 0, ""},
	{",read", 0, ""},
	{"read,,write", 0, ""},
	{"read write", 0, ""},
	{"read;write", 0, ""},
	{"Read", 0, ""},
	{"reader", 0, ""},
	{"rea", 0, ""},
	{"read,delete", 0, ""},
	{"read\t", 0, ""},
};
/* clang-format on */

static struct site site;
static struct account maker;

static enum status
find(const char *secret, int64_t now, struct token *token, int64_t *until)
{
	enum status status = site_keys(&site, now);

	*until = 0;
	if (status == STATUS_OK)
		status = store_begin(site.store, STORE_READ);
	if (status == STATUS_OK)
		status = token_find(&site, secret, now, token, until);
	store_abort(site.store);
	return status;
}

static enum status
good(const char *secret, int64_t now)
{
	struct token token;
	int64_t until;

	return find(secret, now, &token, &until);
}

/* Makes one; `secret` as for token_create(). Returns its id, 0 for none. */
static int64_t
make(int64_t expires, bool service, char secret[TOKEN_SECRET_SIZE])
{
	struct token token = {.name = "a token",
		.permission = TOKEN_READ,
		.service = service,
		.expires = expires};

	strcpy(token.maker, maker.id);
	return token_create(&site, &token, NOW, secret) == STATUS_OK ? token.id
								     : 0;
}

static void
test_lists(void)
{
	char list[TOKEN_PERMISSION_SIZE];
	unsigned permission;
	size_t i;

	for (i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		permission = token_read_permission(lists[i].list);
		is_int((long long)permission, (long long)lists[i].permission,
			lists[i].list);
		token_write_permission(permission, list);
		is_str(list, lists[i].written, "and written");
	}
}

static bool
collect(void *context, const struct token *token)
{
	int64_t *last = context;

	ok(token->id > *last, "by id");
	*last = token->id;
	return true;
}

static void
test_create(void)
{
	char first[TOKEN_SECRET_SIZE] = "", second[TOKEN_SECRET_SIZE] = "";
	char longest[TOKEN_SECRET_SIZE] = "";
	struct token token;
	int64_t until, last = 0;

	is_int(make(0, false, first), 1, "the first");
	is_int(make(0, false, second), 2, "the second");
	ok(strncmp(first, "lk_", 3) == 0 && strlen(first) >= 40,
		"is long and says whose it is");
	ok(strcmp(first, second) != 0, "each another");
	is_int(find(second, NOW, &token, &until), STATUS_OK, "is found");
	is_int(token.id, 2, "as itself");
	is_str(token.name, "a token", "by name");
	is_str(token.maker, maker.id, "of its maker");
	is_int(token.created, NOW, "when it was made");
	ok(until == INT64_MAX, "for ever");
	second[strlen(second) - 1] ^= 1;
	is_int(good(second, NOW), STATUS_BAD_TOKEN, "another symbol");
	second[strlen(second) - 1] = '\0';
	is_int(good(second, NOW), STATUS_BAD_TOKEN, "a symbol less");
	is_int(good("", NOW), STATUS_BAD_TOKEN, "nothing");
	memset(token.name, 'n', TOKEN_NAME_MAX);
	memset(token.description, 'd', TOKEN_DESCRIPTION_MAX);
	token.permission = TOKEN_WRITE | TOKEN_ADMIN;
	is_int(token_create(&site, &token, NOW, longest), STATUS_OK,
		"the longest name and description");
	is_int(find(longest, NOW, &token, &until), STATUS_OK, "are found");
	is_int((long long)strlen(token.name), TOKEN_NAME_MAX, "whole");
	is_int((long long)strlen(token.description), TOKEN_DESCRIPTION_MAX,
		"both");
	is_int((long long)token.permission, TOKEN_WRITE | TOKEN_ADMIN,
		"with what it may do");
	is_int(token_each(&site, collect, &last), STATUS_OK, "each");
	is_int(last, 3, "to the last, and no hash");
}

static void
test_life(void)
{
	char secret[TOKEN_SECRET_SIZE] = "";
	struct token token;
	int64_t until, id = make(NOW + 100, false, secret);

	is_int(find(secret, NOW + 99, &token, &until), STATUS_OK,
		"its last second");
	is_int(until, NOW + 100, "and until when");
	is_int(good(secret, NOW + 100), STATUS_BAD_TOKEN, "its end");
	is_int(token_rotate(&site, id, 0, NOW + 100, &token, secret),
		STATUS_EXPIRED_TOKEN, "which no rotation undoes");
}

static void
test_rotate(void)
{
	char first[TOKEN_SECRET_SIZE] = "", second[TOKEN_SECRET_SIZE] = "";
	char third[TOKEN_SECRET_SIZE] = "", last[TOKEN_SECRET_SIZE] = "";
	struct token token;
	int64_t until, id = make(0, false, first);

	is_int(token_rotate(&site, id, 60, NOW, &token, second), STATUS_OK,
		"rotated");
	is_int(token.id, id, "the same token");
	is_int(good(second, NOW), STATUS_OK, "the new secret");
	is_int(find(first, NOW + 59, &token, &until), STATUS_OK,
		"the old one's last second");
	is_int(until, NOW + 60, "and until when");
	is_int(good(first, NOW + 60), STATUS_BAD_TOKEN, "its end");
	is_int(good(second, NOW + 60), STATUS_OK, "not the new one's");
	is_int(token_rotate(&site, id, 60, NOW, &token, third), STATUS_OK,
		"rotated in between");
	is_int(good(first, NOW), STATUS_BAD_TOKEN, "two have a grace at most");
	is_int(good(second, NOW), STATUS_OK, "the one before");
	is_int(good(third, NOW), STATUS_OK, "and the new one");
	is_int(token_rotate(&site, id, 0, NOW, &token, last), STATUS_OK,
		"rotated without a grace");
	is_int(good(second, NOW), STATUS_BAD_TOKEN, "ends a grace");
	is_int(good(third, NOW), STATUS_BAD_TOKEN, "and the one before");
	is_int(good(last, NOW), STATUS_OK, "but for the new one");
	is_int(token_rotate(&site, 999, 0, NOW, &token, last),
		STATUS_NO_ACCESS_TOKEN, "no such token");
	first[0] = '\0';
	id = make(NOW + 50, false, first);
	second[0] = '\0';
	token_rotate(&site, id, 60, NOW, &token, second);
	is_int(token.expires, NOW + 50, "its end stays");
	find(first, NOW, &token, &until);
	is_int(until, NOW + 50, "and no grace outlives it");
}

static void
test_delete(void)
{
	char first[TOKEN_SECRET_SIZE] = "", second[TOKEN_SECRET_SIZE] = "";
	struct token token;
	int records = unit_count(&site, STORE_TOKEN);
	int64_t id = make(0, false, first);

	token_rotate(&site, id, 60, NOW, &token, second);
	is_int(token_delete(&site, id), STATUS_OK, "deleted");
	is_int(good(first, NOW), STATUS_BAD_TOKEN, "is gone");
	is_int(good(second, NOW), STATUS_BAD_TOKEN, "with both secrets");
	is_int(unit_count(&site, STORE_TOKEN), records, "and nothing is left");
	is_int(token_delete(&site, id), STATUS_NO_ACCESS_TOKEN, "once");
	is_int(token_delete(&site, 0), STATUS_NO_ACCESS_TOKEN, "none");
	first[0] = '\0';
	is_int(make(0, false, first), id + 1, "its id is not used again");
}

static enum status
set_admin(struct account *account, const void *admin)
{
	account->admin = *(const bool *)admin;
	return STATUS_OK;
}

static void
test_maker(void)
{
	char secret[TOKEN_SECRET_SIZE] = "";
	struct password password = unit_password("another");
	char hash[PASSWORD_HASH_SIZE];
	bool no = false, yes = true;

	make(0, false, secret);
	account_hash(&site, &password, hash);
	account_update(&site, "alice", account_set_hash, hash);
	is_int(good(secret, NOW), STATUS_OK, "outlives a password");
	account_update(&site, "alice", account_set_enabled, &no);
	is_int(good(secret, NOW), STATUS_BAD_TOKEN, "a disabled maker");
	account_update(&site, "alice", account_set_enabled, &yes);
	is_int(good(secret, NOW), STATUS_OK, "who comes back");
	account_update(&site, "alice", set_admin, &no);
	is_int(good(secret, NOW), STATUS_BAD_TOKEN, "who is no administrator");
	account_update(&site, "alice", set_admin, &yes);
	is_int(good(secret, NOW), STATUS_OK, "and is one again");
	account_delete(&site, "alice", &maker);
	is_int(good(secret, NOW), STATUS_BAD_TOKEN, "a deleted maker");
	unit_account(&site, "alice", "", true);
	is_int(good(secret, NOW), STATUS_BAD_TOKEN,
		"whose name another has now");
	unit_find(&site, "alice", &maker);
}

static void
test_services(void)
{
	char first[TOKEN_SECRET_SIZE] = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
	char second[TOKEN_SECRET_SIZE] = "c1f1f27e-0a5c-4b0b-9bb6-a5ed2c7a0d11";
	char third[TOKEN_SECRET_SIZE] = "0e5b8a43-1c1f-4d3c-8f77-2f1f4f9a6b20";
	char plain[TOKEN_SECRET_SIZE] = "";
	struct token token = {.service = true, .permission = TOKEN_READ};
	int64_t id, one, two;

	is_int(token_find_service(&site, NULL, NOW, &id),
		STATUS_NO_ACCESS_TOKEN, "no service token yet");
	one = make(0, true, first);
	ok(one > 0, "a service token");
	strcpy(token.maker, maker.id);
	is_int(token_create(&site, &token, NOW, first), STATUS_TOKEN_TAKEN,
		"the same UUID");
	two = make(NOW + 100, true, second);
	is_int(two, one + 1, "a refused one takes no id");
	make(0, false, plain);
	is_int(good(first, NOW), STATUS_OK, "a service's secret is good");
	is_int(token_find_service(&site, first, NOW, &id), STATUS_OK, "found");
	is_int(id, one, "as itself");
	is_int(token_find_service(&site, NULL, NOW, &id), STATUS_OK,
		"the newest");
	is_int(id, two, "of the services");
	is_int(token_find_service(&site, NULL, NOW + 100, &id), STATUS_OK,
		"one has expired");
	is_int(id, one, "so that another is the newest");
	is_int(token_find_service(&site, second, NOW + 100, &id),
		STATUS_NO_ACCESS_TOKEN, "and is not found any more");
	is_int(token_find_service(&site, plain, NOW, &id),
		STATUS_NO_ACCESS_TOKEN, "one that is no service's");
	is_int(token_find_service(&site, "", NOW, &id), STATUS_NO_ACCESS_TOKEN,
		"nothing");
	is_int(token_rotate(&site, one, 60, NOW, &token, third), STATUS_OK,
		"a rotation to a UUID");
	is_int(good(third, NOW), STATUS_OK, "which is good");
	is_int(token_create(&site, &token, NOW, first), STATUS_TOKEN_TAKEN,
		"the one before is not free");
	token_delete(&site, one);
	is_int(token_create(&site, &token, NOW, first), STATUS_OK,
		"before the token is deleted");
}

static void
create_many(void)
{
	struct site own;
	struct token token = {.permission = TOKEN_READ};
	char secret[TOKEN_SECRET_SIZE];
	int i;

	unit_site(&own, UNIT_FAST);
	for (i = 0; i < 20; i++) {
		secret[0] = '\0';
		strcpy(token.maker, maker.id);
		if (token_create(&own, &token, NOW, secret) != STATUS_OK)
			_exit(1);
	}
	site_close(&own);
}

static bool
count(void *context, const struct token *token)
{
	(void)token;
	++*(int *)context;
	return true;
}

/* Two processes at once do not get the same id. */
static void
test_at_once(void)
{
	int before = 0, after = 0, how, good_ones = 0;
	pid_t pids[2];
	size_t i;

	token_each(&site, count, &before);
	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			create_many();
			_exit(0);
		}
	}
	for (i = 0; i < 2; i++)
		if (waitpid(pids[i], &how, 0) == pids[i])
			good_ones += how == 0 ? 1 : 0;
	is_int(good_ones, 2, "two processes");
	token_each(&site, count, &after);
	is_int(after - before, 40, "each of their tokens has an id");
}

int
main(void)
{
	unit_begin();
	unit_site(&site, UNIT_FAST);
	unit_account(&site, "root", "", true); /* the last one stays */
	unit_account(&site, "alice", "", true);
	unit_find(&site, "alice", &maker);
	test_lists();
	test_create();
	test_life();
	test_rotate();
	test_delete();
	test_maker();
	test_services();
	test_at_once();
	site_close(&site);
	return done();
}
