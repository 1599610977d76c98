/* secret-text.h - secrets in the text of a record, with no copy left behind.
 *
 * json-c wipes nothing, and leaves the shorter text behind as a text grows. So
 * a record to be stored is made with letters in the place of each secret, and
 * is written once so that it has its room. Then it takes the secret for as long
 * as store_put() needs it. */
#ifndef LATCHKEY_SECRET_TEXT_H
#define LATCHKEY_SECRET_TEXT_H

#include "store/store.h"

/* A secret, and the member that it becomes. */
struct secret_text {
	struct json_object *object;
	const char *name;
	const unsigned char *bytes;
	size_t length;
};

/* Inside a unit of work: stores the record of that parameter. Each secret
 * becomes a member of its object, which is the record or inside it. Frees the
 * record. */
enum status secret_text_put(struct store *store, const char *param,
	struct json_object *record, const struct secret_text *secrets,
	size_t count);

/* Moves the secret out of its member. False if there is none, or if it does not
 * fit. */
bool secret_text_take(struct json_object *record, const char *name,
	unsigned char *bytes, size_t size, size_t *length);

#endif
