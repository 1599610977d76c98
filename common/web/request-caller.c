/* request-caller.c - from where a request comes, and by whose token */
#include "config.h"

#include "web/request-caller.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

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

/* The origin is site_url's: all of that up to its path. */
static bool
is_this_origin(const char *origin, const struct conf *conf)
{
	const char *host = strstr(conf->site_url, "://");
	size_t length;

	if (host == NULL)
		return false;
	length = (size_t)(host - conf->site_url) + 3 + strcspn(host + 3, "/");
	return strlen(origin) == length &&
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

/* The value of the cookie `name`, copied: of those that fit the one after
 * `before` others. NULL if there is none. */
static const char *
cookie(const struct request *request, const char *name, int before)
{
	static char value[4096];
	const char *at = request_param(request, "HTTP_COOKIE");
	size_t length = strlen(name), end, size;

	for (; at != NULL && at[0] != '\0'; at += end) {
		at += strspn(at, "; ");
		end = strcspn(at, ";");
		if (end <= length || strncmp(at, name, length) != 0 ||
			at[length] != '=')
			continue;
		size = end - length - 1;
		if (size == 0 || size >= sizeof value || before-- > 0)
			continue;
		memcpy(value, at + length + 1, size);
		value[size] = '\0';
		return value;
	}
	return NULL;
}

static bool
changes_state(const char *method)
{
	return !is_one_of(method, "GET", "HEAD") &&
	       strcmp(method, "OPTIONS") != 0;
}

/* Whether it changes state, or may be the beginning of more: what is sent
 * through a websocket has no Origin any more. A proxy in front that asks with a
 * GET of its own says so of the page's method; so can a client, to his own
 * harm. */
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
	       request_raw_param(request, "HTTP_UPGRADE") != NULL;
}

/* A browser sends a cookie along from any page, but then with one of these two
 * headers. */
static bool
is_from_browser(const struct request *request)
{
	return request_raw_param(request, "HTTP_ORIGIN") != NULL ||
	       request_raw_param(request, "HTTP_SEC_FETCH_SITE") != NULL;
}

static bool
is_from_here(const struct request *request, const struct conf *conf)
{
	const char *origin = request_raw_param(request, "HTTP_ORIGIN");
	const char *fetch = request_raw_param(request, "HTTP_SEC_FETCH_SITE");

	return (origin != NULL && is_this_origin(origin, conf)) ||
	       (fetch != NULL && strcmp(fetch, "same-origin") == 0);
}

char *
request_strange(const struct request *request, const struct conf *conf)
{
	const char *origin = request_raw_param(request, "HTTP_ORIGIN");

	if (!is_from_browser(request) || is_from_here(request, conf))
		return NULL;
	if (origin == NULL)
		return mem_printf("Sec-Fetch-Site is %.64s",
			request_raw_param(request, "HTTP_SEC_FETCH_SITE"));
	if (conf->site_url[0] == '\0')
		return mem_printf(
			"Origin %.256s, and site_url is not set", origin);
	return mem_printf(
		"Origin %.256s is not site_url %s", origin, conf->site_url);
}

/* On an https site a plain `jwt` may have been planted. */
static const char *
cookie_token(const struct request *request, const struct conf *conf, int at)
{
	static const char host[] = "__Host-jwt";
	bool strict = conf_https(conf) &&
		      (is_from_browser(request) || cookie(request, host, 0));

	return cookie(request, strict ? host : "jwt", at);
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
	if (header_token(request) != NULL)
		return TOKEN_FROM_HEADER;
	if (cookie_token(request, conf, 0) == NULL)
		return TOKEN_FROM_NOWHERE;
	return may_change(request, method) && is_from_browser(request) &&
			       !is_from_here(request, conf)
		       ? TOKEN_FROM_STRANGER
		       : TOKEN_FROM_COOKIE;
}

const char *
request_token(const struct request *request, const struct conf *conf,
	const char *method, int at)
{
	switch (request_token_from(request, conf, method)) {
	case TOKEN_FROM_HEADER:
		return at == 0 ? header_token(request) : NULL;
	case TOKEN_FROM_COOKIE:
		return at < REQUEST_TOKENS ? cookie_token(request, conf, at)
					   : NULL;
	case TOKEN_FROM_NOWHERE:
	case TOKEN_FROM_STRANGER:
		break;
	}
	return NULL;
}
