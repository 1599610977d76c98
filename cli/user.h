/* user.h - latchkey user add and user set, which have options */
#ifndef LATCHKEY_USER_H
#define LATCHKEY_USER_H

#include "cli.h"

int user_add(const struct cli_command *command, const char *conf_file, int argc,
	char **argv);
int user_set(const struct cli_command *command, const char *conf_file, int argc,
	char **argv);

#endif
