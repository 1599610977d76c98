/* sandbox-filter.h - which system calls are left; for sandbox.c alone */
#ifndef LATCHKEY_SANDBOX_FILTER_H
#define LATCHKEY_SANDBOX_FILTER_H

#include <stdbool.h>

/* Loads the filter. Returns 0, or an errno. */
int sandbox_limit_calls(bool syslog);

#endif
