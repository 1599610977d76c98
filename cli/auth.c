/* auth.c - latchkey auth ... */
#include "config.h"

#include "cli.h"
#include "print.h"
#include "site/auth-enabled.h"

#include <string.h>

static enum status
show(struct cli *cli)
{
	bool enabled;
	enum status status = auth_enabled_get(&cli->site, &enabled);

	if (status == STATUS_OK)
		print_line(stdout, "%s",
			enabled ? "on"
				: "off: verify lets everybody in, and access "
				  "tokens cannot be managed");
	return status;
}

static enum status
set(struct cli *cli)
{
	bool on = strncmp(cli->command->verb, "enable", 6) == 0;

	strcpy(cli->target, on ? "on" : "off");
	return auth_enabled_set(&cli->site, on);
}

const struct cli_command cli_auth_commands[] = {
	{"auth", "show", "",
		"Shows the switch auth_enabled, which actian's API sets, too.",
		cli_act, show, NULL},
	{"auth", "enabled", "", "Switches it on, as it is at first.", cli_act,
		set, "auth-enabled"},
	{"auth", "disabled", "",
		"Switches it off: verify lets every request in, without a "
		"name.",
		cli_act, set, "auth-enabled"},
	{"auth", "enable", "", "The same as enabled.", cli_act, set,
		"auth-enabled"},
	{"auth", "disable", "", "The same as disabled.", cli_act, set,
		"auth-enabled"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
