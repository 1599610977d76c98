/* sandbox.c - what a process gives up before it listens to strangers */
#include "config.h"

#include "site/sandbox.h"

#include "base/log.h"
#include "site/call-filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_LINUX_LANDLOCK_H
#include <linux/landlock.h>
#endif

/* --- what the kernel is asked for -------------------------------------- */

/* Says what the kernel does not do here. Where it may not (EPERM), the cause is
 * mostly the filter of a container. The operator can change that, or do without
 * latchkey's. */
static bool
refuse(const char *what, int error)
{
	log_error("sandbox: %s: %s: allow that call, or write `sandbox = off`",
		what, strerror(error));
	return false;
}

bool
sandbox_no_dumps(void)
{
	const struct rlimit none = {0, 0};

#ifndef SANITIZERS
	/* At exit LeakSanitizer starts a thread that traces the process, and
	 * reads /proc. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return refuse("PR_SET_DUMPABLE", errno);
#endif
	return setrlimit(RLIMIT_CORE, &none) == 0 ||
	       refuse("RLIMIT_CORE", errno);
}

#ifndef SANITIZERS

/* --- Landlock: which files --------------------------------------------- */

#ifdef LANDLOCK_CREATE_RULESET_VERSION

/* The rights that are taken away, by the version of the interface that knows
 * them, and those that are given back beneath the site's directories. Headers
 * may be older than the kernel. LANDLOCK_ACCESS_FS_TRUNCATE is not needed:
 * seccomp does not let a file be cut short without opening it. */
static const struct {
	long version;
	uint64_t taken, given;
} rights[] = {
	{1,
		LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
			LANDLOCK_ACCESS_FS_READ_FILE |
			LANDLOCK_ACCESS_FS_READ_DIR |
			LANDLOCK_ACCESS_FS_REMOVE_DIR |
			LANDLOCK_ACCESS_FS_REMOVE_FILE |
			LANDLOCK_ACCESS_FS_MAKE_CHAR |
			LANDLOCK_ACCESS_FS_MAKE_DIR |
			LANDLOCK_ACCESS_FS_MAKE_REG |
			LANDLOCK_ACCESS_FS_MAKE_SOCK |
			LANDLOCK_ACCESS_FS_MAKE_FIFO |
			LANDLOCK_ACCESS_FS_MAKE_BLOCK |
			LANDLOCK_ACCESS_FS_MAKE_SYM,
		LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
			LANDLOCK_ACCESS_FS_READ_DIR |
			LANDLOCK_ACCESS_FS_REMOVE_FILE |
			LANDLOCK_ACCESS_FS_MAKE_DIR |
			LANDLOCK_ACCESS_FS_MAKE_REG},
#ifdef LANDLOCK_ACCESS_FS_REFER
	{2, LANDLOCK_ACCESS_FS_REFER, 0},
#endif
#ifdef LANDLOCK_ACCESS_FS_TRUNCATE
	{3, LANDLOCK_ACCESS_FS_TRUNCATE, LANDLOCK_ACCESS_FS_TRUNCATE},
#endif
#ifdef LANDLOCK_ACCESS_FS_IOCTL_DEV
	{5, LANDLOCK_ACCESS_FS_IOCTL_DEV, 0},
#endif
};

static bool
allow_beneath(int ruleset, const char *dir, uint64_t given)
{
	struct landlock_path_beneath_attr beneath = {.allowed_access = given};
	bool good;

	beneath.parent_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (beneath.parent_fd < 0) {
		log_error("sandbox: %s: %s", dir, strerror(errno));
		return false;
	}
	good = syscall(SYS_landlock_add_rule, ruleset,
		       LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0 ||
	       refuse("landlock_add_rule", errno);
	close(beneath.parent_fd);
	return good;
}

static bool
restrict_to(const struct sandbox *sandbox, int ruleset, uint64_t given)
{
	bool good = true;
	int i;

	for (i = 0; good && i < SANDBOX_DIRS && sandbox->dirs[i] != NULL; i++)
		good = allow_beneath(ruleset, sandbox->dirs[i], given);
	if (good && sandbox->readable != NULL)
		good = allow_beneath(ruleset, sandbox->readable,
			LANDLOCK_ACCESS_FS_READ_FILE);
	if (good && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		good = refuse("landlock_restrict_self", errno);
	return good;
}

static bool
limit_files(const struct sandbox *sandbox)
{
	struct landlock_ruleset_attr attr = {0};
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
		LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t given = 0;
	size_t i;
	int ruleset;
	bool good;

	if (version < 1 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
		log_info("sandbox: %s", errno == ENOSYS
						? "the kernel has no Landlock"
						: "Landlock is not switched on "
						  "(lsm=)");
		return true;
	}
	if (version < 1)
		return refuse("landlock_create_ruleset", errno);
	for (i = 0; i < sizeof rights / sizeof rights[0]; i++)
		if (version >= rights[i].version) {
			attr.handled_access_fs |= rights[i].taken;
			given |= rights[i].given;
		}
	ruleset = (int)syscall(
		SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	if (ruleset < 0)
		return refuse("landlock_create_ruleset", errno);
	good = restrict_to(sandbox, ruleset, given);
	close(ruleset);
	return good;
}

#else

static bool
limit_files(const struct sandbox *sandbox)
{
	(void)sandbox;
	log_info("sandbox: built without Landlock");
	return true;
}

#endif

#endif

/* --- all of it --------------------------------------------------------- */

bool
sandbox_enter(const struct sandbox *sandbox)
{
	if (!sandbox_no_dumps())
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return refuse("PR_SET_NO_NEW_PRIVS", errno);
#ifdef SANITIZERS
	(void)sandbox;
	return true;
#else
	/* Syslog's lines are in local time, and the time zone is in a file
	 * elsewhere. */
	if (sandbox->syslog)
		tzset();
	return limit_files(sandbox) &&
	       (call_filter_load(sandbox->syslog) || refuse("seccomp", errno));
#endif
}
