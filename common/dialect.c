/* dialect.c - the wire formats: what a status looks like in each API */
#include "config.h"

#include "dialect.h"

#include "json.h"
#include "mem.h"

#include <string.h>

struct row {
	int http;
	const char *message;
	const char *code; /* databrain's */
};

struct dialect {
	enum conf_policy_row policy;
	bool blank_is_missing;
	struct json_object *(*success)(struct json_object *data);
	struct json_object *(*error)(
		enum status status, const char *message, const char *code);
	char *(*missing)(const struct outcome *outcome);
	char *(*weak)(const struct outcome *outcome);
	struct row rows[STATUS_COUNT];
};

/* --- texts ------------------------------------------------------------- */

/* Appends to a text that it takes and gives back. */
static char *
append(char *text, const char *more)
{
	char *longer = mem_printf("%s%s", text, more);

	mem_free(text);
	return longer;
}

/* What a password has not enough of, as a list: "12 characters, one digit". */
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

	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		if ((outcome->flaws & words[i].flaw) == 0)
			continue;
		if (list[0] != '\0')
			list = append(list, ", ");
		list = append(list, words[i].text);
	}
	return list;
}

/* `subject` is a password with its verb: "Password must". */
static char *
describe_flaws(const struct outcome *outcome, const char *subject)
{
	char *list, *text;

	if ((outcome->flaws & POLICY_LONG) != 0)
		return mem_printf("%s not be longer than %d characters or %d "
				  "bytes",
			subject, PASSWORD_POINTS, PASSWORD_BYTES);
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

/* --- actian ------------------------------------------------------------ */

static struct json_object *
as_it_is(struct json_object *data)
{
	return json_object_get(data);
}

static struct json_object *
actian_error(enum status status, const char *message, const char *code)
{
	struct json_object *body = json_new_object();

	(void)code;
	if (status == STATUS_BAD_CREDENTIALS) {
		/* the sign-in's, as the seed has it */
		json_add_string(body, "token", NULL);
		json_add_string(body, "message", message);
		json_add_int(body, "expires_in", 0);
		return body;
	}
	json_add_string(body, "status", "error");
	json_add_string(body, "message", message);
	return body;
}

static char *
actian_missing(const struct outcome *outcome)
{
	return mem_printf("Missing required field: %s", outcome->missing);
}

static char *
actian_weak(const struct outcome *outcome)
{
	return describe_flaws(outcome, "Password must");
}

static const struct dialect actian = {
	.policy = POLICY_ACTIAN,
	.blank_is_missing = true,
	.success = as_it_is,
	.error = actian_error,
	.missing = actian_missing,
	.weak = actian_weak,
	/* clang-format off */
	.rows = {
		[STATUS_OK] = {200, NULL, NULL},
		[STATUS_NO_ENDPOINT] = {404, "Not found", NULL},
		[STATUS_BAD_METHOD] = {405, "Method not allowed", NULL},
		[STATUS_BAD_TYPE] = {415, "Content-Type must be application/json", NULL},
		[STATUS_TOO_LARGE] = {413, "Request body too large", NULL},
		[STATUS_BAD_BODY] = {400, "Invalid request body", NULL},
		[STATUS_MISSING_FIELD] = {400, NULL, NULL},
		[STATUS_NO_TOKEN] = {401, "Invalid or missing authorization token", NULL},
		[STATUS_BAD_TOKEN] = {401, "Invalid or missing authorization token", NULL},
		[STATUS_FORBIDDEN] = {403, "Forbidden", NULL},
		[STATUS_NOT_LOCAL] = {403, "This endpoint can only be called from localhost", NULL},
		[STATUS_NOT_SELF_HOSTED] = {403, "Forbidden", NULL},
		[STATUS_BAD_CREDENTIALS] = {401, "Invalid username or password", NULL},
		[STATUS_WRONG_PASSWORD] = {400, "The current password is not correct", NULL},
		[STATUS_WEAK_PASSWORD] = {400, NULL, NULL},
		[STATUS_BAD_CODE] = {400, "Invalid or expired code", NULL},
		[STATUS_NO_ACCOUNT] = {404, "User not found", NULL},
		[STATUS_NAME_TAKEN] = {409, "Username already exists", NULL},
		[STATUS_BAD_NAME] = {400, "Invalid username", NULL},
		[STATUS_LAST_ADMIN] = {409, "The last administrator must stay", NULL},
		[STATUS_NOT_FOUND] = {404, "Not found", NULL},
		[STATUS_UNAVAILABLE] = {503, "Service temporarily unavailable", NULL},
		[STATUS_INTERNAL] = {500, "Internal server error", NULL},
	},
	/* clang-format on */
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
databrain_error(enum status status, const char *message, const char *code)
{
	struct json_object *body = json_new_object();
	struct json_object *error = json_new_object();

	(void)status;
	json_add_string(error, "code", code);
	json_add_string(error, "message", message);
	json_add(body, "error", error);
	return body;
}

static char *
databrain_missing(const struct outcome *outcome)
{
	return mem_printf("\"%s\" is required", outcome->missing);
}

static char *
databrain_weak(const struct outcome *outcome)
{
	return describe_flaws(outcome, "\"password\" should");
}

static const struct dialect databrain = {
	.policy = POLICY_DATABRAIN,
	.success = databrain_success,
	.error = databrain_error,
	.missing = databrain_missing,
	.weak = databrain_weak,
	/* clang-format off */
	.rows = {
		[STATUS_OK] = {200, NULL, NULL},
		[STATUS_NO_ENDPOINT] = {404, "Not found", "NOT_FOUND"},
		[STATUS_BAD_METHOD] = {405, "Method not allowed", "METHOD_NOT_ALLOWED"},
		[STATUS_BAD_TYPE] = {415, "Content-Type must be application/json", "INVALID_REQUEST_BODY"},
		[STATUS_TOO_LARGE] = {413, "Request body too large", "INVALID_REQUEST_BODY"},
		[STATUS_BAD_BODY] = {400, "Invalid request body", "INVALID_REQUEST_BODY"},
		[STATUS_MISSING_FIELD] = {400, NULL, "INVALID_REQUEST_BODY"},
		[STATUS_NO_TOKEN] = {401, "An administrator's token is required", "AUTHENTICATION_ERROR"},
		[STATUS_BAD_TOKEN] = {401, "Invalid or expired token", "AUTHENTICATION_ERROR"},
		[STATUS_FORBIDDEN] = {401, "An administrator's token is required", "AUTHENTICATION_ERROR"},
		[STATUS_NOT_LOCAL] = {403, "This endpoint can only be called from localhost", "AUTHENTICATION_ERROR"},
		[STATUS_NOT_SELF_HOSTED] = {500, "This feature is only available for self-hosted instances", "SELFHOSTED_APP_ERROR"},
		[STATUS_BAD_CREDENTIALS] = {400, "Invalid credentials", "Invalid credentials"},
		[STATUS_WRONG_PASSWORD] = {400, "The current password is not correct!", "RESET_PASSWORD_ERROR"},
		[STATUS_WEAK_PASSWORD] = {400, NULL, "RESET_PASSWORD_ERROR"},
		[STATUS_BAD_CODE] = {400, "Invalid or expired code", "RESET_PASSWORD_ERROR"},
		[STATUS_NO_ACCOUNT] = {400, "No User found with the given email", "USER_NOT_FOUND"},
		[STATUS_NAME_TAKEN] = {400, "This email is taken already", "INVALID_REQUEST"},
		[STATUS_BAD_NAME] = {400, "\"email\" must be a valid email", "INVALID_REQUEST_BODY"},
		[STATUS_LAST_ADMIN] = {400, "The last administrator must stay", "INVALID_REQUEST"},
		[STATUS_NOT_FOUND] = {404, "Not found", "NOT_FOUND"},
		[STATUS_UNAVAILABLE] = {503, "Service temporarily unavailable", "INTERNAL_SERVER_ERROR"},
		[STATUS_INTERNAL] = {500, "Internal server error", "INTERNAL_SERVER_ERROR"},
	},
	/* clang-format on */
};

/* --- px0 --------------------------------------------------------------- */

static struct json_object *
px0_error(enum status status, const char *message, const char *code)
{
	struct json_object *body = json_new_object();

	(void)status;
	(void)code;
	json_add_string(body, "error", message);
	return body;
}

/* Names all that is required, whichever is missing: "a and b are required". */
static char *
px0_missing(const struct outcome *outcome)
{
	const struct field *field;
	char *list = mem_copy("");
	int count = 0;

	for (field = outcome->fields; field->name != NULL; field++) {
		if (!field->required)
			continue;
		if (count++ > 0)
			list = append(list, " and ");
		list = append(list, field->name);
	}
	return append(list, count > 1 ? " are required" : " is required");
}

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
	return describe_flaws(outcome, "password must");
}

static const struct dialect px0 = {
	.policy = POLICY_PX0,
	.success = as_it_is,
	.error = px0_error,
	.missing = px0_missing,
	.weak = px0_weak,
	/* clang-format off */
	.rows = {
		[STATUS_OK] = {200, NULL, NULL},
		[STATUS_NO_ENDPOINT] = {404, "not found", NULL},
		[STATUS_BAD_METHOD] = {405, "method not allowed", NULL},
		[STATUS_BAD_TYPE] = {415, "content type must be application/json", NULL},
		[STATUS_TOO_LARGE] = {413, "request body too large", NULL},
		[STATUS_BAD_BODY] = {400, "invalid request body", NULL},
		[STATUS_MISSING_FIELD] = {400, NULL, NULL},
		[STATUS_NO_TOKEN] = {401, "unauthorized", NULL},
		[STATUS_BAD_TOKEN] = {401, "unauthorized", NULL},
		[STATUS_FORBIDDEN] = {403, "forbidden", NULL},
		[STATUS_NOT_LOCAL] = {403, "forbidden", NULL},
		[STATUS_NOT_SELF_HOSTED] = {403, "forbidden", NULL},
		[STATUS_BAD_CREDENTIALS] = {401, "invalid credentials", NULL},
		[STATUS_WRONG_PASSWORD] = {400, "current password is not correct", NULL},
		[STATUS_WEAK_PASSWORD] = {400, NULL, NULL},
		[STATUS_BAD_CODE] = {400, "invalid or expired password reset code", NULL},
		[STATUS_NO_ACCOUNT] = {404, "user not found", NULL},
		[STATUS_NAME_TAKEN] = {409, "email already registered", NULL},
		[STATUS_BAD_NAME] = {400, "invalid email format", NULL},
		[STATUS_LAST_ADMIN] = {409, "the last administrator must stay", NULL},
		[STATUS_NOT_FOUND] = {404, "not found", NULL},
		[STATUS_UNAVAILABLE] = {503, "service temporarily unavailable", NULL},
		[STATUS_INTERNAL] = {500, "internal error", NULL},
	},
	/* clang-format on */
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
edge_impulse_error(enum status status, const char *message, const char *code)
{
	struct json_object *body = json_new_object();

	(void)status;
	(void)code;
	json_add_bool(body, "success", false);
	json_add_string(body, "error", message);
	return body;
}

/* What the endpoint itself refuses is an HTTP 200. */
static const struct dialect edge_impulse = {
	.policy = POLICY_EDGE_IMPULSE,
	.success = edge_impulse_success,
	.error = edge_impulse_error,
	.missing = actian_missing,
	.weak = actian_weak,
	/* clang-format off */
	.rows = {
		[STATUS_OK] = {200, NULL, NULL},
		[STATUS_NO_ENDPOINT] = {404, "Not found", NULL},
		[STATUS_BAD_METHOD] = {405, "Method not allowed", NULL},
		[STATUS_BAD_TYPE] = {415, "Content-Type must be application/json", NULL},
		[STATUS_TOO_LARGE] = {413, "Request body too large", NULL},
		[STATUS_BAD_BODY] = {400, "Invalid request body", NULL},
		[STATUS_MISSING_FIELD] = {200, NULL, NULL},
		[STATUS_NO_TOKEN] = {200, "Not signed in", NULL},
		[STATUS_BAD_TOKEN] = {200, "Invalid or expired token", NULL},
		[STATUS_FORBIDDEN] = {200, "Not allowed", NULL},
		[STATUS_NOT_LOCAL] = {200, "Not allowed", NULL},
		[STATUS_NOT_SELF_HOSTED] = {200, "Not allowed", NULL},
		[STATUS_BAD_CREDENTIALS] = {200, "Invalid username or password", NULL},
		[STATUS_WRONG_PASSWORD] = {200, "The current password is not correct", NULL},
		[STATUS_WEAK_PASSWORD] = {200, NULL, NULL},
		[STATUS_BAD_CODE] = {200, "Invalid or expired code", NULL},
		[STATUS_NO_ACCOUNT] = {200, "User not found", NULL},
		[STATUS_NAME_TAKEN] = {200, "This username or email is taken already", NULL},
		[STATUS_BAD_NAME] = {200, "Invalid username or email", NULL},
		[STATUS_LAST_ADMIN] = {200, "The last administrator must stay", NULL},
		[STATUS_NOT_FOUND] = {200, "Not found", NULL},
		[STATUS_UNAVAILABLE] = {503, "Service temporarily unavailable", NULL},
		[STATUS_INTERNAL] = {500, "Internal server error", NULL},
	},
	/* clang-format on */
};

/* --- verify ------------------------------------------------------------ */

/* nginx makes a 500 of anything but these, so every row that is not named is
 * a 401: it fails closed. */
static const struct dialect verify = {
	.policy = POLICY_ACTIAN,
	.success = as_it_is,
	.error = actian_error,
	.missing = actian_missing,
	.weak = actian_weak,
	.rows =
		{
			[STATUS_OK] = {204, NULL, NULL},
			[STATUS_FORBIDDEN] = {403, "Forbidden", NULL},
		},
};

static const struct row verify_refusal = {
	401, "Invalid or missing authorization token", NULL};

const struct dialect *
dialect_verify(void)
{
	return &verify;
}

/* --- common ------------------------------------------------------------ */

const struct dialect *
dialect_of(const char *path)
{
	static const struct {
		const char *prefix;
		const struct dialect *dialect;
	} prefixes[] = {
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

enum conf_policy_row
dialect_policy(const struct dialect *dialect)
{
	return dialect->policy;
}

bool
dialect_blank_is_missing(const struct dialect *dialect)
{
	return dialect->blank_is_missing;
}

static const struct row *
row_of(const struct dialect *dialect, enum status status)
{
	const struct row *row = &dialect->rows[status];

	return row->http != 0 ? row : &verify_refusal;
}

int
dialect_http(const struct dialect *dialect, enum status status)
{
	return row_of(dialect, status)->http;
}

const char *
dialect_reason(int http)
{
	static const struct {
		int http;
		const char *reason;
	} reasons[] = {
		{200, "OK"},
		{204, "No Content"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
	};
	size_t i;

	for (i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].http == http)
			return reasons[i].reason;
	return "Unknown";
}

struct json_object *
dialect_body(const struct dialect *dialect, const struct outcome *outcome)
{
	const struct row *row = row_of(dialect, outcome->status);
	struct json_object *body;
	char *text;

	if (row->http == 204)
		return NULL;
	if (outcome->status == STATUS_OK)
		return dialect->success(outcome->data);
	if (row->message != NULL)
		return dialect->error(outcome->status, row->message, row->code);
	text = outcome->status == STATUS_MISSING_FIELD
		       ? dialect->missing(outcome)
		       : dialect->weak(outcome);
	body = dialect->error(outcome->status, text, row->code);
	mem_free(text);
	return body;
}
