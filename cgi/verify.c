/* verify.c - who is calling? For nginx's auth_request, and as FastCGI's
 * authorizer (Apache's FcgidAccessChecker).
 *
 * It answers 204, 401 or 403 and nothing else, never reads a body, and fails
 * closed. A location's demand comes from the web server's configuration
 * (LATCHKEY_REQUIRE), never from the address that a client chose. */
#include "config.h"

#include "account/token.h"
#include "base/log.h"
#include "base/mem.h"
#include "site/auth-enabled.h"
#include "web/app.h"
#include "web/next.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

static const char verify_path[] = "/auth/verify";

#define STALE "error=\"insufficient_user_authentication\", "

enum {
	DEMAND_SIZE = 64,
	VALUE_SIZE = 3 * 1024 /* of a header, the longest with %XX */
};

static bool
begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* --- what a location demands ------------------------------------------- */

/* Whether the caller meets a demand; the later, the worse. The two in the
 * middle do not meet it yet: a password, or a code, could mend that. */
enum verdict { MET, TOO_OLD, ONE_FACTOR, NOT_MET };

/* Each judges by one demand, and says in the call's challenge what is missing
 * (RFC 9470): of several the worst. */

static enum verdict
by_permission(struct call *call, const char *list)
{
	unsigned wanted = token_read_permission(list);

	return wanted != 0 && (call->caller.permission & wanted) == wanted
		       ? MET
		       : NOT_MET;
}

static enum verdict
by_role(struct call *call, const char *role)
{
	if (strcmp(role, "admin") == 0)
		return call->caller.admin ? MET : NOT_MET;
	return strcmp(role, "user") == 0 ? MET : NOT_MET;
}

static enum verdict
by_group(struct call *call, const char *group)
{
	return groups_have(call->caller.groups, group) ? MET : NOT_MET;
}

static enum verdict
by_factor(struct call *call, const char *count)
{
	const struct session *caller = &call->caller;

	if (strcmp(count, "2") != 0 || caller->sid[0] == '\0')
		return NOT_MET;
	if (caller->amr == (JWT_AMR_PWD | JWT_AMR_OTP))
		return MET;
	strcpy(call->challenge, STALE "acr_values=\"2\"");
	return ONE_FACTOR;
}

static enum verdict
by_age(struct call *call, const char *seconds)
{
	const struct session *caller = &call->caller;
	size_t digits = strspn(seconds, "0123456789");

	if (digits == 0 || digits > 9 || seconds[digits] != '\0' ||
		caller->sid[0] == '\0')
		return NOT_MET;
	if (call->attempt.now - caller->confirmed <= atol(seconds))
		return MET;
	if (call->challenge[0] == '\0')
		snprintf(call->challenge, sizeof call->challenge,
			STALE "max_age=\"%s\"", seconds);
	return TOO_OLD;
}

/* Judges by one demand of `length` bytes, "role=admin". One that is not
 * understood is not met. */
static enum verdict
by_one(struct call *call, const char *demand, size_t length)
{
	static const struct {
		const char *name;
		enum verdict (*judge)(struct call *call, const char *value);
	} demands[] = {
		{"permission=", by_permission},
		{"role=", by_role},
		{"group=", by_group},
		{"factor=", by_factor},
		{"age=", by_age},
	};
	char text[DEMAND_SIZE];
	size_t i;

	if (length >= sizeof text)
		return NOT_MET;
	memcpy(text, demand, length);
	text[length] = '\0';
	for (i = 0; i < sizeof demands / sizeof demands[0]; i++)
		if (begins(text, demands[i].name))
			return demands[i].judge(
				call, text + strlen(demands[i].name));
	return NOT_MET;
}

/* The worst verdict of all demands, "role=admin&permission=read,write". What a
 * password could mend does not matter where something else is missing. */
static enum verdict
judge(struct call *call, const char *demand)
{
	enum verdict one, all = MET;
	size_t length;

	for (; demand != NULL && demand[0] != '\0';
		demand += length + (demand[length] != '\0')) {
		length = strcspn(demand, "&");
		one = by_one(call, demand, length);
		if (one > all)
			all = one;
	}
	return all;
}

/* --- who is calling ---------------------------------------------------- */

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

/* Whether it is no control character, which would end the line or steer a
 * terminal, and none that turns the direction of what comes after it. */
static bool
is_plain(ucs4_t point)
{
	static const uint32_t controls =
		UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp;

	return !uc_is_general_category_withtable(point, controls) &&
	       !uc_is_property_bidi_control(point);
}

/* How many bytes of the text's first character may stand in a header as they
 * are; 0: none. */
static size_t
plain_bytes(const struct conf *conf, const char *text)
{
	bool utf8 = conf->header_encoding == HEADER_UTF8;
	ucs4_t point;
	int size;

	if ((*text & 0x80) == 0)
		return *text >= ' ' && *text <= '~' && (utf8 || *text != '%');
	if (!utf8)
		return 0;
	size = u8_mbtoucr(&point, (const uint8_t *)text, strnlen(text, 4));
	return size > 0 && is_plain(point) ? (size_t)size : 0;
}

/* The text as a header's value: HTTP has ASCII there (RFC 9110, 5.5). A control
 * character never passes: the end of a line would begin a header of the text's
 * own. */
static void
encode(const struct conf *conf, const char *text, char out[VALUE_SIZE])
{
	size_t size;

	for (; *text != '\0'; text += size > 0 ? size : 1) {
		size = plain_bytes(conf, text);
		if (size == 0)
			out += sprintf(out, "%%%02X", (unsigned char)*text);
		memcpy(out, text, size);
		out += size;
	}
	*out = '\0';
}

/* An authorizer's headers go into the page's environment. What is empty is left
 * out. */
static void
tell_one(struct call *call, const char *header, const char *text)
{
	bool variable = request_is_authorizer(call->request);
	char name[32], value[VALUE_SIZE];

	if (text[0] == '\0')
		return;
	snprintf(name, sizeof name, "%sX-Auth-%s", variable ? "Variable-" : "",
		header);
	encode(call->site->conf, text, value);
	app_add_header(call, name, value);
}

static void
tell(struct call *call)
{
	const struct session *caller = &call->caller;
	char permission[TOKEN_PERMISSION_SIZE], factors[JWT_AMR_SIZE];

	token_write_permission(caller->permission, permission);
	jwt_write_amr(caller->amr, factors);
	tell_one(call, "User", caller->name);
	tell_one(call, "Id",
		caller->token != 0 && !caller->personal ? caller->name
							: caller->account);
	tell_one(call, "Role", caller->admin ? "admin" : "user");
	tell_one(call, "Permission", permission);
	tell_one(call, "Email", caller->email);
	tell_one(call, "Name", caller->full_name);
	tell_one(call, "Groups", caller->groups);
	tell_one(call, "Factors", factors);
	tell_one(call, "Session", caller->sid);
}

/* Refuses, and tells a web server that can read it where a person goes on. */
static enum status
refuse(struct call *call, enum status status, const char *page)
{
	const struct conf *conf = call->site->conf;
	char next[NEXT_SIZE], *link;

	if (request_is_authorizer(call->request) ||
		!request_is_navigation(call->request))
		return status;
	next_make(call->request, conf, next);
	link = next_link(conf, page, next);
	if (next_loses(call->request))
		link = mem_append(link, "&lost=1");
	app_add_header(call, "X-Auth-Location", link);
	mem_free(link);
	return status;
}

/* Whether the browser should first get a new cookie, which it does at a page of
 * latchkey's own: one that came with the application's answer could arrive
 * after a sign-out, or be kept by a cache. */
static bool
is_to_renew(const struct call *call)
{
	return call->token == TOKEN_FROM_COOKIE &&
	       call->caller.sid[0] != '\0' &&
	       call->caller.renew <= call->attempt.now &&
	       strcmp(request_method(call->request), "GET") == 0 &&
	       request_is_navigation(call->request);
}

/* Whether the caller is an access token that only reads metrics: it lies in the
 * settings of a monitor, and opens no page. */
static bool
is_monitor(const struct session *caller)
{
	return caller->token != 0 && caller->permission == TOKEN_METRICS;
}

/* Judges the caller by what the location and the client demand. */
static enum status
admit(struct call *call, const char *require, const char *query)
{
	enum verdict first =
		is_monitor(&call->caller) ? NOT_MET : judge(call, require);
	enum verdict verdict = judge(call, query);

	if (first > verdict)
		verdict = first;
	if (verdict == NOT_MET)
		return STATUS_FORBIDDEN;
	if (verdict != MET)
		return refuse(call, STATUS_NOT_FRESH,
			verdict == ONE_FACTOR ? app_factor_page(call)
					      : "/account/confirm");
	if (is_to_renew(call))
		return refuse(call, STATUS_NO_TOKEN, "/account/renew");
	tell(call);
	return STATUS_OK;
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
	if (status == STATUS_OK)
		return admit(call, require, query);
	if (status == STATUS_MUST_ENROL)
		return refuse(call, status, "/account/two-factor");
	return status == STATUS_NO_TOKEN || status == STATUS_BAD_TOKEN
		       ? refuse(call, status, "/account/sign-in")
		       : status;
}

const struct program app_program = {.name = "verify",
	.all = verify,
	.all_path = verify_path,
	.remembers = true};
