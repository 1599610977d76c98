/* config.c - latchkey config */
#include "config.h"

#include "cli.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "mail/mail-program.h"
#include "mail/mail-template.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- would the programs start, and mails go? --------------------------- */

/* False, with the reason in the log, if the file is another user's: one that
 * root has made there, for example, shuts the programs out. A missing file is
 * no problem. */
static bool
is_ours(const char *setting, const char *path, struct stat *file)
{
	if (lstat(path, file) != 0 || file->st_uid == geteuid())
		return true;
	log_error("%s: %s belongs to uid %u, so uid %u cannot work with it: "
		  "chown it, or run this as root",
		setting, path, (unsigned)file->st_uid, (unsigned)geteuid());
	return false;
}

/* Checks the directory, and the files in it. Other directories in it, such as a
 * file system's lost+found, are not latchkey's. */
static bool
is_all_ours(const char *setting, const char *dir)
{
	struct dirent *entry;
	struct stat file;
	bool ours = is_ours(setting, dir, &file);
	DIR *list = ours ? opendir(dir) : NULL;
	char *path;

	while (list != NULL && ours && (entry = readdir(list)) != NULL) {
		path = mem_printf("%s/%s", dir, entry->d_name);
		ours = (lstat(path, &file) == 0 && S_ISDIR(file.st_mode)) ||
		       is_ours(setting, path, &file);
		mem_free(path);
	}
	if (list != NULL)
		closedir(list);
	return ours;
}

/* Checks as the owner of the state: root would see no problem. */
static bool
has_state(const struct cli *cli)
{
	const struct conf *conf = cli->site.conf;
	char *store = site_store_dir(conf);
	bool good = cli_become_owner(cli) &&
		    is_all_ours("state_dir", conf->state_dir) &&
		    is_all_ours("store", store);

	mem_free(store);
	return good;
}

static bool
sends_mails(const struct conf *conf)
{
	bool program, templates, all;

	if (!conf_mails(conf))
		return true;
	program = mail_program_check(conf);
	templates = mail_template_check(conf);
	all = mail_template_complete(conf);
	return program && templates && all;
}

static bool
tells_events(const struct conf *conf)
{
	return !conf_events(conf) ||
	       program_check(conf->event_command, "event_command",
		       "install it, or write `event_command =` for no events");
}

/* The sandbox comes last: what mails need lies outside of it. */
static bool
works(struct cli *cli, bool mails)
{
	bool state = has_state(cli) && site_open_web_key(&cli->site);
	bool sent = !mails || (sends_mails(cli->site.conf) &&
				      tells_events(cli->site.conf));

	return state && sent && site_confine(&cli->site);
}

/* --- config ------------------------------------------------------------ */

static int
config(struct cli *cli)
{
	/* The whole site: a secret in the environment may be wrong, too. */
	if (!site_open(&cli->site, cli->conf_file))
		return CLI_REFUSED;
	conf_print(cli->site.conf, stdout);
	return works(cli, cli_option(cli, "--programs") == NULL) ? CLI_OK
								 : CLI_REFUSED;
}

const struct cli_command cli_config_commands[] = {
	{"config", NULL, "[--programs]",
		"Shows every setting, its value and where it is set, and what "
		"would keep the\n      programs from starting or mails from "
		"going (--programs: not mails).",
		config, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
