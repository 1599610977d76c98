/* next.c - where a browser goes on to after a sign-in */
#include "config.h"

#include "web/next.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char scheme[] = "https://";
enum { SCHEME = sizeof scheme - 1, HOST_SIZE = 262 /* with a port */ };

/* The length of a host in cookie_domain, with its port; 0 if the text does not
 * begin with one. A browser reads letters, digits, dots and hyphens in one way
 * only. */
static size_t
domain_host(const struct conf *conf, const char *text)
{
	size_t host = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.");
	size_t digits =
		text[host] == ':' ? strspn(text + host + 1, "0123456789") : 0;

	if (!conf_in_domain(conf, text, host) || text[0] == '.' || digits > 5)
		return 0;
	return digits == 0 ? host : host + 1 + digits;
}

/* A browser drops tabs and ends of lines, and takes a backslash for a slash. A
 * second slash would begin another site's name. */
bool
next_check(const struct conf *conf, const char *next)
{
	size_t length = strlen(next), i, host;

	for (i = 0; i < length; i++)
		if (next[i] <= 0x20 || next[i] >= 0x7f || next[i] == '\\')
			return false;
	if (length >= NEXT_SIZE)
		return false;
	if (next[0] == '/')
		return next[1] != '/';
	if (strncmp(next, scheme, SCHEME) != 0)
		return false;
	host = domain_host(conf, next + SCHEME);
	return host > 0 && next[SCHEME + host] == '/';
}

/* The request's host with its port, in lower case; "" if it is site_url's, or
 * in no domain of which latchkey knows. */
static void
other_host(const struct request *request, const struct conf *conf,
	char host[HOST_SIZE])
{
	const char *sent = request_param(request, "HTTP_HOST");
	const char *own;
	size_t length, i;

	host[0] = '\0';
	if (conf->cookie_domain[0] == '\0' || sent == NULL ||
		strlen(sent) >= HOST_SIZE)
		return;
	own = conf_host(conf, &length);
	if (strcspn(sent, ":") == length && strncasecmp(sent, own, length) == 0)
		return;
	for (i = 0; sent[i] != '\0'; i++)
		host[i] = (char)tolower((unsigned char)sent[i]);
	host[i] = '\0';
	if (domain_host(conf, host) != i)
		host[0] = '\0';
}

bool
next_loses(const struct request *request)
{
	const char *method = request_method(request);

	return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

/* The page whose form was posted, by the path in Referer; "/" where that is
 * missing, or is another host's. */
static const char *
page_of_form(const struct request *request)
{
	const char *host = request_param(request, "HTTP_HOST");
	const char *page = request_param(request, "HTTP_REFERER");

	page = host == NULL || page == NULL ? NULL : strstr(page, "://");
	if (page == NULL || strncasecmp(page + 3, host, strlen(host)) != 0)
		return "/";
	page += 3 + strlen(host);
	return page[0] == '/' ? page : "/";
}

void
next_make(const struct request *request, const struct conf *conf,
	char next[NEXT_SIZE])
{
	const char *path = next_loses(request)
				   ? page_of_form(request)
				   : request_param(request, "REQUEST_URI");
	const char *before;
	char host[HOST_SIZE];
	int length;

	other_host(request, conf, host);
	before = host[0] != '\0' ? scheme : "";
	if (path == NULL || path[0] != '/')
		path = "/";
	path += strspn(path, "/") - 1;
	length = snprintf(next, NEXT_SIZE, "%s%s%s", before, host, path);
	if (length >= NEXT_SIZE || !next_check(conf, next))
		snprintf(next, NEXT_SIZE, "%s%s/", before, host);
}

void
next_read(const struct request *request, const struct conf *conf,
	const char *posted, const char *otherwise, char next[NEXT_SIZE])
{
	bool there = posted != NULL && strlen(posted) < NEXT_SIZE;

	if (there)
		strcpy(next, posted);
	else if (posted == NULL)
		there = request_query(request, "next", next, NEXT_SIZE) ==
			QUERY_GOOD;
	if (!there || !next_check(conf, next))
		strcpy(next, otherwise);
}

char *
next_link(const struct conf *conf, const char *path, const char *next)
{
	static const char plain[] = "-._~/0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char encoded[3 * NEXT_SIZE], *to = encoded;
	size_t origin = next[0] == '/' ? 0 : conf_origin_length(conf);

	for (; *next != '\0'; next++)
		to += sprintf(to,
			strchr(plain, *next) != NULL ? "%c" : "%%%02X",
			(unsigned char)*next);
	*to = '\0';
	return mem_printf(
		"%.*s%s?next=%s", (int)origin, conf->site_url, path, encoded);
}
