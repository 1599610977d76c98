/* config.c - latchkey config */
#include "config.h"

#include "cli.h"

#include <stdio.h>

static int
config(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	static const struct cli_option no_options[] = {{NULL, NULL, NULL}};
	struct site site;
	int result = cli_parse(command, argc, argv, no_options, NULL, 0);

	if (result != CLI_OK)
		return result;
	/* The whole site: what the environment adds may be wrong, too. */
	if (!site_open(&site, conf_file))
		return CLI_REFUSED;
	conf_print(site.conf, stdout);
	site_close(&site);
	return CLI_OK;
}

const struct cli_command cli_config_commands[] = {
	{"config", NULL, "",
		"Shows every setting, its value and where it is set.", config,
		NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
