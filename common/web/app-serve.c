/* app-serve.c - one request: its route, its guard, its body, its handler, and
 * the answer */
#include "config.h"

#include "web/app-serve.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "web/request.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* --- routes ------------------------------------------------------------ */

/* Whether the path fits the pattern, whose {id} takes one segment. */
static bool
fits(const char *pattern, const char *path, char id[APP_ID_SIZE])
{
	const char *open = strstr(pattern, "{id}");
	size_t before = open == NULL ? 0 : (size_t)(open - pattern), length;

	if (open == NULL)
		return strcmp(pattern, path) == 0;
	if (strncmp(pattern, path, before) != 0)
		return false;
	length = strcspn(path + before, "/");
	if (length == 0 || length >= APP_ID_SIZE ||
		strcmp(open + 4, path + before + length) != 0)
		return false;
	memcpy(id, path + before, length);
	id[length] = '\0';
	return true;
}

/* The route's second path, NULL if it has none. edge-impulse's API has its base
 * at /v1, and its document (seed) leaves that out. */
static const char *
second_path(const struct route *route)
{
	return strncmp(route->path, "/v1/api-", 8) == 0 ? route->path + 3
							: NULL;
}

static bool
is_at(const struct route *route, const char *path, char id[APP_ID_SIZE])
{
	const char *second = second_path(route);

	return fits(route->path, path, id) ||
	       (second != NULL && strcmp(second, path) == 0);
}

/* Whether the route answers that method. HEAD is answered as GET. */
static bool
takes(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(method, "HEAD") == 0 &&
		       strcmp(route->method, "GET") == 0);
}

/* The methods of a path, for `Allow`; the caller frees. */
static char *
allowed(const struct route *routes, const char *path)
{
	char *list = mem_copy("Allow: ");
	const struct route *route;
	char id[APP_ID_SIZE];
	int count = 0;

	for (route = routes; route->method != NULL; route++)
		if (is_at(route, path, id))
			list = mem_append(list, "%s%s%s",
				count++ > 0 ? ", " : "", route->method,
				takes(route, "HEAD") ? ", HEAD" : "");
	return mem_append(list, "\r\n");
}

/* Finds the route for the path and the call's method; sets the call's id.
 * STATUS_BAD_METHOD sets the methods that the path has as its headers. */
static enum status
find_route(const struct route *routes, struct call *call, const char *path,
	const struct route **found)
{
	const char *method = request_method(call->request);
	enum status status = STATUS_NO_ENDPOINT;
	const struct route *route;

	for (route = routes; route->method != NULL; route++) {
		if (!is_at(route, path, call->id))
			continue;
		if (takes(route, method)) {
			*found = route;
			return STATUS_OK;
		}
		status = STATUS_BAD_METHOD;
	}
	if (status == STATUS_BAD_METHOD)
		call->headers = allowed(routes, path);
	return status;
}

static void
print(const char *program, const struct dialect *dialect, const char *method,
	const char *path, const char *event)
{
	printf("%s\t%s\t%s\t%s\t%s\n", method, path, program, dialect->name,
		event == NULL ? "-" : event);
}

bool
app_route_print(const struct program *program)
{
	const struct route *route = program->routes;

	if (program->all != NULL)
		print(program->name, dialect_verify(), "*", program->all_path,
			NULL);
	for (; route != NULL && route->method != NULL; route++) {
		const struct dialect *dialect = dialect_of(route->path);
		const char *second = second_path(route);

		print(program->name, dialect, route->method, route->path,
			route->event);
		if (second != NULL)
			print(program->name, dialect, route->method, second,
				route->event);
	}
	return fflush(stdout) == 0;
}

/* --- a request's way, and its answer ----------------------------------- */

enum {
	PATH_SIZE = 512,
	HEADERS_SIZE = 2048,
	HEADER_SIZE = 64 /* of a header that follows from the status */
};

/* Headers that follow from the status. */
static void
status_headers(const struct call *call, int http, char headers[HEADER_SIZE])
{
	headers[0] = '\0';
	if (http == 401)
		snprintf(headers, HEADER_SIZE, "WWW-Authenticate: Bearer%s\r\n",
			call->token == TOKEN_FROM_HEADER ||
					call->token == TOKEN_FROM_COOKIE
				? " error=\"invalid_token\""
				: "");
	else if (http == 429 || http == 503)
		snprintf(headers, HEADER_SIZE, "Retry-After: %lld\r\n",
			http == 429 ? (long long)call->attempt.wait : 1);
}

/* FastCGI's authorizer says yes by 200, and by no other status. */
static int
answer_http(const struct call *call, enum status status)
{
	int http = dialect_http(call->dialect, status);

	return http == 204 && request_is_authorizer(call->request) ? 200 : http;
}

static void
answer(struct call *call, const struct outcome *outcome)
{
	int http = answer_http(call, outcome->status);
	/* Headers of an authorizer's yes are added to the page. */
	bool page = http == 200 && request_is_authorizer(call->request);
	struct json_object *body = dialect_body(call->dialect, outcome);
	char headers[HEADERS_SIZE], extra[HEADER_SIZE];
	size_t body_length = 0;
	const char *text = body == NULL ? "" : json_text(body, &body_length);
	int length;

	status_headers(call, http, extra);
	length = snprintf(headers, sizeof headers,
		"Status: %d %s\r\n"
		"%s%s"
		"%s%s"
		"%s%s%s"
		"\r\n",
		http, dialect_reason(http),
		body == NULL ? ""
			     : "Content-Type: application/json; charset=utf-8"
			       "\r\n",
		page ? ""
		     : "Cache-Control: no-store\r\n"
		       "X-Content-Type-Options: nosniff\r\n",
		extra, call->headers == NULL ? "" : call->headers,
		call->cookie == NULL ? "" : "Set-Cookie: ",
		call->cookie == NULL ? "" : call->cookie,
		call->cookie == NULL ? "" : "\r\n");

	if (length > 0 && (size_t)length < sizeof headers) {
		request_write(call->request, headers, (size_t)length);
		if (!request_is_head(call->request))
			request_write(call->request, text, body_length);
	} else {
		log_error("the answer's headers are too long");
	}
	/* There may be a token in it. */
	if (body != NULL)
		sodium_memzero((char *)(uintptr_t)text, body_length);
	sodium_memzero(headers, sizeof headers);
	json_object_put(body);
}

static void
wipe(struct call *call)
{
	body_free(call->body);
	body_free(call->data);
	mem_free(call->headers);
	if (call->cookie != NULL)
		sodium_memzero(call->cookie, strlen(call->cookie));
	mem_free(call->cookie);
	sodium_memzero(call, sizeof *call);
}

struct call *
app_call_new(void)
{
	struct call *call = mem_check(sodium_malloc(sizeof *call));

	memset(call, 0, sizeof *call);
	return call;
}

/* The web server's id of the request, or one drawn here. */
static void
find_request_id(struct call *call)
{
	const char *id = request_id(call->request);
	unsigned char drawn[8];

	if (id != NULL && strlen(id) < sizeof call->request_id) {
		strcpy(call->request_id, id);
		return;
	}
	randombytes_buf(drawn, sizeof drawn);
	sodium_bin2hex(
		call->request_id, sizeof call->request_id, drawn, sizeof drawn);
}

/* Why a request was refused, if the answer does not tell. */
static const char *
why_not(const struct call *call, enum status status)
{
	return status == STATUS_NO_TOKEN && call->token == TOKEN_FROM_STRANGER
		       ? "cookie-not-counted"
		       : call->attempt.reason;
}

static void
audit(const struct call *call, enum status status)
{
	const struct session *caller = &call->caller;
	struct audit_event event = {.event = call->event,
		.status = status,
		.reason = why_not(call, status),
		.account = call->account,
		.by = caller->token != 0 ? caller->name : caller->account,
		.target = call->target,
		.network = call->attempt.network,
		.request = call->request_id};

	if (call->event == NULL)
		return;
	if (event.account[0] == '\0')
		event.account = call->attempt.account;
	if (event.account[0] == '\0')
		event.account = caller->account;
	audit_write(call->site->audit, &event);
}

/* Whether the web server has sent the request; true where there is no key. */
static bool
is_web_servers(const struct call *call)
{
	const char *proof = request_param(call->request, "LATCHKEY_PROOF");

	return call->site->web_key == NULL ||
	       web_key_proves(call->site->web_key, (char *)(uintptr_t)proof,
		       call->attempt.now);
}

/* Whether the request is one to look at: what is not the web server's has no
 * say in anything. */
static enum status
admit(const struct call *call)
{
	const char *doubled;

	if (!is_web_servers(call))
		return STATUS_STRANGER;
	doubled = request_doubled(call->request);
	if (doubled == NULL)
		return STATUS_OK;
	log_warning("%s stands twice in a request", doubled);
	return STATUS_BAD_REQUEST;
}

/* The steps before the handler, which is then known: the first that is not
 * STATUS_OK ends it. `path`: NULL if it is too long for any. */
static enum status
prepare(const struct program *program, struct call *call, const char *path,
	struct outcome *outcome, app_step **handle)
{
	const struct conf *conf = call->site->conf;
	const struct route *route;
	enum status status = admit(call);

	*handle = program->all;
	if (status != STATUS_OK || program->all != NULL)
		return status;
	call->data = json_new_object();
	outcome->policy = conf_policy_of(conf, call->dialect->policy);
	status = path == NULL ? STATUS_NO_ENDPOINT
			      : find_route(program->routes, call, path, &route);
	if (status != STATUS_OK)
		return status;
	*handle = route->handle;
	call->event = route->event;
	outcome->fields = route->body;
	if (route->guard != NULL)
		status = route->guard(call);
	if (status == STATUS_OK && route->body[0].name != NULL)
		status = body_read(call->request, conf->max_body, route->body,
			call->dialect->blank_is_missing, &call->body,
			&outcome->missing);
	return status;
}

void
app_serve(const struct program *program, const struct site *site,
	const struct request *request, struct call *call)
{
	char path[PATH_SIZE], line[PATH_SIZE + 32 + APP_REQUEST_ID_SIZE];
	struct outcome outcome = {.status = STATUS_NO_ENDPOINT};
	app_step *handle;
	bool whole = request_path(request, path, sizeof path);

	call->site = site;
	call->request = request;
	call->start = tick_us();
	call->attempt.now = site_now();
	request_network(request, call->attempt.network);
	find_request_id(call);
	snprintf(line, sizeof line, "%.16s %s %s", request_method(request),
		path, call->request_id);
	log_request(line);
	call->dialect =
		program->all != NULL ? dialect_verify() : dialect_of(path);
	outcome.status =
		prepare(program, call, whole ? path : NULL, &outcome, &handle);
	if (outcome.status == STATUS_OK)
		outcome.status = handle(call);
	outcome.data = call->data;
	outcome.flaws = call->flaws;
	outcome.reason = call->reason;
	outcome.bare = call->bare;
	/* A capped request looks as if all had gone well, but the audit
	 * knows. */
	if (outcome.status == STATUS_OK && call->attempt.wait > 0)
		call->truth = STATUS_THROTTLED;
	audit(call, call->truth != STATUS_OK ? call->truth : outcome.status);
	answer(call, &outcome);
	wipe(call);
	log_request(NULL);
}
