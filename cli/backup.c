/* backup.c - latchkey backup
 *
 * All of it is done as the owner of the state, also where root has started it.
 * The directory has to be that owner's, and nobody else may write there: so no
 * other user can put a link or another directory in its place meanwhile. The
 * command goes into the directory first, and names what is in it without a
 * path. */
#include "config.h"

#include "cli.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "manifest.h"
#include "print.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum {
	NAME = 32,       /* of a backup, "latchkey-20261130T090500Z" */
	ROOM = 16 << 20, /* for what grows meanwhile, and libdb's regions */
	KEEP_DIGITS = 4, /* of --keep */
};

/* The same name with it: a backup that is being made, or deleted. */
static const char unfinished[] = ".tmp";

struct backup {
	const struct site *site;
	int dir; /* which the command is in */
	char name[NAME];
	char temporary[NAME + sizeof unfinished];
	struct manifest manifest;
	struct store_copied copied;
};

/* --- its directory ------------------------------------------------------ */

static bool
refuse(const char *path, const char *why)
{
	print_line(stderr, "latchkey backup: %s: %s", path, why);
	return false;
}

/* The directory has to be that of the user that the command has become. */
static const char *
not_ours(const char *path)
{
	static char *why;
	struct passwd *user = getpwuid(geteuid());
	struct group *group = getgrgid(getegid());

	mem_free(why);
	why = user == NULL || group == NULL
		      ? mem_printf("it has to be the user's that state_dir is, "
				   "%u's",
				(unsigned)geteuid())
		      : mem_printf("it has to be the user's that state_dir is, "
				   "where that user can get to: install -d -m "
				   "0700 -o %s -g %s %s",
				user->pw_name, group->gr_name,
				print_word(path));
	return why;
}

/* What errno says, or what is behind it here. */
static const char *
reason(const char *path)
{
	return errno == EACCES || errno == EPERM ? not_ours(path)
						 : strerror(errno);
}

/* What is wrong with the directory; NULL: nothing. */
static const char *
flaw_of(const char *path, int dir)
{
	struct stat file;

	if (dir < 0 || fstat(dir, &file) != 0)
		return reason(path);
	if (file.st_uid != geteuid())
		return not_ours(path);
	if (file_others_write(&file))
		return "others can write into it; make it 0700";
	return flock(dir, LOCK_EX | LOCK_NB) == 0
		       ? NULL
		       : "another backup is being made there";
}

/* Makes the directory if it is missing, goes into it, and locks it. */
static bool
go_into(struct backup *backup, const char *path)
{
	const char *flaw;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return refuse(path, reason(path));
	backup->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	flaw = flaw_of(path, backup->dir);
	if (flaw == NULL && fchdir(backup->dir) != 0)
		flaw = strerror(errno);
	return flaw == NULL || refuse(path, flaw);
}

/* On the state's own disk the reserve has to stay, since a recovery needs it.
 */
static bool
has_room(const struct backup *backup)
{
	const struct conf *conf = backup->site->conf;
	char *store = site_store_dir(conf);
	uint64_t need = ROOM, room = 0;
	struct stat here, there;
	struct store_room measured;
	struct statvfs fs;

	if (store_measure(backup->site->store, &measured))
		need += store_room_bytes(&measured);
	if (fstat(backup->dir, &here) == 0 && stat(store, &there) == 0 &&
		here.st_dev == there.st_dev)
		need += conf->disk_reserve;
	if (fstatvfs(backup->dir, &fs) == 0)
		room = (uint64_t)fs.f_bavail * fs.f_frsize;
	mem_free(store);
	if (room >= need)
		return true;
	print_line(stderr,
		"latchkey backup: no room: %llu bytes are needed, %llu are "
		"free",
		(unsigned long long)need, (unsigned long long)room);
	return false;
}

/* A backup of a store that has just been made anew, since its file system is
 * not mounted for example, would take the place of a good one. */
static bool
has_store(const struct backup *backup)
{
	struct store_room room;

	return (store_measure(backup->site->store, &room) && room.newest > 0) ||
	       refuse(backup->site->conf->state_dir, "there is no store in it");
}

/* --- backups that are there --------------------------------------------- */

/* Whether a backup is called so, with that after it. */
static bool
is_name(const char *name, const char *after)
{
	static const char form[] = "latchkey-00000000T000000Z";
	size_t i, length = sizeof form - 1;

	for (i = 0; i < length; i++)
		if (form[i] == '0' ? name[i] < '0' || name[i] > '9'
				   : name[i] != form[i])
			return false;
	return strcmp(name + length, after) == 0;
}

static bool
is_part(const char *name)
{
	return store_copy_has(name) || strncmp(name, "__db.", 5) == 0 ||
	       strncmp(name, MANIFEST_FILE, strlen(MANIFEST_FILE)) == 0;
}

/* Deletes what a backup can have in it, and the directory if nothing else is
 * there. */
static bool
delete_backup(const char *name)
{
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool good = dir != NULL;

	while (good && (entry = readdir(dir)) != NULL)
		good = !is_part(entry->d_name) ||
		       unlinkat(fd, entry->d_name, 0) == 0;
	good = good && unlinkat(AT_FDCWD, name, AT_REMOVEDIR) == 0;
	if (!good)
		refuse(name, strerror(errno));
	if (dir != NULL)
		closedir(dir);
	else
		file_close(fd);
	return good;
}

/* Whether this installation has made it. */
static bool
is_ours(const struct backup *backup, const char *name)
{
	struct manifest *manifest = mem_zero(sizeof *manifest);
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat file;
	bool ours =
		fd >= 0 && fstat(fd, &file) == 0 && file.st_uid == geteuid() &&
		manifest_read(fd, manifest) == NULL &&
		strcmp(manifest->installation, backup->manifest.installation) ==
			0;

	file_close(fd);
	mem_free(manifest);
	return ours;
}

/* The names here that are like this, in order; the caller frees. */
static struct dirent **
list(const char *after, int *count)
{
	struct dirent **names;
	int i, all = scandir(".", &names, NULL, alphasort), left = 0;

	for (i = 0; i < all; i++)
		if (is_name(names[i]->d_name, after))
			names[left++] = names[i];
		else
			free(names[i]);
	*count = left;
	if (all >= 0)
		return names;
	return NULL;
}

static void
free_list(struct dirent **names, int count)
{
	while (count > 0)
		free(names[--count]);
	free(names);
}

/* A backup that is not whole is no backup: what a death has left goes. */
static void
delete_unfinished(void)
{
	struct dirent **names;
	int i, count;

	names = list(unfinished, &count);
	for (i = 0; i < count; i++)
		delete_backup(names[i]->d_name);
	free_list(names, count);
}

/* The name comes first: what is left of one that is half deleted is no
 * backup. */
static bool
retire(const char *name)
{
	char *temporary = mem_printf("%s%s", name, unfinished);
	bool good = rename(name, temporary) == 0;

	if (!good)
		refuse(name, strerror(errno));
	good = good && delete_backup(temporary);
	mem_free(temporary);
	return good;
}

/* Deletes all but the newest of those that this installation has made. The one
 * of now is the newest, even if the clock was ahead when others were made. */
static bool
keep_newest(const struct backup *backup, int keep)
{
	struct dirent **names;
	bool good = true;
	int i, count;

	names = list("", &count);
	keep--;
	for (i = count - 1; i >= 0; i--)
		if (strcmp(names[i]->d_name, backup->name) != 0 &&
			is_ours(backup, names[i]->d_name) && --keep < 0)
			good = retire(names[i]->d_name) && good;
	free_list(names, count);
	return good;
}

/* --- making one --------------------------------------------------------- */

/* Names it after the time, or the next second that no backup is of. */
static void
choose_name(struct backup *backup)
{
	int64_t at = site_now();
	struct tm tm;
	time_t time;

	do {
		time = (time_t)at++;
		gmtime_r(&time, &tm);
		strftime(backup->name, NAME, "latchkey-%Y%m%dT%H%M%SZ", &tm);
	} while (faccessat(AT_FDCWD, backup->name, F_OK, AT_SYMLINK_NOFOLLOW) ==
		 0);
	backup->manifest.made = at - 1;
	snprintf(backup->temporary, sizeof backup->temporary, "%s%s",
		backup->name, unfinished);
}

static enum status
make(struct backup *backup)
{
	enum status status;

	delete_unfinished();
	if (!has_store(backup) || !has_room(backup) ||
		!manifest_begin(backup->site, &backup->manifest))
		return STATUS_UNAVAILABLE;
	choose_name(backup);
	if (mkdir(backup->temporary, 0700) != 0) {
		refuse(backup->temporary, strerror(errno));
		return STATUS_UNAVAILABLE;
	}
	status = store_copy(
		backup->site->store, backup->temporary, &backup->copied);
	if (status == STATUS_OK &&
		(!manifest_write(&backup->manifest, backup->temporary) ||
			!file_sync_dir(backup->temporary)))
		status = STATUS_UNAVAILABLE;
	return status;
}

static enum status
publish(const struct backup *backup)
{
	if (rename(backup->temporary, backup->name) == 0 && file_sync_dir("."))
		return STATUS_OK;
	refuse(backup->name, strerror(errno));
	return STATUS_UNAVAILABLE;
}

/* --- as a stream --------------------------------------------------------- */

/* ustar, as POSIX has it (pax(1)). Debian's libarchive would do the same, but
 * would be a library more in the process that reads every secret; a header is
 * these few lines. Names are short, and a size that does not fit its eleven
 * digits is written in base 256, as GNU tar, bsdtar and Python read it. */
struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12];
	char checksum[8], type, link[100], magic[8], rest[247];
};
enum { TAR_BLOCK = 512, TAR_RECORD = 10240 };
static_assert(sizeof(struct ustar) == TAR_BLOCK, "a block");

static void
put_size(char field[12], uint64_t size)
{
	int i;

	if (size < (uint64_t)1 << 33) {
		snprintf(field, 12, "%011llo", (unsigned long long)size);
		return;
	}
	for (i = 11; i > 0; i--, size >>= 8)
		field[i] = (char)(unsigned char)(size & 0xff);
	field[0] = (char)0x80;
}

static bool
put_header(
	const struct backup *backup, const char *name, char type, uint64_t size)
{
	struct ustar header = {.type = type, .magic = "ustar\00000"};
	const unsigned char *bytes = (const unsigned char *)&header;
	unsigned sum = 0;
	size_t i;

	snprintf(header.name, sizeof header.name, "%s/%s", backup->name, name);
	snprintf(header.mode, sizeof header.mode, "%07o",
		type == '5' ? 0700U : 0600U);
	strcpy(header.uid, "0000000");
	strcpy(header.gid, "0000000");
	put_size(header.size, size);
	snprintf(header.mtime, sizeof header.mtime, "%011llo",
		(unsigned long long)backup->manifest.made);
	memset(header.checksum, ' ', sizeof header.checksum);
	for (i = 0; i < sizeof header; i++)
		sum += bytes[i];
	snprintf(header.checksum, sizeof header.checksum, "%06o", sum);
	return file_write(STDOUT_FILENO, (const char *)bytes, sizeof header);
}

/* All of a file, and zeros to the end of its last block. */
static bool
put_content(int fd, uint64_t size)
{
	char *block = mem_zero(TAR_RECORD);
	bool good = true;
	size_t length;

	while (good && size > 0) {
		length = size < TAR_RECORD ? (size_t)size : TAR_RECORD;
		memset(block, 0, TAR_RECORD);
		good = file_read(fd, block, length) == (ssize_t)length &&
		       file_write(STDOUT_FILENO, block,
			       (length + TAR_BLOCK - 1) / TAR_BLOCK *
				       TAR_BLOCK);
		size -= length;
	}
	explicit_bzero(block, TAR_RECORD); /* keys were in there */
	mem_free(block);
	return good;
}

static bool
put_file(const struct backup *backup, const char *name)
{
	char *path = mem_printf("%s/%s", backup->temporary, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat file;
	bool good = fd >= 0 && fstat(fd, &file) == 0 &&
		    put_header(backup, name, '0', (uint64_t)file.st_size) &&
		    put_content(fd, (uint64_t)file.st_size);

	file_close(fd);
	mem_free(path);
	return good;
}

/* The manifest comes last: a stream that was cut has none. */
static bool
put_stream(const struct backup *backup)
{
	static const char end[TAR_RECORD];
	bool good = put_header(backup, "", '5', 0);
	size_t i;

	for (i = 0; i < backup->manifest.count && good; i++)
		good = put_file(backup, backup->manifest.files[i].name);
	return good && put_file(backup, MANIFEST_FILE) &&
	       file_write(STDOUT_FILENO, end, 2 * TAR_BLOCK);
}

static enum status
stream(const struct backup *backup)
{
	bool good;

	/* If the reader has gone, the copy goes, too. */
	signal(SIGPIPE, SIG_IGN);
	good = put_stream(backup);
	if (!good)
		refuse("standard output", strerror(errno));
	delete_backup(backup->temporary);
	return good ? STATUS_OK : STATUS_UNAVAILABLE;
}

/* --- all of it ----------------------------------------------------------- */

/* Opens the site, and goes where the backup is to be: as the owner, and before
 * the sandbox. A stream is made of a backup in state_dir, which nobody else can
 * get into. */
static bool
open_site(struct cli *cli, struct backup *backup, bool streams)
{
	char *dir;
	bool good;

	if (!site_open(&cli->site, cli->conf_file) || !cli_become_owner(cli))
		return false;
	backup->site = &cli->site;
	dir = streams ? conf_in_state(cli->site.conf, "backup")
		      : mem_copy(cli->words[0]);
	good = go_into(backup, dir) && site_confine_around(&cli->site, ".");
	mem_free(dir);
	return good;
}

static void
say_made(const struct backup *backup, bool streams)
{
	print_line(streams ? stderr : stdout,
		"%s: %llu bytes; requests waited for %llu.%llu ms at most%s",
		backup->name, (unsigned long long)backup->copied.bytes,
		(unsigned long long)backup->copied.longest / 1000,
		(unsigned long long)backup->copied.longest / 100 % 10,
		backup->copied.begun > 1 ? "; begun anew meanwhile" : "");
	if (backup->manifest.secrets)
		print_line(streams ? stderr : stdout,
			"these are the secrets of this machine; the records "
			"are in the database, whose own means make their "
			"backup: pgBackRest, pg_basebackup, pg_dump");
}

static int
run(struct cli *cli, struct backup *backup, int keep)
{
	bool streams = strcmp(cli->words[0], "-") == 0;
	enum status status;

	if (!open_site(cli, backup, streams))
		return CLI_REFUSED;
	status = make(backup);
	if (status == STATUS_OK)
		status = streams ? stream(backup) : publish(backup);
	else if (backup->temporary[0] != '\0')
		delete_backup(backup->temporary);
	cli_audit(&cli->site, "backup", status, &cli->account, backup->name);
	if (status != STATUS_OK)
		return cli_result(cli, cli->words[0], status);
	say_made(backup, streams);
	return keep == 0 || keep_newest(backup, keep) ? CLI_OK : CLI_REFUSED;
}

/* How many to keep; 0: all. CLI_USAGE, said on standard error. */
static int
read_keep(const struct cli *cli, int *keep)
{
	const char *text = cli_option(cli, "--keep");

	*keep = 0;
	if (text == NULL)
		return CLI_OK;
	if (strspn(text, "0123456789") == strlen(text) &&
		strlen(text) <= KEEP_DIGITS)
		*keep = atoi(text);
	if (*keep == 0)
		return cli_misused(
			cli->command, "not a number from 1 to 9999:", text);
	return strcmp(cli->words[0], "-") == 0
		       ? cli_misused(cli->command,
				 "a stream keeps nothing:", "--keep")
		       : CLI_OK;
}

static int
make_backup(struct cli *cli)
{
	struct backup *backup;
	int keep, result = read_keep(cli, &keep);

	if (result != CLI_OK)
		return result;
	if (strcmp(cli->words[0], "-") == 0 && isatty(STDOUT_FILENO))
		return cli_misused(cli->command,
			"standard output is a terminal; a tar goes to a file "
			"or program",
			NULL);
	backup = mem_zero(sizeof *backup);
	backup->dir = -1;
	result = run(cli, backup, keep);
	file_close(backup->dir);
	mem_free(backup);
	return result;
}

const struct cli_command cli_backup_commands[] = {
	{"backup", NULL, "[--keep N] DIR|-",
		"Makes a backup in DIR while the programs serve; - writes a "
		"tar file to standard\n      output. --keep deletes all but "
		"the newest N that it has made there.",
		make_backup, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
