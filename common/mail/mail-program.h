/* mail-program.h - the machine's mail program */
#ifndef LATCHKEY_MAIL_PROGRAM_H
#define LATCHKEY_MAIL_PROGRAM_H

#include "site/conf.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether the program of mail_command, which is not empty, can be run. False,
 * with the reason in the log, if not. */
bool mail_program_check(const struct conf *conf);

/* Runs mail_command, which is not empty, with the message on its standard
 * input and mail_from's address as the sender of the envelope, for at most a
 * minute; when `stop` (NULL: never) becomes true, for five seconds more. True
 * if it took that; else `failure` says why not, in printable ASCII, and what
 * the program itself has said: a part of the message, perhaps. */
bool mail_program_run(const struct conf *conf, const char *message,
	const volatile sig_atomic_t *stop, char *failure, size_t size);

#endif
