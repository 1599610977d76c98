/* code-record.h - codes in the store, and what is tried against them; for
 * code.c */
#ifndef LATCHKEY_CODE_RECORD_H
#define LATCHKEY_CODE_RECORD_H

#include "account/code.h"

#include <json-c/json.h>

enum {
	CODE_HASH_SIZE = 65,    /* of an HMAC-SHA256 in hexadecimal digits */
	CODE_SEALED_SIZE = 113, /* a nonce and a secretbox, likewise */
	CODE_KEY_SIZE = 96
};

/* What is kept of a code. */
struct code_kept {
	char hash[CODE_HASH_SIZE];
	char sealed[CODE_SEALED_SIZE];     /* the code, for who has its key */
	bool mailed;                       /* so it proves the address, too */
	char language[NAME_LANGUAGE_SIZE]; /* of that mail */
};

/* What a code is tried against. */
struct code_match {
	char key[CODE_KEY_SIZE];
	struct json_object *record; /* the caller's to json_object_put() */
	struct account account;     /* also where there is no code */
};

/* All inside a unit of work.
 *
 * Makes that code the account's, in place of the one before. */
enum status code_record_put(const struct site *site, enum code_purpose purpose,
	const struct account *account, const struct code_kept *kept,
	int64_t now);

/* Takes it out of a code's record. */
void code_record_kept(const struct json_object *record, struct code_kept *kept);

/* What is kept of the account's live code, if it is less than a minute old;
 * else STATUS_NOT_FOUND. */
enum status code_record_young(struct store *store, enum code_purpose purpose,
	const struct account *account, int64_t now, struct code_kept *kept);

/* Finds the code of whoever has that name; with NULL, the one that has that
 * hash. STATUS_NOT_FOUND, STATUS_NO_ACCOUNT. */
enum status code_record_find(struct store *store, enum code_purpose purpose,
	const char *name, const char *hash, struct code_match *match);

/* Whether it is still good and has that hash. STATUS_BAD_CODE after counting
 * the try where there is something to count: with the last one it is gone. */
enum status code_record_try(const struct site *site, struct code_match *match,
	const char *hash, const struct attempt *attempt);

/* STATUS_BAD_CODE after the same reading and writing where there is no code to
 * be tried: time must not tell whether there is one. */
enum status code_record_try_nobody(const struct site *site, const char *hash,
	const struct attempt *attempt);

/* Deletes it: a code is good once. */
enum status code_record_spend(
	struct store *store, const struct code_match *match);

#endif
