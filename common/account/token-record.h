/* token-record.h - access tokens in the store; for token.c */
#ifndef LATCHKEY_TOKEN_RECORD_H
#define LATCHKEY_TOKEN_RECORD_H

#include "account/token.h"

/* All inside a unit of work.
 *
 * A token by its id: STATUS_NO_ACCESS_TOKEN. */
enum status token_record_get(
	struct store *store, int64_t id, struct token *token);
enum status token_record_put(struct store *store, const struct token *token);

/* What leads from a secret's hash to its token: STATUS_NO_ACCESS_TOKEN; makes
 * it, takes it away ("" leads nowhere). */
enum status token_record_find(
	struct store *store, const char *hash, int64_t *id);
enum status token_record_point(
	struct store *store, const char *hash, int64_t id);
enum status token_record_unpoint(struct store *store, const char *hash);

/* Deletes the token and what leads to it. */
enum status token_record_delete(struct store *store, const struct token *token);

/* The last number that a token has got, 0 if none has. */
enum status token_record_last_id(struct store *store, int64_t *id);

/* A number that no token has had. */
enum status token_record_next_id(struct store *store, int64_t *id);

/* Calls `visit` for each token after `id` by id, until it returns false.
 * Outside a unit of work. */
enum status token_record_each(
	struct store *store, int64_t id, token_visit *visit, void *context);

#endif
