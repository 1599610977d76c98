/* pq-hosts.c - the servers that a URI names, and which of them is the primary
 *
 * libpq can try the hosts of a list by itself, but not with a time limit of our
 * own for each: its connect_timeout is two seconds at least, and does not count
 * for a connection that is made without blocking. */
#include "config.h"

#include "store/pq-hosts.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "store/pq-uri.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	OPTIONS = 64,
	LOOK_UP_MS = 10000 /* a name is looked up no sooner again */
};

struct host {
	char *host, *hostaddr, *port; /* "" is libpq's default */
	bool unknown;                 /* a name without an address */
	int place;                    /* the URI's host that it is of */
};

struct pq_hosts {
	PQconninfoOption *options;
	struct host each[PQ_URI_HOSTS];
	int count;
	int places; /* hosts that the URI has, of those that were read */
	int first;  /* where to connect first: mostly, where it was last */
	bool named; /* a name was looked up, */
	int64_t looked_up; /* at that time; and since then */
	bool lost;         /* no server was found that can be written to */
	char *passfile;
	char *name;
};

/* --- what the environment says ------------------------------------------ */

/* libpq goes by it where the URI is silent. So the setting alone decides, but
 * for the password's file. */
static void
clear_environment(const PQconninfoOption *at)
{
	/* These three are no options. */
	unsetenv("PGDATESTYLE");
	unsetenv("PGTZ");
	unsetenv("PGGEQO");
	for (; at->keyword != NULL; at++)
		if (at->envvar != NULL && strcmp(at->envvar, "PGPASSFILE") != 0)
			unsetenv(at->envvar);
}

/* --- reading a URI ------------------------------------------------------ */

static const char *
option(const struct pq_hosts *hosts, const char *keyword)
{
	const PQconninfoOption *at;

	for (at = hosts->options; at->keyword != NULL; at++)
		if (strcmp(at->keyword, keyword) == 0)
			return at->val;
	return NULL;
}

/* The part of a list with that index; a list of one is for all of them. The
 * caller frees. */
static char *
part(const char *list, int index)
{
	const char *at = list == NULL ? "" : list;

	if (strchr(at, ',') == NULL)
		return mem_copy(at);
	while (index-- > 0 && *at != '\0') {
		at += strcspn(at, ",");
		at += *at == ',';
	}
	return mem_printf("%.*s", (int)strcspn(at, ","), at);
}

static int
count_parts(const char *list)
{
	int count = 1;

	while (list != NULL && (list = strchr(list, ',')) != NULL) {
		list++;
		count++;
	}
	return count;
}

static struct host *
add_host(struct pq_hosts *hosts, const char *host, const char *hostaddr,
	const char *port)
{
	struct host *to = &hosts->each[hosts->count];

	if (hosts->count == PQ_URI_HOSTS) {
		log_error("store: the host %s is one too many", host);
		return NULL;
	}
	hosts->count++;
	to->host = mem_copy(host);
	to->hostaddr = mem_copy(hostaddr);
	to->port = mem_copy(port);
	to->place = hosts->places;
	return to;
}

/* A name server that is away costs a second, and not ten, unless the operator
 * wants it so. */
static int
get_addresses(const char *name, struct addrinfo **found)
{
	static const char limits[] = "RES_OPTIONS";
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	bool ours = getenv(limits) == NULL;
	int result;

	if (ours)
		setenv(limits, "timeout:1 attempts:1", 1);
	result = getaddrinfo(name, NULL, &hints, found);
	if (ours)
		unsetenv(limits);
	return result;
}

/* A host for each address of the name. A name without one keeps its place,
 * since the others may do without it. */
static void
look_up(struct pq_hosts *hosts, const char *name, const char *port)
{
	struct addrinfo *found = NULL, *at;
	int result = get_addresses(name, &found);
	char address[NI_MAXHOST];
	struct host *unknown;

	hosts->named = true;
	if (result != 0) {
		log_error("store: the address of the host %s: %s", name,
			gai_strerror(result));
		unknown = add_host(hosts, name, "", port);
		if (unknown != NULL)
			unknown->unknown = true;
		return;
	}
	for (at = found; at != NULL; at = at->ai_next)
		if (getnameinfo(at->ai_addr, at->ai_addrlen, address,
			    sizeof address, NULL, 0, NI_NUMERICHOST) == 0)
			add_host(hosts, name, address, port);
	freeaddrinfo(found);
}

static bool
is_address(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 ||
	       inet_pton(AF_INET6, host, &address) == 1;
}

/* A socket's directory, no host at all, an address, and a host with its address
 * are taken as they are. */
static void
read_host(struct pq_hosts *hosts, int index)
{
	char *host = part(option(hosts, "host"), index);
	char *hostaddr = part(option(hosts, "hostaddr"), index);
	char *port = part(option(hosts, "port"), index);

	if (is_address(host) && hostaddr[0] == '\0')
		add_host(hosts, host, host, port);
	else if (host[0] == '\0' || strchr("/@", host[0]) != NULL ||
		 hostaddr[0] != '\0')
		add_host(hosts, host, hostaddr, port);
	else
		look_up(hosts, host, port);
	mem_free(host);
	mem_free(hostaddr);
	mem_free(port);
}

static void
read_hosts(struct pq_hosts *hosts)
{
	int named = count_parts(option(hosts, "host"));
	int count = count_parts(option(hosts, "hostaddr")), i;

	if (named > count)
		count = named;
	for (i = 0; i < count; i++, hosts->places++)
		read_host(hosts, i);
	hosts->looked_up = tick_now();
	hosts->lost = true;
	for (i = 0; i < hosts->count; i++)
		hosts->lost = hosts->lost && hosts->each[i].unknown;
}

struct pq_hosts *
pq_hosts_new(const char *uri, const char *passfile)
{
	struct pq_hosts *hosts = mem_zero(sizeof *hosts);
	const char *database;

	hosts->options = pq.parse(uri, NULL);
	if (hosts->options == NULL) {
		log_error("store: the URI of the database cannot be read");
		mem_free(hosts);
		return NULL;
	}
	clear_environment(hosts->options);
	database = option(hosts, "dbname");
	hosts->name = mem_printf(
		"database %s", database == NULL ? "by default" : database);
	hosts->passfile = passfile == NULL ? NULL : mem_copy(passfile);
	read_hosts(hosts);
	return hosts;
}

void
pq_hosts_free(struct pq_hosts *hosts)
{
	int i;

	if (hosts == NULL)
		return;
	for (i = 0; i < hosts->count; i++) {
		mem_free(hosts->each[i].host);
		mem_free(hosts->each[i].hostaddr);
		mem_free(hosts->each[i].port);
	}
	pq.free_options(hosts->options);
	mem_free(hosts->passfile);
	mem_free(hosts->name);
	mem_free(hosts);
}

const char *
pq_hosts_name(const struct pq_hosts *hosts)
{
	return hosts->name;
}

const char *
pq_hosts_user(const struct pq_hosts *hosts)
{
	return option(hosts, "user");
}

const char *
pq_hosts_option(const struct pq_hosts *hosts, const char *keyword)
{
	return option(hosts, keyword);
}

const char *
pq_hosts_passfile(const struct pq_hosts *hosts)
{
	if (hosts->passfile != NULL)
		return hosts->passfile;
	return option(hosts, "passfile") != NULL ? option(hosts, "passfile")
						 : getenv("PGPASSFILE");
}

int
pq_hosts_count(const struct pq_hosts *hosts)
{
	return hosts->count;
}

int
pq_hosts_place(const struct pq_hosts *hosts, int at)
{
	return hosts->each[at].place;
}

/* The way to a directory of sockets is by its path alone. */
char *
pq_hosts_label(const struct pq_hosts *hosts, int at, bool by_address)
{
	const struct host *host = &hosts->each[at];
	const char *name = host->host;

	if (name[0] == '\0' || (by_address && host->hostaddr[0] != '\0'))
		name = host->hostaddr;
	return mem_printf("%s:%s", name[0] != '\0' ? name : "localhost",
		host->port[0] != '\0' ? host->port : "5432");
}

bool
pq_hosts_is_remote(const struct pq_hosts *hosts, int at)
{
	const char *address = hosts->each[at].hostaddr;

	return address[0] != '\0' && strncmp(address, "127.", 4) != 0 &&
	       strcmp(address, "::1") != 0;
}

/* --- connecting --------------------------------------------------------- */

/* What libpq is told: pairs, as PQconnectStartParams() takes them. */
struct pairs {
	const char *keywords[OPTIONS], *values[OPTIONS];
	int count;
};

/* A value that is empty leaves libpq's default. */
static void
add(struct pairs *pairs, const char *keyword, const char *value)
{
	if (value == NULL || value[0] == '\0' || pairs->count + 1 >= OPTIONS)
		return;
	pairs->keywords[pairs->count] = keyword;
	pairs->values[pairs->count++] = value;
}

/* A later pair counts. The hosts are one each; that a server can be written to
 * is looked at here, since a reader makes do with less; GSSAPI would ask its
 * own servers first, without a time limit. */
static void
fill_pairs(const struct pq_hosts *hosts, const struct host *host,
	struct pairs *pairs)
{
	static const char *const ours[] = {"host", "hostaddr", "port"};
	const PQconninfoOption *at;
	size_t i;
	bool is_ours;

	/* Else libpq looks for one in the home directory, and does without
	 * one only where that can be looked into. */
	add(pairs, "sslcert", "/dev/null/none");
	for (at = hosts->options; at->keyword != NULL; at++) {
		is_ours = false;
		for (i = 0; i < sizeof ours / sizeof ours[0]; i++)
			is_ours = is_ours || strcmp(at->keyword, ours[i]) == 0;
		if (!is_ours)
			add(pairs, at->keyword, at->val);
	}
	add(pairs, "host", host->host);
	add(pairs, "hostaddr", host->hostaddr);
	add(pairs, "port", host->port);
	add(pairs, "passfile", hosts->passfile);
	add(pairs, "target_session_attrs", "any");
	add(pairs, "gssencmode", "disable");
	add(pairs, "client_encoding", "UTF8");
	add(pairs, "fallback_application_name", "latchkey");
}

/* libpq would look up the name itself, without a time limit, and in the sandbox
 * it would be ended for that. */
static bool
refuse_unknown(const struct host *host, struct pq_link *link)
{
	link->conn = NULL;
	snprintf(link->why, sizeof link->why,
		"the host %s had no address when it was looked up", host->host);
	if (!link->quiet)
		log_error("store: %s: connect: %s", link->name, link->why);
	return false;
}

bool
pq_hosts_try(
	const struct pq_hosts *hosts, int index, struct pq_link *link, int ms)
{
	struct pairs pairs = {.count = 0};

	link->name = hosts->name;
	link->deadline = tick_now() + ms;
	if (hosts->each[index].unknown)
		return refuse_unknown(&hosts->each[index], link);
	fill_pairs(hosts, &hosts->each[index], &pairs);
	return pq_link_open(link, pairs.keywords, pairs.values);
}

/* Tries each server until one can be written to. One that can only be read goes
 * into `spare`. The next call goes on where this one has ended, for want of
 * time as well. */
static bool
find_primary(struct pq_hosts *hosts, struct pq_link *link,
	struct pq_link *spare, int64_t until)
{
	int64_t left;
	int i;

	for (i = 0; i < hosts->count; i++) {
		left = until - tick_now();
		if (left <= 0)
			break;
		if (left > PQ_HOSTS_MS)
			left = PQ_HOSTS_MS;
		if (pq_hosts_try(hosts, hosts->first, link, (int)left)) {
			if (!link->read_only)
				return true;
			pq_link_close(spare);
			*spare = *link;
			link->conn = NULL;
		}
		hosts->first = (hosts->first + 1) % hosts->count;
	}
	return false;
}

bool
pq_hosts_connect(struct pq_hosts *hosts, struct pq_link *link, bool to_write,
	int64_t until)
{
	struct pq_link spare = {.conn = NULL};

	/* The server hangs: another one may be the primary by now. */
	if (link->late)
		hosts->first = (hosts->first + 1) % hosts->count;
	hosts->lost = !find_primary(hosts, link, &spare, until);
	link->late = false;
	if (!hosts->lost) {
		pq_link_close(&spare);
		return true;
	}
	if (spare.conn == NULL)
		return false;
	if (to_write) {
		if (!link->quiet)
			log_error("store: %s: no server that can be written to",
				hosts->name);
		pq_link_close(&spare);
		return false;
	}
	spare.trips = link->trips;
	*link = spare;
	STAILQ_INIT(&link->awaited);
	return true;
}

bool
pq_hosts_are_outdated(const struct pq_hosts *hosts)
{
	return hosts->named && hosts->lost &&
	       tick_now() - hosts->looked_up >= LOOK_UP_MS;
}
