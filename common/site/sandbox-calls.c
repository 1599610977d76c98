/* sandbox-calls.c - which system calls are left: seccomp's table, of which
 * libseccomp makes a filter for the processor at hand */
#include "config.h"

#include "site/sandbox-calls.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

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

int
sandbox_limit_calls(bool syslog)
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
