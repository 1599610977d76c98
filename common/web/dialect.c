/* dialect.c - the wire formats: what a status looks like in each API */
#include "config.h"

#include "web/dialect-table.h"

#include "base/mem.h"

#include <string.h>

/* Where a table has no row: only the verifier's leaves some out. */
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

/* A message that no row has: it names what is wrong. The caller frees. */
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
