/* restore.c - latchkey restore
 *
 * Nothing is touched before every file of the backup has been read and is what
 * the manifest says. Then the store is made beside its place, and goes there
 * whole, by one rename. */
#include "config.h"

#include "cli.h"

#include "account/account-import.h"
#include "account/code.h"
#include "account/factor.h"
#include "account/token.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utc.h"
#include "manifest.h"
#include "print.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	BATCH = 500,      /* records in one commit */
	ROOM = 128 << 20, /* for the log of all that is changed */
};

struct restore {
	const struct site *site;
	const char *path; /* of the backup, as it was given */
	int dir;
	struct manifest manifest;
	int files[MANIFEST_FILES];
	char *store, *fresh; /* where it goes, and where it is made */
	uint64_t accounts, deleted, tokens, codes;
};

/* Says why there will be no restore. Nothing has been touched. */
static bool
refuse(const char *what, const char *why)
{
	print_line(stderr, "latchkey restore: %s: %s", what, why);
	return false;
}

/* --- what the backup is -------------------------------------------------- */

static bool
open_files(struct restore *restore)
{
	struct manifest_file *file = restore->manifest.files;
	struct stat stat;
	size_t i;

	for (i = 0; i < restore->manifest.count; i++, file++) {
		restore->files[i] = openat(restore->dir, file->name,
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (restore->files[i] < 0 ||
			fstat(restore->files[i], &stat) != 0)
			return refuse(file->name, strerror(errno));
		if (!S_ISREG(stat.st_mode))
			return refuse(file->name, "no plain file");
	}
	return true;
}

/* By the user who has called, who may be root: the owner of the state need not
 * be able to read it. */
static bool
open_backup(struct restore *restore)
{
	const char *flaw;

	restore->dir = open(restore->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (restore->dir < 0)
		return refuse(restore->path, strerror(errno));
	flaw = manifest_read(restore->dir, &restore->manifest);
	return flaw == NULL ? open_files(restore) : refuse(restore->path, flaw);
}

static void
close_backup(struct restore *restore)
{
	size_t i;

	for (i = 0; i < MANIFEST_FILES; i++)
		file_close(restore->files[i]);
	file_close(restore->dir);
	mem_free(restore->store);
	mem_free(restore->fresh);
	mem_free(restore);
}

/* --- whether it may come here -------------------------------------------- */

/* What another user can write would decide who is an administrator here. */
static bool
is_ones_own(int fd, const char *name, const struct stat *owner)
{
	struct stat file;

	if (fstat(fd, &file) != 0)
		return refuse(name, strerror(errno));
	if (file.st_uid != 0 && file.st_uid != owner->st_uid &&
		file.st_uid != getuid())
		return refuse(name, "it is another user's: it has to be "
				    "root's, or the user's that state_dir is");
	return !file_others_write(&file) ||
	       refuse(name, S_ISDIR(file.st_mode) ? "others can write into it"
						  : "others can write it");
}

/* The manifest as well: it says what the other files are. */
static bool
is_trusted(const struct restore *restore, const struct stat *owner)
{
	int manifest = openat(restore->dir, MANIFEST_FILE,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool good = is_ones_own(restore->dir, restore->path, owner) &&
		    is_ones_own(manifest, MANIFEST_FILE, owner);
	size_t i;

	for (i = 0; good && i < restore->manifest.count; i++)
		good = is_ones_own(restore->files[i],
			restore->manifest.files[i].name, owner);
	file_close(manifest);
	return good;
}

static bool
is_ours(const struct restore *restore)
{
	char id[UUID_SIZE];

	if (!manifest_installation(restore->site, false, id))
		return false;
	return id[0] == '\0' ||
	       strcmp(id, restore->manifest.installation) == 0 ||
	       refuse(restore->path,
		       "it is of another installation; to have that one here, "
		       "move the file `installation` of state_dir away");
}

static bool
is_readable(const struct restore *restore)
{
	const struct manifest *manifest = &restore->manifest;
	char *format = store_format(), *why = NULL;
	bool good;

	if (strverscmp(manifest->version, PACKAGE_VERSION) > 0)
		why = mem_printf("latchkey %s has made it, and this is %s",
			manifest->version, PACKAGE_VERSION);
	else if (strcmp(manifest->format, format) != 0)
		why = mem_printf("it is of another version or machine (%s, "
				 "here %s); `latchkey export` and `latchkey "
				 "import` move accounts",
			manifest->format, format);
	good = why == NULL || refuse(restore->path, why);
	mem_free(why);
	mem_free(format);
	return good;
}

static bool
belongs(const struct manifest *manifest, const char *name)
{
	size_t i;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		strcmp(name, MANIFEST_FILE) == 0)
		return true;
	for (i = 0; i < manifest->count; i++)
		if (strcmp(manifest->files[i].name, name) == 0)
			return true;
	return false;
}

/* Whether nothing else is in the directory. */
static bool
is_unmixed(const struct restore *restore)
{
	int fd = dup(restore->dir);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool good = dir != NULL || refuse(restore->path, strerror(errno));

	while (good && (entry = readdir(dir)) != NULL)
		good = belongs(&restore->manifest, entry->d_name) ||
		       refuse(entry->d_name, "it is not of this backup, whose "
					     "manifest does not have it");
	if (dir != NULL)
		closedir(dir);
	return good;
}

static bool
is_whole(const struct restore *restore)
{
	const struct manifest_file *file = restore->manifest.files;
	struct manifest_file found;
	bool good = true;
	size_t i;

	for (i = 0; good && i < restore->manifest.count; i++, file++)
		if (!manifest_measure(restore->files[i], &found))
			good = refuse(file->name, strerror(errno));
		else if (found.size < file->size)
			good = refuse(file->name, "it is cut");
		else if (found.size > file->size ||
			 strcmp(found.sha256, file->sha256) != 0)
			good = refuse(file->name,
				"it is damaged, or of another backup: its "
				"SHA-256 is not the manifest's");
	return good;
}

/* Whether nothing is in the place of the store. */
static const char in_the_way[] =
	"there is a store, and two are never mixed; move it away first";

static bool
is_free(const struct restore *restore)
{
	DIR *dir = opendir(restore->store);
	struct dirent *entry;
	bool empty = true;

	if (dir == NULL)
		return errno == ENOENT ||
		       refuse(restore->store, strerror(errno));
	while (empty && (entry = readdir(dir)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0;
	closedir(dir);
	return empty || refuse(restore->store, in_the_way);
}

static bool
has_room(const struct restore *restore)
{
	uint64_t need = restore->site->conf->disk_reserve + ROOM, room = 0;
	struct statvfs fs;
	size_t i;

	for (i = 0; i < restore->manifest.count; i++)
		need += (uint64_t)restore->manifest.files[i].size;
	if (statvfs(restore->site->conf->state_dir, &fs) == 0)
		room = (uint64_t)fs.f_bavail * fs.f_frsize;
	return room >= need || refuse(restore->store, "there is no room");
}

/* Secrets alone are for a machine whose records are in a database, and a whole
 * store is for one whose records are in it. */
static bool
is_of_its_kind(const struct restore *restore)
{
	bool shared = store_is_shared(restore->site->store);

	if (restore->manifest.secrets == shared)
		return true;
	return refuse(restore->path,
		shared ? "it is of a whole store, and the records are in a "
			 "database here; restore it with `store` as it was, "
			 "then: latchkey store copy"
		       : "it has the secrets of a machine alone, whose records "
			 "are in a database");
}

/* The quick questions first. */
static bool
may_come(const struct restore *restore)
{
	return is_readable(restore) && is_ours(restore) &&
	       is_of_its_kind(restore) && is_unmixed(restore) &&
	       is_free(restore) && has_room(restore) && is_whole(restore);
}

/* --- what must not come back to life ------------------------------------- */

/* Does so with a record, inside a unit of work. */
typedef enum status act(struct restore *restore, struct store *store,
	enum store_kind kind, const char *key, struct json_object *record);

/* Everybody is signed out: a sign-in token is of one epoch of its account. So
 * are tokens that a change has ended since the backup, and those of a key that
 * was retired since. Of a record without an epoch latchkey check tells. */
static enum status
raise_epoch(struct restore *restore, struct store *store, enum store_kind kind,
	const char *key, struct json_object *record)
{
	restore->accounts++;
	return account_end_tokens(record, site_now())
		       ? store_put(store, kind, key, record)
		       : STATUS_OK;
}

/* A code has two records, and counts once. */
static enum status
drop(struct restore *restore, struct store *store, enum store_kind kind,
	const char *key, struct json_object *record)
{
	(void)record;
	restore->deleted +=
		kind != STORE_CODE || code_pointer_hash(key) == NULL;
	return store_delete(store, kind, key);
}

/* A token that was deleted or rotated since is there again, and a recovery code
 * that was used. Nobody can tell which: they wait. */
static enum status
suspend_token(struct restore *restore, struct store *store,
	enum store_kind kind, const char *key, struct json_object *record)
{
	if (!token_suspend(key, record))
		return STATUS_OK;
	restore->tokens++;
	return store_put(store, kind, key, record);
}

static enum status
suspend_codes(struct restore *restore, struct store *store,
	enum store_kind kind, const char *key, struct json_object *record)
{
	if (!factor_suspend(record))
		return STATUS_OK;
	restore->codes++;
	return store_put(store, kind, key, record);
}

/* What an import that was interrupted would have had come as it was, may have
 * come and gone since. */
static enum status
end_import(struct restore *restore, struct store *store, enum store_kind kind,
	const char *key, struct json_object *record)
{
	(void)restore;
	(void)record;
	return import_is_mark(key) ? store_delete(store, kind, key) : STATUS_OK;
}

static enum status
count_account(struct restore *restore, struct store *store,
	enum store_kind kind, const char *key, struct json_object *record)
{
	(void)store;
	(void)kind;
	(void)key;
	(void)record;
	restore->accounts++;
	return STATUS_OK;
}

/* What is done with each record of a kind. */
struct treatment {
	enum store_kind kind;
	act *act;
};

static const struct treatment quiet[] = {{STORE_ACCOUNT, raise_epoch},
	{STORE_SESSION, drop}, {STORE_CODE, drop}, {STORE_MAIL, drop},
	{STORE_EVENT, drop}, {STORE_TOKEN, suspend_token},
	{STORE_FACTOR, suspend_codes}, {STORE_PARAM, end_import},
	{STORE_KINDS, NULL}};
static const struct treatment as_it_was[] = {
	{STORE_ACCOUNT, count_account}, {STORE_KINDS, NULL}};

static enum status
treat_next(struct restore *restore, struct store *store,
	const struct treatment *treatment, char key[STORE_KEY_SIZE])
{
	struct json_object *record;
	enum status status = store_next(store, treatment->kind, key, &record);

	if (status == STATUS_OK)
		status = treatment->act(
			restore, store, treatment->kind, key, record);
	json_object_put(record);
	return status;
}

/* No commit waits for the disk: the store is not in its place yet. */
static enum status
treat(struct restore *restore, struct store *store,
	const struct treatment *treatment)
{
	char key[STORE_KEY_SIZE] = "";
	enum status status = STATUS_OK, done = STATUS_OK;
	int i;

	while (status == STATUS_OK && done == STATUS_OK) {
		status = store_begin(store, STORE_WRITE);
		for (i = 0; i < BATCH && status == STATUS_OK; i++)
			status = treat_next(restore, store, treatment, key);
		done = store_finish_lazily(
			store, status == STATUS_NOT_FOUND ? STATUS_OK : status);
	}
	return status == STATUS_NOT_FOUND ? done : status;
}

/* --- making the store ----------------------------------------------------- */

/* What an earlier restore has left that was interrupted. */
static bool
clear(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool good = dir != NULL || errno == ENOENT;

	while (good && dir != NULL && (entry = readdir(dir)) != NULL)
		good = entry->d_name[0] == '.' ||
		       unlinkat(dirfd(dir), entry->d_name, 0) == 0;
	if (dir != NULL) {
		closedir(dir);
		good = good && unlinkat(AT_FDCWD, path, AT_REMOVEDIR) == 0;
	}
	return good || refuse(path, strerror(errno));
}

/* The backup was looked at before, and may have been changed since. */
static bool
copy_file(const struct restore *restore, size_t i)
{
	const struct manifest_file *file = &restore->manifest.files[i];
	char *path = mem_printf("%s/%s", restore->fresh, file->name);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct manifest_file found;
	bool good = fd >= 0 && file_copy(restore->files[i], fd) &&
		    manifest_measure(fd, &found) && fsync(fd) == 0;

	if (!good)
		refuse(path, strerror(errno));
	else if (strcmp(found.sha256, file->sha256) != 0)
		good = refuse(file->name, "it was changed meanwhile");
	file_close(fd);
	mem_free(path);
	return good;
}

/* The kernel flushes what was written to the file before by any descriptor. */
static bool
flush_files(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool good = dir != NULL;
	int fd;

	while (good && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.') {
			fd = openat(dirfd(dir), entry->d_name,
				O_RDWR | O_CLOEXEC | O_NOFOLLOW);
			good = fd >= 0 && fsync(fd) == 0;
			file_close(fd);
		}
	if (dir != NULL)
		closedir(dir);
	good = good && file_sync_dir(path);
	return good || refuse(path, strerror(errno));
}

/* Opens it, which recovers it, and has it be as it is to be. */
static enum status
treat_all(struct restore *restore, const struct treatment *treatment)
{
	struct store *store = store_new(restore->fresh, 0);
	enum status status = STATUS_OK;

	store_expect_bulk(store);
	for (; treatment->act != NULL && status == STATUS_OK; treatment++)
		status = treat(restore, store, treatment);
	store_close(store);
	return status;
}

static enum status
make_store(struct restore *restore, bool keep)
{
	enum status status;
	bool good = clear(restore->fresh);
	size_t i;

	if (good && mkdir(restore->fresh, 0700) != 0)
		good = refuse(restore->fresh, strerror(errno));
	for (i = 0; good && i < restore->manifest.count; i++)
		good = copy_file(restore, i);
	if (!good)
		return STATUS_UNAVAILABLE;
	status = treat_all(restore, keep ? as_it_was : quiet);
	if (status == STATUS_OK && !flush_files(restore->fresh))
		status = STATUS_UNAVAILABLE;
	return status;
}

/* This installation is from now on the one that has made the backup. A store
 * that has come meanwhile stays: the rename is of a directory onto an empty
 * one, or nothing. */
static enum status
publish(const struct restore *restore)
{
	char *path = conf_in_state(restore->site->conf, "installation");
	char *text = mem_printf("%s\n", restore->manifest.installation);
	bool good = file_replace(
		path, text, strlen(text), 0600, geteuid(), getegid());

	if (good && (rename(restore->fresh, restore->store) != 0 ||
			    !file_sync_dir_of(restore->store)))
		good = refuse(
			restore->store, errno == ENOTEMPTY || errno == EEXIST
						? in_the_way
						: strerror(errno));
	mem_free(text);
	mem_free(path);
	return good ? STATUS_OK : STATUS_UNAVAILABLE;
}

/* --- all of it ------------------------------------------------------------ */

static void
say_done(const struct restore *restore, bool keep)
{
	char made[UTC_SIZE];

	if (restore->manifest.secrets) {
		print_line(stdout, "the secrets of this machine, of %s",
			utc_text(restore->manifest.made, made));
		return;
	}
	print_line(stdout, "%llu account%s, as they were at %s",
		(unsigned long long)restore->accounts,
		print_s(restore->accounts),
		utc_text(restore->manifest.made, made));
	if (keep)
		return;
	print_line(stdout,
		"everybody is signed out; %llu sessions, codes, mails and "
		"events are deleted",
		(unsigned long long)restore->deleted);
	if (restore->tokens > 0)
		print_line(stdout,
			"%llu access token%s to be confirmed: latchkey token "
			"confirm ID|all",
			(unsigned long long)restore->tokens,
			print_s(restore->tokens));
	if (restore->codes > 0)
		print_line(stdout,
			"recovery codes to be confirmed, of %llu account%s: "
			"latchkey user factor NAME --confirm",
			(unsigned long long)restore->codes,
			print_s(restore->codes));
}

/* Where the store will be, and the directory that it is in. */
static bool
open_site(struct cli *cli, struct restore *restore)
{
	struct stat owner;
	char *parent;
	bool good;

	if (!site_open(&cli->site, cli->conf_file) ||
		!cli_find_owner(cli, &owner) || !is_trusted(restore, &owner) ||
		!cli_become_owner(cli))
		return false;
	restore->site = &cli->site;
	restore->store = site_store_dir(cli->site.conf);
	restore->fresh = mem_printf("%s.restore", restore->store);
	parent = mem_copy(restore->store);
	good = site_confine_around(&cli->site, dirname(parent));
	mem_free(parent);
	return good;
}

static int
run(struct cli *cli, struct restore *restore)
{
	bool keep = cli_option(cli, "--keep") != NULL;
	enum status status;

	if (!open_backup(restore) || !open_site(cli, restore) ||
		!may_come(restore))
		return CLI_REFUSED;
	status = make_store(restore, keep);
	if (status == STATUS_OK)
		status = publish(restore);
	if (status != STATUS_OK)
		clear(restore->fresh);
	cli_audit(&cli->site, keep ? "restore-kept" : "restore", status,
		&cli->account, "");
	if (status == STATUS_OK)
		say_done(restore, keep);
	return cli_result(cli, cli->words[0], status);
}

static int
restore_backup(struct cli *cli)
{
	struct restore *restore = mem_zero(sizeof *restore);
	int result;

	restore->path = cli->words[0];
	restore->dir = -1;
	memset(restore->files, -1, sizeof restore->files);
	result = run(cli, restore);
	close_backup(restore);
	return result;
}

const struct cli_command cli_restore_commands[] = {
	{"restore", NULL, "[--keep] DIR",
		"Puts a backup in the place of a store that is not there. "
		"Everybody is signed out,\n      and access tokens and "
		"recovery codes wait to be confirmed; --keep keeps all as it "
		"was.",
		restore_backup, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
