/* dialect-px0.c - px0's API */
#include "config.h"

#include "web/dialect-table.h"

#include "base/json.h"
#include "base/mem.h"

static struct json_object *
px0_error(enum status status, const char *message, const char *code)
{
	struct json_object *body = json_new_object();

	(void)status;
	(void)code;
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
	return dialect_describe_flaws(outcome, "password must");
}

const struct dialect dialect_px0 = {
	.name = "px0",
	.policy = POLICY_PX0,
	.success = dialect_bare,
	.error = px0_error,
	.missing = px0_missing,
	.weak = px0_weak,
	/* clang-format off */
	.rows = {
		[STATUS_OK] = {200, NULL, NULL},
		[STATUS_CREATED] = {201, NULL, NULL},
		[STATUS_DONE] = {204, NULL, NULL},
		[STATUS_NO_ENDPOINT] = {404, "not found", NULL},
		[STATUS_BAD_METHOD] = {405, "method not allowed", NULL},
		[STATUS_BAD_REQUEST] = {400, "bad request", NULL},
		[STATUS_BAD_TYPE] = {415, "content type must be application/json", NULL},
		[STATUS_BAD_ENCODING] = {415, "content encoding is not supported", NULL},
		[STATUS_NO_LENGTH] = {411, "content length is required", NULL},
		[STATUS_TOO_LARGE] = {413, "request body too large", NULL},
		[STATUS_BAD_BODY] = {400, "invalid request body", NULL},
		[STATUS_MISSING_FIELD] = {400, NULL, NULL},
		[STATUS_BAD_FIELD] = {400, NULL, NULL},
		[STATUS_STRANGER] = {403, "forbidden", NULL},
		[STATUS_NO_TOKEN] = {401, "unauthorized", NULL},
		[STATUS_BAD_TOKEN] = {401, "unauthorized", NULL},
		[STATUS_FORBIDDEN] = {403, "forbidden", NULL},
		[STATUS_NOT_LOCAL] = {403, "forbidden", NULL},
		[STATUS_NOT_SELF_HOSTED] = {403, "forbidden", NULL},
		[STATUS_BAD_CREDENTIALS] = {401, "invalid credentials", NULL},
		[STATUS_WRONG_PASSWORD] = {400, "current password is not correct", NULL},
		[STATUS_WEAK_PASSWORD] = {400, NULL, NULL},
		[STATUS_WEAK_AT_SIGN_UP] = {400, NULL, NULL},
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
		[STATUS_BEYOND_TOKEN] = {403, NULL, NULL},
		[STATUS_THROTTLED] = {429, "too many requests", NULL},
		[STATUS_NOT_FOUND] = {404, "not found", NULL},
		[STATUS_UNAVAILABLE] = {503, "service temporarily unavailable", NULL},
		[STATUS_INTERNAL] = {500, "internal error", NULL},
	},
	/* clang-format on */
};
