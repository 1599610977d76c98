/* request.c - what is made of the web server's variables. The input: one a
 * line, NAME=value. */
#include "config.h"

#include "web/request.h"

#include "fuzz.h"

#include <strings.h>
#include <unistr.h>

enum { PARAMS_MAX = 64 };

#define SITE "https://example.com"

static char *params[PARAMS_MAX + 1];
static const struct request request = {.params = params};

static bool
has(const char *name)
{
	return FCGX_GetParam(name, params) != NULL;
}

static bool
is(const char *name, const char *value)
{
	const char *text = FCGX_GetParam(name, params);

	return text != NULL && strcasecmp(text, value) == 0;
}

static void
check_query(void)
{
	char out[32];

	if (request_query(&request, "id", out, sizeof out) != QUERY_GOOD)
		return;
	assert(out[0] != '\0' && memchr(out, '\0', sizeof out) != NULL);
	assert(u8_check((const uint8_t *)out, strlen(out)) == NULL);
	assert(strstr(FCGX_GetParam("QUERY_STRING", params), "id=") != NULL);
}

/* Nothing that has come through a proxy, or from afar, is local. */
static void
check_local(const struct conf *conf)
{
	const char *address = FCGX_GetParam("REMOTE_ADDR", params);

	if (!request_is_local(&request, conf))
		return;
	assert(strncmp(address, "127.", 4) == 0 ||
		strchr(address, ':') != NULL);
	assert(is("LATCHKEY_LOCAL", "yes") && has("HTTP_HOST"));
	assert(!has("HTTP_FORWARDED") && !has("HTTP_X_FORWARDED_FOR") &&
		!has("HTTP_X_REAL_IP") && !has("HTTP_VIA"));
	assert(!has("HTTP_ORIGIN") || is("HTTP_ORIGIN", SITE));
}

/* A cookie that another site has sent counts for nothing. */
static void
check_token(const struct conf *conf, enum cookie cookie, const char *name)
{
	enum token_from from = request_token_from(&request, conf, "POST");
	struct request_tokens tokens =
		request_tokens(&request, conf, from, cookie);
	const char *token = request_next_token(&tokens);
	bool header = has("HTTP_AUTHORIZATION") || has("HTTP_X_JWT_TOKEN") ||
		      has("HTTP_X_API_KEY");
	bool browser = has("HTTP_ORIGIN") || has("HTTP_SEC_FETCH_SITE");
	bool ours = is("HTTP_ORIGIN", SITE) ||
		    is("HTTP_SEC_FETCH_SITE", "same-origin");
	size_t length = 0;

	assert(token == NULL || token[0] != '\0');
	if (token != NULL && !header)
		assert(has("HTTP_COOKIE") && (!browser || ours));
	if (token != NULL && !header && browser)
		assert(strstr(FCGX_GetParam("HTTP_COOKIE", params), name) !=
			NULL);
	from = request_token_from(&request, conf, "GET");
	tokens = request_tokens(&request, conf, from, cookie);
	token = request_next_token(&tokens);
	if (token != NULL && !header && has("HTTP_UPGRADE"))
		assert(!browser || ours);
	/* Each is read once. */
	for (; token != NULL; token = request_next_token(&tokens))
		length += strlen(token);
	assert(header || length == 0 ||
		length < strlen(FCGX_GetParam("HTTP_COOKIE", params)));
}

static void
check_rest(void)
{
	char network[THROTTLE_NETWORK_SIZE], path[48];
	long long length = request_length(&request);
	size_t used = strlen(request_method(&request));

	assert(length == REQUEST_UNTOLD ||
		(length >= -1 && length < 1000000000000000000));
	request_network(&request, network);
	used = strlen(network);
	assert(used > 0 && used < sizeof network);
	if (!request_path(&request, path, sizeof path))
		assert(strlen(path) == sizeof path - 1);
	request_is_authorizer(&request);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char site_url[] = SITE "/auth", cookie_domain[] = "";
	static const struct conf conf = {
		.site_url = site_url, .cookie_domain = cookie_domain};
	size_t i, count = 0;

	while (size > 0 && count < PARAMS_MAX)
		params[count++] = fuzz_line(&data, &size);
	params[count] = NULL;
	check_query();
	check_local(&conf);
	check_token(&conf, COOKIE_SESSION, "__Host-latchkey=");
	check_token(&conf, COOKIE_JWT, "__Host-jwt=");
	check_rest();
	for (i = 0; i < count; i++)
		mem_free(params[i]);
	return 0;
}
