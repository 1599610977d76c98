/* null-loop.c - null.c with a loop of its own: `closed` ends the connection
 * after each request, as latchkey does; `shared` keeps up to SHARED of them,
 * and waits at all of these and at the socket at once, so that a connection
 * which is kept starves nobody */
#include <fcgiapp.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

enum {
	SHARED = 64 /* connections that a process keeps */
};

/* Those that are open come first. */
struct pool {
	FCGX_Request requests[SHARED + 1];
	int open;
};

static void
serve_closed(void)
{
	FCGX_Request request;

	FCGX_InitRequest(&request, 0, 0);
	while (FCGX_Accept_r(&request) == 0) {
		FCGX_PutS("Status: 204 No Content\r\n\r\n", request.out);
		FCGX_Detach(&request);
		FCGX_Finish_r(&request);
		FCGX_Free(&request, 1);
	}
}

/* The next request of that connection or, where it is none or has just been
 * closed by its peer, of a new one, if there is one. */
static void
answer(FCGX_Request *request)
{
	if (FCGX_Accept_r(request) != 0)
		return;
	FCGX_PutS("Status: 204 No Content\r\n\r\n", request->out);
	if (!request->keepConnection)
		FCGX_Detach(request);
	FCGX_Finish_r(request);
	if (!request->keepConnection)
		FCGX_Free(request, 1);
}

/* Waits until there is something to read anywhere. */
static void
await(const struct pool *pool, struct pollfd fds[SHARED + 1])
{
	int i;

	for (i = 0; i < pool->open; i++)
		fds[i] = (struct pollfd){
			.fd = pool->requests[i].ipcFd, .events = POLLIN};
	/* A full pool leaves new ones to the other processes. */
	fds[i] = (struct pollfd){
		.fd = pool->open < SHARED ? 0 : -1, .events = POLLIN};
	poll(fds, (nfds_t)pool->open + 1, -1);
}

static void
pack(struct pool *pool)
{
	int i, last = pool->open;

	for (i = pool->open = 0; i <= last; i++) {
		FCGX_Request spare = pool->requests[i];

		if (spare.ipcFd < 0)
			continue;
		pool->requests[i] = pool->requests[pool->open];
		pool->requests[pool->open++] = spare;
	}
}

static void
serve_shared(void)
{
	static struct pollfd fds[SHARED + 1];
	static struct pool pool;
	int i, waited;

	fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
	for (i = 0; i <= SHARED; i++)
		FCGX_InitRequest(
			&pool.requests[i], 0, FCGI_FAIL_ACCEPT_ON_INTR);
	for (;;) {
		await(&pool, fds);
		waited = pool.open;
		for (i = 0; i <= waited; i++)
			if (fds[i].revents != 0)
				answer(&pool.requests[i]);
		pack(&pool);
	}
}

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	FCGX_Init();
	if (argc == 2 && strcmp(argv[1], "closed") == 0)
		serve_closed();
	else if (argc == 2 && strcmp(argv[1], "shared") == 0)
		serve_shared();
	return 1;
}
