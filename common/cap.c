/* cap.c - how many mails of a sort one address may be sent */
#include "config.h"

#include "cap.h"

#include "json.h"
#include "mem.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { APART = 60, WINDOW = 3600, MOST = 5, KEY_SIZE = 96 };

/* What somebody is counted under: people type passwords where an address
 * should be, so what nobody has is not kept as it is. */
static void
count_key(const struct site *site, const char *sort, const char *whom,
	char key[KEY_SIZE])
{
	unsigned char tag[crypto_auth_hmacsha256_BYTES];
	char hex[2 * sizeof tag + 1];

	crypto_auth_hmacsha256(tag, (const unsigned char *)whom, strlen(whom),
		keys_count(site->keys));
	sodium_bin2hex(hex, sizeof hex, tag, sizeof tag);
	snprintf(key, KEY_SIZE, "mail:%s:%s", sort, hex);
}

/* The times of the last hour that the record has, and now. NULL if that would
 * be one too many. */
static struct json_object *
add_time(const struct json_object *record, int64_t now)
{
	size_t i, count;
	const struct json_object *old = json_array(record, "times", &count);
	struct json_object *times = json_new_array();
	int64_t time = 0;

	for (i = 0; i < count; i++) {
		time = json_object_get_int64(json_object_array_get_idx(old, i));
		/* What lies in the future is of a clock that was wrong. */
		if (time <= now && time > now - WINDOW)
			json_append(times, json_object_new_int64(time));
	}
	count = json_object_array_length(times);
	if (count >= MOST || (count > 0 && time <= now && time > now - APART)) {
		json_object_put(times);
		return NULL;
	}
	json_append(times, json_object_new_int64(now));
	return times;
}

enum status
cap_count(const struct site *site, const char *sort, const char *whom,
	int64_t now, bool *allowed)
{
	struct json_object *record, *times;
	char key[KEY_SIZE];
	enum status status;

	count_key(site, sort, whom, key);
	status = store_get(site->store, STORE_THROTTLE, key, &record);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	times = add_time(record, now);
	json_object_put(record);
	*allowed = times != NULL;
	if (times == NULL)
		return STATUS_OK;
	record = json_new_object();
	json_add(record, "times", times);
	json_add_int(record, "expires", now + WINDOW);
	status = store_put(site->store, STORE_THROTTLE, key, record);
	json_object_put(record);
	return status;
}
