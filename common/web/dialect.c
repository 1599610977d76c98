/* dialect.c - the wire formats: what a status looks like in each API */
#include "config.h"

#include "web/dialect.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utc.h"

#include <string.h>

/* A status as every API has it, unless the API's own table has another row. */
/* clang-format off */
static const struct dialect_row common[STATUS_COUNT] = {
	[STATUS_OK] = {200, NULL, NULL},
	[STATUS_CREATED] = {201, NULL, NULL},
	[STATUS_ACCEPTED] = {202, NULL, NULL},
	[STATUS_DONE] = {204, NULL, NULL},
	[STATUS_SEE_OTHER] = {303, NULL, NULL},
	[STATUS_NO_ENDPOINT] = {404, "Not found", "NOT_FOUND"},
	[STATUS_BAD_METHOD] = {405, "Method not allowed", "METHOD_NOT_ALLOWED"},
	[STATUS_BAD_REQUEST] = {400, "Bad request", "INVALID_REQUEST"},
	[STATUS_BAD_TYPE] = {415, "Content-Type must be application/json", "INVALID_REQUEST_BODY"},
	[STATUS_BAD_ENCODING] = {415, "Content-Encoding is not supported", "INVALID_REQUEST_BODY"},
	[STATUS_NO_LENGTH] = {411, "Content-Length is required", "INVALID_REQUEST_BODY"},
	[STATUS_TOO_LARGE] = {413, "Request body too large", "INVALID_REQUEST_BODY"},
	[STATUS_BAD_BODY] = {400, "Invalid request body", "INVALID_REQUEST_BODY"},
	[STATUS_MISSING_FIELD] = {400, NULL, "INVALID_REQUEST_BODY"},
	[STATUS_BAD_FIELD] = {400, NULL, "INVALID_REQUEST_BODY"},
	[STATUS_BAD_QUERY] = {400, NULL, "INVALID_REQUEST"},
	[STATUS_STRANGER] = {403, "Forbidden", "FORBIDDEN"},
	[STATUS_FOREIGN] = {403, "Forbidden", NULL},
	[STATUS_NO_COOKIES] = {400, "Bad request", "INVALID_REQUEST"},
	[STATUS_NO_TOKEN] = {401, "Invalid or missing authorization token", NULL},
	[STATUS_BAD_TOKEN] = {401, "Invalid or missing authorization token", NULL},
	[STATUS_FORBIDDEN] = {403, "Forbidden", NULL},
	[STATUS_NO_SESSION] = {403, "Forbidden", NULL},
	[STATUS_NOT_FRESH] = {403, "Forbidden", NULL},
	[STATUS_NOT_LOCAL] = {403, "This endpoint can only be called from localhost", "AUTHENTICATION_ERROR"},
	[STATUS_NOT_SELF_HOSTED] = {403, "Forbidden", NULL},
	[STATUS_BAD_CREDENTIALS] = {401, "Invalid username or password", NULL},
	[STATUS_CODE_REQUIRED] = {401, "Invalid username or password", NULL},
	[STATUS_BAD_FACTOR] = {401, "Invalid username or password", NULL},
	[STATUS_WRONG_FACTOR] = {403, "Forbidden", NULL},
	[STATUS_MUST_ENROL] = {401, "Invalid or missing authorization token", NULL},
	[STATUS_MUST_CHANGE] = {401, "Invalid username or password", NULL},
	[STATUS_WRONG_PASSWORD] = {400, "The current password is not correct", NULL},
	[STATUS_WEAK_PASSWORD] = {400, NULL, "RESET_PASSWORD_ERROR"},
	[STATUS_WEAK_AT_SIGN_UP] = {400, NULL, "INVALID_REQUEST_BODY"},
	[STATUS_BAD_CODE] = {400, "Invalid or expired code", "RESET_PASSWORD_ERROR"},
	[STATUS_BAD_VERIFY_CODE] = {400, "Invalid verification code", "INVALID_REQUEST"},
	[STATUS_VERIFIED] = {400, "The address is verified already", "INVALID_REQUEST"},
	[STATUS_NO_ACCOUNT] = {404, "User not found", NULL},
	[STATUS_DISABLED] = {409, "The user is disabled", "INVALID_REQUEST"},
	[STATUS_NAME_TAKEN] = {409, "Username already exists", NULL},
	[STATUS_BAD_NAME] = {400, "Invalid username", NULL},
	[STATUS_LAST_ADMIN] = {409, "The last administrator must stay", NULL},
	[STATUS_HAS_ADMIN] = {401, "Invalid or missing authorization token", NULL},
	[STATUS_NOT_KEPT_HERE] = {404, "Not found", "NOT_FOUND"},
	[STATUS_NO_ACCESS_TOKEN] = {404, "Access token not found", NULL},
	[STATUS_EXPIRED_TOKEN] = {400, "Cannot rotate an expired access token", NULL},
	[STATUS_TOKEN_TAKEN] = {409, "Access token already exists", NULL},
	[STATUS_AUTH_DISABLED] = {403, "Access token API requires auth_enabled=true", NULL},
	[STATUS_BEYOND_TOKEN] = {403, NULL, NULL},
	[STATUS_THROTTLED] = {429, "Too many requests", "TOO_MANY_REQUESTS"},
	[STATUS_NOT_FOUND] = {404, "Not found", "NOT_FOUND"},
	[STATUS_UNAVAILABLE] = {503, "Service temporarily unavailable", "INTERNAL_SERVER_ERROR"},
	[STATUS_INTERNAL] = {500, "Internal server error", "INTERNAL_SERVER_ERROR"},
};
/* clang-format on */

const char *
dialect_reason(int http)
{
	static const struct {
		int http;
		const char *reason;
	} reasons[] = {
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{303, "See Other"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{411, "Length Required"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{429, "Too Many Requests"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
	};
	size_t i;

	for (i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].http == http)
			return reasons[i].reason;
	return "Unknown";
}

/* --- words that several dialects share --------------------------------- */

/* What a password has too little of, as a list: "12 characters, one digit". */
static char *
list_flaws(const struct outcome *outcome)
{
	static const struct {
		enum policy_flaw flaw;
		const char *text;
	} words[] = {
		{POLICY_UPPER, "one uppercase letter"},
		{POLICY_LOWER, "one lowercase letter"},
		{POLICY_DIGIT, "one digit"},
		{POLICY_SPECIAL, "one special character"},
	};
	char *list = (outcome->flaws & POLICY_SHORT) != 0
			     ? mem_printf("%lu characters", outcome->policy.min)
			     : mem_copy("");
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if ((outcome->flaws & words[i].flaw) != 0)
			list = mem_append(list, "%s%s",
				list[0] == '\0' ? "" : ", ", words[i].text);
	return list;
}

/* What is wrong with a new password; `subject` is a password with its verb,
 * such as "Password must". */
static char *
describe_flaws(const struct outcome *outcome, const char *subject)
{
	static const struct {
		enum policy_flaw flaw;
		const char *text;
	} guessed[] = {
		{POLICY_COMMON, "a common password"},
		{POLICY_NAME, "a name of the account or the site"},
		{POLICY_SAME, "the one before"},
	};
	char *list, *text;
	size_t i;

	if ((outcome->flaws & POLICY_LONG) != 0)
		return mem_printf("%s not be longer than %d characters or %zu "
				  "bytes",
			subject, PASSWORD_POINTS,
			policy_max_bytes(&outcome->policy));
	for (i = 0; i < sizeof guessed / sizeof guessed[0]; i++)
		if ((outcome->flaws & guessed[i].flaw) != 0)
			return mem_printf(
				"%s not be %s", subject, guessed[i].text);
	list = list_flaws(outcome);
	if (list[0] == '\0')
		text = mem_printf("%s not contain spaces", subject);
	else
		text = mem_printf("%s contain at least %s%s", subject, list,
			(outcome->flaws & POLICY_NOSPACE) != 0
				? " and no spaces"
				: "");
	mem_free(list);
	return text;
}

/* A clock that is wrong shows by the time that is right. */
static char *
describe_factor(const struct outcome *outcome)
{
	char now[UTC_SIZE];

	return mem_printf("The code is wrong or used. It is %s here; if your "
			  "clock is right, wait for the next code, or take a "
			  "recovery code.",
		utc_text(outcome->now, now));
}

static char *
name_missing(const struct outcome *outcome)
{
	return mem_printf("Missing required field: %s", outcome->missing);
}

static struct json_object *
bare(struct json_object *data)
{
	return json_object_get(data);
}

/* --- actian, and the verifier beside it -------------------------------- */

static struct json_object *
actian_error(const struct outcome *outcome, const struct dialect_row *row,
	const char *message)
{
	struct json_object *body = json_new_object();

	(void)row;
	if (outcome->status == STATUS_BAD_CREDENTIALS) {
		/* null: the sign-in's form, as the seed has it */
		json_add_string(body, "token", NULL);
		json_add_string(body, "message", message);
		json_add_int(body, "expires_in", 0);
		return body;
	}
	json_add_string(body, "status", "error");
	json_add_string(body, "message", message);
	return body;
}

static const struct dialect actian = {
	.name = "actian",
	.policy = POLICY_ACTIAN,
	.blank_is_missing = true,
	.password = "Password must",
	.success = bare,
	.error = actian_error,
};

/* nginx makes a 500 of anything but these statuses. So every row that is
 * missing is a 401: it fails closed. */
static const struct dialect_row verify_rows[STATUS_COUNT] = {
	[STATUS_OK] = {204, NULL, NULL},
	[STATUS_STRANGER] = {403, "Forbidden", NULL},
	[STATUS_FORBIDDEN] = {403, "Forbidden", NULL},
};

static const struct dialect verify = {
	.name = "verify",
	.policy = POLICY_ACTIAN,
	.fails_closed = true,
	.success = bare,
	.error = actian_error,
	.rows = verify_rows,
};

/* --- databrain --------------------------------------------------------- */

static struct json_object *
databrain_success(struct json_object *data)
{
	struct json_object *body = json_new_object();

	json_add(body, "data", json_object_get(data));
	return body;
}

static struct json_object *
databrain_error(const struct outcome *outcome, const struct dialect_row *row,
	const char *message)
{
	struct json_object *body = json_new_object();
	struct json_object *error = json_new_object();

	(void)outcome;
	json_add_string(error, "code", row->code);
	json_add_string(error, "message", message);
	json_add(body, "error", error);
	return body;
}

static char *
databrain_missing(const struct outcome *outcome)
{
	return mem_printf("\"%s\" is required", outcome->missing);
}

/* clang-format off */
static const struct dialect_row databrain_rows[STATUS_COUNT] = {
	[STATUS_NO_TOKEN] = {401, "An administrator's token is required", "AUTHENTICATION_ERROR"},
	[STATUS_BAD_TOKEN] = {401, "Invalid or expired token", "AUTHENTICATION_ERROR"},
	[STATUS_MUST_ENROL] = {401, "Invalid or expired token", "AUTHENTICATION_ERROR"},
	[STATUS_FORBIDDEN] = {401, "An administrator's token is required", "AUTHENTICATION_ERROR"},
	[STATUS_NOT_SELF_HOSTED] = {500, "This feature is only available for self-hosted instances", "SELFHOSTED_APP_ERROR"},
	[STATUS_BAD_CREDENTIALS] = {400, "Invalid credentials", "Invalid credentials"},
	[STATUS_WRONG_PASSWORD] = {400, "The current password is not correct!", "RESET_PASSWORD_ERROR"},
	[STATUS_NO_ACCOUNT] = {400, "No User found with the given email", "USER_NOT_FOUND"},
	[STATUS_NAME_TAKEN] = {400, "This email is taken already", "INVALID_REQUEST"},
	[STATUS_BAD_NAME] = {400, "\"email\" must be a valid email", "INVALID_REQUEST_BODY"},
	[STATUS_LAST_ADMIN] = {400, "The last administrator must stay", "INVALID_REQUEST"},
	[STATUS_HAS_ADMIN] = {400, "Your company account is already created, please sign in", "INVALID_REQUEST"},
	[STATUS_NO_ACCESS_TOKEN] = {400, "Service token not found", "INVALID_REQUEST"},
	[STATUS_EXPIRED_TOKEN] = {400, "Cannot rotate an expired service token", "INVALID_REQUEST"},
	[STATUS_TOKEN_TAKEN] = {400, "This service token is in use already", "INVALID_REQUEST"},
	[STATUS_AUTH_DISABLED] = {403, "Service tokens require auth_enabled=true", "AUTHENTICATION_ERROR"},
	[STATUS_BEYOND_TOKEN] = {401, NULL, "AUTHENTICATION_ERROR"},
};
/* clang-format on */

static const struct dialect databrain = {
	.name = "databrain",
	.policy = POLICY_DATABRAIN,
	.tells_unknown = true,
	.password = "\"password\" should",
	.success = databrain_success,
	.error = databrain_error,
	.missing = databrain_missing,
	.rows = databrain_rows,
};

/* --- px0 --------------------------------------------------------------- */

static struct json_object *
px0_error(const struct outcome *outcome, const struct dialect_row *row,
	const char *message)
{
	struct json_object *body = json_new_object();

	(void)outcome;
	(void)row;
	json_add_string(body, "error", message);
	return body;
}

/* Names all required fields, whichever is missing: "a and b are required". */
static char *
px0_missing(const struct outcome *outcome)
{
	const struct field *field;
	char *list = mem_copy("");
	int count = 0;

	for (field = outcome->fields; field->name != NULL; field++)
		if (field->required)
			list = mem_append(list, "%s%s",
				count++ > 0 ? " and " : "", field->name);
	return mem_append(list, "%s required", count > 1 ? " are" : " is");
}

/* This API's own words for the first two; else NULL. */
static char *
px0_weak(const struct outcome *outcome)
{
	if ((outcome->flaws & POLICY_SHORT) != 0)
		return mem_printf("password must be at least %lu characters",
			outcome->policy.min);
	if ((outcome->flaws & POLICY_CLASSES) != 0)
		return mem_copy("password must contain at least one uppercase "
				"letter, one lowercase letter, one digit, and "
				"one special character");
	return NULL;
}

/* clang-format off */
static const struct dialect_row px0_rows[STATUS_COUNT] = {
	[STATUS_NO_ENDPOINT] = {404, "not found", NULL},
	[STATUS_BAD_METHOD] = {405, "method not allowed", NULL},
	[STATUS_BAD_REQUEST] = {400, "bad request", NULL},
	[STATUS_BAD_TYPE] = {415, "content type must be application/json", NULL},
	[STATUS_BAD_ENCODING] = {415, "content encoding is not supported", NULL},
	[STATUS_NO_LENGTH] = {411, "content length is required", NULL},
	[STATUS_TOO_LARGE] = {413, "request body too large", NULL},
	[STATUS_BAD_BODY] = {400, "invalid request body", NULL},
	[STATUS_STRANGER] = {403, "forbidden", NULL},
	[STATUS_NO_TOKEN] = {401, "unauthorized", NULL},
	[STATUS_BAD_TOKEN] = {401, "unauthorized", NULL},
	[STATUS_MUST_ENROL] = {401, "unauthorized", NULL},
	[STATUS_FORBIDDEN] = {403, "forbidden", NULL},
	[STATUS_NOT_LOCAL] = {403, "forbidden", NULL},
	[STATUS_NOT_SELF_HOSTED] = {403, "forbidden", NULL},
	[STATUS_BAD_CREDENTIALS] = {401, "invalid credentials", NULL},
	[STATUS_WRONG_PASSWORD] = {400, "current password is not correct", NULL},
	[STATUS_BAD_CODE] = {400, "invalid or expired password reset code", NULL},
	[STATUS_BAD_VERIFY_CODE] = {400, "invalid verification code", NULL},
	[STATUS_VERIFIED] = {400, "user is already verified", NULL},
	[STATUS_NO_ACCOUNT] = {404, "user not found", NULL},
	[STATUS_NAME_TAKEN] = {409, "email already registered", NULL},
	[STATUS_BAD_NAME] = {400, "invalid email format", NULL},
	[STATUS_LAST_ADMIN] = {409, "the last administrator must stay", NULL},
	[STATUS_HAS_ADMIN] = {403, "forbidden", NULL},
	[STATUS_NO_ACCESS_TOKEN] = {404, "not found", NULL},
	[STATUS_EXPIRED_TOKEN] = {400, "token is expired", NULL},
	[STATUS_TOKEN_TAKEN] = {409, "token exists", NULL},
	[STATUS_AUTH_DISABLED] = {403, "forbidden", NULL},
	[STATUS_THROTTLED] = {429, "too many requests", NULL},
	[STATUS_NOT_FOUND] = {404, "not found", NULL},
	[STATUS_UNAVAILABLE] = {503, "service temporarily unavailable", NULL},
	[STATUS_INTERNAL] = {500, "internal error", NULL},
};
/* clang-format on */

static const struct dialect px0 = {
	.name = "px0",
	.policy = POLICY_PX0,
	.password = "password must",
	.success = bare,
	.error = px0_error,
	.missing = px0_missing,
	.weak = px0_weak,
	.rows = px0_rows,
};

/* --- edge-impulse ------------------------------------------------------ */

static struct json_object *
edge_impulse_success(struct json_object *data)
{
	struct json_object *body = json_new_object();
	struct json_object_iter member;

	json_add_bool(body, "success", true);
	if (data != NULL) {
		json_object_object_foreachC(data, member)
			json_add(body, member.key, json_object_get(member.val));
	}
	return body;
}

static struct json_object *
edge_impulse_error(const struct outcome *outcome, const struct dialect_row *row,
	const char *message)
{
	struct json_object *body = json_new_object();

	(void)outcome;
	(void)row;
	json_add_bool(body, "success", false);
	json_add_string(body, "error", message);
	return body;
}

/* A refusal by the endpoint itself is an HTTP 200. */
/* clang-format off */
static const struct dialect_row edge_impulse_rows[STATUS_COUNT] = {
	[STATUS_CREATED] = {200, NULL, NULL},
	[STATUS_ACCEPTED] = {200, NULL, NULL},
	[STATUS_DONE] = {200, NULL, NULL},
	[STATUS_MISSING_FIELD] = {200, NULL, NULL},
	[STATUS_BAD_FIELD] = {200, NULL, NULL},
	[STATUS_NO_TOKEN] = {200, "Not signed in", NULL},
	[STATUS_BAD_TOKEN] = {200, "Invalid or expired token", NULL},
	[STATUS_CODE_REQUIRED] = {200, "ERR_TOTP_TOKEN IS REQUIRED", NULL},
	[STATUS_MUST_ENROL] = {200, "Invalid or expired token", NULL},
	[STATUS_FORBIDDEN] = {200, "Not allowed", NULL},
	[STATUS_NOT_LOCAL] = {200, "Not allowed", NULL},
	[STATUS_NOT_SELF_HOSTED] = {200, "Not allowed", NULL},
	[STATUS_BAD_CREDENTIALS] = {200, "Invalid username or password", NULL},
	[STATUS_WRONG_PASSWORD] = {200, "The current password is not correct", NULL},
	[STATUS_WEAK_PASSWORD] = {200, NULL, NULL},
	[STATUS_WEAK_AT_SIGN_UP] = {200, NULL, NULL},
	[STATUS_BAD_CODE] = {200, "Invalid or expired code", NULL},
	[STATUS_BAD_VERIFY_CODE] = {200, "Invalid or expired code", NULL},
	[STATUS_VERIFIED] = {200, "The address is verified already", NULL},
	[STATUS_NO_ACCOUNT] = {200, "User not found", NULL},
	[STATUS_NAME_TAKEN] = {200, "This username or email is taken already", NULL},
	[STATUS_BAD_NAME] = {200, "Invalid username or email", NULL},
	[STATUS_LAST_ADMIN] = {200, "The last administrator must stay", NULL},
	[STATUS_HAS_ADMIN] = {200, "Not allowed", NULL},
	[STATUS_NO_ACCESS_TOKEN] = {200, "Not found", NULL},
	[STATUS_EXPIRED_TOKEN] = {200, "The token is expired", NULL},
	[STATUS_TOKEN_TAKEN] = {200, "The token exists", NULL},
	[STATUS_AUTH_DISABLED] = {200, "Not allowed", NULL},
	[STATUS_BEYOND_TOKEN] = {200, NULL, NULL},
	[STATUS_NOT_FOUND] = {200, "Not found", NULL},
};
/* clang-format on */

static const struct dialect edge_impulse = {
	.name = "edge-impulse",
	.code = "totpToken",
	.policy = POLICY_EDGE_IMPULSE,
	.password = "Password must",
	.success = edge_impulse_success,
	.error = edge_impulse_error,
	.rows = edge_impulse_rows,
};

/* --- account: latchkey's own (RFC 9457) -------------------------------- */

static void
add_fault(struct json_object *fields, const char *name, const char *fault)
{
	struct json_object *faults;

	if (!json_object_object_get_ex(fields, name, &faults)) {
		faults = json_new_array();
		json_add(fields, name, faults);
	}
	json_append(faults, json_object_new_string(fault));
}

/* What is wrong with which member, in words for programs. */
static void
add_fields(struct json_object *body, const struct outcome *outcome)
{
	static const struct {
		unsigned flaw;
		const char *fault;
	} faults[] = {{POLICY_SHORT, "too-short"}, {POLICY_LONG, "too-long"},
		{POLICY_UPPER, "no-uppercase"}, {POLICY_LOWER, "no-lowercase"},
		{POLICY_DIGIT, "no-digit"}, {POLICY_SPECIAL, "no-special"},
		{POLICY_NOSPACE, "space"}, {POLICY_COMMON, "common"},
		{POLICY_NAME, "name"}, {POLICY_SAME, "same"}};
	struct json_object *fields = json_new_object();
	size_t i;

	if (outcome->status == STATUS_MISSING_FIELD)
		add_fault(fields, outcome->missing, "missing");
	for (i = 0; i < sizeof faults / sizeof faults[0]; i++)
		if ((outcome->flaws & faults[i].flaw) != 0)
			add_fault(fields,
				outcome->status == STATUS_WEAK_AT_SIGN_UP
					? "password"
					: "new",
				faults[i].fault);
	if (json_object_object_length(fields) > 0)
		json_add(body, "fields", fields);
	else
		json_object_put(fields);
}

static struct json_object *
account_error(const struct outcome *outcome, const struct dialect_row *row,
	const char *message)
{
	struct json_object *body = json_new_object();
	char *type = mem_printf("/account/problems#%s", row->code);

	json_add_string(body, "type", type);
	json_add_string(body, "title", dialect_reason(row->http));
	json_add_int(body, "status", row->http);
	json_add_string(body, "code", row->code);
	json_add_string(body, "detail", message);
	add_fields(body, outcome);
	if (outcome->ticket[0] != '\0')
		json_add_string(body, "ticket", outcome->ticket);
	if (row->http == 429 || row->http == 503)
		json_add_int(body, "retry_after",
			row->http == 429 ? outcome->wait : 1);
	mem_free(type);
	return body;
}

/* The pages have the same. */
/* clang-format off */
static const struct dialect_row account_rows[STATUS_COUNT] = {
	[STATUS_NO_ENDPOINT] = {404, "There is nothing at this address.", "not-found"},
	[STATUS_BAD_METHOD] = {405, "This address does not take this method.", "bad-method"},
	[STATUS_BAD_REQUEST] = {400, "The request contradicts itself.", "bad-request"},
	[STATUS_BAD_TYPE] = {415, "The body must be application/json.", "bad-type"},
	[STATUS_BAD_ENCODING] = {415, "The body must not be compressed.", "bad-type"},
	[STATUS_NO_LENGTH] = {411, "The length of the body is missing.", "no-length"},
	[STATUS_TOO_LARGE] = {413, "The body is too large.", "too-large"},
	[STATUS_BAD_BODY] = {400, "The body is not a JSON object of this form.", "bad-body"},
	[STATUS_MISSING_FIELD] = {400, NULL, "bad-body"},
	[STATUS_BAD_FIELD] = {400, NULL, "bad-body"},
	[STATUS_BAD_QUERY] = {400, NULL, "bad-query"},
	[STATUS_STRANGER] = {403, "The request does not come from the web server.", "forbidden"},
	[STATUS_FOREIGN] = {403, "A page of another site has sent this.", "foreign-form"},
	[STATUS_NO_COOKIES] = {400, "The browser keeps no cookie of this site.", "no-cookies"},
	[STATUS_NO_TOKEN] = {401, "You are not signed in.", "not-signed-in"},
	[STATUS_BAD_TOKEN] = {401, "You are not signed in.", "not-signed-in"},
	[STATUS_FORBIDDEN] = {403, "You may not do this.", "forbidden"},
	[STATUS_NO_SESSION] = {403, "This takes the session of a browser.", "no-session"},
	[STATUS_NOT_FRESH] = {403, "Give your password once more first.", "confirm-required"},
	[STATUS_NOT_LOCAL] = {403, "You may not do this from here.", "forbidden"},
	[STATUS_NOT_SELF_HOSTED] = {403, "You may not do this.", "forbidden"},
	[STATUS_BAD_CREDENTIALS] = {401, "The name or the password is wrong.", "wrong-credentials"},
	[STATUS_CODE_REQUIRED] = {401, "The code of your authenticator app is needed, or a recovery code.", "code-required"},
	[STATUS_BAD_FACTOR] = {401, NULL, "wrong-code"},
	[STATUS_WRONG_FACTOR] = {403, NULL, "wrong-code"},
	[STATUS_MUST_ENROL] = {403, "A second factor is needed first.", "must-enrol"},
	[STATUS_MUST_CHANGE] = {403, "Another password is needed first.", "must-change"},
	[STATUS_WRONG_PASSWORD] = {403, "The current password is another.", "wrong-password"},
	[STATUS_WEAK_PASSWORD] = {400, NULL, "weak-password"},
	[STATUS_WEAK_AT_SIGN_UP] = {400, NULL, "weak-password"},
	[STATUS_BAD_CODE] = {400, "The code is wrong, used or too old.", "wrong-code"},
	[STATUS_BAD_VERIFY_CODE] = {400, "The code is wrong, used or too old.", "wrong-code"},
	[STATUS_VERIFIED] = {400, "The address is proved already.", "bad-request"},
	[STATUS_NO_ACCOUNT] = {404, "There is no such account.", "not-found"},
	[STATUS_DISABLED] = {409, "The account is disabled.", "disabled"},
	[STATUS_NAME_TAKEN] = {409, "The name is taken.", "name-taken"},
	[STATUS_BAD_NAME] = {400, "This cannot be a name.", "bad-name"},
	[STATUS_LAST_ADMIN] = {409, "The last administrator must stay.", "last-administrator"},
	[STATUS_HAS_ADMIN] = {403, "You may not do this.", "forbidden"},
	[STATUS_NOT_KEPT_HERE] = {404, "The audit is not kept in a file of latchkey's.", "not-kept-here"},
	[STATUS_NO_ACCESS_TOKEN] = {404, "There is no such access token.", "not-found"},
	[STATUS_EXPIRED_TOKEN] = {409, "The access token is over.", "expired"},
	[STATUS_TOKEN_TAKEN] = {409, "The access token exists.", "name-taken"},
	[STATUS_AUTH_DISABLED] = {403, "You may not do this.", "forbidden"},
	[STATUS_BEYOND_TOKEN] = {403, NULL, "forbidden"},
	[STATUS_THROTTLED] = {429, "There were too many tries.", "throttled"},
	[STATUS_NOT_FOUND] = {404, "There is no such thing.", "not-found"},
	[STATUS_UNAVAILABLE] = {503, "This does not work now. Try again soon.", "unavailable"},
	[STATUS_INTERNAL] = {500, "This did not work, or nobody knows whether it did.", "internal"},
};
/* clang-format on */

static const struct dialect account = {
	.name = "account",
	.policy = POLICY_ACCOUNT,
	.blank_is_missing = true,
	.spares_body = true,
	.password = "The new password must",
	.code = "code",
	.tells_factor = true,
	.error_type = "application/problem+json",
	.success = bare,
	.error = account_error,
	.missing = name_missing,
	.rows = account_rows,
};

static bool
is_among(struct json_object *problems, const char *code)
{
	size_t i;

	for (i = 0; i < json_object_array_length(problems); i++)
		if (strcmp(code,
			    json_string(json_object_array_get_idx(problems, i),
				    "code")) == 0)
			return true;
	return false;
}

struct json_object *
dialect_problems(void)
{
	struct json_object *problems = json_new_array(), *problem;
	const struct dialect_row *row = account_rows;

	for (; row < account_rows + STATUS_COUNT; row++) {
		if (row->code == NULL || is_among(problems, row->code))
			continue;
		problem = json_new_object();
		json_add_string(problem, "code", row->code);
		json_add_string(problem, "detail", row->message);
		json_append(problems, problem);
	}
	return problems;
}

/* --- page: the same API in a browser ------------------------------------- */

/* An answer is a page (app-page.c), made of the answer that account has. */
static const struct dialect page = {
	.name = "page",
	.is_page = true,
	.policy = POLICY_ACCOUNT,
	.blank_is_missing = true,
	.spares_body = true,
	.password = "The new password must",
	.code = "code",
	.tells_factor = true,
	.success = bare,
	.error = account_error,
	.missing = name_missing,
	.rows = account_rows,
};

/* --- which dialect, and what it says ----------------------------------- */

/* For a status without a row in the verifier's table. */
static const struct dialect_row no_row = {
	401, "Invalid or missing authorization token", NULL};

const struct dialect *
dialect_verify(void)
{
	return &verify;
}

const struct dialect *
dialect_of(const char *path)
{
	static const struct {
		const char *prefix;
		const struct dialect *dialect;
	} prefixes[] = {
		{"/account/api/", &account},
		{"/account/livez", &account},
		{"/account/readyz", &account},
		{"/account/metrics", &account},
		{"/account/", &page},
		{"/api/v2/", &databrain},
		{"/v1/auth/", &px0},
		{"/v1/api", &edge_impulse},
		{"/api-", &edge_impulse},
	};
	size_t i;

	for (i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (strncmp(path, prefixes[i].prefix,
			    strlen(prefixes[i].prefix)) == 0)
			return prefixes[i].dialect;
	return &actian;
}

static const struct dialect_row *
row_of(const struct dialect *dialect, enum status status)
{
	const struct dialect_row *own = dialect->rows;

	if (own != NULL && own[status].http != 0)
		return &own[status];
	return dialect->fails_closed ? &no_row : &common[status];
}

int
dialect_http(const struct dialect *dialect, enum status status)
{
	int http = row_of(dialect, status)->http;

	/* A 401 would have to bring a challenge (RFC 9110, 15.5.2), which no
	 * page is for. lynx asks its user before it shows such a page. */
	return dialect->is_page && http == 401 ? 403 : http;
}

/* Makes a message that no row has, since it names what is wrong. The caller
 * frees it. */
static char *
describe(const struct dialect *dialect, const struct outcome *outcome)
{
	char *text;

	if (outcome->status == STATUS_MISSING_FIELD)
		return dialect->missing == NULL ? name_missing(outcome)
						: dialect->missing(outcome);
	if (outcome->status == STATUS_BAD_FACTOR ||
		outcome->status == STATUS_WRONG_FACTOR)
		return describe_factor(outcome);
	if (outcome->status == STATUS_BAD_FIELD ||
		outcome->status == STATUS_BAD_QUERY ||
		outcome->status == STATUS_BEYOND_TOKEN)
		return mem_copy(outcome->reason);
	text = dialect->weak == NULL ? NULL : dialect->weak(outcome);
	return text != NULL ? text : describe_flaws(outcome, dialect->password);
}

struct json_object *
dialect_body(const struct dialect *dialect, const struct outcome *outcome)
{
	const struct dialect_row *row = row_of(dialect, outcome->status);
	struct json_object *body;
	char *text;

	if (row->http == 204 || row->http == 303)
		return NULL;
	if (outcome->status <= STATUS_DONE && outcome->bare)
		return bare(outcome->data);
	if (outcome->status <= STATUS_DONE)
		return dialect->success(outcome->data);
	if (row->message != NULL)
		return dialect->error(outcome, row, row->message);
	text = describe(dialect, outcome);
	body = dialect->error(outcome, row, text);
	mem_free(text);
	return body;
}
