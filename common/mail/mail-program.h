/* mail-program.h - the machine's mail program */
#ifndef LATCHKEY_MAIL_PROGRAM_H
#define LATCHKEY_MAIL_PROGRAM_H

#include "site/conf.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether the program of mail_command, which is not empty, can be run. If not:
 * false, with the reason in the log. */
bool mail_program_check(const struct conf *conf);

/* Runs mail_command, which is not empty, with the message on its standard input
 * and mail_from's address as the sender of the envelope. It may take a minute,
 * and five seconds more once `stop` (NULL: never) is true. True if the program
 * took the message. Otherwise `failure` says why not, in printable ASCII, with
 * what the program itself has said, which may be a part of the message. */
bool mail_program_run(const struct conf *conf, const char *message,
	const volatile sig_atomic_t *stop, char *failure, size_t size);

#endif
