/* keys.h - the secrets of an installation, kept in server_params.btr of each
 * machine.
 *
 * The JWT secret may be the operator's: in ACTIAN_VECTORAI_JWT_SECRET (seed:
 * actian's admin login) or LATCHKEY_JWT_SECRET, in the file that one of these
 * with _FILE names, or as systemd's credential jwt_secret. Then it is stored
 * and wins. Otherwise the stored one is used, and is made if there is none.
 * When it changes, the one before still verifies for `token_life`. Codes,
 * access tokens and counts have keys of their own.
 *
 * Where machines share the store (store_is_shared()), a record there names the
 * keys: what each does, since when, until when, and a check value. The bytes
 * stay in the local record of each machine, and another one gets them by
 * `latchkey key export` and `latchkey key import` alone. A machine that lacks
 * bytes, or has others under that name, does nothing that takes keys. A new key
 * waits until all machines that have a record (machine.h) have its bytes, and
 * then signs. A machine that has the bytes already verifies by it while it
 * waits. */
#ifndef LATCHKEY_KEYS_H
#define LATCHKEY_KEYS_H

#include "base/filter.h"
#include "base/status.h"
#include "site/jwt.h"
#include "site/machine.h"
#include "store/store.h"

enum { KEYS_HMAC_BYTES = 32, KEYS_HASH_SIZE = 2 * KEYS_HMAC_BYTES + 1 };

enum {
	KEYS_MOST = 16,        /* JWT keys at the same time */
	KEYS_TEXT_SIZE = 24576 /* of all keys as a text */
};

struct keys_entry {
	struct jwt_key key; /* of length 0: its bytes are not here */
	int64_t created;    /* 0: not known */
	int64_t until;      /* 0: it signs, or waits */
	bool configured;    /* it came from the environment */
	bool waits;         /* for a machine that lacks it, and then signs */
	/* where machines share the store: */
	char check[KEYS_HASH_SIZE];
	size_t lacking; /* machines, in a unit of work that counts them */
};

struct keys;

/* Takes the operator's secret, and overwrites it where it stood in the
 * environment. Its length is 0 if there is none. A file's content is the
 * secret, without one newline at its end. `given` is in memory that is locked
 * and wiped.
 *
 * False, with the reason in the log, if two are set and differ; if one is under
 * JWT_SECRET_MIN or over JWT_SECRET_MAX bytes, or is on the list `leaked`
 * (NULL: no list); if a path is in the place of a secret; or if a file cannot
 * be read. */
bool keys_from_environment(struct jwt_key *given, const struct filter *leaked);

/* Takes the secret out of the environment. NULL, with the reason in the log, if
 * it cannot be used, or is on the list `leaked` (NULL: no list). The keys are
 * in memory that is locked and wiped. */
struct keys *keys_new(const struct filter *leaked);
void keys_free(struct keys *keys);

/* Whether the JWT secret came from the environment. */
bool keys_given(const struct keys *keys);

/* Reads the keys as they are in the store now, and makes those that are
 * missing, all in one transaction, since many processes start at once. Cheap
 * when nothing has changed. Not inside a unit of work. `overlap` is for how
 * many seconds a replaced JWT secret goes on verifying. STATUS_UNAVAILABLE,
 * with a line a minute in the log, on a machine that lacks a key: keys that the
 * store names are never made again. */
enum status keys_refresh(
	struct keys *keys, struct store *store, int64_t now, int64_t overlap);

/* The same for a command that shows the keys, or ends one, also where some are
 * missing. */
enum status keys_look(
	struct keys *keys, struct store *store, int64_t now, int64_t overlap);

/* Where machines share the store: writes down that this machine is there, and
 * which keys it has, if that was more than a minute ago or has changed. A new
 * key may sign then. What the local record has besides the store's keys goes.
 * For the start of a program, and for `latchkey store watch` now and then. Does
 * nothing elsewhere but keys_look(). */
enum status keys_register(
	struct keys *keys, struct store *store, int64_t now, int64_t overlap);

/* Inside a unit of work: whether any keys were made, so that tokens may be out.
 */
enum status keys_there(struct store *store, bool *there);

/* Which keys these are, as a text: the keyed hashes in a record are good under
 * these alone. After keys_refresh(). */
enum { KEYS_MARK_SIZE = 17 };
void keys_mark(const struct keys *keys, char mark[KEYS_MARK_SIZE]);

/* The name of the record of kind STORE_SECRET at that place; NULL after the
 * last. Whether that is one. */
const char *keys_param(size_t at);
bool keys_is_param(const char *name);

/* Why a change of the JWT keys was not made. */
enum keys_refusal {
	KEYS_ALLOWED,
	KEYS_CONFIGURED, /* the key that signs comes from the environment */
	KEYS_FULL,       /* no place is left: all keys still verify */
	KEYS_SIGNS,      /* the key signs, so it cannot be taken away */
	KEYS_UNKNOWN,    /* no key of that name */
	KEYS_NO_MACHINE, /* no machine of that name */
	KEYS_AMBIGUOUS,  /* two machines of that name */
	KEYS_OWN,        /* it is this machine */
	KEYS_OTHERS,     /* the text has keys of another site */
	KEYS_FOREIGN,    /* this machine has keys of another site */
	KEYS_UNREADABLE, /* not what keys_write() writes */
	KEYS_REFUSALS
};

/* Has a new secret sign from now on, in every process; the one before verifies
 * for `overlap` seconds. Where machines share the store, it signs once they all
 * have it. `force` replaces also a configured secret, for when it
 * is not configured any more. STATUS_OK with a refusal: nothing was done. After
 * this and the next, call keys_refresh() before any other. */
enum status keys_rotate(struct keys *keys, struct store *store, int64_t now,
	int64_t overlap, bool force, char kid[JWT_KID_SIZE],
	enum keys_refusal *refusal);

/* Takes away a key that does not sign: its tokens are dead. */
enum status keys_retire(struct keys *keys, struct store *store, const char *kid,
	enum keys_refusal *refusal);

/* Forgets the machine of that name or id: keys wait for it no longer. */
enum status keys_forget(struct keys *keys, struct store *store,
	const char *whom, struct machine *machine, enum keys_refusal *refusal);

/* All keys with their bytes as a text, for another machine, in memory that is
 * locked and wiped. Returns its length. After keys_refresh(). */
size_t keys_write(const struct keys *keys, char text[KEYS_TEXT_SIZE]);

/* Takes what this machine lacks out of such a text, which is cut up; or all of
 * it, where there are no keys yet. Keys that were retired since stay so. With
 * `force` also where the machine has keys of another site, which are lost. All
 * in one unit of work; `taken` is how many. */
enum status keys_take(struct keys *keys, struct store *store, int64_t now,
	int64_t overlap, char *text, bool force, size_t *taken,
	enum keys_refusal *refusal);

/* The name of the key at that place, among those of JWTs and then of HMACs: ""
 * for one that is over, NULL after the last. */
const char *keys_name(const struct keys *keys, size_t at);

/* Whether this machine lacks keys that are in use. */
bool keys_lack(const struct keys *keys);

/* The JWT key at that place, newest first; NULL after the last. Good until the
 * next refresh. */
const struct keys_entry *keys_entry(const struct keys *keys, size_t at);

/* The key that signs; good until the next refresh. */
const struct jwt_key *keys_signing(const struct keys *keys);

/* A jwt_find_key; the context is a struct keys. A key that had expired at the
 * time of the last refresh is not found. */
const struct jwt_key *keys_find(void *keys, const char *kid);

/* When the next of the keys expires; INT64_MAX if none does. */
int64_t keys_until(const struct keys *keys);

/* The keys of the HMACs that codes and access tokens are stored as, and that
 * tries are counted by, and those that secrets are sealed by. Each is made
 * once, for one purpose. */
enum keys_use {
	KEYS_OF_CODES,
	KEYS_OF_TOKENS,
	KEYS_OF_COUNTS,
	KEYS_OF_FACTORS,
	KEYS_USES
};
const unsigned char *keys_of(const struct keys *keys, enum keys_use use);

/* The HMAC-SHA256 of a text under one of these keys; then the same in
 * hexadecimal digits, as records have it. */
void keys_hmac(const unsigned char key[KEYS_HMAC_BYTES], const char *text,
	unsigned char hmac[KEYS_HMAC_BYTES]);
void keys_hash(const unsigned char key[KEYS_HMAC_BYTES], const char *text,
	char hash[KEYS_HASH_SIZE]);

#endif
