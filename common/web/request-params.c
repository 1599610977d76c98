/* request-params.c - whether the variables of a request say one thing */
#include "config.h"

#include "web/request.h"

#include <string.h>

/* What anything is decided by. Not here is what can only refuse by being
 * there (X-Forwarded-For and the like), and FCGI_ROLE, of which libfcgi's own
 * comes first. */
#define NAME(text)                                                             \
	{                                                                      \
		text, sizeof text - 1                                          \
	}
static const struct {
	const char *text;
	size_t length;
} names[] = {
	NAME("REQUEST_METHOD"),
	NAME("SCRIPT_NAME"),
	NAME("PATH_INFO"),
	NAME("QUERY_STRING"),
	NAME("CONTENT_TYPE"),
	NAME("CONTENT_LENGTH"),
	NAME("REMOTE_ADDR"),
	NAME("REQUEST_ID"),
	NAME("UNIQUE_ID"),
	NAME("LATCHKEY_LOCAL"),
	NAME("LATCHKEY_REQUIRE"),
	NAME("LATCHKEY_PROOF"),
	NAME("HTTP_HOST"),
	NAME("HTTP_ORIGIN"),
	NAME("HTTP_SEC_FETCH_SITE"),
	NAME("HTTP_AUTHORIZATION"),
	NAME("HTTP_X_JWT_TOKEN"),
	NAME("HTTP_X_API_KEY"),
	NAME("HTTP_COOKIE"),
};

enum { NAMES = sizeof names / sizeof names[0] };

/* The row of what a variable is called, NAMES if it has none. */
static unsigned
find(const char *param)
{
	size_t length = strcspn(param, "=");
	unsigned i;

	for (i = 0; i < NAMES; i++)
		if (names[i].length == length &&
			memcmp(names[i].text, param, length) == 0)
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
		if (row == NAMES)
			continue;
		if ((seen >> row & 1) != 0)
			return names[row].text;
		seen |= 1U << row;
	}
	return NULL;
}
