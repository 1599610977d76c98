/* request.h - what the web server says of a request: CGI's variables, the
 * body, and what follows from them (RFC 3875) */
#ifndef LATCHKEY_REQUEST_H
#define LATCHKEY_REQUEST_H

#include "account/throttle.h"
#include "site/conf.h"

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

/* --- from where it comes, and by whose token --------------------------- */

/* Whether it comes from the machine itself and through nothing: a loopback
 * address, the web server's word (LATCHKEY_LOCAL), a local Host, no trace of
 * a proxy, no foreign page behind it. All of them: behind a tunnel or a proxy
 * on the same machine every address is 127.0.0.1. */
bool request_is_local(const struct request *request, const struct conf *conf);

/* What throttling counts by: the IPv4 address, or the /64 of an IPv6 one;
 * "unknown" where the web server names no address. */
void request_network(
	const struct request *request, char network[THROTTLE_NETWORK_SIZE]);

/* How a token comes: by Authorization: Bearer, else x-jwt-token, else
 * x-api-key, else the cookie. A cookie counts on a request that changes state
 * only if no other site can have sent it. `method` is the one that decides
 * about that, together with what asks for another protocol and what a proxy
 * says of the method: these can refuse a cookie, and let none in. */
enum token_from {
	TOKEN_FROM_NOWHERE,
	TOKEN_FROM_HEADER,
	TOKEN_FROM_COOKIE,
	TOKEN_FROM_STRANGER /* a cookie of ours that does not count */
};
enum token_from request_token_from(const struct request *request,
	const struct conf *conf, const char *method);

/* Why a browser's request cannot be from a page of this site, in words for the
 * operator, which the caller frees; NULL if it can, or is no browser's. */
char *request_strange(const struct request *request, const struct conf *conf);

/* The tokens that were sent, `at` 0 the first: more than one are cookies of the
 * same name, since a site beside this one can set another. NULL after the last,
 * or after REQUEST_TOKENS. Valid until the next call. */
enum { REQUEST_TOKENS = 4 };
const char *request_token(const struct request *request,
	const struct conf *conf, const char *method, int at);

#endif
