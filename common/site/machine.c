/* machine.c - the machines that use one store, and which keys each has */
#include "config.h"

#include "site/machine.h"

#include "base/json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char own_param[] = "machine";

void
machine_name(char name[MACHINE_NAME_SIZE])
{
	if (gethostname(name, MACHINE_NAME_SIZE) != 0 || name[0] == '\0')
		snprintf(name, MACHINE_NAME_SIZE, "localhost");
	name[MACHINE_NAME_SIZE - 1] = '\0';
}

static enum status
make_own(struct store *store, const char *name, char id[UUID_SIZE])
{
	struct json_object *record = json_new_object();

	uuid_random(id);
	json_add_string(record, "id", id);
	json_add_string(record, "name", name);
	return store_keep(store, STORE_SECRET, own_param, record);
}

enum status
machine_own(struct store *store, const char *name, char id[UUID_SIZE])
{
	struct json_object *record;
	enum status status = store_get(store, STORE_SECRET, own_param, &record);
	char made_by[MACHINE_NAME_SIZE] = "";

	id[0] = '\0';
	if (status == STATUS_OK &&
		(!json_copy(record, "name", made_by, sizeof made_by) ||
			strcmp(made_by, name) != 0 ||
			!json_copy(record, "id", id, UUID_SIZE) ||
			!uuid_valid(id))) {
		id[0] = '\0';
		status = STATUS_NOT_FOUND;
	}
	json_object_put(record);
	if (status == STATUS_NOT_FOUND)
		status = store_writes(store) ? make_own(store, name, id)
					     : STATUS_OK;
	return status;
}

const char *
machine_read(const char *id, const struct json_object *record,
	struct machine *machine)
{
	const struct json_object *keys;
	const char *key;
	size_t i, count;

	memset(machine, 0, sizeof *machine);
	if (!uuid_valid(id))
		return "its key is no UUID";
	strcpy(machine->id, id);
	if (!json_copy(record, "name", machine->name, sizeof machine->name) ||
		machine->name[0] == '\0')
		return "no name";
	if (!json_natural(record, "seen", &machine->seen))
		return "no time at which it was seen";
	keys = json_array(record, "keys", &count);
	if (keys == NULL || count > MACHINE_KEYS)
		return "no list of its keys";
	for (i = 0; i < count; i++) {
		key = json_string_at(keys, i);
		if (key[0] == '\0' || strlen(key) >= JWT_KID_SIZE)
			return "a key without a name";
		machine_add(machine, key);
	}
	return NULL;
}

/* One that cannot be read has no keys, so that no key signs before an operator
 * has looked; `latchkey check` names it. */
static enum status
take_in(const char *id, struct json_object *record, enum status status,
	struct machine *machine)
{
	if (status == STATUS_OK && machine_read(id, record, machine) != NULL) {
		memset(machine, 0, sizeof *machine);
		snprintf(machine->id, sizeof machine->id, "%s", id);
		strcpy(machine->name, "?");
	}
	json_object_put(record);
	return status;
}

enum status
machine_get(struct store *store, const char *id, struct machine *machine)
{
	struct json_object *record;
	enum status status = store_get(store, STORE_MACHINE, id, &record);

	return take_in(id, record, status, machine);
}

enum status
machine_next(
	struct store *store, char id[STORE_KEY_SIZE], struct machine *machine)
{
	struct json_object *record;
	enum status status = store_next(store, STORE_MACHINE, id, &record);

	return take_in(id, record, status, machine);
}

enum status
machine_put(struct store *store, const struct machine *machine)
{
	struct json_object *record = json_new_object();
	struct json_object *keys = json_new_array();
	size_t i;

	for (i = 0; i < machine->count; i++)
		json_append(keys, json_object_new_string(machine->keys[i]));
	json_add_string(record, "name", machine->name);
	json_add_int(record, "seen", machine->seen);
	json_add(record, "keys", keys);
	return store_keep(store, STORE_MACHINE, machine->id, record);
}

bool
machine_has(const struct machine *machine, const char *key)
{
	size_t i = 0;

	while (i < machine->count && strcmp(machine->keys[i], key) != 0)
		i++;
	return i < machine->count;
}

void
machine_add(struct machine *machine, const char *key)
{
	assert(machine->count < MACHINE_KEYS);
	snprintf(machine->keys[machine->count++], JWT_KID_SIZE, "%s", key);
}
