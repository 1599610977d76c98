/* audit.h - who did what, from where, with which outcome: a JSON object a line
 * (time in UTC, event, outcome, reason, account, name, by, by_name, owner, kid,
 * target, network, request; where lines were left out, also left_out and
 * since).
 *
 * No line has what a client has typed for this request, so no secret gets in.
 * The names are those that accounts have. An unknown name is left out, since
 * people type passwords there. */
#ifndef LATCHKEY_AUDIT_H
#define LATCHKEY_AUDIT_H

#include "base/status.h"
#include "site/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { AUDIT_FILES = 4 }; /* the file, and FILE.1 to FILE.3 before it */

struct audit;

/* Makes an audit that writes where the setting `audit` says. Never fails; the
 * caller frees. */
struct audit *audit_new(const struct conf *conf);
void audit_free(struct audit *audit);

/* The file that lines go to; NULL if they go elsewhere. */
const char *audit_path(const struct audit *audit);

/* Opens what cannot be opened later (syslog's socket, in a sandbox). */
void audit_open(struct audit *audit);

struct audit_event {
	const char *event;   /* such as "sign-in" */
	enum status status;  /* its outcome */
	const char *reason;  /* why not; NULL: audit_reason() of the status */
	const char *account; /* the account that it is about: an id, or "" */
	const char *by;      /* the caller: an id, "token:N", or "" */
	/* this and the next three: NULL or "" where there is none */
	const char *name;    /* the account's */
	const char *by_name; /* the caller's */
	const char *owner;   /* an access token's: the id of its maker */
	const char *kid;     /* of the key of the caller's JWT */
	const char *target;  /* what else it is about; NULL or "": nothing */
	const char *network;
	const char *request; /* the web server's id of the request */
};

/* Writes a line. A line that cannot be written where it belongs goes to the
 * log: no event is lost to a full disk, or for want of a syslog.
 *
 * A flood must not push all else out of the files. So a process writes one line
 * a minute and network of throttled tries, and ten of requests that are refused
 * before a secret is compared; the next line says how many were left out, which
 * may be of several networks. And all processes together write audit_lines an
 * hour of each event of an account. */
void audit_write(struct audit *audit, const struct audit_event *event);

/* Writes a line for each sort of which lines were left out in an hour that is
 * over. For a process that has nothing to do, now and then; cheap. */
void audit_settle(struct audit *audit);

/* The status in the words of audit lines, such as "bad-credentials". */
const char *audit_reason(enum status status);

#endif
