/* store.h - records: JSON documents under (kind, key), kept durably.
 *
 * A unit of work is begin, some get, put and delete, then commit or abort. Only
 * one process at a time is between begin and its end, so keep it short: never
 * hash, sleep or talk to another process in between. What commit has answered
 * STATUS_OK to is on disk and survives kill -9, power loss and a full disk.
 *
 * Every call that returns an enum status may answer STATUS_UNAVAILABLE: the
 * store cannot be had now, the log says why, and nothing was changed. After
 * that only store_abort() is of use (commit refuses). The store works again by
 * itself once the reason is gone; there is no call for it. */
#ifndef LATCHKEY_STORE_H
#define LATCHKEY_STORE_H

#include "base/status.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A new kind has a row in store-ops.c (store_facts[]), one in store-bdb.c
 * (places[]) and one in integrity.c (kinds[]), and if it expires its name is in
 * sweep.c. It is a new version of a database's tables, which keep out what they
 * do not know: pq-schema.h's number, and an empty step in pq-schema.c. */
/* clang-format off */
enum store_kind {
	STORE_ACCOUNT, /* account id -> account */
	STORE_NAME,    /* name.h's key -> account id */
	STORE_CODE,    /* what a code is for -> code; its HMAC -> that */
	STORE_TOKEN,   /* id -> access token; its HMAC -> that */
	STORE_USE,     /* access token's id -> when it was used last */
	STORE_SESSION, /* account id/session id -> a browser's session */
	STORE_FACTOR, /* account id -> its second factor */
	STORE_REVOKED, /* jti -> a JWT that was signed out */
	STORE_THROTTLE, /* what is counted -> when it happened */
	STORE_MAIL,    /* id -> a mail to be sent */
	STORE_EVENT,   /* account id/number -> an event to be handed over */
	STORE_UNPROVED, /* a place -> an account that is not proved yet */
	STORE_OLD_NAME, /* the key an old name would have -> its old keys */
	STORE_MACHINE, /* machine's id -> which keys it has */
	STORE_PARAM,   /* what the site has settled on; in a file of its own,
			* server_params.btr */
	STORE_SECRET,  /* secret bytes, which never leave the machine; in the
			* same file, where a walk has them as parameters */
	STORE_KINDS
};
/* clang-format on */

enum store_mode {
	STORE_READ,
	STORE_WRITE,
	STORE_WRITE_ELSE_READ /* reads where a full disk forbids writing */
};
enum store_durability {
	STORE_DURABLE, /* on disk before store_commit() returns */
	STORE_LAZY     /* soon; may be lost with the machine's power */
};

enum {
	STORE_KEY_SIZE = 320, /* of a key, its end included; asserted */
	STORE_STRAY_SIZE = 1024,
	STORE_FILE_SIZE = 32 /* of the name of a copy's file */
};

struct store;

/* A store in the directory `dir`, made at first use if its parent exists.
 * Writes are refused while the file system has less than `reserve` bytes
 * free: recovery needs that room. Opens nothing yet and so never fails; the
 * caller ends it with store_close(). */
struct store *store_new(const char *dir, uint64_t reserve);
void store_close(struct store *store);

/* For a process that has nothing to do, or nothing with the store, now and
 * then. Another process may have recovered the store since, or be about to.
 * What this process has open of the store before that takes room, 4 MB of the
 * disk, until it lets go here. */
void store_rest(struct store *store);

/* Begins a unit of work. Waits at most two seconds. store_commit() or
 * store_abort() ends it, a read too. Units may not be nested. */
enum status store_begin(struct store *store, enum store_mode mode);

/* Whether the unit of work may write, and has not failed. */
bool store_writes(const struct store *store);

/* STATUS_OK and the record (the caller's to json_object_put()), or
 * STATUS_NOT_FOUND and NULL. */
enum status store_get(struct store *store, enum store_kind kind,
	const char *key, struct json_object **record);

/* Makes or replaces a record, which stays the caller's. */
enum status store_put(struct store *store, enum store_kind kind,
	const char *key, struct json_object *record);

/* The same for a record's text, a JSON object. */
enum status store_put_text(struct store *store, enum store_kind kind,
	const char *key, const char *text, size_t length);

/* The same for a record that was made for this: drops the caller's reference
 * to it, whatever the outcome. */
enum status store_keep(struct store *store, enum store_kind kind,
	const char *key, struct json_object *record);

/* Makes a record out of its text, a JSON object. If there is one already, sets
 * `there` and changes nothing. For a record that makes no token bad by being
 * new: store_changes() does not move. */
enum status store_add(struct store *store, enum store_kind kind,
	const char *key, const char *text, size_t length, bool *there);

/* Says that this record will be asked for in this unit of work, or added. A
 * store on another machine then gets it along with the next one. */
void store_want(struct store *store, enum store_kind kind, const char *key);

/* Says the same of the record that store_from() finds from `key` on, or
 * store_get() under it, and of the one of kind `named` whose key is the text
 * `member` of that record. Both then come with the next one. */
void store_want_from(struct store *store, enum store_kind kind, const char *key,
	const char *member, enum store_kind named);

/* Deletes a record; STATUS_OK also when there was none. */
enum status store_delete(
	struct store *store, enum store_kind kind, const char *key);

/* Deletes the records whose keys begin with `prefix`, which ends in '/', and go
 * on after it, but not the one under `kept`. */
enum status store_delete_under(struct store *store, enum store_kind kind,
	const char *prefix, const char *kept);

/* STATUS_OK: done and, if STORE_DURABLE, on disk. STATUS_INTERNAL: the flush
 * failed, and it is not known whether the change will be there. A database that
 * does not answer a STORE_LAZY commit gets STATUS_UNAVAILABLE, though the
 * change may be there. */
enum status store_commit(struct store *store, enum store_durability how);

/* Ends the unit of work without a change. Harmless when there is none. */
void store_abort(struct store *store);

/* Gets the record after `key` in the order of keys; its key replaces `key`. ""
 * comes before the first. STATUS_NOT_FOUND after the last. A key that latchkey
 * cannot have made, with a NUL in it or too long, is passed over.
 * STATUS_UNAVAILABLE with its key for a record that is not JSON, which the log
 * names. */
enum status store_next(struct store *store, enum store_kind kind,
	char key[STORE_KEY_SIZE], struct json_object **record);

/* The same while keys begin with `prefix`: STATUS_NOT_FOUND after the last of
 * those. `key` begins as the prefix. */
enum status store_next_under(struct store *store, enum store_kind kind,
	const char *prefix, char key[STORE_KEY_SIZE],
	struct json_object **record);

/* As store_next(), from `key` on: the record under it, or else the next. */
enum status store_from(struct store *store, enum store_kind kind,
	char key[STORE_KEY_SIZE], struct json_object **record);

/* Gets the key after `key`, its kind's name included, of a record that is of no
 * kind; it replaces `key`. "" comes before the first. STATUS_NOT_FOUND after
 * the last. */
enum status store_stray(struct store *store, char key[STORE_STRAY_SIZE]);

/* For a caller that looks at all records: from now on store_next() and
 * store_stray() call `odd` for each key that they pass over, with what is wrong
 * with it. The kind is STORE_KINDS where the key is of none. NULL ends it. */
typedef void store_odd(
	void *context, enum store_kind kind, const char *key, const char *flaw);
void store_tell_odd(struct store *store, store_odd *tell, void *context);

/* Has libdb look over its files, page by page, and checks that they are of one
 * time. Outside a unit of work; keeps all other processes out as long as it
 * takes. STATUS_INTERNAL, said in the log, if there is a fault. */
enum status store_verify(struct store *store);

/* What a copy was like. */
struct store_copied {
	uint64_t bytes;   /* that were copied in all */
	uint64_t longest; /* for how many microseconds a slice kept other
			   * processes out */
	unsigned begun;   /* how often */
};

/* Makes a copy of the store in the directory `to`, which is empty, while other
 * processes go on: each waits a few milliseconds at most. The copy has all that
 * was acknowledged before, and of later changes each is there or not. It is
 * recovered, verified and on disk, and store_new() opens it. It is begun anew
 * where a process has died inside meanwhile, or a flush has failed. Outside a
 * unit of work. From then on the process runs only where no other one wants the
 * processor, and should not use the store any more. STATUS_UNAVAILABLE or
 * STATUS_INTERNAL, said in the log: `to` may have a part of it. */
enum status store_copy(
	struct store *store, const char *to, struct store_copied *copied);

/* What reads such a copy: the library, its version, and the sort of machine.
 * The caller frees. */
char *store_format(void);

/* A file of a copy: whether it can have that name. */
bool store_copy_has(const char *name);

/* A walk over the records of a kind, in the order of their keys:
 *
 *	store_walk_begin(&walk, store, kind, "");
 *	while (store_walk_next(&walk))
 *		look_at(walk.key, walk.record);
 *	status = store_walk_end(&walk);
 *
 * Outside a unit of work: it reads 256 records at a time and lets other
 * processes in between. So the caller may itself use the store during the walk,
 * and sees each record as it was when its batch was read. */
enum { STORE_WALK_BATCH = 256 };
struct store_walk {
	const char *key; /* this and the record belong to the walk */
	struct json_object *record;
	/* For store.c alone. */
	struct store *store;
	enum store_kind kind;
	char last[STORE_KEY_SIZE]; /* the key that was read last */
	char *keys[STORE_WALK_BATCH];
	struct json_object *records[STORE_WALK_BATCH];
	int at, count;
	enum status status;
	bool odd; /* a record was not JSON */
};

/* Begins before the first key that comes after `after`; "" comes before all.
 * The caller ends the walk with store_walk_end(). */
void store_walk_begin(struct store_walk *walk, struct store *store,
	enum store_kind kind, const char *after);

/* Goes on to the next record. False after the last, and if the store cannot be
 * had. */
bool store_walk_next(struct store_walk *walk);

/* Ends the walk, at any record. STATUS_OK if it met no problem. A record that
 * is not JSON is passed over, and the answer is then STATUS_UNAVAILABLE. */
enum status store_walk_end(struct store_walk *walk);

/* Commits durably if `status` is STATUS_OK, else aborts. Returns the first
 * failure. */
enum status store_finish(struct store *store, enum status status);

/* The same, but commits lazily. */
enum status store_finish_lazily(struct store *store, enum status status);

/* Inside a unit of work: whether there is such a record. */
enum status store_has(struct store *store, enum store_kind kind,
	const char *key, bool *there);

/* Says that much will be written, until store_close(). Where the disk has the
 * room, the cache and the log files are then larger and checkpoints further
 * apart, and a recovery takes longer by as much. Outside a unit of work. The
 * next unit makes libdb's regions anew for this, as in a recovery, and so does
 * the first one after the close. */
void store_expect_bulk(struct store *store);

/* Units of work from now on wait so long for other processes, and not for two
 * seconds; 0: two seconds again. For a caller that would rather know at once.
 */
void store_set_wait(struct store *store, int wait_ms);

/* For a database these mean: store_verify() asks it once, and verifies the
 * secrets' files; store_copy() copies the secrets' files alone, as a database
 * has its own means for records; store_expect_bulk() does nothing;
 * store_measure() and store_is_broken() are of the secrets' files; store_held()
 * is the time of the last unit that wrote. */

/* What a store takes and has, without entering it. */
enum { STORE_FILES = 4 };
struct store_room {
	uint64_t free, reserve; /* bytes of its file system */
	bool read_only;
	struct {
		const char *name; /* NULL: no more */
		uint64_t bytes;
	} files[STORE_FILES]; /* of records, then all of the log */
	int64_t newest;       /* when one of them was last written, seconds
			       * since 1970; 0: there is none */
};

/* False, with errno, if the directory cannot be looked at. */
bool store_measure(const struct store *store, struct store_room *room);

/* Of all its files together. */
uint64_t store_room_bytes(const struct store_room *room);

/* Whether a flush has failed, and nothing can be written until the next unit of
 * work that writes has mended that. */
bool store_is_broken(const struct store *store);

/* For how many microseconds the last unit of work kept other processes out. */
uint64_t store_held(const struct store *store);

/* Whether `seconds` have passed since this was last true of the task, for all
 * processes together. Costs no entering; false before first use. */
enum store_task {
	STORE_CHECKPOINT,
	STORE_SWEEP,
	STORE_COOKIE, /* a log line on a cookie that does not count */
	STORE_TASKS
};
bool store_due(struct store *store, enum store_task task, int64_t seconds);

/* A number that moves before any account or secret changes in a way that others
 * can see. What was read from the store holds as long as the number is still
 * what it was before the reading. Costs one memory access; 0 before first
 * use. */
uint64_t store_changes(struct store *store);

/* Whether other machines use the same records. */
bool store_is_shared(const struct store *store);

/* Whether it is time to start the process anew: none of the database's servers
 * can be written to, and their names were looked up some while ago, which is
 * done once in a process. */
bool store_is_outdated(const struct store *store);

/* From now on this process may write even where the store says that its records
 * were moved to another one. */
void store_allow_moved(struct store *store);

/* How many milliseconds ago store_poll() or a unit of work has seen last what
 * other machines have changed: 0 where there are none; INT64_MAX: never yet. */
int64_t store_age(struct store *store);

/* Has store_changes() move if another machine has changed something.
 * STATUS_UNAVAILABLE also where a standby alone can be asked. */
enum status store_poll(struct store *store);

#endif
