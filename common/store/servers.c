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

	server->name = pq_hosts_label(hosts, at);
	server->remote = pq_hosts_is_remote(hosts, at);
	if (pq_hosts_try(hosts, at, &link, PQ_HOSTS_MS))
		ask(&link, sql, server);
	if (server->said == NULL)
		snprintf(server->why, sizeof server->why, "%s",
			link.why[0] != '\0' ? link.why : "no answer");
	pq_link_close(&link);
}

void
servers_ask(struct store *store, const char *sql, struct servers *servers)
{
	struct pq_hosts *hosts = store_pq_hosts(store);
	int at, count = pq_hosts_count(hosts);

	memset(servers, 0, sizeof *servers);
	for (at = 0; at < count; at++)
		ask_server(hosts, at, sql, &servers->each[servers->count++]);
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
