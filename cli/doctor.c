/* doctor.c - latchkey doctor: what people get wrong, and the command that mends
 * it */
#include "config.h"

#include "doctor.h"

#include "account/admins.h"
#include "base/counters.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "mail/mail-program.h"
#include "mail/mail-send.h"
#include "mail/mail-template.h"
#include "print.h"
#include "site/audit-read.h"
#include "site/auth-enabled.h"
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

enum {
	OTHERS = 077,
	EVERYBODY = 07,
	RUN_MS = 30000,
	SAID_SIZE = 4096,
	CALLERS = 20, /* requests and accounts from one address alone: a */
	PEOPLE = 3    /* proxy's, and not one person's */
};

static const char *const level_words[] = {"ok", "warning", "error"};

/* --- findings ------------------------------------------------------------ */

static void __attribute__((format(printf, 3, 0)))
add_text(struct json_object *object, const char *name, const char *format,
	va_list args)
{
	char *text = mem_vprintf(format, args);

	json_add_string(object, name, text);
	mem_free(text);
}

void
doctor_find(
	struct doctor *doctor, enum doctor_level level, const char *format, ...)
{
	struct json_object *finding = json_new_object();
	va_list args;

	if (level > doctor->level)
		doctor->level = level;
	json_add_string(finding, "result", level_words[level]);
	va_start(args, format);
	add_text(finding, "what", format, args);
	va_end(args);
	json_append(doctor->findings, finding);
}

void
doctor_mend(struct doctor *doctor, const char *format, ...)
{
	size_t last = json_object_array_length(doctor->findings) - 1;
	va_list args;

	va_start(args, format);
	add_text(json_object_array_get_idx(doctor->findings, last), "command",
		format, args);
	va_end(args);
}

const char *
doctor_word(const char *text)
{
	static char *words[4];
	static int next;
	char **word = &words[next++ % 4];

	mem_free(*word);
	*word = mem_copy(text[0] == '\0' ? "'" : "");
	if (text[0] != '\0' &&
		text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789/._:=@%+,-")] == '\0')
		return *word = mem_append(*word, "%s", text);
	*word = mem_append(*word, "%s", text[0] == '\0' ? "" : "'");
	for (; *text != '\0'; text++)
		*word = *text == '\'' ? mem_append(*word, "'\\''")
				      : mem_append(*word, "%c", *text);
	return *word = mem_append(*word, "'");
}

/* The command itself, for a line that is to be typed. */
static const char *
self(const struct doctor *doctor)
{
	static char *text;

	mem_free(text);
	text = doctor->cli->conf_file == NULL
		       ? mem_copy("latchkey")
		       : mem_printf("latchkey --config %s",
				 doctor_word(doctor->cli->conf_file));
	return text;
}

static const char *
edits(const char *file, unsigned long line)
{
	static char *text;

	mem_free(text);
	text = line == 0 ? mem_printf("${EDITOR:-vi} %s", doctor_word(file))
			 : mem_printf("${EDITOR:-vi} +%lu %s", line,
				   doctor_word(file));
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
	enum doctor_level level = DOCTOR_ERROR;
	char file[PATH_MAX];
	unsigned long number;

	if (text == NULL || text > strchr(line, ':') + 2) {
		text = strstr(line, "warning: ");
		level = DOCTOR_WARNING;
	}
	if (text == NULL)
		return;
	text = strstr(text, ": ") + 2;
	number = place_of(text, file);
	doctor_find(doctor, level, "%s", text);
	doctor_mend(doctor, "%s", number > 0 ? edits(file, number) : mend);
}

void
doctor_listen(struct doctor *doctor, doctor_look *look, const char *mend)
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

int
doctor_run(const char *const arguments[], char *said, size_t size)
{
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC), result = -1;
	struct program program;

	said[0] = '\0';
	if (program_start(&program, (char *const *)(uintptr_t)arguments, input,
		    RUN_MS, NULL) == 0) {
		program_wait(&program);
		program_say_why(&program, "", said, size);
		if (program_succeeded(&program))
			result = 0;
		else
			sscanf(said, " ended with status %d", &result);
		said[0] = '\0';
		program_append_said(&program, said, size);
		program_end(&program);
	}
	file_close(input);
	return result;
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
			"install -D -m 0644 /dev/null %s", doctor_word(file));
	else if (geteuid() == 0 && stat(dir, &in) == 0 &&
		 (!file_is_roots(&as) || !file_is_roots(&in)))
		mend = mem_printf("chown root: %s %s && chmod go-w %s %s",
			doctor_word(dir), doctor_word(file), doctor_word(dir),
			doctor_word(file));
	else
		mend = mem_copy(edits(file, 0));
	doctor_listen(doctor, read_conf, mend);
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

	return edits(place->file, place->line);
}

/* A setting whose value is to be thought over. */
static void __attribute__((format(printf, 4, 5)))
find_setting(struct doctor *doctor, const char *key, enum doctor_level level,
	const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	text = mem_vprintf(format, args);
	va_end(args);
	doctor_find(doctor, level, "%s", text);
	doctor_mend(doctor, "%s", edits_setting(doctor, key));
	mem_free(text);
}

static void
look_at_address(struct doctor *doctor)
{
	const struct conf *conf = doctor->conf;
	size_t length;
	const char *host = conf_host(conf, &length);

	if (host == NULL)
		find_setting(doctor, "site_url", DOCTOR_WARNING,
			"site_url is empty: no cookie counts where pages "
			"change something, and mails have no link; write how "
			"browsers call the site");
	else if (!conf_https(conf) &&
		 !(length == 9 && strncmp(host, "localhost", 9) == 0) &&
		 strncmp(host, "127.", 4) != 0 &&
		 strncmp(host, "[::1]", 5) != 0)
		find_setting(doctor, "site_url", DOCTOR_WARNING,
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
		doctor_find(doctor, DOCTOR_ERROR, "%s: %s: %s", setting, dir,
			strerror(errno));
		doctor_mend(doctor, "install -d -m 0700 %s%s %s",
			geteuid() == 0 ? "-o " : "", geteuid() == 0 ? user : "",
			doctor_word(dir));
		return;
	}
	if (geteuid() != 0 && as.st_uid != geteuid()) {
		doctor_find(doctor, DOCTOR_ERROR,
			"%s: %s belongs to uid %u: root can look into it, and "
			"that user",
			setting, dir, (unsigned)as.st_uid);
		doctor_mend(doctor, "sudo %s doctor", self(doctor));
		return;
	}
	if ((as.st_mode & OTHERS) != 0) {
		doctor_find(doctor, DOCTOR_ERROR,
			"%s: %s: mode %04o lets others in, and all secrets are "
			"there",
			setting, dir, (unsigned)as.st_mode & 07777);
		doctor_mend(doctor, "chmod 0700 %s", doctor_word(dir));
	}
	if (as.st_uid == 0 || as.st_uid != doctor->state.st_uid) {
		doctor_find(doctor, DOCTOR_ERROR,
			"%s: %s belongs to uid %u, and the programs run as %s",
			setting, dir, (unsigned)as.st_uid, user);
		doctor_mend(doctor, "chown -hR %s: %s", user, doctor_word(dir));
	} else if ((others = count_others(dir, &as)) > 0) {
		doctor_find(doctor, DOCTOR_ERROR,
			"%s: %s: %d of its files belong to another user than "
			"%s, who cannot work with them",
			setting, dir, others, user);
		doctor_mend(doctor, "chown -hR %s: %s", user, doctor_word(dir));
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
	word = doctor_word(path);
	mend = mem_printf(
		"rm -f %s %s.nginx %s.apache %s.env && %s web-key make", word,
		word, word, word, self(doctor));
	doctor_listen(doctor, read_key, mend);
	for (i = 0; i < 3 && doctor->level == DOCTOR_OK; i++) {
		file = mem_printf("%s%s", path, suffixes[i]);
		if (stat(file, &as) == 0 && (as.st_mode & OTHERS) != 0) {
			doctor_find(doctor, DOCTOR_ERROR,
				"web_key_file: %s: mode %04o lets others read "
				"the key; make another, and have the web "
				"server read it",
				file, (unsigned)as.st_mode & 07777);
			doctor_mend(doctor, "%s", mend);
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
		doctor_find(doctor, DOCTOR_ERROR,
			"%s: mode %04o: whoever opens it can claim to come "
			"from any address",
			found.gl_pathv[i], (unsigned)as.st_mode & 07777);
		doctor_mend(doctor, "chmod 0660 %s",
			doctor_word(found.gl_pathv[i]));
	}
	globfree(&found);
}

/* What may have the group: those who speak for browsers. */
static bool
is_web_server(const char *name)
{
	static const char *const names[] = {
		"nginx", "lighttpd", "caddy", "haproxy", NULL};
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
		doctor_find(doctor, DOCTOR_ERROR,
			"%s is in the group %s: all that runs as that user, "
			"PHP's pages too, can claim to come from any address",
			*member, group->gr_name);
		doctor_mend(doctor, "gpasswd -d %s %s", doctor_word(*member),
			group->gr_name);
	}
	setpwent();
	while ((user = getpwent()) != NULL) {
		if (user->pw_gid != group->gr_gid ||
			is_web_server(user->pw_name))
			continue;
		doctor_find(doctor, DOCTOR_ERROR,
			"%s is the group of %s: all that runs as that user can "
			"claim to come from any address",
			group->gr_name, user->pw_name);
		doctor_mend(doctor, "usermod -g nogroup %s",
			doctor_word(user->pw_name));
	}
	endpwent();
}

static void
look_at_processes(struct doctor *doctor, const struct group *group)
{
	struct process process;
	struct dirent *entry;
	DIR *list = opendir("/proc");

	while (list != NULL && (entry = readdir(list)) != NULL) {
		if (!read_process(entry->d_name, group->gr_gid, &process) ||
			!process.has || process.user == 0 ||
			is_web_server(process.name))
			continue;
		doctor_find(doctor, DOCTOR_ERROR,
			"process %ld (%s) has the group %s, and can claim to "
			"come from any address: take the group out of what "
			"starts it, and then end it",
			process.pid, process.name, group->gr_name);
		doctor_mend(doctor, "kill %ld", process.pid);
	}
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

/* Whether the process counts for this installation: it is latchkey's, wherever
 * its program was. */
static bool
counts_here(const char *pid, const char *counters)
{
	char *path = mem_printf("/proc/%s/maps", pid), line[PATH_MAX + 128];
	FILE *file = fopen(path, "re");
	bool found = false;

	mem_free(path);
	while (file != NULL && !found && fgets(line, sizeof line, file) != NULL)
		found = strstr(line, counters) != NULL;
	if (file != NULL)
		fclose(file);
	return found;
}

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
	char *counters = site_counters(doctor->conf);
	char *pids = mem_copy("");
	struct dirent *entry;
	DIR *list = opendir("/proc");

	while (list != NULL && (entry = readdir(list)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) &&
			is_deleted(entry->d_name) &&
			counts_here(entry->d_name, counters))
			pids = mem_append(pids, " %s", entry->d_name);
	if (list != NULL)
		closedir(list);
	if (pids[0] != '\0') {
		doctor_find(doctor, DOCTOR_WARNING,
			"programs run that are older than those installed, as "
			"process%s",
			pids);
		doctor_mend(doctor, "kill -USR2%s", pids);
	}
	mem_free(pids);
	mem_free(counters);
}

static void
look_at_units(struct doctor *doctor)
{
	const char *const arguments[] = {"/usr/bin/systemctl", "--failed",
		"--plain", "--no-legend", "list-units", "latchkey*", NULL};
	char said[SAID_SIZE], unit[128], *line, *rest = said;

	if (access(SYSTEMD, F_OK) != 0 ||
		doctor_run(arguments, said, sizeof said) != 0)
		return;
	while ((line = strtok_r(rest, ";", &rest)) != NULL) {
		if (sscanf(line, " %127[^ ]", unit) != 1)
			continue;
		doctor_find(doctor, DOCTOR_ERROR, "%s has failed", unit);
		doctor_mend(doctor,
			"systemctl reset-failed %s && systemctl start %s",
			doctor_word(unit), doctor_word(unit));
	}
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
	doctor_listen(
		doctor, open_lists, edits_setting(doctor, "common_passwords"));
	if (doctor->conf->common_passwords[0] == '\0')
		find_setting(doctor, "common_passwords", DOCTOR_WARNING,
			"common_passwords is empty: people can have passwords "
			"that attackers try first");
}

/* --- as the owner of the state ------------------------------------------- */

static void
open_site(struct doctor *doctor)
{
	struct cli *cli = doctor->cli;
	char *store = site_store_dir(doctor->conf);

	doctor->opened = site_open(&cli->site, cli->conf_file) &&
			 cli_become_owner(cli) &&
			 site_confine_parent(&cli->site);
	doctor->stored = doctor->opened && access(store, F_OK) == 0;
	mem_free(store);
	if (doctor->stored)
		health_look(
			&cli->site, mail_health, site_now(), &doctor->health);
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

/* What is left to be wrong is a secret in the environment; and the store may
 * say in the log why it cannot be had. */
static void
look_at_site(struct doctor *doctor)
{
	char *mend = mem_printf("%s check --files", self(doctor));

	doctor_listen(doctor, open_site, has_secret() ? UNSET : mend);
	if (doctor->opened && !doctor->stored) {
		doctor_find(doctor, DOCTOR_WARNING,
			"there is no store yet: the first account makes it");
		doctor_mend(doctor, "%s user add admin --admin", self(doctor));
	}
	if (doctor->level == DOCTOR_OK &&
		(doctor->health.failed & 1U << HEALTH_STORE) != 0) {
		doctor_find(doctor, DOCTOR_ERROR, "store: %s",
			doctor->health.why[HEALTH_STORE]);
		doctor_mend(doctor, "%s", mend);
	}
	mem_free(mend);
}

/* What one of health.h's checks has found. False if nothing. */
static bool
find_health(
	struct doctor *doctor, enum health_check check, enum doctor_level level)
{
	if ((doctor->health.failed & 1U << check) == 0)
		return false;
	doctor_find(doctor, level, "%s: %s", health_names[check],
		doctor->health.why[check]);
	return true;
}

static void
look_at_room(struct doctor *doctor)
{
	const struct store_room *room = &doctor->health.room;

	if (find_health(doctor, HEALTH_DISK, DOCTOR_ERROR))
		doctor_mend(
			doctor, "%s", edits_setting(doctor, "disk_reserve"));
	else if (room->free < 2 * room->reserve)
		find_setting(doctor, "disk_reserve", DOCTOR_WARNING,
			"disk: less than twice disk_reserve is free: make "
			"room, or lower disk_reserve");
}

static void
look_at_clock(struct doctor *doctor)
{
	if (find_health(doctor, HEALTH_CLOCK, DOCTOR_ERROR))
		doctor_mend(doctor, "timedatectl set-ntp true");
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
		doctor_find(doctor, DOCTOR_WARNING,
			"there is no enabled administrator");
		doctor_mend(doctor, "%s user add admin --admin", self(doctor));
	}
}

static void
look_at_switch(struct doctor *doctor)
{
	bool enabled;

	if (auth_enabled_get(&doctor->cli->site, &enabled) == STATUS_OK &&
		!enabled) {
		doctor_find(doctor, DOCTOR_ERROR,
			"auth_enabled is off: verify lets everybody in");
		doctor_mend(doctor, "%s auth enabled", self(doctor));
	}
}

/* --- callers that all look like one -------------------------------------- */

struct callers {
	char network[64];
	char accounts[PEOPLE][NAME_ID_SIZE];
	int lines, people;
	bool differ;
};

static bool
take_caller(void *context, struct json_object *event)
{
	struct callers *callers = context;
	const char *network = json_string(event, "network");
	const char *account = json_string(event, "account");
	const char *outcome = json_string(event, "outcome");
	int i = 0;

	/* A guesser has others' names as well, and his address would become
	 * one that nginx believes. */
	if (network == NULL || network[0] == '\0' || outcome == NULL ||
		strcmp(outcome, "ok") != 0)
		return true;
	if (callers->lines++ == 0)
		snprintf(callers->network, sizeof callers->network, "%s",
			network);
	callers->differ = strcmp(callers->network, network) != 0;
	while (account != NULL && i < callers->people &&
		strcmp(callers->accounts[i], account) != 0)
		i++;
	if (account != NULL && account[0] != '\0' && i == callers->people &&
		i < PEOPLE)
		snprintf(callers->accounts[callers->people++], NAME_ID_SIZE,
			"%s", account);
	return !callers->differ && callers->lines < CALLERS;
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
	struct callers callers = {.lines = 0};
	char cursor[AUDIT_CURSOR_SIZE] = "";

	if (audit_read(doctor->cli->site.audit, cursor, take_caller,
		    &callers) != STATUS_OK ||
		callers.differ || callers.lines < CALLERS ||
		callers.people < PEOPLE || !is_inside(callers.network))
		return;
	doctor_find(doctor, DOCTOR_WARNING,
		"the last %d requests of several people all came from %s: a "
		"proxy hides who its clients are, and wrong tries of one are "
		"everyone's",
		callers.lines, callers.network);
	doctor_mend(doctor,
		"printf 'set_real_ip_from %%s; real_ip_header "
		"X-Forwarded-For;\\n' %s "
		">/etc/nginx/conf.d/latchkey-proxy.conf && nginx -s reload",
		doctor_word(callers.network));
}

static void
look_at_callers(struct doctor *doctor)
{
	char *mend = mem_printf("ls -l %s", doctor_word(doctor->conf->audit));

	doctor_listen(doctor, read_callers, mend);
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
				? DOCTOR_ERROR
				: DOCTOR_WARNING,
			"mail_command is empty: no mail is sent, and people "
			"have their codes from you");
		return;
	}
	doctor_listen(doctor, read_mail, edits_setting(doctor, "mail_command"));
	if (!find_health(doctor, HEALTH_MAIL, DOCTOR_WARNING))
		return;
	if (systemd)
		doctor_mend(
			doctor, "systemctl enable --now latchkey-mail.service");
	else
		doctor_mend(doctor, "%s mail send --once", self(doctor));
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
	doctor_listen(doctor, read_pages, edits_setting(doctor, "pages"));
}

/* --- the table ------------------------------------------------------------ */

/* What a check takes to look. */
enum needs { NOTHING, SETTINGS, SITE, STORE };

static const struct check {
	const char *name;
	doctor_look *look;
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
	{"administrator", look_at_administrators, STORE, false},
	{"auth_enabled", look_at_switch, STORE, false},
	{"callers", look_at_callers, SITE, false},
	{"mail", look_at_mail, SITE, false},
	{"pages", look_at_pages, SITE, false},
	{"served", doctor_ask_site, SITE, false},
	{NULL, NULL, NOTHING, false},
};

static void
print_findings(const struct doctor *doctor, const char *name)
{
	size_t i, count = json_object_array_length(doctor->findings);
	const struct json_object *finding;
	const char *command;

	if (count == 0)
		print_line(stdout, "ok       %s", name);
	for (i = 0; i < count; i++) {
		finding = json_object_array_get_idx(doctor->findings, i);
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
	doctor->level = DOCTOR_OK;
	doctor->findings = json_new_array();
}

static void
end(struct doctor *doctor, const char *name)
{
	struct json_object *object;

	if (doctor->level > doctor->worst)
		doctor->worst = doctor->level;
	if (cli_option(doctor->cli, "--json") == NULL) {
		print_findings(doctor, name);
		json_object_put(doctor->findings);
	} else {
		object = json_new_object();
		json_add_string(object, "check", name);
		json_add_string(object, "result", level_words[doctor->level]);
		json_add(object, "findings", doctor->findings);
		print_json(object);
	}
	doctor->findings = NULL;
}

/* A check that another's fault keeps from looking is left out. */
static void
look_here(struct doctor *doctor)
{
	const struct check *check = checks;
	bool ready = true;

	for (; check->name != NULL; check++) {
		if ((check->needs >= SETTINGS && doctor->conf == NULL) ||
			(check->needs >= SITE && !doctor->opened) ||
			(check->needs == STORE && !doctor->stored) ||
			(check->look == look_at_site && !ready))
			continue;
		begin(doctor);
		check->look(doctor);
		ready = ready &&
			(!check->first || doctor->level != DOCTOR_ERROR);
		end(doctor, check->name);
	}
}

static int
run(struct cli *cli)
{
	struct doctor doctor = {.cli = cli};
	int i;

	for (i = 0; i < cli->count; i++)
		if (!doctor_is_url(cli->words[i]))
			return cli_misused(cli->command,
				"not an address, https://...:", cli->words[i]);
	if (cli->count > 0 && cli_option(cli, "--mail") != NULL)
		return cli_misused(
			cli->command, "not with an address:", "--mail");
	if (cli->count == 0)
		look_here(&doctor);
	for (i = 0; i < cli->count; i++) {
		begin(&doctor);
		doctor_ask(&doctor, cli->words[i]);
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
