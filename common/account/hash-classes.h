/* hash-classes.h - what kinds of hashes the accounts have.
 *
 * A sign-in that fails hashes the password once for each kind, so that its time
 * tells neither whose hash was tried nor that there was none. The list is kept
 * in server_params.btr. It grows by itself; `latchkey check`, which sees every
 * account, takes out the kinds that no account has any more. */
#ifndef LATCHKEY_HASH_CLASSES_H
#define LATCHKEY_HASH_CLASSES_H

#include "base/status.h"
#include "password/hash-text.h"
#include "site/site.h"

/* The most in the list; each costs every failed sign-in a hash. */
enum { HASH_CLASSES_MOST = 16 };

struct hash_classes {
	int count;
	char class[HASH_CLASSES_MOST + 1][HASH_TEXT_SIZE];
};

/* Gets the classes in use, that of new hashes first, always in the same order.
 * Cheap while nothing has changed. Not inside a unit of work. */
enum status hash_classes_get(
	const struct site *site, struct hash_classes *classes);

/* Inside a unit of work: an account whose hash in the store is `stored` ("" for
 * none) is to have that one. Costs nothing where both are of one class, for a
 * known class, or for a hash that no password fits. */
enum status hash_classes_note(
	struct store *store, const char *stored, const char *hash);

/* Before that, where the account is still to be read and its new hash is of
 * another class: store_want(). */
void hash_classes_want(struct store *store);

/* For a caller that looks at every account: the list becomes that of the
 * classes seen. If anything has changed meanwhile, the list only grows. Begin
 * and end are outside of a unit of work. */
struct hash_classes_walk {
	struct hash_classes seen;
	uint64_t changes;
};
enum status hash_classes_begin(
	const struct site *site, struct hash_classes_walk *walk);
void hash_classes_see(struct hash_classes_walk *walk, const char *hash);
enum status hash_classes_end(
	const struct site *site, struct hash_classes_walk *walk);

#endif
