/* sandbox.c - what a process can do in the sandbox, and what it cannot.
 *
 * Each trial is made by a child of its own, without the sandbox first: what
 * fails there proves nothing of the sandbox. */
#include "config.h"

#include "site/sandbox.h"
#include "unit.h"

#ifdef SANITIZERS

int
main(void)
{
	puts("1..0 # SKIP the sanitizers need what the sandbox takes");
	return 0;
}

#else

#include "trials.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { NO_SANDBOX = 127 };

/* --- a process that tries ---------------------------------------------- */

enum { KILLED = -SIGSYS };

static const struct trial {
	const char *name;
	int (*try)(void);
	int wanted; /* 0, an errno, or a signal's negative */
	enum { ALWAYS, LANDLOCK, READING, SYSLOG, DATABASE } where;
} trials[] = {
	{"a file of state_dir is written", work_beneath, 0, ALWAYS},
	{"a unit of work in the store", use_store, 0, ALWAYS},
	{"a hash", hash_by_default, 0, ALWAYS},
	{"a hash by Argon2id", hash_by_argon2id, 0, ALWAYS},
	{"/etc/passwd is not read", read_passwd, EACCES, LANDLOCK},
	{"a file beside state_dir is not read", read_beside, EACCES, LANDLOCK},
	{"nor written", write_beside, EACCES, LANDLOCK},
	{"nor made", make_beside, EACCES, LANDLOCK},
	{"nor removed", remove_beside, EACCES, LANDLOCK},
	{"a file of another directory is read, where that is asked for",
		read_readable, 0, READING},
	{"and not written", write_readable, EACCES, READING},
	{"nor is one made there", make_readable, EACCES, READING},
	{"nor is one beside it read", read_beside, EACCES, READING},
	{"a file beside state_dir is not cut", cut_beside, ENOSYS, ALWAYS},
	{"a link out of state_dir is not made", link_out, ENOSYS, ALWAYS},
	{"a program is not run", run_program, KILLED, ALWAYS},
	{"there is no child", have_child, KILLED, ALWAYS},
	{"ptrace", be_traced, KILLED, ALWAYS},
	{"a process's memory", read_memory, KILLED, ALWAYS},
	{"a signal to another", signal_parent, ENOSYS, ALWAYS},
	{"a signal to another, by tgkill()", signal_thread, ENOSYS, ALWAYS},
	{"a signal to another, by fcntl()", own_by_parent, KILLED, ALWAYS},
	{"the same by F_SETOWN_EX", own_by_thread, KILLED, ALWAYS},
	{"another signal than SIGIO", choose_signal, KILLED, ALWAYS},
	{"another command of fcntl()", be_leased, ENOSYS, ALWAYS},
	{"a descriptor's copy, flags and lock", use_descriptor, 0, ALWAYS},
	{"setuid()", become_self, KILLED, ALWAYS},
	{"memory that is run", have_code, ENOSYS, ALWAYS},
	{"memory that becomes so", make_code, ENOSYS, ALWAYS},
	{"a socket of AF_INET", inet_socket, KILLED, ALWAYS},
	{"a socket of AF_INET6", inet6_socket, KILLED, ALWAYS},
	{"a socket of AF_UNIX", unix_stream, KILLED, ALWAYS},
	{"a socket of AF_UNIX, for datagrams", unix_datagram, KILLED, ALWAYS},
	{"a connection of a socket that is there", connect_stranger, KILLED,
		ALWAYS},
	{"a limit to waiting", limit_waiting, 0, ALWAYS},
	{"another option of a socket", set_other_option, ENOSYS, ALWAYS},
	{"syslog: a line is sent", send_log, 0, SYSLOG},
	{"syslog: a socket of AF_INET", inet_socket, KILLED, SYSLOG},
	{"syslog: a socket of AF_UNIX, a stream", unix_stream, ENOSYS, SYSLOG},
	{"syslog: a unit of work in the store", use_store, 0, SYSLOG},
	{"a database: a connection of AF_INET", talk_inet, 0, DATABASE},
	{"a database: a socket of AF_INET6", inet6_socket, 0, DATABASE},
	{"a database: a connection of AF_UNIX", talk_unix, 0, DATABASE},
	{"a database: a socket of AF_UNIX, for datagrams", unix_datagram,
		KILLED, DATABASE},
	{"a database: a socket of AF_INET, for datagrams", inet_datagram,
		KILLED, DATABASE},
	{"a database: a socket of AF_NETLINK", netlink_socket, KILLED,
		DATABASE},
	{"a database: a listener", be_listener, KILLED, DATABASE},
	{"a database: a datagram to an address", send_to_listener, ENOSYS,
		DATABASE},
	{"a database: a program is not run", run_program, KILLED, DATABASE},
};

static const struct trial *trial;
static const char *settings; /* of the child's site */

static bool
enter(void)
{
	const struct sandbox logging = {.dirs = {state}, .syslog = true};
	const struct sandbox reading = {
		.dirs = {state}, .readable = {beside("readable")}};
	const struct sandbox connecting = {.dirs = {state}, .database = true};

	if (site.conf->sandbox && trial->where == SYSLOG)
		return sandbox_enter(&logging);
	if (site.conf->sandbox && trial->where == READING)
		return sandbox_enter(&reading);
	if (site.conf->sandbox && trial->where == DATABASE)
		return sandbox_enter(&connecting);
	return site_confine(&site);
}

static void
child(void)
{
	char *text = mem_printf("state_dir = %s\ndisk_reserve = 0\n"
				"common_passwords =\nleaked_secrets =\n%s",
		state, settings);

	if (!site_open(&site, unit_file("conf", text, strlen(text))) ||
		!enter())
		_exit(NO_SANDBOX);
	_exit(trial->try());
}

/* How the trial ends in a child with those settings. */
static int
outcome(const struct trial *what, const char *with)
{
	int how;

	trial = what;
	settings = with;
	how = unit_fork(child);
	return WIFSIGNALED(how) ? -WTERMSIG(how) : WEXITSTATUS(how);
}

static void
test_trials(bool landlock)
{
	const struct trial *what = trials;
	size_t i;

	mkdir(beside("readable"), 0700);
	unit_file("readable/file", "x", 1);
	for (i = 0; i < sizeof trials / sizeof trials[0]; i++, what++) {
		unit_file("beside", "x", 1);
		unit_file("removed", "x", 1);
		if ((what->where == LANDLOCK || what->where == READING) &&
			!landlock) {
			ok(true, "%s # SKIP no Landlock", what->name);
			continue;
		}
		if (outcome(what, "sandbox = off\n") != 0)
			ok(false, "outside it can be done: %s", what->name);
		unit_file("removed", "x", 1);
		is_int(outcome(what, ""), what->wanted, what->name);
	}
}

/* --- the rest ---------------------------------------------------------- */

static int
nothing(void)
{
	return 0;
}

static const struct trial entering = {"", nothing, 0, ALWAYS};
static const struct trial storing = {"", use_store, 0, ALWAYS};
static const struct trial aborting = {"", abort_now, 0, ALWAYS};

static void
check_dumps(void)
{
	struct rlimit core;

	_exit(sandbox_no_dumps() && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
				getrlimit(RLIMIT_CORE, &core) == 0 &&
				core.rlim_max == 0
			? 0
			: 1);
}

/* As in a container whose own filter knows no Landlock. */
static void
enter_container(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset,
			0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {4, code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
		_exit(2);
	child();
}

static void
test_container(void)
{
	int how;

	trial = &entering;
	settings = "";
	unit_log();
	how = unit_fork(enter_container);
	ok(WIFEXITED(how) && WEXITSTATUS(how) == NO_SANDBOX,
		"where Landlock is not allowed, it is not entered");
	ok(strstr(unit_log(), "landlock_create_ruleset: Operation not "
			      "permitted: allow that call, or write `sandbox = "
			      "off`") != NULL,
		"and the log says what to write");
	settings = "sandbox = off\n";
	how = unit_fork(enter_container);
	ok(WIFEXITED(how) && WEXITSTATUS(how) == 0, "with that it does");
}

/* libdb's regions get all their room only if /proc/self/maps can be read. */
static void
test_regions(void)
{
	char path[320];
	struct stat file;
	int i, found = 0, holes = 0;

	outcome(&storing, "store = bdb:regions\n");
	for (i = 1; i < 10; i++) {
		snprintf(path, sizeof path, "%s/regions/__db.%03d", state, i);
		if (stat(path, &file) != 0)
			continue;
		found++;
		holes += file.st_blocks * 512 < file.st_size;
	}
	ok(found > 0 && holes == 0, "libdb's regions have no holes");
}

static void
test_directories(void)
{
	char *elsewhere = mem_printf("store = bdb:%s/elsewhere\n", unit_dir);
	char *path = mem_printf("%s/elsewhere", unit_dir);

	is_int(outcome(&storing, elsewhere), 0, "a store that is elsewhere");
	chmod(path, 0750);
	unit_log();
	is_int(outcome(&entering, elsewhere), NO_SANDBOX,
		"a store elsewhere that others can get to");
	ok(strstr(unit_log(), "/elsewhere: mode 0750 lets others in") != NULL,
		"and its name is in the log");
	is_int(outcome(&storing, "store = bdb:/proc/none/store\n"), NO_SANDBOX,
		"a store that cannot be made");
	ok(strstr(unit_log(), "/proc/none/store: No such file") != NULL,
		"and its name is in the log, too");
	mem_free(elsewhere);
	unit_file("file", "", 0);
	elsewhere = mem_printf(
		"sandbox = off\nstore = bdb:%s/file/store\n", unit_dir);
	is_int(outcome(&entering, elsewhere), NO_SANDBOX,
		"a store that cannot be looked at");
	ok(strstr(unit_log(), "/file/store: Not a directory") != NULL,
		"and why is in the log");
	chmod(state, 0710);
	is_int(outcome(&entering, ""), NO_SANDBOX,
		"a state_dir that others can get to");
	is_int(outcome(&entering, "sandbox = off\n"), NO_SANDBOX,
		"without the sandbox, too");
	ok(strstr(unit_log(), "state: mode 0710 lets others in") != NULL,
		"and its name is in the log");
	chmod(state, 0700);
	mem_free(elsewhere);
	mem_free(path);
}

static void
begin(void)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	socklen_t size = sizeof listener;
	int fd;

	unit_begin();
	snprintf(state, sizeof state, "%s/state", unit_dir);
	snprintf(path.sun_path, sizeof path.sun_path, "%.90s/log.sock",
		unit_dir);
	mkdir(state, 0700);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (bind(fd, (const struct sockaddr *)&path, sizeof path) != 0)
		exit(2);
	snprintf(path.sun_path, sizeof path.sun_path, "%.90s/database.sock",
		unit_dir);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(fd, (const struct sockaddr *)&path, sizeof path) != 0 ||
		listen(fd, 16) != 0)
		exit(2);
	stranger = socket(AF_INET, SOCK_STREAM, 0);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	listener.sin_family = AF_INET;
	listener.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (const struct sockaddr *)&listener, sizeof listener) !=
			0 ||
		listen(fd, 16) != 0 ||
		getsockname(fd, (struct sockaddr *)&listener, &size) != 0)
		exit(2);
}

int
main(void)
{
	const char *said;
	bool landlock;

	begin();
	is_int(outcome(&entering, ""), 0, "it is entered");
	said = unit_log();
	landlock = strstr(said, "Landlock") == NULL;
	if (landlock)
		is_str(said, "", "and there is nothing to say");
	test_trials(landlock);
	unit_log();
	is_int(outcome(&storing, ""), 0, "the store, once it is there");
	is_str(unit_log(), "", "and libdb has nothing to say");
	is_int(outcome(&aborting, ""), -SIGABRT, "abort() is what it is");
	is_int(unit_fork(check_dumps), 0, "no core, not dumpable");
	test_container();
	test_regions();
	test_directories();
	return done();
}

#endif
