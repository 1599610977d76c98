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

/* The same, but an empty value is there: an empty header counts, too. */
const char *request_raw_param(const struct request *request, const char *name);

/* The name of a variable that decides something and that is there twice; NULL
 * if none is. latchkey cannot know which of the two is meant: the web server,
 * and a program that reads only the first, may each mean another. */
const char *request_doubled(const struct request *request);

/* "GET" and so on; "" if there is none. */
const char *request_method(const struct request *request);

/* Whether the web server asks on behalf of another page (FastCGI's role). */
bool request_is_authorizer(const struct request *request);

/* SCRIPT_NAME and PATH_INFO together; the web server has decoded and normalised
 * them. False if the path is longer than `size`. */
bool request_path(const struct request *request, char *path, size_t size);

/* The body's declared length: 0 without a body, -1 if it is not a number,
 * REQUEST_UNTOLD if it is not declared but there may be a body. FastCGI itself
 * marks the end of a body; plain CGI does not (RFC 3875, 4.2). */
enum { REQUEST_UNTOLD = -2 };
long long request_length(const struct request *request);

/* Reads up to `size` bytes of the body, fewer only where it ends. */
size_t request_read(const struct request *request, char *buffer, size_t size);

/* Whether the body is read to its end. Plain CGI may not look (RFC 3875, 4.2):
 * there the declared length is all that is known. */
bool request_at_end(const struct request *request);

/* Writes all of it. There is no error: the client may have gone. */
void request_write(
	const struct request *request, const char *text, size_t length);

/* A member of the query, decoded (application/x-www-form-urlencoded). An empty
 * one counts as missing. QUERY_BAD: it is there twice, too long, or no text. */
enum request_query { QUERY_MISSING, QUERY_GOOD, QUERY_BAD };
enum request_query request_query(const struct request *request,
	const char *name, char *out, size_t size);

/* Whether the query has a member of that name, with a value or without. */
bool request_query_has(const struct request *request, const char *name);

/* Decodes a name or a value of a form, in place, in the same way; it may be
 * empty. False if it is no text. */
bool request_decode(char *text);

/* Whether the query has no members but those; NULL comes after the last. */
bool request_query_has_only(
	const struct request *request, const char *const names[]);

/* The web server's own id of this request (REQUEST_ID, or mod_unique_id's
 * UNIQUE_ID); NULL unless it has only letters, digits and -_@. */
const char *request_id(const struct request *request);

/* --- from where it comes, and by whose token --------------------------- */

/* Whether the request comes from the machine itself and through no proxy. All
 * of these must hold: a loopback address, the web server's word
 * (LATCHKEY_LOCAL), a local Host, no trace of a proxy, no foreign page that
 * sent it. The address alone does not do: behind a tunnel or a proxy on the
 * same machine every address is 127.0.0.1. */
bool request_is_local(const struct request *request, const struct conf *conf);

/* The network that throttling counts by: the IPv4 address, or the /64 of an
 * IPv6 one; "unknown" where the web server names no address. */
void request_network(
	const struct request *request, char network[THROTTLE_NETWORK_SIZE]);

/* A cookie that holds a token: of latchkey's own API, and of edge-impulse's,
 * which counts only where none of the other kind is good. */
enum cookie { COOKIE_SESSION, COOKIE_JWT, COOKIES };

/* The forms of its name: plain; __Host-, by which the browser insists on https
 * and on this very host; __Secure-, for all hosts of cookie_domain. NULL if the
 * cookie has no such name. */
enum cookie_form { COOKIE_PLAIN, COOKIE_HOST, COOKIE_DOMAIN, COOKIE_FORMS };
const char *request_cookie_name(enum cookie cookie, enum cookie_form form);

/* The form that the site sets, and that a browser's counts by. */
enum cookie_form request_cookie_form(
	const struct conf *conf, enum cookie cookie);

/* Whether a cookie of that name came along. */
bool request_has_cookie(const struct request *request, const char *name);

/* How a token comes: by Authorization: Bearer, else x-jwt-token, else
 * x-api-key, else as the password of Authorization: Basic, where the web server
 * says that this counts, else the cookie. A browser sends the last two along
 * from any page: on a request that changes state they count only if no other
 * site can have sent it. `method` decides whether the request does. So do
 * headers that ask for another protocol, or that a proxy sets for another
 * method; these can only refuse. */
enum token_from {
	TOKEN_FROM_NOWHERE,
	TOKEN_FROM_HEADER,
	TOKEN_FROM_COOKIE,
	TOKEN_FROM_STRANGER /* a cookie of this site's name, or a password, that
			     * does not count */
};
enum token_from request_token_from(const struct request *request,
	const struct conf *conf, const char *method);

/* Whether Authorization: Basic may be asked for: the web server permits it here
 * (LATCHKEY_BASIC), and no browser asks, which would show a window of its own
 * for a person's password. */
bool request_wants_basic(const struct request *request);

/* Whether a person's browser goes to a page, so that another page can be shown
 * in its place: no script's request, no part of a page. */
bool request_is_navigation(const struct request *request);

/* Whether a browser's request cannot be from a page of this site; false if no
 * browser sent it. And why, in words for the operator, which the caller frees;
 * NULL if it can. */
bool request_is_strange(const struct request *request, const struct conf *conf);
char *request_strange(const struct request *request, const struct conf *conf);

/* The tokens that came that way, by that cookie if it was one:
 *
 *	tokens = request_tokens(request, conf, from, cookie);
 *	while ((token = request_next_token(&tokens)) != NULL)
 *		look_at(token);
 *
 * More than one are cookies of the same name, since a site beside this one can
 * set others. Such a site would reach any limit to their number before the good
 * one comes, so there is none but the size of the header, which the web server
 * bounds: each cookie is read once. A token is valid until the next call. */
struct request_tokens {
	const char *only; /* this and the next two: request.c's */
	const char *name, *rest;
};
struct request_tokens request_tokens(const struct request *request,
	const struct conf *conf, enum token_from from, enum cookie cookie);
const char *request_next_token(struct request_tokens *tokens);

#endif
