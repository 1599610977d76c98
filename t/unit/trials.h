/* trials.h - what sandbox.c has its children try
 *
 * Each returns 0, or why not: an errno, or FAILED. */
#ifndef LATCHKEY_UNIT_TRIALS_H
#define LATCHKEY_UNIT_TRIALS_H

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

enum { FAILED = 126 };

static struct site site;
static char state[270];   /* state_dir, in unit_dir */
static int stranger = -1; /* an unconnected TCP socket */
static struct sockaddr_in listener;

static int
why(bool good)
{
	return good ? 0 : errno;
}

static int
try_open(const char *path, int flags)
{
	return why(open(path, flags | O_CLOEXEC, 0600) >= 0);
}

static int
read_passwd(void)
{
	return try_open("/etc/passwd", O_RDONLY);
}

/* A path of unit_dir, so not of state_dir; good until the next call. */
static const char *
beside(const char *name)
{
	static char path[300];

	snprintf(path, sizeof path, "%s/%s", unit_dir, name);
	return path;
}

static int
read_beside(void)
{
	return try_open(beside("beside"), O_RDONLY);
}

static int
read_readable(void)
{
	return try_open(beside("readable/file"), O_RDONLY);
}

static int
write_readable(void)
{
	return try_open(beside("readable/file"), O_WRONLY);
}

static int
make_readable(void)
{
	return try_open(beside("readable/made"), O_WRONLY | O_CREAT);
}

static int
write_beside(void)
{
	return try_open(beside("beside"), O_WRONLY);
}

static int
make_beside(void)
{
	return try_open(beside("made"), O_WRONLY | O_CREAT);
}

static int
remove_beside(void)
{
	return why(unlink(beside("removed")) == 0);
}

static int
cut_beside(void)
{
	return why(truncate(beside("beside"), 0) == 0);
}

static int
link_out(void)
{
	char *path = mem_printf("%s/linked", state);

	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	return why(link(path, beside("linked")) == 0);
}

/* What a store does with its files, and what one that writes a file anew. */
static int
work_beneath(void)
{
	char *path = mem_printf("%s/%d", state, (int)getpid());
	char *other = mem_printf("%s.new", path);
	char *dir = mem_printf("%s.dir", path);
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return why(fd >= 0 && write(fd, "x", 1) == 1 && fdatasync(fd) == 0 &&
		   ftruncate(fd, 0) == 0 && close(fd) == 0 &&
		   rename(path, other) == 0 && unlink(other) == 0 &&
		   mkdir(dir, 0700) == 0);
}

static int
use_store(void)
{
	struct json_object *record = json_object_new_object();
	enum status status = store_begin(site.store, STORE_WRITE);

	if (status == STATUS_OK)
		status = store_put(site.store, STORE_CODE, "x", record);
	if (status == STATUS_OK)
		status = store_commit(site.store, STORE_DURABLE);
	json_object_put(record);
	return status == STATUS_OK ? 0 : FAILED;
}

static int
hash_by(struct password_scheme scheme)
{
	struct password password = unit_password("secret");
	char text[PASSWORD_HASH_SIZE];

	return password_hash(&scheme, &password, text) == STATUS_OK &&
			       password_test(&password, PASSWORD_NFC, text) ==
				       STATUS_OK
		       ? 0
		       : FAILED;
}

static int
hash_by_default(void)
{
	return hash_by(conf_scheme(site.conf));
}

static int
hash_by_argon2id(void)
{
	return hash_by((struct password_scheme){"argon2id", 0});
}

static int
run_program(void)
{
	char name[] = "/bin/true", *argv[] = {name, NULL}, *envp[] = {NULL};

	execve(name, argv, envp);
	return errno;
}

static int
have_child(void)
{
	pid_t pid = fork();
	int how;

	if (pid == 0)
		_exit(0);
	return why(pid > 0 && waitpid(pid, &how, 0) == pid);
}

static int
be_traced(void)
{
	return why(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

/* Its own: where another's may be read is for the system to say. */
static int
read_memory(void)
{
	char from = 'x', to;
	struct iovec local = {&to, 1}, remote = {&from, 1};

	return why(process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1);
}

static int
signal_parent(void)
{
	return why(kill(getppid(), 0) == 0);
}

static int
signal_thread(void)
{
	return why(syscall(SYS_tgkill, getppid(), getppid(), 0) == 0);
}

/* Whom the kernel tells when there is something to be read. */
static int
own_by_parent(void)
{
	return why(fcntl(stranger, F_SETOWN, getppid()) == 0);
}

static int
own_by_thread(void)
{
	struct f_owner_ex parent = {F_OWNER_PID, getppid()};

	return why(fcntl(stranger, F_SETOWN_EX, &parent) == 0);
}

static int
choose_signal(void)
{
	return why(fcntl(stranger, F_SETSIG, SIGTERM) == 0);
}

static int
use_descriptor(void)
{
	struct flock range = {.l_type = F_WRLCK, .l_len = 1};
	char *path = mem_printf("%s/descriptor", state);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	mem_free(path);
	return why(copy >= 0 && fcntl(copy, F_GETFD) == FD_CLOEXEC &&
		   fcntl(copy, F_SETFL, O_NONBLOCK) == 0 &&
		   fcntl(copy, F_OFD_SETLK, &range) == 0);
}

static int
be_leased(void)
{
	return why(fcntl(stranger, F_NOTIFY, 0) == 0 || errno == ENOTDIR);
}

static int
become_self(void)
{
	return why(setuid(getuid()) == 0);
}

static int
have_code(void)
{
	return why(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static int
make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED
		       ? FAILED
		       : why(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
}

static int
try_socket(int domain, int type)
{
	return why(socket(domain, type | SOCK_CLOEXEC, 0) >= 0);
}

static int
inet_socket(void)
{
	return try_socket(AF_INET, SOCK_STREAM);
}

static int
inet6_socket(void)
{
	int result = try_socket(AF_INET6, SOCK_STREAM);

	return result == EAFNOSUPPORT ? 0 : result; /* a machine without */
}

static int
unix_stream(void)
{
	return try_socket(AF_UNIX, SOCK_STREAM);
}

static int
unix_datagram(void)
{
	return try_socket(AF_UNIX, SOCK_DGRAM);
}

static int
connect_stranger(void)
{
	return why(connect(stranger, (const struct sockaddr *)&listener,
			   sizeof listener) == 0);
}

static int
inet_datagram(void)
{
	return try_socket(AF_INET, SOCK_DGRAM);
}

static int
netlink_socket(void)
{
	return try_socket(AF_NETLINK, SOCK_RAW);
}

static int
be_listener(void)
{
	const struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return why(bind(fd, (const struct sockaddr *)&any, sizeof any) == 0);
}

/* Outside, a stream that is not connected refuses it in its own way. */
static int
send_to_listener(void)
{
	return why(sendto(stranger, "x", 1, MSG_NOSIGNAL,
			   (const struct sockaddr *)&listener,
			   sizeof listener) == 1 ||
		   errno == EPIPE);
}

/* What libpq does with a connection. */
static int
talk(int domain, const void *to, socklen_t size)
{
	const int on = 1;
	int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;
	socklen_t length = sizeof error;
	char byte;

	if (fd < 0 || connect(fd, to, size) != 0 ||
		fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0 ||
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		return errno;
	if (domain == AF_INET &&
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
		return errno;
	return send(fd, "x", 1, MSG_NOSIGNAL) == 1 &&
			       recv(fd, &byte, 1, 0) < 0 && errno == EAGAIN
		       ? 0
		       : errno;
}

static int
talk_inet(void)
{
	return talk(AF_INET, &listener, sizeof listener);
}

static int
talk_unix(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	snprintf(to.sun_path, sizeof to.sun_path, "%.90s/database.sock",
		unit_dir);
	return talk(AF_UNIX, &to, sizeof to);
}

static int
limit_waiting(void)
{
	const struct timeval limit = {.tv_sec = 1};

	return why(setsockopt(stranger, SOL_SOCKET, SO_RCVTIMEO, &limit,
			   sizeof limit) == 0);
}

static int
set_other_option(void)
{
	const int on = 1;

	return why(setsockopt(stranger, SOL_SOCKET, SO_KEEPALIVE, &on,
			   sizeof on) == 0);
}

/* As syslog(3) does. */
static int
send_log(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof to.sun_path, "%.90s/log.sock", unit_dir);
	return why(fd >= 0 &&
		   connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
		   send(fd, "x", 1, MSG_NOSIGNAL) == 1);
}

static int
abort_now(void)
{
	signal(SIGABRT, SIG_DFL);
	abort();
}

#endif
