/* sandbox.c - what a process gives up before it listens to strangers */
#include "config.h"

#include "site/sandbox.h"

#include "base/log.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* --- seccomp: which system calls are left ------------------------------ */

#define CALL(name) SCMP_SYS(name)

enum { SOCKET_TYPE = 0xf /* without flags such as SOCK_CLOEXEC */ };

/* What the programs, libdb, libfcgi and libc do at work, with any arguments.
 * Where a processor has no such call, libseccomp leaves it out. The second
 * part is what 32-bit ones have in place of the first. */
/* clang-format off */
static const int allowed[] = {
	/* files, beneath Landlock's directories */
	CALL(openat), CALL(close), CALL(read), CALL(write), CALL(readv),
	CALL(writev), CALL(pread64), CALL(pwrite64), CALL(lseek),
	CALL(fstat), CALL(stat), CALL(lstat), CALL(newfstatat), CALL(statx),
	CALL(statfs), CALL(fstatfs), CALL(access), CALL(faccessat),
	CALL(faccessat2), CALL(fsync), CALL(fdatasync), CALL(ftruncate),
	CALL(fallocate), CALL(flock), CALL(rename), CALL(renameat),
	CALL(renameat2), CALL(unlink), CALL(unlinkat), CALL(mkdir),
	CALL(mkdirat), CALL(getdents64), CALL(getcwd), CALL(dup), CALL(dup2), CALL(dup3),
	/* requests, on a socket that is there already */
	CALL(accept), CALL(accept4), CALL(select), CALL(pselect6), CALL(poll),
	CALL(ppoll), CALL(epoll_wait), CALL(epoll_pwait), CALL(getpeername), CALL(getsockname), CALL(shutdown),
	/* memory; mmap and mprotect are below */
	CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise), CALL(msync),
	CALL(mlock), CALL(mlock2), CALL(munlock), CALL(futex),
	/* time, and t/unit/store/store-kill's timers */
	CALL(clock_gettime), CALL(clock_getres), CALL(clock_nanosleep),
	CALL(nanosleep), CALL(gettimeofday), CALL(time), CALL(setitimer),
	CALL(timer_create), CALL(timer_settime), CALL(timer_delete),
	/* signals, and the rest */
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn),
	CALL(restart_syscall), CALL(getpid), CALL(gettid), CALL(getuid),
	CALL(geteuid), CALL(getgid), CALL(getegid), CALL(getrandom),
	CALL(sched_yield), CALL(sched_getaffinity), CALL(getrusage),
	CALL(sysinfo), CALL(uname), CALL(exit), CALL(exit_group),

	CALL(_llseek), CALL(fstat64), CALL(stat64),
	CALL(lstat64), CALL(fstatat64), CALL(statfs64), CALL(fstatfs64),
	CALL(ftruncate64), CALL(_newselect), CALL(pselect6_time64),
	CALL(ppoll_time64), CALL(futex_time64), CALL(clock_gettime64),
	CALL(clock_getres_time64), CALL(clock_nanosleep_time64),
	CALL(timer_settime64), CALL(sigreturn), CALL(getuid32),
	CALL(geteuid32), CALL(getgid32), CALL(getegid32),
};

/* What no library tries and whoever takes a process over does next. It is
 * not refused, which would let him go on looking: the process ends, which
 * the store recovers from, and the kernel's log has a line. */
static const int deadly[] = {
	CALL(execve), CALL(execveat), CALL(fork), CALL(vfork), CALL(clone),
	CALL(clone3), CALL(ptrace), CALL(process_vm_readv),
	CALL(process_vm_writev), CALL(pidfd_open), CALL(pidfd_getfd),
	CALL(kcmp), CALL(bind), CALL(listen), CALL(socketpair), CALL(setuid),
	CALL(setgid), CALL(setreuid), CALL(setregid), CALL(setresuid),
	CALL(setresgid), CALL(setfsuid), CALL(setfsgid), CALL(setgroups),
	CALL(capset), CALL(chroot), CALL(pivot_root), CALL(mount),
	CALL(umount2), CALL(open_tree), CALL(move_mount), CALL(fsopen),
	CALL(unshare), CALL(setns), CALL(bpf), CALL(perf_event_open),
	CALL(userfaultfd), CALL(io_uring_setup), CALL(memfd_create),
	CALL(keyctl), CALL(add_key), CALL(request_key), CALL(init_module),
	CALL(finit_module), CALL(delete_module), CALL(kexec_load),
	CALL(kexec_file_load), CALL(reboot), CALL(personality),
};
/* clang-format on */

/* Calls that depend on one argument. */
struct rule {
	uint32_t action;
	int call;
	struct scmp_arg_cmp argument;
};

/* Argument `number` with the bits of `mask` being `value`; the upper half of
 * an int's register may hold anything. */
#define BITS(number, mask, value)                                              \
	{                                                                      \
		number, SCMP_CMP_MASKED_EQ, mask, value                        \
	}
#define INT(number, value) BITS(number, 0xffffffff, value)

/* fcntl(2), which 32-bit processors have under two names, with one command. */
#define FCNTL(action, command)                                                 \
	{action, CALL(fcntl), INT(1, command)},                                \
	{                                                                      \
		action, CALL(fcntl64), INT(1, command)                         \
	}

/* clang-format off */
static const struct rule by_argument[] = {
	/* no code but what was there at the start */
#ifdef __NR_mmap2 /* the other has its arguments in memory there */
	{SCMP_ACT_ALLOW, CALL(mmap2), BITS(2, PROT_EXEC, 0)},
#else
	{SCMP_ACT_ALLOW, CALL(mmap), BITS(2, PROT_EXEC, 0)},
#endif
	{SCMP_ACT_ALLOW, CALL(mprotect), BITS(2, PROT_EXEC, 0)},
	/* the command's terminal: whether it is one, and its echo (TCGETS2 in
	 * glibc 2.42); not TIOCSTI, which types into it */
	{SCMP_ACT_ALLOW, CALL(ioctl), INT(1, TCGETS)},
	{SCMP_ACT_ALLOW, CALL(ioctl), INT(1, TCSETSF)},
	{SCMP_ACT_ALLOW, CALL(ioctl), INT(1, TCGETS2)},
	{SCMP_ACT_ALLOW, CALL(ioctl), INT(1, TCSETSF2)},
	/* a descriptor's copies, flags and locks; not to whom the kernel sends
	 * a signal for it: that may be any process of the same user */
	FCNTL(SCMP_ACT_ALLOW, F_DUPFD), FCNTL(SCMP_ACT_ALLOW, F_DUPFD_CLOEXEC),
	FCNTL(SCMP_ACT_ALLOW, F_GETFD), FCNTL(SCMP_ACT_ALLOW, F_SETFD),
	FCNTL(SCMP_ACT_ALLOW, F_GETFL), FCNTL(SCMP_ACT_ALLOW, F_SETFL),
	FCNTL(SCMP_ACT_ALLOW, F_OFD_GETLK), FCNTL(SCMP_ACT_ALLOW, F_OFD_SETLK),
	FCNTL(SCMP_ACT_ALLOW, F_OFD_SETLKW),
	FCNTL(SCMP_ACT_KILL_PROCESS, F_SETOWN),
	FCNTL(SCMP_ACT_KILL_PROCESS, F_SETOWN_EX),
	FCNTL(SCMP_ACT_KILL_PROCESS, F_SETSIG),
};

/* A log may ask for a datagram socket of this machine; else for none. */
static const struct rule for_syslog[] = {
	{SCMP_ACT_KILL_PROCESS, CALL(socket), {0, SCMP_CMP_NE, AF_UNIX, 0}},
	{SCMP_ACT_ALLOW, CALL(sendto), {4, SCMP_CMP_EQ, 0, 0}},
};
/* clang-format on */
static const int without_syslog[] = {CALL(socket), CALL(connect)};

#define COUNT(list) (sizeof list / sizeof list[0])

static int
add_calls(
	scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
	int result = 0;
	size_t i;

	for (i = 0; i < count && result == 0; i++)
		result = seccomp_rule_add(filter, action, calls[i], 0);
	return result;
}

static int
add_rules(scmp_filter_ctx filter, const struct rule *rules, size_t count)
{
	int result = 0;
	size_t i;

	for (i = 0; i < count && result == 0; i++)
		result = seccomp_rule_add_array(filter, rules[i].action,
			rules[i].call, 1, &rules[i].argument);
	return result;
}

static int
add_syslog(scmp_filter_ctx filter, bool syslog)
{
	int result;

	if (!syslog)
		return add_calls(filter, SCMP_ACT_KILL_PROCESS, without_syslog,
			COUNT(without_syslog));
	result = add_rules(filter, for_syslog, COUNT(for_syslog));
	if (result == 0)
		result = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, CALL(connect), 0);
	/* What syslog(3) sends by where there is such a call, as on ARM. */
	if (result == 0)
		result =
			seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(send), 0);
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(socket),
			2, SCMP_A0(SCMP_CMP_EQ, AF_UNIX),
			SCMP_A1(SCMP_CMP_MASKED_EQ, SOCKET_TYPE, SOCK_DGRAM));
	return result;
}

static int
fill(scmp_filter_ctx filter, bool syslog)
{
	int result = seccomp_attr_set(
		filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	/* A tree: the kernel takes it in quicker, too. */
	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (result == 0)
		result = add_calls(
			filter, SCMP_ACT_ALLOW, allowed, COUNT(allowed));
	if (result == 0)
		result = add_calls(
			filter, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));
	if (result == 0)
		result = add_rules(filter, by_argument, COUNT(by_argument));
	if (result == 0)
		result = add_syslog(filter, syslog);
	/* how long a read may wait */
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
			CALL(setsockopt), 2,
			SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, SOL_SOCKET),
			SCMP_A2(SCMP_CMP_MASKED_EQ, 0xffffffff, SO_RCVTIMEO));
	/* abort() */
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(tgkill),
			1, SCMP_A0(SCMP_CMP_EQ, (uint32_t)getpid()));
	return result;
}

/* Loads the filter, for good. Returns 0, or an errno. */
static int
load_filter(bool syslog)
{
	/* What a newer libc tries first has a way around. */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int result = filter == NULL ? -ENOMEM : fill(filter, syslog);

	if (result == 0)
		result = seccomp_load(filter);
	if (filter != NULL)
		seccomp_release(filter);
	return -result;
}

/* --- what the kernel is asked for -------------------------------------- */

/* What the kernel does not do here. Where it may not (EPERM) it is mostly the
 * filter of a container, which the operator can change, or do without ours. */
static bool
refuse(const char *what, int error)
{
	log_error("sandbox: %s: %s: allow that call, or write `sandbox = off`",
		what, strerror(error));
	return false;
}

static bool
no_core(void)
{
	const struct rlimit none = {0, 0};

	return setrlimit(RLIMIT_CORE, &none) == 0 ||
	       refuse("RLIMIT_CORE", errno);
}

static bool
no_new_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ||
	       refuse("PR_SET_NO_NEW_PRIVS", errno);
}

#ifdef SANITIZERS

/* LeakSanitizer starts a thread at exit that traces us, and reads /proc. */
bool
sandbox_no_dumps(void)
{
	return no_core();
}

bool
sandbox_enter(const struct sandbox *sandbox)
{
	(void)sandbox;
	return no_core() && no_new_privileges();
}

#else

#ifdef HAVE_LINUX_LANDLOCK_H
#include <linux/landlock.h>
#endif
#include <sys/syscall.h>

bool
sandbox_no_dumps(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return refuse("PR_SET_DUMPABLE", errno);
	return no_core();
}

/* --- Landlock: which files --------------------------------------------- */

#ifdef LANDLOCK_CREATE_RULESET_VERSION

/* What is taken away, by the version of the interface that knows it, and
 * what is given back beneath our directories. Headers may be older than the
 * kernel: cutting a file short without opening it, which is for
 * LANDLOCK_ACCESS_FS_TRUNCATE, is nothing that seccomp lets through. */
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

	if (version < 1 && errno == ENOSYS) {
		log_info("sandbox: the kernel has no Landlock");
		return true;
	}
	if (version < 1 && errno == EOPNOTSUPP) {
		log_info("sandbox: Landlock is not switched on (lsm=)");
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

static bool
limit_calls(const struct sandbox *sandbox)
{
	int result = load_filter(sandbox->syslog);

	return result == 0 || refuse("seccomp", result);
}

bool
sandbox_enter(const struct sandbox *sandbox)
{
	/* Its lines are in local time, which is in a file elsewhere. */
	if (sandbox->syslog)
		tzset();
	return sandbox_no_dumps() && no_new_privileges() &&
	       limit_files(sandbox) && limit_calls(sandbox);
}

#endif
