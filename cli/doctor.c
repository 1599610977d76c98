/* doctor.c - latchkey doctor: what people get wrong, and the command that mends
 * it */
#include "config.h"

#include "cli.h"

#include "account/admins.h"
#include "account/integrity.h"
#include "account/mail.h"
#include "account/session-record.h"
#include "base/counters.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "database.h"
#include "doctor-url.h"
#include "finding.h"
#include "mail/mail-program.h"
#include "mail/mail-send.h"
#include "mail/mail-template.h"
#include "print.h"
#include "site/audit-read.h"
#include "site/auth-enabled.h"
#include "store/pq-uri.h"
#include "web/page.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SOCKETS "/run/latchkey"
#define SYSTEMD "/run/systemd/system"

struct doctor {
	struct cli *cli;
	struct conf *conf; /* NULL: it cannot be read */
	bool opened;       /* the site is open, and this process its owner */
	bool stored;       /* and has a store */
	struct stat state; /* of state_dir; all zero: there is none */
	struct health health;
	uint64_t bytes;           /* of the store's files, or its database */
	enum finding_level worst; /* of all checks */
	struct findings found;    /* of the check that looks */
};

/* A check: it looks, and adds each fault that it finds. */
typedef void look_at(struct doctor *doctor);

enum {
	OTHERS = 077,
	EVERYBODY = 07,
	RUN_MS = 30000,
	SAID_SIZE = 4096,
	CALLERS = 20,    /* requests and accounts from one address alone: a */
	PEOPLE = 3,      /* proxy's, and not one person's */
	SMALL = 32 << 20 /* bytes of a store that is looked at in a second */
};

/* The command itself, for a line that is to be typed. */
static const char *
self(const struct doctor *doctor)
{
	static char *text;

	mem_free(text);
	text = doctor->cli->conf_file == NULL
		       ? mem_copy("latchkey")
		       : mem_printf("latchkey --config %s",
				 print_word(doctor->cli->conf_file));
	return text;
}

/* --- what others say in the log ------------------------------------------ */

/* The file and the line that a text is about; 0: about none. */
static unsigned long
place_of(const char *text, char file[PATH_MAX])
{
	const char *colon = text[0] == '/' ? strchr(text, ':') : NULL;
	char *end = NULL;
	unsigned long line = colon == NULL ? 0 : strtoul(colon + 1, &end, 10);

	if (line == 0 || *end != ':' || colon - text >= PATH_MAX)
		return 0;
	snprintf(file, PATH_MAX, "%.*s", (int)(colon - text), text);
	return line;
}

/* A line of the log is "latchkey PROGRAM: LEVEL: TEXT". */
static void
take_line(struct doctor *doctor, const char *line, const char *mend)
{
	const char *text = strstr(line, "error: ");
	enum finding_level level = FINDING_ERROR;
	char file[PATH_MAX];
	unsigned long number;

	if (text == NULL || text > strchr(line, ':') + 2) {
		text = strstr(line, "warning: ");
		level = FINDING_WARNING;
	}
	if (text == NULL)
		return;
	text = strstr(text, ": ") + 2;
	if (finding_has(&doctor->found, text))
		return;
	number = place_of(text, file);
	finding_add(&doctor->found, level, "%s", text);
	finding_mend(&doctor->found, "%s",
		number > 0 ? finding_editor(file, number) : mend);
}

/* Does something that says its faults in the log, and has each line of it be a
 * finding. A line about a place in a file, FILE:LINE, is mended by an editor,
 * all others by that command. */
static void
listen_to(struct doctor *doctor, look_at *look, const char *mend)
{
	char *command = mem_copy(mend);
	int kept = dup(STDERR_FILENO), heard = memfd_create("log", MFD_CLOEXEC);
	struct lines lines;
	FILE *file;

	if (kept < 0 || heard < 0 || dup2(heard, STDERR_FILENO) < 0)
		mem_check(NULL);
	look(doctor);
	dup2(kept, STDERR_FILENO);
	close(kept);
	file = mem_check(fdopen(heard, "r"));
	rewind(file);
	lines_begin(&lines, file);
	while (lines_next(&lines))
		take_line(doctor, lines.text, command);
	lines_end(&lines);
	fclose(file);
	mem_free(command);
}

/* --- the settings -------------------------------------------------------- */

static void
read_conf(struct doctor *doctor)
{
	doctor->conf = conf_read(conf_path(doctor->cli->conf_file));
}

/* An empty file has the defaults. */
static void
look_at_conf(struct doctor *doctor)
{
	const char *file = conf_path(doctor->cli->conf_file);
	char *copy = mem_copy(file), *mend;
	struct stat as, in;
	const char *dir = dirname(copy);

	if (stat(file, &as) != 0 && errno == ENOENT)
		mend = mem_printf(
			"install -D -m 0644 /dev/null %s", print_word(file));
	else if (geteuid() == 0 && stat(dir, &in) == 0 &&
		 (!file_is_roots(&as) || !file_is_roots(&in)))
		mend = mem_printf("chown root: %s %s && chmod go-w %s %s",
			print_word(dir), print_word(file), print_word(dir),
			print_word(file));
	else
		mend = mem_copy(finding_editor(file, 0));
	listen_to(doctor, read_conf, mend);
	if (doctor->conf != NULL)
		stat(doctor->conf->state_dir, &doctor->state);
	mem_free(mend);
	mem_free(copy);
}

/* Where the setting is, or may be written. */
static const char *
edits_setting(const struct doctor *doctor, const char *key)
{
	const struct conf_place *place = conf_place(doctor->conf, key);

	return finding_editor(place->file, place->line);
}

/* A setting whose value is to be thought over. */
static void __attribute__((format(printf, 4, 5)))
find_setting(struct doctor *doctor, const char *key, enum finding_level level,
	const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	text = mem_vprintf(format, args);
	va_end(args);
	finding_add(&doctor->found, level, "%s", text);
	finding_mend(&doctor->found, "%s", edits_setting(doctor, key));
	mem_free(text);
}

static void
look_at_address(struct doctor *doctor)
{
	const struct conf *conf = doctor->conf;
	size_t length;
	const char *host = conf_host(conf, &length);

	if (host == NULL)
		find_setting(doctor, "site_url", FINDING_WARNING,
			"site_url is empty: no cookie counts where pages "
			"change something, and mails have no link; write how "
			"browsers call the site");
	else if (!conf_https(conf) &&
		 !(length == 9 && strncmp(host, "localhost", 9) == 0) &&
		 strncmp(host, "127.", 4) != 0 &&
		 strncmp(host, "[::1]", 5) != 0)
		find_setting(doctor, "site_url", FINDING_WARNING,
			"site_url is %s: passwords and cookies can be read on "
			"their way; serve the site by https, and write that",
			conf->site_url);
}

/* --- files --------------------------------------------------------------- */

/* The programs' user, as chown(1) takes it. */
static const char *
user_of(const struct doctor *doctor)
{
	static char text[64];
	struct passwd *user = doctor->state.st_uid == 0
				      ? getpwnam("latchkey")
				      : getpwuid(doctor->state.st_uid);

	if (geteuid() != 0)
		user = getpwuid(geteuid());
	if (user != NULL)
		snprintf(text, sizeof text, "%s", user->pw_name);
	else
		snprintf(text, sizeof text, "%u",
			(unsigned)doctor->state.st_uid);
	return text;
}

/* How many files of the directory are not its owner's. Other directories in it
 * are not latchkey's. */
static int
count_others(const char *dir, const struct stat *as)
{
	struct dirent *entry;
	struct stat file;
	DIR *list = opendir(dir);
	int count = 0;

	while (list != NULL && (entry = readdir(list)) != NULL)
		count += fstatat(dirfd(list), entry->d_name, &file,
				 AT_SYMLINK_NOFOLLOW) == 0 &&
			 !S_ISDIR(file.st_mode) && file.st_uid != as->st_uid;
	if (list != NULL)
		closedir(list);
	return count;
}

static void
look_at_dir(struct doctor *doctor, const char *setting, const char *dir)
{
	const char *user = user_of(doctor);
	struct stat as;
	int others;

	if (stat(dir, &as) != 0) {
		finding_add(&doctor->found, FINDING_ERROR, "%s: %s: %s",
			setting, dir, strerror(errno));
		finding_mend(&doctor->found, "install -d -m 0700 %s%s %s",
			geteuid() == 0 ? "-o " : "", geteuid() == 0 ? user : "",
			print_word(dir));
		return;
	}
	if (geteuid() != 0 && as.st_uid != geteuid()) {
		finding_add(&doctor->found, FINDING_ERROR,
			"%s: %s belongs to uid %u: root can look into it, and "
			"that user",
			setting, dir, (unsigned)as.st_uid);
		finding_mend(&doctor->found, "sudo %s doctor", self(doctor));
		return;
	}
	if ((as.st_mode & OTHERS) != 0) {
		finding_add(&doctor->found, FINDING_ERROR,
			"%s: %s: mode %04o lets others in, and all secrets are "
			"there",
			setting, dir, (unsigned)as.st_mode & 07777);
		finding_mend(&doctor->found, "chmod 0700 %s", print_word(dir));
	}
	if (as.st_uid == 0 || as.st_uid != doctor->state.st_uid) {
		finding_add(&doctor->found, FINDING_ERROR,
			"%s: %s belongs to uid %u, and the programs run as %s",
			setting, dir, (unsigned)as.st_uid, user);
		finding_mend(&doctor->found, "chown -hR %s: %s", user,
			print_word(dir));
	} else if ((others = count_others(dir, &as)) > 0) {
		finding_add(&doctor->found, FINDING_ERROR,
			"%s: %s: %d of its files belong to another user than "
			"%s, who cannot work with them",
			setting, dir, others, user);
		finding_mend(&doctor->found, "chown -hR %s: %s", user,
			print_word(dir));
	}
}

/* A store that is not there yet is made by the programs. */
static void
look_at_state(struct doctor *doctor)
{
	char *store = site_store_dir(doctor->conf);

	look_at_dir(doctor, "state_dir", doctor->conf->state_dir);
	if (access(store, F_OK) == 0)
		look_at_dir(doctor, "store", store);
	mem_free(store);
}

/* --- the web server's key ------------------------------------------------ */

static void
read_key(struct doctor *doctor)
{
	struct web_keys keys;

	web_keys_read(doctor->conf->web_key_file, doctor->state.st_uid, &keys);
	explicit_bzero(&keys, sizeof keys);
}

static void
look_at_key(struct doctor *doctor)
{
	static const char *const suffixes[] = {".nginx", ".apache", ".env"};
	const char *path = doctor->conf->web_key_file, *word;
	char *mend, *file;
	struct stat as;
	size_t i;

	if (path[0] == '\0')
		return;
	/* A user who could read the key may have it: another one is made. */
	word = print_word(path);
	mend = mem_printf(
		"rm -f %s %s.nginx %s.apache %s.env && %s web-key make", word,
		word, word, word, self(doctor));
	listen_to(doctor, read_key, mend);
	for (i = 0; i < 3 && doctor->found.level == FINDING_NONE; i++) {
		file = mem_printf("%s%s", path, suffixes[i]);
		if (stat(file, &as) == 0 && (as.st_mode & OTHERS) != 0) {
			finding_add(&doctor->found, FINDING_ERROR,
				"web_key_file: %s: mode %04o lets others read "
				"the key; make another, and have the web "
				"server read it",
				file, (unsigned)as.st_mode & 07777);
			finding_mend(&doctor->found, "%s", mend);
		}
		mem_free(file);
	}
	mem_free(mend);
}

/* --- the sockets, and who may open them ---------------------------------- */

static void
look_at_sockets(struct doctor *doctor)
{
	struct stat as;
	glob_t found;
	size_t i;

	if (glob(SOCKETS "/*.sock", 0, NULL, &found) != 0)
		return;
	for (i = 0; i < found.gl_pathc; i++) {
		if (lstat(found.gl_pathv[i], &as) != 0 ||
			!S_ISSOCK(as.st_mode) || (as.st_mode & EVERYBODY) == 0)
			continue;
		finding_add(&doctor->found, FINDING_ERROR,
			"%s: mode %04o: whoever opens it can claim to come "
			"from any address",
			found.gl_pathv[i], (unsigned)as.st_mode & 07777);
		finding_mend(&doctor->found, "chmod 0660 %s",
			print_word(found.gl_pathv[i]));
	}
	globfree(&found);
}

/* What may have the group: those who speak for browsers. */
static bool
is_web_server(const char *name)
{
	static const char *const names[] = {"nginx", "lighttpd", "caddy",
		"haproxy", "apache2", "httpd", NULL};
	int i;

	for (i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* What /proc says of a process. */
struct process {
	long pid;
	char name[32];
	unsigned user;
	bool has; /* the group */
};

/* Whether the group is among the numbers of a line. */
static bool
has_number(const char *at, unsigned long wanted)
{
	char *end;
	unsigned long number;

	for (;; at = end) {
		number = strtoul(at, &end, 10);
		if (end == at)
			return false;
		if (number == wanted)
			return true;
	}
}

static bool
read_process(const char *pid, gid_t group, struct process *process)
{
	char *path = mem_printf("/proc/%s/status", pid);
	FILE *file = isdigit((unsigned char)pid[0]) ? fopen(path, "re") : NULL;
	char line[4096];

	mem_free(path);
	memset(process, 0, sizeof *process);
	process->pid = strtol(pid, NULL, 10);
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		sscanf(line, "Name: %31[^\n]", process->name);
		sscanf(line, "Uid: %*u %u", &process->user);
		if (strncmp(line, "Gid:", 4) == 0 ||
			strncmp(line, "Groups:", 7) == 0)
			process->has = process->has ||
				       has_number(strchr(line, ':') + 1, group);
	}
	if (file != NULL)
		fclose(file);
	return file != NULL;
}

static void
look_at_members(struct doctor *doctor, const struct group *group)
{
	char *const *member = group->gr_mem;
	struct passwd *user;

	for (; *member != NULL; member++) {
		if (is_web_server(*member))
			continue;
		finding_add(&doctor->found, FINDING_ERROR,
			"%s is in the group %s: all that runs as that user, "
			"PHP's pages too, can claim to come from any address",
			*member, group->gr_name);
		finding_mend(&doctor->found, "gpasswd -d %s %s",
			print_word(*member), group->gr_name);
	}
	setpwent();
	while ((user = getpwent()) != NULL) {
		if (user->pw_gid != group->gr_gid ||
			is_web_server(user->pw_name))
			continue;
		finding_add(&doctor->found, FINDING_ERROR,
			"%s is the group of %s: all that runs as that user can "
			"claim to come from any address",
			group->gr_name, user->pw_name);
		finding_mend(&doctor->found, "usermod -g nogroup %s",
			print_word(user->pw_name));
	}
	endpwent();
}

/* Whether the text is among what a process has mapped; then the line. */
static bool
has_mapped(long pid, const char *text, char line[PATH_MAX + 128])
{
	char *path = mem_printf("/proc/%ld/maps", pid);
	FILE *file = fopen(path, "re");
	bool found = false;

	mem_free(path);
	while (file != NULL && !found &&
		fgets(line, PATH_MAX + 128, file) != NULL)
		found = strstr(line, text) != NULL;
	if (file != NULL)
		fclose(file);
	return found;
}

/* Apache runs the pages of these languages itself, with its own groups. Writes
 * the module's name, as a2dismod(8) has it. */
static bool
runs_pages(const struct process *process, char module[64])
{
	static const char *const libraries[] = {
		"/libphp", "/mod_perl.so", "/mod_python.so", "/mod_wsgi.so"};
	char line[PATH_MAX + 128];
	const char *name;
	size_t i;

	for (i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
		if (!has_mapped(process->pid, libraries[i], line))
			continue;
		name = strrchr(line, '/') + 1;
		name += strncmp(name, "lib", 3) == 0 ? 3 : 4;
		snprintf(module, 64, "%.*s", (int)(strstr(name, ".so") - name),
			name);
		return true;
	}
	return false;
}

static void
find_process(
	struct doctor *doctor, const struct process *process, const char *group)
{
	char module[64];

	if (!is_web_server(process->name)) {
		finding_add(&doctor->found, FINDING_ERROR,
			"process %ld (%s) has the group %s, and can claim to "
			"come from any address: take the group out of what "
			"starts it, and then end it",
			process->pid, process->name, group);
		finding_mend(&doctor->found, "kill %ld", process->pid);
	} else if (runs_pages(process, module)) {
		finding_add(&doctor->found, FINDING_ERROR,
			"process %ld (%s) has the group %s, and each page that "
			"its module %s runs can claim to come from any "
			"address: have another program run the pages, such as "
			"php-fpm",
			process->pid, process->name, group, module);
		finding_mend(&doctor->found,
			"a2dismod %s && systemctl restart apache2",
			print_word(module));
	}
}

static void
look_at_processes(struct doctor *doctor, const struct group *group)
{
	struct process process;
	struct dirent *entry;
	DIR *list = opendir("/proc");

	while (list != NULL && (entry = readdir(list)) != NULL)
		if (read_process(entry->d_name, group->gr_gid, &process) &&
			process.has && process.user != 0)
			find_process(doctor, &process, group->gr_name);
	if (list != NULL)
		closedir(list);
}

static void
look_at_group(struct doctor *doctor)
{
	struct group *group = getgrnam("latchkey-web");

	if (group == NULL)
		return;
	/* Before another look-up takes the place of this one's result. */
	look_at_members(doctor, group);
	look_at_processes(doctor, group);
}

/* --- programs ------------------------------------------------------------ */

static bool
is_deleted(const char *pid)
{
	char *path = mem_printf("/proc/%s/exe", pid), file[PATH_MAX];
	static const char end[] = " (deleted)";
	ssize_t length = readlink(path, file, sizeof file);

	mem_free(path);
	return length > (ssize_t)(sizeof end - 1) &&
	       memcmp(file + length - (sizeof end - 1), end, sizeof end - 1) ==
		       0;
}

/* Each ends after the request in hand, and its supervisor starts another. */
static void
look_at_versions(struct doctor *doctor)
{
	/* A process that counts for this installation is latchkey's, wherever
	 * its program was. */
	char *counters = site_counters(doctor->conf);
	char *pids = mem_copy(""), line[PATH_MAX + 128];
	struct dirent *entry;
	DIR *list = opendir("/proc");

	while (list != NULL && (entry = readdir(list)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) &&
			is_deleted(entry->d_name) &&
			has_mapped(strtol(entry->d_name, NULL, 10), counters,
				line))
			pids = mem_append(pids, " %s", entry->d_name);
	if (list != NULL)
		closedir(list);
	if (pids[0] != '\0') {
		finding_add(&doctor->found, FINDING_WARNING,
			"programs run that are older than those installed, as "
			"process%s",
			pids);
		finding_mend(&doctor->found, "kill -USR2%s", pids);
	}
	mem_free(pids);
	mem_free(counters);
}

#define SYSTEMCTL "/usr/bin/systemctl"

static void
look_at_failed(struct doctor *doctor)
{
	const char *const arguments[] = {SYSTEMCTL, "--failed", "--plain",
		"--no-legend", "list-units", "latchkey*", NULL};
	char said[SAID_SIZE], unit[128], *line, *rest = said;

	if (program_run(arguments, RUN_MS, said, sizeof said) != 0)
		return;
	while ((line = strtok_r(rest, ";", &rest)) != NULL) {
		if (sscanf(line, " %127[^ ]", unit) != 1)
			continue;
		finding_add(
			&doctor->found, FINDING_ERROR, "%s has failed", unit);
		finding_mend(&doctor->found,
			"systemctl reset-failed %s && systemctl start %s",
			print_word(unit), print_word(unit));
	}
}

/* One that starts at boot is meant to run now. */
static void
look_at_stopped(struct doctor *doctor)
{
	static const char *const units[] = {"latchkey.target",
		"latchkey-mail.service", "latchkey-backup.timer"};
	char said[SAID_SIZE];
	size_t i;

	for (i = 0; i < sizeof units / sizeof units[0]; i++) {
		const char *const arguments[] = {SYSTEMCTL, "show", "-p",
			"ActiveState,UnitFileState", units[i], NULL};

		if (program_run(arguments, RUN_MS, said, sizeof said) != 0 ||
			strstr(said, "UnitFileState=enabled") == NULL ||
			strstr(said, "ActiveState=inactive") == NULL)
			continue;
		finding_add(&doctor->found, FINDING_ERROR,
			"%s is enabled, and does not run: it was stopped",
			units[i]);
		finding_mend(&doctor->found, "systemctl start %s", units[i]);
	}
}

static void
look_at_units(struct doctor *doctor)
{
	if (access(SYSTEMD, F_OK) != 0)
		return;
	look_at_failed(doctor);
	look_at_stopped(doctor);
}

/* --- lists ---------------------------------------------------------------- */

static void
open_lists(struct doctor *doctor)
{
	const struct conf *conf = doctor->conf;

	if (conf->common_passwords[0] != '\0')
		filter_close(filter_open(
			conf->common_passwords, "common_passwords"));
	if (conf->leaked_secrets[0] != '\0')
		filter_close(
			filter_open(conf->leaked_secrets, "leaked_secrets"));
}

static void
look_at_lists(struct doctor *doctor)
{
	listen_to(
		doctor, open_lists, edits_setting(doctor, "common_passwords"));
	if (doctor->conf->common_passwords[0] == '\0')
		find_setting(doctor, "common_passwords", FINDING_WARNING,
			"common_passwords is empty: people can have passwords "
			"that attackers try first");
}

/* --- as the owner of the state ------------------------------------------- */

static void
open_site(struct doctor *doctor)
{
	struct cli *cli = doctor->cli;

	doctor->opened = site_open(&cli->site, cli->conf_file) &&
			 cli_become_owner(cli) &&
			 site_confine_parent(&cli->site);
	doctor->stored = doctor->opened && site_has_store(&cli->site);
	if (doctor->stored)
		health_look(
			&cli->site, mail_health, site_now(), &doctor->health);
	doctor->bytes = store_room_bytes(&doctor->health.room);
}

/* The variables of a JWT secret. Of another environment than the programs' they
 * are wrong in any case. */
#define UNSET                                                                  \
	"unset LATCHKEY_JWT_SECRET LATCHKEY_JWT_SECRET_FILE "                  \
	"ACTIAN_VECTORAI_JWT_SECRET ACTIAN_VECTORAI_JWT_SECRET_FILE"

static bool
has_secret(void)
{
	return getenv("LATCHKEY_JWT_SECRET") != NULL ||
	       getenv("LATCHKEY_JWT_SECRET_FILE") != NULL ||
	       getenv("ACTIAN_VECTORAI_JWT_SECRET") != NULL ||
	       getenv("ACTIAN_VECTORAI_JWT_SECRET_FILE") != NULL;
}

/* The command that says what is wrong with the store; the caller frees. */
static char *
look_closer(const struct doctor *doctor)
{
	return mem_printf("%s %s", self(doctor),
		pq_uri_is(doctor->conf->store) ? "store status"
					       : "check --files");
}

/* What is left to be wrong is a secret in the environment; and the store may
 * say in the log why it cannot be had. */
static void
look_at_site(struct doctor *doctor)
{
	char *mend = look_closer(doctor);

	listen_to(doctor, open_site, has_secret() ? UNSET : mend);
	if (doctor->opened && !doctor->stored) {
		finding_add(&doctor->found, FINDING_WARNING,
			"there is no store: the first account makes one, and "
			"latchkey restore brings a backup back");
		finding_mend(&doctor->found, "%s user add admin --admin",
			self(doctor));
	}
	if (doctor->found.level == FINDING_NONE &&
		(doctor->health.failed & 1U << HEALTH_STORE) != 0) {
		finding_add(&doctor->found, FINDING_ERROR, "store: %s",
			doctor->health.why[HEALTH_STORE]);
		/* What it lacks is on another machine. */
		if (!keys_lack(doctor->cli->site.keys))
			finding_mend(&doctor->found, "%s", mend);
	}
	mem_free(mend);
}

/* What one of health.h's checks has found. False if nothing. */
static bool
find_health(struct doctor *doctor, enum health_check check,
	enum finding_level level)
{
	if ((doctor->health.failed & 1U << check) == 0)
		return false;
	finding_add(&doctor->found, level, "%s: %s", health_names[check],
		doctor->health.why[check]);
	return true;
}

static void
look_at_room(struct doctor *doctor)
{
	const struct store_room *room = &doctor->health.room;

	if (find_health(doctor, HEALTH_DISK, FINDING_ERROR))
		finding_mend(&doctor->found, "%s",
			edits_setting(doctor, "disk_reserve"));
	else if (room->free < 2 * room->reserve)
		find_setting(doctor, "disk_reserve", FINDING_WARNING,
			"disk: less than twice disk_reserve is free: make "
			"room, or lower disk_reserve");
}

static void
look_at_clock(struct doctor *doctor)
{
	if (find_health(doctor, HEALTH_CLOCK, FINDING_ERROR))
		finding_mend(&doctor->found, "timedatectl set-ntp true");
}

static void
look_at_administrators(struct doctor *doctor)
{
	struct store *store = doctor->cli->site.store;
	enum status status = store_begin(store, STORE_READ);
	bool any = true;

	if (status == STATUS_OK)
		status = admins_any(store, &any);
	store_abort(store);
	if (status == STATUS_OK && !any) {
		finding_add(&doctor->found, FINDING_WARNING,
			"there is no enabled administrator");
		finding_mend(&doctor->found, "%s user add admin --admin",
			self(doctor));
	}
}

static void
look_at_switch(struct doctor *doctor)
{
	bool enabled;

	if (auth_enabled_get(&doctor->cli->site, &enabled) == STATUS_OK &&
		!enabled) {
		finding_add(&doctor->found, FINDING_ERROR,
			"auth_enabled is off: verify lets everybody in");
		finding_mend(&doctor->found, "%s auth enabled", self(doctor));
	}
}

/* --- the records --------------------------------------------------------- */

static void
find_problem(
	void *context, const char *kind, const char *key, const char *problem)
{
	struct doctor *doctor = context;

	finding_add(
		&doctor->found, FINDING_ERROR, "%s %s: %s", kind, key, problem);
	finding_mend(&doctor->found, "%s check --files", self(doctor));
}

/* What `latchkey check` does, where it takes no longer than the other checks
 * do. */
static void
check_records(struct doctor *doctor)
{
	struct integrity check = {.site = &doctor->cli->site,
		.report = find_problem,
		.context = doctor};

	integrity_check(&check);
}

static void
look_at_records(struct doctor *doctor)
{
	char *mend;

	if (doctor->bytes > SMALL) {
		finding_add(&doctor->found, FINDING_NONE,
			"not looked at, as the store has %llu MB; this does",
			(unsigned long long)(doctor->bytes / 1000000));
		finding_mend(&doctor->found, "%s check", self(doctor));
		return;
	}
	mend = look_closer(doctor);
	listen_to(doctor, check_records, mend);
	mem_free(mend);
}

/* --- callers that all look like one -------------------------------------- */

struct callers {
	char network[64];
	char accounts[PEOPLE][NAME_ID_SIZE];
	int lines, people;
	bool differ;
};

/* False once no more need be seen. */
static bool
take_caller(struct callers *callers, const char *network, const char *account)
{
	int i = 0;

	if (network[0] == '\0')
		return true;
	if (callers->lines++ == 0)
		snprintf(callers->network, sizeof callers->network, "%s",
			network);
	callers->differ = strcmp(callers->network, network) != 0;
	while (i < callers->people &&
		strcmp(callers->accounts[i], account) != 0)
		i++;
	if (account[0] != '\0' && i == callers->people && i < PEOPLE)
		snprintf(callers->accounts[callers->people++], NAME_ID_SIZE,
			"%s", account);
	return !callers->differ && callers->lines < CALLERS;
}

/* A guesser has others' names as well, and his address would become one that
 * nginx believes: what was refused does not count. */
static bool
take_event(void *context, struct json_object *event)
{
	const char *network = json_string(event, "network");
	const char *account = json_string(event, "account");
	const char *outcome = json_string(event, "outcome");

	return network == NULL || outcome == NULL ||
	       strcmp(outcome, "ok") != 0 ||
	       take_caller(context, network, account == NULL ? "" : account);
}

/* Where the audit is in no file: those who are signed in by a browser. */
static enum status
take_sessions(const struct site *site, struct callers *callers)
{
	struct session_record session;
	struct store_walk walk;
	bool more = true;

	store_walk_begin(&walk, site->store, STORE_SESSION, "");
	while (more && store_walk_next(&walk))
		if (session_record_read(walk.record, &session) == NULL)
			more = take_caller(
				callers, session.network, session.account);
	return store_walk_end(&walk);
}

/* An address that a proxy, a tunnel or a container has, and not an office whose
 * people all come from one. */
static bool
is_inside(const char *network)
{
	static const char *const beginnings[] = {"127.", "10.", "192.168.",
		"172.", "::1", "fc", "fd", "fe80:", NULL};
	int i = 0;

	while (beginnings[i] != NULL &&
		strncmp(network, beginnings[i], strlen(beginnings[i])) != 0)
		i++;
	return beginnings[i] != NULL;
}

static void
read_callers(struct doctor *doctor)
{
	const struct site *site = &doctor->cli->site;
	struct callers callers = {.lines = 0};
	char cursor[AUDIT_CURSOR_SIZE] = "";
	enum status status =
		audit_read(site->audit, cursor, take_event, &callers);
	const char *what = "requests";

	if (status == STATUS_NOT_KEPT_HERE && doctor->stored) {
		status = take_sessions(site, &callers);
		what = "sessions";
	}
	if (status != STATUS_OK || callers.differ || callers.lines < CALLERS ||
		callers.people < PEOPLE || !is_inside(callers.network))
		return;
	finding_add(&doctor->found, FINDING_WARNING,
		"the last %d %s of several people all came from %s: a proxy "
		"hides who its clients are, and wrong tries of one are "
		"everyone's",
		callers.lines, what, callers.network);
	finding_mend(&doctor->found,
		"printf 'set_real_ip_from %%s; real_ip_header "
		"X-Forwarded-For;\\n' %s "
		">/etc/nginx/conf.d/latchkey-proxy.conf && nginx -s reload",
		print_word(callers.network));
}

static void
look_at_callers(struct doctor *doctor)
{
	char *mend = mem_printf("ls -l %s", print_word(doctor->conf->audit));

	listen_to(doctor, read_callers, mend);
	mem_free(mend);
}

/* --- mail ---------------------------------------------------------------- */

static void
read_mail(struct doctor *doctor)
{
	bool program = mail_program_check(doctor->conf);
	bool good = mail_template_check(doctor->conf);
	bool all = mail_template_complete(doctor->conf);
	const char *address = cli_option(doctor->cli, "--mail");

	if (!program || !good || !all || address == NULL)
		return;
	/* Of a program that ends before it has read all. */
	signal(SIGPIPE, SIG_IGN);
	mail_send_test(&doctor->cli->site, address);
}

static void
look_at_mail(struct doctor *doctor)
{
	bool systemd = access(SYSTEMD, F_OK) == 0;

	if (!conf_mails(doctor->conf)) {
		find_setting(doctor, "mail_command",
			cli_option(doctor->cli, "--mail") != NULL
				? FINDING_ERROR
				: FINDING_WARNING,
			"mail_command is empty: no mail is sent, and people "
			"have their codes from you");
		return;
	}
	listen_to(doctor, read_mail, edits_setting(doctor, "mail_command"));
	if (!find_health(doctor, HEALTH_MAIL, FINDING_WARNING))
		return;
	if (systemd)
		finding_mend(&doctor->found,
			"systemctl enable --now latchkey-mail.service");
	else
		finding_mend(
			&doctor->found, "%s mail send --once", self(doctor));
}

/* --- pages --------------------------------------------------------------- */

static void
read_pages(struct doctor *doctor)
{
	page_check(doctor->conf);
}

static void
look_at_pages(struct doctor *doctor)
{
	listen_to(doctor, read_pages, edits_setting(doctor, "pages"));
}

/* --- from outside -------------------------------------------------------- */

static void
look_at_served(struct doctor *doctor)
{
	doctor_url_ask_site(&doctor->found, doctor->conf);
}

/* --- the table ------------------------------------------------------------ */

/* What a check takes to look. */
enum needs { NOTHING, SETTINGS, SITE, STORE, RECORDS };

static const struct check {
	const char *name;
	look_at *look;
	enum needs needs;
	bool first; /* with an error here the site is not opened */
} checks[] = {
	{"settings", look_at_conf, NOTHING, true},
	{"units", look_at_units, NOTHING, false},
	{"group", look_at_group, NOTHING, false},
	{"sockets", look_at_sockets, NOTHING, false},
	{"state", look_at_state, SETTINGS, true},
	{"key", look_at_key, SETTINGS, false},
	{"versions", look_at_versions, SETTINGS, false},
	{"lists", look_at_lists, SETTINGS, true},
	{"address", look_at_address, SETTINGS, false},
	/* From here on as the owner of the state. */
	{"store", look_at_site, SETTINGS, false},
	{"room", look_at_room, STORE, false},
	{"clock", look_at_clock, STORE, false},
	{"administrator", look_at_administrators, RECORDS, false},
	{"auth_enabled", look_at_switch, RECORDS, false},
	{"records", look_at_records, RECORDS, false},
	{"callers", look_at_callers, SITE, false},
	{"mail", look_at_mail, SITE, false},
	{"pages", look_at_pages, SITE, false},
	{"served", look_at_served, SITE, false},
	{NULL, NULL, NOTHING, false},
};

static void
print_findings(const struct doctor *doctor, const char *name)
{
	size_t i, count = json_object_array_length(doctor->found.list);
	const struct json_object *finding;
	const char *command;

	if (count == 0)
		print_line(stdout, "ok       %s", name);
	for (i = 0; i < count; i++) {
		finding = json_object_array_get_idx(doctor->found.list, i);
		command = json_string(finding, "command");
		print_line(stdout, "%-8s %s: %s",
			json_string(finding, "result"), name,
			json_string(finding, "what"));
		if (command != NULL)
			print_line(stdout, "         %s", command);
	}
}

static void
begin(struct doctor *doctor)
{
	findings_begin(&doctor->found);
}

static void
end(struct doctor *doctor, const char *name)
{
	struct json_object *object;

	if (doctor->found.level > doctor->worst)
		doctor->worst = doctor->found.level;
	if (cli_option(doctor->cli, "--json") == NULL) {
		print_findings(doctor, name);
		json_object_put(doctor->found.list);
	} else {
		object = json_new_object();
		json_add_string(object, "check", name);
		json_add_string(
			object, "result", finding_words[doctor->found.level]);
		json_add(object, "findings", doctor->found.list);
		print_json(object);
	}
	doctor->found.list = NULL;
}

/* Of a store that is a database: a check for each thing that can be wrong with
 * one, but for those that have nothing to look at. */
static void
look_at_database(struct doctor *doctor)
{
	const struct site *site = &doctor->cli->site;
	struct database database;
	size_t i;

	if (!doctor->opened || !store_is_shared(site->store))
		return;
	database_look(site, &database);
	doctor->bytes = database_bytes(&database);
	for (i = 0; database_checks[i].name != NULL; i++) {
		if (!database_shows(&database, &database_checks[i]))
			continue;
		begin(doctor);
		database_checks[i].look(&database, &doctor->found);
		end(doctor, database_checks[i].name);
	}
	database_free(&database);
}

/* Whether the records can be had. The keys that a machine lacks are none. */
static bool
has_records(const struct doctor *doctor)
{
	return (doctor->health.failed & 1U << HEALTH_STORE) == 0 ||
	       keys_lack(doctor->cli->site.keys);
}

static bool
has(const struct doctor *doctor, enum needs needs)
{
	return (needs < SETTINGS || doctor->conf != NULL) &&
	       (needs < SITE || doctor->opened) &&
	       (needs < STORE || doctor->stored) &&
	       (needs < RECORDS || has_records(doctor));
}

/* A check that another's fault keeps from looking is left out. */
static void
look_here(struct doctor *doctor)
{
	const struct check *check = checks;
	bool ready = true;

	for (; check->name != NULL; check++) {
		if (!has(doctor, check->needs) ||
			(check->look == look_at_site && !ready))
			continue;
		begin(doctor);
		check->look(doctor);
		ready = ready &&
			(!check->first || doctor->found.level != FINDING_ERROR);
		end(doctor, check->name);
		if (check->look == look_at_site)
			look_at_database(doctor);
	}
}

static int
run(struct cli *cli)
{
	struct doctor doctor = {.cli = cli};
	int i;

	for (i = 0; i < cli->count; i++)
		if (!doctor_url_is(cli->words[i]))
			return cli_misused(cli->command,
				"not an address, https://...:", cli->words[i]);
	if (cli->count > 0 && cli_option(cli, "--mail") != NULL)
		return cli_misused(
			cli->command, "not with an address:", "--mail");
	if (cli->count == 0)
		look_here(&doctor);
	for (i = 0; i < cli->count; i++) {
		begin(&doctor);
		doctor_url_ask(&doctor.found, cli->words[i]);
		end(&doctor, cli->words[i]);
	}
	conf_free(doctor.conf);
	return (int)doctor.worst;
}

const struct cli_command cli_doctor_commands[] = {
	{"doctor", NULL, "[--json] [--mail ADDRESS] [URL...]",
		"Finds what people get wrong, and says the command that mends "
		"it; with --mail it\n      sends a test mail. With addresses "
		"it asks those from outside instead, which are\n      to be "
		"protected. Exit status: 0 all is well, 1 warnings, 2 errors.",
		run, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
