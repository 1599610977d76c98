/* app.c - a program of the suite: FastCGI or plain CGI */
#include "config.h"

#include "app.h"

#include "guess.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <unistr.h>

enum {
	PATH_SIZE = 512,
	HEADERS_SIZE = 2048,
	HEADER_SIZE = 64,   /* of one that follows from the status */
	DRAIN_BLOCKS = 256, /* 1 MiB: the web server lets no more through */
	HASHING_NICENESS = 10,
	READ_SECONDS = 10, /* for the web server to go on with a request */
	KEEP_MS = 250      /* the memory of hashes, without any */
};

extern char **environ;

static volatile sig_atomic_t stopping;
static int dev_null = -1;

/* --- one request ------------------------------------------------------- */

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

/* Whether the route answers at that path: edge-impulse's API has its base at
 * /v1, and its document (seed) leaves that out. */
static bool
is_at(const struct route *route, const char *path, char id[APP_ID_SIZE])
{
	return fits(route->path, path, id) ||
	       (strncmp(route->path, "/v1/api-", 8) == 0 &&
		       strcmp(route->path + 3, path) == 0);
}

/* The methods of a path, for `Allow`; the caller frees. */
static char *
allowed(const struct route *routes, const char *path)
{
	char *list = mem_copy("Allow: "), *longer;
	const struct route *route;
	char id[APP_ID_SIZE];
	int count = 0;

	for (route = routes; route->method != NULL; route++) {
		if (!is_at(route, path, id))
			continue;
		longer = mem_printf(
			"%s%s%s", list, count++ > 0 ? ", " : "", route->method);
		mem_free(list);
		list = longer;
	}
	longer = mem_printf("%s\r\n", list);
	mem_free(list);
	return longer;
}

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
		if (strcmp(route->method, method) == 0) {
			*found = route;
			return STATUS_OK;
		}
		status = STATUS_BAD_METHOD;
	}
	if (status == STATUS_BAD_METHOD)
		call->headers = allowed(routes, path);
	return status;
}

/* The steps of a request: the first that is not STATUS_OK ends it. */
static enum status
follow(const struct route *routes, struct call *call, const char *path,
	struct outcome *outcome)
{
	const struct conf *conf = call->site->conf;
	const struct route *route;
	enum status status = find_route(routes, call, path, &route);

	if (status != STATUS_OK)
		return status;
	call->event = route->event;
	if (route->guard != NULL)
		status = route->guard(call);
	if (status == STATUS_OK && route->fields != NULL) {
		outcome->fields = route->fields;
		status = body_read(call->request, conf->max_body, route->fields,
			dialect_blank_is_missing(call->dialect), &call->body,
			&outcome->missing);
	}
	if (status == STATUS_OK)
		status = route->handle(call);
	return status;
}

/* Headers that follow from the status. */
static void
status_headers(const struct call *call, int http, char headers[HEADER_SIZE])
{
	headers[0] = '\0';
	if (http == 401)
		snprintf(headers, HEADER_SIZE, "WWW-Authenticate: Bearer%s\r\n",
			call->token_sent ? " error=\"invalid_token\"" : "");
	else if (http == 429 || http == 503)
		snprintf(headers, HEADER_SIZE, "Retry-After: %lld\r\n",
			http == 429 ? (long long)call->attempt.wait : 1);
}

/* FastCGI's authorizer says yes with 200, and with nothing else. */
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
	/* What an authorizer adds to its yes, it adds to the page. */
	bool page = http == 200 && request_is_authorizer(call->request);
	struct json_object *body = dialect_body(call->dialect, outcome);
	char headers[HEADERS_SIZE], extra[HEADER_SIZE];
	size_t body_length = 0;
	const char *text =
		body == NULL ? ""
			     : json_object_to_json_string_length(body,
				       JSON_C_TO_STRING_PLAIN |
					       JSON_C_TO_STRING_NOSLASHESCAPE,
				       &body_length);
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

/* Locked, and never in a core dump; the caller sodium_free()s. */
static struct call *
new_call(void)
{
	struct call *call = mem_check(sodium_malloc(sizeof *call));

	memset(call, 0, sizeof *call);
	return call;
}

/* The web server's id of the request where it gives one, else ours. */
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

static void
audit(const struct call *call, enum status status)
{
	const struct session *caller = &call->caller;
	struct audit_event event = {.event = call->event,
		.status = status,
		.account = call->account,
		.by = caller->token != 0 ? caller->name : caller->account,
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

/* `path`: NULL if it is too long for any. */
static enum status
run(const struct program *program, struct call *call, const char *path,
	struct outcome *outcome)
{
	const char *doubled = request_doubled(call->request);

	if (doubled != NULL) {
		log_warning("%s stands twice in a request", doubled);
		return STATUS_BAD_REQUEST;
	}
	if (program->all != NULL)
		return program->all(call);
	call->data = json_new_object();
	outcome->policy =
		conf_policy_of(call->site->conf, dialect_policy(call->dialect));
	return path == NULL ? STATUS_NO_ENDPOINT
			    : follow(program->routes, call, path, outcome);
}

static void
serve(const struct program *program, const struct site *site,
	const struct request *request, struct call *call)
{
	char path[PATH_SIZE], line[PATH_SIZE + 32 + APP_REQUEST_ID_SIZE];
	struct outcome outcome = {.status = STATUS_NO_ENDPOINT};
	bool whole = request_path(request, path, sizeof path);

	call->site = site;
	call->request = request;
	clock_gettime(CLOCK_MONOTONIC, &call->start);
	call->attempt.now = site_now();
	request_network(request, call->attempt.network);
	find_request_id(call);
	snprintf(line, sizeof line, "%.16s %s %s", request_method(request),
		path, call->request_id);
	log_request(line);
	call->dialect =
		program->all != NULL ? dialect_verify() : dialect_of(path);
	outcome.status = run(program, call, whole ? path : NULL, &outcome);
	outcome.data = call->data;
	outcome.flaws = call->flaws;
	outcome.reason = call->reason;
	audit(call, outcome.status);
	answer(call, &outcome);
	wipe(call);
	log_request(NULL);
}

/* --- the loop ---------------------------------------------------------- */

/* Puts /dev/null where the listening socket was: a wait for the next request
 * is interrupted by the signal itself, and one that has yet to begin fails,
 * so that no moment is left in which the signal would be missed. */
static void
on_terminate(int signal_number)
{
	int saved = errno;

	(void)signal_number;
	stopping = 1;
	if (dev_null >= 0)
		dup2(dev_null, STDIN_FILENO);
	errno = saved;
}

static void
take_signals(void)
{
	struct sigaction action = {.sa_handler = on_terminate};

	dev_null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGUSR1, &action, NULL); /* what mod_fcgid and others send */
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

/* Ends a request now, and not when the next one comes. libfcgi would wait for
 * the web server to close its side first, so that what is still unread cannot
 * become a reset that overtakes the answer; having read it all does as well,
 * and costs three system calls and a wake-up less. An authorizer is sent no
 * body, and no end of one that could be waited for. The connection is closed
 * also where the web server would keep it: nobody else's turn would come. */
static void
finish(FCGX_Request *fcgi, const struct request *request)
{
	char rest[4096];
	int i;

	for (i = 0; i < DRAIN_BLOCKS && !request_is_authorizer(request); i++)
		if (request_read(request, rest, sizeof rest) < sizeof rest)
			break;
	FCGX_Detach(fcgi);
	FCGX_Finish_r(fcgi);
	FCGX_Free(fcgi, 1);
}

/* Waits for a request; whoever keeps the memory of hashes gives it back when
 * none comes for a while. Others may be quicker at the same socket, which is
 * why it does not block in accept() itself. */
static void
await(const struct site *site)
{
	struct pollfd listener = {.fd = STDIN_FILENO, .events = POLLIN};

	/* One request after the other may hash nothing, and others wait. */
	if (slots_kept(site->slots))
		slots_give(site->slots);
	if (poll(&listener, 1, slots_kept(site->slots) ? KEEP_MS : -1) == 0)
		slots_drop(site->slots);
}

/* A web server that stops in the middle of a body keeps a worker so long, and
 * not for ever. */
static void
limit_reading(int connection, const struct request *request)
{
	const struct timeval limit = {.tv_sec = READ_SECONDS};

	if (request_length(request) != 0 &&
		setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit,
			sizeof limit) != 0)
		log_error("SO_RCVTIMEO: %s", strerror(errno));
}

static void
do_not_block(void)
{
	int flags = fcntl(STDIN_FILENO, F_GETFL);

	if (flags >= 0)
		fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK);
}

/* Waits for a request whose variables are all there. libfcgi takes those that
 * have come for all where they are cut off on their way: without the rest, a
 * request may look like one from the machine itself. */
static int
accept_whole(FCGX_Request *fcgi)
{
	int result = FCGX_Accept_r(fcgi);

	while (result == 0 && FCGX_GetError(fcgi->in) != 0) {
		log_warning("a request was cut off on its way");
		FCGX_Detach(fcgi); /* nobody waits for an answer */
		FCGX_Free(fcgi, 1);
		result = FCGX_Accept_r(fcgi);
	}
	return result;
}

static int
serve_fastcgi(const struct program *program, const struct site *site,
	struct call *call)
{
	FCGX_Request fcgi;
	int result = 0;

	if (FCGX_Init() != 0 || FCGX_InitRequest(&fcgi, STDIN_FILENO,
					FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
		log_error("libfcgi does not start");
		return 1;
	}
	if (program->keeps_memory)
		do_not_block();
	while (!stopping) {
		struct request request;

		if (program->keeps_memory)
			await(site);
		result = accept_whole(&fcgi);
		if ((result == -EINTR || result == -EAGAIN) && !stopping)
			continue;
		if (result != 0)
			break;
		request.params = fcgi.envp;
		request.in = fcgi.in;
		request.out = fcgi.out;
		limit_reading(fcgi.ipcFd, &request);
		serve(program, site, &request, call);
		finish(&fcgi, &request);
		/* Nobody waits for this one any more. */
		if (program->all == NULL)
			sweep_if_due(site, site_now());
	}
	FCGX_Free(&fcgi, 1);
	if (!stopping)
		log_error("accept: %s", strerror(-result));
	return stopping ? 0 : 1;
}

static void
serve_cgi(const struct program *program, const struct site *site,
	struct call *call)
{
	struct request request = {environ, NULL, NULL};

	serve(program, site, &request, call);
	/* The answer is whole when its pipe is at its end: nobody has to wait
	 * until the store is closed and we are gone. */
	close(STDOUT_FILENO);
}

static void
keep_memory(const struct conf *conf)
{
	struct password_scheme scheme = conf_scheme(conf);

	password_keep_memory(&scheme);
}

/* All that is not beneath the site's directories is opened here. */
static bool
start(const struct program *program, struct site *site, bool cgi)
{
	if (!site_open(site, conf_path(NULL)))
		return false;
	/* A storm of sign-ins must not slow down the check that stands in
	 * front of every page. */
	if (program->hashes)
		setpriority(PRIO_PROCESS, 0, HASHING_NICENESS);
	if (program->keeps_memory && !cgi)
		keep_memory(site->conf);
	if (!cgi)
		take_signals();
	if (site_confine(site))
		return true;
	site_close(site);
	return false;
}

int
app_run(const struct program *program)
{
	bool cgi = FCGX_IsCGI() != 0;
	struct call *call;
	struct site site;
	int result = 0;

	log_open(program->name);
	if (!start(program, &site, cgi)) {
		/* The supervisor starts it again at once. */
		if (!cgi)
			sleep(1);
		return 1;
	}
	call = new_call();
	if (cgi)
		serve_cgi(program, &site, call);
	else
		result = serve_fastcgi(program, &site, call);
	sodium_free(call);
	site_close(&site);
	return result;
}

/* --- for handlers ------------------------------------------------------ */

const char *
app_string(const struct call *call, const char *name)
{
	const char *text = json_string(call->body, name);

	return text == NULL ? "" : text;
}

void
app_password(struct call *call, const char *name)
{
	const char *text = app_string(call, name);

	password_read(&call->password, text, strlen(text));
}

enum status
app_new_password(
	struct call *call, const char *name, const struct account *account)
{
	struct password *password = &call->new_password;
	const char *text = app_string(call, name);
	struct policy policy =
		conf_policy_of(call->site->conf, dialect_policy(call->dialect));

	call->flaws = policy_read(&policy, text, strlen(text), password);
	if (call->flaws == 0)
		call->flaws = guess_flaws(call->site, account, password);
	return call->flaws == 0 ? STATUS_OK : STATUS_WEAK_PASSWORD;
}

enum status
app_new_password_of(struct call *call, const char *name, const char *whose)
{
	struct account account;
	enum status status = app_new_password(call, name, NULL);

	if (status == STATUS_OK)
		status = account_look_up(call->site, whose, &account);
	/* Who sets it will find that out, and has a word for it. */
	if (status == STATUS_NO_ACCOUNT)
		return STATUS_OK;
	if (status == STATUS_OK &&
		guess_is_name(&account, &call->new_password)) {
		call->flaws = POLICY_NAME;
		status = STATUS_WEAK_PASSWORD;
	}
	return status;
}

size_t
app_points(const char *text)
{
	return u8_mbsnlen((const uint8_t *)text, strlen(text));
}

int64_t
app_microseconds(const struct call *call)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)(now.tv_sec - call->start.tv_sec) * 1000000 +
	       (now.tv_nsec - call->start.tv_nsec) / 1000;
}

enum status
app_caller(struct call *call, const char *method)
{
	const char *token =
		request_token(call->request, call->site->conf, method);
	enum status status;

	if (token == NULL)
		return STATUS_NO_TOKEN;
	call->token_sent = true;
	status =
		session_check(call->site, token, &call->attempt, &call->caller);
	/* A guess at a secret, whatever it was sent for. A JWT is none. */
	if (status != STATUS_OK && call->event == NULL &&
		strchr(token, '.') == NULL)
		call->event = "access-token";
	return status;
}

enum status
app_guard_user(struct call *call)
{
	enum status status = app_caller(call, request_method(call->request));

	/* An access token speaks for a service, not for a person. */
	if (status == STATUS_OK && call->caller.token != 0)
		return STATUS_BAD_TOKEN;
	return status;
}

enum status
app_guard_admin(struct call *call)
{
	enum status status = app_guard_user(call);

	if (status == STATUS_OK && !call->caller.admin)
		return STATUS_FORBIDDEN;
	return status;
}

enum status
app_guard_local(struct call *call)
{
	return request_is_local(call->request, call->site->conf)
		       ? STATUS_OK
		       : STATUS_NOT_LOCAL;
}
