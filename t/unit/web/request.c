/* request.c - what is local, which token counts, and by which network */
#include "config.h"

#include "unit.h"
#include "web/request.h"

#include <sys/socket.h>
#include <sys/un.h>

#define SITE "http://localhost:8080"

/* clang-format off */

/* The variables of a request from the machine itself. */
static const char *const local[] = {"REMOTE_ADDR=127.0.0.1",
	"LATCHKEY_LOCAL=yes", "HTTP_HOST=localhost:8080", NULL};

/* That request with more variables, or others. */
static const struct {
	const char *name, *change;
	bool local;
} origins[] = {
	{"as it is", NULL, true},
	{"all of 127/8", "REMOTE_ADDR=127.9.9.9", true},
	{"::1", "REMOTE_ADDR=::1", true},
	{"127.0.0.1 in IPv6", "REMOTE_ADDR=::ffff:127.0.0.1", true},
	{"another address", "REMOTE_ADDR=192.0.2.1", false},
	{"another address in IPv6", "REMOTE_ADDR=::ffff:192.0.2.1", false},
	{"a name for an address", "REMOTE_ADDR=localhost", false},
	{"half an address", "REMOTE_ADDR=127.1", false},
	{"an address and more", "REMOTE_ADDR=127.0.0.1.evil", false},
	{"no address", "REMOTE_ADDR=", false},
	{"the web server says no", "LATCHKEY_LOCAL=no", false},
	{"the web server says nothing", "LATCHKEY_LOCAL=", false},
	{"a header by that name", "LATCHKEY_LOCAL=YES", false},
	{"Host 127.0.0.1", "HTTP_HOST=127.0.0.1", true},
	{"Host [::1] and port", "HTTP_HOST=[::1]:8080", true},
	{"Host LOCALHOST", "HTTP_HOST=LOCALHOST", true},
	{"Host of another", "HTTP_HOST=example.com", false},
	{"Host that begins so", "HTTP_HOST=localhost.example.com", false},
	{"Host that begins so with a port", "HTTP_HOST=localhost:80.example.com", false},
	{"Host 127.0.0.10", "HTTP_HOST=127.0.0.10", false},
	{"Host ::1 without brackets", "HTTP_HOST=::1", false},
	{"no Host", "HTTP_HOST=", false},
	{"X-Forwarded-For", "HTTP_X_FORWARDED_FOR=127.0.0.1", false},
	{"an empty X-Forwarded-For", "HTTP_X_FORWARDED_FOR=", false},
	{"Forwarded", "HTTP_FORWARDED=for=127.0.0.1", false},
	{"X-Real-IP", "HTTP_X_REAL_IP=127.0.0.1", false},
	{"Via", "HTTP_VIA=1.1 x", false},
	{"Origin of this site", "HTTP_ORIGIN=" SITE, true},
	{"Origin of another", "HTTP_ORIGIN=http://example.com", false},
	{"Origin of another port", "HTTP_ORIGIN=http://localhost:80801", false},
	{"Origin null", "HTTP_ORIGIN=null", false},
	{"an empty Origin", "HTTP_ORIGIN=", false},
	{"fetched by this site", "HTTP_SEC_FETCH_SITE=same-origin", true},
	{"typed by its user", "HTTP_SEC_FETCH_SITE=none", true},
	{"fetched by another", "HTTP_SEC_FETCH_SITE=cross-site", false},
	{"fetched by a sister", "HTTP_SEC_FETCH_SITE=same-site", false},
	{"fetched by nobody knows", "HTTP_SEC_FETCH_SITE=", false},
};

/* What is sent, and which token that is. */
static const struct {
	const char *name, *site, *method;
	const char *sent[4];
	const char *token;
} tokens[] = {
	{"nothing", SITE, "POST", {NULL}, NULL},
	{"a bearer token", SITE, "POST", {"HTTP_AUTHORIZATION=Bearer a.b.c"}, "a.b.c"},
	{"bearer in lower case", SITE, "POST", {"HTTP_AUTHORIZATION=bearer a"}, "a"},
	{"blanks before the token", SITE, "POST", {"HTTP_AUTHORIZATION=Bearer   a"}, "a"},
	{"Bearer alone", SITE, "POST", {"HTTP_AUTHORIZATION=Bearer "}, NULL},
	{"no blank after it", SITE, "POST", {"HTTP_AUTHORIZATION=Bearera"}, NULL},
	{"another scheme", SITE, "POST", {"HTTP_AUTHORIZATION=Basic a"}, NULL},
	{"x-jwt-token", SITE, "POST", {"HTTP_X_JWT_TOKEN=a"}, "a"},
	{"x-api-key", SITE, "POST", {"HTTP_X_API_KEY=a"}, "a"},
	{"bearer before the others", SITE, "POST", {"HTTP_X_API_KEY=c", "HTTP_X_JWT_TOKEN=b", "HTTP_AUTHORIZATION=Bearer a"}, "a"},
	{"x-jwt-token before x-api-key", SITE, "POST", {"HTTP_X_API_KEY=c", "HTTP_X_JWT_TOKEN=b"}, "b"},
	{"a header before the cookie", SITE, "GET", {"HTTP_COOKIE=jwt=c", "HTTP_X_API_KEY=a"}, "a"},
	{"a cookie", SITE, "GET", {"HTTP_COOKIE=jwt=a"}, "a"},
	{"a cookie among others", SITE, "GET", {"HTTP_COOKIE=x=1; jwt=a; y=2"}, "a"},
	{"a cookie without blanks", SITE, "GET", {"HTTP_COOKIE=x=1;jwt=a"}, "a"},
	{"a cookie with a sign in it", SITE, "GET", {"HTTP_COOKIE=jwt=a=b"}, "a=b"},
	{"a name that ends so", SITE, "GET", {"HTTP_COOKIE=xjwt=a"}, NULL},
	{"a name that begins so", SITE, "GET", {"HTTP_COOKIE=jwtx=a"}, NULL},
	{"the name in another's value", SITE, "GET", {"HTTP_COOKIE=x=jwt=a"}, NULL},
	{"a cookie without a value", SITE, "GET", {"HTTP_COOKIE=jwt="}, NULL},
	{"a cookie without a sign", SITE, "GET", {"HTTP_COOKIE=jwt"}, NULL},
	{"semicolons only", SITE, "GET", {"HTTP_COOKIE=;; ; "}, NULL},
	{"a cookie by a program", SITE, "POST", {"HTTP_COOKIE=jwt=a"}, "a"},
	{"a cookie by this site", SITE, "POST", {"HTTP_COOKIE=jwt=a", "HTTP_ORIGIN=" SITE}, "a"},
	{"a cookie by this site, said the new way", SITE, "POST", {"HTTP_COOKIE=jwt=a", "HTTP_SEC_FETCH_SITE=same-origin"}, "a"},
	{"a cookie by another site", SITE, "POST", {"HTTP_COOKIE=jwt=a", "HTTP_ORIGIN=http://example.com"}, NULL},
	{"a cookie by a sister site", SITE, "DELETE", {"HTTP_COOKIE=jwt=a", "HTTP_SEC_FETCH_SITE=same-site"}, NULL},
	{"a cookie by an empty origin", SITE, "POST", {"HTTP_COOKIE=jwt=a", "HTTP_ORIGIN="}, NULL},
	{"a method that nobody knows", SITE, "get", {"HTTP_COOKIE=jwt=a", "HTTP_ORIGIN=null"}, NULL},
	{"reading from another site", SITE, "GET", {"HTTP_COOKIE=jwt=a", "HTTP_ORIGIN=http://example.com"}, "a"},
	{"an origin where no site is set", "", "POST", {"HTTP_COOKIE=jwt=a", "HTTP_ORIGIN=http://localhost"}, NULL},
	{"an origin of a site with a path", "https://a/b", "POST", {"HTTP_COOKIE=__Host-jwt=a", "HTTP_ORIGIN=https://A"}, "a"},
	{"another site whose name begins so", "https://a/b", "POST", {"HTTP_COOKIE=__Host-jwt=a", "HTTP_ORIGIN=https://ab"}, NULL},
	{"the same host without TLS", "https://a", "POST", {"HTTP_COOKIE=__Host-jwt=a", "HTTP_ORIGIN=http://a"}, NULL},
	{"__Host-jwt where there is no TLS", SITE, "GET", {"HTTP_COOKIE=__Host-jwt=a"}, NULL},
	{"__Host-jwt before jwt", "https://a", "GET", {"HTTP_COOKIE=jwt=b; __Host-jwt=a"}, "a"},
	{"two cookies of one name", SITE, "GET", {"HTTP_COOKIE=jwt=a; x=1; jwt=b"}, "a b"},
	{"the second where the first has no value", SITE, "GET", {"HTTP_COOKIE=jwt=; jwt=b"}, "b"},
	{"nine of them", SITE, "GET", {"HTTP_COOKIE=jwt=a;jwt=b;jwt=c;jwt=d;jwt=e;jwt=f;jwt=g;jwt=h;jwt=i"}, "a b c d e f g h i"},
	{"two of __Host-jwt, and no jwt", "https://a", "GET", {"HTTP_COOKIE=jwt=c; __Host-jwt=a; __Host-jwt=b"}, "a b"},
	{"two headers are one token", SITE, "GET", {"HTTP_X_API_KEY=a", "HTTP_COOKIE=jwt=a; jwt=b"}, "a"},
	{"a websocket from another site", SITE, "GET", {"HTTP_COOKIE=jwt=a", "HTTP_UPGRADE=websocket", "HTTP_ORIGIN=http://example.com"}, NULL},
	{"a websocket from this site", SITE, "GET", {"HTTP_COOKIE=jwt=a", "HTTP_UPGRADE=websocket", "HTTP_ORIGIN=" SITE}, "a"},
	{"an Upgrade of nothing", SITE, "GET", {"HTTP_COOKIE=jwt=a", "HTTP_UPGRADE=", "HTTP_ORIGIN=http://example.com"}, NULL},
	{"a page's POST by a proxy's GET", SITE, "GET", {"HTTP_COOKIE=jwt=a", "HTTP_X_FORWARDED_METHOD=POST", "HTTP_ORIGIN=http://example.com"}, NULL},
	{"the same by its other name", SITE, "GET", {"HTTP_COOKIE=jwt=a", "HTTP_X_ORIGINAL_METHOD=DELETE", "HTTP_ORIGIN=http://example.com"}, NULL},
	{"a page's GET", SITE, "GET", {"HTTP_COOKIE=jwt=a", "HTTP_X_FORWARDED_METHOD=GET", "HTTP_ORIGIN=http://example.com"}, "a"},
	{"a POST that a header calls a GET", SITE, "POST", {"HTTP_COOKIE=jwt=a", "HTTP_X_FORWARDED_METHOD=GET", "HTTP_ORIGIN=http://example.com"}, NULL},
	{"a planted jwt in a browser", "https://a", "GET", {"HTTP_COOKIE=jwt=a", "HTTP_SEC_FETCH_SITE=same-origin"}, NULL},
};

static const struct {
	const char *address, *network;
} networks[] = {
	{"192.0.2.7", "192.0.2.7"},
	{"::ffff:192.0.2.7", "192.0.2.7"},
	{"::ffff:0:192.0.2.7", "192.0.2.7"},
	{"::192.0.2.7", "192.0.2.7"},
	{"64:ff9b::192.0.2.7", "192.0.2.7"},
	{"64:FF9B::c000:208", "192.0.2.8"},
	{"64:ff9b:1::192.0.2.7", "192.0.2.7"},
	{"64:ff9b:1:fffe::192.0.2.7", "192.0.2.7"},
	{"64:ff9b:2::192.0.2.7", "64:ff9b:2::/64"},
	{"64:ff9b:0:0:1::192.0.2.7", "64:ff9b::/64"},
	{"2002:c000:207::1", "192.0.2.7"},
	{"2002:c000:207:ffff:1:2:3:4", "192.0.2.7"},
	{"2001:0:c633:6401:8000:63bf:3fff:fdf8", "192.0.2.7"},
	{"2001:1:c633:6401:8000:63bf:3fff:fdf8", "2001:1:c633:6401::/64"},
	{"::", "::/64"},
	{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
	{"2001:db8:1:2::", "2001:db8:1:2::/64"},
	{"2001:DB8:1:2:ffff::1", "2001:db8:1:2::/64"},
	{"::1", "::/64"},
	{"unix:", "unknown"},
	{"", "unknown"},
	{"a-name", "unknown"},
};

static const struct {
	const char *network;
	bool may; /* be a proxy */
} proxies[] = {
	{"unknown", true},
	{"127.0.0.1", true},
	{"127.1.2.3", true},
	{"10.0.0.1", true},
	{"172.16.0.1", true},
	{"172.31.255.255", true},
	{"192.168.1.1", true},
	{"::/64", true},
	{"fd00:1:2:3::/64", true},
	{"fc00::/48", true},
	{"172.32.0.1", false},
	{"192.0.2.7", false},
	{"11.0.0.1", false},
	{"2001:db8:1:2::/64", false},
};

static const struct {
	const char *query, *value; /* NULL: refused */
} queries[] = {
	{"email=a@b", "a@b"},
	{"email=a%40b", "a@b"},
	{"email=%61%40%62", "a@b"},
	{"email=%c3%a9", "\xc3\xa9"},
	{"email=%C3%A9", "\xc3\xa9"},
	{"email=a+b", "a b"},
	{"email=a%2bb", "a+b"},
	{"email=a=b", "a=b"},
	{"x=1&email=a", "a"},
	{"email=a&x=1", "a"},
	{"&&email=a&", "a"},
	{"xemail=b&email=a", "a"},
	{"emailx=b&email=a", "a"},
	{"x=email=b&email=a", "a"},
	{"email=1234567", "1234567"},
	{"email=%31%32%33%34%35%36%37", "1234567"},
	{"email=12345678", NULL},
	{"", NULL},
	{"x=1", NULL},
	{"email", NULL},
	{"email=", NULL},
	{"email=&x=1", NULL},
	{"Email=a", NULL},
	{"email=a&email=b", NULL},
	{"email=a&email=a", NULL},
	{"email=%00", NULL},
	{"email=a%00b", NULL},
	{"email=%", NULL},
	{"email=%4", NULL},
	{"email=%4&x=0", NULL},
	{"email=%4g", NULL},
	{"email=%g4", NULL},
	{"email=%%40", NULL},
	{"email=%-1", NULL},
	{"email=%ff", NULL},
	{"email=%c3", NULL},
	{"email=\xc3", NULL},
	{"email=%c0%80", NULL},
	{"email=%ed%a0%80", NULL},
	{";email=a", NULL},
};

static const struct {
	const char *text;
	long long length;
} lengths[] = {
	{"", 0}, {"0", 0}, {"16384", 16384}, {"007", 7},
	{"999999999999999999", 999999999999999999}, {"9999999999999999999", -1},
	{"18446744073709551617", -1}, {"-1", -1}, {"+1", -1}, {" 1", -1},
	{"1 ", -1}, {"1,1", -1}, {"0x10", -1}, {"1e3", -1}, {"x", -1},
};
/* clang-format on */

enum { PARAMS = 8 };

/* A request of copies, since parameters can be written to. */
static struct request
make(const char *const *params, const char *change)
{
	struct request request = {
		mem_zero((PARAMS + 1) * sizeof(char *)), NULL, NULL};
	size_t name = change == NULL ? 0 : strcspn(change, "=") + 1;
	int i, count = 0;

	if (change != NULL)
		request.params[count++] = mem_copy(change);
	for (i = 0; i < PARAMS - 1 && params[i] != NULL; i++)
		if (change == NULL || strncmp(params[i], change, name) != 0)
			request.params[count++] = mem_copy(params[i]);
	return request;
}

static void
drop(struct request *request)
{
	int i;

	for (i = 0; request->params[i] != NULL; i++)
		mem_free(request->params[i]);
	mem_free(request->params);
}

static void
test_local(const struct conf *conf)
{
	size_t i;

	for (i = 0; i < sizeof origins / sizeof origins[0]; i++) {
		struct request request = make(local, origins[i].change);

		ok(request_is_local(&request, conf) == origins[i].local,
			"%s: %s", origins[i].local ? "local" : "not local",
			origins[i].name);
		drop(&request);
	}
}

static void
test_tokens(struct conf *conf)
{
	char *site = conf->site_url;
	size_t i;

	for (i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
		struct request request = make(tokens[i].sent, NULL);
		const char *wanted = tokens[i].token;
		char *found = mem_copy("");
		struct request_tokens all;
		enum token_from from;
		const char *token;
		int cookie;

		conf->site_url = mem_copy(tokens[i].site);
		from = request_token_from(&request, conf, tokens[i].method);
		for (cookie = 0; cookie < COOKIES; cookie++) {
			all = request_tokens(
				&request, conf, from, (enum cookie)cookie);
			while ((token = request_next_token(&all)) != NULL)
				found = mem_append(found, "%s%s",
					found[0] != '\0' ? " " : "", token);
		}
		ok(strcmp(found, wanted == NULL ? "" : wanted) == 0,
			"token: %s", tokens[i].name);
		mem_free(found);
		mem_free(conf->site_url);
		drop(&request);
	}
	conf->site_url = site;
}

static bool
has_jwt(const struct request *request, const struct conf *conf)
{
	struct request_tokens all =
		request_tokens(request, conf, TOKEN_FROM_COOKIE, COOKIE_JWT);

	return request_next_token(&all) != NULL;
}

static void
test_long_cookie(const struct conf *conf)
{
	static const char *const none[] = {NULL};
	char text[5000] = "HTTP_COOKIE=jwt=";
	struct request request;

	memset(text + 16, 'a', 4095);
	request = make(none, text);
	is_int(request_token_from(&request, conf, "GET"), TOKEN_FROM_COOKIE,
		"4,095 bytes");
	ok(has_jwt(&request, conf), "and what they are");
	drop(&request);
	memset(text + 16, 'a', 4096);
	request = make(none, text);
	is_int(request_token_from(&request, conf, "GET"), TOKEN_FROM_NOWHERE,
		"4,096 are too many");
	ok(!has_jwt(&request, conf), "and are nothing");
	drop(&request);
}

static struct request
make_one(const char *name, const char *value)
{
	static const char *const none[] = {NULL};
	char *param = mem_printf("%s=%s", name, value);
	struct request request = make(none, param);

	mem_free(param);
	return request;
}

static void
test_small_ones(void)
{
	static const char *const path[] = {
		"SCRIPT_NAME=/a", "PATH_INFO=/b", NULL};
	char network[THROTTLE_NETWORK_SIZE], text[8];
	struct request request;
	size_t i;

	for (i = 0; i < sizeof proxies / sizeof proxies[0]; i++)
		is_int(throttle_may_be_proxy(proxies[i].network),
			proxies[i].may, proxies[i].network);
	for (i = 0; i < sizeof networks / sizeof networks[0]; i++) {
		request = make_one("REMOTE_ADDR", networks[i].address);
		request_network(&request, network);
		is_str(network, networks[i].network, networks[i].address);
		drop(&request);
	}
	for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		request = make_one("CONTENT_LENGTH", lengths[i].text);
		is_int(request_length(&request), lengths[i].length,
			lengths[i].text);
		is_str(request_method(&request), "", "no method");
		drop(&request);
	}
	request = make(path, NULL);
	ok(request_path(&request, text, 5), "a path that fits");
	is_str(text, "/a/b", "of both parts");
	ok(!request_path(&request, text, 4), "one that does not");
	drop(&request);
}

static const struct {
	const char *query;
	enum request_query email;
	bool only; /* it has no members but email and limit */
} more_queries[] = {
	{"email=a", QUERY_GOOD, true},
	{"email=a&limit=5", QUERY_GOOD, true},
	{"&&limit=5&", QUERY_MISSING, true},
	{"email=", QUERY_MISSING, true},
	{"email", QUERY_MISSING, true},
	{"email=a&email=a", QUERY_BAD, true},
	{"email=&email=a", QUERY_BAD, true},
	{"email&email=a", QUERY_BAD, true},
	{"email=%", QUERY_BAD, true},
	{"email=%ff", QUERY_BAD, true},
	{"email=a%00", QUERY_BAD, true},
	{"email=12345678", QUERY_BAD, true},
	{"email=a&other=1", QUERY_GOOD, false},
	{"email=a&other", QUERY_GOOD, false},
	{"email=a&=1", QUERY_GOOD, false},
	{"em%61il=a", QUERY_MISSING, false},
	{"EMAIL=a", QUERY_MISSING, false},
	{"emaill=a", QUERY_MISSING, false},
	{"emai=a", QUERY_MISSING, false},
};

static void
test_strict_queries(void)
{
	static const char *const names[] = {"limit", "email", NULL};
	struct request request;
	char value[8];
	size_t i;

	for (i = 0; i < sizeof more_queries / sizeof more_queries[0]; i++) {
		request = make_one("QUERY_STRING", more_queries[i].query);
		ok(request_query(&request, "email", value, sizeof value) ==
				more_queries[i].email,
			"query: %s: email", more_queries[i].query);
		ok(request_query_has_only(&request, names) ==
				more_queries[i].only,
			"query: %s: its members", more_queries[i].query);
		drop(&request);
	}
}

static void
test_queries(void)
{
	static const char *const none[] = {NULL};
	char value[8];
	struct request request;
	bool found;
	size_t i;

	for (i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		request = make_one("QUERY_STRING", queries[i].query);
		found = request_query(&request, "email", value, sizeof value) ==
			QUERY_GOOD;
		ok(found == (queries[i].value != NULL) &&
				(!found ||
					strcmp(value, queries[i].value) == 0),
			"query: %s", queries[i].query);
		drop(&request);
	}
	request = make(none, NULL);
	ok(request_query(&request, "email", value, sizeof value) ==
			QUERY_MISSING,
		"without a query");
	drop(&request);
}

/* --- what is known of libfcgi ------------------------------------------- */

enum { FCGI_BEGIN = 1, FCGI_PARAMS = 4, FCGI_STDIN = 5 };

static int listener = -1;

/* A connection of the web server's to this process. */
static int
connect_server(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int client = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%.90s/socket",
		unit_dir);
	if (listener < 0) {
		listener = socket(AF_UNIX, SOCK_STREAM, 0);
		if (bind(listener, (struct sockaddr *)&address,
			    sizeof address) != 0 ||
			listen(listener, 1) != 0)
			exit(2);
	}
	if (connect(client, (struct sockaddr *)&address, sizeof address) != 0)
		exit(2);
	return client;
}

static void
send_record(int client, char type, const char *data, size_t length)
{
	char record[8 + 255] = {1, type, 0, 1, 0, (char)length, 0, 0};

	memcpy(record + 8, data, length);
	if (write(client, record, 8 + length) != (ssize_t)(8 + length))
		exit(2);
}

static void
send_params(int client)
{
	send_record(client, FCGI_BEGIN, "\0\1\0\0\0\0\0", 8);
	send_record(client, FCGI_PARAMS, "\1\1AB", 4);
}

/* request_read() wipes between rdNext and stop, and all that has come is
 * there. */
static void
test_wiped(void)
{
	static const char secret[] = "Quiet-Harbour-42", none[sizeof secret];
	struct request request;
	FCGX_Request fcgi;
	char body[sizeof secret] = "";
	unsigned char *start;
	int client = connect_server();

	send_params(client);
	send_record(client, FCGI_PARAMS, "", 0);
	send_record(client, FCGI_STDIN, secret, strlen(secret));
	send_record(client, FCGI_STDIN, "", 0);
	FCGX_InitRequest(&fcgi, listener, 0);
	is_int(FCGX_Accept_r(&fcgi), 0, "libfcgi has a request");
	is_int(FCGX_GetError(fcgi.in), 0, "which is whole");
	request = (struct request){fcgi.envp, fcgi.in, fcgi.out};
	is_int((int)request_read(&request, body, 1), 1, "a byte of its body");
	start = fcgi.in->rdNext - 1;
	ok(memcmp(start + 1, secret + 1, strlen(secret) - 1) == 0,
		"the others lie behind it");
	is_int((int)request_read(&request, body + 1, sizeof body - 1),
		(int)strlen(secret) - 1, "the rest");
	is_str(body, secret, "is what was sent");
	ok(memcmp(start, none, strlen(secret)) == 0, "all is wiped there");
	FCGX_Finish_r(&fcgi);
	FCGX_Free(&fcgi, 1);
	close(client);
}

/* Where the variables do not come to their end libfcgi says so by an error of
 * the stream alone. */
static void
test_cut_off(void)
{
	FCGX_Request fcgi;
	int client = connect_server();

	send_params(client);
	close(client);
	FCGX_InitRequest(&fcgi, listener, 0);
	is_int(FCGX_Accept_r(&fcgi), 0, "libfcgi takes half a request for one");
	is_str(FCGX_GetParam("A", fcgi.envp), "B", "with what has come");
	ok(FCGX_GetError(fcgi.in) != 0, "but for an error of its stream");
	FCGX_Detach(&fcgi);
	FCGX_Free(&fcgi, 1);
}

int
main(void)
{
	static const char text[] = "site_url = " SITE "\n";
	struct conf *conf;

	unit_begin();
	conf = conf_read(unit_file("conf", text, strlen(text)));
	test_local(conf);
	test_tokens(conf);
	test_long_cookie(conf);
	test_small_ones();
	test_queries();
	test_strict_queries();
	FCGX_Init();
	test_wiped();
	test_cut_off();
	conf_free(conf);
	return done();
}
