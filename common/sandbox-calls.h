/* sandbox-calls.h - which system calls are left; for build-aux/make-filters
 * and sandbox-filter.c alone */
#ifndef LATCHKEY_SANDBOX_CALLS_H
#define LATCHKEY_SANDBOX_CALLS_H

#include <stdbool.h>

/* Stands in the filter for the id of the process that loads it; no process
 * has it. */
#define SANDBOX_OWN_PID 0x7fa35ec1

/* Writes the filter's BPF to the file. Returns 0, or an errno's negative. */
int sandbox_export_calls(bool syslog, int fd);

#endif
