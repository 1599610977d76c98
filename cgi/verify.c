/* verify.c - who is calling? For nginx's auth_request, and as FastCGI's
 * authorizer (Apache's FcgidAccessChecker).
 *
 * It answers 204, 401 or 403 and nothing else, never reads a body, and fails
 * closed. A location's demand comes from the web server's configuration
 * (LATCHKEY_REQUIRE), never from the address that a client chose. */
#include "config.h"

#include "account/auth-enabled.h"
#include "account/token.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/app.h"

#include <stdio.h>
#include <string.h>

static const char verify_path[] = "/auth/verify";

/* Whether the caller has each permission of "read,write". */
static bool
holds_all(const struct session *caller, const char *list, size_t length)
{
	char words[64];
	unsigned wanted;

	if (length >= sizeof words)
		return false;
	memcpy(words, list, length);
	words[length] = '\0';
	wanted = token_read_permission(words);
	return wanted != 0 && (caller->permission & wanted) == wanted;
}

static bool
begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Whether the caller has all of "role=admin&permission=read,write". A demand
 * that is not understood is not met. */
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

/* Whether it is one of the headers by which latchkey names the caller to an
 * application, X-Auth-User and so on. */
static bool
is_ours(const char *variable)
{
	static const char prefix[] = "HTTP_X_AUTH_";
	static const char *const names[] = {
		"USER=", "ID=", "ROLE=", "PERMISSION=", "EMAIL=", "NAME=",
		"GROUPS=", "FACTORS=", "SESSION="};
	size_t i;

	if (!begins(variable, prefix))
		return false;
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (begins(variable + sizeof prefix - 1, names[i]))
			return true;
	return false;
}

/* Whether the client has sent one of those, be it empty. If the web server's
 * configuration had lost the line that sets it, the client's would reach the
 * application. */
static bool
is_forged(const struct request *request)
{
	char **param;

	for (param = request->params; *param != NULL; param++)
		if (is_ours(*param))
			return true;
	return false;
}

/* The name as a header's value: HTTP has ASCII there (RFC 9110, 5.5). */
static void
encode(const struct conf *conf, const char *name, char out[3 * NAME_SIZE])
{
	const unsigned char *at = (const unsigned char *)name;

	for (; *at != '\0'; at++)
		if (conf->header_encoding == HEADER_PERCENT &&
			(*at < 0x20 || *at >= 0x7f || *at == '%'))
			out += sprintf(out, "%%%02X", (unsigned)*at);
		else
			*out++ = (char)*at;
	*out = '\0';
}

static void
tell(struct call *call)
{
	const struct session *caller = &call->caller;
	/* An authorizer's headers go into the page's environment. */
	const char *to =
		request_is_authorizer(call->request) ? "Variable-" : "";
	char permission[TOKEN_PERMISSION_SIZE], name[3 * NAME_SIZE];

	encode(call->site->conf, caller->name, name);
	token_write_permission(caller->permission, permission);
	call->headers = mem_printf("%sX-Auth-User: %s\r\n"
				   "%sX-Auth-Id: %s\r\n"
				   "%sX-Auth-Role: %s\r\n"
				   "%sX-Auth-Permission: %s\r\n",
		to, name, to,
		caller->token != 0 ? caller->name : caller->account, to,
		caller->admin ? "admin" : "user", to, permission);
}

static enum status
verify(struct call *call)
{
	const struct request *request = call->request;
	const char *require = request_raw_param(request, "LATCHKEY_REQUIRE");
	/* An authorizer is told no path, and its query is the page's. */
	bool authorizer = request_is_authorizer(request);
	const char *query =
		authorizer ? NULL : request_param(request, "QUERY_STRING");
	char path[sizeof verify_path];
	enum status status;
	bool enabled;

	if (!authorizer && (!request_path(request, path, sizeof path) ||
				   strcmp(path, verify_path) != 0))
		return STATUS_NO_TOKEN;
	if (is_forged(request))
		return STATUS_FORBIDDEN;
	/* An operator who writes that demands something; a slip must not open a
	 * location that was to be closed. */
	if (require != NULL && require[0] == '\0') {
		log_warning("LATCHKEY_REQUIRE is empty: refused; leave it out "
			    "where nothing is demanded");
		return STATUS_FORBIDDEN;
	}
	status = auth_enabled_get(call->site, &enabled);
	if (status != STATUS_OK)
		return status;
	/* Every request is let in, without a name, where nothing is
	 * demanded. */
	if (!enabled)
		return require != NULL || query != NULL ? STATUS_FORBIDDEN
							: STATUS_OK;
	status = app_caller(call, request_method(request));
	if (status != STATUS_OK)
		return status;
	if ((require != NULL && !meets(&call->caller, require)) ||
		(query != NULL && !meets(&call->caller, query)))
		return STATUS_FORBIDDEN;
	tell(call);
	return STATUS_OK;
}

const struct program app_program = {
	.name = "verify", .all = verify, .all_path = verify_path};
