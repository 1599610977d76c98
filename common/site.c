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

bool
site_open(struct site *site, const char *conf_file)
{
	memset(site, 0, sizeof *site);
	if (sodium_init() < 0) {
		log_error("libsodium does not start");
		return false;
	}
	site->conf = conf_read(conf_file);
	if (site->conf != NULL)
		site->keys = keys_new();
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
