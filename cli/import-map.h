/* import-map.h - what the records of other systems mean: which of their members
 * becomes which of an account's.
 *
 * A row of `formats` in the .c is a system. Rules lead from the members of its
 * records to those of a line of `latchkey import`; what rules cannot say is a
 * function beside them. */
#ifndef LATCHKEY_IMPORT_MAP_H
#define LATCHKEY_IMPORT_MAP_H

#include "import-read.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_format;

/* A record on its way to become a line. */
struct mapping {
	const struct map_format *format;
	struct json_object *record; /* as the reader gave it */
	struct json_object *line;   /* as `latchkey import` wants it */
	struct json_object *opened; /* texts of JSON in the record, parsed */
	/* What other records say of accounts: by kind, then by key. */
	struct json_object *known;
	int64_t now;
	/* What of the record is left out, in words for the operator; "" for
	 * nothing. */
	char left_out[160];
};

/* The format of that name; NULL: there is none. */
const struct map_format *map_find(const char *name);

/* The format that a file has whose first bytes these are; NULL: latchkey's own,
 * a line for each account. `reason` is NULL, or says why it is of none that can
 * be read. */
const struct map_format *map_detect(
	const char *begins, size_t length, const char **reason);

const char *map_name(const struct map_format *format);

/* How such a file is read, given its first bytes. */
const struct reader_kind *map_reader(
	const struct map_format *format, const char *begins, size_t length);
const void *map_with(const struct map_format *format);

/* Whether the format has records that tell of others: then each goes through
 * map_gather() before the first goes through map_record(). */
bool map_gathers(const struct map_format *format);
void map_gather(struct mapping *mapping, struct json_object *record);

/* Whether the format takes a second file, passwd(5): each of its lines goes
 * through map_passwd(). */
bool map_takes_passwd(const struct map_format *format);
extern const char *const map_passwd_names[];
void map_passwd(struct mapping *mapping, struct json_object *record);

enum map_outcome { MAP_ACCOUNT, MAP_OTHER /* not of an account */ };

/* Makes a line out of a record. `flaw` is NULL, or why that cannot be. */
enum map_outcome map_record(
	struct mapping *mapping, struct json_object *record, const char **flaw);

/* The names of a record's columns that the format does not take, for the
 * operator; NULL where there are none, and for systems whose columns are known.
 * The caller frees. */
char *map_unread(const struct map_format *format, struct json_object *record);

/* What the account is called, "" if it has no name. */
const char *map_account(const struct mapping *mapping);

void map_begin(struct mapping *mapping, const struct map_format *format);
void map_end(struct mapping *mapping);

#endif
