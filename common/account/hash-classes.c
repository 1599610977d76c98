/* hash-classes.c - what kinds of hashes the accounts have */
#include "config.h"

#include "account/hash-classes.h"

#include "base/json.h"
#include "base/log.h"
#include "password/password.h"

#include <stdio.h>
#include <string.h>

static const char param[] = "hash_classes";

/* The classes as they were committed, maybe before the last changes. */
static struct {
	struct hash_classes classes;
	uint64_t changes; /* at which count they were read; 0: not yet */
} known;

static bool
has(const struct hash_classes *classes, const char *class)
{
	int i;

	for (i = 0; i < classes->count; i++)
		if (strcmp(classes->class[i], class) == 0)
			return true;
	return false;
}

static void
add(struct hash_classes *classes, const char *class)
{
	snprintf(classes->class[classes->count++], HASH_TEXT_SIZE, "%s", class);
}

static enum status
read_classes(struct store *store, struct hash_classes *classes)
{
	struct json_object *record;
	const struct json_object *list;
	enum status status = store_get(store, STORE_PARAM, param, &record);
	size_t i, count;

	memset(classes, 0, sizeof *classes);
	list = json_array(record, "classes", &count);
	for (i = 0; i < count && classes->count < HASH_CLASSES_MOST; i++)
		if (json_string_at(list, i)[0] != '\0')
			add(classes, json_string_at(list, i));
	json_object_put(record);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
write_classes(struct store *store, const struct hash_classes *classes)
{
	struct json_object *record = json_new_object();
	struct json_object *list = json_new_array();
	int i;

	for (i = 0; i < classes->count; i++)
		json_append(list, json_object_new_string(classes->class[i]));
	json_add(record, "classes", list);
	return store_keep(store, STORE_PARAM, param, record);
}

/* Said once: an import may bring thousands. */
static void
say_full(const char *class)
{
	static bool said;

	if (!said)
		log_warning("accounts have more than %d kinds of hashes: the "
			    "time of a failed sign-in may tell those like %s",
			HASH_CLASSES_MOST, class);
	said = true;
}

enum status
hash_classes_get(const struct site *site, struct hash_classes *classes)
{
	struct password_scheme scheme = conf_scheme(site->conf);
	struct hash_text new;
	enum status status;
	int i;

	if (known.changes == 0 || known.changes != store_changes(site->store)) {
		status = store_begin(site->store, STORE_READ);
		if (status != STATUS_OK)
			return status;
		known.changes = store_changes(site->store);
		status = read_classes(site->store, &known.classes);
		store_abort(site->store);
		if (status != STATUS_OK) {
			known.changes = 0;
			return status;
		}
	}
	classes->count = 0;
	if (password_class(&scheme, &new))
		add(classes, new.class);
	for (i = 0; i < known.classes.count; i++)
		if (!has(classes, known.classes.class[i]))
			add(classes, known.classes.class[i]);
	return STATUS_OK;
}

void
hash_classes_want(struct store *store)
{
	store_want(store, STORE_PARAM, param);
}

enum status
hash_classes_note(struct store *store, const char *stored, const char *hash)
{
	struct hash_classes now;
	struct hash_text scheme, before;
	enum status status;

	if (!hash_text_read(hash, &scheme))
		return STATUS_OK;
	/* Whoever has put that one has noted it. */
	if (hash_text_read(stored, &before) &&
		strcmp(scheme.class, before.class) == 0)
		return STATUS_OK;
	/* `latchkey check` may have taken the class out since. */
	if (known.changes != 0 && known.changes == store_changes(store) &&
		has(&known.classes, scheme.class))
		return STATUS_OK;
	status = read_classes(store, &now);
	if (status != STATUS_OK || has(&now, scheme.class))
		return status;
	if (now.count == HASH_CLASSES_MOST) {
		say_full(scheme.class);
		return STATUS_OK;
	}
	add(&now, scheme.class);
	return write_classes(store, &now);
}

enum status
hash_classes_begin(const struct site *site, struct hash_classes_walk *walk)
{
	enum status status = store_begin(site->store, STORE_READ);

	memset(walk, 0, sizeof *walk);
	walk->changes = store_changes(site->store);
	store_abort(site->store);
	return status;
}

void
hash_classes_see(struct hash_classes_walk *walk, const char *hash)
{
	struct hash_text scheme;

	if (hash_text_read(hash, &scheme) && !has(&walk->seen, scheme.class) &&
		walk->seen.count < HASH_CLASSES_MOST)
		add(&walk->seen, scheme.class);
}

enum status
hash_classes_end(const struct site *site, struct hash_classes_walk *walk)
{
	struct hash_classes *seen = &walk->seen, now;
	enum status status = store_begin(site->store, STORE_WRITE);
	bool same;
	int i;

	if (status != STATUS_OK)
		return status;
	status = read_classes(site->store, &now);
	same = now.count == seen->count;
	for (i = 0; i < now.count && status == STATUS_OK; i++) {
		same = same && has(seen, now.class[i]);
		/* An unseen class may be that of an account that has changed
		 * after its turn. */
		if (walk->changes != store_changes(site->store) &&
			!has(seen, now.class[i]) &&
			seen->count < HASH_CLASSES_MOST)
			add(seen, now.class[i]);
	}
	if (status != STATUS_OK || same) {
		store_abort(site->store);
		return status;
	}
	return store_finish(site->store, write_classes(site->store, seen));
}
