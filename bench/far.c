/* far.c - a network between the programs and a database that are on one machine
 *
 *	bench/far PORT SERVER_PORT MICROSECONDS
 *
 * Takes connections at 127.0.0.1:PORT, and passes on to SERVER_PORT what comes
 * there, and back what is answered: each piece so long after it came, and in
 * order. Half of a trip, then, in each direction. It says "ready" first. */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WAYS = 512, PIECES = 64, PIECE = 16384 };

/* One direction of a connection, and what is under way in it. */
static struct way {
	int from, to; /* -1: there is none */
	unsigned first, count;
	struct piece {
		int64_t due;
		size_t length; /* 0: the end */
		char bytes[PIECE];
	} pieces[PIECES];
} * ways[WAYS];

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int
tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one,
			      sizeof one) != 0) {
		perror("far: socket");
		exit(1);
	}
	return fd;
}

static struct sockaddr_in
at_port(const char *port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void
add_way(int from, int to)
{
	int i, one = 1;

	for (i = 0; i < WAYS && ways[i] != NULL; i++)
		;
	if (i == WAYS || (ways[i] = calloc(1, sizeof **ways)) == NULL) {
		fprintf(stderr, "far: too many connections\n");
		exit(1);
	}
	setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	ways[i]->from = from;
	ways[i]->to = to;
}

/* Each direction has both ends for itself, so that it can end alone. */
static void
accept_one(int listener, const struct sockaddr_in *server)
{
	int near = accept(listener, NULL, NULL), away = tcp_socket();

	if (near < 0 || connect(away, (const struct sockaddr *)server,
				sizeof *server) != 0) {
		if (near >= 0)
			close(near);
		close(away);
		return;
	}
	add_way(near, away);
	add_way(dup(away), dup(near));
}

static void
take(struct way *way, int64_t delay)
{
	struct piece *piece = &way->pieces[(way->first + way->count) % PIECES];
	ssize_t got = read(way->from, piece->bytes, PIECE);

	piece->length = got > 0 ? (size_t)got : 0;
	piece->due = now_ns() + delay;
	way->count++;
	if (got <= 0) {
		close(way->from);
		way->from = -1;
	}
}

/* Hands over what is due. False: it was the end. */
static bool
give(struct way *way)
{
	const struct piece *piece;
	size_t done;
	ssize_t put;

	for (; way->count > 0; way->count--) {
		piece = &way->pieces[way->first];
		if (piece->due > now_ns())
			return true;
		for (done = 0; done < piece->length; done += (size_t)put)
			if ((put = write(way->to, piece->bytes + done,
				     piece->length - done)) <= 0)
				return false;
		if (piece->length == 0)
			return false;
		way->first = (way->first + 1) % PIECES;
	}
	return true;
}

static void
end_way(struct way **way)
{
	shutdown((*way)->to, SHUT_WR);
	close((*way)->to);
	if ((*way)->from >= 0)
		close((*way)->from);
	free(*way);
	*way = NULL;
}

/* What to look at, and until when. */
static nfds_t
look(struct pollfd *polls, int listener, int64_t *due)
{
	const struct piece *first;
	nfds_t count = 1;
	int i;

	polls[0] = (struct pollfd){listener, POLLIN, 0};
	*due = INT64_MAX;
	for (i = 0; i < WAYS; i++) {
		polls[1 + i] = (struct pollfd){-1, POLLIN, 0};
		if (ways[i] == NULL)
			continue;
		count = (nfds_t)i + 2;
		if (ways[i]->count < PIECES)
			polls[1 + i].fd = ways[i]->from;
		first = &ways[i]->pieces[ways[i]->first];
		if (ways[i]->count > 0 && first->due < *due)
			*due = first->due;
	}
	return count;
}

static void
wait_for_work(struct pollfd *polls, nfds_t count, int64_t due)
{
	int64_t left = due == INT64_MAX ? 1000000000 : due - now_ns();
	struct timespec wait = {left / 1000000000, left % 1000000000};

	if (left < 0)
		wait = (struct timespec){0, 0};
	if (ppoll(polls, count, &wait, NULL) < 0 && errno != EINTR)
		exit(1);
}

int
main(int argc, char **argv)
{
	static struct pollfd polls[1 + WAYS];
	struct sockaddr_in here, server;
	int64_t delay, due;
	int i, listener;
	nfds_t count;

	if (argc != 4)
		return 2;
	here = at_port(argv[1]);
	server = at_port(argv[2]);
	delay = atoi(argv[3]) * INT64_C(1000);
	listener = tcp_socket();
	prctl(PR_SET_TIMERSLACK, 1);
	signal(SIGPIPE, SIG_IGN);
	if (bind(listener, (struct sockaddr *)&here, sizeof here) != 0 ||
		listen(listener, 64) != 0) {
		perror("far: listen");
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		count = look(polls, listener, &due);
		wait_for_work(polls, count, due);
		for (i = 0; i < WAYS; i++) {
			if (ways[i] == NULL)
				continue;
			if ((nfds_t)i + 1 < count && polls[1 + i].revents != 0)
				take(ways[i], delay);
			if (!give(ways[i]))
				end_way(&ways[i]);
		}
		if (polls[0].revents != 0)
			accept_one(listener, &server);
	}
}
