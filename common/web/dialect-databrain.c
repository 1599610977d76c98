/* dialect-databrain.c - databrain's API */
#include "config.h"

#include "web/dialect-table.h"

#include "base/json.h"
#include "base/mem.h"

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
	return dialect_describe_flaws(outcome, "\"password\" should");
}

const struct dialect dialect_databrain = {
	.name = "databrain",
	.policy = POLICY_DATABRAIN,
	.tells_unknown = true,
	.success = databrain_success,
	.error = databrain_error,
	.missing = databrain_missing,
	.weak = databrain_weak,
	/* clang-format off */
	.rows = {
		[STATUS_OK] = {200, NULL, NULL},
		[STATUS_CREATED] = {201, NULL, NULL},
		[STATUS_DONE] = {204, NULL, NULL},
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
		[STATUS_STRANGER] = {403, "Forbidden", "FORBIDDEN"},
		[STATUS_NO_TOKEN] = {401, "An administrator's token is required", "AUTHENTICATION_ERROR"},
		[STATUS_BAD_TOKEN] = {401, "Invalid or expired token", "AUTHENTICATION_ERROR"},
		[STATUS_FORBIDDEN] = {401, "An administrator's token is required", "AUTHENTICATION_ERROR"},
		[STATUS_NOT_LOCAL] = {403, "This endpoint can only be called from localhost", "AUTHENTICATION_ERROR"},
		[STATUS_NOT_SELF_HOSTED] = {500, "This feature is only available for self-hosted instances", "SELFHOSTED_APP_ERROR"},
		[STATUS_BAD_CREDENTIALS] = {400, "Invalid credentials", "Invalid credentials"},
		[STATUS_WRONG_PASSWORD] = {400, "The current password is not correct!", "RESET_PASSWORD_ERROR"},
		[STATUS_WEAK_PASSWORD] = {400, NULL, "RESET_PASSWORD_ERROR"},
		[STATUS_WEAK_AT_SIGN_UP] = {400, NULL, "INVALID_REQUEST_BODY"},
		[STATUS_BAD_CODE] = {400, "Invalid or expired code", "RESET_PASSWORD_ERROR"},
		[STATUS_BAD_VERIFY_CODE] = {400, "Invalid verification code", "INVALID_REQUEST"},
		[STATUS_VERIFIED] = {400, "The address is verified already", "INVALID_REQUEST"},
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
		[STATUS_THROTTLED] = {429, "Too many requests", "TOO_MANY_REQUESTS"},
		[STATUS_NOT_FOUND] = {404, "Not found", "NOT_FOUND"},
		[STATUS_UNAVAILABLE] = {503, "Service temporarily unavailable", "INTERNAL_SERVER_ERROR"},
		[STATUS_INTERNAL] = {500, "Internal server error", "INTERNAL_SERVER_ERROR"},
	},
	/* clang-format on */
};
