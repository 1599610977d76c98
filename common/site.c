/* site.c - one installation: its settings, its store, its keys */
#include "config.h"

#include "site.h"

#include "log.h"
#include "mem.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

static struct store *
new_store(const struct conf *conf)
{
	const char *dir = strchr(conf->store, ':') + 1; /* after bdb: */
	char *path = dir[0] == '/' ? mem_copy(dir)
				   : mem_printf("%s/%s", conf->state_dir, dir);
	struct store *store = store_new(path, conf->disk_reserve);

	mem_free(path);
	return store;
}

static struct slots *
new_slots(const struct conf *conf)
{
	char *path = mem_printf("%s/hash-slots", conf->state_dir);
	struct slots *slots =
		slots_new(path, conf->hash_slots, conf->hash_wait);

	mem_free(path);
	return slots;
}

/* False, with the reason in the log, if a filter that a setting names is not
 * there or not good. */
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
	/* Both, so that one look shows every mistake. */
	bool common = open_filter(
		conf->common_passwords, "common_passwords", &site->common);
	bool leaked = open_filter(
		conf->leaked_secrets, "leaked_secrets", &site->leaked);

	return common && leaked;
}

bool
site_open(struct site *site, const char *conf_file)
{
	memset(site, 0, sizeof *site);
	if (sodium_init() < 0) {
		log_error("libsodium does not start");
		return false;
	}
	site->conf = conf_read(conf_file);
	if (site->conf != NULL && open_filters(site))
		site->keys = keys_new(site->leaked);
	if (site->keys == NULL) {
		site_close(site);
		return false;
	}
	site->store = new_store(site->conf);
	site->slots = new_slots(site->conf);
	site->audit = audit_new(site->conf);
	return true;
}

void
site_close(struct site *site)
{
	audit_free(site->audit);
	slots_free(site->slots);
	store_close(site->store);
	keys_free(site->keys);
	filter_close(site->leaked);
	filter_close(site->common);
	conf_free(site->conf);
	memset(site, 0, sizeof *site);
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
