/* account-import.c - many accounts in one commit */
#include "config.h"

#include "account/account-import.h"
#include "account/names.h"

#include "account/admins.h"
#include "account/hash-classes.h"
#include "base/mem.h"
#include "base/uuid.h"

#include <stdlib.h>
#include <string.h>

/* A name that one of the accounts wants. */
struct claim {
	char key[NAME_SIZE];
	size_t account;
	bool made; /* by us, now */
};

struct batch {
	struct store *store;
	struct account *accounts;
	bool *drawn; /* whose ids are ours */
	size_t count;
	enum import_outcome *outcomes;
	struct claim *claims; /* by their keys, as the store has them */
	size_t claim_count;
};

static int
compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Ids that rise with the accounts: side by side in the store, they cost it
 * least. Drawn in the same millisecond they would not. */
static void
give_ids(struct batch *batch)
{
	char(*ids)[UUID_SIZE] = mem_zero(batch->count * sizeof *ids);
	size_t i;

	uuid_ordered_many(ids, batch->count);
	qsort(ids, batch->count, sizeof *ids, compare_ids);
	for (i = 0; i < batch->count; i++) {
		batch->drawn[i] = batch->accounts[i].id[0] == '\0';
		if (batch->drawn[i])
			memcpy(batch->accounts[i].id, ids[i], sizeof ids[i]);
	}
	mem_free(ids);
}

static void
give_dates(struct batch *batch, int64_t now)
{
	size_t i;

	for (i = 0; i < batch->count; i++) {
		struct account *account = &batch->accounts[i];

		if (account->created == 0)
			account->created = now;
		/* Tokens of an account that had this id and was deleted stay
		 * dead: its epoch was less. */
		if (!batch->drawn[i] && account->epoch < now)
			account->epoch = now;
	}
}

/* --- names ------------------------------------------------------------- */

static int
compare_claims(const void *a, const void *b)
{
	const struct claim *one = a, *other = b;
	int order = strcmp(one->key, other->key);

	if (order != 0)
		return order;
	return one->account < other->account ? -1 : 1;
}

static void
note_claim(struct batch *batch, const char *name, size_t account)
{
	struct claim *claim = &batch->claims[batch->claim_count];

	if (name[0] == '\0' || !name_key(name, claim->key))
		return;
	claim->account = account;
	batch->claim_count++;
}

static void
note_claims(struct batch *batch)
{
	size_t i;

	batch->claims = mem_zero(2 * batch->count * sizeof *batch->claims);
	for (i = 0; i < batch->count; i++) {
		note_claim(batch, batch->accounts[i].username, i);
		note_claim(batch, batch->accounts[i].email, i);
	}
	qsort(batch->claims, batch->claim_count, sizeof *batch->claims,
		compare_claims);
}

/* The names of all; who misses one is IMPORT_TAKEN for now. */
static enum status
claim_names(struct batch *batch)
{
	bool old;
	enum status status = names_any_old(batch->store, &old);
	size_t i;

	for (i = 0; i < batch->claim_count && status == STATUS_OK; i++) {
		struct claim *claim = &batch->claims[i];

		status = (old ? names_add_beside_old : names_add)(batch->store,
			claim->key, batch->accounts[claim->account].id);
		claim->made = status == STATUS_OK;
		if (status == STATUS_NAME_TAKEN) {
			batch->outcomes[claim->account] = IMPORT_TAKEN;
			status = STATUS_OK;
		}
	}
	return status;
}

/* Those who are not made have none. */
static enum status
free_names(struct batch *batch)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < batch->claim_count && status == STATUS_OK; i++)
		if (batch->claims[i].made &&
			batch->outcomes[batch->claims[i].account] !=
				IMPORT_MADE)
			status = names_free(batch->store, batch->claims[i].key,
				batch->accounts[batch->claims[i].account].id);
	return status;
}

/* --- accounts ---------------------------------------------------------- */

static enum status
make_accounts(struct batch *batch)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < batch->count && status == STATUS_OK; i++) {
		if (batch->outcomes[i] != IMPORT_MADE)
			continue;
		status = account_put_new(batch->store, &batch->accounts[i]);
		if (status == STATUS_NAME_TAKEN) {
			batch->outcomes[i] = IMPORT_TAKEN;
			status = STATUS_OK;
		}
	}
	return status;
}

static enum status
note_admins(struct batch *batch)
{
	const char **ids = mem_zero(batch->count * sizeof *ids);
	size_t i, count = 0;
	enum status status;

	for (i = 0; i < batch->count; i++)
		if (batch->outcomes[i] == IMPORT_MADE &&
			account_is_admin(&batch->accounts[i]))
			ids[count++] = batch->accounts[i].id;
	status = admins_add(batch->store, ids, count);
	mem_free(ids);
	return status;
}

/* --- what was there before --------------------------------------------- */

static bool
same_names(const struct account *wanted, const struct account *found)
{
	return strcmp(wanted->username, found->username) == 0 &&
	       strcmp(wanted->email, found->email) == 0;
}

static bool
same_state(const struct account *wanted, const struct account *found)
{
	return strcmp(wanted->hash, found->hash) == 0 &&
	       strcmp(wanted->full_name, found->full_name) == 0 &&
	       strcmp(wanted->language, found->language) == 0 &&
	       wanted->admin == found->admin &&
	       wanted->verified == found->verified &&
	       wanted->enabled == found->enabled &&
	       wanted->unproved == found->unproved;
}

/* An account that missed a name: is it there already, from an import that was
 * interrupted? */
static enum status
look_again(struct batch *batch, size_t i)
{
	const struct account *wanted = &batch->accounts[i];
	struct account found;
	enum status status =
		account_find(batch->store, account_name(wanted), &found);

	if (status == STATUS_NO_ACCOUNT)
		return STATUS_OK;
	if (status == STATUS_OK && same_names(wanted, &found) &&
		(batch->drawn[i] || strcmp(wanted->id, found.id) == 0))
		batch->outcomes[i] = same_state(wanted, &found)
					     ? IMPORT_THERE
					     : IMPORT_CHANGED;
	return status;
}

static enum status
look_at_taken(struct batch *batch)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < batch->count && status == STATUS_OK; i++)
		if (batch->outcomes[i] == IMPORT_TAKEN)
			status = look_again(batch, i);
	return status;
}

/* --- all of it --------------------------------------------------------- */

static enum status
make_all(struct batch *batch)
{
	enum status status = claim_names(batch);

	if (status == STATUS_OK)
		status = make_accounts(batch);
	if (status == STATUS_OK)
		status = free_names(batch);
	if (status == STATUS_OK)
		status = note_admins(batch);
	return status == STATUS_OK ? look_at_taken(batch) : status;
}

enum status
account_import(const struct site *site, struct account *accounts, size_t count,
	enum store_durability how, enum import_outcome outcomes[])
{
	struct batch batch = {.store = site->store,
		.accounts = accounts,
		.count = count,
		.outcomes = outcomes};
	struct hash_classes classes;
	enum status status;

	memset(outcomes, 0, count * sizeof *outcomes); /* IMPORT_MADE */
	batch.drawn = mem_zero(count * sizeof *batch.drawn);
	/* Outside the gate, whatever can be. What is known of the classes need
	 * not be looked up for each account. */
	give_ids(&batch);
	give_dates(&batch, site_now());
	note_claims(&batch);
	status = hash_classes_get(site, &classes);
	if (status == STATUS_OK)
		status = names_settle(site->store, false);
	if (status == STATUS_OK)
		status = store_begin(site->store, STORE_WRITE);
	if (status == STATUS_OK)
		status = make_all(&batch);
	if (status == STATUS_OK)
		status = store_commit(site->store, how);
	else
		store_abort(site->store);
	mem_free(batch.claims);
	mem_free(batch.drawn);
	return status;
}
