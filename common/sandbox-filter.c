/* sandbox-filter.c - loads what build-aux/make-filters has made of
 * sandbox-calls.c
 *
 * At build time, because libseccomp takes as long to make a filter as the
 * kernel to load it, and a plain CGI program does so for each request. */
#include "config.h"

#include "sandbox-filter.h"

#ifndef SANITIZERS

#include "sandbox-calls.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Two arrays, with_syslog[] and without_syslog[]. */
#include "common/sandbox-filters.h"

enum { MOST = 512 };
static_assert(sizeof with_syslog <= MOST * sizeof with_syslog[0] &&
		      sizeof without_syslog <= MOST * sizeof without_syslog[0],
	"there is room for a filter");

/* Puts in who we are; false if no place is left for that. */
static bool
name_process(struct sock_filter *filter, size_t count)
{
	bool named = false;
	size_t i;

	for (i = 0; i < count; i++)
		if (filter[i].code == (BPF_JMP | BPF_JEQ | BPF_K) &&
			filter[i].k == SANDBOX_OWN_PID) {
			filter[i].k = (uint32_t)getpid();
			named = true;
		}
	return named;
}

int
sandbox_limit_calls(bool syslog)
{
	const struct sock_filter *made = syslog ? with_syslog : without_syslog;
	size_t size = syslog ? sizeof with_syslog : sizeof without_syslog;
	struct sock_filter filter[MOST];
	struct sock_fprog program = {
		(unsigned short)(size / sizeof *filter), filter};

	memcpy(filter, made, size);
	if (!name_process(filter, program.len))
		return EINVAL;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0
		       ? 0
		       : errno;
}

#endif
