/* sandbox.h - what a process gives up before it listens to strangers.
 *
 * It keeps what it needs: files beneath a few directories, the descriptors that
 * it has, memory that is not run, the clock. A call that a library may try gets
 * ENOSYS, and the library takes another way. A call that only an attacker
 * inside the process would make, such as running a program or opening a
 * connection (but to a database, where there is one), ends the process. Under
 * the sanitizers, which need most of that themselves, the process gives up only
 * new privileges and core dumps.
 *
 * For site.c alone, which knows the directories. This module tells the kernel
 * of them. */
#ifndef LATCHKEY_SANDBOX_H
#define LATCHKEY_SANDBOX_H

#include <stdbool.h>

enum { SANDBOX_DIRS = 4, SANDBOX_READABLE = 16 };

struct sandbox {
	/* read and written beneath; all must be there; NULL: no more */
	const char *dirs[SANDBOX_DIRS];
	/* the same, and directories in it may be renamed and deleted, too;
	 * NULL: none */
	const char *emptied;
	bool syslog; /* may talk to /dev/log; a process that is connected before
		      * need not */
	bool database; /* may connect to one by libpq, at any address */
	/* read beneath, and not written; NULL: no more */
	const char *readable[SANDBOX_READABLE];
};

/* Forbids core dumps, and other processes of the same user to look into the
 * memory. It is all that a process can give up which starts others. False, with
 * the reason in the log, if that cannot be had. */
bool sandbox_no_dumps(void);

/* Enters the sandbox: no dumps, no new privileges, Landlock, seccomp. There is
 * no way back, and a child would be in it, too. Files elsewhere have to be open
 * by now. A kernel without Landlock gets a line in the log. If anything else
 * cannot be had, or a directory is missing: false, with the reason in the log,
 * and the process must not go on. */
bool sandbox_enter(const struct sandbox *sandbox);

#endif
