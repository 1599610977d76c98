/* dialect.h - the wire formats: what a status looks like in each API.
 *
 * The only module that knows HTTP statuses, error bodies and messages. The
 * dialects differ in those, and in what the first flags of their tables say. A
 * new dialect is a table and a prefix in dialect.c, and the settings of its
 * passwords in conf.h and conf.c. */
#ifndef LATCHKEY_DIALECT_H
#define LATCHKEY_DIALECT_H

#include "base/status.h"
#include "site/conf.h"
#include "web/body.h"

#include <json-c/json.h>

/* The outcome of a request. */
struct outcome {
	enum status status;
	struct json_object *data;   /* STATUS_OK: the endpoint's answer */
	const struct field *fields; /* STATUS_MISSING_FIELD: the endpoint's, */
	const char *missing;        /* and the first that is missing */
	const char *reason;         /* STATUS_BAD_FIELD and STATUS_BAD_QUERY:
				     * what is wrong;
				     * STATUS_BEYOND_TOKEN: what is too much */
	unsigned flaws;             /* STATUS_WEAK_PASSWORD: as policy.h has
				     * them, */
	struct policy policy;       /* and the policy that found them */
	int64_t wait;               /* STATUS_THROTTLED: seconds */
	int64_t now;                /* STATUS_BAD_FACTOR: seconds since 1970 */
	const char *ticket;         /* for what is needed first; "": none */
	bool bare;                  /* STATUS_OK: the data alone, without a
				     * frame */
};

struct dialect_row {
	int http;
	const char *message; /* NULL: made by `missing` or `weak` */
	const char *code;    /* databrain's and account's */
};

struct dialect {
	const char *name; /* as the documents call it */
	/* for people: bodies are forms, and an answer is a page, which
	 * app-page.c makes of the body that it has here */
	bool is_page;
	enum conf_policy_row policy; /* of new passwords */
	/* a required string that has only blanks counts as missing */
	bool blank_is_missing;
	/* no body is an object without members */
	bool spares_body;
	/* where accounts are revealed, a sign-in may tell an unknown name from
	 * a wrong password */
	bool tells_unknown;
	/* the member of a sign-in's body that has the second factor's code;
	 * NULL: the header X-OTP */
	const char *code;
	bool tells_factor;    /* a refused sign-in may tell that a second factor
			       * is needed, or another password */
	bool fails_closed;    /* a status without a row is a 401 */
	const char *password; /* with its verb: the subject of what a new one
			       * must be like */
	const char
		*error_type; /* of a refusal's body; NULL: application/json */
	/* The bodies, the caller's to json_object_put(); `data` stays the
	 * caller's. */
	struct json_object *(*success)(struct json_object *data);
	struct json_object *(*error)(const struct outcome *outcome,
		const struct dialect_row *row, const char *message);
	/* The messages that name what is wrong; the caller frees them. NULL, or
	 * a `weak` that returns it: the words are those of all dialects. */
	char *(*missing)(const struct outcome *outcome);
	char *(*weak)(const struct outcome *outcome);
	/* A row for each status that differs from the common one; NULL: none
	 * does. */
	const struct dialect_row *rows;
};

/* The dialect that a path belongs to; actian's for a path of none. */
const struct dialect *dialect_of(const char *path);

/* The dialect of cgi/verify: 204, 401 or 403 for every outcome. */
const struct dialect *dialect_verify(void);

/* The problems of latchkey's own API, each once: [{code, detail}]. The caller
 * puts. */
struct json_object *dialect_problems(void);

/* The HTTP status of an outcome, and its reason phrase. */
int dialect_http(const struct dialect *dialect, enum status status);
const char *dialect_reason(int http);

/* The body of an outcome, the caller's to json_object_put(); its `data` stays
 * the caller's. NULL if the outcome has no body. */
struct json_object *dialect_body(
	const struct dialect *dialect, const struct outcome *outcome);

#endif
