/* token.h - access tokens: secrets that services hold, not people; and personal
 * ones, which a user has made and which act as that user.
 *
 * A token is shown once, when it is made or rotated, and kept as an HMAC. Only
 * administrators make tokens for services. Such a token outlives a new password
 * of its maker, but not the maker's account, and is refused while its maker is
 * no administrator. Databrain's service tokens are the same under UUIDs.
 *
 * A personal token acts as its maker, who may be any user (the setting
 * `tokens`): as an administrator where the maker is one and it has `admin`. It
 * is refused while its maker is disabled, or no administrator though it has
 * `admin` or `metrics:read`. Only its maker rotates it.
 *
 * A token that makes another is its parent. The child may do no more and ends
 * no later. It ends with the parent: when that is deleted, has expired, or is
 * rotated, since the old secret may have been in wrong hands. */
#ifndef LATCHKEY_TOKEN_H
#define LATCHKEY_TOKEN_H

#include "account/account.h"
#include "site/site.h"

enum token_permission {
	TOKEN_READ = 1,
	TOKEN_WRITE = 2,
	TOKEN_ADMIN = 4,  /* grants none of the others */
	TOKEN_METRICS = 8 /* reads metrics; alone it opens nothing else */
};

/* Their names, for a refusal. */
#define TOKEN_PERMISSIONS "read, write, admin and metrics:read"

enum {
	TOKEN_NAME_MAX = 200, /* bytes */
	TOKEN_DESCRIPTION_MAX = 1000,
	TOKEN_SECRET_SIZE = 64,
	TOKEN_PERMISSION_SIZE = 40,
	TOKEN_GENERATIONS = 8,   /* of tokens that tokens have made */
	TOKENS_OWN = 100,        /* personal tokens of an account */
	TOKENS_PAGE = 100,       /* of a list of all */
	TOKEN_USE_SECONDS = 3600 /* its last use is noted as exactly */
};

struct token {
	int64_t id; /* 1, 2, 3 ...; never used twice */
	char name[TOKEN_NAME_MAX + 1];
	char description[TOKEN_DESCRIPTION_MAX + 1];
	unsigned permission; /* of enum token_permission */
	bool service;        /* databrain's */
	bool personal;       /* its maker acts by it */
	int64_t created;
	int64_t expires; /* 0: never */
	char maker[NAME_ID_SIZE];
	char hash[65];        /* of the secret, */
	char old_hash[65];    /* and of the one before, "" for none, */
	int64_t old_until;    /* which is good until then */
	int64_t epoch;        /* goes up with each rotation */
	int64_t parent;       /* the token that made it; 0: an administrator
			       * did */
	int64_t parent_epoch; /* of the parent, when it made this one */
	int64_t generation;   /* 0: made by an administrator */
	bool has_children;
	bool restored; /* out of a backup: refused until it is confirmed */
	/* When it was used, as last noted; 0: never. It has a record of its
	 * own: token_find(), token_rotate() and the two lists fill it in. */
	int64_t used;
};

/* A page of all access tokens, by id. */
struct token_page {
	int64_t after; /* the page begins after that id; then the next does */
	size_t limit;  /* up to TOKENS_PAGE */
	struct token tokens[TOKENS_PAGE];
	char makers[TOKENS_PAGE][NAME_SIZE]; /* their names; "": it is gone */
	size_t count;
	bool more;
	bool odd; /* a record was passed over that is not JSON */
};

/* Who asks for a token: an administrator (NULL, or all zero), the access token
 * of that id, or the account of that id for itself, each as it was at that
 * epoch. STATUS_BAD_TOKEN says that it has changed since; STATUS_BEYOND_TOKEN
 * comes with a reason. */
struct token_caller {
	int64_t token;
	int64_t epoch;
	const char *owner;    /* of personal tokens; NULL: of none */
	const char *language; /* of the mail to the owner */
	const char *reason;
};

/* The members of a token's record. */
extern const struct record_member token_members[];

/* Reads "read,write" and so on; 0 if the text is not such a list. */
unsigned token_read_permission(const char *list);
void token_write_permission(
	unsigned permission, char list[TOKEN_PERMISSION_SIZE]);

/* Whether the text has the form of a token's secret: one drawn here, or a
 * UUID. */
bool token_is_one(const char *text);

/* Makes a token from name, description, permission, expires and maker; fills in
 * the rest. A `secret` of "" is drawn. Another is taken as it is:
 * STATUS_TOKEN_TAKEN if it is in use. STATUS_BEYOND_TOKEN for more than the
 * caller's own permissions, a later end, or a generation too many.
 *
 * For an owner it is a personal one: STATUS_BEYOND_TOKEN also for `admin` and
 * `metrics:read` where the owner is no administrator, and for one token too
 * many. The owner is told by mail. */
enum status token_create(const struct site *site, struct token_caller *by,
	struct token *token, int64_t now, char secret[TOKEN_SECRET_SIZE]);

/* Gives `secret` and `token`'s maker to the newest service token; makes `token`
 * if there is none. STATUS_TOKEN_TAKEN. */
enum status token_set_service(const struct site *site, struct token *token,
	int64_t now, char secret[TOKEN_SECRET_SIZE]);

/* Replaces the secret. The one before goes on for `grace` seconds, but the
 * tokens made with it are dead. STATUS_NO_ACCESS_TOKEN, STATUS_EXPIRED_TOKEN;
 * STATUS_BEYOND_TOKEN for a token that is neither the caller nor descends from
 * it, since the caller learns the new secret. For an owner there are the
 * owner's personal tokens alone, for all others there is no personal one; an
 * account that has changed since gets STATUS_BAD_TOKEN. A token that waits to
 * be confirmed is good again by its new secret, and the one before is dead.
 * Fills in the token. */
enum status token_rotate(const struct site *site, struct token_caller *by,
	int64_t id, int64_t grace, int64_t now, struct token *token,
	char secret[TOKEN_SECRET_SIZE]);

/* Deletes the token and all that descend from it. STATUS_OK or
 * STATUS_NO_ACCESS_TOKEN. */
enum status token_delete(const struct site *site, int64_t id);

/* The same, if it is a personal token of that account. */
enum status token_delete_own(
	const struct site *site, const char *owner, int64_t id);

/* Gets the personal tokens of an account, by id. */
enum status token_list_own(const struct site *site, const char *owner,
	struct token tokens[TOKENS_OWN], int *count);

/* Reads a page, in a unit of work of its own. A record that cannot be read is
 * passed over, and hides no other. */
enum status token_list(const struct site *site, struct token_page *page);

/* Whether a use is to be noted, where the one before was noted at `used`. */
bool token_use_is_due(int64_t used, int64_t now);

/* Whether a record of the kind is a token, by its key; the others lead to
 * tokens. */
bool token_is_record(const char *key);

/* When it was used, as last noted; in a unit of work of its own. */
enum status token_get_use(const struct site *site, int64_t id, int64_t *used);

/* Notes that the token is used, if no process has within TOKEN_USE_SECONDS. It
 * makes no token bad and waits for no disk, and nothing is noted where the
 * store cannot be written. */
void token_note_use(const struct site *site, int64_t id, int64_t now);

/* Deletes the account that is meant by `whom`, as account_delete() has it, and
 * then its access tokens. They are dead without their maker: where they cannot
 * be deleted they are still listed, which is in the log, and all else is
 * done. */
enum status token_delete_account(
	const struct site *site, const char *whom, struct account *account);

/* Inside a unit of work, after site_keys(): the token with that secret and when
 * it stops being good (INT64_MAX: never). STATUS_EXPIRED_TOKEN if the token, or
 * the grace of a secret before the last rotation, is over. STATUS_BAD_TOKEN if
 * there is none; if its maker is gone or disabled, or may not have it; or if it
 * descends from a token that is gone, over, or was rotated since; or if one of
 * these waits to be confirmed, and `restored` is set if it is this one. */
enum status token_find(const struct site *site, const char *secret, int64_t now,
	struct token *token, int64_t *until);

/* The id of the service token with that secret; NULL: of the newest one.
 * STATUS_NO_ACCESS_TOKEN. */
enum status token_find_service(
	const struct site *site, const char *secret, int64_t now, int64_t *id);

/* For a restore: has the token in a record of that key wait for
 * token_confirm(). False if the record is none of a token. */
bool token_suspend(const char *key, struct json_object *record);

/* Has a token that came out of a backup be good again. STATUS_OK or
 * STATUS_NO_ACCESS_TOKEN. */
enum status token_confirm(const struct site *site, int64_t id);

/* Inside a unit of work: makes a token as it was exported, its number and its
 * use too. If there is one of that number, `there` is that one, else its id is
 * 0. One that was deleted here waits for token_confirm(). STATUS_TOKEN_TAKEN:
 * another token has its secret. */
enum status token_take(
	struct store *store, const struct token *token, struct token *there);

/* Calls `visit` for each token by id, until it returns false; without its
 * use. */
typedef bool token_visit(void *context, const struct token *token);
enum status token_each(
	const struct site *site, token_visit *visit, void *context);

#endif
