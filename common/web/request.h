/* request.h - what the web server says of a request: CGI's variables, the
 * body, and what follows from them (RFC 3875) */
#ifndef LATCHKEY_REQUEST_H
#define LATCHKEY_REQUEST_H

#include <fcgiapp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct request {
	char **params;   /* NAME=value, as in environ */
	FCGX_Stream *in; /* NULL: plain CGI, standard input and output */
	FCGX_Stream *out;
};

/* The value of a CGI variable; NULL if it is not there or empty. */
const char *request_param(const struct request *request, const char *name);

/* The same, but one that is empty is there: a header can say nothing. */
const char *request_raw_param(const struct request *request, const char *name);

/* The name of a variable that something is decided by and that stands there
 * twice; NULL if none does. Which of two is meant nobody can know: the web
 * server, and whoever reads only the first, may each mean another. */
const char *request_doubled(const struct request *request);

/* "GET" and so on; "" if there is none. */
const char *request_method(const struct request *request);

/* Whether it is HEAD, which is GET without what the answer contains (RFC 9110,
 * 9.3.2). */
bool request_is_head(const struct request *request);

/* Whether the web server asks on behalf of another page (FastCGI's role). */
bool request_is_authorizer(const struct request *request);

/* SCRIPT_NAME and PATH_INFO together; decoded and normalised by the web
 * server. False if it is longer than `size`. */
bool request_path(const struct request *request, char *path, size_t size);

/* The body's declared length: 0 without a body, -1 if it is not a number,
 * REQUEST_UNTOLD where there may be one all the same: FastCGI says itself where
 * it ends, in plain CGI nobody does (RFC 3875, 4.2). */
enum { REQUEST_UNTOLD = -2 };
long long request_length(const struct request *request);

/* Reads up to `size` bytes of the body, fewer only where it ends. */
size_t request_read(const struct request *request, char *buffer, size_t size);

/* Whether nothing of the body is left. Plain CGI may not look (RFC 3875, 4.2):
 * there its length is all that there is to know. */
bool request_at_end(const struct request *request);

/* Writes all; nobody can be told when the other side has gone. */
void request_write(
	const struct request *request, const char *text, size_t length);

/* A member of the query, decoded (application/x-www-form-urlencoded). False
 * if it is not there, empty, there twice, too long, or no text. */
bool request_query(const struct request *request, const char *name, char *out,
	size_t size);

/* The web server's own name for this request (REQUEST_ID, or mod_unique_id's
 * UNIQUE_ID); NULL unless it is letters, digits and -_@ alone. */
const char *request_id(const struct request *request);

#endif
