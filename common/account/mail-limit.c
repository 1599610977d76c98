/* mail-limit.c - how many mails of a sort one account may be sent */
#include "config.h"

#include "account/mail-limit.h"

#include "account/count.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

enum { HOUR = 3600, DAY = 86400, MOST_AN_HOUR = 5 };

/* A mail that was sent. */
struct sent {
	int64_t time;
	const char *network; /* the widest around it */
	bool known;
};

/* How many mails of the last day there are. */
struct tallied {
	size_t hour, day; /* from this network */
	size_t strangers; /* from all networks that are not known */
};

/* As an array in the record: [time, network, known]. */
static struct json_object *
to_array(const struct sent *sent)
{
	struct json_object *array = json_new_array();

	json_append(array, json_object_new_int64(sent->time));
	json_append(array, json_object_new_string(sent->network));
	json_append(array, json_object_new_boolean(sent->known));
	return array;
}

static bool
from_array(struct json_object *array, int64_t now, struct sent *sent)
{
	if (!json_object_is_type(array, json_type_array) ||
		json_object_array_length(array) != 3)
		return false;
	sent->time = json_object_get_int64(json_object_array_get_idx(array, 0));
	sent->network =
		json_object_get_string(json_object_array_get_idx(array, 1));
	sent->known =
		json_object_get_boolean(json_object_array_get_idx(array, 2));
	/* A time far in the future comes from a wrong clock. */
	return sent->network != NULL && sent->time <= now + COUNT_AHEAD &&
	       sent->time > now - DAY;
}

/* A /48, since an attacker who has one network has all of it. */
static void
find_widest(const char *network, char widest[THROTTLE_NETWORK_SIZE])
{
	char levels[THROTTLE_LEVELS][THROTTLE_NETWORK_SIZE];
	int count = network[0] == '\0' ? 0 : throttle_levels(network, levels);

	strcpy(widest, count > 0 ? levels[count - 1] : "");
}

/* Copies the entries that are still of this day, and counts them. */
static struct json_object *
copy_day(const struct json_object *record, const struct sent *next,
	struct tallied *tallied)
{
	size_t i, count;
	const struct json_object *old = json_array(record, "mails", &count);
	struct json_object *mails = json_new_array();
	struct sent sent;
	bool same;

	memset(tallied, 0, sizeof *tallied);
	for (i = 0; i < count; i++) {
		if (!from_array(json_object_array_get_idx(old, i), next->time,
			    &sent))
			continue;
		same = strcmp(sent.network, next->network) == 0;
		tallied->day += same ? 1 : 0;
		tallied->hour += same && sent.time > next->time - HOUR ? 1 : 0;
		tallied->strangers += sent.known ? 0 : 1;
		json_append(mails, to_array(&sent));
	}
	return mails;
}

static bool
is_allowed(const struct conf *conf, const struct tallied *tallied, bool known)
{
	size_t most = conf->code_mails;

	if (tallied->hour >= MOST_AN_HOUR)
		return false;
	return known ? tallied->day < most
		     : tallied->day < (most + 1) / 2 &&
			       tallied->strangers < most;
}

enum status
mail_limit_count(const struct site *site, const struct mail_limit *mail,
	int64_t now, bool *allowed)
{
	char key[COUNT_KEY_SIZE], sort[32], network[THROTTLE_NETWORK_SIZE];
	struct sent next = {now, network, mail->known};
	struct json_object *record, *mails;
	struct tallied tallied;
	enum status status;

	snprintf(sort, sizeof sort, "mail:%s", mail->sort);
	if (mail->account[0] != '\0')
		count_key(site, sort, mail->account, key);
	else
		count_shared_key(site, sort, mail->name, key);
	status = store_get(site->store, STORE_THROTTLE, key, &record);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	find_widest(mail->network, network);
	mails = copy_day(record, &next, &tallied);
	json_object_put(record);
	*allowed = is_allowed(site->conf, &tallied, mail->known);
	if (*allowed)
		json_append(mails, to_array(&next));
	record = json_new_object();
	json_add(record, "mails", mails);
	json_add_int(record, "expires", now + DAY);
	return store_keep(site->store, STORE_THROTTLE, key, record);
}
