/* verify.c - who is calling? For the web server's auth_request.
 *
 * Answers 204, 401 or 403 and nothing else, never reads a body, and fails
 * closed. What a location demands comes from the web server's configuration
 * (LATCHKEY_REQUIRE), never from the address that a client chose. */
#include "config.h"

#include "app.h"
#include "mem.h"

#include <string.h>

static const char verify_path[] = "/auth/verify";

/* A JWT holds read and write, an administrator's admin too. */
static bool
holds(const struct session *caller, const char *word, size_t length)
{
	static const char *const all[] = {"read", "write"};
	size_t i;

	for (i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strlen(all[i]) == length &&
			strncmp(all[i], word, length) == 0)
			return true;
	return caller->admin && length == 5 && strncmp(word, "admin", 5) == 0;
}

static bool
holds_all(const struct session *caller, const char *list, size_t length)
{
	const char *end = list + length;
	size_t word;

	for (; list <= end; list += word + 1) {
		for (word = 0; list + word < end && list[word] != ',';)
			word++;
		if (!holds(caller, list, word))
			return false;
	}
	return true;
}

static bool
begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Whether the caller has all of "role=admin&permission=read,write"; what is
 * not understood is not met. */
static bool
meets(const struct session *caller, const char *demand)
{
	size_t length;

	for (; demand[0] != '\0'; demand += length + (demand[length] != '\0')) {
		length = strcspn(demand, "&");
		if (begins(demand, "permission=")) {
			if (!holds_all(caller, demand + 11, length - 11))
				return false;
		} else if (length == 9 && begins(demand, "role=user")) {
			continue;
		} else if (length != 10 || !begins(demand, "role=admin") ||
			   !caller->admin) {
			return false;
		}
	}
	return true;
}

static enum status
verify(struct call *call)
{
	const struct request *request = call->request;
	const struct session *caller = &call->caller;
	const char *require = request_param(request, "LATCHKEY_REQUIRE");
	const char *query = request_param(request, "QUERY_STRING");
	char path[sizeof verify_path];
	enum status status;

	if (!request_path(request, path, sizeof path) ||
		strcmp(path, verify_path) != 0)
		return STATUS_NO_TOKEN;
	status = app_caller(call, request_method(request));
	if (status != STATUS_OK)
		return status;
	if ((require != NULL && !meets(caller, require)) ||
		(query != NULL && !meets(caller, query)))
		return STATUS_FORBIDDEN;
	call->headers = mem_printf("X-Auth-User: %s\r\n"
				   "X-Auth-Id: %s\r\n"
				   "X-Auth-Role: %s\r\n"
				   "X-Auth-Permission: %s\r\n",
		caller->name, caller->account, caller->admin ? "admin" : "user",
		caller->admin ? "read,write,admin" : "read,write");
	return STATUS_OK;
}

int
main(void)
{
	static const struct program program = {.name = "verify", .all = verify};

	return app_run(&program);
}
