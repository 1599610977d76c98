/* next.c - where a browser may go on to: never to another site */
#include "config.h"

#include "unit.h"
#include "web/next.h"

#include <stdint.h>

enum { HOST_ALONE, DOMAIN, SITES };

/* The settings of a site of one host, and of one of several. */
static const char *const texts[SITES] = {
	"site_url = https://auth.example.org/path\n",
	"site_url = https://auth.example.org/path\n"
	"cookie_domain = example.org\n",
};
static struct conf *confs[SITES];

/* clang-format off */

/* An address, and whether it leads to the site of one host, and of several. */
static const struct {
	const char *next;
	bool good[SITES];
} addresses[] = {
	{"/", {true, true}},
	{"/wiki/page?a=b&c=d#e", {true, true}},
	{"/a//b", {true, true}},
	{"/..//example.com", {true, true}},
	{"/%2f/example.com", {true, true}},
	{"/%5cexample.com", {true, true}},
	{"/%0d%0aSet-Cookie:%20a=b", {true, true}},
	{"/https://example.com/", {true, true}},
	{"/@example.com", {true, true}},
	{"", {false, false}},
	{"wiki", {false, false}},
	{"//example.com", {false, false}},
	{"///example.com", {false, false}},
	{"/\\example.com", {false, false}},
	{"\\\\example.com", {false, false}},
	{"\\/example.com", {false, false}},
	{"/a\\b", {false, false}},
	{"/\t/example.com", {false, false}},
	{"/\n/example.com", {false, false}},
	{"/\r/example.com", {false, false}},
	{"\t//example.com", {false, false}},
	{" //example.com", {false, false}},
	{" /", {false, false}},
	{"/ a", {false, false}},
	{"/a\x7f", {false, false}},
	{"/\x01", {false, false}},
	{"/\xc3\xa9", {false, false}},
	{"/\xe3\x80\x82", {false, false}},
	{"?next=/", {false, false}},
	{"#", {false, false}},
	{"javascript:alert(1)", {false, false}},
	{"data:text/html,a", {false, false}},
	{"https:example.com", {false, false}},
	{"https:/auth.example.org/", {false, false}},
	{"https:///auth.example.org/", {false, false}},
	{"HTTPS://auth.example.org/", {false, false}},
	{"http://auth.example.org/", {false, false}},
	{"https://auth.example.org/", {false, true}},
	{"https://example.org/", {false, true}},
	{"https://app.example.org/a?b=https://example.com/", {false, true}},
	{"https://a.b.example.org:8443/", {false, true}},
	{"https://app.example.org:65535/", {false, true}},
	{"https://app.example.org//example.com", {false, true}},
	{"https://app.example.org", {false, false}},
	{"https://app.example.org?/", {false, false}},
	{"https://app.example.org#/", {false, false}},
	{"https://app.example.org:/", {false, false}},
	{"https://app.example.org:443443/", {false, false}},
	{"https://app.example.org:80@example.com/", {false, false}},
	{"https://app.example.org@example.com/", {false, false}},
	{"https://app.example.org:a@example.com/", {false, false}},
	{"https://example.com@app.example.org/", {false, false}},
	{"https://App.example.org/", {false, false}},
	{"https://app.example.org./", {false, false}},
	{"https://.example.org/", {false, false}},
	{"https://xexample.org/", {false, false}},
	{"https://example.org.example.com/", {false, false}},
	{"https://example.com/.example.org/", {false, false}},
	{"https://example.com?.example.org/", {false, false}},
	{"https://example.com#.example.org/", {false, false}},
	{"https://example.com\\.example.org/", {false, false}},
	{"https://example.com%2f.example.org/", {false, false}},
	{"https://exa\tmple.org/", {false, false}},
	{"https://org/", {false, false}},
	{"https://[::1]/", {false, false}},
	{"https:///", {false, false}},
};

/* A request, and where it leads on the site of one host, and of several. */
static const struct {
	const char *method, *host, *uri;
	const char *next[SITES];
} requests[] = {
	{"GET", "auth.example.org", "/wiki/?a=b&c=%20d", {"/wiki/?a=b&c=%20d", "/wiki/?a=b&c=%20d"}},
	{"HEAD", "auth.example.org", "/wiki/", {"/wiki/", "/wiki/"}},
	{"POST", "auth.example.org", "/wiki/", {"/", "/"}},
	{"get", "auth.example.org", "/wiki/", {"/", "/"}},
	{"", "auth.example.org", "/wiki/", {"/", "/"}},
	{"GET", "auth.example.org", NULL, {"/", "/"}},
	{"GET", "auth.example.org", "", {"/", "/"}},
	{"OPTIONS", "auth.example.org", "*", {"/", "/"}},
	{"GET", "auth.example.org", "https://example.com/", {"/", "/"}},
	{"GET", "auth.example.org", "//p", {"/p", "/p"}},
	{"GET", "auth.example.org", "///p//q", {"/p//q", "/p//q"}},
	{"GET", "auth.example.org", "/\\p", {"/", "/"}},
	{"GET", "auth.example.org", "//\\p", {"/", "/"}},
	{"GET", "auth.example.org", "/\tp", {"/", "/"}},
	{"GET", "auth.example.org", "/\xc3\xa9", {"/", "/"}},
	{"GET", "AUTH.example.org:8443", "/a", {"/a", "/a"}},
	{"GET", "app.example.org", "/a?b", {"/a?b", "https://app.example.org/a?b"}},
	{"GET", "App.Example.org:8443", "/a", {"/a", "https://app.example.org:8443/a"}},
	{"GET", "example.org", "//a", {"/a", "https://example.org/a"}},
	{"POST", "app.example.org", "/a", {"/", "https://app.example.org/"}},
	{"GET", "app.example.org", "/\\a", {"/", "https://app.example.org/"}},
	{"GET", "example.com", "/a", {"/a", "/a"}},
	{"GET", "example.com/.example.org", "/a", {"/a", "/a"}},
	{"GET", "a@app.example.org", "/a", {"/a", "/a"}},
	{"GET", "app.example.org:80:80", "/a", {"/a", "/a"}},
	{"GET", "[::1]:8443", "/a", {"/a", "/a"}},
	{"GET", NULL, "/a", {"/a", "/a"}},
};
/* clang-format on */

/* A form's host and the page that has sent it, and where a browser goes when
 * the form is lost. */
static const struct {
	const char *host, *referer;
	const char *next[SITES];
} forms[] = {
	{"auth.example.org", "https://auth.example.org/wiki/?edit=1",
		{"/wiki/?edit=1", "/wiki/?edit=1"}},
	{"auth.example.org", "http://AUTH.example.org/wiki/",
		{"/wiki/", "/wiki/"}},
	{"auth.example.org", "https://auth.example.org//wiki/",
		{"/wiki/", "/wiki/"}},
	{"app.example.org:8443", "https://app.example.org:8443/a",
		{"/a", "https://app.example.org:8443/a"}},
	{"auth.example.org", "https://auth.example.org", {"/", "/"}},
	{"auth.example.org", "https://auth.example.org:8443/a", {"/", "/"}},
	{"auth.example.org", "https://auth.example.org.example.com/a",
		{"/", "/"}},
	{"auth.example.org", "https://auth.example.org@example.com/a",
		{"/", "/"}},
	{"auth.example.org", "https://example.com/a", {"/", "/"}},
	{"auth.example.org", "https://example.com/://auth.example.org/a",
		{"/", "/"}},
	{"auth.example.org", "https://auth.example.org/\\example.com",
		{"/", "/"}},
	{"auth.example.org", "auth.example.org/a", {"/", "/"}},
	{"auth.example.org", "", {"/", "/"}},
	{"", "https:///a", {"/", "/"}},
	{NULL, "https://auth.example.org/a", {"/", "/"}},
};

enum { PARAMS = 5, PARAM_SIZE = 4096 };

static const char *referer; /* of the requests that are made; NULL: none */

/* A request of those variables. */
static const struct request *
make(const char *method, const char *host, const char *uri, const char *query)
{
	static char params[PARAMS][PARAM_SIZE];
	static char *list[PARAMS + 1];
	static struct request request = {list, NULL, NULL};
	const char *const names[] = {"REQUEST_METHOD", "HTTP_HOST",
		"REQUEST_URI", "QUERY_STRING", "HTTP_REFERER"};
	const char *const values[] = {method, host, uri, query, referer};
	int i, count = 0;

	for (i = 0; i < PARAMS; i++) {
		if (values[i] == NULL)
			continue;
		snprintf(params[count], PARAM_SIZE, "%s=%s", names[i],
			values[i]);
		list[count] = params[count];
		count++;
	}
	list[count] = NULL;
	return &request;
}

static void
test_addresses(void)
{
	size_t i;
	int site;

	for (i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		for (site = 0; site < SITES; site++)
			ok(next_check(confs[site], addresses[i].next) ==
					addresses[i].good[site],
				"44: %s: %s",
				site == DOMAIN ? "domain" : "host",
				addresses[i].next);
}

static void
test_requests(void)
{
	char next[NEXT_SIZE];
	size_t i;
	int site;

	for (i = 0; i < sizeof requests / sizeof requests[0]; i++)
		for (site = 0; site < SITES; site++) {
			next_make(make(requests[i].method, requests[i].host,
					  requests[i].uri, NULL),
				confs[site], next);
			is_str(next, requests[i].next[site],
				requests[i].uri == NULL ? "no address"
							: requests[i].uri);
		}
}

static void
test_forms(void)
{
	char next[NEXT_SIZE];
	size_t i;
	int site;

	for (i = 0; i < sizeof forms / sizeof forms[0]; i++)
		for (site = 0; site < SITES; site++) {
			referer = forms[i].referer;
			next_make(make("POST", forms[i].host, "/save", NULL),
				confs[site], next);
			is_str(next, forms[i].next[site], forms[i].referer);
			next_make(make("GET", forms[i].host, "//", NULL),
				confs[site], next);
			ok(strcmp(next + strlen(next) - 1, "/") == 0,
				"a GET goes where it was");
		}
	referer = NULL;
}

static void
test_length(void)
{
	char uri[NEXT_SIZE + 1] = "/", next[NEXT_SIZE];

	memset(uri + 1, 'a', NEXT_SIZE - 2);
	uri[NEXT_SIZE - 1] = '\0';
	ok(next_check(confs[HOST_ALONE], uri), "1,024 bytes");
	next_make(make("GET", "auth.example.org", uri, NULL), confs[HOST_ALONE],
		next);
	is_str(next, uri, "are gone back to");
	next_make(make("GET", "a.example.org", uri, NULL), confs[DOMAIN], next);
	is_str(next, "https://a.example.org/", "and not with a host before");
	uri[NEXT_SIZE - 1] = 'a';
	uri[NEXT_SIZE] = '\0';
	ok(!next_check(confs[HOST_ALONE], uri), "1,025 bytes");
	next_make(make("GET", "auth.example.org", uri, NULL), confs[HOST_ALONE],
		next);
	is_str(next, "/", "are not");
}

static void
test_links(void)
{
	static const struct {
		const char *next, *link;
	} links[] = {
		{"/", "/account/renew?next=/"},
		{"/a?b=c&d=%20#+",
			"/account/renew?next=/a%3Fb%3Dc%26d%3D%2520%23%2B"},
		{"https://app.example.org:8443/a",
			"https://auth.example.org/account/renew?next="
			"https%3A//app.example.org%3A8443/a"},
	};
	char next[NEXT_SIZE];
	size_t i;
	char *link;

	for (i = 0; i < sizeof links / sizeof links[0]; i++) {
		link = next_link(
			confs[DOMAIN], "/account/renew", links[i].next);
		is_str(link, links[i].link, links[i].next);
		next_read(make("GET", NULL, NULL, strchr(link, '?') + 1),
			confs[DOMAIN], NULL, "/", next);
		is_str(next, links[i].next, "and back");
		mem_free(link);
	}
}

static void
test_queries(void)
{
	static const struct {
		const char *query, *next;
	} queries[] = {
		{NULL, "/"},
		{"", "/"},
		{"next=", "/"},
		{"next=/a", "/a"},
		{"next=%2fa", "/a"},
		{"next=%2f%2fexample.com", "/"},
		{"next=/%5cexample.com", "/"},
		{"next=/%09/example.com", "/"},
		{"next=/%0a", "/"},
		{"next=/%00", "/"},
		{"next=/a+b", "/"},
		{"next=/%252f", "/%2f"},
		{"next=/a&next=/b", "/"},
		{"need=x&next=/a", "/a"},
		{"next=https%3A//example.com/", "/"},
	};
	char next[NEXT_SIZE];
	size_t i;

	for (i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		next_read(make("GET", NULL, NULL, queries[i].query),
			confs[DOMAIN], NULL, "/", next);
		is_str(next, queries[i].next,
			queries[i].query == NULL ? "no query"
						 : queries[i].query);
	}
}

/* What is made of any request passes, and comes back as it is. */
static void
test_any(void)
{
	static const char letters[] = "/\\.:@?#%&=+ \t\n\x7f\xc3"
				      "aexample.org-0";
	char uri[64], next[NEXT_SIZE], back[NEXT_SIZE];
	uint32_t draw = 1;
	int i, bad = 0;
	size_t j;

	for (i = 0; i < 100000; i++) {
		char *link;

		for (j = 0; j < sizeof uri - 1; j++) {
			draw = draw * 1664525 + 1013904223;
			uri[j] = letters[(draw >> 16) % sizeof letters];
		}
		uri[sizeof uri - 1] = '\0';
		uri[0] = '/';
		next_make(make("GET", i % 2 ? uri + 1 : "a.example.org", uri,
				  NULL),
			confs[DOMAIN], next);
		link = next_link(confs[DOMAIN], "/", next);
		next_read(make("GET", NULL, NULL, strchr(link, '?') + 1),
			confs[DOMAIN], NULL, "/", back);
		if (!next_check(confs[DOMAIN], next) || strcmp(next, back) != 0)
			bad++;
		mem_free(link);
	}
	is_int(bad, 0, "100,000 addresses come back");
}

int
main(void)
{
	int site;

	unit_begin();
	for (site = 0; site < SITES; site++)
		confs[site] = conf_read(
			unit_file("conf", texts[site], strlen(texts[site])));
	test_addresses();
	test_requests();
	test_forms();
	test_length();
	test_links();
	test_queries();
	test_any();
	for (site = 0; site < SITES; site++)
		conf_free(confs[site]);
	return done();
}
