/* sandbox-calls.h - which system calls are left; for sandbox.c alone */
#ifndef LATCHKEY_SANDBOX_CALLS_H
#define LATCHKEY_SANDBOX_CALLS_H

#include <stdbool.h>

/* Loads the filter, for good. Returns 0, or an errno. */
int sandbox_limit_calls(bool syslog);

#endif
