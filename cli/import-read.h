/* import-read.h - the files of other systems, a record at a time.
 *
 * A reader knows how records stand in a file, and nothing of what they mean. It
 * gives each as a JSON object of texts, with the names that the file has for
 * them. What is no text, since it is not UTF-8 or has a NUL, is false there. */
#ifndef LATCHKEY_IMPORT_READ_H
#define LATCHKEY_IMPORT_READ_H

#include "base/lines.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { READ_LONGEST = 256 * 1024 }; /* bytes of a record, and of a value */

/* U+FEFF, which editors put at the beginning of a text. */
#define READ_MARK "\xef\xbb\xbf"

enum read_outcome {
	READ_RECORD, /* `record` is there, until the next call */
	READ_BAD,    /* `flaw` says what is wrong with it; the next may be
		      * good */
	READ_END     /* of the file, or where `flaw` kept it from being read on;
		      * else that is NULL */
};

struct reader {
	FILE *file;
	const struct reader_kind *kind;
	const void *with; /* what the kind wants to know of the file */
	uint64_t number;  /* of the record, by the kind's unit */
	struct json_object *record;
	const char *flaw;
	char *text; /* of a record or a value, up to READ_LONGEST */
	size_t length, used;
	struct lines lines; /* for readers that go by lines */
	void *own;
};

struct reader_kind {
	const char *unit; /* what the numbers count: "line" or "record" */
	void (*begin)(struct reader *reader);
	enum read_outcome (*next)(struct reader *reader);
	void (*end)(struct reader *reader);
};

/* Lines with a : between fields, whose names `with` is: an array that ends with
 * NULL. Fields that are missing at the end of a line are not in the record; it
 * has two at least. */
extern const struct reader_kind reader_colons;

/* RFC 4180, with a header, and a comma, a semicolon or a tab between fields. */
extern const struct reader_kind reader_csv;

/* RFC 2849: entries, each of whose members is an array of values. */
extern const struct reader_kind reader_ldif;

/* Objects of JSON, one after the other or in an array; or where `with` is a
 * name, in the array of that name in an object. */
extern const struct reader_kind reader_json;

/* The mapping `users` of a YAML file: the key becomes the member "name". */
extern const struct reader_kind reader_yaml;

/* Begins where the file stands, behind a READ_MARK. The file stays the
 * caller's. */
void reader_begin(struct reader *reader, const struct reader_kind *kind,
	const void *with, FILE *file);
enum read_outcome reader_next(struct reader *reader);

/* Wipes what was read. */
void reader_end(struct reader *reader);

/* For the kinds: adds a byte to the text, and counts those that do not fit. */
void reader_add(struct reader *reader, int byte);

/* A text of the record; false if it is none. */
struct json_object *reader_text(const char *text, size_t length);

/* READ_BAD, for that reason. */
enum read_outcome reader_bad(struct reader *reader, const char *flaw);

#endif
