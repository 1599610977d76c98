/* next.c - where a browser goes on to. The input is a line with the Host of a
 * request, and then its address, which is also taken for the `next` of a query.
 * Nothing leads to another site, or out of its header. */
#include "config.h"

#include "web/next.h"

#include "fuzz.h"

#include <stdio.h>

static char site_url[] = "https://auth.example.org";
static char cookie_domain[] = "example.org";
static const struct conf conf = {
	.site_url = site_url, .cookie_domain = cookie_domain};

/* What a browser reads in one way only: a path, or a host in the domain. */
static void
assert_leads_here(const char *next)
{
	const char *host = next + strlen("https://"), *at;
	size_t length;

	for (at = next; *at != '\0'; at++)
		assert(*at > ' ' && *at < 0x7f && *at != '\\');
	assert(strlen(next) < NEXT_SIZE);
	if (next[0] == '/') {
		assert(next[1] != '/');
		return;
	}
	assert(strncmp(next, "https://", strlen("https://")) == 0);
	length = strcspn(host, "/:?#@");
	assert(host[length] == '/' || host[length] == ':');
	if (host[length] == ':')
		assert(host[length + 1 +
			       strspn(host + length + 1, "0123456789")] == '/');
	assert(length >= sizeof cookie_domain - 1);
	at = host + length - (sizeof cookie_domain - 1);
	assert(strncmp(at, cookie_domain, sizeof cookie_domain - 1) == 0);
	assert(at == host || at[-1] == '.');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char method[] = "REQUEST_METHOD=GET";
	char *host = fuzz_line(&data, &size), *path = fuzz_text(data, size);
	char *params[4] = {method, mem_printf("HTTP_HOST=%s", host),
		mem_printf("REQUEST_URI=%s", path)};
	struct request request = {params, NULL, NULL};
	char next[NEXT_SIZE], back[NEXT_SIZE], *link;

	if (next_check(&conf, path))
		assert_leads_here(path);
	next_make(&request, &conf, next);
	assert_leads_here(next);
	link = next_link(&conf, "/account/sign-in", next);
	assert(strpbrk(link, "\r\n\" ;") == NULL);
	mem_free(params[1]);
	params[1] = mem_printf("QUERY_STRING=%s", strchr(link, '?') + 1);
	next_read(&request, &conf, NULL, "/", back);
	assert(strcmp(next, back) == 0);
	mem_free(params[1]);
	params[1] = mem_printf("QUERY_STRING=next=%s", path);
	next_read(&request, &conf, NULL, "/", back);
	assert_leads_here(back);
	mem_free(link);
	mem_free(params[1]);
	mem_free(params[2]);
	mem_free(host);
	mem_free(path);
	return 0;
}
