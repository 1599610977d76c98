/* app.c - a program of the suite, as FastCGI or plain CGI, and a request's way
 * through it: its route, its guard, its body, its handler, and the answer */
#include "config.h"

#include "web/app.h"

#include "account/sweep.h"
#include "base/counters.h"
#include "base/inherited.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "password/yield.h"
#include "site/event.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

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

/* Prints a line for each path that the program answers: method, path, program,
 * dialect and event, with tabs between them. The method is "*" where all are
 * answered, the event "-" where there is none. Returns false if printing
 * fails. */
static bool
print_routes(const struct program *program)
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
	HEADERS_SIZE = 8192, /* of the longest names, groups and addresses */
	STACK_BYTES = 65536, /* more than a handler and its libraries use */
	HEADER_SIZE = 160    /* of a header that follows from the status */
};

/* Whether a 401 is about the token that was sent, and not about a secret of the
 * body. */
static bool
is_of_token(const struct call *call, enum status status)
{
	return (call->token == TOKEN_FROM_HEADER ||
		       call->token == TOKEN_FROM_COOKIE) &&
	       status != STATUS_BAD_CREDENTIALS &&
	       status != STATUS_CODE_REQUIRED && status != STATUS_BAD_FACTOR;
}

/* What a 401 asks for, in one line: nginx passes on the first alone. */
static void
challenge(
	const struct call *call, enum status status, char headers[HEADER_SIZE])
{
	const char *missing = call->challenge;

	if (missing[0] == '\0' && is_of_token(call, status))
		missing = "error=\"invalid_token\"";
	snprintf(headers, HEADER_SIZE, "WWW-Authenticate: %sBearer%s%s\r\n",
		request_wants_basic(call->request)
			? "Basic realm=\"latchkey\", charset=\"UTF-8\", "
			: "",
		missing[0] != '\0' ? " " : "", missing);
}

/* Headers that follow from the status. */
static void
status_headers(const struct call *call, enum status status, int http,
	char headers[HEADER_SIZE])
{
	headers[0] = '\0';
	if (http == 401)
		challenge(call, status, headers);
	else if (http == 429 || http == 503)
		snprintf(headers, HEADER_SIZE, "Retry-After: %lld\r\n",
			http == 429 ? (long long)call->attempt.wait : 1);
}

static const char *
answer_type(const struct dialect *dialect, int http)
{
	return http >= 400 && dialect->error_type != NULL ? dialect->error_type
							  : "application/json";
}

static const char *
answer_text(const struct call *call, struct json_object *body, size_t *length)
{
	const char *text = call->text == NULL ? "" : call->text;

	if (body != NULL)
		return json_text(body, length);
	*length = strlen(text);
	return text;
}

/* Puts the headers together of their parts, NULL for none. Returns their
 * length; 0 if they are more than a web server has room for. */
static size_t
join(const char *const parts[], size_t count, char headers[HEADERS_SIZE])
{
	size_t i, length = 0, more;

	for (i = 0; i < count; i++) {
		more = parts[i] == NULL ? 0 : strlen(parts[i]);
		if (length + more >= HEADERS_SIZE)
			return 0;
		if (more > 0)
			memcpy(headers + length, parts[i], more);
		length += more;
	}
	return length;
}

static void
answer(struct call *call, const struct outcome *outcome)
{
	int status = dialect_http(call->dialect, outcome->status);
	/* FastCGI's authorizer says yes by 200, and by no other status. Headers
	 * of its yes are added to the page. */
	bool authorizer = request_is_authorizer(call->request);
	int http = status == 204 && authorizer ? 200 : status;
	bool page = http == 200 && authorizer;
	struct json_object *body =
		call->text == NULL ? dialect_body(call->dialect, outcome)
				   : NULL;
	char headers[HEADERS_SIZE], first[HEADER_SIZE], extra[HEADER_SIZE];
	size_t body_length = 0, length;
	const char *text = answer_text(call, body, &body_length);
	const char *type = body != NULL ? answer_type(call->dialect, http)
			   : call->text == NULL ? NULL
			   : call->type == NULL ? "text/html"
						: call->type;
	const char *parts[] = {first,
		page ? ""
		     : "Cache-Control: no-store\r\n"
		       "X-Content-Type-Options: nosniff\r\n",
		extra, call->lines, call->headers, "\r\n"};

	status_headers(call, outcome->status, http, extra);
	snprintf(first, sizeof first, "Status: %d %s\r\n%s%s%s", http,
		dialect_reason(http),
		type == NULL ? "" : "Content-Type: ", type == NULL ? "" : type,
		type == NULL ? "" : "; charset=utf-8\r\n");
	length = join(parts, sizeof parts / sizeof parts[0], headers);
	if (length > 0) {
		request_write(call->request, headers, length);
		/* HEAD is answered as GET, without the content (RFC 9110,
		 * 9.3.2). */
		if (strcmp(request_method(call->request), "HEAD") != 0)
			request_write(call->request, text, body_length);
	} else {
		log_error("the answer's headers are too long");
	}
	/* There may be a token or a ticket in it. */
	if (body != NULL)
		sodium_memzero((char *)(uintptr_t)text, body_length);
	sodium_memzero(headers, length);
	body_free(body);
}

static void
wipe(struct call *call)
{
	body_free(call->body);
	body_free(call->data);
	/* There may be a cookie in them. */
	if (call->headers != NULL)
		sodium_memzero(call->headers, strlen(call->headers));
	mem_free(call->headers);
	/* A page may have a code or a token in it. */
	if (call->text != NULL)
		sodium_memzero(call->text, strlen(call->text));
	mem_free(call->text);
	sodium_memzero(call, sizeof *call);
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

enum { CALLER_SIZE = 32 }; /* of an access token's text */

/* The caller as the audit has it: an access token, an account, or "". */
static const char *
name_caller(const struct session *caller, char token[CALLER_SIZE])
{
	if (caller->token == 0)
		return caller->account;
	snprintf(token, CALLER_SIZE, "token:%lld", (long long)caller->token);
	return token;
}

static void
audit(const struct call *call, enum status status)
{
	const struct session *caller = &call->caller;
	char token[CALLER_SIZE];
	struct audit_event event = {.event = call->event,
		.status = status,
		.reason = why_not(call, status),
		.account = call->account,
		.by = name_caller(caller, token),
		.name = call->name,
		.by_name = caller->token != 0 ? NULL : caller->name,
		.owner = caller->token != 0 ? caller->account : NULL,
		.kid = caller->kid,
		.target = call->target,
		.network = call->attempt.network,
		.request = call->request_id};

	if (call->event == NULL)
		return;
	if (event.account[0] == '\0') {
		event.account = call->attempt.account;
		event.name = call->attempt.name;
	}
	if (event.account[0] == '\0') {
		event.account = caller->account;
		event.name = event.by_name;
	}
	audit_write(call->site->audit, &event);
}

/* A sign-in has no commit of its own that is flushed, and is not to wait for
 * one. It does not fail where its event does. */
static void
tell_of_sign_in(const struct call *call, enum status status)
{
	const struct site *site = call->site;
	const struct event_cause cause = {
		"", call->attempt.network, call->request_id};
	struct account account;

	if (!site->conf->event_sign_ins || !conf_events(site->conf) ||
		status > STATUS_DONE || call->event == NULL ||
		strcmp(call->event, "sign-in") != 0 ||
		store_begin(site->store, STORE_WRITE) != STATUS_OK)
		return;
	event_caused_by(&cause);
	status = account_get(site->store, call->attempt.account, &account);
	if (status == STATUS_OK)
		status = account_event(site, "sign-in", &account, NULL, NULL);
	store_finish_lazily(site->store, status);
}

/* What the request counts as. The truth comes before what a refusal tells; of a
 * request that was done, only that it was capped. */
static enum status
counted(const struct call *call, enum status status)
{
	return call->truth != STATUS_OK &&
			       (status > STATUS_DONE ||
				       call->truth == STATUS_THROTTLED)
		       ? call->truth
		       : status;
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

/* Whether the request may be looked at: one that is not the web server's
 * decides nothing. */
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

/* A browser sends a form along from any site's page. Where that is another
 * site's, nothing is done, whether or not a cookie would count: a form could
 * also sign a person in as somebody else. */
static enum status
check_form(const struct call *call)
{
	const struct request *request = call->request;

	if (!call->dialect->is_page ||
		strcmp(request_method(request), "POST") != 0 ||
		!request_is_strange(request, call->site->conf))
		return STATUS_OK;
	app_say_strange(call);
	return STATUS_FOREIGN;
}

/* The steps before the handler, which is then known. The first that is not
 * STATUS_OK ends the request. `path` is NULL if it is longer than any
 * route's. */
static enum status
prepare(const struct program *program, struct call *call, const char *path,
	struct outcome *outcome, app_step **handle)
{
	const struct conf *conf = call->site->conf;
	const struct dialect *dialect = call->dialect;
	const struct body_rules rules = {.max = conf->max_body,
		.form = dialect->is_page,
		.blank = dialect->blank_is_missing,
		.spares = dialect->spares_body};
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
	assert(route->body[APP_FIELDS - 1].name == NULL);
	*handle = route->handle;
	call->event = route->event;
	outcome->fields = route->body;
	status = check_form(call);
	if (status == STATUS_OK && route->guard != NULL)
		status = route->guard(call);
	if (status == STATUS_OK && route->body[0].name != NULL)
		status = body_read(call->request, &rules, route->body,
			&call->body, &outcome->missing);
	return status;
}

/* Whether the web server may send a body along. */
static bool
may_have_body(const struct request *request)
{
	long long length = request_length(request);

	return length != 0 &&
	       (length != REQUEST_UNTOLD ||
		       strcmp(request_method(request), "GET") != 0);
}

/* What is known of a request before any check. */
static void
begin(struct call *call, const struct site *site, const struct request *request)
{
	call->site = site;
	call->request = request;
	call->start = tick_us();
	call->attempt.now = site_now();
	request_network(request, call->attempt.network);
	find_request_id(call);
	log_request("%.16s %s %s", request_method(request), call->path,
		call->request_id);
}

/* Takes over what the handler has left for the answer. */
static void
take(const struct call *call, struct outcome *outcome)
{
	outcome->data = call->data;
	outcome->flaws = call->flaws;
	outcome->reason = call->reason;
	outcome->bare = call->bare;
	outcome->wait = call->attempt.wait;
	outcome->now = call->attempt.now;
	outcome->ticket = call->ticket;
	if (call->missing != NULL)
		outcome->missing = call->missing;
}

/* Has audit and events tell of it. A capped request looks as if all had gone
 * well, but the audit knows. */
static void
tell(struct call *call, enum status status)
{
	if (status <= STATUS_DONE && call->attempt.wait > 0)
		call->truth = STATUS_THROTTLED;
	if (call->truth != STATUS_OK)
		status = call->truth;
	audit(call, status);
	tell_of_sign_in(call, status);
}

/* Answers a request, writes its audit line, and wipes `call`. */
static void
serve(const struct program *program, const struct site *site,
	const struct request *request, struct call *call)
{
	char path[PATH_SIZE], token[CALLER_SIZE];
	struct outcome outcome = {.status = STATUS_NO_ENDPOINT};
	struct event_cause cause;
	enum status count;
	app_step *handle;
	bool whole = request_path(request, path, sizeof path);

	call->path = path;
	begin(call, site, request);
	call->dialect =
		program->all != NULL ? dialect_verify() : dialect_of(path);
	outcome.status =
		prepare(program, call, whole ? path : NULL, &outcome, &handle);
	cause = (struct event_cause){name_caller(&call->caller, token),
		call->attempt.network, call->request_id};
	event_caused_by(&cause);
	if (outcome.status == STATUS_OK)
		outcome.status = handle(call);
	take(call, &outcome);
	tell(call, outcome.status);
	event_caused_by(NULL);
	count = counted(call, outcome.status);
	if (call->dialect->is_page)
		outcome.status = app_page(call, &outcome);
	answer(call, &outcome);
	counters_request(count, tick_us() - call->start);
	wipe(call);
	/* Libraries leave parts of a password there, which only a body has.
	 * verify reads none. */
	if (program->all == NULL && may_have_body(request))
		sodium_stackzero(STACK_BYTES);
	log_request_done();
}

/* --- a program: one request after the other ---------------------------- */

enum {
	DRAIN_BLOCKS = 256, /* 1 MiB: the web server lets no more through */
	READ_SECONDS = 10,  /* for the web server to go on with a request */
	KEEP_MS = 250,      /* without a request: the memory of hashes is given
			     * back */
	REST_SECONDS = 5    /* without a request: the store may rest */
};

extern char **environ;

enum awaited { A_REQUEST, THE_END };

static int awaited = -1; /* epoll's */
static bool ending;      /* a signal has come */

/* Sends what is left of the answer, as FCGX_Finish_r() would, and wipes where
 * it was: there may be a token in it, or codes. */
static void
finish_answer(FCGX_Request *fcgi)
{
	unsigned char *end = fcgi->out->stop;

	FCGX_FClose(fcgi->err);
	FCGX_FClose(fcgi->out);
	if (fcgi->out->wrNext < end)
		sodium_memzero(
			fcgi->out->wrNext, (size_t)(end - fcgi->out->wrNext));
}

/* Ends a request now, and not when the next one comes. libfcgi would wait for
 * the web server to close its side first, since unread input could become a
 * reset that overtakes the answer. Reading all of it is as safe, and costs
 * three system calls and a wake-up less. An authorizer is sent no body, so
 * there is no end of one to wait for. The connection is closed even if the web
 * server would keep it: this process would serve no other connection
 * meanwhile. */
static void
finish(FCGX_Request *fcgi, const struct request *request)
{
	char rest[4096];
	int i;

	for (i = 0; i < DRAIN_BLOCKS && !request_is_authorizer(request); i++)
		if (request_read(request, rest, sizeof rest) < sizeof rest)
			break;
	/* It may be a body that no route has read. */
	sodium_memzero(rest, sizeof rest);
	FCGX_Detach(fcgi);
	finish_answer(fcgi);
	FCGX_Finish_r(fcgi);
	FCGX_Free(fcgi, 1);
}

static bool
await_on(int fd, uint32_t events, enum awaited what)
{
	struct epoll_event event = {.events = events, .data.u32 = what};

	return fd >= 0 && epoll_ctl(awaited, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Signals are looked at between two requests and interrupt none: libfcgi would
 * drop a request that it has accepted and not read yet. Of all processes that
 * wait at the socket, a request is to wake one. */
static bool
begin_to_await(void)
{
	/* USR1 is what mod_fcgid and others send, QUIT what multiwatch 1.0.0
	 * sends when it is told to send TERM, USR2 what it passes on and then
	 * starts others: an exchange of the workers. */
	static const int signals[] = {
		SIGTERM, SIGINT, SIGUSR1, SIGQUIT, SIGUSR2};
	sigset_t ends;
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&ends);
	for (i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaddset(&ends, signals[i]);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	awaited = epoll_create1(EPOLL_CLOEXEC);
	if (await_on(signalfd(-1, &ends, SFD_CLOEXEC), EPOLLIN, THE_END) &&
		await_on(STDIN_FILENO, EPOLLIN | EPOLLEXCLUSIVE, A_REQUEST))
		return true;
	log_error("epoll: %s", strerror(errno));
	return false;
}

/* Waits for a request, which another process may be quicker to accept. False
 * when it is time to end. If none comes for a while, what is kept for the next
 * request is given back: the memory of hashes first, then the store. */
static bool
await(const struct site *site)
{
	struct epoll_event events[2];
	int i, count, ms = REST_SECONDS * 1000;

	if (ending || store_is_outdated(site->store))
		return false;
	/* A process may get one request after the other that hashes nothing,
	 * while others wait for its slot. */
	if (slots_kept(site->slots))
		slots_give(site->slots);
	if (slots_kept(site->slots))
		ms = KEEP_MS;
	count = epoll_wait(awaited, events, 2, ms);
	if (count == 0) {
		slots_drop(site->slots);
		store_rest(site->store);
		audit_settle(site->audit);
		mem_rest();
	}
	for (i = 0; i < count; i++)
		ending = ending || events[i].data.u32 == THE_END;
	/* A request that wakes this process wakes no other one, and would wait
	 * for the next request. */
	return !ending || count == 2;
}

/* A web server that stops in the middle of a body keeps a worker for so long,
 * and not for ever. */
static void
limit_reading(int connection, const struct request *request)
{
	const struct timeval limit = {.tv_sec = READ_SECONDS};

	/* A request without a body is not worth the call. */
	if (may_have_body(request) &&
		setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit,
			sizeof limit) != 0)
		log_error("SO_RCVTIMEO: %s", strerror(errno));
}

/* Waits for a request whose variables are all there. libfcgi takes variables
 * that were cut off on their way for all of them. Without the rest, a request
 * may look like one from the machine itself. In 2.4.2 only the error of its
 * stream tells; t/unit/web/request checks that libfcgi does so. */
static int
accept_whole(FCGX_Request *fcgi)
{
	int result = FCGX_Accept_r(fcgi);

	while (result == 0 && FCGX_GetError(fcgi->in) != 0) {
		log_warning("a request was cut off on its way");
		FCGX_Detach(fcgi); /* no client waits for an answer */
		FCGX_Free(fcgi, 1);
		result = FCGX_Accept_r(fcgi);
	}
	return result;
}

/* A process that is never idle looks, too: verify answers from memory, and does
 * not enter the store for that. */
static void
rest_if_due(const struct site *site)
{
	static time_t rested;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec - rested < REST_SECONDS)
		return;
	rested = now.tv_sec;
	store_rest(site->store);
	audit_settle(site->audit);
}

static int
serve_fastcgi(const struct program *program, const struct site *site,
	struct call *call)
{
	FCGX_Request fcgi;
	bool good = true;
	int flags;

	if (FCGX_Init() != 0 || FCGX_InitRequest(&fcgi, STDIN_FILENO,
					FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
		log_error("libfcgi does not start");
		return 1;
	}
	flags = fcntl(STDIN_FILENO, F_GETFL);
	if (flags >= 0)
		fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK);
	mem_rest();
	while (good && await(site)) {
		struct request request;
		int result = accept_whole(&fcgi);

		if (result != 0) {
			good = result == -EAGAIN || result == -EINTR;
			if (!good)
				log_error("accept: %s", strerror(-result));
			continue;
		}
		request.params = fcgi.envp;
		request.in = fcgi.in;
		request.out = fcgi.out;
		limit_reading(fcgi.ipcFd, &request);
		serve(program, site, &request, call);
		finish(&fcgi, &request);
		/* No client waits for this request any more. */
		if (program->all == NULL)
			sweep_a_while(site, site_now());
		rest_if_due(site);
	}
	FCGX_Free(&fcgi, 1);
	return good ? 0 : 1;
}

static void
serve_cgi(const struct program *program, const struct site *site,
	struct call *call)
{
	struct request request = {environ, NULL, NULL};

	serve(program, site, &request, call);
	/* The answer is whole when its pipe is at its end. So no client has to
	 * wait until the store is closed and the process has gone. */
	close(STDOUT_FILENO);
	audit_settle(site->audit);
}

/* Whether the web server may run as this process's own user. mod_fcgid makes a
 * program's socket as the user that it runs as itself, and without suexec the
 * program is that user's, too. A supervisor makes the socket as root first.
 * Plain CGI has no socket to tell by. */
static bool
shares_user(bool cgi)
{
	struct ucred maker;
	socklen_t size = sizeof maker;

	return cgi || (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_PEERCRED, &maker,
			       &size) == 0 &&
			      maker.uid == geteuid());
}

/* Said when a program starts, and not only when an administrator who has
 * forgotten the password is refused. Plain CGI starts too often for that. */
static void
warn_of_local(const struct site *site)
{
	const struct conf *conf = site->conf;

	if (site->shares_user && !conf->same_user_is_trusted &&
		conf->admin_reset == ADMIN_RESET_LOCAL)
		log_warning("admin_reset = local is refused here, since every "
			    "process of the programs' user could be the web "
			    "server; write `admin_reset = off`, or "
			    "`same_user_is_trusted = yes` where that user runs "
			    "nothing else");
}

/* Opens everything that is not beneath the site's directories. */
static bool
start(const struct program *program, struct site *site, bool cgi)
{
	struct password_scheme scheme;

	if (!site_open(site, conf_path(NULL)))
		return false;
	scheme = conf_scheme(site->conf);
	site->shares_user = shares_user(cgi);
	if (!cgi)
		warn_of_local(site);
	/* A storm of sign-ins must not slow down the check in front of every
	 * page. */
	if (program->hashes)
		yield_always();
	if (program->remembers)
		session_remember();
	if (program->keeps_memory && !cgi)
		password_keep_memory(&scheme);
	if (site_open_web_key(site) && (cgi || begin_to_await()) &&
		site_confine(site)) {
		site_count(site, program->name);
		return true;
	}
	site_close(site);
	return false;
}

/* As plain CGI a program may get the words of a client's query as its arguments
 * (RFC 3875, 4.4). */
static bool
is_asked_for_routes(int argc, char **argv)
{
	return argc == 2 && strcmp(argv[1], "--routes") == 0 &&
	       getenv("GATEWAY_INTERFACE") == NULL &&
	       getenv("REQUEST_METHOD") == NULL;
}

int
app_run(const struct program *program, int argc, char **argv)
{
	struct call *call;
	struct site site;
	int result = 0;
	bool cgi;

	inherited_reset();
	cgi = FCGX_IsCGI() != 0;
	if (is_asked_for_routes(argc, argv))
		return print_routes(program) ? 0 : 1;
	log_open(program->name);
	if (!start(program, &site, cgi)) {
		/* The supervisor starts it again at once. */
		if (!cgi)
			sleep(1);
		return 1;
	}
	/* A secret from the environment is in force from the start, also for
	 * the command, which does not have that environment. Other machines
	 * see from the start that this one is there. */
	if (!cgi && (keys_given(site.keys) || store_is_shared(site.store)) &&
		site_register(&site, site_now()) != STATUS_OK)
		log_warning("the keys are not in the store yet");
	/* Never in a core dump. */
	call = mem_check(sodium_malloc(sizeof *call));
	memset(call, 0, sizeof *call);
	if (cgi)
		serve_cgi(program, &site, call);
	else
		result = serve_fastcgi(program, &site, call);
	sodium_free(call);
	site_close(&site);
	return result;
}
