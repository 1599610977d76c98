/* auth.c - latchkey auth ... */
#include "config.h"

#include "account/auth-enabled.h"
#include "cli.h"
#include "print.h"

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
enable(struct cli *cli)
{
	strcpy(cli->target, "on");
	return auth_enabled_set(&cli->site, true);
}

static enum status
disable(struct cli *cli)
{
	strcpy(cli->target, "off");
	return auth_enabled_set(&cli->site, false);
}

const struct cli_command cli_auth_commands[] = {
	{"auth", "show", "",
		"Shows the switch auth_enabled, which actian's API sets, too.",
		cli_act, show, NULL},
	{"auth", "enable", "", "Switches it on, as it is at first.", cli_act,
		enable, "auth-enabled"},
	{"auth", "disable", "",
		"Switches it off: verify lets every request in, without a "
		"name.",
		cli_act, disable, "auth-enabled"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
