/* admin.c - latchkey's own API for administrators: accounts, and the audit */
#include "config.h"

#include "account/account-list.h"
#include "account/invitation.h"
#include "account/token.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "site/audit-read.h"
#include "web/app.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum {
	CURSOR_SIZE = 4 * NAME_SIZE,
	COUNTS = 100,  /* of the throttle that are shown */
	WORD_SIZE = 32 /* of an event's name, an outcome */
};

static_assert((int)APP_PAGE_MOST <= (int)ACCOUNT_LIST_MOST, "a page fits");

#define ACCOUNTS "/account/api/accounts"

/* --- parts of questions and answers ------------------------------------- */

/* An account as administrators see it. */
static struct json_object *
describe(const struct call *call, const struct account *account)
{
	struct json_object *object = app_account(call->site, account);

	json_add_bool(object, "enabled", account->enabled);
	json_add_bool(object, "invited", account->hash[0] == '\0');
	json_add_bool(object, "must_change", account->must_change);
	return object;
}

/* Adds where the next page begins; "" is null. */
static void
add_next(struct call *call, const char *next)
{
	json_add_string(call->data, "next", next[0] != '\0' ? next : NULL);
}

/* Finds the account of the path's {id}, by its id alone. */
static enum status
find(struct call *call, struct account *account)
{
	enum status status = STATUS_NO_ACCOUNT;

	if (uuid_valid(call->id))
		status = account_look_up_whom(call->site, call->id, account);
	if (status == STATUS_OK)
		app_about(call, account);
	return status;
}

/* --- the list ----------------------------------------------------------- */

/* A cursor is the name after which the page begins. */
static void
write_cursor(const char *name, char cursor[CURSOR_SIZE])
{
	sodium_bin2base64(cursor, CURSOR_SIZE, (const unsigned char *)name,
		strlen(name), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static bool
read_cursor(const char *cursor, char name[NAME_SIZE])
{
	size_t length;
	const char *end;

	if (sodium_base642bin((unsigned char *)name, NAME_SIZE - 1, cursor,
		    strlen(cursor), NULL, &length, &end,
		    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
		*end != '\0')
		return false;
	name[length] = '\0';
	return strlen(name) == length;
}

/* Which accounts are listed by that word of a query, usernames by "". */
static bool
read_by(const char *word, enum account_list_by *by)
{
	static const struct {
		const char *word;
		enum account_list_by by;
	} words[] = {{"", ACCOUNT_LIST_USERNAMES},
		{"username", ACCOUNT_LIST_USERNAMES},
		{"email", ACCOUNT_LIST_EMAILS}, {"name", ACCOUNT_LIST_NAMES}};
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].word, word) == 0) {
			*by = words[i].by;
			return true;
		}
	return false;
}

static void
add_page(struct call *call, const struct account_list *list)
{
	struct json_object *accounts = json_new_array();
	char next[CURSOR_SIZE] = "";
	size_t i;

	for (i = 0; i < list->count; i++)
		json_append(accounts, describe(call, &list->accounts[i]));
	json_add(call->data, "accounts", accounts);
	if (list->more)
		write_cursor(list->after, next);
	add_next(call, next);
}

static enum status
list_accounts(struct call *call)
{
	static struct account_list list;
	char by[16], after[CURSOR_SIZE], limit[8];
	const struct app_parameter parameters[] = {{"by", by, sizeof by},
		{"after", after, sizeof after}, {"limit", limit, sizeof limit},
		{"prefix", list.prefix, sizeof list.prefix}, {NULL, NULL, 0}};
	enum status status = app_query(call, parameters);

	if (status == STATUS_OK)
		status = app_limit(call, limit, &list.limit);
	if (status != STATUS_OK)
		return status;
	if (!read_by(by, &list.by))
		return app_bad_query(call, "by is username, email or name.");
	if (!read_cursor(after, list.after))
		return app_bad_query(call, "after is no `next` of a page.");
	status = account_list_read(call->site, &list);
	if (status == STATUS_OK)
		add_page(call, &list);
	sodium_memzero(list.accounts, sizeof list.accounts);
	return status;
}

/* --- one account -------------------------------------------------------- */

static enum status
show(struct call *call)
{
	struct account account;
	enum status status = find(call, &account);

	if (status == STATUS_OK)
		json_add(call->data, "account", describe(call, &account));
	return status;
}

/* Sets those members of an account that the body has, as far as they can be
 * read. */
static enum status
read_members(struct call *call, struct account *account)
{
	const char *role = json_string(call->body, "role");
	const char *email = json_string(call->body, "email");
	struct json_object *groups =
		json_object_object_get(call->body, "groups");
	struct account_profile profile;
	enum status status = app_profile(call, &profile);

	if (status != STATUS_OK)
		return status;
	if (role != NULL && strcmp(role, "admin") != 0 &&
		strcmp(role, "user") != 0)
		return app_bad_field(call, "role is admin or user.");
	if (groups != NULL && !groups_read(groups, account->groups))
		return app_bad_field(call,
			"groups is an array of at most 32 words of a-z0-9._-, "
			"32 letters each.");
	if (email != NULL && name_needs_smtputf8(email))
		return app_bad_field(call,
			"email must be ASCII before its @: mails to other "
			"addresses cannot be sent.");
	if (email != NULL && email[0] != '\0' && !name_is_email(email))
		return STATUS_BAD_NAME;
	if (role != NULL)
		account->admin = strcmp(role, "admin") == 0;
	account_take_profile(account, &profile);
	if (email != NULL)
		strcpy(account->email, email);
	return STATUS_OK;
}

/* --- invitations -------------------------------------------------------- */

static void
add_invitation(struct call *call, const struct invitation *invitation)
{
	if (invitation->code[0] != '\0')
		json_add_string(call->data, "code", invitation->code);
	app_add_time(call->data, "expires_at", invitation->expires);
}

static enum status
invite(struct call *call)
{
	const char *username = app_string(call, "username");
	struct account account = {.admin = false};
	struct invitation invitation;
	char *address;
	enum status status = read_members(call, &account);

	if (status != STATUS_OK)
		return status;
	if (strlen(username) > NAME_BYTES)
		return STATUS_BAD_NAME;
	strcpy(account.username, username);
	if (account_is_admin_in_name_only(&account))
		return STATUS_BAD_NAME;
	status = invitation_new(
		call->site, &account, call->attempt.now, &invitation);
	if (status == STATUS_OK) {
		app_about(call, &account);
		address = mem_printf(ACCOUNTS "/%s", account.id);
		app_add_header(call, "Location", address);
		mem_free(address);
		json_add(call->data, "account", describe(call, &account));
		add_invitation(call, &invitation);
	}
	sodium_memzero(&invitation, sizeof invitation);
	return status == STATUS_OK ? STATUS_CREATED : status;
}

/* A mail will come later; a code is here. */
static enum status
send_code(struct call *call)
{
	struct account account;
	struct invitation invitation;
	enum status status = find(call, &account);

	if (status == STATUS_OK)
		status = invitation_again(call->site, account.id,
			call->attempt.now, &account, &invitation);
	if (status != STATUS_OK)
		return status;
	add_invitation(call, &invitation);
	status = invitation.code[0] == '\0' ? STATUS_ACCEPTED : STATUS_OK;
	sodium_memzero(&invitation, sizeof invitation);
	return status;
}

/* --- changes ------------------------------------------------------------ */

/* Another address has to be proved again. A copy of an administrator's cookie
 * may have asked for a change of its own account while the owner ended it. */
static enum status
edit(struct account *account, const void *context)
{
	struct call *call = (struct call *)(uintptr_t)context;
	bool was = account_is_admin_in_name_only(account);
	char email[NAME_SIZE];
	enum status status;

	if (strcmp(account->id, call->caller.account) == 0 &&
		account->epoch != call->caller.epoch)
		return STATUS_BAD_TOKEN;
	strcpy(email, account->email);
	status = read_members(call, account);
	if (status != STATUS_OK)
		return status;
	if (json_object_object_get(call->body, "enabled") != NULL)
		account->enabled = json_true(call->body, "enabled");
	if (json_object_object_get(call->body, "must_change") != NULL)
		account->must_change = json_true(call->body, "must_change");
	account->verified =
		account->verified && name_same(email, account->email);
	return !was && account_is_admin_in_name_only(account) ? STATUS_FORBIDDEN
							      : STATUS_OK;
}

/* An administrator's own session goes on. */
static enum status
change_account(struct call *call)
{
	struct session *caller = &call->caller;
	struct account account;
	bool own = false;
	enum status status = find(call, &account);

	if (status == STATUS_OK) {
		own = strcmp(caller->account, account.id) == 0;
		status = names_settle(call->site->store, false);
	}
	if (status == STATUS_OK)
		status = account_edit(call->site, call->id,
			own ? caller->sid : NULL, edit, call, &account);
	if (status == STATUS_OK && own && account.enabled) {
		caller->epoch = account.epoch;
		status = app_renew_session(call);
	}
	if (status == STATUS_OK)
		json_add(call->data, "account", describe(call, &account));
	sodium_memzero(&account, sizeof account);
	return status;
}

static enum status
delete_account(struct call *call)
{
	struct account account;
	enum status status = find(call, &account);

	if (status == STATUS_OK)
		status = token_delete_account(call->site, account.id, &account);
	return status == STATUS_OK ? STATUS_DONE : status;
}

static enum status
end_sessions(struct call *call)
{
	struct account account;
	enum status status = find(call, &account);

	if (status == STATUS_OK)
		status = account_update(call->site, account.id, NULL, NULL);
	return status == STATUS_OK ? STATUS_DONE : status;
}

/* For a person who has lost the app and the recovery codes. The owner is
 * told. */
static enum status
remove_factors(struct call *call)
{
	struct account account;
	enum status status = find(call, &account);

	if (status == STATUS_OK)
		status = factor_remove(call->site, account.id, NULL, NULL, "");
	return status == STATUS_OK ? STATUS_DONE : status;
}

/* --- the throttle -------------------------------------------------------- */

struct counts {
	struct json_object *shown;
	const char *account;
	int64_t now;
	bool more;
};

static struct json_object *
describe_count(const struct throttle_count *count, int64_t now)
{
	struct json_object *object = json_new_object();

	json_add_string(object, "what", count->sort);
	json_add_string(object, "secret", count->secret);
	json_add_string(object, "network", count->network);
	json_add_int(object, "failures", count->failures);
	app_add_time_or_null(
		object, "waits_until", count->until > now ? count->until : 0);
	app_add_time_or_null(
		object, "known_at", count->known > 0 ? count->known : 0);
	json_add_bool(object, "no_digits", count->no_digits);
	return object;
}

static bool
says_something(const struct throttle_count *count, int64_t now)
{
	return count->failures > 0 || count->until > now || count->known > 0 ||
	       count->no_digits;
}

static bool
take_count(void *context, const struct throttle_count *count)
{
	struct counts *counts = context;

	if (strcmp(count->account, counts->account) != 0 ||
		!says_something(count, counts->now))
		return true;
	counts->more = json_object_array_length(counts->shown) == COUNTS;
	if (!counts->more)
		json_append(counts->shown, describe_count(count, counts->now));
	return !counts->more;
}

static enum status
show_throttle(struct call *call)
{
	struct counts counts = {.now = call->attempt.now};
	struct account account;
	enum status status = find(call, &account);

	if (status != STATUS_OK)
		return status;
	counts.shown = json_new_array();
	counts.account = account.id;
	status = throttle_each(call->site, take_count, &counts);
	json_add(call->data, "counts", counts.shown);
	json_add_bool(call->data, "more", counts.more);
	return status;
}

static enum status
clear_throttle(struct call *call)
{
	struct account account;
	struct throttle_whom whom = {
		account.id, {account.username, account.email}, NULL};
	enum status status = find(call, &account);

	if (status == STATUS_OK)
		status = throttle_clear(call->site, &whom);
	return status == STATUS_OK || status == STATUS_NOT_FOUND ? STATUS_DONE
								 : status;
}

/* --- the audit ---------------------------------------------------------- */

struct page {
	struct json_object *events;
	/* which lines; "": all */
	const char *account, *event, *outcome;
	size_t limit;
};

static bool
is_about(const struct json_object *event, const char *account)
{
	static const char *const members[] = {"account", "by"};
	const char *text;
	size_t i;

	for (i = 0; i < sizeof members / sizeof members[0]; i++) {
		text = json_string(event, members[i]);
		if (text != NULL && strcmp(text, account) == 0)
			return true;
	}
	return false;
}

static bool
is_that(const struct json_object *event, const char *name, const char *wanted)
{
	const char *text = json_string(event, name);

	return wanted[0] == '\0' || (text != NULL && strcmp(text, wanted) == 0);
}

static bool
take_event(void *context, struct json_object *event)
{
	struct page *page = context;

	if ((page->account[0] != '\0' && !is_about(event, page->account)) ||
		!is_that(event, "event", page->event) ||
		!is_that(event, "outcome", page->outcome))
		return true;
	if (json_object_array_length(page->events) == page->limit)
		return false;
	json_append(page->events, json_object_get(event));
	return true;
}

static enum status
list_events(struct call *call)
{
	char before[AUDIT_CURSOR_SIZE], limit[8], account[NAME_ID_SIZE];
	char event[WORD_SIZE], outcome[WORD_SIZE];
	const struct app_parameter parameters[] = {
		{"before", before, sizeof before},
		{"limit", limit, sizeof limit},
		{"account", account, sizeof account},
		{"event", event, sizeof event},
		{"outcome", outcome, sizeof outcome}, {NULL, NULL, 0}};
	struct page page = {
		.account = account, .event = event, .outcome = outcome};
	enum status status = app_query(call, parameters);

	if (status == STATUS_OK)
		status = app_limit(call, limit, &page.limit);
	if (status != STATUS_OK)
		return status;
	if (account[0] != '\0' && !uuid_valid(account))
		return app_bad_query(call, "account is an id.");
	page.events = json_new_array();
	status = audit_read(call->site->audit, before, take_event, &page);
	if (status == STATUS_BAD_QUERY)
		call->reason = "before is no `next` of a page.";
	json_add(call->data, "events", page.events);
	add_next(call, before);
	return status;
}

/* A script does all of it, by the API. Its words for refusals are here. */
static enum status
page_admin(struct call *call)
{
	app_add_problems(call);
	return app_page_of_caller(call);
}

static const struct route routes[] = {
	{"GET", ACCOUNTS, app_guard_admin, list_accounts, NULL, NO_BODY},
	{"POST", ACCOUNTS, app_guard_fresh_admin, invite, "account-invite",
		{{"username", FIELD_STRING, false},
			{"email", FIELD_STRING, false},
			{"name", FIELD_STRING, false},
			{"role", FIELD_STRING, false},
			{"groups", FIELD_ARRAY, false},
			{"language", FIELD_STRING, false}}},
	{"GET", ACCOUNTS "/{id}", app_guard_admin, show, NULL, NO_BODY},
	{"PATCH", ACCOUNTS "/{id}", app_guard_fresh_admin, change_account,
		"account-change",
		{{"role", FIELD_STRING, false}, {"groups", FIELD_ARRAY, false},
			{"enabled", FIELD_BOOLEAN, false},
			{"must_change", FIELD_BOOLEAN, false},
			{"name", FIELD_STRING, false},
			{"email", FIELD_STRING, false}}},
	{"DELETE", ACCOUNTS "/{id}", app_guard_fresh_admin, delete_account,
		"account-delete", NO_BODY},
	{"POST", ACCOUNTS "/{id}/code", app_guard_fresh_admin, send_code,
		"code-create", NO_BODY},
	{"DELETE", ACCOUNTS "/{id}/sessions", app_guard_fresh_admin,
		end_sessions, "sign-out", NO_BODY},
	{"DELETE", ACCOUNTS "/{id}/factors", app_guard_fresh_admin,
		remove_factors, "factor-remove", NO_BODY},
	{"GET", ACCOUNTS "/{id}/throttle", app_guard_admin, show_throttle, NULL,
		NO_BODY},
	{"DELETE", ACCOUNTS "/{id}/throttle", app_guard_fresh_admin,
		clear_throttle, "throttle-clear", NO_BODY},
	{"GET", "/account/api/audit", app_guard_admin, list_events, NULL,
		NO_BODY},
	{"GET", "/account/admin/", app_guard_admin, page_admin, NULL, NO_BODY},
	{0},
};

const struct program app_program = {.name = "admin", .routes = routes};
