/* check.c - whether all records are what they should be, and lead to each
 * other */
#include "config.h"

#include "account/check.h"
#include "account/names.h"

#include "account/admins.h"
#include "account/check-record.h"
#include "base/name.h"

#include <stdio.h>
#include <string.h>

enum { BATCH = 256 };

static const struct {
	const char *name;
	check_record *check; /* NULL: JSON is all that it must be */
} kinds[STORE_KINDS] = {
	[STORE_ACCOUNT] = {"account", check_account},
	[STORE_NAME] = {"name", check_name},
	[STORE_CODE] = {"code", check_code},
	[STORE_TOKEN] = {"token", check_token},
	[STORE_REVOKED] = {"revoked", check_expiring},
	[STORE_THROTTLE] = {"throttle", check_expiring},
	[STORE_MAIL] = {"mail", check_mail},
	[STORE_UNPROVED] = {"unproved", check_expiring},
	[STORE_OLD_NAME] = {"old name", NULL},
	[STORE_PARAM] = {"param", NULL},
};

/* Reports what is wrong, unless it is the store. */
static enum status
report(struct check *check, const char *kind, const char *key,
	const char *problem)
{
	struct json_object *none;
	enum status status;

	if (problem == NULL)
		return STATUS_OK;
	status = store_get(check->site->store, STORE_PARAM, "", &none);
	json_object_put(none);
	if (status == STATUS_UNAVAILABLE)
		return status;
	check->problems++;
	check->report(check->context, kind, key, problem);
	return STATUS_OK;
}

/* Looks at the record after `key`. STATUS_NOT_FOUND after the last. */
static enum status
check_next(struct check *check, enum store_kind kind, char key[STORE_KEY_SIZE])
{
	char before[STORE_KEY_SIZE];
	const char *problem = NULL;
	struct json_object *record;
	enum status status;

	strcpy(before, key);
	status = store_next(check->site->store, kind, key, &record);
	if (status == STATUS_UNAVAILABLE && strcmp(before, key) != 0) {
		/* It is there and cannot be parsed. */
		problem = "not JSON";
		status = STATUS_OK;
	} else if (status == STATUS_OK && kinds[kind].check != NULL) {
		problem = kinds[kind].check(check, key, record);
	}
	json_object_put(record);
	if (status != STATUS_OK)
		return status;
	check->records++;
	return report(check, kinds[kind].name, key, problem);
}

static enum status
check_kind(struct check *check, enum store_kind kind)
{
	struct store *store = check->site->store;
	char key[STORE_KEY_SIZE] = "";
	enum status status = STATUS_OK;
	int i;

	while (status == STATUS_OK) {
		status = store_begin(store, STORE_READ);
		for (i = 0; i < BATCH && status == STATUS_OK; i++)
			status = check_next(check, kind, key);
		store_abort(store);
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The list of administrators, against the accounts. */
static enum status
check_list(struct check *check)
{
	enum status status = store_begin(check->site->store, STORE_READ);

	if (status != STATUS_OK)
		return status;
	status = report(check, kinds[STORE_PARAM].name, ADMINS_PARAM,
		check_admins(check));
	store_abort(check->site->store);
	return status;
}

static enum status
check_strays(struct check *check)
{
	char key[STORE_STRAY_SIZE] = "";
	enum status status = store_begin(check->site->store, STORE_READ);

	while (status == STATUS_OK) {
		status = store_stray(check->site->store, key);
		if (status != STATUS_OK)
			break;
		check->records++;
		status = report(check, "stray", key, "of no kind that we know");
	}
	store_abort(check->site->store);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void
report_odd(
	void *context, enum store_kind kind, const char *key, const char *flaw)
{
	struct check *check = context;

	check->records++;
	check->problems++;
	check->report(check->context,
		kind == STORE_KINDS ? "stray" : kinds[kind].name, key, flaw);
}

enum status
check_all(struct check *check)
{
	enum status status = names_settle(check->site->store, false);
	int kind;

	if (status == STATUS_OK)
		status = hash_classes_begin(check->site, &check->classes);
	check->now = site_now();
	store_tell_odd(check->site->store, report_odd, check);
	for (kind = 0; kind < STORE_KINDS && status == STATUS_OK; kind++)
		status = check_kind(check, (enum store_kind)kind);
	if (status == STATUS_OK)
		status = check_list(check);
	if (status == STATUS_OK)
		status = check_strays(check);
	store_tell_odd(check->site->store, NULL, NULL);
	return status == STATUS_OK
		       ? hash_classes_end(check->site, &check->classes)
		       : status;
}
