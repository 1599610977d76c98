/* token.c - access tokens that are late, replaced, deleted, taken, or whose
 * maker is gone */
#include "config.h"

#include "account/token.h"
#include "base/json.h"
#include "meanwhile.h"

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
	{"metrics:read", TOKEN_METRICS, "metrics:read"},
	{"metrics:read,admin,write,read", TOKEN_READ | TOKEN_WRITE | TOKEN_ADMIN | TOKEN_METRICS, "read,write,admin,metrics:read"},
	{"metrics", 0, ""},
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
	return token_create(&site, NULL, &token, NOW, secret) == STATUS_OK
		       ? token.id
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
	is_int(token_create(&site, NULL, &token, NOW, longest), STATUS_OK,
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
	is_int(good(secret, NOW + 100), STATUS_EXPIRED_TOKEN, "its end");
	is_int(token_rotate(&site, NULL, id, 0, NOW + 100, &token, secret),
		STATUS_EXPIRED_TOKEN, "which no rotation undoes");
}

static void
test_rotate(void)
{
	char first[TOKEN_SECRET_SIZE] = "", second[TOKEN_SECRET_SIZE] = "";
	char third[TOKEN_SECRET_SIZE] = "", last[TOKEN_SECRET_SIZE] = "";
	struct token token;
	int64_t until, id = make(0, false, first);

	is_int(token_rotate(&site, NULL, id, 60, NOW, &token, second),
		STATUS_OK, "rotated");
	is_int(token.id, id, "the same token");
	is_int(good(second, NOW), STATUS_OK, "the new secret");
	is_int(find(first, NOW + 59, &token, &until), STATUS_OK,
		"the old one's last second");
	is_int(until, NOW + 60, "and until when");
	is_int(good(first, NOW + 60), STATUS_EXPIRED_TOKEN, "its end");
	is_int(good(second, NOW + 60), STATUS_OK, "not the new one's");
	is_int(token_rotate(&site, NULL, id, 60, NOW, &token, third), STATUS_OK,
		"rotated in between");
	is_int(good(first, NOW), STATUS_BAD_TOKEN, "two have a grace at most");
	is_int(good(second, NOW), STATUS_OK, "the one before");
	is_int(good(third, NOW), STATUS_OK, "and the new one");
	is_int(token_rotate(&site, NULL, id, 0, NOW, &token, last), STATUS_OK,
		"rotated without a grace");
	is_int(good(second, NOW), STATUS_BAD_TOKEN, "ends a grace");
	is_int(good(third, NOW), STATUS_BAD_TOKEN, "and the one before");
	is_int(good(last, NOW), STATUS_OK, "but for the new one");
	is_int(token_rotate(&site, NULL, 999, 0, NOW, &token, last),
		STATUS_NO_ACCESS_TOKEN, "no such token");
	first[0] = '\0';
	id = make(NOW + 50, false, first);
	second[0] = '\0';
	token_rotate(&site, NULL, id, 60, NOW, &token, second);
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

	token_rotate(&site, NULL, id, 60, NOW, &token, second);
	is_int(token_delete(&site, id), STATUS_OK, "deleted");
	is_int(good(first, NOW), STATUS_BAD_TOKEN, "is gone");
	is_int(good(second, NOW), STATUS_BAD_TOKEN, "with both secrets");
	is_int(unit_count(&site, STORE_TOKEN), records, "and nothing is left");
	is_int(token_delete(&site, id), STATUS_NO_ACCESS_TOKEN, "once");
	is_int(token_delete(&site, 0), STATUS_NO_ACCESS_TOKEN, "none");
	first[0] = '\0';
	is_int(make(0, false, first), id + 1, "its id is not used again");
}

/* --- uses ---------------------------------------------------------------- */

/* When the token with that secret was used, as far as it is noted. */
static int64_t
used(const char *secret)
{
	struct token token = {.used = -1};
	int64_t until;

	find(secret, NOW, &token, &until);
	return token.used;
}

static void
test_use(void)
{
	enum { HOUR = TOKEN_USE_SECONDS };
	char secret[TOKEN_SECRET_SIZE] = "", other[TOKEN_SECRET_SIZE] = "";
	int records = unit_count(&site, STORE_USE);
	int64_t id = make(0, false, secret);
	uint64_t changes = store_changes(site.store);
	struct token token;

	is_int(used(secret), 0, "no use yet");
	token_note_use(&site, id, NOW);
	is_int(used(secret), NOW, "a use");
	token_note_use(&site, id, NOW + HOUR - 1);
	is_int(used(secret), NOW, "is not noted again within the hour");
	token_note_use(&site, id, NOW - HOUR + 1);
	is_int(used(secret), NOW, "nor by a process that was late");
	token_note_use(&site, id, NOW + HOUR);
	is_int(used(secret), NOW + HOUR, "but after it");
	token_note_use(&site, id, NOW - HOUR);
	is_int(used(secret), NOW - HOUR, "and after a clock that was wrong");
	ok(store_changes(site.store) == changes, "no token is checked again");
	is_int(token_rotate(&site, NULL, id, 0, NOW, &token, other), STATUS_OK,
		"rotated");
	is_int(token.used, NOW - HOUR, "it has been used all the same");
	is_int(token_delete(&site, id), STATUS_OK, "deleted");
	is_int(unit_count(&site, STORE_USE), records, "the use is gone, too");
	token_note_use(&site, id, NOW + 9 * HOUR);
	is_int(unit_count(&site, STORE_USE), records,
		"and is not noted where the token is gone");
}

/* --- a page of all ------------------------------------------------------- */

static void
test_pages(void)
{
	static struct token_page page;
	char secret[TOKEN_SECRET_SIZE] = "";
	struct json_object *broken;
	int64_t first = make(0, false, secret), last;

	token_note_use(&site, first, NOW);
	secret[0] = '\0';
	make(0, false, secret);
	secret[0] = '\0';
	last = make(0, false, secret);
	page.after = first - 1;
	page.limit = 2;
	is_int(token_list(&site, &page), STATUS_OK, "a page");
	is_int((long long)page.count, 2, "of two");
	is_int(page.tokens[0].id, first, "begins after that id");
	is_int(page.tokens[0].used, NOW, "with its use");
	is_int(page.tokens[1].used, 0, "each its own");
	is_str(page.makers[0], "alice", "and its maker's name");
	ok(page.more && page.after == last - 1, "there is more");
	is_int(token_list(&site, &page), STATUS_OK, "the next");
	ok(page.count == 1 && page.tokens[0].id == last, "has the last");
	ok(!page.more, "and there is no more");
	page.limit = 1;
	page.after = last - 1;
	token_list(&site, &page);
	ok(page.count == 1 && !page.more, "a full page may be the last");
	/* A record that is none hides no other. */
	store_begin(site.store, STORE_WRITE);
	broken = json_object_new_object();
	store_keep(site.store, STORE_TOKEN, "0000000000000000000x", broken);
	store_commit(site.store, STORE_LAZY);
	page.after = 0;
	page.limit = 1;
	is_int(token_list(&site, &page), STATUS_OK, "behind one that is none");
	is_int((long long)page.count, 1, "is another");
	store_begin(site.store, STORE_WRITE);
	store_delete(site.store, STORE_TOKEN, "0000000000000000000x");
	store_commit(site.store, STORE_LAZY);
}

/* --- parents ----------------------------------------------------------- */

/* A token that `by` makes, NULL: an administrator; `how` is what came of it. */
static struct token
child_of(struct token_caller *by, unsigned permission, int64_t expires,
	char secret[TOKEN_SECRET_SIZE], enum status *how)
{
	struct token token = {.name = "a token",
		.permission = permission,
		.expires = expires};

	secret[0] = '\0';
	strcpy(token.maker, maker.id);
	*how = token_create(&site, by, &token, NOW, secret);
	return token;
}

static struct token_caller
caller(const struct token *token)
{
	return (struct token_caller){.token = token->id, .epoch = token->epoch};
}

enum { ALL = TOKEN_READ | TOKEN_WRITE | TOKEN_ADMIN };

/* What a token with those permissions, and that end, may not make. */
static void
test_no_more(void)
{
	static const struct {
		const char *name;
		unsigned own, wanted;
		int64_t end, wanted_end;
		const char *reason; /* NULL: it may */
	} rows[] = {
		{"the same, with the same end", ALL, ALL, NOW + 60, NOW + 60,
			NULL},
		{"less, and shorter", ALL, TOKEN_READ, NOW + 60, NOW + 1, NULL},
		{"an end of one that has none", ALL, ALL, 0, NOW + 60, NULL},
		{"none of one that has none", ALL, ALL, 0, 0, NULL},
		{"no end", ALL, TOKEN_READ, NOW + 60, 0, "ends later"},
		{"a later end", ALL, TOKEN_READ, NOW + 60, NOW + 61,
			"ends later"},
		{"to read, by admin alone", TOKEN_ADMIN, TOKEN_READ, 0, 0,
			"more permissions"},
		{"to write, by read and admin", TOKEN_READ | TOKEN_ADMIN, ALL,
			0, 0, "more permissions"},
	};
	char secret[TOKEN_SECRET_SIZE];
	struct token_caller by;
	struct token parent;
	enum status status;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		parent = child_of(
			NULL, rows[i].own, rows[i].end, secret, &status);
		by = caller(&parent);
		child_of(&by, rows[i].wanted, rows[i].wanted_end, secret,
			&status);
		is_int(status,
			rows[i].reason == NULL ? STATUS_OK
					       : STATUS_BEYOND_TOKEN,
			rows[i].name);
		ok(rows[i].reason == NULL ||
				strstr(by.reason, rows[i].reason) != NULL,
			"and why not: %s", rows[i].name);
		is_int(good(secret, NOW),
			rows[i].reason == NULL ? STATUS_OK : STATUS_BAD_TOKEN,
			"is good, or is not there");
	}
}

enum { LINE = TOKEN_GENERATIONS + 1 };

/* A token of an administrator, and the line that comes from it. */
static void
make_line(struct token line[LINE], char secrets[LINE][TOKEN_SECRET_SIZE])
{
	struct token_caller by;
	enum status status;
	int i;

	line[0] = child_of(NULL, ALL, 0, secrets[0], &status);
	for (i = 1; i < LINE; i++) {
		by = caller(&line[i - 1]);
		line[i] = child_of(&by, ALL, 0, secrets[i], &status);
		is_int(status, STATUS_OK, "a generation");
	}
}

static int
count_good(char secrets[LINE][TOKEN_SECRET_SIZE])
{
	int i, count = 0;

	for (i = 0; i < LINE; i++)
		count += good(secrets[i], NOW) == STATUS_OK;
	return count;
}

static void
test_line_deleted(void)
{
	char secrets[LINE][TOKEN_SECRET_SIZE], secret[TOKEN_SECRET_SIZE];
	int records = unit_count(&site, STORE_TOKEN);
	struct token line[LINE], other;
	struct token_caller by;
	enum status status;

	make_line(line, secrets);
	is_int(count_good(secrets), LINE, "the whole line is good");
	is_int(line[2].parent, line[1].id, "each has its parent");
	by = caller(&line[LINE - 1]);
	child_of(&by, ALL, 0, secret, &status);
	is_int(status, STATUS_BEYOND_TOKEN, "a generation too many");
	by = caller(&line[1]);
	other = child_of(&by, ALL, 0, secret, &status);
	token_delete(&site, line[2].id);
	is_int(count_good(secrets), 2, "one is deleted: all after it are dead");
	is_int(good(secret, NOW), STATUS_OK, "its brother is not");
	token_delete(&site, line[0].id);
	is_int(count_good(secrets), 0, "the first is deleted: all are dead");
	is_int(good(secret, NOW), STATUS_BAD_TOKEN, "the brother, too");
	is_int(unit_count(&site, STORE_TOKEN), records, "and nothing is left");
	is_int(token_delete(&site, other.id), STATUS_NO_ACCESS_TOKEN,
		"of the brother neither");
}

static void
test_line_rotated(void)
{
	char secrets[LINE][TOKEN_SECRET_SIZE], secret[TOKEN_SECRET_SIZE] = "";
	struct token line[LINE], rotated;
	struct token_caller by;
	enum status status;

	make_line(line, secrets);
	by = caller(&line[0]);
	is_int(token_rotate(&site, NULL, line[0].id, 60, NOW, &rotated, secret),
		STATUS_OK, "the first is rotated, with a grace");
	is_int(count_good(secrets), 1, "what was made with the old is dead");
	child_of(&by, ALL, 0, secrets[1], &status);
	is_int(status, STATUS_BAD_TOKEN, "who had the old makes no more");
	is_int(token_rotate(&site, &by, line[0].id, 0, NOW, &rotated, secret),
		STATUS_BAD_TOKEN, "and rotates none");
	by = caller(&rotated);
	child_of(&by, ALL, 0, secrets[1], &status);
	is_int(status, STATUS_OK, "who has the new does");
	is_int(good(secrets[1], NOW), STATUS_OK, "which is good");
	token_delete(&site, rotated.id);
	is_int(good(secrets[1], NOW), STATUS_BAD_TOKEN, "until it is deleted");
}

/* A caller that rotates a token learns its secret. */
static void
test_who_rotates(void)
{
	char secrets[LINE][TOKEN_SECRET_SIZE], secret[TOKEN_SECRET_SIZE] = "";
	struct token line[LINE], stranger, rotated;
	struct token_caller by;
	enum status status;

	make_line(line, secrets);
	stranger = child_of(NULL, ALL, 0, secret, &status);
	by = caller(&line[1]);
	secret[0] = '\0';
	is_int(token_rotate(&site, &by, stranger.id, 0, NOW, &rotated, secret),
		STATUS_BEYOND_TOKEN, "a token of somebody else's");
	is_int(token_rotate(&site, &by, line[0].id, 0, NOW, &rotated, secret),
		STATUS_BEYOND_TOKEN, "its own parent");
	is_int(count_good(secrets), LINE, "are as they were");
	is_int(token_rotate(&site, &by, line[3].id, 0, NOW, &rotated, secret),
		STATUS_OK, "what it has made has made");
	is_int(token_rotate(&site, &by, line[1].id, 0, NOW, &rotated, secret),
		STATUS_OK, "itself");
	token_delete(&site, line[0].id);
	token_delete(&site, stranger.id);
}

/* A record as it was before tokens had parents, but for the hash. */
static void
test_old_record(void)
{
	char secret[TOKEN_SECRET_SIZE], child[TOKEN_SECRET_SIZE], key[32];
	static const char *const members[] = {"epoch", "parent", "parent_epoch",
		"generation", "has_children"};
	enum status status;
	struct token old = child_of(NULL, ALL, NOW + 60, secret, &status);
	struct token_caller by = caller(&old);
	struct json_object *record;
	size_t i;

	snprintf(key, sizeof key, "%019lld", (long long)old.id);
	store_begin(site.store, STORE_WRITE);
	store_get(site.store, STORE_TOKEN, key, &record);
	for (i = 0; i < sizeof members / sizeof members[0]; i++)
		json_object_object_del(record, members[i]);
	store_put(site.store, STORE_TOKEN, key, record);
	store_commit(site.store, STORE_LAZY);
	json_object_put(record);
	is_int(good(secret, NOW), STATUS_OK, "a record without a parent");
	child_of(&by, TOKEN_READ, NOW + 60, child, &status);
	is_int(status, STATUS_OK, "can be one");
	is_int(good(child, NOW), STATUS_OK, "of a good token");
	/* As if the process had died right after the deletion. */
	store_begin(site.store, STORE_WRITE);
	store_delete(site.store, STORE_TOKEN, key);
	store_commit(site.store, STORE_LAZY);
	is_int(good(child, NOW), STATUS_BAD_TOKEN,
		"and its child is dead without it");
}

/* Its parent's end is the token's, whatever its own record says. */
static void
test_parent_over(void)
{
	char secret[TOKEN_SECRET_SIZE], child_secret[TOKEN_SECRET_SIZE];
	enum status status;
	struct token parent = child_of(NULL, ALL, NOW + 60, secret, &status);
	struct token_caller by = caller(&parent);
	struct token found, child;
	struct json_object *record;
	char key[32];
	int64_t until;

	child = child_of(&by, ALL, NOW + 60, child_secret, &status);
	snprintf(key, sizeof key, "%019lld", (long long)child.id);
	store_begin(site.store, STORE_WRITE);
	store_get(site.store, STORE_TOKEN, key, &record);
	json_add_int(record, "expires_at", 0);
	store_put(site.store, STORE_TOKEN, key, record);
	store_commit(site.store, STORE_LAZY);
	json_object_put(record);
	is_int(find(child_secret, NOW + 59, &found, &until), STATUS_OK,
		"its parent's last second");
	is_int(until, NOW + 60, "and until when");
	is_int(good(child_secret, NOW + 60), STATUS_BAD_TOKEN,
		"its parent's end");
	token_delete(&site, parent.id);
}

/* --- the rest ---------------------------------------------------------- */

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
	is_int(token_create(&site, NULL, &token, NOW, first),
		STATUS_TOKEN_TAKEN, "the same UUID");
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
	is_int(token_rotate(&site, NULL, one, 60, NOW, &token, third),
		STATUS_OK, "a rotation to a UUID");
	is_int(good(third, NOW), STATUS_OK, "which is good");
	is_int(token_create(&site, NULL, &token, NOW, first),
		STATUS_TOKEN_TAKEN, "the one before is not free");
	token_delete(&site, one);
	is_int(token_create(&site, NULL, &token, NOW, first), STATUS_OK,
		"before the token is deleted");
}

static enum status
set_service(const char *uuid)
{
	struct token token = {.permission = TOKEN_READ};
	char secret[TOKEN_SECRET_SIZE];

	snprintf(secret, sizeof secret, "%s", uuid);
	strcpy(token.maker, maker.id);
	return token_set_service(&site, &token, NOW, secret);
}

static const char uuids[][TOKEN_SECRET_SIZE] = {
	"5f0d9c3e-8a71-4b26-9e04-d7c15b3a682f",
	"b86a21f4-3d97-4c05-a1e8-6f429d0c75b3",
	"e3479b0d-61c8-4fa2-8d5e-20b7f3a9164c",
};

static void
set_elsewhere(void)
{
	struct site own = site;

	unit_site(&site, UNIT_FAST);
	if (set_service(uuids[2]) != STATUS_OK)
		_exit(1);
	site_close(&site);
	site = own;
}

/* A value for the one service token. */
static void
test_set_service(void)
{
	char access[TOKEN_SECRET_SIZE] = "";
	int before, records;
	int64_t one, id;

	while (token_find_service(&site, NULL, NOW, &id) == STATUS_OK)
		token_delete(&site, id);
	before = unit_count(&site, STORE_TOKEN);
	is_int(set_service(uuids[0]), STATUS_OK, "there is none: it is made");
	is_int(good(uuids[0], NOW), STATUS_OK, "and good");
	is_int(token_find_service(&site, NULL, NOW, &one), STATUS_OK, "found");
	is_int(set_service(uuids[1]), STATUS_OK, "there is one: another value");
	is_int(token_find_service(&site, NULL, NOW, &id), STATUS_OK, "found");
	is_int(id, one, "as the same token");
	is_int(good(uuids[0], NOW), STATUS_BAD_TOKEN, "the old one is dead");
	is_int(good(uuids[1], NOW), STATUS_OK, "the new one is good");
	is_int(set_service(uuids[1]), STATUS_OK, "the same value");
	is_int(good(uuids[1], NOW), STATUS_OK, "stays good");
	records = unit_count(&site, STORE_TOKEN);
	is_int(records, before + 2, "a token and what leads to it, no more");
	make(0, false, access);
	is_int(set_service(access), STATUS_TOKEN_TAKEN, "an access token's");
	is_int(good(uuids[1], NOW), STATUS_OK, "and nothing has changed");
	token_delete(&site, one);
	/* After the look at the last number, and at all tokens. */
	meanwhile_skip = 2;
	meanwhile = set_elsewhere;
	is_int(set_service(uuids[0]), STATUS_OK,
		"made in another process meanwhile: another value");
	ok(meanwhile == NULL, "it was made");
	is_int(good(uuids[2], NOW), STATUS_BAD_TOKEN, "its value is dead");
	is_int(good(uuids[0], NOW), STATUS_OK, "the later one is good");
	is_int(unit_count(&site, STORE_TOKEN), records + 2,
		"and there is one such token");
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
		if (token_create(&own, NULL, &token, NOW, secret) != STATUS_OK)
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

static enum status
make_own(const struct account *owner, unsigned permission, struct token *token,
	char secret[TOKEN_SECRET_SIZE])
{
	struct token_caller by = {
		.epoch = owner->epoch, .owner = owner->id, .language = ""};

	memset(token, 0, sizeof *token);
	token->permission = permission;
	secret[0] = '\0';
	return token_create(&site, &by, token, NOW, secret);
}

static void
test_personal(void)
{
	struct token token, other;
	struct token_caller by = {.epoch = maker.epoch, .owner = maker.id};
	struct account user, was;
	char secret[TOKEN_SECRET_SIZE], unused[TOKEN_SECRET_SIZE] = "";
	bool no = false, yes = true;

	unit_account(&site, "carol", "", false);
	unit_find(&site, "carol", &user);
	is_int(make_own(&user, TOKEN_ADMIN, &token, secret),
		STATUS_BEYOND_TOKEN, "no personal one of a user with admin");
	is_int(make_own(&user, TOKEN_READ, &token, secret), STATUS_OK,
		"a personal one of a user");
	is_int(good(secret, NOW), STATUS_OK, "is good");
	is_int(token_rotate(&site, &by, token.id, 0, NOW, &other, unused),
		STATUS_NO_ACCESS_TOKEN, "no other account rotates it");
	is_int(token_rotate(&site, NULL, token.id, 0, NOW, &other, unused),
		STATUS_NO_ACCESS_TOKEN, "nor does an administrator");
	by.owner = user.id;
	by.epoch = user.epoch - 1;
	is_int(token_rotate(&site, &by, token.id, 0, NOW, &other, unused),
		STATUS_BAD_TOKEN, "nor its owner from before a change");
	is_int(good(secret, NOW), STATUS_OK, "which leaves it good");
	is_int(token_delete_own(&site, maker.id, token.id),
		STATUS_NO_ACCESS_TOKEN, "no other account deletes it");
	site.conf->tokens = TOKENS_ADMIN;
	is_int(good(secret, NOW), STATUS_BAD_TOKEN, "tokens = admin");
	site.conf->tokens = TOKENS_ALL;
	account_update(&site, user.id, account_set_enabled, &no);
	is_int(good(secret, NOW), STATUS_BAD_TOKEN,
		"31: a personal one of a disabled account");
	is_int(make_own(&user, TOKEN_READ, &other, unused), STATUS_BAD_TOKEN,
		"which makes none, either");
	account_update(&site, user.id, account_set_enabled, &yes);
	is_int(good(secret, NOW), STATUS_OK, "good again");
	is_int(token_delete_account(&site, user.id, &was), STATUS_OK,
		"an account is deleted");
	is_int(good(secret, NOW), STATUS_BAD_TOKEN, "its owner is gone");
	is_int(token_delete(&site, token.id), STATUS_NO_ACCESS_TOKEN,
		"and so is the token");
}

static void
test_personal_most(void)
{
	static struct token tokens[TOKENS_OWN];
	char secret[TOKEN_SECRET_SIZE];
	struct account user;
	struct token token;
	int i, count, last = 0;

	unit_account(&site, "dave", "", false);
	unit_find(&site, "dave", &user);
	for (i = 0; i < TOKENS_OWN; i++)
		last = (int)make_own(&user, TOKEN_READ, &token, secret);
	is_int(last, STATUS_OK, "the hundredth");
	is_int(make_own(&user, TOKEN_READ, &token, secret), STATUS_BEYOND_TOKEN,
		"is the last");
	token_list_own(&site, user.id, tokens, &count);
	is_int(count, TOKENS_OWN, "all are listed");
	is_int(tokens[1].id - tokens[0].id, 1, "by their numbers");
	is_int(token_delete_own(&site, user.id, tokens[0].id), STATUS_OK,
		"one less");
	is_int(make_own(&user, TOKEN_READ, &token, secret), STATUS_OK,
		"makes room");
	token_list_own(&site, maker.id, tokens, &count);
	is_int(count, 0, "another account has none of them");
	token_delete_account(&site, user.id, &user);
	token_list_own(&site, user.id, tokens, &count);
	is_int(count, 0, "an account's go with it");
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
	test_use();
	test_pages();
	test_no_more();
	test_line_deleted();
	test_line_rotated();
	test_who_rotates();
	test_old_record();
	test_parent_over();
	test_maker();
	test_personal();
	test_personal_most();
	test_services();
	test_set_service();
	test_at_once();
	site_close(&site);
	return done();
}
