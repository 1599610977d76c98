/* site.c - one installation: its settings, its store, its keys */
#include "config.h"

#include "site/site.h"

#include "base/counters.h"
#include "base/file.h"
#include "base/inherited.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "site/sandbox.h"
#include "store/pq-uri.h"
#include "store/store-pq.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OTHERS = 077 };

/* --- its directories --------------------------------------------------- */

/* The Berkeley DB directory, as a setting has it. Where the records are in a
 * database, the machine's own secrets are in the place by default. */
static const char *
store_dir(const struct conf *conf)
{
	return pq_uri_is(conf->store) ? "store" : strchr(conf->store, ':') + 1;
}

/* The store's directory if it is not beneath state_dir, else NULL. */
static const char *
store_elsewhere(const struct conf *conf)
{
	const char *dir = store_dir(conf);

	return dir[0] == '/' ? dir : NULL;
}

char *
site_store_dir(const struct conf *conf)
{
	return conf_in_state(conf, store_dir(conf));
}

/* A shared one is made by `latchkey store init` alone. One that cannot be
 * looked at is there, too: it says why when it is used. */
bool
site_has_store(const struct site *site)
{
	struct store_room room;

	if (store_is_shared(site->store))
		return true;
	return store_measure(site->store, &room) ? room.newest > 0
						 : errno != ENOENT;
}

/* False, with the reason in the log, if a filter that a setting names is
 * missing or damaged. */
static bool
open_filter(const char *path, const char *setting, struct filter **filter)
{
	if (path[0] != '\0')
		*filter = filter_open(path, setting);
	return path[0] == '\0' || *filter != NULL;
}

static bool
open_filters(struct site *site)
{
	const struct conf *conf = site->conf;
	/* Both, so that one run shows every mistake. */
	bool common = open_filter(
		conf->common_passwords, "common_passwords", &site->common);
	bool leaked = open_filter(
		conf->leaked_secrets, "leaked_secrets", &site->leaked);

	return common && leaked;
}

/* Whether other users are kept out: every hash and key is in there. A missing
 * directory is reported where it is used, since it may come yet. A directory
 * that cannot be looked at is refused, since it may be anything. */
static bool
is_private(const char *setting, const char *dir)
{
	struct stat file;

	if (stat(dir, &file) != 0) {
		if (errno == ENOENT)
			return true;
		log_error("%s: %s: %s", setting, dir, strerror(errno));
		return false;
	}
	if ((file.st_mode & OTHERS) == 0)
		return true;
	log_error("%s: %s: mode %04o lets others in; make it 0700", setting,
		dir, (unsigned)file.st_mode & 07777);
	return false;
}

static bool
are_private(const struct conf *conf)
{
	const char *elsewhere = store_elsewhere(conf);

	return is_private("state_dir", conf->state_dir) &&
	       (elsewhere == NULL || is_private("store", elsewhere));
}

/* --- the site ---------------------------------------------------------- */

void
site_database(const struct conf *conf, struct store_pq_place *place)
{
	memset(place, 0, sizeof *place);
	place->uri = conf->store;
	place->dir = conf->state_dir;
	place->reserve = conf->disk_reserve;
	place->passfile = inherited_credential("pgpass");
}

static struct store *
open_database(const struct conf *conf)
{
	struct store_pq_place place;
	struct store *store;

	site_database(conf, &place);
	store = store_new_pq(&place);
	mem_free((void *)(uintptr_t)place.passfile);
	return store;
}

static struct store *
open_store(const struct conf *conf)
{
	struct store *store;
	char *dir;

	if (pq_uri_is(conf->store))
		return open_database(conf);
	dir = site_store_dir(conf);
	store = store_new(dir, conf->disk_reserve);
	mem_free(dir);
	return store;
}

bool
site_open(struct site *site, const char *conf_file)
{
	char *slots;

	memset(site, 0, sizeof *site);
	if (sodium_init() < 0) {
		log_error("libsodium does not start");
		return false;
	}
	site->conf = conf_read(conf_file);
	if (site->conf != NULL && are_private(site->conf) && open_filters(site))
		site->keys = keys_new(site->leaked);
	if (site->keys != NULL)
		site->store = open_store(site->conf);
	if (site->store == NULL) {
		site_close(site);
		return false;
	}
	slots = conf_in_state(site->conf, "hash-slots");
	site->slots =
		slots_new(slots, site->conf->hash_slots, site->conf->hash_wait);
	mem_free(slots);
	site->audit = audit_new(site->conf);
	return true;
}

bool
site_open_web_key(struct site *site)
{
	const char *path = site->conf->web_key_file;
	char *credential = inherited_credential("web_key");
	bool wanted = credential != NULL || path[0] != '\0';

	if (credential != NULL)
		site->web_key = web_key_open(credential, WEB_KEY_CREDENTIAL);
	else if (wanted)
		site->web_key = web_key_open(path, geteuid());
	mem_free(credential);
	return !wanted || site->web_key != NULL;
}

void
site_close(struct site *site)
{
	web_key_close(site->web_key);
	audit_free(site->audit);
	slots_free(site->slots);
	store_close(site->store);
	keys_free(site->keys);
	filter_close(site->leaked);
	filter_close(site->common);
	conf_free(site->conf);
	memset(site, 0, sizeof *site);
}

/* The directory of a file, by its absolute path; the caller frees. */
static char *
dir_of(const char *path)
{
	char *dir = mem_copy(path);

	*(strrchr(dir, '/') + 1) = '\0';
	return dir;
}

/* The directory of the audit's file; the caller frees. NULL if there is no
 * file, or none that can be written: its lines go to the log then. */
static char *
audit_dir(const struct audit *audit)
{
	const char *path = audit_path(audit);
	char *dir = path == NULL ? NULL : dir_of(path);
	struct stat file;

	if (dir != NULL && stat(dir, &file) == 0 && S_ISDIR(file.st_mode))
		return dir;
	mem_free(dir);
	return NULL;
}

/* Adds a directory, if there is one. Frees it, or the caller of the sandbox
 * does. */
static void
add_readable(struct sandbox *sandbox, char *dir)
{
	int i;

	for (i = 0; i < SANDBOX_READABLE && sandbox->readable[i] != NULL; i++)
		;
	if (i < SANDBOX_READABLE && dir != NULL && access(dir, F_OK) == 0)
		sandbox->readable[i] = dir;
	else
		mem_free(dir);
}

/* What libpq reads whenever it connects: certificates, keys and a password. */
static void
add_database(struct sandbox *sandbox, const char *uri)
{
	const char *named = getenv("PGPASSFILE");
	char *credential = inherited_credential("pgpass"), *dir;

	if (!pq_uri_is(uri))
		return;
	sandbox->database = true;
	while ((dir = pq_uri_next_directory(&uri)) != NULL)
		add_readable(sandbox, dir);
	if (credential != NULL)
		add_readable(sandbox, dir_of(credential));
	if (named != NULL && named[0] == '/')
		add_readable(sandbox, dir_of(named));
	mem_free(credential);
}

static void
add_pages(struct sandbox *sandbox, const char *dirs)
{
	char *dir;

	while ((dir = file_next_directory(&dirs)) != NULL)
		add_readable(sandbox, dir);
}

bool
site_confine(const struct site *site)
{
	return site_confine_around(site, NULL);
}

bool
site_confine_around(const struct site *site, const char *dir)
{
	const struct conf *conf = site->conf;
	struct sandbox sandbox = {.dirs = {conf->state_dir},
		.emptied = dir,
		.syslog = strcmp(conf->audit, "syslog") == 0};
	char *store, *audit;
	bool confined;
	int count = 1, i;

	if (!conf->sandbox)
		return true;
	store = site_store_dir(conf);
	audit = audit_dir(site->audit);
	/* Inside the sandbox only files beneath these directories can be made.
	 * A store beneath state_dir can be made later. */
	if (mkdir(store, 0700) == 0 || errno == EEXIST ||
		store_elsewhere(conf) != NULL)
		sandbox.dirs[count++] = store;
	sandbox.dirs[count] = audit;
	/* A rotation puts another file there. */
	if (site->web_key != NULL)
		sandbox.readable[0] = dir_of(web_key_path(site->web_key));
	add_database(&sandbox, conf->store);
	add_pages(&sandbox, conf->pages);
	audit_open(site->audit);
	confined = sandbox_enter(&sandbox);
	mem_free(store);
	mem_free(audit);
	for (i = 0; i < SANDBOX_READABLE; i++)
		mem_free((void *)(uintptr_t)sandbox.readable[i]);
	return confined;
}

bool
site_confine_parent(const struct site *site)
{
	return !site->conf->sandbox || sandbox_no_dumps();
}

char *
site_counters(const struct conf *conf)
{
	return conf_in_state(conf, "counters");
}

void
site_count(const struct site *site, const char *program)
{
	char *path = site_counters(site->conf);

	counters_open(path, program);
	mem_free(path);
}

/* --- the process that watches a store ------------------------------------ */

static int
open_watch(const struct site *site)
{
	char *path = conf_in_state(site->conf, "store-watch");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		log_error("store: %s: %s", path, strerror(errno));
	mem_free(path);
	return fd;
}

/* The kernel frees the lock with the process. Two would do no harm but twice
 * the work: a machine that has two has made a mistake somewhere. */
bool
site_watch(const struct site *site)
{
	int fd = open_watch(site);
	bool had = fd >= 0 && tick_lock(fd, 0, F_WRLCK, 0);

	if (fd >= 0 && !had)
		log_error("store: another process watches it on this machine");
	return had;
}

bool
site_is_watched(const struct site *site)
{
	struct flock range = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	int fd = open_watch(site);
	bool is = fd >= 0 && fcntl(fd, F_OFD_GETLK, &range) == 0 &&
		  range.l_type != F_UNLCK;

	file_close(fd);
	return is;
}

int64_t
site_now(void)
{
	return (int64_t)time(NULL);
}

enum status
site_keys(const struct site *site, int64_t now)
{
	return keys_refresh(
		site->keys, site->store, now, (int64_t)site->conf->token_life);
}

enum status
site_register(const struct site *site, int64_t now)
{
	return keys_register(
		site->keys, site->store, now, (int64_t)site->conf->token_life);
}

enum status
site_begin(const struct site *site, enum store_mode mode, int64_t now)
{
	enum status status = site_keys(site, now);

	return status == STATUS_OK ? store_begin(site->store, mode) : status;
}
