/* auth-enabled.c - actian's auth_enabled */
#include "config.h"

#include "site/auth-enabled.h"

#include "base/json.h"
#include "base/log.h"

static const char param[] = "auth_enabled";

static struct {
	bool enabled;
	uint64_t changes; /* at which count it was read; 0: not yet */
} known;

/* Inside a unit of work. A record that cannot be read does not count as off,
 * since off lets every client in. */
static enum status
read_switch(struct store *store, bool *enabled)
{
	struct json_object *record, *value;
	enum status status = store_get(store, STORE_PARAM, param, &record);

	*enabled = true;
	value = json_object_object_get(record, "enabled");
	if (status == STATUS_OK &&
		!json_object_is_type(value, json_type_boolean)) {
		log_error("%s: its record cannot be read", param);
		status = STATUS_UNAVAILABLE;
	} else if (status == STATUS_OK) {
		*enabled = json_object_get_boolean(value);
	}
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
auth_enabled_get(const struct site *site, bool *enabled)
{
	enum status status;

	if (known.changes == 0 || known.changes != store_changes(site->store)) {
		status = store_begin(site->store, STORE_READ);
		if (status != STATUS_OK)
			return status;
		known.changes = store_changes(site->store);
		status = read_switch(site->store, &known.enabled);
		store_abort(site->store);
		if (status != STATUS_OK) {
			known.changes = 0;
			return status;
		}
	}
	*enabled = known.enabled;
	return STATUS_OK;
}

enum status
auth_enabled_set(const struct site *site, bool enabled)
{
	struct json_object *record;
	enum status status = store_begin(site->store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	record = json_new_object();
	json_add_bool(record, "enabled", enabled);
	status = store_keep(site->store, STORE_PARAM, param, record);
	return store_finish(site->store, status);
}
