/* auth.c - latchkey auth ... */
#include "config.h"

#include "account/auth-enabled.h"
#include "cli.h"
#include "print.h"

static enum status
show(const struct site *site, const char *name)
{
	bool enabled;
	enum status status = auth_enabled_get(site, &enabled);

	(void)name;
	if (status == STATUS_OK)
		print_line(stdout, "%s",
			enabled ? "on"
				: "off: verify lets everybody in, and access "
				  "tokens cannot be managed");
	return status;
}

static enum status
set(const struct site *site, bool enabled)
{
	enum status status = auth_enabled_set(site, enabled);

	cli_audit_target(
		site, "auth-enabled", status, "", enabled ? "on" : "off");
	return status;
}

static enum status
enable(const struct site *site, const char *name)
{
	(void)name;
	return set(site, true);
}

static enum status
disable(const struct site *site, const char *name)
{
	(void)name;
	return set(site, false);
}

const struct cli_command cli_auth_commands[] = {
	{"auth", "show", "",
		"Shows the switch auth_enabled, which actian's API sets, too.",
		cli_act, show, NULL},
	{"auth", "enable", "", "Switches it on, as it is at first.", cli_act,
		enable, NULL},
	{"auth", "disable", "",
		"Switches it off: verify lets every request in, without a "
		"name.",
		cli_act, disable, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
