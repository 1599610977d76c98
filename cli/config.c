/* config.c - latchkey config */
#include "config.h"

#include "cli.h"

#include <stdio.h>

static int
config(const struct cli_command *command, const char *conf_file, int argc,
	char **argv)
{
	static const struct cli_option no_options[] = {{NULL, NULL, NULL}};
	struct conf *conf;
	int result = cli_parse(command, argc, argv, no_options, NULL, 0);

	if (result != CLI_OK)
		return result;
	conf = conf_read(conf_file);
	if (conf == NULL)
		return CLI_REFUSED;
	conf_print(conf, stdout);
	conf_free(conf);
	return CLI_OK;
}

const struct cli_command cli_config_commands[] = {
	{"config", NULL, "",
		"Shows every setting, its value and where it is set.", config},
	{NULL, NULL, NULL, NULL, NULL},
};
