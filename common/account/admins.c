/* admins.c - the list of enabled administrators */
#include "config.h"

#include "account/admins.h"

#include "base/json.h"

#include <string.h>

/* A new array of the ids other than `id`. */
static enum status
other_admins(struct store *store, const char *id, struct json_object **others)
{
	struct json_object *record;
	const struct json_object *ids;
	const char *other;
	enum status status =
		store_get(store, STORE_PARAM, ADMINS_PARAM, &record);
	size_t i, count;

	*others = json_new_array();
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	ids = json_array(record, "ids", &count);
	for (i = 0; i < count; i++) {
		other = json_string_at(ids, i);
		if (other[0] != '\0' && strcmp(other, id) != 0)
			json_append(*others, json_object_new_string(other));
	}
	json_object_put(record);
	return status;
}

enum status
admins_list(struct store *store, struct json_object **ids)
{
	return other_admins(store, "", ids);
}

/* Takes over `ids`. */
static enum status
put_admins(struct store *store, struct json_object *ids)
{
	struct json_object *record = json_new_object();

	json_add(record, "ids", ids);
	return store_keep(store, STORE_PARAM, ADMINS_PARAM, record);
}

enum status
admins_note(struct store *store, const char *id, bool was, bool is)
{
	struct json_object *others;
	enum status status;

	if (was == is)
		return STATUS_OK;
	status = other_admins(store, id, &others);
	if (status == STATUS_OK && !is && json_object_array_length(others) == 0)
		status = STATUS_LAST_ADMIN;
	if (is)
		json_append(others, json_object_new_string(id));
	if (status == STATUS_OK)
		return put_admins(store, others);
	json_object_put(others);
	return status;
}

enum status
admins_add(struct store *store, const char *const ids[], size_t count)
{
	struct json_object *all;
	enum status status;
	size_t i;

	if (count == 0)
		return STATUS_OK;
	status = admins_list(store, &all);
	for (i = 0; i < count; i++)
		json_append(all, json_object_new_string(ids[i]));
	if (status == STATUS_OK)
		return put_admins(store, all);
	json_object_put(all);
	return status;
}

enum status
admins_any(struct store *store, bool *any)
{
	struct json_object *all;
	enum status status = admins_list(store, &all);

	*any = json_object_array_length(all) > 0;
	json_object_put(all);
	return status;
}
