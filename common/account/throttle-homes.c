/* throttle-homes.c - in how many networks an account is known */
#include "config.h"

#include "account/tally.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

/* The record with the keys of an account's homes, that of the last sign-in at
 * the end. */
static void
list_key(const struct site *site, const char *account, char key[COUNT_KEY_SIZE])
{
	char text[NAME_ID_SIZE + 16];

	snprintf(text, sizeof text, "homes\n%s", account);
	count_key(site, "homes", text, key);
}

/* The list without that home, and without those beyond `throttle.homes`, which
 * are homes no longer. */
static enum status
keep(const struct site *site, const struct json_object *record,
	const char *home, struct json_object *kept)
{
	size_t i, count, most = site->conf->throttle_homes - 1, others;
	const struct json_object *old = json_array(record, "homes", &count);
	enum status status = STATUS_OK;

	for (i = 0, others = count; i < count; i++)
		others -= strcmp(json_string_at(old, i), home) == 0;
	for (i = 0; i < count && status == STATUS_OK; i++) {
		const char *other = json_string_at(old, i);

		if (strcmp(other, home) == 0)
			continue;
		if (others-- > most)
			status = store_delete(
				site->store, STORE_THROTTLE, other);
		else
			json_append(kept, json_object_new_string(other));
	}
	return status;
}

/* Whether the list has the home at its end already, and half of its time is
 * left: each home is on a list for as long as it is in the store. */
static bool
is_last(const struct site *site, const struct json_object *record,
	const char *home, int64_t now)
{
	size_t count;
	const struct json_object *homes = json_array(record, "homes", &count);
	int64_t expires;

	return count > 0 &&
	       strcmp(json_string_at(homes, count - 1), home) == 0 &&
	       json_natural(record, "expires", &expires) &&
	       expires - now > (int64_t)site->conf->throttle_remember / 2;
}

enum status
tally_note_home(const struct site *site, const char *account, const char *home,
	int64_t now)
{
	struct json_object *record, *kept;
	char key[COUNT_KEY_SIZE];
	enum status status;

	list_key(site, account, key);
	status = store_get(site->store, STORE_THROTTLE, key, &record);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	if (is_last(site, record, home, now)) {
		json_object_put(record);
		return STATUS_OK;
	}
	kept = json_new_array();
	status = keep(site, record, home, kept);
	json_object_put(record);
	json_append(kept, json_object_new_string(home));
	record = json_new_object();
	json_add_string(record, "account", account);
	json_add(record, "homes", kept);
	json_add_int(record, "expires",
		now + (int64_t)site->conf->throttle_remember);
	if (status == STATUS_OK)
		status = store_put(site->store, STORE_THROTTLE, key, record);
	json_object_put(record);
	return status;
}
