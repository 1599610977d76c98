/* secret-text.h - secrets in the text of a record, with no copy left behind.
 *
 * json-c wipes nothing, and as a text grows it leaves the shorter one behind.
 * So a record to be stored is made with letters in the place of each secret,
 * is written once to have its room, and then takes the secret for as long as
 * store_put() needs it. */
#ifndef LATCHKEY_SECRET_TEXT_H
#define LATCHKEY_SECRET_TEXT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/* Adds a member with room for a secret of that length. */
void secret_text_add(
	struct json_object *record, const char *name, size_t length);

/* Has the record's text made, which takes its room, or, after the secrets are
 * gone from the members, makes them go from the text. */
void secret_text_settle(struct json_object *record);

/* Puts the secret, of the length that was said, into its member. */
void secret_text_fill(struct json_object *record, const char *name,
	const unsigned char *bytes, size_t length);

/* Puts letters in its place again. */
void secret_text_wipe(struct json_object *record, const char *name);

/* Moves the secret out of its member. False if there is none, or it does not
 * fit. */
bool secret_text_take(struct json_object *record, const char *name,
	unsigned char *bytes, size_t size, size_t *length);

#endif
