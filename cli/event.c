/* event.c - latchkey event ... */
#include "config.h"

#include "base/json.h"
#include "base/log.h"
#include "base/utc.h"
#include "cli.h"
#include "mail/event-send.h"
#include "print.h"
#include "site/event.h"

#include <stdio.h>
#include <string.h>

static void
list_one(const struct event *event)
{
	char account[NAME_ID_SIZE], attempts[24], age[CLI_AGE_SIZE];
	int64_t now = site_now(), made;

	if (!utc_read(json_string(event->data, "time"), &made))
		made = now;
	event_account(event, account);
	snprintf(attempts, sizeof attempts, "%lld", (long long)event->attempts);
	cli_write_age(now - made, age);
	print_row(event_id(event), event_name(event), account, attempts,
		event->failure, age, NULL);
}

static enum status
list(struct cli *cli)
{
	static const char *const columns[] = {
		"id", "event", "account", "attempts", "reason", "age", NULL};
	struct store_walk walk;
	struct event event;

	cli_list(cli, columns);
	event_walk_begin(&walk, cli->site.store);
	while (event_walk_next(&walk, &event))
		list_one(&event);
	return store_walk_end(&walk);
}

/* What is done with an event, inside a unit of work. */
typedef enum status event_act(struct store *store, struct event *event);

static enum status
make_due(struct store *store, struct event *event)
{
	event->next = site_now();
	return event_put(store, event);
}

static enum status
drop_it(struct store *store, struct event *event)
{
	return event_delete(store, event);
}

static enum status
act_on(struct store *store, const struct event *listed, event_act *act)
{
	struct event event;
	enum status status = store_begin(store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	status = event_get(store, listed->key, &event);
	if (status == STATUS_OK)
		status = act(store, &event);
	event_drop(&event);
	return store_finish(
		store, status == STATUS_NOT_FOUND ? STATUS_OK : status);
}

/* For the event that the command names, or for all. */
static enum status
do_to(struct cli *cli, event_act *act)
{
	const char *typed = cli->words[0];
	bool all = strcmp(typed, "all") == 0, found = all;
	enum status walked, status = STATUS_OK;
	struct store_walk walk;
	struct event event;

	event_walk_begin(&walk, cli->site.store);
	while (status == STATUS_OK && event_walk_next(&walk, &event)) {
		if (!all && strcmp(event_id(&event), typed) != 0)
			continue;
		found = true;
		status = act_on(cli->site.store, &event, act);
	}
	walked = store_walk_end(&walk);
	if (status != STATUS_OK || walked != STATUS_OK || found)
		return status != STATUS_OK ? status : walked;
	cli->reason = "there is no such event";
	return STATUS_NOT_FOUND;
}

static enum status
retry(struct cli *cli)
{
	return do_to(cli, make_due);
}

static enum status
drop(struct cli *cli)
{
	return do_to(cli, drop_it);
}

static int
event_test(struct cli *cli)
{
	if (!cli_open_parent(cli))
		return CLI_REFUSED;
	if (!conf_events(cli->site.conf)) {
		log_error("event: event_command is empty");
		return CLI_REFUSED;
	}
	if (!event_send_test(&cli->site))
		return CLI_REFUSED;
	print_line(stdout, "event_command took an event");
	return CLI_OK;
}

const struct cli_command cli_event_commands[] = {
	{"event", "list", "[--json]",
		"Lists the events that wait: id, event, account, attempts, "
		"reason, age.",
		cli_act, list, NULL},
	{"event", "retry", "ID|all",
		"Has an event tried again within a minute, and not later.",
		cli_act, retry, NULL},
	{"event", "drop", "ID|all", "Deletes an event that waits.", cli_act,
		drop, "event-drop"},
	{"event", "test", "", "Hands over a test event now.", event_test, NULL,
		NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
