/* enabled.c - actian's auth_enabled */
#include "config.h"

#include "enabled.h"

#include "json.h"

static const char param[] = "auth_enabled";

static struct {
	bool enabled;
	uint64_t changes; /* as of which; 0: not read yet */
} known;

enum status
enabled_get(const struct site *site, bool *enabled)
{
	struct json_object *record;
	enum status status;

	if (known.changes == 0 || known.changes != store_changes(site->store)) {
		status = store_begin(site->store, STORE_READ);
		if (status != STATUS_OK)
			return status;
		known.changes = store_changes(site->store);
		status = store_get(site->store, STORE_PARAM, param, &record);
		store_abort(site->store);
		known.enabled = status == STATUS_NOT_FOUND ||
				json_true(record, "enabled");
		json_object_put(record);
		if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
			known.changes = 0;
			return status;
		}
	}
	*enabled = known.enabled;
	return STATUS_OK;
}

enum status
enabled_set(const struct site *site, bool enabled)
{
	struct json_object *record;
	enum status status = store_begin(site->store, STORE_WRITE);

	if (status != STATUS_OK)
		return status;
	record = json_new_object();
	json_add_bool(record, "enabled", enabled);
	status = store_put(site->store, STORE_PARAM, param, record);
	json_object_put(record);
	return store_finish(site->store, status);
}
