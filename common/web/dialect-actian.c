/* dialect-actian.c - actian's API, and the verifier's, whose path is beside
 * it */
#include "config.h"

#include "web/dialect-table.h"

#include "base/json.h"

struct json_object *
dialect_actian_error(enum status status, const char *message, const char *code)
{
	struct json_object *body = json_new_object();

	(void)code;
	if (status == STATUS_BAD_CREDENTIALS) {
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

const struct dialect dialect_actian = {
	.name = "actian",
	.policy = POLICY_ACTIAN,
	.blank_is_missing = true,
	.success = dialect_bare,
	.error = dialect_actian_error,
	.missing = dialect_name_missing,
	.weak = dialect_password_must,
	/* clang-format off */
	.rows = {
		[STATUS_OK] = {200, NULL, NULL},
		[STATUS_CREATED] = {201, NULL, NULL},
		[STATUS_DONE] = {204, NULL, NULL},
		[STATUS_NO_ENDPOINT] = {404, "Not found", NULL},
		[STATUS_BAD_METHOD] = {405, "Method not allowed", NULL},
		[STATUS_BAD_REQUEST] = {400, "Bad request", NULL},
		[STATUS_BAD_TYPE] = {415, "Content-Type must be application/json", NULL},
		[STATUS_BAD_ENCODING] = {415, "Content-Encoding is not supported", NULL},
		[STATUS_NO_LENGTH] = {411, "Content-Length is required", NULL},
		[STATUS_TOO_LARGE] = {413, "Request body too large", NULL},
		[STATUS_BAD_BODY] = {400, "Invalid request body", NULL},
		[STATUS_MISSING_FIELD] = {400, NULL, NULL},
		[STATUS_BAD_FIELD] = {400, NULL, NULL},
		[STATUS_STRANGER] = {403, "Forbidden", NULL},
		[STATUS_NO_TOKEN] = {401, "Invalid or missing authorization token", NULL},
		[STATUS_BAD_TOKEN] = {401, "Invalid or missing authorization token", NULL},
		[STATUS_FORBIDDEN] = {403, "Forbidden", NULL},
		[STATUS_NOT_LOCAL] = {403, "This endpoint can only be called from localhost", NULL},
		[STATUS_NOT_SELF_HOSTED] = {403, "Forbidden", NULL},
		[STATUS_BAD_CREDENTIALS] = {401, "Invalid username or password", NULL},
		[STATUS_WRONG_PASSWORD] = {400, "The current password is not correct", NULL},
		[STATUS_WEAK_PASSWORD] = {400, NULL, NULL},
		[STATUS_WEAK_AT_SIGN_UP] = {400, NULL, NULL},
		[STATUS_BAD_CODE] = {400, "Invalid or expired code", NULL},
		[STATUS_BAD_VERIFY_CODE] = {400, "Invalid verification code", NULL},
		[STATUS_VERIFIED] = {400, "The address is verified already", NULL},
		[STATUS_NO_ACCOUNT] = {404, "User not found", NULL},
		[STATUS_NAME_TAKEN] = {409, "Username already exists", NULL},
		[STATUS_BAD_NAME] = {400, "Invalid username", NULL},
		[STATUS_LAST_ADMIN] = {409, "The last administrator must stay", NULL},
		[STATUS_HAS_ADMIN] = {401, "Invalid or missing authorization token", NULL},
		[STATUS_NO_ACCESS_TOKEN] = {404, "Access token not found", NULL},
		[STATUS_EXPIRED_TOKEN] = {400, "Cannot rotate an expired access token", NULL},
		[STATUS_TOKEN_TAKEN] = {409, "Access token already exists", NULL},
		[STATUS_AUTH_DISABLED] = {403, "Access token API requires auth_enabled=true", NULL},
		[STATUS_BEYOND_TOKEN] = {403, NULL, NULL},
		[STATUS_THROTTLED] = {429, "Too many requests", NULL},
		[STATUS_NOT_FOUND] = {404, "Not found", NULL},
		[STATUS_UNAVAILABLE] = {503, "Service temporarily unavailable", NULL},
		[STATUS_INTERNAL] = {500, "Internal server error", NULL},
	},
	/* clang-format on */
};

/* nginx makes a 500 of anything but these statuses. So every row that is
 * missing is a 401: it fails closed. */
const struct dialect dialect_verify_table = {
	.name = "verify",
	.policy = POLICY_ACTIAN,
	.success = dialect_bare,
	.error = dialect_actian_error,
	.rows =
		{
			[STATUS_OK] = {204, NULL, NULL},
			[STATUS_STRANGER] = {403, "Forbidden", NULL},
			[STATUS_FORBIDDEN] = {403, "Forbidden", NULL},
		},
};
