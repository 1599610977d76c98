/* servers.c - each server of a store in PostgreSQL, asked by itself */
#include "config.h"

#include "store/servers.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/tick.h"
#include "store/pq-hosts.h"
#include "store/store-pq.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ANSWER_MS = 3000 };

static double
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The object in the one row of an answer. */
static struct json_object *
read_answer(const PGresult *result)
{
	const char *text = "";

	if (result != NULL && pq.rows(result) == 1)
		text = pq.value(result, 0, 0);
	return json_parse_object(text, strlen(text), NULL, NULL);
}

static void
ask(struct pq_link *link, const char *sql, struct server *server)
{
	struct pq_answer answer = {.result = NULL};

	server->tls = pq.ssl_in_use(link->conn) != 0;
	link->deadline = tick_now() + ANSWER_MS;
	server->before = clock_now();
	pq_link_send_sql(link, sql, &answer);
	pq_link_send_end(link);
	pq_link_wait(link, "ask");
	server->after = clock_now();
	server->said = read_answer(answer.result);
	if (answer.result != NULL)
		pq.clear(answer.result);
}

static void
ask_server(
	struct pq_hosts *hosts, int at, const char *sql, struct server *server)
{
	struct pq_link link = {.quiet = true};

	server->at = at;
	server->remote = pq_hosts_is_remote(hosts, at);
	if (pq_hosts_try(hosts, at, &link, PQ_HOSTS_MS))
		ask(&link, sql, server);
	if (server->said == NULL)
		snprintf(server->why, sizeof server->why, "%s",
			link.why[0] != '\0' ? link.why : "no answer");
	pq_link_close(&link);
}

/* --- the addresses of one name -------------------------------------------- */

bool
servers_are_one(const struct server *server, const struct server *other)
{
	const char *is = json_string(server->said, "server");
	const char *other_is = json_string(other->said, "server");

	return is != NULL && other_is != NULL && strcmp(is, other_is) == 0;
}

static bool
are_namesakes(const struct pq_hosts *hosts, const struct server *server,
	const struct server *other)
{
	return server != other && pq_hosts_place(hosts, server->at) ==
					  pq_hosts_place(hosts, other->at);
}

/* Whether the name does without the first, as it has the second. A server need
 * not listen at each address of its name. */
static bool
does_without(const struct server *server, const struct server *other)
{
	if (server->said == NULL)
		return other->said != NULL;
	return other < server && servers_are_one(server, other);
}

static bool
is_spare(const struct pq_hosts *hosts, const struct servers *servers,
	const struct server *server)
{
	const struct server *other = servers->each;
	size_t i;

	for (i = 0; i < servers->count; i++, other++)
		if (are_namesakes(hosts, server, other) &&
			does_without(server, other))
			return true;
	return false;
}

static void
drop_spare(const struct pq_hosts *hosts, struct servers *servers)
{
	bool spare[SERVERS_MOST];
	size_t i, kept = 0;

	for (i = 0; i < servers->count; i++)
		spare[i] = is_spare(hosts, servers, &servers->each[i]);
	for (i = 0; i < servers->count; i++)
		if (spare[i])
			json_object_put(servers->each[i].said);
		else
			servers->each[kept++] = servers->each[i];
	servers->count = kept;
}

/* Where a name is left with several servers, the operator has to know which is
 * meant. */
static void
give_name(const struct pq_hosts *hosts, const struct servers *servers,
	struct server *server)
{
	bool ambiguous = false;
	size_t i;

	for (i = 0; i < servers->count; i++)
		ambiguous = ambiguous ||
			    are_namesakes(hosts, server, &servers->each[i]);
	server->name = pq_hosts_label(hosts, server->at, ambiguous);
}

/* --- all of them -----------------------------------------------------------
 */

void
servers_ask(struct store *store, const char *sql, struct servers *servers)
{
	struct pq_hosts *hosts = store_pq_hosts(store);
	int at, count = pq_hosts_count(hosts);
	size_t i;

	memset(servers, 0, sizeof *servers);
	for (at = 0; at < count; at++)
		ask_server(hosts, at, sql, &servers->each[servers->count++]);
	drop_spare(hosts, servers);
	for (i = 0; i < servers->count; i++)
		give_name(hosts, servers, &servers->each[i]);
	servers->sslmode = pq_hosts_option(hosts, "sslmode");
	servers->passfile = pq_hosts_passfile(hosts);
}

void
servers_free(struct servers *servers)
{
	size_t i;

	for (i = 0; i < servers->count; i++) {
		mem_free(servers->each[i].name);
		json_object_put(servers->each[i].said);
	}
	memset(servers, 0, sizeof *servers);
}
