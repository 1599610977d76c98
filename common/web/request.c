/* request.c - what the web server says of a request */
#include "config.h"

#include "web/request.h"

#include "account/token.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

const char *
request_raw_param(const struct request *request, const char *name)
{
	return FCGX_GetParam(name, request->params);
}

const char *
request_param(const struct request *request, const char *name)
{
	const char *value = request_raw_param(request, name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

const char *
request_method(const struct request *request)
{
	const char *method = request_param(request, "REQUEST_METHOD");

	return method == NULL ? "" : method;
}

/* libfcgi's own variable stands before what the web server sends. */
bool
request_is_authorizer(const struct request *request)
{
	const char *role = request_param(request, "FCGI_ROLE");

	return role != NULL && strcmp(role, "AUTHORIZER") == 0;
}

bool
request_path(const struct request *request, char *path, size_t size)
{
	const char *script = request_param(request, "SCRIPT_NAME");
	const char *info = request_param(request, "PATH_INFO");
	int length = snprintf(path, size, "%s%s", script == NULL ? "" : script,
		info == NULL ? "" : info);

	return length >= 0 && (size_t)length < size;
}

long long
request_length(const struct request *request)
{
	const char *text = request_param(request, "CONTENT_LENGTH");

	if (text == NULL && request->in == NULL &&
		request_param(request, "HTTP_TRANSFER_ENCODING") == NULL)
		return 0;
	if (text == NULL)
		return REQUEST_UNTOLD;
	if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 18)
		return -1;
	return strtoll(text, NULL, 10);
}

/* libfcgi leaves in its buffer what it has handed out, passwords too: the
 * buffer is wiped here. In 2.4.2 it lies from rdNext to stop, and is not for
 * the caller to touch; t/unit/web/request checks that libfcgi does so. */
static ssize_t
take(FCGX_Stream *in, char *buffer, size_t size)
{
	unsigned char *from = in->rdNext;
	size_t there = (size_t)(in->stop - from);
	int first;

	if (there == 0) {
		first = FCGX_GetChar(in); /* which fills the buffer */
		if (first < 0)
			return 0;
		buffer[0] = (char)first;
		sodium_memzero(in->rdNext - 1, 1);
		return 1;
	}
	size = (size_t)FCGX_GetStr(
		buffer, (int)(size < there ? size : there), in);
	sodium_memzero(from, size);
	return (ssize_t)size;
}

size_t
request_read(const struct request *request, char *buffer, size_t size)
{
	size_t done = 0;
	ssize_t got = 1;

	while (done < size && got != 0) {
		got = request->in != NULL
			      ? take(request->in, buffer + done, size - done)
			      : read(STDIN_FILENO, buffer + done, size - done);
		if (got < 0 && errno != EINTR)
			break;
		if (got > 0)
			done += (size_t)got;
	}
	return done;
}

bool
request_at_end(const struct request *request)
{
	return request->in == NULL || FCGX_GetChar(request->in) == EOF;
}

void
request_write(const struct request *request, const char *text, size_t length)
{
	ssize_t done;

	if (request->out != NULL) {
		FCGX_PutStr(text, (int)length, request->out);
		return;
	}
	while (length > 0) {
		done = write(STDOUT_FILENO, text, length);
		if (done < 0 && errno != EINTR)
			return;
		if (done > 0) {
			text += done;
			length -= (size_t)done;
		}
	}
}

const char *
request_id(const struct request *request)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789-_@";
	const char *id = request_param(request, "REQUEST_ID");

	if (id == NULL)
		id = request_param(request, "UNIQUE_ID");
	return id != NULL && strspn(id, letters) == strlen(id) ? id : NULL;
}

/* --- the query --------------------------------------------------------- */

/* Decodes up to `length` bytes; false if they do not decode to a text. */
static bool
decode(const char *text, size_t length, char *out, size_t size)
{
	const char *end = text + length;
	size_t used = 0;

	for (; text < end; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '+')
			byte = ' ';
		if (byte == '%') {
			if (end - text < 3 || sodium_hex2bin(&byte, 1, text + 1,
						      2, NULL, NULL, NULL) != 0)
				return false;
			text += 2;
		}
		if (byte == '\0' || used + 1 >= size)
			return false;
		out[used++] = (char)byte;
	}
	out[used] = '\0';
	return used > 0 && utf8_valid(out, used);
}

/* A member of the query as it stands there. */
struct member {
	const char *name, *value;
	size_t name_length, value_length;
};

/* Takes the member at the beginning of the rest of a query. */
static bool
next_member(const char **rest, struct member *member)
{
	size_t length;

	if (*rest == NULL)
		return false;
	*rest += strspn(*rest, "&");
	length = strcspn(*rest, "&");
	if (length == 0)
		return false;
	member->name = *rest;
	member->name_length = strcspn(*rest, "&=");
	member->value = *rest + member->name_length;
	if (member->value[0] == '=')
		member->value++;
	member->value_length = (size_t)(*rest + length - member->value);
	*rest += length;
	return true;
}

static bool
is_named(const struct member *member, const char *name)
{
	return member->name_length == strlen(name) &&
	       memcmp(member->name, name, member->name_length) == 0;
}

enum request_query
request_query(
	const struct request *request, const char *name, char *out, size_t size)
{
	const char *rest = request_param(request, "QUERY_STRING");
	enum request_query found = QUERY_MISSING;
	struct member member;
	bool again = false;

	while (next_member(&rest, &member)) {
		if (!is_named(&member, name))
			continue;
		if (again)
			return QUERY_BAD;
		again = true;
		if (member.value_length > 0)
			found = decode(member.value, member.value_length, out,
					size)
					? QUERY_GOOD
					: QUERY_BAD;
	}
	return found;
}

bool
request_query_has(const struct request *request, const char *name)
{
	const char *rest = request_param(request, "QUERY_STRING");
	struct member member;

	while (next_member(&rest, &member))
		if (is_named(&member, name))
			return true;
	return false;
}

bool
request_decode(char *text)
{
	size_t length = strlen(text);

	return length == 0 || decode(text, length, text, length + 1);
}

bool
request_query_has_only(const struct request *request, const char *const names[])
{
	const char *rest = request_param(request, "QUERY_STRING");
	struct member member;
	int i;

	while (next_member(&rest, &member)) {
		for (i = 0; names[i] != NULL; i++)
			if (is_named(&member, names[i]))
				break;
		if (names[i] == NULL)
			return false;
	}
	return true;
}

/* --- variables that stand there twice ---------------------------------- */

/* Everything that decides something. Left out are headers that can only refuse
 * by being there (X-Forwarded-For and the like), and FCGI_ROLE, of which
 * libfcgi's own comes first. */
#define NAME(text)                                                             \
	{                                                                      \
		text, sizeof text - 1                                          \
	}
static const struct {
	const char *text;
	size_t length;
} variables[] = {
	NAME("REQUEST_METHOD"),
	NAME("SCRIPT_NAME"),
	NAME("PATH_INFO"),
	NAME("QUERY_STRING"),
	NAME("CONTENT_TYPE"),
	NAME("CONTENT_LENGTH"),
	NAME("REMOTE_ADDR"),
	NAME("REQUEST_ID"),
	NAME("UNIQUE_ID"),
	NAME("REQUEST_URI"),
	NAME("LATCHKEY_BASIC"),
	NAME("LATCHKEY_LOCAL"),
	NAME("LATCHKEY_REQUIRE"),
	NAME("LATCHKEY_PROOF"),
	NAME("HTTP_HOST"),
	NAME("HTTP_ORIGIN"),
	NAME("HTTP_SEC_FETCH_SITE"),
	NAME("HTTP_AUTHORIZATION"),
	NAME("HTTP_X_JWT_TOKEN"),
	NAME("HTTP_X_API_KEY"),
	NAME("HTTP_X_OTP"),
	NAME("HTTP_COOKIE"),
};

enum { VARIABLES = sizeof variables / sizeof variables[0] };
static_assert(VARIABLES <= 32, "request_doubled() has a bit for each");

/* The row of a variable's name, VARIABLES if it has none. */
static unsigned
find(const char *param)
{
	size_t length = strcspn(param, "=");
	unsigned i;

	for (i = 0; i < VARIABLES; i++)
		if (variables[i].length == length &&
			memcmp(variables[i].text, param, length) == 0)
			break;
	return i;
}

const char *
request_doubled(const struct request *request)
{
	unsigned seen = 0, row;
	char **param;

	for (param = request->params; *param != NULL; param++) {
		row = find(*param);
		if (row == VARIABLES)
			continue;
		if ((seen >> row & 1) != 0)
			return variables[row].text;
		seen |= 1U << row;
	}
	return NULL;
}

/* --- from where it comes ----------------------------------------------- */

static bool
is_loopback(const char *address)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, address, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, address, &six) != 1)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&six) ||
	       (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}

/* A name of this machine, with any port. */
static bool
is_local_host(const char *host)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
	size_t i, length;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		length = strlen(names[i]);
		if (strncasecmp(host, names[i], length) != 0)
			continue;
		host += length;
		return host[0] == '\0' ||
		       (host[0] == ':' && strspn(host + 1, "0123456789") ==
						  strlen(host + 1));
	}
	return false;
}

/* Whether the origin is site_url's: all of that up to its path. */
static bool
is_this_origin(const char *origin, const struct conf *conf)
{
	size_t length = conf_origin_length(conf);

	return length > 0 && strlen(origin) == length &&
	       strncasecmp(origin, conf->site_url, length) == 0;
}

static bool
is_one_of(const char *text, const char *first, const char *second)
{
	return strcmp(text, first) == 0 || strcmp(text, second) == 0;
}

bool
request_is_local(const struct request *request, const struct conf *conf)
{
	static const char *const traces[] = {"HTTP_FORWARDED",
		"HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA"};
	const char *address = request_param(request, "REMOTE_ADDR");
	const char *local = request_param(request, "LATCHKEY_LOCAL");
	const char *host = request_param(request, "HTTP_HOST");
	const char *fetch = request_raw_param(request, "HTTP_SEC_FETCH_SITE");
	const char *origin = request_raw_param(request, "HTTP_ORIGIN");
	size_t i;

	for (i = 0; i < sizeof traces / sizeof traces[0]; i++)
		if (request_raw_param(request, traces[i]) != NULL)
			return false;
	return address != NULL && is_loopback(address) && local != NULL &&
	       strcmp(local, "yes") == 0 && host != NULL &&
	       is_local_host(host) &&
	       (fetch == NULL || is_one_of(fetch, "same-origin", "none")) &&
	       (origin == NULL || is_this_origin(origin, conf));
}

void
request_network(
	const struct request *request, char network[THROTTLE_NETWORK_SIZE])
{
	const char *address = request_param(request, "REMOTE_ADDR");

	throttle_network(address == NULL ? "" : address, network);
}

/* --- the token --------------------------------------------------------- */

/* What follows "Bearer " (RFC 6750, 2.1; the scheme without regard to case),
 * else NULL. */
static const char *
bearer(const char *header)
{
	if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0)
		return NULL;
	header += 7 + strspn(header + 7, " ");
	return header[0] == '\0' ? NULL : header;
}

/* The value of the next cookie `name` in the rest of a header, copied; NULL
 * after the last. */
static const char *
next_cookie(const char **rest, const char *name)
{
	static char value[4096];
	size_t length = strlen(name), end, size;
	const char *at;

	while (*rest != NULL && **rest != '\0') {
		at = *rest + strspn(*rest, "; ");
		end = strcspn(at, ";");
		*rest = at + end;
		if (end <= length || strncmp(at, name, length) != 0 ||
			at[length] != '=')
			continue;
		size = end - length - 1;
		if (size == 0 || size >= sizeof value)
			continue;
		memcpy(value, at + length + 1, size);
		value[size] = '\0';
		return value;
	}
	return NULL;
}

bool
request_has_cookie(const struct request *request, const char *name)
{
	const char *rest = request_param(request, "HTTP_COOKIE");

	return next_cookie(&rest, name) != NULL;
}

static bool
changes_state(const char *method)
{
	return !is_one_of(method, "GET", "HEAD") &&
	       strcmp(method, "OPTIONS") != 0;
}

/* Whether the request changes state, or may begin something that does: messages
 * through a websocket have no Origin any more. Apache takes the Upgrade out of
 * what it tells a program, and says it in a variable of its own. A proxy that
 * asks by a GET of its own names the page's method in a header. A client can
 * send that header, too, and can only harm itself by it. */
static bool
may_change(const struct request *request, const char *method)
{
	static const char *const others[] = {
		"HTTP_X_FORWARDED_METHOD", "HTTP_X_ORIGINAL_METHOD"};
	const char *other;
	size_t i;

	for (i = 0; i < sizeof others / sizeof others[0]; i++) {
		other = request_raw_param(request, others[i]);
		if (other != NULL && changes_state(other))
			return true;
	}
	return changes_state(method) ||
	       request_raw_param(request, "HTTP_UPGRADE") != NULL ||
	       request_raw_param(request, "LATCHKEY_UPGRADE") != NULL;
}

/* A browser sends a cookie along from any page, but then with one of these two
 * headers. */
static bool
is_from_browser(const struct request *request)
{
	return request_raw_param(request, "HTTP_ORIGIN") != NULL ||
	       request_raw_param(request, "HTTP_SEC_FETCH_SITE") != NULL;
}

/* Whether the origin is that of the very host that is asked. With cookie_domain
 * there are several, and none of them may act by another's pages. */
static bool
is_own_origin(const struct request *request, const struct conf *conf,
	const char *origin)
{
	const char *host = request_param(request, "HTTP_HOST");

	if (conf->cookie_domain[0] == '\0')
		return is_this_origin(origin, conf);
	return host != NULL && conf_in_domain(conf, host, strcspn(host, ":")) &&
	       strncasecmp(origin, "https://", 8) == 0 &&
	       strcasecmp(origin + 8, host) == 0;
}

static bool
is_from_here(const struct request *request, const struct conf *conf)
{
	const char *origin = request_raw_param(request, "HTTP_ORIGIN");
	const char *fetch = request_raw_param(request, "HTTP_SEC_FETCH_SITE");

	return (origin != NULL && is_own_origin(request, conf, origin)) ||
	       (fetch != NULL && strcmp(fetch, "same-origin") == 0);
}

bool
request_is_navigation(const struct request *request)
{
	const char *mode = request_param(request, "HTTP_SEC_FETCH_MODE");
	const char *dest = request_param(request, "HTTP_SEC_FETCH_DEST");
	const char *accept = request_param(request, "HTTP_ACCEPT");

	/* Over plain http a browser does not say. */
	if (mode == NULL && dest == NULL)
		return accept != NULL && strstr(accept, "text/html") != NULL;
	/* A frame's part of a page is a navigation, too. */
	return mode != NULL && strcmp(mode, "navigate") == 0 && dest != NULL &&
	       strcmp(dest, "document") == 0;
}

bool
request_is_strange(const struct request *request, const struct conf *conf)
{
	return is_from_browser(request) && !is_from_here(request, conf);
}

char *
request_strange(const struct request *request, const struct conf *conf)
{
	const char *origin = request_raw_param(request, "HTTP_ORIGIN");

	if (!request_is_strange(request, conf))
		return NULL;
	if (origin == NULL)
		return mem_printf("Sec-Fetch-Site is %.64s",
			request_raw_param(request, "HTTP_SEC_FETCH_SITE"));
	if (conf->site_url[0] == '\0')
		return mem_printf(
			"Origin %.256s, and site_url is not set", origin);
	if (conf->cookie_domain[0] != '\0')
		return mem_printf(
			"Origin %.256s is not the host that is asked, "
			"or not beneath cookie_domain %s",
			origin, conf->cookie_domain);
	return mem_printf(
		"Origin %.256s is not site_url %s", origin, conf->site_url);
}

const char *
request_cookie_name(enum cookie cookie, enum cookie_form form)
{
	static const char *const names[COOKIES][COOKIE_FORMS] = {
		[COOKIE_SESSION] = {"latchkey", "__Host-latchkey",
			"__Secure-latchkey"},
		[COOKIE_JWT] = {"jwt", "__Host-jwt", NULL},
	};

	return names[cookie][form];
}

enum cookie_form
request_cookie_form(const struct conf *conf, enum cookie cookie)
{
	if (!conf_https(conf))
		return COOKIE_PLAIN;
	return cookie == COOKIE_SESSION && conf->cookie_domain[0] != '\0'
		       ? COOKIE_DOMAIN
		       : COOKIE_HOST;
}

/* The name by which that cookie counts. On an https site another site may have
 * planted a plain one. */
static const char *
name_of_cookie(const struct request *request, const struct conf *conf,
	enum cookie which)
{
	enum cookie_form form = request_cookie_form(conf, which);
	const char *name = request_cookie_name(which, form);

	return is_from_browser(request) || request_has_cookie(request, name)
		       ? name
		       : request_cookie_name(which, COOKIE_PLAIN);
}

static bool
has_token_in(const struct request *request, const struct conf *conf,
	enum cookie which)
{
	return request_has_cookie(
		request, name_of_cookie(request, conf, which));
}

static bool
permits_basic(const struct request *request)
{
	const char *basic = request_param(request, "LATCHKEY_BASIC");

	return basic != NULL && strcmp(basic, "yes") == 0;
}

bool
request_wants_basic(const struct request *request)
{
	return permits_basic(request) && !is_from_browser(request);
}

/* The access token that is the password of Authorization: Basic (RFC 7617),
 * copied; NULL if there is none. A person's password is no token: it is not
 * tried, since every request would try it anew. */
static const char *
basic_token(const struct request *request)
{
	static char pair[512];
	const char *header = request_param(request, "HTTP_AUTHORIZATION");
	const char *password;
	size_t length;

	if (!permits_basic(request) || header == NULL ||
		strncasecmp(header, "Basic ", 6) != 0)
		return NULL;
	header += 6 + strspn(header + 6, " ");
	if (sodium_base642bin((unsigned char *)pair, sizeof pair - 1, header,
		    strlen(header), NULL, &length, NULL,
		    sodium_base64_VARIANT_ORIGINAL) != 0)
		return NULL;
	pair[length] = '\0';
	password = strchr(pair, ':');
	if (password != NULL && token_is_one(password + 1))
		return password + 1;
	sodium_memzero(pair, sizeof pair);
	return NULL;
}

static const char *
header_token(const struct request *request)
{
	const char *token =
		bearer(request_param(request, "HTTP_AUTHORIZATION"));

	if (token == NULL)
		token = request_param(request, "HTTP_X_JWT_TOKEN");
	if (token == NULL)
		token = request_param(request, "HTTP_X_API_KEY");
	return token;
}

enum token_from
request_token_from(const struct request *request, const struct conf *conf,
	const char *method)
{
	bool basic = basic_token(request) != NULL;

	if (header_token(request) != NULL)
		return TOKEN_FROM_HEADER;
	if (!basic && !has_token_in(request, conf, COOKIE_SESSION) &&
		!has_token_in(request, conf, COOKIE_JWT))
		return TOKEN_FROM_NOWHERE;
	if (may_change(request, method) && request_is_strange(request, conf))
		return TOKEN_FROM_STRANGER;
	return basic ? TOKEN_FROM_HEADER : TOKEN_FROM_COOKIE;
}

struct request_tokens
request_tokens(const struct request *request, const struct conf *conf,
	enum token_from from, enum cookie cookie)
{
	struct request_tokens tokens = {NULL, NULL, NULL};

	if (from == TOKEN_FROM_COOKIE) {
		tokens.name = name_of_cookie(request, conf, cookie);
		tokens.rest = request_param(request, "HTTP_COOKIE");
	} else if (from == TOKEN_FROM_HEADER && cookie == COOKIE_SESSION) {
		tokens.only = header_token(request);
		if (tokens.only == NULL)
			tokens.only = basic_token(request);
	}
	return tokens;
}

const char *
request_next_token(struct request_tokens *tokens)
{
	const char *only = tokens->only;

	tokens->only = NULL;
	return tokens->name != NULL ? next_cookie(&tokens->rest, tokens->name)
				    : only;
}
