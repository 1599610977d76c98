/* machine.h - the machines that use one store, and which keys each has.
 *
 * Where several machines share the store, secret bytes stay on each machine,
 * and the store cannot tell who has which. So each machine has a record there,
 * of kind STORE_MACHINE, that names the keys whose bytes it has. A new key
 * signs once they all have it. The id of the machine itself is a local record,
 * made once. Where that was made under another host name, as in a copy of
 * another machine's disk, another id is made. */
#ifndef LATCHKEY_MACHINE_H
#define LATCHKEY_MACHINE_H

#include "base/uuid.h"
#include "site/jwt.h"
#include "store/store.h"

enum {
	MACHINE_NAME_SIZE = 65,
	MACHINE_KEYS = 32,
	MACHINE_FRESH = 60 /* seconds between two records of the same */
};

struct machine {
	char id[UUID_SIZE];
	char name[MACHINE_NAME_SIZE];          /* of the host */
	int64_t seen;                          /* when it wrote its record */
	char keys[MACHINE_KEYS][JWT_KID_SIZE]; /* by their names */
	size_t count;
};

/* This host's name: before the sandbox. */
void machine_name(char name[MACHINE_NAME_SIZE]);

/* Inside a unit of work: the id of the machine of that name. If there is none,
 * a unit that writes makes it; in one that reads it is "". */
enum status machine_own(
	struct store *store, const char *name, char id[UUID_SIZE]);

/* Inside a unit of work: the record of that id, STATUS_NOT_FOUND if there is
 * none. A record that cannot be read is one of a machine without keys. */
enum status machine_get(
	struct store *store, const char *id, struct machine *machine);
enum status machine_put(struct store *store, const struct machine *machine);

/* Inside a unit of work: the machine after that id, which replaces `id`; ""
 * comes before the first. STATUS_NOT_FOUND after the last. */
enum status machine_next(
	struct store *store, char id[STORE_KEY_SIZE], struct machine *machine);

/* NULL, or what is wrong with a machine's record. */
const char *machine_read(const char *id, const struct json_object *record,
	struct machine *machine);

/* Whether it has the bytes of a key; notes that it does. There are fewer than
 * MACHINE_KEYS keys. */
bool machine_has(const struct machine *machine, const char *key);
void machine_add(struct machine *machine, const char *key);

#endif
