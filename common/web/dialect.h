/* dialect.h - the wire formats: what a status looks like in each API.
 *
 * The only module that knows HTTP statuses, error bodies and messages. The
 * dialects differ in those alone, never in behaviour. A new dialect is a new
 * table. */
#ifndef LATCHKEY_DIALECT_H
#define LATCHKEY_DIALECT_H

#include "base/status.h"
#include "site/conf.h"
#include "web/body.h"

#include <json-c/json.h>

struct dialect;

/* The outcome of a request. */
struct outcome {
	enum status status;
	struct json_object *data;   /* STATUS_OK: the endpoint's answer */
	const struct field *fields; /* STATUS_MISSING_FIELD: the endpoint's, */
	const char *missing;        /* and the first that is missing */
	const char *reason;         /* STATUS_BAD_FIELD: what is wrong;
				     * STATUS_BEYOND_TOKEN: what is too much */
	unsigned flaws;             /* STATUS_WEAK_PASSWORD: as policy.h has
				     * them, */
	struct policy policy;       /* and the policy that found them */
	bool bare;                  /* STATUS_OK: the data alone, without a
				     * frame */
};

/* The dialect that a path belongs to; actian's for a path of none. */
const struct dialect *dialect_of(const char *path);

/* The dialect of cgi/verify: 204, 401 or 403 for every outcome. */
const struct dialect *dialect_verify(void);

/* The dialect's name, as in the documents. */
const char *dialect_name(const struct dialect *dialect);

/* The row of the policy table for new passwords. */
enum conf_policy_row dialect_policy(const struct dialect *dialect);

/* Whether a required string of nothing but blanks counts as missing. */
bool dialect_blank_is_missing(const struct dialect *dialect);

/* Whether a sign-in may tell an unknown name from a wrong password, where
 * accounts are revealed. */
bool dialect_tells_unknown(const struct dialect *dialect);

/* The HTTP status of an outcome, and its reason phrase. */
int dialect_http(const struct dialect *dialect, enum status status);
const char *dialect_reason(int http);

/* The body of an outcome; the caller puts it, and keeps `data`. NULL if the
 * outcome has no body. */
struct json_object *dialect_body(
	const struct dialect *dialect, const struct outcome *outcome);

#endif
