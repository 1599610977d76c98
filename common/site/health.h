/* health.h - whether an installation can do its work now */
#ifndef LATCHKEY_HEALTH_H
#define LATCHKEY_HEALTH_H

#include "site/site.h"

enum health_check {
	HEALTH_STORE,  /* records can be had, and the keys are here */
	HEALTH_DISK,   /* they can be written: there is more than
			* disk_reserve */
	HEALTH_MAIL,   /* mails that are due are tried; good where none are
			* sent */
	HEALTH_EVENTS, /* those that are due are tried; good where none are
			* handed over */
	HEALTH_CLOCK,  /* it is no time that has been already */
	HEALTH_WATCH,  /* what other machines change is seen; good where there
			* are none */
	HEALTH_CHECKS
};
extern const char *const health_names[HEALTH_CHECKS];

enum { HEALTH_WHY_SIZE = 160, HEALTH_EVENTS_LOOK = 4 * STORE_WALK_BATCH };

struct health {
	unsigned failed; /* 1 << check, for each that has */
	/* of those, for the operator */
	char why[HEALTH_CHECKS][HEALTH_WHY_SIZE];
	struct store_room room; /* zeros: cannot be had */
	int64_t watched;        /* store_age() */
	/* Of the oldest mails: how many wait, or have failed for good; when the
	 * oldest that waits was made, and since when the one is due that is due
	 * for longest; 0: there is none. */
	int waiting, failed_mails;
	int64_t made, due;
	int64_t events; /* that wait for event_command */
	/* The same of the first HEALTH_EVENTS_LOOK of them. */
	int64_t event_made, event_due;
	int64_t event_next; /* when the last of them is due */
};

/* A check of what is above this folder (account/mail.h: mail_health). */
typedef void health_look_at(
	const struct site *site, int64_t now, struct health *health);

/* Looks at all of it, and has `mail` look at the mails if the store answers. It
 * waits for the store a quarter of a second, and reads few records whatever
 * their number. */
void health_look(const struct site *site, health_look_at *mail, int64_t now,
	struct health *health);

/* The checks that fail, as any process has found within a second: of many
 * callers one has it looked at. */
unsigned health_verdict(
	const struct site *site, health_look_at *mail, int64_t now);

/* For a check: it fails, and why. */
void health_fail(struct health *health, enum health_check check,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
