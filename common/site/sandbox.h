/* sandbox.h - what a process gives up before it listens to strangers.
 *
 * What stays is what it needs: files beneath a few directories, the
 * descriptors that it has, memory that is not run, the clock. What a library
 * merely tries gets ENOSYS and a way around; what only somebody does who has
 * taken the process over, such as running a program or opening a connection,
 * ends it. Under the sanitizers, which need most of that themselves, only the
 * new privileges and the core dumps are given up.
 *
 * For site.c alone, which knows the directories: here is what the kernel is
 * told of them. */
#ifndef LATCHKEY_SANDBOX_H
#define LATCHKEY_SANDBOX_H

#include <stdbool.h>

enum { SANDBOX_DIRS = 4 };

struct sandbox {
	/* read and written beneath, all of them there; NULL: no more */
	const char *dirs[SANDBOX_DIRS];
	bool syslog; /* may talk to /dev/log; connecting before saves that */
	const char *readable; /* read beneath, and no more; NULL: none is */
};

/* No core dump, and nobody of the same user looks into the memory. All that
 * fits a process which starts others. False, with the reason in the log, if
 * that cannot be had. */
bool sandbox_no_dumps(void);

/* Enters: that, no new privileges, Landlock, seccomp; there is no way back,
 * and a child would be in it too, if there could be one. Files elsewhere have
 * to be open by now. A kernel without Landlock has a line in the log; where
 * anything else cannot be had, or a directory, false, with the reason in the
 * log: do not go on. */
bool sandbox_enter(const struct sandbox *sandbox);

#endif
