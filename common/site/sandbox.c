/* sandbox.c - what a process gives up before it listens to strangers */
#include "config.h"

#include "site/sandbox.h"

#include "base/log.h"

#include <asm/termbits.h>
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
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
	if (good && sandbox->emptied != NULL)
		good = allow_beneath(ruleset, sandbox->emptied,
			given | LANDLOCK_ACCESS_FS_REMOVE_DIR);
	for (i = 0;
		good && i < SANDBOX_READABLE && sandbox->readable[i] != NULL;
		i++)
		good = allow_beneath(ruleset, sandbox->readable[i],
			LANDLOCK_ACCESS_FS_READ_FILE |
				LANDLOCK_ACCESS_FS_READ_DIR);
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

/* --- seccomp: which system calls ---------------------------------------- */

/* libseccomp could make the filter, but takes five times as long as the kernel
 * takes to load it (doc/design.md, "The process"). Only its header is used
 * here. The header has the number of each call, and a negative one for a call
 * that a processor lacks. */

#define CALL(name) SCMP_SYS(name)

/* What the programs, libdb, libfcgi and libc call at work, with any arguments.
 * A call that a processor lacks is left out. The second part is what 32-bit
 * processors have in place of the first. */
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

/* Calls that no library tries, and that an attacker who has taken a process
 * over tries next. A refusal would let the attacker go on looking. So the
 * process ends, which the store recovers from, and the kernel's log has a
 * line. */
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

/* --- the calls whose arguments decide ---------------------------------- */

#define ALLOW SECCOMP_RET_ALLOW
#define KILL SECCOMP_RET_KILL_PROCESS
/* A newer libc tries a newer call first and then the older one. */
#define REFUSE (SECCOMP_RET_ERRNO | ENOSYS)

enum {
	COMPARISONS = 2,
	ALL = -1,
	SOCKET_TYPE = 0xf /* without flags such as SOCK_CLOEXEC */
};

/* The first rule that fits a call holds. */
struct rule {
	uint32_t action;
	int call;
	/* A comparison of half an argument: the bits of `mask` have to be
	 * `value`. No mask: no comparison. */
	struct comparison {
		uint32_t mask, value, offset;
	} comparisons[COMPARISONS];
};

/* The lower half of argument `number`, and the upper one. Of an int only the
 * lower half counts, since its register may hold anything in the other. */
#define ARGUMENT(number) offsetof(struct seccomp_data, args[number])
#if BYTE_ORDER == LITTLE_ENDIAN
#define LOWER(number) ARGUMENT(number)
#define UPPER(number) (ARGUMENT(number) + 4)
#else
#define LOWER(number) (ARGUMENT(number) + 4)
#define UPPER(number) ARGUMENT(number)
#endif

/* clang-format off */
#define BITS(number, mask, value) {(uint32_t)(mask), (uint32_t)(value), LOWER(number)}
#define INT(number, value) BITS(number, ALL, value)
#define NULL_POINTER(number) INT(number, 0), {(uint32_t)ALL, 0, UPPER(number)}
/* fcntl(2) with one command. 32-bit processors have it under two names. */
#define FCNTL(action, command) \
	{action, CALL(fcntl), {INT(1, command)}}, {action, CALL(fcntl64), {INT(1, command)}}
/* i386 has the calls of sockets in this one, too. */
#define SOCKETCALL(action, which) {action, CALL(socketcall), {INT(0, which)}}

static const struct rule by_argument[] = {
	/* no code but what was there at the start */
#ifdef __NR_mmap2 /* the other has its arguments in memory there */
	{ALLOW, CALL(mmap2), {BITS(2, PROT_EXEC, 0)}},
#else
	{ALLOW, CALL(mmap), {BITS(2, PROT_EXEC, 0)}},
#endif
	{ALLOW, CALL(mprotect), {BITS(2, PROT_EXEC, 0)}},
	/* the command's terminal: whether it is one, and its echo (TCGETS2 in
	 * glibc 2.42); not TIOCSTI, which types into it */
	{ALLOW, CALL(ioctl), {INT(1, TCGETS)}},
	{ALLOW, CALL(ioctl), {INT(1, TCSETSF)}},
	{ALLOW, CALL(ioctl), {INT(1, TCGETS2)}},
	{ALLOW, CALL(ioctl), {INT(1, TCSETSF2)}},
	/* a descriptor's copies, flags and locks; not F_SETOWN, by which the
	 * kernel could be told to signal any process of the same user */
	FCNTL(ALLOW, F_DUPFD), FCNTL(ALLOW, F_DUPFD_CLOEXEC),
	FCNTL(ALLOW, F_GETFD), FCNTL(ALLOW, F_SETFD),
	FCNTL(ALLOW, F_GETFL), FCNTL(ALLOW, F_SETFL),
	FCNTL(ALLOW, F_OFD_GETLK), FCNTL(ALLOW, F_OFD_SETLK),
	FCNTL(ALLOW, F_OFD_SETLKW),
	FCNTL(KILL, F_SETOWN), FCNTL(KILL, F_SETOWN_EX), FCNTL(KILL, F_SETSIG),
	/* one's own way behind all others */
	{ALLOW, CALL(sched_setscheduler), {INT(0, 0), INT(1, SCHED_IDLE)}},
	/* how long a read may wait */
	{ALLOW, CALL(setsockopt), {INT(1, SOL_SOCKET), INT(2, SO_RCVTIMEO)}},
	SOCKETCALL(ALLOW, SYS_ACCEPT), SOCKETCALL(ALLOW, SYS_ACCEPT4),
	SOCKETCALL(ALLOW, SYS_GETPEERNAME), SOCKETCALL(ALLOW, SYS_GETSOCKNAME),
	SOCKETCALL(ALLOW, SYS_SHUTDOWN), SOCKETCALL(ALLOW, SYS_SETSOCKOPT),
};

/* With a database libpq may have stream sockets, to any address: the filter
 * cannot look at addresses, so the unit of systemd names those that are meant.
 * It sends, receives, asks for errors and for the user at the other end, and
 * sets TCP's options and keep-alives. */
#define STREAM(domain) \
	{ALLOW, CALL(socket), {INT(0, domain), BITS(1, SOCKET_TYPE, SOCK_STREAM)}}
static const struct rule with_database[] = {
	STREAM(AF_UNIX), STREAM(AF_INET), STREAM(AF_INET6),
	{ALLOW, CALL(connect), {{0}}},
	{ALLOW, CALL(sendto), {NULL_POINTER(4)}},
	{ALLOW, CALL(recvfrom), {NULL_POINTER(4)}},
	{ALLOW, CALL(getsockopt), {{0}}},
	{ALLOW, CALL(setsockopt), {INT(1, IPPROTO_TCP)}},
	{ALLOW, CALL(setsockopt), {INT(1, SOL_SOCKET), INT(2, SO_KEEPALIVE)}},
	/* send(2) and recv(2), where a processor has them, as on ARM */
	{ALLOW, CALL(send), {{0}}}, {ALLOW, CALL(recv), {{0}}},
	SOCKETCALL(ALLOW, SYS_SOCKET), SOCKETCALL(ALLOW, SYS_CONNECT),
	SOCKETCALL(ALLOW, SYS_SEND), SOCKETCALL(ALLOW, SYS_SENDTO),
	SOCKETCALL(ALLOW, SYS_RECV), SOCKETCALL(ALLOW, SYS_RECVFROM),
	SOCKETCALL(ALLOW, SYS_GETSOCKOPT),
};

/* With syslog the log may ask for a datagram socket of this machine; without it
 * for none. */
static const struct rule with_syslog[] = {
	{ALLOW, CALL(socket), {INT(0, AF_UNIX), BITS(1, SOCKET_TYPE, SOCK_DGRAM)}},
	{REFUSE, CALL(socket), {INT(0, AF_UNIX)}},
	{KILL, CALL(socket), {{0}}},
	{ALLOW, CALL(connect), {{0}}},
	{ALLOW, CALL(sendto), {NULL_POINTER(4)}},
	/* The call of syslog(3), where a processor has it, as on ARM. */
	{ALLOW, CALL(send), {{0}}},
	SOCKETCALL(ALLOW, SYS_SOCKET), SOCKETCALL(ALLOW, SYS_CONNECT),
	SOCKETCALL(ALLOW, SYS_SEND),
};
/* clang-format on */
static const struct rule without_syslog[] = {
	{KILL, CALL(socket), {{0}}}, {KILL, CALL(connect), {{0}}}};

/* --- the filter: a program of classic BPF ------------------------------ */

/* The processor that the numbers above belong to. Another one's have other
 * meanings, and many kernels take two sorts. */
#if defined __x86_64__
#define PROCESSOR AUDIT_ARCH_X86_64
#elif defined __i386__
#define PROCESSOR AUDIT_ARCH_I386
#elif defined __aarch64__
#define PROCESSOR AUDIT_ARCH_AARCH64
#elif defined __arm__
#define PROCESSOR AUDIT_ARCH_ARM
#elif defined __riscv && __riscv_xlen == 64
#define PROCESSOR AUDIT_ARCH_RISCV64
#elif defined __powerpc64__ && BYTE_ORDER == LITTLE_ENDIAN
#define PROCESSOR AUDIT_ARCH_PPC64LE
#elif defined __s390x__
#define PROCESSOR AUDIT_ARCH_S390X
#elif defined __mips__ && _MIPS_SIM == _ABI64 && BYTE_ORDER == LITTLE_ENDIAN
#define PROCESSOR AUDIT_ARCH_MIPSEL64
#else
#error "say which AUDIT_ARCH_... of linux/audit.h this processor is"
#endif

enum { MOST = 512, FARTHEST = 255 /* instructions that a jump passes over */ };

struct program {
	struct sock_filter at[MOST];
	unsigned short length;
};

static void
put(struct program *program, uint16_t code, uint32_t operand)
{
	assert(program->length < MOST);
	program->at[program->length++] =
		(struct sock_filter)BPF_STMT(code, operand);
}

/* Goes on if the loaded word is `value`, else `pass` instructions later. */
static void
put_unless(struct program *program, uint32_t value, size_t pass)
{
	assert(program->length < MOST && pass <= FARTHEST);
	program->at[program->length++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, value, 0, (uint8_t)pass);
}

static void
put_load(struct program *program, size_t offset)
{
	put(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static void
put_call(struct program *program)
{
	put_load(program, offsetof(struct seccomp_data, nr));
}

static void
put_calls(struct program *program, uint32_t action, const int *calls,
	size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (calls[i] >= 0) {
			put_unless(program, (uint32_t)calls[i], 1);
			put(program, BPF_RET | BPF_K, action);
		}
}

static void
put_rule(struct program *program, const struct rule *rule)
{
	const struct comparison *comparison = rule->comparisons;
	size_t left = 0;

	while (left < COMPARISONS && comparison[left].mask != 0)
		left++;
	/* three instructions each, then two */
	put_unless(program, (uint32_t)rule->call, 3 * left + 2);
	for (; left > 0; left--, comparison++) {
		put_load(program, comparison->offset);
		put(program, BPF_ALU | BPF_AND | BPF_K, comparison->mask);
		put_unless(program, comparison->value, 3 * (left - 1) + 1);
	}
	put(program, BPF_RET | BPF_K, rule->action);
	put_call(program);
}

static void
put_rules(struct program *program, const struct rule *rules, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (rules[i].call >= 0)
			put_rule(program, &rules[i]);
}

#define COUNT(list) (sizeof list / sizeof list[0])

/* From here on the process, and each child, can make only the calls that it is
 * meant to make. Another call is ENOSYS, or the end of the process. With
 * syslog the process may have a datagram socket of this machine, with a
 * database connections. There is no way back. False with an errno if the kernel
 * does not take the filter, which it takes from a process without new
 * privileges, or from root alone. */
static bool
limit_calls(const struct sandbox *sandbox)
{
	const struct rule abort_self = {
		ALLOW, CALL(tgkill), {INT(0, getpid())}};
	struct program program = {.length = 0};
	struct sock_fprog load = {0, program.at};

	put_load(&program, offsetof(struct seccomp_data, arch));
	put_unless(&program, PROCESSOR, 1);
	put(&program, BPF_JMP | BPF_JA, 1);
	put(&program, BPF_RET | BPF_K, KILL);
	put_call(&program);
	/* The kernel remembers which calls are allowed whatever their arguments
	 * are, and asks the filter for the others. */
	put_rules(&program, by_argument, COUNT(by_argument));
	put_rule(&program, &abort_self);
	if (sandbox->database)
		put_rules(&program, with_database, COUNT(with_database));
	if (sandbox->syslog)
		put_rules(&program, with_syslog, COUNT(with_syslog));
	else
		put_rules(&program, without_syslog, COUNT(without_syslog));
	put_calls(&program, ALLOW, allowed, COUNT(allowed));
	put_calls(&program, KILL, deadly, COUNT(deadly));
	put(&program, BPF_RET | BPF_K, REFUSE);
	load.len = program.length;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &load) == 0;
}

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
	       (limit_calls(sandbox) || refuse("seccomp", errno));
#endif
}
