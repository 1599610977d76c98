/* dialect-edge-impulse.c - edge-impulse's API */
#include "config.h"

#include "web/dialect-table.h"

#include "base/json.h"

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

/* A refusal by the endpoint itself is an HTTP 200. */
const struct dialect dialect_edge_impulse = {
	.name = "edge-impulse",
	.policy = POLICY_EDGE_IMPULSE,
	.success = edge_impulse_success,
	.error = edge_impulse_error,
	.missing = dialect_name_missing,
	.weak = dialect_password_must,
	/* clang-format off */
	.rows = {
		[STATUS_OK] = {200, NULL, NULL},
		[STATUS_CREATED] = {200, NULL, NULL},
		[STATUS_DONE] = {200, NULL, NULL},
		[STATUS_NO_ENDPOINT] = {404, "Not found", NULL},
		[STATUS_BAD_METHOD] = {405, "Method not allowed", NULL},
		[STATUS_BAD_REQUEST] = {400, "Bad request", NULL},
		[STATUS_BAD_TYPE] = {415, "Content-Type must be application/json", NULL},
		[STATUS_BAD_ENCODING] = {415, "Content-Encoding is not supported", NULL},
		[STATUS_NO_LENGTH] = {411, "Content-Length is required", NULL},
		[STATUS_TOO_LARGE] = {413, "Request body too large", NULL},
		[STATUS_BAD_BODY] = {400, "Invalid request body", NULL},
		[STATUS_MISSING_FIELD] = {200, NULL, NULL},
		[STATUS_BAD_FIELD] = {200, NULL, NULL},
		[STATUS_STRANGER] = {403, "Forbidden", NULL},
		[STATUS_NO_TOKEN] = {200, "Not signed in", NULL},
		[STATUS_BAD_TOKEN] = {200, "Invalid or expired token", NULL},
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
		[STATUS_THROTTLED] = {429, "Too many requests", NULL},
		[STATUS_NOT_FOUND] = {200, "Not found", NULL},
		[STATUS_UNAVAILABLE] = {503, "Service temporarily unavailable", NULL},
		[STATUS_INTERNAL] = {500, "Internal server error", NULL},
	},
	/* clang-format on */
};
