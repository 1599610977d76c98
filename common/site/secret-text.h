/* secret-text.h - secrets in the text of a record, with no copy left behind.
 *
 * json-c wipes nothing, and leaves the shorter text behind as a text grows. So
 * a record to be stored is made with letters in the place of each secret, and
 * is written once so that it has its room. Then it takes the secret for as long
 * as store_put() needs it. */
#ifndef LATCHKEY_SECRET_TEXT_H
#define LATCHKEY_SECRET_TEXT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/* Adds a member with room for a secret of that length. */
void secret_text_add(
	struct json_object *record, const char *name, size_t length);

/* Makes the record's text, which takes its room. After the secrets are gone
 * from the members, removes them from the text. */
void secret_text_settle(struct json_object *record);

/* Puts the secret, of the length that was given, into its member. */
void secret_text_fill(struct json_object *record, const char *name,
	const unsigned char *bytes, size_t length);

/* Puts letters in the secret's place again. */
void secret_text_wipe(struct json_object *record, const char *name);

/* Moves the secret out of its member. False if there is none, or if it does not
 * fit. */
bool secret_text_take(struct json_object *record, const char *name,
	unsigned char *bytes, size_t size, size_t *length);

#endif
