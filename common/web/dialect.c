/* dialect.c - the wire formats: what a status looks like in each API */
#include "config.h"

#include "web/dialect.h"

#include "base/mem.h"
#include "web/dialect-table.h"

#include <string.h>

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

char *
dialect_describe_flaws(const struct outcome *outcome, const char *subject)
{
	static const struct {
		enum policy_flaw flaw;
		const char *text;
	} guessed[] = {
		{POLICY_COMMON, "a common password"},
		{POLICY_NAME, "a name of the account or the site"},
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

char *
dialect_password_must(const struct outcome *outcome)
{
	return dialect_describe_flaws(outcome, "Password must");
}

char *
dialect_name_missing(const struct outcome *outcome)
{
	return mem_printf("Missing required field: %s", outcome->missing);
}

struct json_object *
dialect_bare(struct json_object *data)
{
	return json_object_get(data);
}

/* --- which dialect, and what it says ----------------------------------- */

/* For a status without a row: only the verifier's table leaves some out. */
static const struct dialect_row no_row = {
	401, "Invalid or missing authorization token", NULL};

const struct dialect *
dialect_verify(void)
{
	return &dialect_verify_table;
}

const struct dialect *
dialect_of(const char *path)
{
	static const struct {
		const char *prefix;
		const struct dialect *dialect;
	} prefixes[] = {
		{"/api/v2/", &dialect_databrain},
		{"/v1/auth/", &dialect_px0},
		{"/v1/api", &dialect_edge_impulse},
		{"/api-", &dialect_edge_impulse},
	};
	size_t i;

	for (i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (strncmp(path, prefixes[i].prefix,
			    strlen(prefixes[i].prefix)) == 0)
			return prefixes[i].dialect;
	return &dialect_actian;
}

const char *
dialect_name(const struct dialect *dialect)
{
	return dialect->name;
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

bool
dialect_tells_unknown(const struct dialect *dialect)
{
	return dialect->tells_unknown;
}

static const struct dialect_row *
row_of(const struct dialect *dialect, enum status status)
{
	const struct dialect_row *row = &dialect->rows[status];

	return row->http != 0 ? row : &no_row;
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
		{201, "Created"},
		{204, "No Content"},
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

/* Makes a message that no row has, since it names what is wrong. The caller
 * frees it. */
static char *
describe(const struct dialect *dialect, const struct outcome *outcome)
{
	if (outcome->status == STATUS_MISSING_FIELD)
		return dialect->missing(outcome);
	if (outcome->status == STATUS_BAD_FIELD ||
		outcome->status == STATUS_BEYOND_TOKEN)
		return mem_copy(outcome->reason);
	return dialect->weak(outcome);
}

struct json_object *
dialect_body(const struct dialect *dialect, const struct outcome *outcome)
{
	const struct dialect_row *row = row_of(dialect, outcome->status);
	struct json_object *body;
	char *text;

	if (row->http == 204)
		return NULL;
	if (outcome->status <= STATUS_DONE && outcome->bare)
		return dialect_bare(outcome->data);
	if (outcome->status <= STATUS_DONE)
		return dialect->success(outcome->data);
	if (row->message != NULL)
		return dialect->error(outcome->status, row->message, row->code);
	text = describe(dialect, outcome);
	body = dialect->error(outcome->status, text, row->code);
	mem_free(text);
	return body;
}
