/* audit.h - who did what, from where, and what came of it: a JSON object a
 * line (time in UTC, event, outcome, account, by, target, network, request).
 *
 * Nothing in a line is a client's own text, so nothing can be injected and no
 * secret gets in: a name that nobody has is left out, since people type
 * passwords there. */
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

/* Where `audit` of the settings says. Never fails; the caller frees. */
struct audit *audit_new(const struct conf *conf);
void audit_free(struct audit *audit);

/* The file that lines go to, or NULL where they go elsewhere. */
const char *audit_path(const struct audit *audit);

/* Has open what cannot be opened later (syslog's socket, in a sandbox). */
void audit_open(struct audit *audit);

struct audit_event {
	const char *event;   /* such as "sign-in" */
	enum status status;  /* what came of it */
	const char *reason;  /* why not; NULL: audit_reason() of the status */
	const char *account; /* whom it is about: an id, or "" */
	const char *by;      /* who did it: an id, "token:N", or "" */
	const char *target;  /* what else it is about; NULL or "": nothing */
	const char *network;
	const char *request; /* the web server's id of the request */
};

/* Writes a line. One that cannot be written where it belongs goes to the log:
 * no event is lost for a full disk, or where there is no syslog. Of throttled
 * tries a process writes one line a minute and network, of what is refused
 * before a secret is looked at ten, or they would push all else out of the
 * files; and of each event of an account all processes together write so many
 * an hour (audit-budget.h). */
void audit_write(struct audit *audit, const struct audit_event *event);

/* Writes a line for each sort of which lines were left out in an hour that is
 * over. For who has nothing to do, now and then; cheap. */
void audit_settle(struct audit *audit);

/* A status as audit lines have it, such as "bad-credentials". */
const char *audit_reason(enum status status);

#endif
