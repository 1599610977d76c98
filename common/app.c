/* app.c - a program of the suite: FastCGI or plain CGI */
#include "config.h"

#include "app.h"

#include "app-serve.h"
#include "log.h"
#include "sweep.h"
#include "turn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
	DRAIN_BLOCKS = 256, /* 1 MiB: the web server lets no more through */
	READ_SECONDS = 10,  /* for the web server to go on with a request */
	KEEP_MS = 250,      /* the memory of hashes, without any */
	REST_SECONDS = 5    /* without any, before the store may rest */
};

extern char **environ;

static volatile sig_atomic_t stopping;
static int dev_null = -1;
static int listener = -1; /* epoll's, of who keeps the memory of hashes */

/* Puts /dev/null where the listening socket was, and its epoll: a wait for the
 * next request is interrupted by the signal itself, and one that has yet to
 * begin fails, so that no moment is left in which the signal would be missed.
 */
static void
on_terminate(int signal_number)
{
	int saved = errno;

	(void)signal_number;
	stopping = 1;
	if (dev_null >= 0) {
		dup2(dev_null, STDIN_FILENO);
		if (listener >= 0)
			dup2(dev_null, listener);
	}
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

/* Of all who wait at the socket, a request is to wake one. */
static bool
listen_alone(void)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};

	listener = epoll_create1(EPOLL_CLOEXEC);
	if (listener >= 0 &&
		epoll_ctl(listener, EPOLL_CTL_ADD, STDIN_FILENO, &event) == 0)
		return true;
	log_error("epoll: %s", strerror(errno));
	return false;
}

/* Waits for a request; whoever keeps the memory of hashes gives it back when
 * none comes for a while. Others may be quicker at the same socket, which is
 * why it does not block in accept() itself. */
static void
await(const struct site *site)
{
	int ms = REST_SECONDS * 1000;
	struct epoll_event event;

	/* One request after the other may hash nothing, and others wait. */
	if (slots_kept(site->slots))
		slots_give(site->slots);
	if (slots_kept(site->slots))
		ms = KEEP_MS;
	if (epoll_wait(listener, &event, 1, ms) == 0)
		slots_drop(site->slots);
}

static void
limit_waiting(int socket, int seconds)
{
	const struct timeval limit = {.tv_sec = seconds};

	if (setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) !=
		0)
		log_error("SO_RCVTIMEO: %s", strerror(errno));
}

/* A web server that stops in the middle of a body keeps a worker so long, and
 * not for ever. */
static void
limit_reading(int connection, const struct request *request)
{
	if (request_length(request) != 0)
		limit_waiting(connection, READ_SECONDS);
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

/* Who is never idle looks, too: verify answers from memory, and does not get
 * to the store for that. */
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
	else
		limit_waiting(STDIN_FILENO, REST_SECONDS);
	while (!stopping) {
		struct request request;

		if (program->keeps_memory)
			await(site);
		result = accept_whole(&fcgi);
		if ((result == -EINTR || result == -EAGAIN) && !stopping) {
			store_rest(site->store);
			continue;
		}
		if (result != 0)
			break;
		request.params = fcgi.envp;
		request.in = fcgi.in;
		request.out = fcgi.out;
		limit_reading(fcgi.ipcFd, &request);
		app_serve(program, site, &request, call);
		finish(&fcgi, &request);
		/* Nobody waits for this one any more. */
		if (program->all == NULL)
			sweep_a_while(site, site_now());
		rest_if_due(site);
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

	app_serve(program, site, &request, call);
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

/* A secret from the environment is in force from the start, also for the
 * command, which does not have it. */
static void
take_secret(const struct site *site)
{
	if (keys_given(site->keys) && site_keys(site, site_now()) != STATUS_OK)
		log_warning("the JWT secret is not in the store yet");
}

/* For one request after the other. */
static bool
prepare(const struct program *program, const struct site *site)
{
	take_signals();
	if (!program->keeps_memory)
		return true;
	keep_memory(site->conf);
	return listen_alone();
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
		turn_come_last();
	if ((cgi || prepare(program, site)) && site_confine(site))
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
	if (!cgi)
		take_secret(&site);
	call = app_call_new();
	if (cgi)
		serve_cgi(program, &site, call);
	else
		result = serve_fastcgi(program, &site, call);
	sodium_free(call);
	site_close(&site);
	return result;
}
