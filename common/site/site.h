/* site.h - one installation: its settings, its store, its keys */
#ifndef LATCHKEY_SITE_H
#define LATCHKEY_SITE_H

#include "base/filter.h"
#include "password/slots.h"
#include "site/audit.h"
#include "site/conf.h"
#include "site/keys.h"
#include "site/web-key.h"
#include "store/store-pq.h"
#include "store/store.h"

struct site {
	struct conf *conf;
	struct store *store;
	struct keys *keys;
	struct slots *slots;
	struct audit *audit;
	struct filter *common;   /* common_passwords; NULL: no list */
	struct filter *leaked;   /* leaked_secrets */
	struct web_key *web_key; /* web_key_file; NULL: requests need no key */
	/* The web server may run as this process's own user, and so may other
	 * programs. */
	bool shares_user;
};

/* Reads the configuration, maps its filters and takes the secret out of the
 * environment. The store is opened at first use. False, with the reason in the
 * log, if a setting is wrong, or if other users can get into its directories;
 * `site` is then empty. */
bool site_open(struct site *site, const char *conf_file);
void site_close(struct site *site);

/* For a program, before the sandbox: reads the credential web_key, else
 * web_key_file, if there is one. False, with the reason in the log, if it is
 * not good. */
bool site_open_web_key(struct site *site);

/* Enters the sandbox (sandbox.h), unless it is set to be off: from now on the
 * process can reach the site's directories, the audit's too, and nothing else.
 * False, with the reason in the log: do not go on. */
bool site_confine(const struct site *site);

/* The same for a command that renames and deletes directories in `dir`. */
bool site_confine_around(const struct site *site, const char *dir);

/* The part of the sandbox that fits a process which runs other programs. */
bool site_confine_parent(const struct site *site);

/* Whether there is a store. Without one the first unit of work makes it, which
 * is for the programs and for a command that makes accounts: an empty one in
 * the place of one that is lost would look as if all were well. */
bool site_has_store(const struct site *site);

/* The directory of the records, or of the secrets where the records are in a
 * database. The caller frees. */
char *site_store_dir(const struct conf *conf);

/* The place of the records where `store` is postgresql://... The caller frees
 * its `passfile`, a credential. */
void site_database(const struct conf *conf, struct store_pq_place *place);

/* From now on this process counts what it does (counters.h), its requests as
 * that program's; NULL: it has none. */
void site_count(const struct site *site, const char *program);

/* The file of the counters. The caller frees. */
char *site_counters(const struct conf *conf);

/* Where other machines use the store: from now on this process is the one that
 * watches it on this machine (`latchkey store watch`). False, said in the log,
 * if there is one already. */
bool site_watch(const struct site *site);

/* Whether there is one. */
bool site_is_watched(const struct site *site);

/* Seconds since 1970. */
int64_t site_now(void);

/* keys_refresh() with the site's settings. */
enum status site_keys(const struct site *site, int64_t now);

/* keys_register(), likewise. */
enum status site_register(const struct site *site, int64_t now);

/* site_keys(), then store_begin(). */
enum status site_begin(
	const struct site *site, enum store_mode mode, int64_t now);

#endif
