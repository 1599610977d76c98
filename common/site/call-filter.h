/* call-filter.h - which system calls are left: seccomp's filter.
 *
 * For sandbox.c, which has given up new privileges before: otherwise the kernel
 * takes a filter from root alone. */
#ifndef LATCHKEY_CALL_FILTER_H
#define LATCHKEY_CALL_FILTER_H

#include <stdbool.h>

/* From here on the process, and each child, can make only the calls that it is
 * meant to make. Another call is ENOSYS, or the end of the process. With
 * `syslog` the process may have a datagram socket of this machine. There is no
 * way back. False with an errno if the kernel does not take the filter. */
bool call_filter_load(bool syslog);

#endif
