/* app.c - a program of the suite: FastCGI or plain CGI */
#include "config.h"

#include "web/app.h"

#include "account/blocklist.h"
#include "account/sweep.h"
#include "base/inherited.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "password/yield.h"
#include "web/app-serve.h"
#include "web/request.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

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
	FCGX_Detach(fcgi);
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
	 * sends when it is told to send TERM. */
	static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGQUIT};
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
	}
	for (i = 0; i < count; i++)
		if (events[i].data.u32 == THE_END)
			return false;
	return true;
}

/* A web server that stops in the middle of a body keeps a worker for so long,
 * and not for ever. */
static void
limit_reading(int connection, const struct request *request)
{
	const struct timeval limit = {.tv_sec = READ_SECONDS};
	long long length = request_length(request);

	/* A request without a body is not worth the call. */
	if (length != 0 &&
		(length != REQUEST_UNTOLD ||
			strcmp(request_method(request), "GET") != 0) &&
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

/* Waits for a request whose variables are all there. libfcgi takes variables
 * that were cut off on their way for all of them. Without the rest, a request
 * may look like one from the machine itself. */
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

	if (FCGX_Init() != 0 || FCGX_InitRequest(&fcgi, STDIN_FILENO,
					FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
		log_error("libfcgi does not start");
		return 1;
	}
	do_not_block();
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
		app_serve(program, site, &request, call);
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

	app_serve(program, site, &request, call);
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
	if (program->keeps_memory && !cgi)
		password_keep_memory(&scheme);
	if (site_open_web_key(site) && (cgi || begin_to_await()) &&
		site_confine(site))
		return true;
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
		return app_route_print(program) ? 0 : 1;
	log_open(program->name);
	if (!start(program, &site, cgi)) {
		/* The supervisor starts it again at once. */
		if (!cgi)
			sleep(1);
		return 1;
	}
	/* A secret from the environment is in force from the start, also for
	 * the command, which does not have that environment. */
	if (!cgi && keys_given(site.keys) &&
		site_keys(&site, site_now()) != STATUS_OK)
		log_warning("the JWT secret is not in the store yet");
	call = app_call_new();
	if (cgi)
		serve_cgi(program, &site, call);
	else
		result = serve_fastcgi(program, &site, call);
	sodium_free(call);
	site_close(&site);
	return result;
}

/* --- for handlers: the body and the caller ----------------------------- */

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

const char *
app_language(struct call *call)
{
	mail_language(call->site->conf,
		request_param(call->request, "HTTP_ACCEPT_LANGUAGE"),
		call->attempt.language);
	return call->attempt.language;
}

enum status
app_bad_field(struct call *call, const char *reason)
{
	call->reason = reason;
	return STATUS_BAD_FIELD;
}

static bool
is_same(const struct session *a, const struct session *b)
{
	return strcmp(a->account, b->account) == 0 && a->token == b->token;
}

static bool
is_unseen(enum status status)
{
	return status == STATUS_UNAVAILABLE || status == STATUS_INTERNAL;
}

/* Checks one of the tokens. */
static enum status
check_token(struct call *call, const char *token, struct session *session)
{
	enum status status =
		session_check(call->site, token, &call->attempt, session);

	/* A wrong access token is a guess at a secret, whatever it was sent
	 * for. A JWT is no guess. */
	if (status != STATUS_OK && call->event == NULL &&
		strchr(token, '.') == NULL) {
		call->event = "access-token";
		/* It stays so, whatever the next cookie is. */
		call->truth = status;
	}
	return status;
}

/* Whether an hour has passed since any process said so. A process asks the
 * others once an hour at most: it may not have entered the store yet. */
static bool
may_say(const struct site *site)
{
	enum { HOUR = 3600 };
	static int64_t asked;
	int64_t now = tick_now() / 1000;

	if (asked > 0 && now - asked < HOUR)
		return false;
	asked = now;
	if (store_begin(site->store, STORE_READ) != STATUS_OK)
		return true;
	store_abort(site->store);
	return store_due(site->store, STORE_COOKIE, HOUR);
}

void
app_say_strange(const struct call *call)
{
	char *why = request_strange(call->request, call->site->conf);

	if (why != NULL && may_say(call->site))
		log_warning("cookie not counted: %s", why);
	mem_free(why);
}

enum status
app_caller(struct call *call, const char *method)
{
	enum status status, found = STATUS_NO_TOKEN;
	struct session session;
	const char *token;
	int at;

	memset(&call->caller, 0, sizeof call->caller);
	call->token =
		request_token_from(call->request, call->site->conf, method);
	if (call->token == TOKEN_FROM_STRANGER)
		app_say_strange(call);
	for (at = 0; !is_unseen(found); at++) {
		token = request_token(
			call->request, call->site->conf, call->token, at);
		if (token == NULL)
			break;
		status = check_token(call, token, &session);
		if (status == STATUS_OK && found == STATUS_OK &&
			!is_same(&session, &call->caller)) {
			found = STATUS_BAD_TOKEN;
			break;
		}
		if (status == STATUS_OK)
			call->caller = session;
		/* A cookie that could not be checked may be another
		 * caller's. */
		if (at == 0 || status == STATUS_OK || is_unseen(status))
			found = status;
	}
	if (found != STATUS_OK) {
		memset(&call->caller, 0, sizeof call->caller);
	} else {
		/* They belong to another cookie. */
		call->attempt.reason = NULL;
		call->attempt.wait = 0;
	}
	return found;
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

enum status
app_guard_local_alone(struct call *call)
{
	const struct site *site = call->site;
	enum status status = app_guard_local(call);

	if (status != STATUS_OK || !site->shares_user ||
		site->conf->same_user_is_trusted)
		return status;
	log_warning("not taken for local: any process of this program's user "
		    "could have sent it, the web server's pages among them; "
		    "see same_user_is_trusted");
	return STATUS_FORBIDDEN;
}

/* --- for handlers: a new password -------------------------------------- */

enum status
app_new_password(
	struct call *call, const char *name, const struct account *account)
{
	struct password *password = &call->new_password;
	const char *text = app_string(call, name);
	struct policy policy =
		conf_policy_of(call->site->conf, call->dialect->policy);

	call->flaws = policy_read(&policy, text, strlen(text), password);
	if (call->flaws == 0)
		call->flaws = blocklist_flaws(call->site, account, password);
	return call->flaws == 0 ? STATUS_OK : STATUS_WEAK_PASSWORD;
}

enum status
app_new_password_of(struct call *call, const char *name, const char *whose)
{
	struct account account;
	enum status status = app_new_password(call, name, NULL);

	if (status == STATUS_OK)
		status = account_look_up_whom(call->site, whose, &account);
	/* The handler will find that out, and has a status for it. */
	if (status == STATUS_NO_ACCOUNT)
		return STATUS_OK;
	if (status == STATUS_OK &&
		blocklist_is_name(&account, &call->new_password)) {
		call->flaws = POLICY_NAME;
		status = STATUS_WEAK_PASSWORD;
	}
	return status;
}
