/* token.c - access tokens: for services, and a person's own */
#include "config.h"

#include "account/token.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utc.h"
#include "base/uuid.h"
#include "site/auth-enabled.h"
#include "web/app.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_LIFE = 10 * 366 * 86400 }; /* seconds; ten years */

/* Both only while auth_enabled is on, in either of the two APIs. */
static enum status
check_enabled(const struct call *call)
{
	bool enabled;
	enum status status = auth_enabled_get(call->site, &enabled);

	return status == STATUS_OK && !enabled ? STATUS_AUTH_DISABLED : status;
}

/* An administrator's JWT, or an access token with `admin`. */
static enum status
guard_actian(struct call *call)
{
	enum status status = app_caller(call, request_method(call->request));

	if (status == STATUS_OK && !call->caller.admin)
		status = STATUS_BAD_TOKEN;
	return status == STATUS_OK ? check_enabled(call) : status;
}

/* An administrator's JWT. */
static enum status
guard_databrain(struct call *call)
{
	enum status status = app_guard_admin(call);

	return status == STATUS_OK ? check_enabled(call) : status;
}

/* The access token that asks, if one does. */
static struct token_caller
caller_of(const struct call *call)
{
	struct token_caller by = {.token = call->caller.token};

	if (by.token != 0)
		by.epoch = call->caller.epoch;
	return by;
}

/* 0, which no token has, if the text is not a number as an answer has it. */
static int64_t
read_id(const char *text)
{
	if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 18 ||
		text[0] == '0')
		return 0;
	return strtoll(text, NULL, 10);
}

/* Names the token in the audit, as the command does. */
static void
name_target(struct call *call, int64_t id)
{
	static char target[32];

	snprintf(target, sizeof target, "token:%lld", (long long)id);
	call->target = target;
}

/* --- what is said of a token ------------------------------------------- */

static void
describe(struct json_object *object, const struct token *token,
	const char *secret)
{
	char permission[TOKEN_PERMISSION_SIZE];

	token_write_permission(token->permission, permission);
	json_add_int(object, "id", token->id);
	json_add_string(object, "name", token->name);
	json_add_string(object, "description", token->description);
	if (secret != NULL)
		json_add_string(object, "token", secret);
	app_add_time(object, "created_at", token->created);
	app_add_time_or_null(object, "expired_at", token->expires);
	json_add_bool(object, "will_expire", token->expires != 0);
	json_add_string(object, "permission", permission);
	if (token->parent != 0)
		json_add_int(object, "parent", token->parent);
	if (token->personal)
		json_add_bool(object, "personal", true);
	if (token->restored)
		json_add_bool(object, "restored", true);
}

/* Reads the members of a new token that all have, and an owner's lacks one. */
static enum status
read_token(struct call *call, struct token *token)
{
	const char *name = app_string(call, "name");
	const char *description = app_string(call, "description");

	if (strlen(name) > TOKEN_NAME_MAX)
		return app_too_long(call, "name", "name is too long");
	if (strlen(description) > TOKEN_DESCRIPTION_MAX)
		return app_bad_field(call, "description is too long");
	strcpy(token->name, name);
	strcpy(token->description, description);
	token->permission =
		token_read_permission(app_string(call, "permission"));
	return token->permission != 0
		       ? STATUS_OK
		       : app_bad_field(call, "permission must be a list "
					     "of " TOKEN_PERMISSIONS);
}

/* --- actian ------------------------------------------------------------ */

/* Reads how long the token is to live, if it is to end. */
static enum status
read_life(struct call *call, struct token *token)
{
	int64_t life;

	if (!json_true(call->body, "will_expire"))
		return STATUS_OK;
	if (!json_natural(call->body, "expires_in_seconds", &life) ||
		life == 0 || life > LONGEST_LIFE)
		return app_bad_field(call,
			"expires_in_seconds must be a positive integer of at "
			"most ten years");
	token->expires = call->attempt.now + life;
	return STATUS_OK;
}

static enum status
create(struct call *call)
{
	struct token_caller by = caller_of(call);
	struct token token = {.id = 0};
	char secret[TOKEN_SECRET_SIZE] = "";
	enum status status = read_token(call, &token);

	strcpy(token.maker, call->caller.account);
	if (status == STATUS_OK)
		status = read_life(call, &token);
	if (status == STATUS_OK)
		status = token_create(
			call->site, &by, &token, call->attempt.now, secret);
	call->reason = status == STATUS_BEYOND_TOKEN ? by.reason : call->reason;
	if (status == STATUS_OK) {
		name_target(call, token.id);
		describe(call->data, &token, secret);
	}
	sodium_memzero(secret, sizeof secret);
	return status;
}

static bool
list_one(void *context, const struct token *token)
{
	struct json_object *object = json_new_object();

	describe(object, token, NULL);
	json_append(context, object);
	return true;
}

/* The answer is an array. */
static enum status
list(struct call *call)
{
	struct json_object *array = json_new_array();

	json_object_put(call->data);
	call->data = array;
	return token_each(call->site, list_one, array);
}

/* The {id} of the path, as read_id() has it. */
static int64_t
path_id(const struct call *call)
{
	return read_id(call->id);
}

static enum status
rotate(struct call *call)
{
	struct token_caller by = caller_of(call);
	char secret[TOKEN_SECRET_SIZE] = "";
	int64_t id = path_id(call);
	struct token token;
	enum status status = token_rotate(
		call->site, &by, id, 0, call->attempt.now, &token, secret);

	call->reason = by.reason;
	name_target(call, id);
	if (status == STATUS_OK)
		describe(call->data, &token, secret);
	sodium_memzero(secret, sizeof secret);
	return status;
}

static enum status
delete_token(struct call *call)
{
	int64_t id = path_id(call);
	enum status status = token_delete(call->site, id);

	name_target(call, id);
	if (status != STATUS_OK)
		return status;
	json_add_string(call->data, "status", "success");
	json_add_string(
		call->data, "message", "Access token deleted successfully");
	return STATUS_OK;
}

/* --- databrain --------------------------------------------------------- */

/* {"key":...}, without the `data` around it that databrain's other answers
 * have. */
static void
add_key(struct call *call, const char *secret)
{
	json_add_string(call->data, "key", secret);
	call->bare = true;
}

/* There is one service token; this becomes its value. */
static enum status
create_service(struct call *call)
{
	const char *uuid = app_string(call, "token");
	struct token token = {.name = "service token",
		.permission = TOKEN_READ | TOKEN_WRITE};
	char secret[TOKEN_SECRET_SIZE];
	enum status status;

	if (!uuid_is_random(uuid))
		return app_bad_field(call, "\"token\" must be a random UUID");
	snprintf(secret, sizeof secret, "%s", uuid);
	strcpy(token.maker, call->caller.account);
	status = token_set_service(
		call->site, &token, call->attempt.now, secret);
	if (status == STATUS_OK) {
		name_target(call, token.id);
		add_key(call, secret);
	}
	return status;
}

static enum status
rotate_service(struct call *call)
{
	const char *old = app_string(call, "token");
	char secret[TOKEN_SECRET_SIZE];
	struct token token;
	int64_t id, grace = 0;
	enum status status;

	if (json_object_object_get(call->body, "expireAt") != NULL &&
		(!json_natural(call->body, "expireAt", &grace) ||
			grace > LONGEST_LIFE))
		return app_bad_field(call,
			"\"expireAt\" must be a number of seconds, 0 or more");
	status = token_find_service(call->site, old[0] == '\0' ? NULL : old,
		call->attempt.now, &id);
	if (status != STATUS_OK)
		return status;
	name_target(call, id);
	uuid_random(secret);
	status = token_rotate(
		call->site, NULL, id, grace, call->attempt.now, &token, secret);
	if (status == STATUS_OK)
		add_key(call, secret);
	return status;
}

/* --- latchkey's own API: personal ones --------------------------------- */

static enum status
guard_own(struct call *call)
{
	enum status status = app_guard_fresh(call);

	return status == STATUS_OK &&
			       call->site->conf->tokens == TOKENS_ADMIN &&
			       !call->caller.admin
		       ? STATUS_FORBIDDEN
		       : status;
}

static struct token_caller
owner_of(struct call *call)
{
	struct token_caller by = {.epoch = call->caller.epoch,
		.owner = call->caller.account,
		.language = app_language(call)};

	return by;
}

static struct json_object *
describe_own(const struct token *token, const char *secret)
{
	struct json_object *object = json_new_object();
	char permission[TOKEN_PERMISSION_SIZE];

	token_write_permission(token->permission, permission);
	json_add_int(object, "id", token->id);
	json_add_string(object, "name", token->name);
	json_add_string(object, "permission", permission);
	app_add_time(object, "created_at", token->created);
	app_add_time_or_null(object, "expires_at", token->expires);
	app_add_time_or_null(object, "used_at", token->used);
	if (token->restored)
		json_add_bool(object, "restored", true);
	if (secret != NULL)
		json_add_string(object, "token", secret);
	return object;
}

/* Puts the token into the answer, with its secret, and names it in the audit.
 */
static void
answer_own(struct call *call, const struct token *token, const char *secret)
{
	json_object_put(call->data);
	call->data = describe_own(token, secret);
	name_target(call, token->id);
}

static enum status
list_own(struct call *call)
{
	static struct token tokens[TOKENS_OWN];
	struct json_object *array;
	int i, count;
	enum status status = token_list_own(
		call->site, call->caller.account, tokens, &count);

	if (status != STATUS_OK)
		return status;
	array = json_new_array();
	for (i = 0; i < count; i++)
		json_append(array, describe_own(&tokens[i], NULL));
	json_add(call->data, "tokens", array);
	return STATUS_OK;
}

/* Reads when the token is to end, if it is to. */
static enum status
read_end(struct call *call, struct token *token)
{
	const char *text = json_string(call->body, "expires_at");
	int64_t now = call->attempt.now;

	if (text == NULL)
		return STATUS_OK;
	if (!utc_read(text, &token->expires) || token->expires <= now ||
		token->expires > now + LONGEST_LIFE)
		return app_bad_field(call,
			"expires_at must be a time in UTC, such as "
			"2026-11-30T09:05:00Z, within ten years");
	return STATUS_OK;
}

static enum status
create_own(struct call *call)
{
	struct token_caller by = owner_of(call);
	struct token token = {.id = 0};
	char secret[TOKEN_SECRET_SIZE] = "";
	enum status status = read_token(call, &token);

	if (status == STATUS_OK)
		status = read_end(call, &token);
	if (status != STATUS_OK)
		return status;
	status = token_create(
		call->site, &by, &token, call->attempt.now, secret);
	call->reason = by.reason;
	if (status == STATUS_OK) {
		answer_own(call, &token, secret);
		if (!call->dialect->is_page)
			app_add_header(call, "Location", "/account/api/tokens");
		status = STATUS_CREATED;
	}
	sodium_memzero(secret, sizeof secret);
	return status;
}

/* Reads how long the secret before goes on. */
static enum status
read_grace(struct call *call, int64_t *grace)
{
	*grace = 0;
	if (json_object_object_get(call->body, "grace") != NULL &&
		(!json_natural(call->body, "grace", grace) ||
			*grace > LONGEST_LIFE))
		return app_bad_field(
			call, "grace must be a number of seconds, 0 or more");
	return STATUS_OK;
}

static enum status
rotate_own(struct call *call)
{
	struct token_caller by = owner_of(call);
	char secret[TOKEN_SECRET_SIZE] = "";
	struct token token;
	int64_t grace;
	enum status status = read_grace(call, &grace);

	if (status != STATUS_OK)
		return status;
	status = token_rotate(call->site, &by, path_id(call), grace,
		call->attempt.now, &token, secret);
	name_target(call, path_id(call));
	if (status == STATUS_OK)
		answer_own(call, &token, secret);
	sodium_memzero(secret, sizeof secret);
	return status;
}

static enum status
delete_own(struct call *call)
{
	int64_t id = path_id(call);
	enum status status =
		token_delete_own(call->site, call->caller.account, id);

	name_target(call, id);
	return status == STATUS_OK ? STATUS_DONE : status;
}

/* --- pages ------------------------------------------------------------- */

/* A form has a number of days, where the API has a time. */
static enum status
read_days(struct call *call)
{
	const char *days = app_string(call, "days");
	long number = strtol(days, NULL, 10);

	if (days[0] == '\0')
		return STATUS_OK;
	if (strspn(days, "0123456789") != strlen(days) || number < 1 ||
		number > 3650)
		return app_bad_field(call, "days is a number up to 3650");
	app_add_time(
		call->body, "expires_at", call->attempt.now + number * 86400);
	return STATUS_OK;
}

/* What a permission is called, if the page has a word for it. */
static void
say_permission(struct json_object *token)
{
	static const char *const words[][2] = {{"read", "read"},
		{"read,write", "write"}, {"read,write,admin", "admin"}};
	const char *permission = json_string(token, "permission");
	struct json_object *may;
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(permission, words[i][0]) == 0) {
			may = json_new_object();
			json_add_bool(may, words[i][1], true);
			json_add(token, "may", may);
		}
}

static enum status
page_list(struct call *call)
{
	enum status status = list_own(call);
	struct json_object *tokens =
		json_object_object_get(call->data, "tokens");
	size_t i;

	for (i = 0; status == STATUS_OK && i < json_object_array_length(tokens);
		i++)
		say_permission(json_object_array_get_idx(tokens, i));
	return status;
}

static enum status
guard_form(struct call *call)
{
	call->again = page_list;
	return guard_own(call);
}

static enum status
page_create(struct call *call)
{
	enum status status = read_days(call);

	if (status == STATUS_OK)
		status = create_own(call);
	return app_then_show(call, status, "token-made");
}

static enum status
page_rotate(struct call *call)
{
	return app_then_show(call, rotate_own(call), "token-made");
}

/* One that is gone needs no end. */
static enum status
page_end(struct call *call)
{
	enum status status = delete_own(call);

	if (status == STATUS_NO_ACCESS_TOKEN)
		status = STATUS_DONE;
	return app_then_go(call, status, "/account/tokens");
}

/* --- the same for administrators: everybody's ---------------------------- */

#define ALL "/account/api/all-tokens"

/* As in the list, with its maker's name, "" where the account is gone. */
static struct json_object *
describe_any(
	const struct token *token, const char *maker_name, const char *secret)
{
	struct json_object *object = describe_own(token, secret);
	struct json_object *maker = json_new_object();

	json_add_string(object, "kind",
		token->service    ? "service"
		: token->personal ? "personal"
				  : "access");
	json_add_string(object, "description", token->description);
	json_add_string(maker, "id", token->maker);
	json_add_string(maker, "name", maker_name);
	json_add(object, "maker", maker);
	if (token->parent != 0)
		json_add_int(object, "parent", token->parent);
	return object;
}

static void
answer_any(struct call *call, const struct token *token, const char *maker_name,
	const char *secret)
{
	json_object_put(call->data);
	call->data = describe_any(token, maker_name, secret);
	name_target(call, token->id);
}

static void
add_page(struct call *call, const struct token_page *page)
{
	struct json_object *array = json_new_array();
	char next[24] = "";
	size_t i;

	for (i = 0; i < page->count; i++)
		json_append(array,
			describe_any(&page->tokens[i], page->makers[i], NULL));
	json_add(call->data, "tokens", array);
	if (page->more)
		snprintf(next, sizeof next, "%lld", (long long)page->after);
	json_add_string(call->data, "next", page->more ? next : NULL);
}

static enum status
list_all(struct call *call)
{
	static struct token_page page;
	char after[24], limit[8];
	const struct app_parameter parameters[] = {
		{"after", after, sizeof after}, {"limit", limit, sizeof limit},
		{NULL, NULL, 0}};
	enum status status = app_query(call, parameters);

	if (status == STATUS_OK)
		status = app_limit(call, limit, &page.limit);
	if (status != STATUS_OK)
		return status;
	page.after = read_id(after);
	if (after[0] != '\0' && page.after == 0)
		return app_bad_query(call, "after is no `next` of a page.");
	status = token_list(call->site, &page);
	if (status == STATUS_OK)
		add_page(call, &page);
	return status;
}

/* A service's, whose maker is the administrator. */
static enum status
create_any(struct call *call)
{
	struct token token = {.id = 0};
	char secret[TOKEN_SECRET_SIZE] = "";
	enum status status = read_token(call, &token);

	strcpy(token.maker, call->caller.account);
	if (status == STATUS_OK)
		status = read_end(call, &token);
	if (status == STATUS_OK)
		status = token_create(
			call->site, NULL, &token, call->attempt.now, secret);
	if (status == STATUS_OK) {
		answer_any(call, &token, call->caller.name, secret);
		app_add_header(call, "Location", ALL);
		status = STATUS_CREATED;
	}
	sodium_memzero(secret, sizeof secret);
	return status;
}

/* Not a person's own: an administrator who rotates one would learn a secret
 * that acts as the person. */
static enum status
rotate_any(struct call *call)
{
	char secret[TOKEN_SECRET_SIZE] = "";
	struct account maker = {.id = ""};
	struct token token;
	int64_t grace;
	enum status status = read_grace(call, &grace);

	if (status != STATUS_OK)
		return status;
	name_target(call, path_id(call));
	status = token_rotate(call->site, NULL, path_id(call), grace,
		call->attempt.now, &token, secret);
	if (status == STATUS_OK && account_look_up_whom(call->site, token.maker,
					   &maker) != STATUS_OK)
		maker.username[0] = maker.email[0] = '\0';
	if (status == STATUS_OK)
		answer_any(call, &token, account_name(&maker), secret);
	sodium_memzero(secret, sizeof secret);
	return status;
}

static enum status
delete_any(struct call *call)
{
	enum status status = token_delete(call->site, path_id(call));

	name_target(call, path_id(call));
	return status == STATUS_OK ? STATUS_DONE : status;
}

static const struct route routes[] = {
	{"POST", "/auth/access_token", guard_actian, create, "token-create",
		{{"name", FIELD_STRING, true},
			{"permission", FIELD_STRING, true},
			{"description", FIELD_STRING, false},
			{"will_expire", FIELD_BOOLEAN, false},
			{"expires_in_seconds", FIELD_INTEGER, false}}},
	{"GET", "/auth/access_tokens", guard_actian, list, NULL, NO_BODY},
	{"DELETE", "/auth/access_token/{id}", guard_actian, delete_token,
		"token-delete", NO_BODY},
	{"POST", "/auth/access_token/{id}/rotate", guard_actian, rotate,
		"token-rotate", NO_BODY},
	{"POST", "/api/v2/service-token", guard_databrain, create_service,
		"token-create", {{"token", FIELD_STRING, true}}},
	{"POST", "/api/v2/service-token/rotate", guard_databrain,
		rotate_service, "token-rotate",
		{{"token", FIELD_STRING, false},
			{"expireAt", FIELD_INTEGER, false}}},
	{"GET", "/account/api/tokens", app_guard_user, list_own, NULL, NO_BODY},
	{"POST", "/account/api/tokens", guard_own, create_own, "token-create",
		{{"name", FIELD_STRING, true},
			{"permission", FIELD_STRING, true},
			{"expires_at", FIELD_STRING, false}}},
	{"POST", "/account/api/tokens/{id}/rotate", guard_own, rotate_own,
		"token-rotate", {{"grace", FIELD_INTEGER, false}}},
	{"DELETE", "/account/api/tokens/{id}", app_guard_user, delete_own,
		"token-delete", NO_BODY},
	{"GET", "/account/tokens", guard_own, page_list, NULL, NO_BODY},
	{"POST", "/account/tokens", guard_form, page_create, "token-create",
		{{"name", FIELD_STRING, true},
			{"permission", FIELD_STRING, true},
			{"days", FIELD_STRING, false}}},
	{"POST", "/account/tokens/{id}/rotate", guard_own, page_rotate,
		"token-rotate", NO_BODY},
	{"POST", "/account/tokens/{id}/end", app_guard_user, page_end,
		"token-delete", NO_BODY},
	{"GET", ALL, app_guard_admin, list_all, NULL, NO_BODY},
	{"POST", ALL, app_guard_fresh_admin, create_any, "token-create",
		{{"name", FIELD_STRING, true},
			{"permission", FIELD_STRING, true},
			{"description", FIELD_STRING, false},
			{"expires_at", FIELD_STRING, false}}},
	{"POST", ALL "/{id}/rotate", app_guard_fresh_admin, rotate_any,
		"token-rotate", {{"grace", FIELD_INTEGER, false}}},
	{"DELETE", ALL "/{id}", app_guard_fresh_admin, delete_any,
		"token-delete", NO_BODY},
	{0},
};

const struct program app_program = {.name = "token", .routes = routes};
