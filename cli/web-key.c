/* web-key.c - latchkey web-key ...: the key by which the web server proves that
 * a request is its own, in the programs' file and in those that web servers
 * include */
#include "config.h"

#include "cli.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Time for the web server to read its configuration again. */
enum { KEEP_SECONDS = 86400 };

/* The files that web servers include. They are root's alone; a web server reads
 * them as root. */
static const struct {
	const char *suffix, *before, *after;
} includes[] = {
	{".nginx",
		"# Made by `latchkey web-key`: by this nginx proves itself to "
		"latchkey. It stands beside the fastcgi_param\n"
		"# lines of latchkey's own locations and nowhere else: an "
		"application that had it could be nginx.\n"
		"fastcgi_param LATCHKEY_PROOF ",
		";\n"},
	{".apache",
		"# Made by `latchkey web-key`: by this Apache proves itself to "
		"latchkey. It stands in latchkey's own\n"
		"# locations and nowhere else: an application that had it "
		"could be Apache.\n"
		"SetEnvIf Request_URI . LATCHKEY_PROOF=",
		"\n"},
	{".env",
		"# Made by `latchkey web-key`: by this another web server "
		"proves itself to latchkey, which reads it by\n"
		"# systemd's EnvironmentFile.\n"
		"LATCHKEY_PROOF=",
		"\n"},
};

/* Changes the keys as a command says. Returns NULL, or why it does not. */
static const char *
change(const char *verb, struct web_keys *keys)
{
	int64_t now = site_now();

	if (strcmp(verb, "make") == 0) {
		if (keys->key[0] == '\0')
			web_keys_rotate(keys, 0);
		return NULL;
	}
	if (strcmp(verb, "drop") == 0) {
		if (keys->before[0] == '\0')
			return "there is no key before this one";
		sodium_memzero(keys->before, sizeof keys->before);
		return NULL;
	}
	if (keys->key[0] == '\0')
		return "there is no key yet; latchkey web-key make";
	if (keys->before[0] != '\0' && now < keys->until)
		return "the key before is good still, and the web server may "
		       "have it; wait, or end it: latchkey web-key drop";
	web_keys_rotate(keys, now + KEEP_SECONDS);
	return NULL;
}

/* --- the files --------------------------------------------------------- */

static bool
write_include(const char *path, size_t which, const struct web_keys *keys)
{
	char *file = mem_printf("%s%s", path, includes[which].suffix);
	char *text = mem_printf("%s%s%s", includes[which].before, keys->key,
		includes[which].after);
	bool good = file_replace(
		file, text, strlen(text), 0600, geteuid(), getegid());

	sodium_memzero(text, strlen(text));
	mem_free(text);
	mem_free(file);
	return good;
}

/* The programs' file first: the web server must not send a key that they do not
 * know. */
static bool
write_all(
	const char *path, const struct stat *owner, const struct web_keys *keys)
{
	char text[WEB_KEY_TEXT_SIZE];
	size_t i, length = web_keys_write(keys, text);
	bool good = file_replace(
		path, text, length, 0400, owner->st_uid, owner->st_gid);

	sodium_memzero(text, sizeof text);
	for (i = 0; good && i < sizeof includes / sizeof includes[0]; i++)
		good = write_include(path, i, keys);
	return good;
}

static bool
is_there(const char *path)
{
	struct stat file;

	return lstat(path, &file) == 0 || errno != ENOENT;
}

/* Changes the keys in the file. `owner` is the owner of state_dir, the
 * programs' user. */
static bool
change_file(const struct cli *cli, const char *path, const struct stat *owner)
{
	struct web_keys keys = {.until = 0};
	bool good =
		!is_there(path) || web_keys_read(path, owner->st_uid, &keys);
	const char *reason = good ? change(cli->command->verb, &keys) : NULL;

	if (reason != NULL)
		log_error("web_key_file: %s: %s", path, reason);
	good = good && reason == NULL && write_all(path, owner, &keys);
	sodium_memzero(&keys, sizeof keys);
	return good;
}

/* One command at a time, in a directory where no other user can put links. */
static int
lock_directory(const char *path)
{
	char *copy = mem_copy(path);
	const char *dir = dirname(copy);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat file;

	if (fd < 0 || fstat(fd, &file) != 0 || flock(fd, LOCK_EX) != 0) {
		log_error("web_key_file: %s: %s", dir, strerror(errno));
	} else if (geteuid() == 0 && !file_is_roots(&file)) {
		log_error("web_key_file: %s: root writes nothing where others "
			  "can; chown it to root, chmod go-w",
			dir);
	} else {
		mem_free(copy);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	mem_free(copy);
	return -1;
}

/* Runs as the operator, who may be root: only root can write root's files. */
static bool
change_key(const struct cli *cli, const struct stat *owner)
{
	const struct conf *conf = cli->site.conf;
	const char *path = conf->web_key_file;
	bool good;
	int lock;

	if (path[0] == '\0') {
		log_error("web_key_file is not set in %s; write: "
			  "web_key_file = " SYSCONFDIR "/web-key",
			conf->file);
		return false;
	}
	if (geteuid() != 0 && owner->st_uid != geteuid()) {
		log_error("web_key_file: root makes it, or the owner of %s",
			conf->state_dir);
		return false;
	}
	lock = lock_directory(path);
	if (lock < 0)
		return false;
	good = change_file(cli, path, owner);
	close(lock);
	return good;
}

static int
run(struct cli *cli)
{
	struct stat owner;

	if (!site_open(&cli->site, cli->conf_file) ||
		!cli_find_owner(cli, &owner) || !change_key(cli, &owner) ||
		!cli_become_owner(cli) || !site_confine(&cli->site))
		return CLI_REFUSED;
	cli_audit(
		&cli->site, cli->command->event, STATUS_OK, &cli->account, "");
	if (strcmp(cli->command->verb, "rotate") == 0)
		puts("The key before is good for a day. Have the web server "
		     "read its configuration again: nginx -s reload, or "
		     "apachectl graceful");
	return CLI_OK;
}

const struct cli_command cli_web_key_commands[] = {
	{"web-key", "make", "",
		"Makes the key by which the web server proves itself, unless "
		"there is one: in\n      web_key_file for the programs, beside "
		"it with .nginx, .apache and .env for\n      the web servers.",
		run, NULL, "web-key-make"},
	{"web-key", "rotate", "",
		"Makes another; the one before is good for a day more.", run,
		NULL, "web-key-rotate"},
	{"web-key", "drop", "", "Ends the one before at once.", run, NULL,
		"web-key-drop"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
