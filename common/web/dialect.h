/* dialect.h - the wire formats: what a status looks like in each API.
 *
 * The only place that knows HTTP statuses, error bodies and messages. The
 * dialects differ in those alone, never in behaviour. To add one is to add a
 * table here. */
#ifndef LATCHKEY_DIALECT_H
#define LATCHKEY_DIALECT_H

#include "base/status.h"
#include "site/conf.h"
#include "web/body.h"

#include <json-c/json.h>

struct dialect;

/* What came of a request. */
struct outcome {
	enum status status;
	struct json_object *data;   /* STATUS_OK: what the endpoint says */
	const struct field *fields; /* STATUS_MISSING_FIELD: the endpoint's, */
	const char *missing;        /* and the first that is not there */
	const char *reason;         /* STATUS_BAD_FIELD: what is wrong;
				     * STATUS_BEYOND_TOKEN: what is too much */
	unsigned flaws;             /* STATUS_WEAK_PASSWORD: policy.h's, */
	struct policy policy;       /* and what was asked for */
	bool bare;                  /* STATUS_OK: the data alone, in every
				     * dialect */
};

/* The dialect that a path belongs to; actian's for those of nobody. */
const struct dialect *dialect_of(const char *path);

/* That of cgi/verify: 204, 401 or 403, whatever happens. */
const struct dialect *dialect_verify(void);

/* As the documents call it. */
const char *dialect_name(const struct dialect *dialect);

/* The row of the policy table for new passwords. */
enum conf_policy_row dialect_policy(const struct dialect *dialect);

/* Whether a required string of nothing but blanks counts as missing. */
bool dialect_blank_is_missing(const struct dialect *dialect);

/* Whether a sign-in may tell a name that nobody has from a wrong password,
 * where accounts are revealed. */
bool dialect_tells_unknown(const struct dialect *dialect);

/* The HTTP status of an outcome, and its reason phrase. */
int dialect_http(const struct dialect *dialect, enum status status);
const char *dialect_reason(int http);

/* The body of an outcome; the caller puts it, and keeps `data`. NULL where
 * there is none to send. */
struct json_object *dialect_body(
	const struct dialect *dialect, const struct outcome *outcome);

#endif
