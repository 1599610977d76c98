/* session-record.h - a signed-in browser: the record of its session.
 *
 * The browser holds a JWT that names the record (`sid`). Without the record the
 * JWT is good for nothing, so that a session ends in every process with the
 * delete of its record. A record lies under ACCOUNT-ID/SESSION-ID.
 *
 * Making and renewing one makes no token bad and leaves store_changes() alone;
 * deleting one moves it. */
#ifndef LATCHKEY_SESSION_RECORD_H
#define LATCHKEY_SESSION_RECORD_H

#include "account/throttle.h"
#include "base/uuid.h"
#include "site/jwt.h"
#include "site/site.h"

enum {
	SESSIONS_MOST = 100, /* of an account: the one unused longest goes */
	SESSION_AGENT = 200  /* bytes of a User-Agent that are kept */
};

struct session_record {
	char id[UUID_SIZE];
	char account[NAME_ID_SIZE];
	int64_t created; /* this and the next three: seconds since 1970 */
	int64_t seen;    /* when it was made or renewed */
	int64_t expires; /* unless it is renewed before */
	int64_t ends;    /* in any case */
	unsigned amr;    /* jwt.h's bits */
	bool remember;   /* beyond the end of the browser */
	char network[THROTTLE_NETWORK_SIZE];
	char agent[SESSION_AGENT + 1];
};

/* --- inside a unit of work --------------------------------------------- */

/* Makes the record of a new session of `account`; fills in all but `amr`,
 * `remember` and `agent`, which are the caller's. The session that makes room,
 * if one has to, is dead at once, but nobody was told so: the commit may be a
 * lazy one. Without power it may come back, and then the new one is not
 * there. */
enum status session_record_new(const struct site *site, const char *account,
	const struct attempt *attempt, struct session_record *session);

/* STATUS_OK and the record of a session that is good at `now`, or
 * STATUS_NOT_FOUND, also for an id that none can have. */
enum status session_record_get(struct store *store, const char *account,
	const char *id, int64_t now, struct session_record *session);

/* Begins the session's idle time anew, as far as its end; what else has changed
 * in the record is kept with it. */
enum status session_record_renew(
	const struct site *site, struct session_record *session, int64_t now);

/* From when on it is worth renewing, for a token that is good until `expires`:
 * past half of the idle time, if its end moves by a minute at least; else
 * never, INT64_MAX. */
int64_t session_record_due(const struct conf *conf,
	const struct session_record *session, int64_t expires);

/* Deletes the record; STATUS_OK also when there was none. */
enum status session_record_end(
	struct store *store, const char *account, const char *id);

/* Deletes those of the account but for the one with that id; NULL: all. */
enum status session_record_end_others(
	struct store *store, const char *account, const char *id);

/* Those of the account that are good at `now`, in the order in which they were
 * made. */
enum status session_record_list(struct store *store, const char *account,
	int64_t now, struct session_record sessions[SESSIONS_MOST], int *count);

/* --- for the operator -------------------------------------------------- */

/* Finds the session of that id, of whatever account, by a look at all of them.
 * STATUS_NOT_FOUND. */
enum status session_record_find(const struct site *site, const char *id,
	int64_t now, struct session_record *session);

/* A session out of its record. NULL, or what is wrong with it. */
const char *session_record_read(
	const struct json_object *record, struct session_record *session);

#endif
