/* session-record.c - a signed-in browser: the record of its session */
#include "config.h"

#include "account/session-record.h"

#include "base/counters.h"
#include "base/record.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { KEY_SIZE = NAME_ID_SIZE + UUID_SIZE };

/* --- the record -------------------------------------------------------- */

static void
make_key(const char *account, const char *id, char key[KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "%s/%s", account, id);
}

#define MEMBER(member) RECORD_MEMBER(struct session_record, member)

static const struct record_member members[] = {
	{"id", false, MEMBER(id)},
	{"account", false, MEMBER(account)},
	{"created", false, MEMBER(created)},
	{"seen", false, MEMBER(seen)},
	{"expires", false, MEMBER(expires)},
	{"ends", false, MEMBER(ends)},
	{"amr", false, MEMBER(amr)},
	{"remember", false, MEMBER(remember)},
	{"network", false, MEMBER(network)},
	{"agent", true, MEMBER(agent)},
	{NULL, false, 0, 0, RECORD_TEXT},
};

const char *
session_record_read(
	const struct json_object *record, struct session_record *session)
{
	const char *flaw;

	memset(session, 0, sizeof *session);
	flaw = record_read(members, record, session);
	if (flaw == NULL &&
		(!uuid_valid(session->id) || !uuid_valid(session->account)))
		flaw = "its id, or its account's, is none";
	return flaw;
}

static enum status
put(struct store *store, const struct session_record *session)
{
	char key[KEY_SIZE], text[RECORD_SIZE];
	size_t length = record_write(members, session, text);

	make_key(session->account, session->id, key);
	return store_put_text(store, STORE_SESSION, key, text, length);
}

/* --- one of them ------------------------------------------------------- */

static int64_t
idle_of(const struct conf *conf, const struct session_record *session)
{
	return (int64_t)(session->remember ? conf->remember_idle
					   : conf->session_idle);
}

static void
slide(const struct conf *conf, struct session_record *session, int64_t now)
{
	session->seen = now;
	session->expires = now + idle_of(conf, session);
	if (session->expires > session->ends)
		session->expires = session->ends;
}

enum status
session_record_get(struct store *store, const char *account, const char *id,
	int64_t now, struct session_record *session)
{
	struct json_object *record;
	char key[KEY_SIZE];
	enum status status;

	if (!uuid_valid(id))
		return STATUS_NOT_FOUND;
	make_key(account, id, key);
	status = store_get(store, STORE_SESSION, key, &record);
	if (status == STATUS_OK &&
		(session_record_read(record, session) != NULL ||
			session->expires <= now))
		status = STATUS_NOT_FOUND;
	json_object_put(record);
	return status;
}

enum status
session_record_renew(
	const struct site *site, struct session_record *session, int64_t now)
{
	slide(site->conf, session, now);
	return put(site->store, session);
}

/* Half of the least idle time is more than a minute. */
int64_t
session_record_due(const struct conf *conf,
	const struct session_record *session, int64_t expires)
{
	enum { LEAST = 60 };

	return session->ends - expires < LEAST
		       ? INT64_MAX
		       : expires - idle_of(conf, session) / 2;
}

enum status
session_record_end(struct store *store, const char *account, const char *id)
{
	char key[KEY_SIZE];

	make_key(account, id, key);
	return store_delete(store, STORE_SESSION, key);
}

/* --- all of an account ------------------------------------------------- */

enum status
session_record_end_others(
	struct store *store, const char *account, const char *id)
{
	char prefix[KEY_SIZE], kept[KEY_SIZE] = "";

	if (id != NULL)
		make_key(account, id, kept);
	make_key(account, "", prefix);
	return store_delete_under(store, STORE_SESSION, prefix, kept);
}

enum status
session_record_list(struct store *store, const char *account, int64_t now,
	struct session_record sessions[SESSIONS_MOST], int *count)
{
	char prefix[KEY_SIZE], key[STORE_KEY_SIZE];
	struct json_object *record;
	enum status status = STATUS_OK;

	*count = 0;
	make_key(account, "", prefix);
	strcpy(key, prefix);
	while (*count < SESSIONS_MOST &&
		(status = store_next_under(store, STORE_SESSION, prefix, key,
			 &record)) == STATUS_OK) {
		if (session_record_read(record, &sessions[*count]) == NULL &&
			sessions[*count].expires > now)
			++*count;
		json_object_put(record);
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Ends the one that was not used for the longest time, if there are as many as
 * there may be. Its owner has not ended it, so nothing waits for the disk: if
 * the power takes that, it takes the new one as well, which is in the same
 * commit. */
static enum status
make_room(struct store *store, const char *account, int64_t now)
{
	static struct session_record sessions[SESSIONS_MOST];
	const struct session_record *oldest = sessions;
	enum status status;
	int i, count;

	status = session_record_list(store, account, now, sessions, &count);
	if (status != STATUS_OK || count < SESSIONS_MOST)
		return status;
	for (i = 1; i < count; i++)
		if (sessions[i].seen < oldest->seen)
			oldest = &sessions[i];
	return session_record_end(store, account, oldest->id);
}

enum status
session_record_new(const struct site *site, const char *account,
	const struct attempt *attempt, struct session_record *session)
{
	const struct conf *conf = site->conf;
	enum status status = make_room(site->store, account, attempt->now);

	if (status != STATUS_OK)
		return status;
	uuid_ordered(session->id);
	strcpy(session->account, account);
	strcpy(session->network, attempt->network);
	utf8_mend(session->agent);
	session->created = attempt->now;
	session->ends = attempt->now + (int64_t)(session->remember
							 ? conf->remember_life
							 : conf->session_life);
	slide(conf, session, attempt->now);
	counters_add(COUNTER_SESSIONS_BEGUN, 1);
	return put(site->store, session);
}

enum status
session_record_find(const struct site *site, const char *id, int64_t now,
	struct session_record *session)
{
	struct store_walk walk;
	enum status status;
	bool found = false;

	store_walk_begin(&walk, site->store, STORE_SESSION, "");
	while (!found && store_walk_next(&walk))
		found = session_record_read(walk.record, session) == NULL &&
			strcmp(session->id, id) == 0 && session->expires > now;
	status = store_walk_end(&walk);
	return found                 ? STATUS_OK
	       : status == STATUS_OK ? STATUS_NOT_FOUND
				     : status;
}
