/* auth-enabled.c - actian's switch, remembered only as long as it is true */
#include "config.h"

#include "site/auth-enabled.h"
#include "unit.h"

static struct site site;

static bool
get(void)
{
	bool enabled = false;

	is_int(auth_enabled_get(&site, &enabled), STATUS_OK, "is read");
	return enabled;
}

static void
set_elsewhere(bool enabled)
{
	struct site own;
	enum status status;

	unit_site(&own, UNIT_FAST);
	status = auth_enabled_set(&own, enabled);
	site_close(&own);
	if (status != STATUS_OK)
		_exit(1);
}

static void
switch_off(void)
{
	set_elsewhere(false);
}

static void
switch_on(void)
{
	set_elsewhere(true);
}

/* A record that is damaged. */
static void
damage(void)
{
	struct json_object *record = json_object_new_object();

	json_object_object_add(record, "enabled", json_object_new_int(1));
	store_begin(site.store, STORE_WRITE);
	store_put(site.store, STORE_PARAM, "auth_enabled", record);
	store_commit(site.store, STORE_LAZY);
	json_object_put(record);
}

int
main(void)
{
	bool enabled;

	unit_begin();
	unit_site(&site, UNIT_FAST);
	ok(get(), "on at first");
	ok(get(), "remembered");
	is_int(auth_enabled_set(&site, false), STATUS_OK, "is switched off");
	ok(!get(), "off");
	ok(!get(), "and remembered");
	is_int(unit_fork(switch_on), 0, "another process switches it on");
	ok(get(), "on at once");
	is_int(unit_fork(switch_off), 0, "and off");
	ok(!get(), "off at once");
	is_int(unit_account(&site, "alice", "", false), STATUS_OK,
		"something else changes");
	ok(!get(), "and the switch does not");
	site_close(&site);
	unit_site(&site, UNIT_FAST);
	ok(!get(), "it is kept");
	damage();
	unit_log();
	is_int(auth_enabled_get(&site, &enabled), STATUS_UNAVAILABLE,
		"a record that cannot be read is not off");
	ok(strstr(unit_log(), "auth_enabled: its record cannot be read") !=
			NULL,
		"which the log says");
	site_close(&site);
	return done();
}
