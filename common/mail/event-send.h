/* event-send.h - hands the events that are due to event_command, one after the
 * other, and goes on with other work while that runs */
#ifndef LATCHKEY_EVENT_SEND_H
#define LATCHKEY_EVENT_SEND_H

#include "base/program.h"
#include "site/event.h"
#include "site/site.h"

#include <signal.h>
#include <stdbool.h>

/* The event on its way, and what a sender remembers. All zero at first. */
struct event_send {
	bool eager; /* set by the caller: what fails makes no other wait, but
		     * those of its account */
	struct program program; /* a pid of 0: none is on its way */
	struct event event;
	char after[EVENT_KEY_SIZE]; /* the next comes after that one's
				     * account */
	int64_t seen;               /* the newest event when it looked at all */
	int64_t all;                /* when it looks at all again */
	int64_t next;  /* when the first of those it has seen is due */
	int64_t pause; /* until when event_command is left alone */
	int failures;  /* of it in a row */
};

/* Looks whether event_command has ended; then whether another event is due, and
 * starts it for that. An event is deleted when event_command has ended with
 * status 0. Otherwise it is tried again later and later, the account's later
 * ones wait behind it, and so do all others for a moment. Never waits. Several
 * senders do not get in each other's way. Once `stop` is set it starts nothing
 * more. Does nothing without an event_command. */
enum status event_send_due(const struct site *site, struct event_send *send,
	const volatile sig_atomic_t *stop);

/* Whether event_command runs; and waits for its end for at most so many
 * milliseconds, or until a signal. */
bool event_send_runs(const struct event_send *send);
void event_send_await(const struct event_send *send, int ms);

/* Hands over an event called test now. If event_command does not take it:
 * false, with the reason in the log. */
bool event_send_test(const struct site *site);

#endif
