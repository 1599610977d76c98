/* dialect-table.h - what a dialect is made of; for the dialect-*.c files */
#ifndef LATCHKEY_DIALECT_TABLE_H
#define LATCHKEY_DIALECT_TABLE_H

#include "web/dialect.h"

struct dialect_row {
	int http;
	const char *message; /* NULL: made by `missing` or `weak` */
	const char *code;    /* databrain's */
};

struct dialect {
	const char *name;
	enum conf_policy_row policy;
	bool blank_is_missing;
	bool tells_unknown;
	/* The bodies; the caller puts them, and keeps `data`. */
	struct json_object *(*success)(struct json_object *data);
	struct json_object *(*error)(
		enum status status, const char *message, const char *code);
	/* The messages that name what is wrong. The caller frees them. */
	char *(*missing)(const struct outcome *outcome);
	char *(*weak)(const struct outcome *outcome);
	/* A row for each status that an endpoint can answer. */
	struct dialect_row rows[STATUS_COUNT];
};

extern const struct dialect dialect_actian, dialect_databrain, dialect_px0,
	dialect_edge_impulse, dialect_verify_table;

/* --- what they share --------------------------------------------------- */

/* The data as they are. */
struct json_object *dialect_bare(struct json_object *data);

/* {"status":"error","message":M}, and the sign-in's own refusal. */
struct json_object *dialect_actian_error(
	enum status status, const char *message, const char *code);

/* "Missing required field: NAME". */
char *dialect_name_missing(const struct outcome *outcome);

/* What the password lacks; `subject` is a password with its verb, such as
 * "Password must". */
char *dialect_describe_flaws(
	const struct outcome *outcome, const char *subject);
char *dialect_password_must(const struct outcome *outcome);

#endif
