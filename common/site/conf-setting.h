/* conf-setting.h - what a setting is by its type: how its text becomes a member
 * of a struct, and becomes text again.
 *
 * For conf.c alone, which has the table of settings. Here no setting has a
 * name: a new setting is a row there, a new type a function here. */
#ifndef LATCHKEY_CONF_SETTING_H
#define LATCHKEY_CONF_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The types, with the type of the member. */
enum conf_type {
	CONF_TEXT,    /* char *, to be freed */
	CONF_NUMBER,  /* unsigned long */
	CONF_SIZE,    /* uint64_t: bytes, where a word may be too short */
	CONF_BOOLEAN, /* bool: the second of two words */
	CONF_CHOICE,  /* unsigned: which of the words */
	CONF_FLAGS    /* unsigned: a bit for each of the words, in order */
};

/* `min` and `max` are for numbers and sizes, `words` for types that consist of
 * words (the last is NULL). `check` is for texts; it returns NULL, or what is
 * wanted, in words. */
struct conf_setting {
	const char *key;
	enum conf_type type;
	size_t offset; /* of the member */
	const char *preset;
	uint64_t min, max;
	const char *const *words;
	const char *(*check)(const char *value);
};

/* Sets the member of the struct `base` to what the text says. False if the
 * setting does not take that text; the member is then of no use. */
bool conf_setting_read(
	const struct conf_setting *setting, void *base, const char *text);

/* What the setting takes, in words, for a text that it did not take. The caller
 * frees. */
char *conf_setting_wanted(const struct conf_setting *setting, const char *text);

/* The member as a text that conf_setting_read() takes. The caller frees. */
char *conf_setting_text(const struct conf_setting *setting, const void *base);

/* Frees the member's memory. */
void conf_setting_free(const struct conf_setting *setting, void *base);

/* Checks of texts, for the table's `check`. */
const char *conf_check_path(const char *value);
const char *conf_check_paths(const char *value);
const char *conf_check_filter(const char *value);
const char *conf_check_key_file(const char *value);
const char *conf_check_store(const char *value);
const char *conf_check_url(const char *value);
const char *conf_check_issuer(const char *value);
const char *conf_check_hash(const char *value);
const char *conf_check_code_form(const char *value);
const char *conf_check_audit(const char *value);
const char *conf_check_command(const char *value);
const char *conf_check_sender(const char *value);
const char *conf_check_language(const char *value);

#endif
