/* body.h - a request's body, JSON or a page's form, and the members that an
 * endpoint reads */
#ifndef LATCHKEY_BODY_H
#define LATCHKEY_BODY_H

#include "base/status.h"
#include "web/request.h"

#include <json-c/json.h>

enum field_type {
	FIELD_STRING,
	FIELD_BOOLEAN,
	FIELD_INTEGER,
	FIELD_ARRAY /* whose elements the endpoint checks */
};

/* A member that an endpoint reads. A list of them ends with one whose name
 * is NULL. */
struct field {
	const char *name;
	enum field_type type;
	bool required;
};

/* What a body is, by the API that it is sent to. */
struct body_rules {
	size_t max; /* bytes */
	bool form;  /* a page's form (application/x-www-form-urlencoded) in
		     * place of JSON: a field is there once, and a boolean
		     * one is true if it is there */
	bool blank; /* a required string that has only blanks is missing, too */
	bool spares; /* no body is an object without members */
};

/* Reads the body and checks it against `fields`. STATUS_OK and the object,
 * which the caller gives to body_free(); or STATUS_BAD_TYPE,
 * STATUS_BAD_ENCODING, STATUS_NO_LENGTH, STATUS_TOO_LARGE, STATUS_BAD_BODY, or
 * STATUS_MISSING_FIELD with `missing` set to the first required field that is
 * missing, null, or empty: then there is an object, too. Members that are not
 * in `fields` are not checked, and not in the object. */
enum status body_read(const struct request *request,
	const struct body_rules *rules, const struct field *fields,
	struct json_object **body, const char **missing);

/* Wipes the strings and frees the object; NULL is fine. */
void body_free(struct json_object *body);

#endif
